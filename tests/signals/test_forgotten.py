"""Spans of which no picture may be kept."""

from __future__ import annotations

import numpy as np

import worlds
from momentscan.signals import Signals
from momentscan.signals.forgotten import END_S, START_S, forgotten_spans


def test_a_log_without_the_table_hides_nothing() -> None:
    assert forgotten_spans(worlds.signals()) == []
    noted = Signals(worlds.info(), {START_S: np.array([1.0]), END_S: np.array([2.0])})
    assert forgotten_spans(noted) == [(1.0, 2.0)]
