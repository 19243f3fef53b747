"""Spans of a video in which somebody who was forgotten can be seen: no picture of them may be made or kept."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from momentscan.signals.signals import Signals
from momentscan.values import Series

START_S, END_S = "forgotten.start_s", "forgotten.end_s"
"""They stand in the log itself, so that the log and what it must not show can never part."""

Span = tuple[float, float]


def forgotten_spans(signals: Signals) -> list[Span]:
    """Closed spans in s, ascending and apart from each other; none where nobody was forgotten."""
    if START_S not in signals:
        return []
    return list(zip(signals[START_S].tolist(), signals[END_S].tolist(), strict=True))


def merged(spans: Iterable[Span]) -> list[Span]:
    """[(4, 5), (1, 2), (2, 3)] -> [(1, 3), (4, 5)]: spans that touch become one."""
    out: list[Span] = []
    for start_s, end_s in sorted(spans):
        if out and start_s <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end_s))
        else:
            out.append((start_s, end_s))
    return out


def within(spans: Iterable[Span], time_s: Series) -> NDArray[np.bool_]:
    """(N,) which instants lie in any of the spans."""
    inside = np.zeros(len(time_s), np.bool_)
    for start_s, end_s in spans:
        inside |= (time_s >= start_s) & (time_s <= end_s)
    return inside
