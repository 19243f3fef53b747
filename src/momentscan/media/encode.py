"""Windows of videos encoded anew, one after the other, into one film."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from momentscan.errors import UnreadableInput
from momentscan.media.container import Limits
from momentscan.media.encoders import Encoding, PictureFormat, by_hardware
from momentscan.media.filter_graph import filtered, format_of
from momentscan.media.framing import Framing, framed
from momentscan.media.hdr import is_hdr, write_cube
from momentscan.media.mux import FINE, Muxer, SoundTrack
from momentscan.media.seek import TimedFrame, frames_in
from momentscan.media.source import Source, follow, source_of
from momentscan.progress import Progress, Step
from momentscan.values import VideoInfo

NOT_HEARD = "no sound could be decoded in this window; the clip is silent there"


@dataclass(frozen=True)
class Piece:
    """A window of a video on its way into a clip."""

    info: VideoInfo
    start_s: float
    end_s: float
    title: str = ""
    framing: Framing | None = None


@dataclass(frozen=True)
class Encoded:
    """What was written: `spans` of the sources, and their `places` in the clip, both (start, end) in seconds."""

    spans: tuple[tuple[float, float], ...]
    places: tuple[tuple[float, float], ...]
    n_frames: int
    size_px: tuple[int, int]
    encoder: str
    notes: tuple[str, ...]


def encode_pieces(
    container: Any, pieces: Sequence[Piece], encoding: Encoding, limits: Limits, on_progress: Progress
) -> Encoded:
    """Encodes all pieces as the first one looks. Raises UnreadableInput for a window of which not one frame
    can be decoded.
    """
    sources = [source_of(piece.info, encoding, limits) for piece in pieces]
    shooting = _Shooting(container, pieces, sources, encoding, limits, on_progress)
    for piece, source in zip(pieces, sources, strict=True):
        shooting.take(piece, source)
    return shooting.finish()


class _Shooting:
    """The film while pieces are added to it; what it looks like is known with the first frame."""

    def __init__(
        self,
        container: Any,
        pieces: Sequence[Piece],
        sources: Sequence[Source],
        encoding: Encoding,
        limits: Limits,
        on_progress: Progress,
    ) -> None:
        self._container, self._encoding, self._limits, self._on_progress = (
            container,
            encoding,
            limits,
            on_progress,
        )
        self._voice = next((source.voice for source in sources if source.voice is not None), None)
        self._tick = sources[0].tick if len({source.tick for source in sources}) == 1 else FINE
        self._total_s = sum(piece.end_s - piece.start_s for piece in pieces)
        self._spans: list[tuple[float, float]] = []
        self._places: list[tuple[float, float]] = []
        self._notes: list[str] = []
        self._film: Muxer | None = None

    def take(self, piece: Piece, source: Source) -> None:
        """Adds a piece to the end."""
        with ExitStack() as stack:
            shown = frames_in(piece.info, piece.start_s, piece.end_s, self._encoding.held_s, self._limits)
            first = next(shown, None)
            if first is None:
                where = f"from {piece.start_s:.3f} to {piece.end_s:.3f} s"
                raise UnreadableInput(
                    f"{piece.info.path}: no frame can be decoded {where}; choose another window"
                )
            own = format_of(first.frame, source.pixel_aspect, source.rate, self._encoding)
            film = self._film or self._begin(_seen_through(own, piece.framing))
            at_s, span_s = self._places[-1][1] if self._places else 0.0, (first.start_s, piece.end_s)
            self._notes += _told(first.frame, self._encoding)
            self._notes += follow(
                stack, self._sound, piece.info, self._voice, span_s, at_s, self._encoding, self._limits
            )
            frames = itertools.chain([first], shown)
            cube = _cube(stack, first.frame, self._encoding)
            self._run(
                film,
                _prepared(frames, own, self._look, source.pixel_aspect, piece.framing, cube),
                first.start_s,
                at_s,
            )

    def _begin(self, look: PictureFormat) -> Muxer:
        made, told = _encoder(look, self._tick, self._encoding)
        self._look, self._encoder = look, made.codec
        self._film = Muxer(self._container, self._tick, made)
        self._sound = SoundTrack(self._container, self._voice)
        self._notes += told
        return self._film

    def _run(self, film: Muxer, frames: Iterator[TimedFrame], first_s: float, at_s: float) -> None:
        last_s = first_s
        for one in frames:
            film.show(one.frame, at_s + one.start_s - first_s, at_s + one.end_s - first_s)
            self._sound.until(one.end_s)
            last_s = one.end_s
            self._on_progress(Step("cutting", min(self._total_s, at_s + last_s - first_s), self._total_s))
        if self._voice is not None and not self._sound.heard:
            self._notes.append(NOT_HEARD)
        self._spans.append((first_s, last_s))
        self._places.append((at_s, at_s + last_s - first_s))

    def finish(self) -> Encoded:
        assert self._film is not None
        self._film.finish()
        self._sound.finish()
        size, notes = (self._look.width_px, self._look.height_px), tuple(dict.fromkeys(self._notes))
        return Encoded(
            tuple(self._spans), tuple(self._places), self._film.n_frames, size, self._encoder, notes
        )


def _seen_through(look: PictureFormat, framing: Framing | None) -> PictureFormat:
    if framing is None:
        return look
    return dataclasses.replace(
        look, width_px=framing.out_px[0], height_px=framing.out_px[1], pixel_aspect=Fraction(1)
    )


def _encoder(
    look: PictureFormat, tick: Fraction, encoding: Encoding
) -> tuple[PictureFormat, tuple[str, ...]]:
    """The look in hardware, where that is asked for and there is some."""
    if encoding.encoder != "hardware":
        return look, ()
    if look.codec != "libx264":
        return look, ("HDR is encoded by x265, not in hardware",)
    told = by_hardware(look, tick)
    return (told, ()) if told is not None else (look, ("no encoder in hardware works here; x264 was taken",))


def _prepared(
    shown: Iterable[TimedFrame],
    own: PictureFormat,
    look: PictureFormat,
    pixel_aspect: Fraction | None,
    framing: Framing | None,
    cube: Path | None,
) -> Iterator[TimedFrame]:
    """Frames as the film wants them: upright, cropped where a framing is asked for, then in the shape of the
    first piece.
    """
    if framing is None:
        return filtered(shown, look, pixel_aspect, cube)
    return filtered(framed(filtered(shown, own, pixel_aspect, cube), framing), look, Fraction(1))


def _cube(stack: ExitStack, frame: Any, encoding: Encoding) -> Path | None:
    """A table for the tone mapping, where there is any to do."""
    if not is_hdr(frame) or encoding.hdr == "keep":
        return None
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="momentscan-"))) / "tone.cube"
    write_cube(path, frame.color_trc)
    return path


def _told(frame: Any, encoding: Encoding) -> Iterator[str]:
    if frame.interlaced_frame:
        yield "the picture is interlaced; whole frames were made of its fields"
    if is_hdr(frame):
        yield (
            "HDR kept: HEVC Main 10"
            if encoding.hdr == "keep"
            else "HDR tone-mapped for ordinary screens (ITU-R BT.2390)"
        )
