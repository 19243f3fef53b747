"""What works on this machine: `doctor`, and `demo`, which shows it."""

from __future__ import annotations

from pathlib import Path

import typer

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import outcome_with_windows, show_finding, show_scanned
from momentscan.app.cli.streams import say, show_json


def demo(
    video: o.OwnVideo = None,
    output: o.DemoOutput = Path("demo"),
    models: o.Models = None,
    as_json: o.Json = False,
) -> None:
    """The main job, on a video that momentscan makes itself."""
    from momentscan.jobs import Scan

    if video is None:
        video = output / "ride.mp4"
        if not video.is_file():
            say("rendering a ride of 72 s ...")
            _render(video)
    settings = calls.settings_of(output=output / "output", models=models)
    results = calls.run([Scan(str(video), settings.to_json())], show_scanned, 1, as_json)
    if results[0].outcome is not None and not as_json:
        typer.echo(f"report: {Path(results[0].outcome.folder) / 'report.html'}\n")
    calls.finish(results, as_json, outcome_with_windows)


def _render(video: Path) -> None:
    """The demo's video, whole or not at all."""
    from momentscan.disk.files import writing
    from momentscan.media.render import demo_video

    with writing(video) as part:
        made = part.with_name("." + video.stem + ".part.mp4")  # the muxer is chosen by the ending
        try:
            demo_video(made)
            made.replace(part)
        finally:
            made.unlink(missing_ok=True)


def doctor(models: o.Models = None, output: o.Output = None, as_json: o.Json = False) -> None:
    """What works here, what does not, and what to do about it."""
    from momentscan.app.doctor import examine

    findings = examine(calls.settings_of(models=models, output=output))
    if as_json:
        show_json([f.__dict__ for f in findings])
    for finding in [] if as_json else findings:
        show_finding(finding)
    if any(f.needed and not f.ok for f in findings):
        raise typer.Exit(4)
