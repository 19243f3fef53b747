"""momentscan: finds the moments worth keeping in a video, and says why.

    import momentscan as ms
    signals = ms.scan("ride.mp4")                 # or ms.load("output/ride")
    for moment in ms.find(signals, "saliency"):   # no video needed
        print(moment.window, moment.score, moment.why)
    verdict = ms.judge(signals, "vector")         # curve, parts, candidates, why nothing
    signals.table("faces").to_pandas()            # extra `notebook`
    ms.plot(verdict)                              # extra `plot`

Names are looked up on first use (PEP 562), so that importing the core stays light. Importing changes
nothing of the process.
"""

from __future__ import annotations

import logging
import sys
from types import ModuleType
from typing import TYPE_CHECKING

logging.getLogger(__name__).addHandler(logging.NullHandler())

__version__ = "0.1.0"

if TYPE_CHECKING:  # what `__getattr__` finds, for those who read types
    from momentscan.app.python import clip, compare, export, find, judge, load, pack, plot, scan
    from momentscan.errors import (
        Cancelled,
        MissingModel,
        MissingSignal,
        MomentscanError,
        UnreadableInput,
        UsageError,
    )
    from momentscan.progress import Step
    from momentscan.signals import Signals, Table
    from momentscan.values import Candidate, Curve, Moment, Pick, Verdict, Window

_PLACES = {
    "momentscan.app.python": ("clip", "compare", "export", "find", "judge", "load", "pack", "plot", "scan"),
    "momentscan.errors": (
        "Cancelled",
        "MissingModel",
        "MissingSignal",
        "MomentscanError",
        "UnreadableInput",
        "UsageError",
    ),
    "momentscan.progress": ("Step",),
    "momentscan.signals": ("Signals", "Table"),
    "momentscan.values": ("Candidate", "Curve", "Moment", "Pick", "Verdict", "Window"),
}
_PUBLIC = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "Cancelled",
    "Candidate",
    "Curve",
    "MissingModel",
    "MissingSignal",
    "Moment",
    "MomentscanError",
    "Pick",
    "Signals",
    "Step",
    "Table",
    "UnreadableInput",
    "UsageError",
    "Verdict",
    "Window",
    "clip",
    "compare",
    "export",
    "find",
    "judge",
    "load",
    "pack",
    "plot",
    "scan",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in _PUBLIC:
            import importlib

            return getattr(importlib.import_module(_PUBLIC[name]), name)
        raise AttributeError(f"module 'momentscan' has no attribute {name!r}")


class _Face(ModuleType):
    """`momentscan.export` is a verb and a room: importing the room must not put the verb away."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
