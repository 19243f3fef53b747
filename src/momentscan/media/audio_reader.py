"""The sound of a video, sample by sample on the picture's clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from momentscan.media.clock import ClockOptions
from momentscan.media.demux import DecodeErrors, decoded
from momentscan.values import SOUND_HZ

JITTER_S = 0.05
"""Time stamps of sound that differ by less from where the last sample ended are rounding (a few AAC frames of
23 ms), not gaps.
"""


class AudioReader:
    """Float32 at `hz` (mono at SOUND_HZ unless asked otherwise), span by span. NaN where the file carries no
    sound; memory is one span.
    """

    def __init__(
        self,
        packets: Iterator[Any],
        origin_s: float,
        restarts: bool,
        hz: int = SOUND_HZ,
        layout: str = "mono",
        clock: ClockOptions = ClockOptions(),
    ) -> None:
        self._packets = packets
        self._hz, self._layout, self._clock = hz, layout, clock
        self._errors = DecodeErrors()
        self._frames = (frame for packet in packets for frame in decoded(packet, self._errors))
        self._origin_s = origin_s
        self._restarts = restarts
        self._resampler = self._new_resampler()
        self._n_channels = len(self._resampler.layout.channels)
        self._chunks: list[tuple[int, NDArray[np.float32]]] = []
        self._shift_s = 0.0
        self._anchor: int | None = None
        self._n_placed = 0
        self._ended = False
        self._held_s = 0.0
        self._n_decoded = 0
        self._last_sample = 0
        self._jumps = 0

    def between(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples [start, end) of the video's own clock: (end - start,) float32, the first channel. Spans
        must be asked for in order.
        """
        first: NDArray[np.float32] = self.channels_between(start, end)[0]
        return first

    def channels_between(self, start: int, end: int) -> NDArray[np.float32]:
        """As `between`, every channel of the layout: (channels, end - start) float32."""
        while not self._ended and self.reached < end:
            self._read_frame()
        sound = np.full((self._n_channels, end - start), np.nan, np.float32)
        kept = []
        for first, chunk in self._chunks:
            low, high = max(first, start), min(first + chunk.shape[1], end)
            if low < high:
                sound[:, low - start : high - start] = chunk[:, low - first : high - first]
            if first + chunk.shape[1] > end:
                kept.append((first, chunk))
        self._chunks = kept
        return sound

    @property
    def reached(self) -> int:
        """The sample up to which everything was decoded."""
        return 0 if self._anchor is None else self._anchor + self._n_placed

    @property
    def has_sound(self) -> bool:
        """Whether anything could be decoded so far."""
        return self._n_decoded > 0

    def notes(self, video_end_s: float) -> list[str]:
        """What a person should know of the sound, after the pass."""
        notes = []
        if not self._n_decoded:
            notes.append("the sound track could not be decoded")
        if self._n_decoded and self._errors.bad_packets:
            notes.append(f"{self._errors.bad_packets} damaged packets of sound were read over")
        if self._jumps:
            notes.append(f"{self._jumps} jumps of the sound's clock were closed")
        missing_s = video_end_s - self._last_sample / self._hz
        if self._n_decoded and missing_s > 1.0:
            notes.append(f"the sound ends {missing_s:.1f} s before the picture")
        return notes

    def _read_frame(self) -> None:
        try:
            frame = next(self._frames)
        except StopIteration:
            self.close()
            return
        self._add(frame)

    def put(self, packet: Any) -> None:
        """For packets that are handed in rather than fetched: decodes one now."""
        for frame in decoded(packet, self._errors):
            self._add(frame)

    def close(self) -> None:
        """No more will come."""
        self._ended = True
        self._append(self._resampled(None))

    def resume(self, shift_s: float) -> None:
        """What comes next is placed by its own time stamps and this shift, as the picture is: for a
        connection that was made anew.
        """
        self._append(self._resampled(None))
        self._resampler = self._new_resampler()
        self._shift_s, self._anchor, self._n_placed = shift_s, None, 0

    def _add(self, frame: Any) -> None:
        self._place(frame)
        self._append(self._resampled(frame))

    def _place(self, frame: Any) -> None:
        """Moves the anchor where the time stamp says that sound does not follow on the sample before."""
        if frame.pts is None or not frame.time_base:
            if self._anchor is None:
                self._anchor = 0
            return
        start_s = float(frame.pts * frame.time_base) - self._origin_s + self._shift_s
        if self._anchor is None:
            self._anchor = round(start_s * self._hz)
            return
        off_s = start_s - self.reached / self._hz - self._held_s
        if abs(off_s) <= JITTER_S:
            return
        # As the picture's clock: a large step back, or a huge one forward where clocks restart, is closed;
        # anything else is a real gap, or an overlap.
        if off_s < -self._clock.overlap_s or (self._restarts and off_s > self._clock.gap_s):
            self._shift_s -= off_s
            self._jumps += 1
            return
        self._append(self._resampled(None))
        self._resampler = self._new_resampler()
        self._anchor, self._n_placed = round(start_s * self._hz), 0

    def _resampled(self, frame: Any | None) -> NDArray[np.float32]:
        """Sound out of the resampler; it holds a few samples back, which `_held_s` counts."""
        try:
            out = self._resampler.resample(frame)
        except (ValueError, av.error.FFmpegError):  # the track changed its format: start a new resampler
            self._resampler = self._new_resampler()
            out = self._resampler.resample(frame) if frame is not None else []
        samples = [f.to_ndarray() for f in out]
        sound = (
            np.concatenate(samples, axis=1).astype(np.float32)
            if samples
            else np.zeros((self._n_channels, 0), np.float32)
        )
        if frame is None:
            self._held_s = 0.0
        else:
            self._held_s += frame.samples / frame.sample_rate - sound.shape[1] / self._hz
        return sound

    def _append(self, sound: NDArray[np.float32]) -> None:
        length = sound.shape[1]
        if length and self._anchor is not None:
            first = self._anchor + self._n_placed
            self._chunks.append((first, np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0)))
            self._n_placed += length
            self._n_decoded += length
            self._last_sample = max(self._last_sample, first + length)

    def _new_resampler(self) -> Any:
        return av.AudioResampler(format="fltp", layout=self._layout, rate=self._hz)
