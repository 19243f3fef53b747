"""Places on the time axis of a page, in % of its width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from momentscan.export.formatting import format_time


@dataclass(frozen=True)
class Place:
    """A stretch of the axis, in %."""

    left: float
    width: float


@dataclass(frozen=True)
class Tick:
    """A mark under the axis, with the time it stands for."""

    x: float
    word: str


def x_of(time_s: float, duration_s: float) -> float:
    """Place of an instant in %."""
    return round(100 * min(max(float(time_s) / duration_s, 0.0), 1.0), 3)


def place_of(start_s: float, end_s: float, duration_s: float) -> Place:
    """Where a stretch of time lies."""
    left = x_of(start_s, duration_s)
    return Place(left, round(max(0.0, x_of(end_s, duration_s) - left), 3))


def ticks(duration_s: float) -> list[Tick]:
    """At most a dozen, at whole steps of time."""
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
    step = next((s for s in steps if duration_s / s <= 12), 7200)
    return [
        Tick(x_of(t, duration_s), format_time(float(t)).removesuffix(".0"))
        for t in np.arange(0, duration_s, step)
    ]
