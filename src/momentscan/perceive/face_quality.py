"""The photograph of each face: how sharp, how bright, how much of it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.perceive.faces import SHORT_SIDE_PX
from momentscan.values import Batch, Columns

FACE_PX = 112
"""Readings H14: v on a face crop resized to a fixed 112 px."""

WHITE, BLACK = 250, 5
"""Luma from which light counts as clipped, and to which shadow counts as crushed (taste: 2 % from either
end).
"""


class FaceQuality:
    """Laplacian variance, mean luma, contrast, clipped and crushed shares within each face's box."""

    name = "face_quality"
    version = "1"
    needs: tuple[str, ...] = ("faces.time_s", "faces.bbox")
    writes: tuple[str, ...] = (
        "faces.sharpness",
        "faces.exposure_mean",
        "faces.contrast",
        "faces.clipped",
        "faces.crushed",
    )
    short_side_px = SHORT_SIDE_PX
    made_by: ClassVar[Mapping[str, str]] = {}

    def process(self, batch: Batch, seen: Columns) -> Columns:
        rows = np.zeros((len(seen["faces.time_s"]), len(self.writes)), np.float32)
        for row, time_s, box in zip(rows, seen["faces.time_s"], seen["faces.bbox"], strict=True):
            row[:] = _measures(batch.frames[int(np.searchsorted(batch.time_s, time_s))], box)
        return dict(zip(self.writes, rows.T, strict=True))

    def finish(self) -> Columns:
        return {}


def _measures(frame: NDArray[np.uint8], box: NDArray[np.float32]) -> tuple[float, ...]:
    """Of the part of the box (4,) in shares that lies in the picture; at least one pixel of it."""
    height, width = frame.shape[:2]
    left, right = np.clip((round(float(box[0]) * width), round(float(box[2]) * width)), 0, width).tolist()
    top, bottom = np.clip((round(float(box[1]) * height), round(float(box[3]) * height)), 0, height).tolist()
    left, top = min(left, width - 1), min(top, height - 1)
    region = frame[top : max(bottom, top + 1), left : max(right, left + 1)]
    shrinks = min(region.shape[:2]) >= FACE_PX
    luma = cv2.cvtColor(region, cv2.COLOR_RGB2GRAY)
    face = cv2.resize(luma, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(face))
    _, edges = cv2.meanStdDev(cv2.Laplacian(face, cv2.CV_16S))
    return (
        float(edges[0, 0]) ** 2,
        mean,
        deviation / max(mean, 1.0),
        float((face >= WHITE).mean()),
        float((face <= BLACK).mean()),
    )
