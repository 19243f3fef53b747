"""The photograph in each frame: how sharp, how bright, how much contrast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import cv2
import numpy as np

from momentscan.perceive import shrunk
from momentscan.values import Batch, Columns

SHORT_SIDE_PX = 180
"""All measures are taken at this size, so that they mean the same at any resolution."""


class FrameQuality:
    """Laplacian variance, mean luma and luma contrast of each sampled frame."""

    name = "frame_quality"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("frames.sharpness", "frames.exposure_mean", "frames.contrast")
    short_side_px = SHORT_SIDE_PX
    made_by: ClassVar[Mapping[str, str]] = {}

    def process(self, batch: Batch, seen: Columns) -> Columns:
        rows = np.zeros((len(batch.frames), 3), np.float32)
        for row, frame in zip(rows, batch.frames, strict=True):
            luma = cv2.cvtColor(shrunk(frame, SHORT_SIDE_PX), cv2.COLOR_RGB2GRAY)
            mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(luma))
            _, edges = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
            row[:] = float(edges[0, 0]) ** 2, mean, deviation / max(mean, 1.0)
        return dict(zip(self.writes, rows.T, strict=True))

    def finish(self) -> Columns:
        return {}
