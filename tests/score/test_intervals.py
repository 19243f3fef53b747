"""Runs above a percentile: at least one, merged where they touch, cut where they should be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from momentscan.score.intervals import Intervals, local_maxima


def spans(n: int, hop: float = 3.0, length: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    starts = np.arange(n) * hop
    return starts, starts + length


@given(hnp.arrays(np.float64, st.integers(1, 80), elements=st.integers(0, 9).map(float)), st.floats(0, 100))
def test_every_window_over_the_bar_is_in_exactly_one_run_and_there_is_at_least_one(
    score: np.ndarray, percentile: float
) -> None:
    chooser = Intervals(percentile=percentile)
    runs = chooser.runs(score, *spans(len(score)))
    taken = [int(i) for run in runs for i in run]
    assert sorted(taken) == np.flatnonzero(score >= chooser.threshold(score)).tolist()
    assert taken == sorted(taken)
    assert taken


@given(hnp.arrays(np.float64, st.integers(1, 80), elements=st.floats(0, 1)))
def test_no_interval_is_longer_than_the_cap(score: np.ndarray) -> None:
    starts, ends = spans(len(score))
    for run in Intervals(percentile=0).runs(score, starts, ends):
        assert ends[run[-1]] - starts[run[0]] <= 30 or len(run) == 1


def test_ties_do_not_empty_the_result() -> None:
    assert [r.tolist() for r in Intervals().runs(np.ones(4), *spans(4))] == [[0, 1, 2, 3]]


def test_neighbours_within_a_hop_are_merged_and_others_are_not() -> None:
    score = np.array([0, 9, 0, 9, 0, 0, 0, 9, 0.0])
    assert [r.tolist() for r in Intervals(percentile=70, valley=0).runs(score, *spans(9))] == [[1, 3], [7]]


def test_a_deep_valley_splits() -> None:
    score = np.array([0.9, 0.1, 0.8])
    assert [r.tolist() for r in Intervals(percentile=50).runs(score, *spans(3))] == [[0], [2]]


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.integers(0, 4).map(float)))
def test_the_highest_value_is_a_local_maximum(x: np.ndarray) -> None:
    assert x.max() in x[local_maxima(x)]
