"""Clips cut out of a video: frame-exact by encoding anew, quick by copying, or both at once."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from momentscan.errors import UnreadableInput, UsageError
from momentscan.media.container import Limits, check_file, create_container
from momentscan.media.encode import Piece, encode_pieces
from momentscan.media.encoders import Encoding
from momentscan.media.framing import Framing
from momentscan.media.smart import smart_clip
from momentscan.media.stream_copy import CannotCopy, Copied, copy_clip, costs, with_chapters
from momentscan.progress import Progress, Step, silent
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


def same_source(info: VideoInfo, limits: Limits = Limits(), on_progress: Progress = silent) -> None:
    """Checks that the file is still the one that was scanned; once per command, for it is read as a whole.

    Raises UnreadableInput where it moved or changed.
    """
    path = Path(info.path)
    if not path.exists():
        raise UnreadableInput(
            f"{path}: is not there any more, moved or deleted since the scan; put it back, or scan it "
            "where it is now"
        )
    size = check_file(path, limits)
    if size != info.size_bytes or (info.sha256 and sha256_of(path, "checking", on_progress) != info.sha256):
        raise UnreadableInput(
            f"{path}: has changed since the scan (it had {info.size_bytes} bytes, now {size}, or others); "
            "scan it again, its times may be others"
        )


def sha256_of(path: Path, stage: str = "reading", on_progress: Progress = silent) -> str:
    """The SHA-256 of a file, read once from end to end; `stage` is what the progress calls it."""
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
            done += len(block)
            on_progress(Step(stage, done, size, "B"))
    return digest.hexdigest()


def inside(info: VideoInfo, start_s: float, end_s: float) -> tuple[float, float, tuple[str, ...]]:
    """The window as far as the video goes, and what had to be said about it. Raises UsageError where nothing
    is left.
    """
    wanted = f"the window {start_s:.3f} to {end_s:.3f} s"
    if not (np.isfinite(start_s) and np.isfinite(end_s)) or end_s <= start_s:
        raise UsageError(f"{wanted} is empty; give one that ends after it starts")
    if end_s <= 0 or start_s >= info.duration_s:
        raise UsageError(
            f"{wanted} lies outside of {info.video_id}, which lasts {info.duration_s:.3f} s; give one inside"
        )
    start, end = max(0.0, start_s), min(end_s, info.duration_s)
    told = (
        ()
        if (start, end) == (start_s, end_s)
        else (f"{wanted} reaches over the video; it was cut to {start:.3f} to {end:.3f} s",)
    )
    return start, end, told


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
) -> ClipDone:
    """Cuts `[start_s, end_s)` into a file of its own, `to` with the suffix of its container. Nothing is left
    after an error.

    Raises UsageError for a window that is no window, UnreadableInput where nothing can be decoded,
    OutputError for what the disk refuses.
    """
    start_s, end_s, notes = inside(info, start_s, end_s)
    if how not in HOW:
        raise UsageError(f"there is no way {how!r} to cut; there are {', '.join(HOW)}")
    try:
        if how != "exact":
            _as_it_is(encoding, framing)
        if how == "copy":
            copied = copy_clip(info, start_s, end_s, to, title, limits, on_progress)
            return _done(copied, "copy", "none", (*notes, *costs(start_s, end_s, copied, encoding)))
        if how == "smart":
            copied = smart_clip(
                info, start_s, end_s, to.with_suffix(".mp4"), encoding, title, limits, on_progress
            )
            return _done(copied, "smart", "libx264", notes)
    except CannotCopy as error:
        notes = (*notes, f"its packets cannot be taken over ({error}); the whole clip was encoded anew")
    to = to.with_suffix(".mp4")
    with create_container(to, "mp4") as container:
        if title:
            container.metadata["title"] = title
        shot = encode_pieces(
            container, [Piece(info, start_s, end_s, framing=framing)], encoding, limits, on_progress
        )
    return ClipDone(
        to, *shot.spans[0], shot.n_frames, shot.size_px, "exact", shot.encoder, (*notes, *shot.notes)
    )


def _as_it_is(encoding: Encoding, framing: Framing | None) -> None:
    """Raises CannotCopy where the picture is to be another."""
    if framing is not None:
        raise CannotCopy("another framing is asked for")
    if encoding.max_side_px:
        raise CannotCopy("another size is asked for")


def _done(copied: Copied, how: str, encoder: str, notes: tuple[str, ...]) -> ClipDone:
    told = (*notes, *copied.notes)
    return ClipDone(
        copied.path, copied.start_s, copied.end_s, copied.n_frames, copied.size_px, how, encoder, told
    )


@dataclass(frozen=True)
class ReelDone:
    """A reel as it was really cut. `chapters`: (start, end, title) on its own clock; `pieces`: (start, end)
    on their sources' clocks.
    """

    path: Path
    end_s: float
    chapters: tuple[tuple[float, float, str], ...]
    pieces: tuple[tuple[float, float], ...]
    n_frames: int
    size_px: tuple[int, int]
    encoder: str
    notes: tuple[str, ...]


def cut_reel(
    pieces: Sequence[Piece],
    to: Path,
    encoding: Encoding = Encoding(),
    title: str = "",
    limits: Limits = Limits(),
    on_progress: Progress = silent,
) -> ReelDone:
    """Several windows one after the other in one file, with a chapter for each; all in the size and rate of
    the first, HDR tone-mapped.

    Raises UsageError, UnreadableInput or OutputError; nothing is left after an error.
    """
    if not pieces:
        raise UsageError("a reel wants at least one window; none was given")
    inner: list[Piece] = []
    notes: list[str] = []
    for piece in pieces:
        start_s, end_s, told = inside(piece.info, piece.start_s, piece.end_s)
        inner.append(dataclasses.replace(piece, start_s=start_s, end_s=end_s))
        notes += told
    to = to.with_suffix(".mp4")
    raw = to.with_name(f".{to.name}.raw")
    try:
        with create_container(raw, "mp4") as container:
            shot = encode_pieces(
                container, inner, dataclasses.replace(encoding, hdr="sdr"), limits, on_progress
            )
        names = [piece.title or f"{number}" for number, piece in enumerate(inner, 1)]
        chapters = tuple((*span, name) for span, name in zip(shot.places, names, strict=True))
        with_chapters(raw, to, chapters, title, limits)
    finally:
        raw.unlink(missing_ok=True)
    return ReelDone(
        to,
        shot.places[-1][1],
        chapters,
        shot.spans,
        shot.n_frames,
        shot.size_px,
        shot.encoder,
        (*notes, *shot.notes),
    )
