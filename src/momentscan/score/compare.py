"""Two engines on the same videos, side by side: do they choose the same windows, at the same peaks, and are
their stills as good.

(highlight_vector §12 and its P2: overlap of windows and mean quality of the selected frames, rules against
vector.)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from momentscan.records.plain import Json
from momentscan.records.run import ComparisonRun
from momentscan.signals.spans import overlap_s
from momentscan.values import Series, Verdict, Window

MATCH_IOU = 0.3
"""Windows that overlap by so much are the same moment (evaluation.md, protocol 1: tIoU ≥ .3)."""

MATCH_S = 1.0
"""Peaks that are no further apart are the same moment (evaluation.md, protocol 1: |peak - centre| ≤ 1 s)."""


class Side(NamedTuple):
    """What one engine says of one video, from a verdict or read back from its files.

    windows, scores  M of them, best first
    qualities        of every selected frame, in 0..1
    time_s, value    (N,) its curve; empty where it is not known
    """

    name: str
    windows: Sequence[Window]
    scores: Sequence[float]
    qualities: Sequence[float]
    time_s: Series
    value: Series


@dataclass(frozen=True)
class Summary:
    """Many videos: `means` of each number of a comparison over the videos where it can be told, `told` in how
    many that was.

    Videos where one side or both say nothing are counted here; those where one does count as 0 in the
    agreement of windows.
    """

    a: str
    b: str
    videos: int
    only_a: int
    only_b: int
    neither: int
    means: dict[str, float | None]
    told: dict[str, int]

    def to_json(self) -> Json:
        """Plain values by name."""
        return asdict(self)


MEANS = (
    "windows_a",
    "windows_b",
    "iou",
    "matched",
    "share_a",
    "share_b",
    "iou_matched",
    "peaks_a",
    "peaks_b",
    "peaks_f1",
    "quality_a",
    "quality_b",
    "rank_correlation",
)


def side_of(verdict: Verdict) -> Side:
    """What a verdict says; its picks are the selected frames."""
    moments = verdict.moments
    qualities = [p.quality for m in moments for p in m.picks]
    return Side(
        verdict.scorer,
        [m.window for m in moments],
        [m.score for m in moments],
        qualities,
        verdict.curve.time_s,
        verdict.curve.value,
    )


def compare(a: Side | Verdict, b: Side | Verdict) -> ComparisonRun:
    """Two engines on one video."""
    one, other = (side if isinstance(side, Side) else side_of(side) for side in (a, b))
    overlaps = np.array([[iou(x, y) for y in other.windows] for x in one.windows]).reshape(
        len(one.windows), len(other.windows)
    )
    pairs = matched(overlaps)
    best = [*_best(overlaps), *_best(overlaps.T)]
    peaks_a, peaks_b = _near(one.windows, other.windows), _near(other.windows, one.windows)
    return ComparisonRun(
        a=one.name,
        b=other.name,
        windows_a=len(one.windows),
        windows_b=len(other.windows),
        iou=_mean(best),
        matched=len(pairs),
        share_a=_share(len(pairs), len(one.windows)),
        share_b=_share(len(pairs), len(other.windows)),
        iou_matched=_mean([float(overlaps[pair]) for pair in pairs]),
        peaks_a=_mean(peaks_a),
        peaks_b=_mean(peaks_b),
        peaks_f1=_f1(peaks_a, peaks_b),
        quality_a=_mean(one.qualities),
        quality_b=_mean(other.qualities),
        rank_correlation=rank_correlation(one, other),
    )


def summary(comparisons: Iterable[ComparisonRun]) -> Summary:
    """Totals over many videos of the same two engines. Raises ValueError where the engines differ or there is
    nothing to sum up.
    """
    seen = list(comparisons)
    names = {(c.a, c.b) for c in seen}
    if len(names) != 1:
        raise ValueError(
            f"summary wants comparisons of one pair of engines, got {sorted(names) or 'none'}; sum up "
            "each pair by itself"
        )
    ((a, b),) = names
    values = {n: [float(v) for c in seen if (v := getattr(c, n)) is not None] for n in MEANS}
    return Summary(
        a=a,
        b=b,
        videos=len(seen),
        only_a=sum(c.windows_a > 0 and c.windows_b == 0 for c in seen),
        only_b=sum(c.windows_b > 0 and c.windows_a == 0 for c in seen),
        neither=sum(c.windows_a == c.windows_b == 0 for c in seen),
        means={n: _mean(v) for n, v in values.items()},
        told={n: len(v) for n, v in values.items()},
    )


def iou(a: Window, b: Window) -> float:
    """Length that two windows share over the length that they cover.

    >>> iou(Window(0, 2, 1), Window(1, 3, 2))
    0.3333333333333333
    """
    shared_s = max(0.0, overlap_s((a.start_s, a.end_s), (b.start_s, b.end_s)))
    return shared_s / (a.length_s + b.length_s - shared_s)


def matched(overlaps: Series) -> list[tuple[int, int]]:
    """Pairs (i, j) of windows that are the same moment, out of (M,K) IoUs: the highest first, each window
    once.
    """
    order = sorted(
        itertools.product(*(range(n) for n in overlaps.shape)), key=lambda p: (-overlaps[p], p[0] + p[1], p)
    )
    rows: set[int] = set()
    columns: set[int] = set()
    pairs = []
    for i, j in order:
        if overlaps[i, j] >= MATCH_IOU and i not in rows and j not in columns:
            pairs.append((i, j))
            rows.add(i)
            columns.add(j)
    return pairs


def rank_correlation(a: Side, b: Side) -> float | None:
    """Spearman's ρ of both curves at the instants of the finer one, as far as both reach; None where one is
    unknown or does not vary.
    """
    if min(len(a.time_s), len(b.time_s)) < 3:
        return None
    start_s, end_s = max(a.time_s[0], b.time_s[0]), min(a.time_s[-1], b.time_s[-1])
    finer = min((a, b), key=lambda side: float(np.median(np.diff(side.time_s))))
    axis = finer.time_s[(finer.time_s >= start_s) & (finer.time_s <= end_s)]
    x, y = (np.interp(axis, side.time_s, side.value) for side in (a, b))
    if len(axis) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic)


def _best(overlaps: Series) -> list[float]:
    """The best IoU of each row; 0 where the other side has nothing."""
    return [float(row.max(initial=0.0)) for row in overlaps]


def _near(windows: Sequence[Window], others: Sequence[Window]) -> list[float]:
    """For each window 1 if one of the others has its peak within MATCH_S, else 0."""
    return [float(any(abs(w.peak_s - o.peak_s) <= MATCH_S + 1e-9 for o in others)) for w in windows]


def _f1(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Harmonic mean of two shares; None where neither side says anything, 0 where one does."""
    if not a and not b:
        return None
    p, r = _mean(a) or 0.0, _mean(b) or 0.0
    return 2 * p * r / (p + r) if p + r else 0.0


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
