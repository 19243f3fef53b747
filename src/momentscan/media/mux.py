"""A clip while it is written: pictures and sound, encoded and interleaved on one clock that starts at 0."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.context import Flags

from momentscan.media.audio_reader import AudioReader
from momentscan.media.encoders import PictureFormat, SoundFormat

MPEG_TICK = Fraction(1, 90_000)
"""The clock of pictures whose own cannot be kept (MPEG's, ISO 13818-1)."""


def tick_of(time_base: Fraction | None) -> Fraction:
    """The source's own clock, so that every PTS can be kept as it is; made finer where it is coarse (AVI's is
    a frame).
    """
    if (
        time_base is None
        or time_base.numerator * 10 > time_base.denominator
        or time_base.denominator > 1_000_000
    ):
        return MPEG_TICK
    return Fraction(1, time_base.denominator * -(-10_000 // time_base.denominator))


class SoundTrack:
    """The sound of a clip as AAC, of one stretch of a source after the other. Does nothing where the clip has
    none (`format` None).
    """

    def __init__(self, container: Any, sound: SoundFormat | None) -> None:
        self._container, self.format = container, sound
        self._audio: AudioReader | None = None
        self._shift, self._gain, self._n_samples = 0, 1.0, 0
        if sound is not None:
            self._stream = container.add_stream(
                "aac", rate=sound.hz, layout=sound.layout, bit_rate=sound.bits_per_s
            )

    def attach(
        self, audio: AudioReader | None, first_s: float, at_s: float = 0.0, gain_db: float = 0.0
    ) -> None:
        """From now on, what this source plays from `first_s` on is written from `at_s` of the clip on."""
        self._audio, self._gain = audio, 10 ** (gain_db / 20)
        if self.format is not None:
            self._shift = round(first_s * self.format.hz) - round(at_s * self.format.hz)

    @property
    def has_sound(self) -> bool:
        """Whether the attached source has given any sound."""
        return self._audio is not None and self._audio.has_sound

    def write_until(self, time_s: float) -> None:
        """Writes the sound up to this time of the source's clock; silence where it carries none."""
        if self.format is None:
            return
        start, end = self._shift + self._n_samples, round(time_s * self.format.hz)
        if end > start:
            self._write(self._samples(start, end))

    def _samples(self, start: int, end: int) -> Any:
        """(channels, end - start) float32."""
        assert self.format is not None
        if self._audio is None:
            return np.zeros((1 if self.format.layout == "mono" else 2, end - start), np.float32)
        return np.nan_to_num(self._audio.channels_between(start, end)) * np.float32(self._gain)

    def _write(self, samples: Any) -> None:
        assert self.format is not None
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=self.format.layout)
        frame.sample_rate, frame.pts = self.format.hz, self._n_samples
        frame.time_base = Fraction(1, self.format.hz)
        self._n_samples += samples.shape[1]
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        if self.format is not None:
            self._container.mux(self._stream.encode(None))


HELD = 17
"""Packets: one more than any codec reorders (H.264 and HEVC: 16)."""


class PictureTrack:
    """Packets of the picture on their way into a container, the last few held back: only at the end is known
    how long the whole lasts.

    With frames of differing length that are stored in another order, the lengths in the container would not
    add up otherwise.
    """

    def __init__(self, container: Any, stream: Any) -> None:
        self._container, self._stream = container, stream
        self._first_dts: int | None = None
        self._held: deque[Any] = deque()

    def add(self, packet: Any) -> None:
        if self._first_dts is None:
            self._first_dts = packet.dts
        packet.stream = self._stream
        self._held.append(packet)
        if len(self._held) > HELD:
            self._container.mux(self._held.popleft())

    def finish(self, end: int) -> None:
        """`end`: when the last frame leaves the screen, in ticks of the packets."""
        if self._held:
            last_shown = max(self._held, key=lambda packet: packet.pts)
            self._held[-1].duration = max(1, end - (self._held[-1].dts - (self._first_dts or 0)))
            last_shown.duration = max(1, end - last_shown.pts)
        while self._held:
            self._container.mux(self._held.popleft())


class Muxer:
    """Takes frames with their times, in order."""

    def __init__(self, container: Any, tick: Fraction, picture: PictureFormat) -> None:
        self._tick = tick
        self._stream = container.add_stream(picture.codec, rate=picture.rate, options=dict(picture.options))
        picture.apply_to(self._stream.codec_context)
        self._stream.codec_context.time_base = tick
        self._stream.codec_context.flags |= Flags.frame_duration
        if picture.codec == "libx265":
            self._stream.codec_context.codec_tag = "hvc1"  # the only name under which Apple's players take it
        self._track = PictureTrack(container, self._stream)
        self._end = 0
        self.n_frames = 0

    def write(self, frame: Any, start_s: float, end_s: float) -> None:
        """A frame of the picture's size and format, on the screen in `[start_s, end_s)` of the clip."""
        self._end = stamp(frame, self._tick, start_s, end_s)
        self.n_frames += 1
        for packet in self._stream.encode(frame):
            self._track.add(packet)

    def finish(self) -> None:
        for packet in self._stream.encode(None):
            self._track.add(packet)
        self._track.finish(self._end)


def stamp(frame: Any, tick: Fraction, start_s: float, end_s: float) -> int:
    """Puts times on a frame and takes its kind away, so that the encoder chooses one; the tick at which it
    ends.
    """
    start, end = round(start_s / tick), round(end_s / tick)
    frame.pts, frame.time_base, frame.duration = start, tick, max(1, end - start)
    frame.pict_type = 0
    return end
