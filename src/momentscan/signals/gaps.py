"""Stretches of a feed that nobody saw: they stand in the log itself, so that nobody takes them for calm."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from momentscan.signals.signals import Signals
from momentscan.values import Columns

START_S, END_S, REASON = "gaps.start_s", "gaps.end_s", "gaps.reason"


class Gap(NamedTuple):
    """`[start_s, end_s)` without a picture; `end_s` is NaN where nobody knows how long it was, and time went
    on by one frame.
    """

    start_s: float
    end_s: float
    reason: str

    @property
    def known(self) -> bool:
        """Whether its length is known."""
        return math.isfinite(self.end_s)


def columns_of(gaps: list[Gap]) -> Columns:
    """The rows of the table `gaps`."""
    return {
        START_S: np.array([g.start_s for g in gaps], np.float64),
        END_S: np.array([g.end_s for g in gaps], np.float64),
        REASON: np.array([g.reason.encode() for g in gaps], object),
    }


def gaps_of(signals: Signals) -> list[Gap]:
    """In order; none where the feed was whole, or no feed at all."""
    if START_S not in signals:
        return []
    rows = zip(signals[START_S].tolist(), signals[END_S].tolist(), signals[REASON].tolist(), strict=True)
    return [Gap(start_s, end_s, reason.decode()) for start_s, end_s, reason in rows]
