"""Progress of several tasks at once: each by itself, and all of them together."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from momentscan.jobs.tasks import Task, subject_of
from momentscan.progress import DONE, Progress, Step

WATCHING = "watching"
ALL = "all videos"

EVERY_S = 0.1
"""A worker reports so often at most; taste: a bar is redrawn ten times a second."""


class Together:
    """Takes steps of numbered tasks: passes each on under the name of its video, and after it the sum of all.

    Seconds are those of video that were watched; their total is known once every video has told its own.
    """

    def __init__(self, tasks: Sequence[Task], on_progress: Progress) -> None:
        self._names = [Path(subject_of(task)).name for task in tasks]
        self._done = [0.0] * len(tasks)
        self._total: list[float | None] = [None] * len(tasks)
        self._on_progress = on_progress

    def step(self, number: int, step: Step) -> None:
        """A step of the task of that number."""
        self._on_progress(dataclasses.replace(step, subject=self._names[number]))
        if step.stage == WATCHING and step.unit == "s":
            self._done[number], self._total[number] = step.done, step.total
            self._tell()

    def finished(self, number: int) -> None:
        """The task of that number has ended; what it left unwatched is waited for no more."""
        self._on_progress(Step(DONE, 1, 1, "items", self._names[number]))
        self._done[number] = self._total[number] or self._done[number]
        self._total[number] = self._done[number]
        self._tell()

    def of(self, number: int) -> Progress:
        """The progress of one task."""

        def on_progress(step: Step) -> None:
            self.step(number, step)

        return on_progress

    def _tell(self) -> None:
        known = [total for total in self._total if total is not None]
        whole = sum(known) if len(known) == len(self._total) else None
        self._on_progress(Step(ALL, sum(self._done), whole, "s"))


class Reporter:
    """In a worker: steps go to the parent, not more often than it can show them."""

    def __init__(self, queue: Any, number: int) -> None:
        self._queue, self._number = queue, number
        self._stage, self._next_s = "", 0.0

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if step.stage == self._stage and now < self._next_s and step.done != step.total:
            return
        self._stage, self._next_s = step.stage, now + EVERY_S
        self._queue.put((self._number, step))
