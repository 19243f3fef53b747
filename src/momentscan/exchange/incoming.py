"""An editor's timeline held against what was exported, and what it says of each moment as a line of
feedback.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import cast

from momentscan.disk.exports import export_before, exported
from momentscan.disk.folder import VideoFolder
from momentscan.disk.windows import ms
from momentscan.errors import UnreadableInput, UsageError
from momentscan.exchange.outgoing import exported_window
from momentscan.export.conform import Feedback
from momentscan.export.edited_timeline import EditedTimeline
from momentscan.export.edits import read_edit
from momentscan.export.safe_parsing import ParsingLimits
from momentscan.export.timeline import Range, Timeline, clean, to_timeline
from momentscan.records.clips import Span
from momentscan.records.feedback import EditFormat, EditSource, FeedbackLine, Order, PartOf


def edit_against(
    folder: VideoFolder, file: Path, engine: str | None, limits: ParsingLimits
) -> tuple[EditedTimeline, Timeline]:
    """The edit, and the timeline that it is of. `engine` None: the one the edit names, else the only one
    exported.

    Raises UsageError where nothing was exported, or the edit does not say of what it is.
    """
    there = exported(folder.path)
    if not there or (engine is not None and engine not in there):
        what = f"moments of {engine} were not" if engine else "nothing was"
        raise UsageError(
            f"{folder.path}: {what} exported, so there is nothing to compare with; momentscan export "
            f"{folder.path}"
        )
    before = {name: timeline_before(folder, name) for name in ([engine] if engine else there)}
    first = next(iter(before.values()))
    edit = read_edit(file, first.rate, limits)
    if engine is None and len(there) > 1:
        first = before[_named_engine(file, edit, there)]
    _check_told_as(folder, file, edit, first)
    return edit, first


def timeline_before(folder: VideoFolder, engine: str) -> Timeline:
    """What was exported. Raises UnreadableInput where the record does not say."""
    again = f"momentscan export {folder.path} --engine {engine}"
    before, video = export_before(folder.path, engine, again), folder.signals.video
    if before.sha256 != video.sha256:
        raise UnreadableInput(f"{folder.path}: the video was scanned anew since its export; {again}")
    ranges = [
        Range(r.window_id, r.start_ms / 1000, r.end_ms / 1000, r.peak_ms / 1000, r.score, why=r.why)
        for r in before.ranges
    ]
    try:
        clock = (Fraction(before.rate), before.drop_frame, before.start_frame)
        return to_timeline(video, engine, ranges, folder.video_id, *clock, before.told_as)[0]
    except (ValueError, ZeroDivisionError):
        raise UnreadableInput(f"{folder.exports}/{engine}.json cannot be read; {again}") from None


def feedback_line(
    timeline: Timeline, line: Feedback, at: str, source: EditSource, part: PartOf
) -> FeedbackLine:
    """One line of feedback.jsonl. `at`: ISO time."""
    edited, video = line.edited, timeline.video
    return FeedbackLine(
        version=1,
        at=at,
        video_id=timeline.title,
        sha256=video.sha256,
        engine=timeline.engine,
        told_as=timeline.told_as,
        kind=line.kind,
        window=exported_window(line.window.range) if line.window is not None else None,
        edited=Span(ms(edited[0]), ms(edited[1])) if edited is not None else None,
        moved_start_ms=ms(line.moved_start_s) if line.moved_start_s is not None else None,
        moved_end_ms=ms(line.moved_end_s) if line.moved_end_s is not None else None,
        order=Order(line.told_at, line.edited_at),
        piece=PartOf(*line.piece) if line.piece is not None else None,
        source=source,
        part=part,
    )


def source_of(file: Path, edit: EditedTimeline) -> EditSource:
    """The edit, as feedback names it."""
    return EditSource(clean(file.name), edit.sha256, cast(EditFormat, edit.format))


def _named_engine(file: Path, edit: EditedTimeline, there: list[str]) -> str:
    named = Counter(
        piece.hint.engine for piece in edit.pieces if piece.hint is not None and piece.hint.engine in there
    )
    if len(named) != 1:
        raise UsageError(
            f"{file}: does not say whose moments it has, and {', '.join(there)} were exported; name one "
            "with --engine"
        )
    return next(iter(named))


def _check_told_as(folder: VideoFolder, file: Path, edit: EditedTimeline, told: Timeline) -> None:
    hints = [piece.hint for piece in edit.pieces if piece.hint is not None]
    kinds = {hint.told_as for hint in hints if hint.engine == told.engine}
    if kinds and told.told_as not in kinds:
        of_clips = "" if told.told_as == "clip" else " --clips"
        again = f"momentscan export {folder.path} --engine {told.engine}{of_clips} first"
        raise UsageError(f"{file}: is of {kinds.pop()}s, and {told.told_as}s were exported last; {again}")
