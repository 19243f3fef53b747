"""Windows of videos encoded anew, one after the other, into one clip."""

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
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits
from momentscan.media.encoders import Encoding, PictureFormat, by_hardware
from momentscan.media.filter_graph import filtered, picture_format_of
from momentscan.media.framing import Framing, framed
from momentscan.media.hdr import is_hdr, write_cube
from momentscan.media.mux import MPEG_TICK, Muxer, SoundTrack
from momentscan.media.seek import TimedFrame, frames_in
from momentscan.media.segments import Segment
from momentscan.media.source_file import SourceFile
from momentscan.media.source_format import SourceFormat, attach_sound, source_format_of
from momentscan.progress import Progress, Step

NO_SOUND = "no sound could be decoded in this window; the clip is silent there"


@dataclass(frozen=True)
class EncodedClip:
    """What was written: `spans` of the sources, `places` of them in the clip; each (start, end), seconds."""

    spans: tuple[tuple[float, float], ...]
    places: tuple[tuple[float, float], ...]
    n_frames: int
    size_px: tuple[int, int]
    encoder: str
    notes: tuple[str, ...]


def encode_segments(
    container: Any,
    segments: Sequence[Segment],
    encoding: Encoding,
    limits: Limits,
    clock: ClockOptions,
    on_progress: Progress,
) -> EncodedClip:
    """Encodes all segments in the format of the first. Raises UnreadableInput for a window of which not one
    frame can be decoded.
    """
    sources = [SourceFile(segment.info, limits, clock) for segment in segments]
    formats = [source_format_of(source, encoding) for source in sources]
    total_s = sum(segment.end_s - segment.start_s for segment in segments)
    encoder = _SegmentEncoder(container, formats, encoding, total_s, on_progress)
    for segment, source, form in zip(segments, sources, formats, strict=True):
        encoder.add(segment, source, form)
    return encoder.finish()


class _SegmentEncoder:
    """The clip while segments are added to it; its format is known with the first frame."""

    def __init__(
        self,
        container: Any,
        formats: Sequence[SourceFormat],
        encoding: Encoding,
        total_s: float,
        on_progress: Progress,
    ) -> None:
        self._container, self._encoding = container, encoding
        self._total_s, self._on_progress = total_s, on_progress
        self._tick = formats[0].tick if len({form.tick for form in formats}) == 1 else MPEG_TICK
        self._sound_format = next((form.sound for form in formats if form.sound is not None), None)
        self._spans: list[tuple[float, float]] = []
        self._places: list[tuple[float, float]] = []
        self._notes: list[str] = []
        self._muxer: Muxer | None = None

    def add(self, segment: Segment, source: SourceFile, form: SourceFormat) -> None:
        """Encodes a segment behind the others."""
        with ExitStack() as stack:
            frames = frames_in(source, segment.start_s, segment.end_s, self._encoding.held_s)
            first = next(frames, None)
            if first is None:
                where = f"from {segment.start_s:.3f} to {segment.end_s:.3f} s"
                raise UnreadableInput(
                    f"{source.path}: no frame can be decoded {where}; choose another window"
                )
            own = picture_format_of(first.frame, form.pixel_aspect, form.rate, self._encoding)
            muxer = self._muxer or self._begin(_framed_format(own, segment.framing))
            at_s = self._places[-1][1] if self._places else 0.0
            self._notes += _picture_notes(first.frame, self._encoding)
            self._notes += attach_sound(
                stack, self._sound, source, (first.start_s, segment.end_s), at_s, self._encoding
            )
            cube = _tone_mapping_table(stack, first.frame, self._encoding)
            prepared = _prepared(
                itertools.chain([first], frames),
                own,
                self._picture,
                form.pixel_aspect,
                segment.framing,
                cube,
            )
            self._write(muxer, prepared, first.start_s, at_s)

    def _begin(self, picture: PictureFormat) -> Muxer:
        encoded, notes = _with_encoder(picture, self._tick, self._encoding)
        self._picture, self._encoder = picture, encoded.codec
        self._muxer = Muxer(self._container, self._tick, encoded)
        self._sound = SoundTrack(self._container, self._sound_format)
        self._notes += notes
        return self._muxer

    def _write(self, muxer: Muxer, frames: Iterator[TimedFrame], first_s: float, at_s: float) -> None:
        last_s = first_s
        for frame in frames:
            muxer.write(frame.frame, at_s + frame.start_s - first_s, at_s + frame.end_s - first_s)
            self._sound.write_until(frame.end_s)
            last_s = frame.end_s
            self._on_progress(Step("cutting", min(self._total_s, at_s + last_s - first_s), self._total_s))
        if self._sound_format is not None and not self._sound.has_sound:
            self._notes.append(NO_SOUND)
        self._spans.append((first_s, last_s))
        self._places.append((at_s, at_s + last_s - first_s))

    def finish(self) -> EncodedClip:
        assert self._muxer is not None
        self._muxer.finish()
        self._sound.finish()
        size_px, notes = (self._picture.width_px, self._picture.height_px), tuple(dict.fromkeys(self._notes))
        return EncodedClip(
            tuple(self._spans), tuple(self._places), self._muxer.n_frames, size_px, self._encoder, notes
        )


def _framed_format(picture: PictureFormat, framing: Framing | None) -> PictureFormat:
    if framing is None:
        return picture
    width_px, height_px = framing.out_px
    return dataclasses.replace(picture, width_px=width_px, height_px=height_px, pixel_aspect=Fraction(1))


def _with_encoder(
    picture: PictureFormat, tick: Fraction, encoding: Encoding
) -> tuple[PictureFormat, tuple[str, ...]]:
    """The picture as hardware encodes it, where that is asked for and there is some."""
    if encoding.encoder != "hardware":
        return picture, ()
    if picture.codec != "libx264":
        return picture, ("HDR is encoded by x265, not in hardware",)
    found = by_hardware(picture, tick)
    if found is None:
        return picture, ("no encoder in hardware works here; x264 was taken",)
    return found, ()


def _prepared(
    frames: Iterable[TimedFrame],
    own: PictureFormat,
    picture: PictureFormat,
    pixel_aspect: Fraction | None,
    framing: Framing | None,
    cube: Path | None,
) -> Iterator[TimedFrame]:
    """Frames as the encoder wants them: upright, cropped where a framing is asked for, then in the shape of
    the first segment.
    """
    if framing is None:
        return filtered(frames, picture, pixel_aspect, cube)
    return filtered(framed(filtered(frames, own, pixel_aspect, cube), framing), picture, Fraction(1))


def _tone_mapping_table(stack: ExitStack, frame: Any, encoding: Encoding) -> Path | None:
    """A table for the tone mapping, where there is any to do."""
    if not is_hdr(frame) or encoding.hdr == "keep":
        return None
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="momentscan-"))) / "tone.cube"
    write_cube(path, frame.color_trc)
    return path


def _picture_notes(frame: Any, encoding: Encoding) -> Iterator[str]:
    if frame.interlaced_frame:
        yield "the picture is interlaced; whole frames were made of its fields"
    if is_hdr(frame):
        yield (
            "HDR kept: HEVC Main 10"
            if encoding.hdr == "keep"
            else "HDR tone-mapped for ordinary screens (ITU-R BT.2390)"
        )
