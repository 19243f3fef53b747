"""Tasks are plain values; `run` does one, here or in a worker process."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentscan import flows, logs, process
from momentscan.errors import Cancelled, MomentscanError, one_line
from momentscan.flows import Outcome
from momentscan.progress import Progress, silent
from momentscan.settings import load
from momentscan.stopping import held_back

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scan:
    """Watch a video and judge it. `settings` are those of `settings.Settings`, as plain values."""

    video: str
    settings: dict[str, Any]
    force: bool = False


@dataclass(frozen=True)
class Find:
    """Judge a scanned video again from its log."""

    folder: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Pack:
    """Make the identity packs of a scanned video again from its log."""

    folder: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Clip:
    """Cut the moments of a scanned video into clips."""

    folder: str
    settings: dict[str, Any]


Task = Scan | Find | Pack | Clip


@dataclass(frozen=True)
class Result:
    """How a task ended: an outcome, or one line of error with the exit code it deserves. `trace` only for
    defects of ours.
    """

    task: Task
    outcome: Outcome | None = None
    error: str | None = None
    exit_code: int = 0
    trace: str | None = None


def run(task: Task, on_progress: Progress = silent) -> Result:
    """Does one task. Never raises, but for Cancelled and KeyboardInterrupt."""
    _log.info("%s: started", _title(task))
    started_s = time.perf_counter()
    result = _result_of(task, on_progress)
    took_s = time.perf_counter() - started_s
    if result.outcome is None:
        _log.info("%s: failed after %.1f s, exit code %d", _title(task), took_s, result.exit_code)
    else:
        ended = (result.outcome.status, took_s, Path(result.outcome.folder).name)
        _log.info("%s: %s after %.1f s, in folder %s", _title(task), *ended)
    return result


def _result_of(task: Task, on_progress: Progress) -> Result:
    try:
        settings = load(**task.settings)
        if isinstance(task, Scan):
            return Result(task, flows.scan(Path(task.video), settings, task.force, on_progress))
        if isinstance(task, Pack):
            return Result(task, flows.pack(Path(task.folder), settings, on_progress))
        if isinstance(task, Clip):
            return Result(task, flows.clip(Path(task.folder), settings, on_progress))
        return Result(task, flows.find(Path(task.folder), settings, on_progress))
    except Cancelled:
        raise
    except MomentscanError as error:
        return Result(task, error=one_line(error), exit_code=error.exit_code)
    except Exception as error:  # noqa: BLE001  the worker: one defect must not stop the other videos
        where = "".join(
            traceback.format_tb(error.__traceback__)
        )  # without its message, which may name anything
        _log.debug("%s: %s\n%s", _title(task), type(error).__name__, where)
        what = f"{_subject(task)}: a defect of momentscan ({type(error).__name__}: {one_line(error)}); please report it"
        return Result(task, error=what, exit_code=1, trace=traceback.format_exc())


def run_all(tasks: Sequence[Task], workers: int = 1, on_progress: Progress = silent) -> Iterator[Result]:
    """Results as they come. With several workers each task has a process of its own kind; progress is then
    told per task by the caller.
    """
    if workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield run(task, on_progress)
        return
    left = list(tasks)
    for result in _pooled(tasks, workers):
        left.remove(result.task)
        yield result
    # a process died and took the pool with it; each by itself, so that only the one that kills its process
    # fails
    for task in left:
        _log.info("%s: its process died", _title(task))
        died = f"{_subject(task)}: its process died (killed, or out of memory?); try again with --jobs 1"
        yield next(_pooled([task], 1), Result(task, error=died, exit_code=1))


def _pooled(tasks: Sequence[Task], workers: int) -> Iterator[Result]:
    """Results of worker processes as they come; ends early where one of them dies."""
    before = multiprocessing.active_children()
    spawn, told_to = multiprocessing.get_context("spawn"), (logs.listen, logs.listening())
    with ProcessPoolExecutor(min(workers, len(tasks)), spawn, process.own_worker, told_to) as pool:
        with held_back(), _deaf_to_ctrl_c():
            futures = [pool.submit(run, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            return
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                if worker not in before:
                    worker.terminate()
            raise


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes started inside never hear Ctrl-C, which a terminal sends to all: the parent does, and stops
    them.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _subject(task: Task) -> str:
    return task.video if isinstance(task, Scan) else task.folder


def _title(task: Task) -> str:
    """For log lines: the verb, and the name alone of what it works on."""
    return f"{type(task).__name__.lower()} {Path(_subject(task)).name}"
