"""Boxes overlap as much as they should, one by one or many at once."""

from __future__ import annotations

import numpy as np
import pytest

import worlds
from momentscan.signals import Signals
from momentscan.signals.boxes import areas, boxes_px, heights, ious, middles, squares, whole, whole_boxes


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


def test_a_square_stands_around_the_middle_and_is_as_wide_as_the_longer_side_asks() -> None:
    boxes = np.array([[0, 0, 10, 20], [30, 10, 50, 14]])
    assert squares(boxes, 1.5).tolist() == [[-10, -5, 20, 25], [25, -3, 55, 27]]
    assert squares(boxes[0], 1.0).tolist() == [-5, 0, 15, 20]
    assert middles(squares(boxes, 3.0)).tolist() == middles(boxes).tolist() == [[5, 10], [40, 12]]
    assert heights(boxes).tolist() == [20, 4]


def test_logged_boxes_are_px_of_the_video_and_whole_ones_end_with_the_picture() -> None:
    shares = np.array([[-0.1, 0.25, 0.5004, 1.2], [0.0, 0.0, 0.5, 0.5]], np.float32)
    seen = Signals(worlds.info(width_px=200, height_px=100), {"faces.bbox": shares})
    assert boxes_px(seen, 1).tolist() == [0, 0, 100, 50]
    assert boxes_px(seen, np.array([0]))[0] == pytest.approx([-20, 25, 100.08, 120], abs=1e-4)
    assert whole_boxes(seen, [0, 1]) == ((0, 25, 100, 100), (0, 0, 100, 50))
    assert whole_boxes(seen, []) == ()
    assert whole(np.array([0.5, 1.5, 2.4, 2.6])) == (0, 2, 2, 3)
