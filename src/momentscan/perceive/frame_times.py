"""When each sampled frame was shown: the rows that every other `frames` column stands beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from momentscan.values import Batch, Columns


class FrameTimes:
    """Writes the PTS and the decode index of each sampled frame."""

    name = "frame_times"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("frames.time_s", "frames.frame_idx")
    short_side_px = 1
    made_by: ClassVar[Mapping[str, str]] = {}

    def process(self, batch: Batch, seen: Columns) -> Columns:
        return {"frames.time_s": batch.time_s, "frames.frame_idx": batch.frame_idx}

    def finish(self) -> Columns:
        return {}
