"""Clips cut out of a video: frame-exact by encoding anew, quick by copying, or both at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from momentscan.errors import UsageError
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits, create_container
from momentscan.media.encode import encode_segments
from momentscan.media.encoders import Encoding
from momentscan.media.framing import Framing
from momentscan.media.segments import Segment, within_video
from momentscan.media.smart_cut import smart_clip
from momentscan.media.source_file import SourceFile
from momentscan.media.stream_copy import CannotCopy, copy_clip, copy_notes, with_chapters
from momentscan.progress import Progress, silent
from momentscan.values import VideoInfo

HOW = ("exact", "copy", "smart")


@dataclass(frozen=True)
class ClipDone:
    """A clip as it was really cut: `[start_s, end_s)` on the source's clock, of whole frames."""

    path: Path
    start_s: float
    end_s: float
    n_frames: int
    size_px: tuple[int, int]
    how: str
    encoder: str
    notes: tuple[str, ...]


def cut_clip(
    info: VideoInfo,
    start_s: float,
    end_s: float,
    to: Path,
    how: str = "exact",
    encoding: Encoding = Encoding(),
    framing: Framing | None = None,
    title: str = "",
    limits: Limits = Limits(),
    on_progress: Progress = silent,
    clock: ClockOptions = ClockOptions(),
) -> ClipDone:
    """Cuts `[start_s, end_s)` into a file of its own, `to` with the suffix of its container. Nothing is left
    after an error. `limits` and `clock`: as the video was scanned with.

    Raises UsageError for a window that is no window, UnreadableInput where nothing can be decoded,
    OutputError for what the disk refuses.
    """
    start_s, end_s, notes = within_video(info, start_s, end_s)
    if how not in HOW:
        raise UsageError(f"there is no way {how!r} to cut; there are {', '.join(HOW)}")
    if how != "exact":
        source = SourceFile(info, limits, clock)
        try:
            _check_copies(encoding, framing)
            return _copied(source, start_s, end_s, to, how, encoding, title, notes, on_progress)
        except CannotCopy as error:
            notes = (*notes, f"its packets cannot be taken over ({error}); the whole clip was encoded anew")
    to = to.with_suffix(".mp4")
    with create_container(to, "mp4") as container:
        if title:
            container.metadata["title"] = title
        segment = Segment(info, start_s, end_s, framing=framing)
        done = encode_segments(container, [segment], encoding, limits, clock, on_progress)
    return ClipDone(
        to, *done.spans[0], done.n_frames, done.size_px, "exact", done.encoder, (*notes, *done.notes)
    )


def _check_copies(encoding: Encoding, framing: Framing | None) -> None:
    """Raises CannotCopy where the picture is to be another."""
    if framing is not None:
        raise CannotCopy("another framing is asked for")
    if encoding.max_side_px:
        raise CannotCopy("another size is asked for")


def _copied(
    source: SourceFile,
    start_s: float,
    end_s: float,
    to: Path,
    how: str,
    encoding: Encoding,
    title: str,
    notes: tuple[str, ...],
    on_progress: Progress,
) -> ClipDone:
    """With packets of the source: copied, or a smart cut. Raises CannotCopy."""
    if how == "copy":
        copied, encoder = copy_clip(source, start_s, end_s, to, title, on_progress), "none"
        notes = (*notes, *copy_notes(start_s, end_s, copied, encoding))
    else:
        to = to.with_suffix(".mp4")
        copied, encoder = smart_clip(source, start_s, end_s, to, encoding, title, on_progress), "libx264"
    return ClipDone(
        copied.path,
        copied.start_s,
        copied.end_s,
        copied.n_frames,
        copied.size_px,
        how,
        encoder,
        (*notes, *copied.notes),
    )


@dataclass(frozen=True)
class ReelDone:
    """A reel as it was really cut. `chapters`: (start, end, title) on its own clock; `segments`: (start, end)
    on their sources' clocks.
    """

    path: Path
    end_s: float
    chapters: tuple[tuple[float, float, str], ...]
    segments: tuple[tuple[float, float], ...]
    n_frames: int
    size_px: tuple[int, int]
    encoder: str
    notes: tuple[str, ...]


def cut_reel(
    segments: Sequence[Segment],
    to: Path,
    encoding: Encoding = Encoding(),
    title: str = "",
    limits: Limits = Limits(),
    on_progress: Progress = silent,
    clock: ClockOptions = ClockOptions(),
) -> ReelDone:
    """Several windows one after the other in one file, with a chapter for each; all in the size and rate of
    the first, HDR tone-mapped. `limits` and `clock`: as the videos were scanned with.

    Raises UsageError, UnreadableInput or OutputError; nothing is left after an error.
    """
    if not segments:
        raise UsageError("a reel wants at least one window; none was given")
    inner, notes = _within_videos(segments)
    to, encoding = to.with_suffix(".mp4"), dataclasses.replace(encoding, hdr="sdr")
    raw = to.with_name(f".{to.name}.raw")
    try:
        with create_container(raw, "mp4") as container:
            done = encode_segments(container, inner, encoding, limits, clock, on_progress)
        titles = [segment.title or f"{number}" for number, segment in enumerate(inner, 1)]
        chapters = tuple((*place, name) for place, name in zip(done.places, titles, strict=True))
        with_chapters(raw, to, chapters, title, limits)
    finally:
        raw.unlink(missing_ok=True)
    return ReelDone(
        to,
        done.places[-1][1],
        chapters,
        done.spans,
        done.n_frames,
        done.size_px,
        done.encoder,
        (*notes, *done.notes),
    )


def _within_videos(segments: Sequence[Segment]) -> tuple[list[Segment], list[str]]:
    inner: list[Segment] = []
    notes: list[str] = []
    for segment in segments:
        start_s, end_s, said = within_video(segment.info, segment.start_s, segment.end_s)
        inner.append(dataclasses.replace(segment, start_s=start_s, end_s=end_s))
        notes += said
    return inner, notes
