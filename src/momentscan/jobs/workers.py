"""Many tasks: one after the other here, or each in a worker process, with the progress of all of them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue as queues
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from typing import Any

from momentscan import logs, process, stopping
from momentscan.errors import Cancelled
from momentscan.jobs.relay import Reporter, Together
from momentscan.jobs.run import Result, run, title_of
from momentscan.jobs.tasks import Task, subject_of
from momentscan.progress import Progress, silent
from momentscan.stopping import held_back

_log = logging.getLogger(__name__)

LOOK_S = 0.1
"""So often a parent asks its workers for progress."""

TIDY_S = 10.0
"""So long a stopped worker may take to put away what it had begun; taste."""


class _Worker:
    queue: Any = None


def run_all(tasks: Sequence[Task], workers: int = 1, on_progress: Progress = silent) -> Iterator[Result]:
    """Results as they come; steps of several tasks name their video (`Step.subject`), and the sum is told
    too.

    Raising Cancelled in `on_progress` stops the workers.
    """
    if len(tasks) <= 1:
        yield from (run(task, on_progress) for task in tasks)
        return
    together = Together(tasks, on_progress)
    if workers <= 1:
        for number, task in enumerate(tasks):
            yield run(task, together.of(number))
            together.finished(number)
        return
    left = dict(enumerate(tasks))
    for number, result in _pooled(left, workers, together):
        del left[number]
        yield result
    # a process died and took the pool with it; each by itself, so that only the one that kills its process
    # fails
    for number, task in left.items():
        _log.info("%s: its process died", title_of(task))
        died = f"{subject_of(task)}: its process died (killed, or out of memory?); try again with --jobs 1"
        lone = next(_pooled({number: task}, 1, together), (number, Result(task, error=died, exit_code=1)))
        yield lone[1]


def _pooled(tasks: dict[int, Task], workers: int, together: Together) -> Iterator[tuple[int, Result]]:
    """Results of worker processes as they come, by number; ends early where one of them dies."""
    before = multiprocessing.active_children()
    spawn = multiprocessing.get_context("spawn")
    queue = spawn.Queue()
    settle = (_start, (queue, logs.listening()))
    try:
        with ProcessPoolExecutor(min(workers, len(tasks)), spawn, process.own_worker, settle) as pool:
            with held_back(), _deaf_to_ctrl_c():
                futures = {pool.submit(_work, number, task): number for number, task in tasks.items()}
            try:
                yield from _collected(futures, queue, together)
            except BrokenProcessPool:
                return
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                _end([w for w in multiprocessing.active_children() if w not in before])
                raise
    finally:
        queue.close()


def _end(workers: Sequence[BaseProcess]) -> None:
    """Terminates them, and waits until what they had begun is put away: their folders are free then."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(TIDY_S)
        if worker.is_alive():
            worker.kill()
            worker.join()


def _collected(
    futures: dict[Future[Result], int], queue: Any, together: Together
) -> Iterator[tuple[int, Result]]:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, LOOK_S, FIRST_COMPLETED)
        with suppress(queues.Empty):
            while True:
                together.step(*queue.get_nowait())
        for future in done:
            number, result = futures[future], future.result()
            together.finished(number)
            yield number, result


def _start(what: tuple[Any, logs.Listening]) -> None:
    """In a worker that has just started."""
    _Worker.queue, listening = what
    _Worker.queue.cancel_join_thread()  # progress that nobody reads any more holds no process back
    logs.listen(listening)


def _work(number: int, task: Task) -> Result:
    """A worker that is terminated at work tidies up as one that was told to stop, and then ends."""
    stopping.listen()
    try:
        return run(task, Reporter(_Worker.queue, number))
    except Cancelled:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(
            os.getpid(), signal.SIGTERM
        )  # an exception would only end the task: the pool waits for processes
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


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
