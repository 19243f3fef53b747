"""Honest progress: how many seconds of video are done, of how many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One report. `total` is None where the file does not say how long it is; `unit` is "s" of video, "B" or
    "items".
    """

    stage: str
    done: float
    total: float | None
    unit: str = "s"
    subject: str = ""


DONE = "done"
"""Stage of the last step of a subject, where several are worked on."""

Progress = Callable[[Step], None]
"""Called often. Raising `errors.Cancelled` inside stops the work cleanly."""


def silent(step: Step) -> None:
    """The progress of those who do not listen."""
