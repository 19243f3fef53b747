"""A stop from outside (Ctrl-C, SIGTERM) becomes `errors.Cancelled` in the main thread, but never in the midst
of starting a thread.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from momentscan.errors import Cancelled


class _State:
    held = 0
    asked = False


def listen() -> None:
    """From now on SIGINT and SIGTERM raise Cancelled. Main thread only."""
    _State.asked = False
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def check() -> None:
    """Raises Cancelled where a stop was asked for: also one whose exception was lost, as Python does with
    those that rise in a callback.
    """
    if _State.asked and not _State.held:
        raise Cancelled("stopped")


def answered() -> None:
    """The stop was understood, and what is left is only to end well; the next one raises again."""
    _State.asked = False


@contextmanager
def held_back() -> Iterator[None]:
    """A stop that comes inside is raised at the end. For starting threads, of which Python loses count when
    interrupted there.
    """
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
    check()


def _stop(number: int, frame: Any) -> None:
    _State.asked = True
    check()
