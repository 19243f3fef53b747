"""`momentscan scan`: the one verb that watches files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import outcome_with_windows, show_scanned
from momentscan.errors import UsageError


def scan(
    videos: o.Videos,
    output: o.Output = None,
    engine: o.Engine = None,
    models: o.Models = None,
    embedder: o.Embedder = None,
    device: o.Device = None,
    decode: o.Decode = None,
    jobs: o.Jobs = None,
    stills: o.Stills = None,
    identity: o.Identity = None,
    transcript: o.Transcript = None,
    asr: o.Asr = None,
    knobs: o.Set = None,
    force: o.Force = False,
    as_json: o.Json = False,
) -> None:
    """Watch videos once, log what was seen, find the moments."""
    from momentscan.jobs import Scan

    settings = calls.settings_of(
        o.knobs(knobs), output=output, engine=engine, models=models, embedder=embedder, device=device,
        decode=decode, jobs=jobs, stills=stills, identity=identity, transcript=transcript, asr=asr,
    )  # fmt: skip
    once = _once(videos)
    if transcript not in (None, "auto", "none") and len(once) > 1:
        one_by_one = f"{len(videos)} were named; scan them one by one"
        raise UsageError(f"--transcript {transcript} is what is said in one video, and {one_by_one}")
    tasks = [Scan(str(video), settings.to_json(), force) for video in once]
    calls.finish(calls.run(tasks, show_scanned, settings.jobs, as_json), as_json, outcome_with_windows)


def _once(videos: Sequence[Path]) -> list[Path]:
    """Each file once, under the name that came first, in the order typed."""
    return list({video.resolve(): video for video in reversed(videos)}.values())[::-1]
