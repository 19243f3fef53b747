"""Packets of a video stream to frames in the order they are shown, and how a video is sampled."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from momentscan.knobs import Knob
from momentscan.media.demux import BAD_PACKETS_IN_A_ROW, DecodeErrors, Timestamps, decoded


@dataclass(frozen=True)
class SamplingOptions:
    """How the pass looks at a video."""

    grid_hz: Annotated[
        float, Knob("Hz", source="readings, default pipeline: PTS -> 10 Hz frames", low=0.1, high=240)
    ] = 10.0
    span_s: Annotated[
        float, Knob("s", source="taste: 5 s of frames at 256 px are 17 MB", low=0.5, high=60)
    ] = 5.0
    decode: Annotated[
        str,
        Knob(
            "",
            source="performance.md: skipping the loop filter and non-reference frames saves 20 to 45 %",
            choices=("exact", "fast"),
        ),
    ] = "exact"


SKIP_FROM = 3.0
"""Frames per grid cell from which on frames that no other refers to may be skipped: about half of all are,
and each cell must keep one.
"""


class FrameDecoder:
    """Packets of one video stream -> (frame, raw seconds, 0-based index); damage is counted in `errors` and
    read over.
    """

    def __init__(
        self,
        stream: Any,
        fps: float,
        errors: DecodeErrors,
        sampling: SamplingOptions,
        first_index: int = 0,
    ) -> None:
        self._errors = errors
        fast = sampling.decode == "fast"
        self._order = _FrameOrder() if fast else None
        if fast:
            stream.codec_context.options = {"skip_loop_filter": "all"}
            if fps >= SKIP_FROM * sampling.grid_hz:
                stream.codec_context.skip_frame = "NONREF"
        self._timestamp = Timestamps(fps, errors)
        self._first_index = first_index
        self._n_frames = self._n_failed = 0
        self.given_up = False

    def __call__(self, packet: Any) -> Iterator[tuple[Any, float, int]]:
        """The frames that a packet completes."""
        errors = self._errors
        if self._order is not None:
            self._order.add(packet)
        bad = errors.bad_packets
        for frame in decoded(packet, errors):
            errors.corrupt_frames += bool(frame.is_corrupt)
            index = self._n_frames if self._order is None else self._order.index_of(frame.pts)
            yield frame, self._timestamp(frame), self._first_index + index
            self._n_frames += 1
        self._n_failed = self._n_failed + 1 if errors.bad_packets > bad else 0
        if self._n_failed > BAD_PACKETS_IN_A_ROW:
            errors.broke_off = f"{self._n_failed} packets in a row could not be decoded"
            self.given_up = True


class _FrameOrder:
    """The place of a frame among all packets by PTS: what its index would be had none been skipped."""

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._passed = 0

    def add(self, packet: Any) -> None:
        if packet.pts is not None and not packet.is_discard:
            bisect.insort(self._waiting, packet.pts)

    def index_of(self, pts: int | None) -> int:
        before = bisect.bisect_left(self._waiting, pts) if pts is not None else 0
        index = self._passed + before
        self._passed = index + 1
        del self._waiting[: before + 1]
        return index
