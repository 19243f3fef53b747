"""Spans are joined, searched and held against each other; cuts lie between shots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import worlds
from momentscan.signals import Signals
from momentscan.signals.spans import Span, as_pairs, cuts_of, overlap_s, spans_of, union, within

TIMES = st.integers(0, 20)
SPANS = st.lists(
    st.tuples(TIMES, st.integers(1, 5)).map(lambda s: (float(s[0]), float(s[0] + s[1]))), max_size=8
)


def test_spans_that_touch_become_one_where_that_is_asked() -> None:
    assert as_pairs(union([(4, 5), (1, 2), (2, 3)], touching=True)) == [(1, 3), (4, 5)]
    assert as_pairs(union([(4, 5), (1, 2), (2, 3)], touching=False)) == [(1, 2), (2, 3), (4, 5)]


@pytest.mark.parametrize("touching", [True, False])
def test_spans_that_overlap_become_one_in_any_case(touching: bool) -> None:
    assert as_pairs(union([(0, 10), (2, 3), (9, 11)], touching=touching)) == [(0, 11)]
    assert union([], touching=touching).shape == (0, 2)


@given(SPANS, st.booleans())
def test_a_union_holds_what_its_parts_hold_and_its_spans_are_apart(spans: list[Span], touching: bool) -> None:
    joined = union(spans, touching=touching)
    instants = np.arange(0, 30, 0.25)
    assert within(joined, instants, closed=False).tolist() == within(spans, instants, closed=False).tolist()
    between = joined[1:, 0] - joined[:-1, 1]
    assert (between > 0).all() if touching else (between >= 0).all()


def test_ends_are_inside_where_that_is_asked() -> None:
    instants = np.array([0.9, 1, 2, 3, 5, 5.1])
    assert within([(1, 2), (4, 5)], instants, closed=True).tolist() == [False, True, True, False, True, False]
    assert within([(1, 2), (4, 5)], instants, closed=False).tolist() == [False, True, *[False] * 4]
    assert not within([], np.arange(3.0), closed=True).any()


def test_an_overlap_is_negative_where_spans_are_apart() -> None:
    assert overlap_s((0, 3), (1, 9)) == overlap_s((1, 9), (0, 3)) == 2
    assert overlap_s((0, 1), (1, 2)) == 0
    assert overlap_s((0, 1), (3, 4)) == -2


def test_a_cut_is_where_a_shot_begins_but_the_first() -> None:
    shots = {"scenes.start_s": np.array([0.0, 2.0, 5.0]), "scenes.end_s": np.array([2.0, 5.0, 9.0])}
    assert cuts_of(Signals(worlds.info(), shots)).tolist() == [2, 5]
    assert as_pairs(spans_of(Signals(worlds.info(), shots), "scenes")) == [(0, 2), (2, 5), (5, 9)]


def test_where_no_scenes_were_logged_there_are_no_cuts_and_no_spans() -> None:
    assert not len(cuts_of(Signals(worlds.info(), {})))
    assert spans_of(Signals(worlds.info(), {}), "scenes").shape == (0, 2)
