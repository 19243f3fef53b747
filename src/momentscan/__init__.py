"""momentscan: finds the moments worth keeping in a video, and says why.

    import momentscan as ms
    signals = ms.scan("ride.mp4")                 # or ms.load("output/ride")
    for moment in ms.find(signals, "saliency"):   # no video needed
        print(moment.window, moment.score, moment.why)

Names are looked up on first use (PEP 562), so that importing the core stays light.
"""

from __future__ import annotations

import logging
import os
from typing import Any

for _library in (
    "OMP",
    "OPENBLAS",
    "MKL",
):  # before NumPy is imported: BLAS threads that wait for small matrices burn ten times the CPU
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

logging.getLogger(__name__).addHandler(logging.NullHandler())

__version__ = "0.1.0"

_PUBLIC = {
    "scan": "momentscan.app.python",
    "load": "momentscan.app.python",
    "find": "momentscan.app.python",
    "Signals": "momentscan.signals",
    "Moment": "momentscan.values",
    "Window": "momentscan.values",
    "MomentscanError": "momentscan.errors",
}

__all__ = ["Moment", "MomentscanError", "Signals", "Window", "find", "load", "scan"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        import importlib

        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'momentscan' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
