"""Spans of which no picture may be kept."""

from __future__ import annotations

import numpy as np

import worlds
from momentscan.signals import Signals
from momentscan.signals.forgotten import END_S, START_S, forgotten_spans, merged, within


def test_spans_that_touch_become_one() -> None:
    assert merged([(4, 5), (1, 2), (2, 3)]) == [(1, 3), (4, 5)]
    assert merged([(0, 10), (2, 3)]) == [(0, 10)]
    assert merged([]) == []


def test_both_ends_are_inside() -> None:
    assert within([(1, 2), (4, 5)], np.array([0.9, 1, 2, 3, 5, 5.1])).tolist() == [
        False,
        True,
        True,
        False,
        True,
        False,
    ]
    assert not within([], np.arange(3.0)).any()


def test_a_log_without_the_table_hides_nothing() -> None:
    assert forgotten_spans(worlds.signals()) == []
    noted = Signals(worlds.info(), {START_S: np.array([1.0]), END_S: np.array([2.0])})
    assert forgotten_spans(noted) == [(1.0, 2.0)]
