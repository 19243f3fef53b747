"""Signals to curve to moments. Pure: no I/O, no clock, no settings."""

from __future__ import annotations

from typing import Protocol

from momentscan.signals import Signals
from momentscan.values import Curve, Verdict


class Scorer(Protocol):
    """A frozen dataclass whose fields are its knobs.

    name   its row in the registry; results go to `highlight_{name}/`
    reads  the columns it may look at; of those a part needs, a missing one takes that part out and is said so
    tables (optional) signals -> name -> column -> rows: CSV files that are written beside windows.json on
    every run
    """

    name: str
    reads: tuple[str, ...]

    def curve(self, signals: Signals) -> Curve:
        """The score over time, with parts that sum to it."""

    def judge(self, signals: Signals) -> Verdict:
        """The moments, best first, with what was not chosen and why."""
