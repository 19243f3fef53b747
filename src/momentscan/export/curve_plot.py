"""A score over time as a page draws it: its parts stacked, its outline, and what is read out under the
pointer.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from momentscan.export.time_axis import x_of
from momentscan.values import Series

WIDTH, HEIGHT = 1000.0, 160.0
"""A curve's own coordinates; the page stretches them."""

COLUMNS = 500
"""Of a longer curve the lowest and the highest of each so many columns are drawn, so that the page of a long
video stays small.
"""


class Scale(NamedTuple):
    """What is lowest and highest in a plot."""

    low: float
    high: float

    def y(self, value: float) -> float:
        return round(HEIGHT * (self.high - value) / (self.high - self.low), 1)


@dataclass(frozen=True)
class Area:
    """One part of a stacked curve: its colour and the corners of its polygon."""

    colour: int
    points: str


class HoverLine(TypedDict, total=False):
    """A series for the page's script: `t` in s (None: those of the first line), `v` its values, `top` the
    highest score; `unit` "share": as a share of `top`.
    """

    word: str
    t: list[float] | None
    v: list[float]
    top: float
    unit: str


def drawn_rows(value: Series, smoothed: Series) -> NDArray[np.int64]:
    """The rows of a curve that are drawn: all of a short one; of a long one those that make its outline."""
    if len(value) <= 2 * COLUMNS:
        return np.arange(len(value))
    ends = np.linspace(0, len(value), COLUMNS // 2 + 1).astype(np.int64).tolist()
    spans = list(itertools.pairwise(ends))
    kept = {
        a + int(pick(series[a:b]))
        for series in (value, smoothed)
        for pick in (np.argmin, np.argmax)
        for a, b in spans
    }
    return np.array(sorted({0, len(value) - 1, *kept}), np.int64)


def scale_of(parts: Mapping[str, Series], smoothed: Series, threshold: float | None) -> Scale:
    """Room for all that is drawn; what is negative is stacked downwards."""
    none = np.zeros(len(smoothed))
    up = sum((np.maximum(x, 0) for x in parts.values()), none)
    down = sum((np.minimum(x, 0) for x in parts.values()), none)
    every = [
        0.0,
        *up.tolist(),
        *down.tolist(),
        *smoothed.tolist(),
        *([] if threshold is None else [threshold]),
    ]
    return Scale(1.08 * min(every), 1.08 * max(1e-9, *every, 0.0))


def areas_of(
    parts: Mapping[str, Series], colours: Mapping[str, int], time_s: Series, scale: Scale, duration_s: float
) -> list[Area]:
    """Polygons that stack upwards from zero, and downwards for what takes away; without those the outline is
    the score.
    """
    bases = np.zeros(len(time_s)), np.zeros(len(time_s))
    areas = []
    for name, series in parts.items():
        for base, side in zip(bases, (np.maximum(series, 0), np.minimum(series, 0)), strict=True):
            if side.any():
                outer = points_of(time_s, base + side, scale, duration_s)
                inner = points_of(time_s[::-1], base[::-1], scale, duration_s)
                areas.append(Area(colours[name], f"{outer} {inner}"))
            base += side
    return areas


def points_of(time_s: Series, value: Series, scale: Scale, duration_s: float) -> str:
    return " ".join(
        f"{10 * x_of(t, duration_s):.5g},{scale.y(float(v)):g}" for t, v in zip(time_s, value, strict=True)
    )


def hover_lines(time_s: Series, smoothed: Series, parts: Mapping[str, Series]) -> list[HoverLine]:
    """What is read out of the instant under the pointer: the smoothed score first, then the parts (words ->
    series).
    """
    t = [round(float(x), 2) for x in time_s]
    top = max(1e-9, float(smoothed.max(initial=0.0)))
    lines = {"score": smoothed} | {word: x for word, x in parts.items() if x.any()}
    return [
        HoverLine(
            word=word,
            t=t if word == "score" else None,
            v=[round(float(v), 3) for v in x],
            top=round(top, 6),
        )
        for word, x in lines.items()
    ]
