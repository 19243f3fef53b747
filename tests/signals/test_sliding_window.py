"""A window of signals that slides: what is old goes, and what is left is where a scan would have laid it."""

from __future__ import annotations

import numpy as np

import worlds
from momentscan.signals.gaps import Gap, columns_of, gaps_of
from momentscan.signals.signals import Signals
from momentscan.signals.sliding_window import Sliding


def fed(window_s: float, until_s: float) -> Sliding:
    sliding = Sliding(window_s)
    for k in range(round(until_s)):
        at = k + np.arange(10) / 10
        sliding.add(
            k,
            k + 1.0,
            {
                "frames.time_s": at,
                "frames.motion": at.astype(np.float32),
                "face_ids.track": np.zeros(0, np.int64),
            },
        )
    return sliding


def test_the_start_moves_by_whole_minutes_and_rows_go_with_it() -> None:
    rows = [fed(60.0, s).rows for s in (30, 60, 119, 120, 125, 600)]
    assert rows == [600, 1200, 2380, 1200, 1300, 1200]


def test_times_count_from_the_start_of_the_window_and_measures_stay() -> None:
    signals = fed(60.0, 130).signals(worlds.info(), {}, {})
    assert signals.video.duration_s == 70.0
    assert signals["frames.time_s"][0] == 0.0
    assert signals["frames.motion"][0] == 60.0


def test_a_table_of_which_nothing_came_is_there_and_empty() -> None:
    assert len(fed(60.0, 10).signals(worlds.info(), {}, {})["face_ids.track"]) == 0


def test_spans_that_reach_into_the_window_are_kept_whole() -> None:
    whole = {"scenes.start_s": np.array([0.0, 50.0, 90.0]), "scenes.end_s": np.array([50.0, 90.0, 130.0])}
    signals = fed(60.0, 130).signals(worlds.info(), whole, {})
    np.testing.assert_array_equal(signals["scenes.start_s"], [-10.0, 30.0])
    np.testing.assert_array_equal(signals["scenes.end_s"], [30.0, 70.0])


def test_gaps_go_into_the_log_and_come_back() -> None:
    gaps = [Gap(3.0, 5.0, "no picture came"), Gap(9.0, float("nan"), "시계가 다시 시작했다")]
    back = gaps_of(Signals(worlds.info(), columns_of(gaps)))
    assert back[0] == gaps[0]
    assert (back[1].start_s, back[1].known, back[1].reason) == (9.0, False, gaps[1].reason)
    assert gaps_of(worlds.signals()) == []
