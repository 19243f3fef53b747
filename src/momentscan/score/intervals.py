"""Runs of windows above a percentile, merged into intervals and split at valleys (seed 002, post processing;
readings S8, S9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.values import Series


@dataclass(frozen=True)
class Intervals:
    """Which windows stand out together. Windows are given by `starts`, `ends` (N,), ascending, and their
    smoothed score.
    """

    percentile: Annotated[
        float, Knob("%", source="seed 002: score > threshold, e.g. 90th percentile", low=0, high=100)
    ] = 90.0
    gap_s: Annotated[
        float, Knob("s", source="readings S9: adjacent = gap ≤ hop; 0 = one hop of saliency's", low=0)
    ] = 3.0
    max_length_s: Annotated[float, Knob("s", source="readings S9: cap 30 s", low=1)] = 30.0
    valley: Annotated[
        float, Knob("", source="readings S9: split at valleys < 50 % of the lower peak", low=0, high=1)
    ] = 0.5

    def threshold(self, smoothed: Series) -> float:
        """The percentile of the smoothed score; at least one window reaches it (readings S8: ≥, not >)."""
        return float(np.percentile(smoothed, self.percentile))

    def runs(self, smoothed: Series, starts: Series, ends: Series) -> list[NDArray[np.int64]]:
        """Groups of window indices, each one interval, in time order."""
        above = np.flatnonzero(smoothed >= self.threshold(smoothed))
        groups: list[list[int]] = []
        for i in above.tolist():
            if groups and starts[i] - ends[groups[-1][-1]] <= self.gap_s:
                groups[-1].append(i)
            else:
                groups.append([i])
        return [part for group in groups for part in self._split(np.array(group), smoothed, starts, ends)]

    def _split(
        self, group: NDArray[np.int64], smoothed: Series, starts: Series, ends: Series
    ) -> list[NDArray[np.int64]]:
        """Cuts a group at its deepest valley while it is too long, or the valley is deep."""
        at = self._valley(group, smoothed)
        too_long = ends[group[-1]] - starts[group[0]] > self.max_length_s
        if at is None and not (too_long and len(group) > 1):
            return [group]
        at = len(group) // 2 if at is None else at
        left, right = group[:at], group[at:]
        return self._split(left, smoothed, starts, ends) + self._split(right, smoothed, starts, ends)

    def _valley(self, group: NDArray[np.int64], smoothed: Series) -> int | None:
        """Position in the group after which a valley lies that is lower than `valley` times the lower of the
        peaks beside it.
        """
        every = np.arange(group[0], group[-1] + 1)
        level = smoothed[every]
        if len(every) < 3:
            return None
        left = np.maximum.accumulate(level)[:-2]
        right = np.maximum.accumulate(level[::-1])[::-1][2:]
        depth = level[1:-1] / np.maximum(np.minimum(left, right), 1e-12)
        deepest = int(np.argmin(depth))
        if depth[deepest] >= self.valley or min(left[deepest], right[deepest]) <= level[1:-1][deepest]:
            return None
        return int(np.clip(np.searchsorted(group, every[deepest + 1], "right"), 1, len(group) - 1))


def local_maxima(x: Series) -> NDArray[np.int64]:
    """Indices that are higher than what comes before and not lower than what comes after; ends count: (N,) ->
    (K,).
    """
    if not len(x):
        return np.zeros(0, np.int64)
    padded = np.concatenate([[-np.inf], x, [-np.inf]])
    return np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))
