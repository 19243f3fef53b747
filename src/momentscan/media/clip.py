"""Clips cut out of a video: frame-exact by encoding anew, quick by copying, or both at once."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from momentscan.errors import UnreadableInput, UsageError
from momentscan.media.copying import CannotCopy, copy_clip, costs, with_chapters
from momentscan.media.door import Limits, check_file, written
from momentscan.media.dressing import dressed, look_of
from momentscan.media.encoders import Encoding, Look, by_hardware
from momentscan.media.film import FINE, Film, SoundTrack
from momentscan.media.framing import Framing, framed
from momentscan.media.hdr import is_hdr, write_cube
from momentscan.media.smart import smart_clip
from momentscan.media.source import follow, source_of
from momentscan.media.spans import Shown, frames_in
from momentscan.progress import Progress, Step, silent
from momentscan.values import VideoInfo

NOT_HEARD = "no sound could be decoded in this window; the clip is silent there"

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


def same_source(info: VideoInfo, limits: Limits = Limits(), on_progress: Progress = silent) -> None:  # noqa: B008
    """Checks that the file is still the one that was scanned; once per command, for it is read as a whole.

    Raises UnreadableInput where it moved or changed.
    """
    path = Path(info.path)
    if not path.exists():
        raise UnreadableInput(f"{path}: is not there any more, moved or deleted since the scan; put it back, or scan it where it is now")
    size = check_file(path, limits)
    if size != info.size_bytes or (info.sha256 and _sha256(path, size, on_progress) != info.sha256):
        raise UnreadableInput(
            f"{path}: has changed since the scan (it had {info.size_bytes} bytes, now {size}, or others); scan it again, its times may be others"
        )


def _sha256(path: Path, size: int, on_progress: Progress) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
            done += len(block)
            on_progress(Step("checking", done, size, "B"))
    return digest.hexdigest()


def inside(info: VideoInfo, start_s: float, end_s: float) -> tuple[float, float, tuple[str, ...]]:
    """The window as far as the video goes, and what had to be said about it. Raises UsageError where nothing is left."""
    wanted = f"the window {start_s:.3f} to {end_s:.3f} s"
    if not (np.isfinite(start_s) and np.isfinite(end_s)) or end_s <= start_s:
        raise UsageError(f"{wanted} is empty; give one that ends after it starts")
    if end_s <= 0 or start_s >= info.duration_s:
        raise UsageError(f"{wanted} lies outside of {info.video_id}, which lasts {info.duration_s:.3f} s; give one inside")
    start, end = max(0.0, start_s), min(end_s, info.duration_s)
    told = () if (start, end) == (start_s, end_s) else (f"{wanted} reaches over the video; it was cut to {start:.3f} to {end:.3f} s",)
    return start, end, told


def cut_clip(
    info: VideoInfo,
    start_s: float,
    end_s: float,
    to: Path,
    how: str = "exact",
    encoding: Encoding = Encoding(),  # noqa: B008
    framing: Framing | None = None,
    title: str = "",
    limits: Limits = Limits(),  # noqa: B008
    on_progress: Progress = silent,
) -> ClipDone:
    """Cuts `[start_s, end_s)` into a file of its own, `to` with the suffix of its container. Nothing is left after an error.

    Raises UsageError for a window that is no window, UnreadableInput where nothing can be decoded, OutputError for what the disk refuses.
    """
    start_s, end_s, notes = inside(info, start_s, end_s)
    if how not in HOW:
        raise UsageError(f"there is no way {how!r} to cut; there are {', '.join(HOW)}")
    try:
        if how == "copy":
            _no_framing(framing)
            copied = copy_clip(info, start_s, end_s, to, title, limits, on_progress)
            told = (*notes, *costs(start_s, end_s, copied), *copied.notes)
            return ClipDone(copied.path, copied.start_s, copied.end_s, copied.n_frames, copied.size_px, "copy", "none", told)
        if how == "smart":
            _no_framing(framing)
            copied = smart_clip(info, start_s, end_s, to.with_suffix(".mp4"), encoding, title, limits, on_progress)
            return ClipDone(
                copied.path, copied.start_s, copied.end_s, copied.n_frames, copied.size_px, "smart", "libx264", (*notes, *copied.notes)
            )
    except CannotCopy as error:
        notes = (*notes, f"its packets cannot be taken over ({error}); the whole clip was encoded anew")
    done = _exact(info, start_s, end_s, to.with_suffix(".mp4"), encoding, framing, title, limits, on_progress)
    return dataclasses.replace(done, notes=(*notes, *done.notes))


def _no_framing(framing: Framing | None) -> None:
    if framing is not None:
        raise CannotCopy("another framing is asked for")


@dataclass(frozen=True)
class Piece:
    """A window of a video on its way into a clip."""

    info: VideoInfo
    start_s: float
    end_s: float
    title: str = ""
    framing: Framing | None = None


@dataclass(frozen=True)
class ReelDone:
    """A reel as it was really cut. `chapters`: (start, end, title) on its own clock; `pieces`: (start, end) on their sources' clocks."""

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
    encoding: Encoding = Encoding(),  # noqa: B008
    title: str = "",
    limits: Limits = Limits(),  # noqa: B008
    on_progress: Progress = silent,
) -> ReelDone:
    """Several windows one after the other in one file, with a chapter for each; all in the size and rate of the first, HDR tone-mapped.

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
        with written(raw, "mp4") as container:
            shot = _shoot(container, inner, dataclasses.replace(encoding, hdr="sdr"), limits, on_progress)
        names = [piece.title or f"{number}" for number, piece in enumerate(inner, 1)]
        chapters = tuple((*span, name) for span, name in zip(shot.places, names, strict=True))
        with_chapters(raw, to, chapters, title, limits)
    finally:
        raw.unlink(missing_ok=True)
    return ReelDone(to, shot.places[-1][1], chapters, shot.spans, shot.n_frames, shot.size_px, shot.encoder, (*notes, *shot.notes))


def _exact(
    info: VideoInfo,
    start_s: float,
    end_s: float,
    to: Path,
    encoding: Encoding,
    framing: Framing | None,
    title: str,
    limits: Limits,
    on_progress: Progress,
) -> ClipDone:
    with written(to, "mp4") as container:
        if title:
            container.metadata["title"] = title
        shot = _shoot(container, [Piece(info, start_s, end_s, framing=framing)], encoding, limits, on_progress)
    return ClipDone(to, *shot.spans[0], shot.n_frames, shot.size_px, "exact", shot.encoder, shot.notes)


@dataclass(frozen=True)
class _Shot:
    """What was written: `spans` of the sources, and their `places` in the clip."""

    spans: tuple[tuple[float, float], ...]
    places: tuple[tuple[float, float], ...]
    n_frames: int
    size_px: tuple[int, int]
    encoder: str
    notes: tuple[str, ...]


def _shoot(container: Any, pieces: Sequence[Piece], encoding: Encoding, limits: Limits, on_progress: Progress) -> _Shot:
    """Encodes all pieces, one after the other, as the first one looks."""
    sources = [source_of(piece.info, encoding, limits) for piece in pieces]
    voice = next((source.voice for source in sources if source.voice is not None), None)
    tick = sources[0].tick if len({source.tick for source in sources}) == 1 else FINE
    total_s = sum(piece.end_s - piece.start_s for piece in pieces)
    spans: list[tuple[float, float]] = []
    places: list[tuple[float, float]] = []
    notes: list[str] = []
    film: Film | None = None
    at_s = 0.0
    for piece, source in zip(pieces, sources, strict=True):
        with ExitStack() as stack:
            shown = frames_in(piece.info, piece.start_s, piece.end_s, encoding.held_s, limits)
            first = next(shown, None)
            if first is None:
                where = f"from {piece.start_s:.3f} to {piece.end_s:.3f} s"
                raise UnreadableInput(f"{piece.info.path}: no frame can be decoded {where}; choose another window")
            own = look_of(first.frame, source.pixel_aspect, source.rate, encoding)
            if film is None:
                look = _seen_through(own, piece.framing)
                made, told = _encoder(look, tick, encoding)
                film, sound = Film(container, tick, made), SoundTrack(container, voice)
                notes += told
            notes += _told(first.frame, encoding)
            notes += follow(stack, sound, piece.info, voice, (first.start_s, piece.end_s), at_s, encoding, limits)
            last_s = first.start_s
            cube = _cube(stack, first.frame, encoding)
            for one in _prepared(itertools.chain([first], shown), own, look, source.pixel_aspect, piece.framing, cube):
                film.show(one.frame, at_s + one.start_s - first.start_s, at_s + one.end_s - first.start_s)
                sound.until(one.end_s)
                last_s = one.end_s
                on_progress(Step("cutting", min(total_s, at_s + last_s - first.start_s), total_s))
            if voice is not None and not sound.heard:
                notes.append(NOT_HEARD)
            spans.append((first.start_s, last_s))
            places.append((at_s, at_s + last_s - first.start_s))
            at_s = places[-1][1]
    assert film is not None
    film.finish()
    sound.finish()
    return _Shot(tuple(spans), tuple(places), film.n_frames, (look.width_px, look.height_px), made.codec, tuple(dict.fromkeys(notes)))


def _seen_through(look: Look, framing: Framing | None) -> Look:
    if framing is None:
        return look
    return dataclasses.replace(look, width_px=framing.out_px[0], height_px=framing.out_px[1], pixel_aspect=Fraction(1))


def _encoder(look: Look, tick: Fraction, encoding: Encoding) -> tuple[Look, tuple[str, ...]]:
    """The look in hardware, where that is asked for and there is some."""
    if encoding.encoder != "hardware":
        return look, ()
    if look.codec != "libx264":
        return look, ("HDR is encoded by x265, not in hardware",)
    told = by_hardware(look, tick)
    return (told, ()) if told is not None else (look, ("no encoder in hardware works here; x264 was taken",))


def _prepared(
    shown: Iterable[Shown], own: Look, look: Look, pixel_aspect: Fraction | None, framing: Framing | None, cube: Path | None
) -> Iterator[Shown]:
    """Frames as the film wants them: upright, cropped where a framing is asked for, then in the shape of the first piece."""
    if framing is None:
        return dressed(shown, look, pixel_aspect, cube)
    return dressed(framed(dressed(shown, own, pixel_aspect, cube), framing), look, Fraction(1))


def _cube(stack: ExitStack, frame: Any, encoding: Encoding) -> Path | None:
    if not is_hdr(frame) or encoding.hdr == "keep":
        return None
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="momentscan-"))) / "tone.cube"
    write_cube(path, frame.color_trc)
    return path


def _told(frame: Any, encoding: Encoding) -> Iterator[str]:
    if frame.interlaced_frame:
        yield "the picture is interlaced; whole frames were made of its fields"
    if is_hdr(frame):
        yield "HDR kept: HEVC Main 10" if encoding.hdr == "keep" else "HDR tone-mapped for ordinary screens (ITU-R BT.2390)"
