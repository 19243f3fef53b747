"""A stop is never lost, and never comes in the midst of starting a thread."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from momentscan import stopping
from momentscan.errors import Cancelled


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stopping.listen()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    stopping._State.asked = False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_rises_where_the_program_is(number: signal.Signals) -> None:
    with pytest.raises(Cancelled):
        os.kill(os.getpid(), number)


def test_a_stop_that_comes_in_between_waits_for_the_end() -> None:
    done = []
    with pytest.raises(Cancelled), stopping.held_back():  # noqa: PT012  what is asked is where it rises
        with stopping.held_back():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]


def test_an_exception_of_its_own_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="mine"), stopping.held_back():  # noqa: PT012  what is asked is what rises
        os.kill(os.getpid(), signal.SIGTERM)
        raise ValueError("mine")


def test_a_stop_whose_exception_was_lost_rises_at_the_next_report() -> None:
    stopping.check()
    with contextlib.suppress(Cancelled):
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Cancelled):
        stopping.check()
