"""The clock ascends whatever the container says, and changes nothing where nothing is wrong."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.media.clock import RESTARTING, Clock, ClockOptions

STEP_S = 0.04

raw_times = st.lists(st.floats(-1e5, 1e5, allow_nan=False, width=32), min_size=1, max_size=60)
small_steps = st.lists(st.floats(0.001, ClockOptions().gap_s - 0.01, allow_nan=False), max_size=60)
starts = st.floats(-1e4, 1e4, allow_nan=False)


def seen(raw: list[float], restarts: bool = True) -> tuple[list[float], Clock]:
    clock = Clock(restarts)
    return [t for t in (clock(r, STEP_S) for r in raw) if t is not None], clock


@given(raw_times, st.booleans())
def test_times_ascend_from_zero_whatever_comes(raw: list[float], restarts: bool) -> None:
    times, clock = seen(raw, restarts)
    assert times[0] == 0.0
    assert all(a < b for a, b in pairwise(times))
    assert len(times) + clock.dropped == len(raw)


@given(starts, small_steps, st.booleans())
def test_an_ascending_clock_is_only_rebased(start_s: float, steps: list[float], restarts: bool) -> None:
    raw = [start_s]
    for step in steps:
        raw.append(raw[-1] + step)
    times, clock = seen(raw, restarts)
    assert times == [r - start_s for r in raw]
    assert (clock.dropped, clock.jumps, clock.shift_s) == (0, 0, 0.0)


@given(starts, st.integers(1, 40), st.integers(1, 40), st.floats(-1e4, 1e4, allow_nan=False))
def test_two_recordings_in_a_row_follow_on_each_other(
    start_s: float, first: int, second: int, restart_s: float
) -> None:
    """A frame after the joint comes one usual step after the last before it, unless the joint looks like an
    overlap or a pause.
    """
    end_s = start_s + STEP_S * (first - 1)
    if -ClockOptions().overlap_s <= restart_s - end_s <= ClockOptions().gap_s:
        return
    raw = [start_s + STEP_S * i for i in range(first)] + [restart_s + STEP_S * i for i in range(second)]
    times, clock = seen(raw)
    assert times == pytest.approx([STEP_S * i for i in range(first + second)], abs=1e-6)
    assert clock.jumps == 1


def test_frames_that_repeat_what_was_shown_are_left_out() -> None:
    times, clock = seen([0.0, 0.04, 0.08, 0.04, 0.08, 0.12])
    assert times == [0.0, 0.04, 0.08, 0.12]
    assert clock.dropped == 2


def test_a_long_pause_is_what_the_author_meant_where_clocks_do_not_restart() -> None:
    assert seen([0.0, 0.04, 3600.0], restarts=False)[0] == [0.0, 0.04, 3600.0]
    assert seen([0.0, 0.04, 3600.0], restarts=True)[0] == pytest.approx([0.0, 0.04, 0.08])


def test_containers_without_a_restarting_clock_are_not_among_those_with_one() -> None:
    assert not {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"} & set(RESTARTING)
