"""Spans of time: joined, searched, held against each other; and where the cuts of a video are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from momentscan.signals.signals import Signals
from momentscan.values import Series

Span = tuple[float, float]
"""Start and end in s."""

Spans = NDArray[np.float64]
"""(K, 2) start and end of each in s."""


def spans_of(signals: Signals, table: str) -> Spans:
    """(K, 2) of a table with `start_s` and `end_s`; none where it was not logged."""
    if f"{table}.start_s" not in signals:
        return np.zeros((0, 2))
    return np.stack([signals[f"{table}.start_s"], signals[f"{table}.end_s"]], axis=1).astype(np.float64)


def cuts_of(signals: Signals) -> Series:
    """(K,) s, ascending: where one shot ends and the next begins; none where scenes were not logged."""
    return signals["scenes.start_s"][1:] if "scenes.start_s" in signals else np.zeros(0)


def as_pairs(spans: Spans) -> list[Span]:
    """(K, 2) -> [(start_s, end_s), ...], plain numbers."""
    return [(start_s, end_s) for start_s, end_s in spans.tolist()]


def union(spans: Spans | Iterable[Span], *, touching: bool) -> Spans:
    """(N, 2) in any order -> (K, 2) ascending and apart; spans that only touch become one with `touching`,
    and stay two without.

    >>> union([(4, 5), (1, 2), (2, 3)], touching=True).tolist()
    [[1.0, 3.0], [4.0, 5.0]]
    """
    out: list[list[float]] = []
    for start_s, end_s in sorted((float(a), float(b)) for a, b in spans):
        if out and (start_s < out[-1][1] or (touching and start_s == out[-1][1])):
            out[-1][1] = max(out[-1][1], end_s)
        else:
            out.append([start_s, end_s])
    return np.array(out, np.float64).reshape(-1, 2)


def within(spans: Spans | Iterable[Span], time_s: Series, *, closed: bool) -> NDArray[np.bool_]:
    """(N,) which instants lie in any of the spans, whose ends count with `closed` and do not without."""
    inside = np.zeros(len(time_s), np.bool_)
    for start_s, end_s in spans:
        inside |= (time_s >= start_s) & ((time_s <= end_s) if closed else (time_s < end_s))
    return inside


def overlap_s(a: Span, b: Span) -> float:
    """How long two spans last together; negative: how far apart they are."""
    return min(a[1], b[1]) - max(a[0], b[0])
