"""Stills: the gate never gives way, the best come first, and no two are the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import worlds
from momentscan.select.picks import Picks
from momentscan.signals import Signals
from momentscan.values import Window

WINDOW = Window(28.0, 34.0, 31.0)


def with_columns(**columns: np.ndarray) -> Signals:
    signals = worlds.signals()
    return Signals(
        signals.video,
        {n: signals[n] for n in signals} | {k.replace("__", "."): v for k, v in columns.items()},
        signals.made_by,
    )


def test_at_most_three_inside_the_window_best_first() -> None:
    picked = Picks()(worlds.signals(), [WINDOW])[0]
    assert 1 <= len(picked.picks) <= 3
    assert all(28 <= p.time_s < 34 for p in picked.picks)
    assert [p.quality for p in picked.picks] == sorted((p.quality for p in picked.picks), reverse=True)
    assert picked.considered == 60


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("frames__exposure_mean", 10, "gate.exposure.black"),
        ("frames__exposure_mean", 250, "gate.exposure.white"),
        ("frames__contrast", 0.01, "gate.exposure.contrast"),
    ],
)
def test_a_window_whose_frames_all_fail_has_no_pick_and_says_why(
    column: str, value: float, reason: str
) -> None:
    picked = Picks()(with_columns(**{column: np.full(600, value, np.float32)}), [WINDOW])[0]
    assert picked.picks == ()
    assert picked.failed == {reason: 60}


def test_a_blurred_frame_is_not_picked_even_at_the_peak() -> None:
    sharpness = np.full(600, 100, np.float32)
    sharpness[305:315] = 10
    picked = Picks()(with_columns(frames__sharpness=sharpness), [WINDOW])[0]
    assert all(not 30.5 <= p.time_s < 31.5 for p in picked.picks)
    assert picked.failed == {"gate.blur.frame": 10}


def test_all_failures_of_a_frame_are_counted() -> None:
    dark = with_columns(
        frames__exposure_mean=np.full(600, 10, np.float32), frames__contrast=np.zeros(600, np.float32)
    )
    assert set(Picks()(dark, [WINDOW])[0].failed) == {"gate.exposure.black", "gate.exposure.contrast"}


@given(st.integers(0, 50), st.integers(1, 6))
def test_picks_are_apart_in_time_and_look(seed: int, count: int) -> None:
    signals = worlds.signals(seed=seed)
    picks = Picks(count=count)(signals, [WINDOW])[0].picks
    times = sorted(p.time_s for p in picks)
    assert all(b - a >= 0.5 for a, b in itertools.pairwise(times))


def test_frames_that_look_the_same_are_one() -> None:
    vectors = np.zeros((120, 16), np.float32)
    vectors[:, 0] = 1
    vectors[::2] = np.eye(16, dtype=np.float32)[1]  # two looks only, and most pairs differ
    assert len(Picks(same=60)(with_columns(vision__embedding=vectors), [WINDOW])[0].picks) == 2


def test_a_window_without_frames_gives_nothing() -> None:
    assert Picks()(worlds.signals(), [Window(59.95, 60.0, 59.97)])[0].picks == ()
