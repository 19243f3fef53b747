"""Does one task, here: a result whatever comes, with the exit code that it deserves."""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentscan.errors import Cancelled, MomentscanError, one_line
from momentscan.jobs.tasks import Task, subject_of, verb_of
from momentscan.jobs.verbs import VERBS, OnEvent
from momentscan.progress import Progress, silent
from momentscan.records.plain import plain
from momentscan.settings.resolve import from_json

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """How a task ended: what the verb gave, or one line of error with its exit code. `trace` only for defects of ours."""

    task: Task
    outcome: Any = None
    error: str | None = None
    exit_code: int = 0
    trace: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As every door tells it."""
        if self.error is not None:
            kind = next(
                name for name in ("file", "video", "source", "folders", "folder") if hasattr(self.task, name)
            )
            what = {kind: getattr(self.task, kind)}
            return {**what, "status": "failed", "error": self.error, "exit_code": self.exit_code}
        outcome = self.outcome
        value = outcome.to_json() if hasattr(outcome, "to_json") else plain(outcome)
        return {**value, "exit_code": 0} if isinstance(value, dict) else {"results": value, "exit_code": 0}


def run(task: Task, on_progress: Progress = silent, on_event: OnEvent = silent) -> Result:
    """Does one task. Never raises, but for Cancelled and KeyboardInterrupt. `on_event`: of `Watch`."""
    _log.info("%s: started", title_of(task))
    started_s = time.perf_counter()
    result = _result_of(task, on_progress, on_event)
    took_s = time.perf_counter() - started_s
    if result.error is not None:
        _log.info("%s: failed after %.1f s, exit code %d", title_of(task), took_s, result.exit_code)
    else:
        status = getattr(result.outcome, "status", "done")
        folder = Path(getattr(result.outcome, "folder", "")).name
        _log.info("%s: %s after %.1f s, in folder %s", title_of(task), status, took_s, folder)
    return result


def title_of(task: Task) -> str:
    """For log lines: the verb, and the name alone of what it works on."""
    return f"{verb_of(task)} {Path(subject_of(task)).name}"


def _result_of(task: Task, on_progress: Progress, on_event: OnEvent) -> Result:
    try:
        settings = from_json(task.settings)
        return Result(task, VERBS[type(task)](task, settings, on_progress, on_event))
    except Cancelled:
        raise
    except MomentscanError as error:
        return Result(task, error=one_line(error), exit_code=error.exit_code)
    except Exception as error:  # noqa: BLE001  the worker: one defect must not stop the other videos
        # without its message, which may name anything
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.debug("%s: %s\n%s", title_of(task), type(error).__name__, where)
        defect = f"{type(error).__name__}: {one_line(error)}"
        what = f"{subject_of(task)}: a defect of momentscan ({defect}); please report it"
        return Result(task, error=what, exit_code=1, trace=traceback.format_exc())
