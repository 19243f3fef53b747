"""Signals to curve to moments. Pure: no I/O, no clock, no settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from momentscan.signals import Signals
from momentscan.values import Curve, Verdict


class Scorer(Protocol):
    """A frozen dataclass whose fields are its knobs.

    name   its row in the registry; results go to `highlight_{name}/`
    reads  the columns it may look at; of those a part needs, a missing one takes that part out and is said so
    presentation  (optional) momentscan.presentation.Presentation: its words and colours, for every page that
                  shows it
    """

    name: str
    reads: tuple[str, ...]

    def curve(self, signals: Signals) -> Curve:
        """The score over time, with parts that sum to it."""

    def judge(self, signals: Signals) -> Verdict:
        """The moments, best first, with what was not chosen and why."""


@runtime_checkable
class Tabulating(Protocol):
    """A scorer that has more to show: CSV files that are written beside windows.json on every run."""

    def tables(self, signals: Signals) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """name -> column -> rows."""
