"""The last minutes of signals of something that goes on: what a scorer may look at while more is coming."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.signals.calibration import Calibration
from momentscan.signals.schema import column
from momentscan.signals.signals import Signals
from momentscan.values import Columns, VideoInfo

ALIGN_S = 60.0
"""The window starts at a multiple of this, so that clips and windows lie where a scan of the whole would lay
them (hops divide a minute).
"""

TIMES = ("time_s", "start_s", "end_s")
"""Fields that are moved when the window's start becomes 0."""


class Sliding:
    """Takes columns batch by batch and forgets what is older than `window_s` (rounded up to whole minutes).

    All rows that a batch brought go together, so that columns of a table stay beside each other.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._held: deque[tuple[float, Columns]] = deque()
        self._shape: dict[str, NDArray[Any]] = {}
        self.start_s = 0.0
        self.end_s = 0.0

    def add(self, start_s: float, end_s: float, columns: Columns) -> None:
        """What was seen in the batch [start_s, end_s)."""
        self._held.append((start_s, columns))
        self._shape |= {name: rows[:0] for name, rows in columns.items() if name not in self._shape}
        self.end_s = end_s
        self.start_s = max(0.0, ALIGN_S * math.floor((end_s - self._window_s) / ALIGN_S))
        while self._held and self._held[0][0] < self.start_s - 1e-9:
            self._held.popleft()

    @property
    def rows(self) -> int:
        """How many rows are held, of all columns together."""
        return sum(len(rows) for _, columns in self._held for rows in columns.values())

    def signals(
        self,
        video: VideoInfo,
        whole: Columns,
        made_by: Mapping[str, str],
        calibrations: Mapping[str, Calibration] | None = None,
    ) -> Signals:
        """Signals whose 0 is `start_s`; `whole`: columns told anew each time for all that was seen (tracks,
        scenes), not added up here.
        """
        chunks: dict[str, list[NDArray[Any]]] = {name: [rows] for name, rows in self._shape.items()}
        for _, columns in self._held:
            for name, rows in columns.items():
                chunks[name].append(rows)
        joined = {name: np.concatenate(rows) for name, rows in chunks.items()} | self._within(whole)
        shifted = {
            name: rows - self.start_s if self._is_time(name) else rows for name, rows in joined.items()
        }
        shown = dataclasses.replace(video, duration_s=self.end_s - self.start_s)
        return Signals(shown, shifted, made_by, calibrations)

    def _within(self, whole: Columns) -> Columns:
        """Rows of tables of spans that reach into the window; the first of those that follow each other
        without a gap starts with it.
        """
        kept: Columns = {}
        for name, rows in whole.items():
            table = name.partition(".")[0]
            ends = whole.get(f"{table}.end_s")
            kept[name] = rows if ends is None else rows[ends > self.start_s]
        return kept

    @staticmethod
    def _is_time(name: str) -> bool:
        return name.partition(".")[2] in TIMES and column(name).unit == "s"
