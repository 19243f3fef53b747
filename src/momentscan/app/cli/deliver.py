"""Moments out of the house, and back: `clip`, `export`, `import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import show_exported, show_taken_back
from momentscan.app.cli.streams import progress, show_json
from momentscan.errors import UsageError

if TYPE_CHECKING:
    from momentscan.flows.exporting import Exported

TABLES = ("align", "delivery", "clips", "follow")


def clip(
    places: o.Places,
    engine: o.Engine = None,
    copy: o.Copy = False,
    smart: o.Smart = False,
    aspect: o.Aspect = None,
    reel: o.Reel = None,
    preview: o.Preview = None,
    subtitles: o.Subtitles = None,
    extent: o.Extent = None,
    story: o.Story = None,
    loudness: o.Loudness = None,
    hdr: o.Hdr = None,
    encoder: o.Encoder = None,
    settings: o.SetClip = None,
    output: o.Output = None,
    as_json: o.Json = False,
) -> None:
    """Cut the moments into clips that start and end where a person would cut; the video is needed."""
    from momentscan import flows
    from momentscan.jobs import Clip

    if copy and smart:
        raise UsageError("--copy and --smart are two ways to cut; choose one")
    cut = "copy" if copy else "smart" if smart else None
    knobs = {"align.extent": extent, "delivery.story": story, "clips.loudness_lufs": loudness}
    knobs |= {"clips.hdr": hdr, "clips.encoder": encoder}
    given = o.typed(
        output=output, engine=engine, cut=cut, aspect=aspect, reel=reel, preview=preview, subtitles=subtitles
    )
    given |= _tables(o.typed(**knobs) | o.knobs(settings))
    flows.clipping_of(calls.settings_of(**given))  # bad knobs are told once, before any work
    folders = calls.folders_of(places, calls.settings_of(**given).output)
    calls.finish(calls.run([Clip(str(folder), given) for folder in folders], 1, as_json), as_json)


def _tables(knobs: dict[str, Any]) -> dict[str, Any]:
    """Knobs by table, joined to what is set already. Raises UsageError for a table that is not of clips."""
    before = calls.settings_of()
    tables: dict[str, Any] = {}
    for name, value in knobs.items():
        table, _, knob = name.partition(".")
        if table not in TABLES or not knob:
            raise UsageError(
                f"--set wants table.knob=value with a table of {', '.join(TABLES)}; got {name}={value}"
            )
        tables[table] = tables.get(table, getattr(before, table)) | {knob: value}
    return tables


def export(
    places: o.Places,
    formats: o.Formats = "otio",
    engine: o.Engine = None,
    clips: o.OfClips = False,
    output: o.Output = None,
    as_json: o.Json = False,
) -> None:
    """Moments as timelines and lists that editors and labelling tools open; the video is not needed."""
    from momentscan import flows
    from momentscan.export.formats import parse_formats

    asked, settings = parse_formats(formats), calls.settings_of(output=output, engine=engine)
    with progress() as on_progress:

        def exported(folder: Path) -> list[Exported]:
            engines = flows.told_by(folder, settings, clips)
            return [flows.export(folder, one, asked, on_progress, clips) for one in engines]

        done, failed = calls.each("folder", calls.folders_of(places, settings.output), exported)
    _show(done, failed, show_exported, as_json)


def take_back(
    place: o.Place,
    edits: o.Edits,
    engine: o.ExportedEngine = None,
    output: o.Output = None,
    as_json: o.Json = False,
) -> None:
    """An edit of an exported timeline comes back: what was kept, trimmed, dropped, put in another order
    becomes feedback."""
    from momentscan import flows

    folder = calls.one_folder(place, calls.settings_of(output=output).output)
    done, failed = calls.each("file", edits, lambda edit: [flows.take_back(folder, edit, engine)])
    _show(done, failed, show_taken_back, as_json)


def _show(done: list[Any], failed: list[dict[str, Any]], show: Any, as_json: bool) -> None:
    """What came of each, and leaves with exit code 5 where some of several failed."""
    if as_json:
        show_json([*(one.__dict__ for one in done), *failed])
    for one in [] if as_json else done:
        show(one)
    calls.leave([one["exit_code"] for one in failed], len(done) + len(failed))
