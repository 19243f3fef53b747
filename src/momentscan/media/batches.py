"""Decoded frames gathered into batches: sampled on the time grid, with a thumbnail of every frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.media.decode import SamplingOptions
from momentscan.media.frame import THUMB_HW, FrameConverter, thumb
from momentscan.values import SOUND_HZ, Batch

STANDSTILL_S = 1.0
"""A frame that stays for so much longer than it says may hide lost ones (a hole in a Matroska file is not
told); screen recordings do it on purpose.
"""

HDR_TRANSFERS = (16, 18)
"""PQ and HLG (ISO/IEC 23091-2)."""


def sample_at(time_s: float) -> int:
    """The number of the sound sample at a time of the picture's clock."""
    return round(time_s * SOUND_HZ)


class BatchBuilder:
    """Collects the frames of one span and hands it over as a batch, still without sound, once time has passed
    it.
    """

    def __init__(self, sampling: SamplingOptions, converter: FrameConverter, first: Any) -> None:
        self._sampling = sampling
        self._converter = converter
        self._size = (first.width, first.height)
        self._transfer = getattr(first, "color_trc", None)
        self._start_s = 0.0
        self._next_cell = 0
        self._size_changes = 0
        self._gaps = 0
        self._gap_s = 0.0
        self._last_s = 0.0
        self.n_frames = 0
        self.end_s = 0.0
        self._clear()

    def _clear(self) -> None:
        self._frames: list[NDArray[np.uint8]] = []
        self._times: list[float] = []
        self._indices: list[int] = []
        self._thumbs: list[NDArray[np.uint8]] = []
        self._thumb_times: list[float] = []

    def before(self, time_s: float) -> Iterator[Batch]:
        """The batches that are complete once a frame at `time_s` is known."""
        while time_s >= self._start_s + self._sampling.span_s:
            yield self._batch(self._start_s + self._sampling.span_s)

    def add(self, frame: Any, time_s: float, index: int, step_s: float) -> None:
        """The next frame, on the screen from `time_s` for `step_s`; `index` is its place in the stream."""
        self._note_changes(frame, time_s)
        self.n_frames = max(self.n_frames + 1, index + 1)
        self._last_s, self.end_s = time_s, time_s + step_s
        small = thumb(frame)
        if small is not None:
            self._thumbs.append(small)
            self._thumb_times.append(time_s)
        cell = int(time_s * self._sampling.grid_hz + 1e-6)
        if cell >= self._next_cell:
            self._next_cell = cell + 1
            self._frames.append(self._converter.rgb(frame))
            self._times.append(time_s)
            self._indices.append(index)

    def _note_changes(self, frame: Any, time_s: float) -> None:
        if self.n_frames and time_s - self.end_s > STANDSTILL_S:
            self._gaps += 1
            self._gap_s += time_s - self.end_s
        if (frame.width, frame.height) != self._size:
            self._size = (frame.width, frame.height)
            self._size_changes += 1

    def clip_end(self, track_s: float) -> None:
        """The last frame is not shown for longer than its track goes on; MP4 tells lengths in decode order,
        so its own may be another's.
        """
        if self._last_s < track_s < self.end_s:
            self.end_s = track_s

    def rest(self) -> Iterator[Batch]:
        """The last batch, shorter than a span, where there is anything left."""
        if self.end_s > self._start_s:
            yield self._batch(self.end_s)

    @property
    def notes(self) -> list[str]:
        """What a person should know of the picture."""
        notes = []
        if self._gaps:
            longest = f"{self._gaps} times for more than a second, {self._gap_s:.1f} s in all"
            notes.append(f"the picture stands still {longest}; frames may be missing there")
        if self._size_changes:
            notes.append(
                f"the size of the picture changes {self._size_changes} times; all frames were scaled to the "
                "first"
            )
        if self._transfer in HDR_TRANSFERS:
            notes.append("HDR colours (PQ or HLG) are shown without tone mapping")
        return notes

    def _batch(self, end_s: float) -> Batch:
        width, height = self._converter.size
        batch = Batch(
            start_s=self._start_s,
            end_s=end_s,
            frames=np.stack(self._frames) if self._frames else np.zeros((0, height, width, 3), np.uint8),
            time_s=np.asarray(self._times, np.float64),
            frame_idx=np.asarray(self._indices, np.int64),
            sound=np.zeros(0, np.float32),
            thumbs=np.stack(self._thumbs) if self._thumbs else np.zeros((0, *THUMB_HW), np.uint8),
            thumb_s=np.asarray(self._thumb_times, np.float64),
        )
        self._start_s = end_s
        self._clear()
        return batch
