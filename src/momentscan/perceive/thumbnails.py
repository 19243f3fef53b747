"""Small pictures of the video as it goes by, so that a report can be drawn without the video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import cv2
import numpy as np

from momentscan.perceive import shrunk
from momentscan.values import Batch, Columns

EVERY_S = 2.0
SHORT_SIDE_PX = 90
JPEG_QUALITY = 70
"""Taste: 2 to 4 kB each, 60 in a ride of two minutes."""


class Thumbnails:
    """Writes one JPEG thumbnail for every two seconds of video."""

    name = "thumbnails"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("thumbnails.time_s", "thumbnails.jpeg")
    short_side_px = SHORT_SIDE_PX
    made_by: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._next_cell = 0

    def process(self, batch: Batch, seen: Columns) -> Columns:
        times, pictures = [], []
        for frame, time_s in zip(batch.frames, batch.time_s, strict=True):
            cell = int(time_s / EVERY_S)
            if cell >= self._next_cell:
                self._next_cell = cell + 1
                small = cv2.cvtColor(shrunk(frame, SHORT_SIDE_PX), cv2.COLOR_RGB2BGR)
                times.append(float(time_s))
                pictures.append(
                    cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
                )
        return {
            "thumbnails.time_s": np.array(times, np.float64),
            "thumbnails.jpeg": np.array(pictures, object),
        }

    def finish(self) -> Columns:
        return {}
