"""The Python door: scan, load and find, as a user imports them from `momentscan`."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from momentscan import flows, settings
from momentscan.progress import Progress, silent
from momentscan.signals import Signals
from momentscan.values import Moment


def scan(
    video: str | PathLike[str], on_progress: Progress = silent, force: bool = False, **options: Any
) -> Signals:
    """Watches a video, writes its results to `output/` and returns what was seen. Options are those of
    `settings.Settings`.
    """
    outcome = flows.scan(Path(video), settings.load(**options), force, on_progress)
    return flows.load(Path(outcome.folder))


def load(folder: str | PathLike[str]) -> Signals:
    """What was seen in a video that was scanned before: its folder in the output."""
    return flows.load(Path(folder))


def find(signals: Signals, engine: str, **knobs: Any) -> tuple[Moment, ...]:
    """The moments an engine sees, best first; knobs by name. No file is touched, no video needed."""
    return flows.judge(signals, engine, knobs).moments
