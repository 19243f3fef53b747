"""An engine's moments as a timeline, and the record of what it told."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from momentscan.disk.exports import read_export
from momentscan.disk.files import translate_os_errors
from momentscan.disk.folder import VideoFolder
from momentscan.disk.windows import ms
from momentscan.exchange.ranges import ranges_of
from momentscan.export.timeline import Range, Timeline, clean, frame_of, nominal_rate, to_timeline
from momentscan.media.container import Limits
from momentscan.media.source_file import same_source
from momentscan.media.timecode import timecode_of
from momentscan.progress import Progress
from momentscan.records.exports import ExportedRange, ExportedWindow, ExportRecord, ToldAs
from momentscan.values import VideoInfo


def timeline_of(
    folder: VideoFolder, engine: str, clips: bool, limits: Limits, on_progress: Progress
) -> tuple[Timeline, list[str]]:
    """The timeline, and what there is to say of it. The video is needed for its timecode only."""
    video = folder.signals.video
    ranges = ranges_of(folder, engine, clips)
    rate = nominal_rate(video)
    start, drops, notes = _first_frame(video, rate, limits, on_progress)
    named = [dataclasses.replace(r, name=f"{folder.video_id} #{r.window_id}") for r in ranges]
    told_as: ToldAs = "clip" if clips else "window"
    timeline, more = to_timeline(video, engine, named, folder.video_id, rate, drops, start, told_as)
    if abs(float(rate) - video.fps) > 0.01 * float(rate):
        notes.append(
            f"{video.fps:.6g} frames per second on average; the timelines have {float(rate):.6g}, each "
            "edge at "
            "the frame shown then"
        )
    return timeline, notes + list(more)


def kept_formats(folder: VideoFolder, timeline: Timeline) -> dict[str, tuple[str, ...]]:
    """Files of other formats that tell the same; those that tell something else are removed."""
    before = read_export(folder.path, timeline.engine)
    if before is None:
        return {}
    if _without_files(before) == _without_files(export_record(timeline, {}, ())):
        return dict(before.formats)
    for name in itertools.chain.from_iterable(before.formats.values()):
        path = folder.exports / Path(name).name
        with translate_os_errors(path):
            path.unlink(missing_ok=True)
    return {}


def export_record(
    timeline: Timeline, formats: Mapping[str, Sequence[str]], notes: Sequence[str]
) -> ExportRecord:
    """exports/{engine}.json."""
    return ExportRecord(
        version=1,
        engine=timeline.engine,
        video_id=timeline.title,
        told_as=timeline.told_as,
        sha256=timeline.video.sha256,
        rate=str(timeline.rate),
        drop_frame=timeline.drop_frame,
        start_frame=timeline.start_frame,
        n_frames=timeline.n_frames,
        ranges=tuple(
            ExportedRange(**vars(exported_window(c.range)), why=c.range.why, first_frame=c.first,
                          end_frame=c.end, peak_frame=c.peak)
            for c in timeline.cuts
        ),
        formats={name: tuple(files) for name, files in formats.items()},
        notes=tuple(notes),
    )  # fmt: skip


def exported_window(found: Range) -> ExportedWindow:
    """A moment as it was told."""
    times = (ms(found.start_s), ms(found.end_s), ms(found.peak_s))
    return ExportedWindow(found.window_id, *times, round(found.score, 6))


def _without_files(record: ExportRecord) -> ExportRecord:
    return dataclasses.replace(record, formats={}, notes=())


def _first_frame(
    video: VideoInfo, rate: Fraction, limits: Limits, on_progress: Progress
) -> tuple[int, bool | None, list[str]]:
    """(timecode of the first frame in frames, whether it drops frames, notes); 0 where it is not known."""
    path = Path(video.path)
    if not path.exists():
        why = "the timelines name it, and count from 0 as its timecode is not known"
        return 0, None, [f"{video.path} is not there; {why}"]
    same_source(video, limits, on_progress)
    code = timecode_of(path)
    if code is None:
        return 0, None, []
    try:
        start, drops = frame_of(code, rate)
    except ValueError:
        per_second = f"{float(rate):.6g} frames per second"
        return (
            0,
            None,
            [f"its timecode {clean(code, 40)!r} is none at {per_second}; the timelines count from 0"],
        )
    return start, drops, []
