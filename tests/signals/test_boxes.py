"""Boxes overlap as much as they should, one by one or many at once."""

from __future__ import annotations

import numpy as np
import pytest

from momentscan.signals.boxes import areas, ious


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        ((0, 0, 10, 10), 1.0),
        ((5, 0, 15, 10), 1 / 3),
        ((10, 0, 20, 10), 0.0),
        ((2, 2, 4, 4), 0.04),
        ((30, 30, 40, 40), 0.0),
        ((3, 3, 3, 3), 0.0),
    ],
)
def test_overlap_is_what_both_share_of_all_they_cover(other: tuple[int, ...], overlap: float) -> None:
    one, two = np.array([0, 0, 10, 10]), np.array(other)
    assert float(ious(one, two)) == pytest.approx(overlap)
    assert float(ious(two, one)) == pytest.approx(overlap)


def test_one_box_is_held_against_many() -> None:
    many = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]])
    assert ious(many[0], many) == pytest.approx([1, 1 / 3, 0])
    assert ious(many[0], np.zeros((0, 4))).shape == (0,)


def test_a_box_turned_inside_out_has_no_area() -> None:
    assert areas(np.array([[10, 10, 0, 0], [0, 0, 2, 3]])).tolist() == [0, 6]
