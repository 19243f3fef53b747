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

FINE = Fraction(1, 90_000)
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
        return FINE
    return Fraction(1, time_base.denominator * -(-10_000 // time_base.denominator))


class SoundTrack:
    """The sound of a clip as AAC, of one stretch of a source after the other. Does nothing where there is no
    voice.
    """

    def __init__(self, container: Any, voice: SoundFormat | None) -> None:
        self._container, self._voice = container, voice
        self._hearing: AudioReader | None = None
        self._shift, self._gain, self._n_samples = 0, 1.0, 0
        if voice is not None:
            self._stream = container.add_stream(
                "aac", rate=voice.hz, layout=voice.layout, bit_rate=voice.bits_per_s
            )

    def follow(
        self, hearing: AudioReader | None, first_s: float, at_s: float = 0.0, gain_db: float = 0.0
    ) -> None:
        """From now on what is heard from `first_s` of a source on is heard from `at_s` of the clip on."""
        self._hearing, self._gain = hearing, 10 ** (gain_db / 20)
        if self._voice is not None:
            self._shift = round(first_s * self._voice.hz) - round(at_s * self._voice.hz)

    @property
    def heard(self) -> bool:
        """Whether the source being followed has given any sound."""
        return self._hearing is not None and self._hearing.heard

    def until(self, time_s: float) -> None:
        """Takes what is heard up to this time of the source's clock; silence where it carries none."""
        if self._voice is None:
            return
        start, end = self._shift + self._n_samples, round(time_s * self._voice.hz)
        if end <= start:
            return
        n_channels = 1 if self._voice.layout == "mono" else 2
        heard = (
            self._hearing.channels_between(start, end)
            if self._hearing is not None
            else np.zeros((n_channels, end - start), np.float32)
        )
        frame = av.AudioFrame.from_ndarray(
            np.nan_to_num(heard) * np.float32(self._gain), format="fltp", layout=self._voice.layout
        )
        frame.sample_rate, frame.pts, frame.time_base = (
            self._voice.hz,
            self._n_samples,
            Fraction(1, self._voice.hz),
        )
        self._n_samples += end - start
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        if self._voice is not None:
            self._container.mux(self._stream.encode(None))


HELD = 17
"""Packets: one more than any codec reorders (H.264 and HEVC: 16)."""


class Track:
    """Packets of the picture on their way into a container, the last few held back: only at the end is known
    how long the whole lasts.

    With frames of differing length that are stored in another order, the lengths in the container would not
    add up otherwise.
    """

    def __init__(self, container: Any, stream: Any) -> None:
        self._container, self._stream = container, stream
        self._first_dts: int | None = None
        self._held: deque[Any] = deque()

    def take(self, packet: Any) -> None:
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

    def __init__(self, container: Any, tick: Fraction, look: PictureFormat) -> None:
        self._tick = tick
        self._stream = container.add_stream(look.codec, rate=look.rate, options=dict(look.options))
        look.dress(self._stream.codec_context)
        self._stream.codec_context.time_base = tick
        self._stream.codec_context.flags |= Flags.frame_duration
        if look.codec == "libx265":
            self._stream.codec_context.codec_tag = "hvc1"  # the only name under which Apple's players take it
        self._track = Track(container, self._stream)
        self._end = 0
        self.n_frames = 0

    def show(self, frame: Any, start_s: float, end_s: float) -> None:
        """A frame of the look's size and format, on the screen in `[start_s, end_s)` of the clip."""
        self._end = stamp(frame, self._tick, start_s, end_s)
        self.n_frames += 1
        for packet in self._stream.encode(frame):
            self._track.take(packet)

    def finish(self) -> None:
        for packet in self._stream.encode(None):
            self._track.take(packet)
        self._track.finish(self._end)


def stamp(frame: Any, tick: Fraction, start_s: float, end_s: float) -> int:
    """Puts times on a frame and takes its kind away, so that the encoder chooses one; the tick at which it
    ends.
    """
    start, end = round(start_s / tick), round(end_s / tick)
    frame.pts, frame.time_base, frame.duration = start, tick, max(1, end - start)
    frame.pict_type = 0
    return end
