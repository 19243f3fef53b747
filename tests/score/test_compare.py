"""Two engines side by side."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.records.plain import plain
from momentscan.records.run import ComparisonRun
from momentscan.score.compare import (
    Side,
    compare,
    iou,
    matched,
    rank_correlation,
    side_of,
    summary,
)
from momentscan.values import Curve, Moment, Pick, Verdict, Window

TIME_S = np.arange(0, 60, 0.5)
NOTHING = np.zeros(0)


def side(
    name: str,
    *peaks_s: float,
    margin_s: float = 1.0,
    value: np.ndarray | None = None,
    qualities: tuple[float, ...] = (),
) -> Side:
    windows = [Window(p - margin_s, p + margin_s, p) for p in peaks_s]
    value = np.sin(TIME_S) if value is None else value
    return Side(name, windows, [1.0] * len(windows), qualities, TIME_S if len(value) else NOTHING, value)


def swapped(c: ComparisonRun) -> ComparisonRun:
    return ComparisonRun(
        c.b, c.a, c.windows_b, c.windows_a, c.iou, c.matched, c.share_b, c.share_a, c.iou_matched, c.peaks_b,
        c.peaks_a, c.peaks_f1, c.quality_b, c.quality_a, c.rank_correlation,
    )  # fmt: skip


def test_an_engine_agrees_with_itself() -> None:
    same = compare(side("rules", 10, 30, qualities=(0.5, 0.7)), side("vector", 10, 30, qualities=(0.9,)))
    assert same == ComparisonRun(
        "rules", "vector", 2, 2, 1.0, 2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, pytest.approx(0.6), 0.9, pytest.approx(1.0)  # noqa: E501
    )  # fmt: skip


def test_engines_that_have_nothing_in_common() -> None:
    apart = compare(side("rules", 10, value=TIME_S), side("vector", 40, value=-TIME_S))
    assert (apart.iou, apart.matched, apart.share_a, apart.share_b, apart.peaks_f1) == (0, 0, 0, 0, 0)
    assert apart.iou_matched is None
    assert apart.rank_correlation == pytest.approx(-1)


def test_overlap_counts_both_ways_and_each_window_is_matched_once() -> None:
    one = compare(side("rules", 10.0), side("vector", 10.0, 10.5, 40.0))
    assert one.iou == pytest.approx((1 + 1 + 1.5 / 2.5 + 0) / 4)
    assert (one.matched, one.share_a, one.share_b) == (1, 1.0, pytest.approx(1 / 3))
    assert (one.peaks_a, one.peaks_b, one.peaks_f1) == (1.0, pytest.approx(2 / 3), pytest.approx(0.8))


@pytest.mark.parametrize(("shift_s", "pairs"), [(0.0, 1), (1.07, 1), (1.09, 0), (2.0, 0)])
def test_windows_are_the_same_moment_from_an_overlap_of_three_tenths_on(shift_s: float, pairs: int) -> None:
    assert compare(side("a", 10.0), side("b", 10.0 + shift_s)).matched == pairs


def test_peaks_a_second_apart_agree_and_further_ones_do_not() -> None:
    assert compare(side("a", 10.0), side("b", 11.0)).peaks_f1 == 1
    assert compare(side("a", 10.0), side("b", 11.1)).peaks_f1 == 0


def test_the_highest_overlap_is_matched_first() -> None:
    assert matched(np.array([[0.4, 0.9], [0.35, 0.5], [0.2, 0.1]])) == [(0, 1), (1, 0)]
    assert matched(np.zeros((0, 3))) == []


def test_a_side_that_says_nothing_agrees_with_nothing_and_two_of_them_cannot_be_told() -> None:
    one = compare(side("a"), side("b", 10, 20))
    assert (one.iou, one.share_a, one.share_b, one.peaks_a, one.peaks_b, one.peaks_f1) == (
        0,
        None,
        0,
        None,
        0,
        0,
    )
    none = compare(side("a"), side("b"))
    assert (none.iou, none.matched, none.share_a, none.peaks_f1, none.quality_a) == (
        None,
        0,
        None,
        None,
        None,
    )


def test_curves_are_compared_on_the_finer_axis_as_far_as_both_reach() -> None:
    coarse = Side("a", [], [], [], np.arange(0, 41, 2.0), np.arange(0, 41, 2.0) ** 2)
    fine = Side("b", [], [], [], np.arange(10, 60, 0.2), np.arange(10, 60, 0.2))
    assert rank_correlation(coarse, fine) == pytest.approx(1)


@pytest.mark.parametrize("value", [NOTHING, np.zeros(len(TIME_S))])
def test_a_curve_that_is_unknown_or_flat_has_no_correlation(value: np.ndarray) -> None:
    assert compare(side("a", 10, value=value), side("b", 10)).rank_correlation is None
    assert compare(side("a", 10), side("b", 10, value=value)).rank_correlation is None


def test_a_verdict_brings_its_own_windows_frames_and_curve() -> None:
    moment = Moment(Window(9, 11, 10), 2.0, "rules", "", {}, {}, picks=(Pick(10.0, 300, 0.8),))
    verdict = Verdict("rules", Curve(TIME_S, TIME_S, {}), TIME_S, None, (moment,), (), None, {})
    assert side_of(verdict).qualities == [0.8]
    assert compare(verdict, side("vector", 10, value=TIME_S)).iou == 1


def test_a_summary_counts_apart_where_one_or_both_say_nothing() -> None:
    seen = [
        compare(side("a", 10), side("b", 10)),
        compare(side("a", 10), side("b")),
        compare(side("a"), side("b")),
    ]
    total = summary(seen)
    assert (total.videos, total.only_a, total.only_b, total.neither) == (3, 1, 0, 1)
    assert (total.means["iou"], total.told["iou"]) == (0.5, 2)
    assert (total.means["quality_a"], total.told["quality_a"]) == (None, 0)


def test_a_summary_wants_one_pair_of_engines() -> None:
    with pytest.raises(ValueError, match="one pair of engines, got none"):
        summary([])
    with pytest.raises(ValueError, match="one pair of engines"):
        summary([compare(side("a"), side("b")), compare(side("a"), side("c"))])


def test_both_can_be_written_as_json() -> None:
    one = compare(side("a", 10), side("b", 10.5))
    assert json.loads(json.dumps(plain(one)))["matched"] == 1
    assert json.loads(json.dumps(summary([one]).to_json()))["told"]["iou"] == 1


peaks = st.lists(st.integers(2, 560).map(lambda n: n / 10), max_size=6)


@given(peaks, peaks)
def test_swapping_the_sides_swaps_the_answers(one: list[float], other: list[float]) -> None:
    a, b = side("a", *one, qualities=(0.2,)), side("b", *other, value=np.cos(TIME_S))
    there, back = compare(a, b), swapped(compare(b, a))
    for name, value in plain(there).items():
        assert getattr(back, name) == (pytest.approx(value) if isinstance(value, float) else value), name


@given(peaks, peaks)
def test_every_share_lies_between_none_and_all(one: list[float], other: list[float]) -> None:
    c = compare(side("a", *one), side("b", *other))
    for value in (c.iou, c.share_a, c.share_b, c.iou_matched, c.peaks_a, c.peaks_b, c.peaks_f1):
        assert value is None or -1e-9 <= value <= 1 + 1e-9
    assert c.matched <= min(len(one), len(other))


@given(st.floats(0, 50), st.floats(0.1, 10), st.floats(0, 50), st.floats(0.1, 10))
def test_overlap_is_symmetric_and_whole_only_for_the_same_window(
    a: float, la: float, b: float, lb: float
) -> None:
    x, y = Window(a, a + la, a), Window(b, b + lb, b)
    assert iou(x, y) == pytest.approx(iou(y, x))
    assert iou(x, x) == pytest.approx(1)
    assert iou(x, replace(x, end_s=x.end_s + la)) == pytest.approx(0.5)
