"""Moments out of the house, and back: `clip`, `export`, `import`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import outcome_with_windows, show_clips, show_exported, show_imported
from momentscan.errors import UsageError

if TYPE_CHECKING:
    from momentscan.flows import Exported
    from momentscan.jobs import Result


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
    knobs: o.Set = None,
    output: o.Output = None,
    as_json: o.Json = False,
) -> None:
    """Cut the moments into clips that start and end where a person would cut; the video is needed."""
    from momentscan.clips import ClipPlan
    from momentscan.jobs import Clip

    if copy and smart:
        raise UsageError("--copy and --smart are two ways to cut; choose one")
    short = {
        "align.extent": extent, "clip_selection.story": story, "clips.loudness_lufs": loudness,
        "clips.hdr": hdr, "clips.encoder": encoder,
    }  # fmt: skip
    cut = "copy" if copy else "smart" if smart else None
    settings = calls.settings_of(
        {**o.typed(**short), **o.knobs(knobs)},
        output=output, engine=engine, cut=cut, aspect=aspect, reel=reel, preview=preview, subtitles=subtitles,
    )  # fmt: skip
    ClipPlan.of(settings)  # what cannot be had is told once, before any work
    tasks = [Clip(str(f), settings.to_json()) for f in calls.folders_of(places, settings.output)]
    calls.finish(calls.run(tasks, show_clips, 1, as_json), as_json, outcome_with_windows)


def export(
    places: o.Places,
    formats: o.Formats = "otio",
    engine: o.Engine = None,
    clips: o.OfClips = False,
    knobs: o.Set = None,
    output: o.Output = None,
    as_json: o.Json = False,
) -> None:
    """Moments as timelines and lists that editors and labelling tools open; the video is not needed."""
    from momentscan.export.formats import parse_formats
    from momentscan.jobs import Export

    asked = tuple(parse_formats(formats))
    settings = calls.settings_of(o.knobs(knobs), output=output, engine=engine)
    folders = calls.folders_of(places, settings.output)
    tasks = [Export(str(f), settings.to_json(), asked, clips) for f in folders]
    calls.finish(_failed_last(calls.run(tasks, _show_all, 1, as_json)), as_json, _all)


def import_(
    place: o.Place,
    edits: o.Edits,
    engine: o.ExportedEngine = None,
    knobs: o.Set = None,
    output: o.Output = None,
    as_json: o.Json = False,
) -> None:
    """An edit of an exported timeline comes back: what was kept, trimmed, dropped, put in another order
    becomes feedback."""
    from momentscan.jobs import Import

    settings = calls.settings_of(o.knobs(knobs), output=output)
    folder = str(calls.one_folder(place, settings.output))
    tasks = [Import(folder, str(edit), settings.to_json(), engine) for edit in edits]
    calls.finish(_failed_last(calls.run(tasks, show_imported, 1, as_json)), as_json, _all)


def _show_all(exported: Sequence[Exported]) -> None:
    for one in exported:
        show_exported(one)


def _failed_last(results: Sequence[Result]) -> list[Result]:
    """A video has as many rows as engines, so those without any come after all of them."""
    return sorted(results, key=lambda result: result.error is not None)


def _all(result: Result) -> list[Any]:
    """A row for every engine of a video, without an exit code of its own."""
    from momentscan.records.plain import plain

    outcome = result.outcome
    return [plain(one) for one in (outcome if isinstance(outcome, tuple) else (outcome,))]
