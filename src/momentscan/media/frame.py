"""One decoded frame as a person sees it: rotation, pixel aspect and colour matrix applied."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter
from numpy.typing import NDArray

THUMB_HW = (18, 32)
"""Rows and columns of the point-sampled luma of every frame: enough to date a cut, 576 bytes."""

_HD_LINES = 720
"""From this height on, video without a stated colour matrix is BT.709 (ITU-R BT.709 is the HDTV standard),
below it BT.601.
"""


def rotation_of(frame: Any) -> int:
    """Degrees clockwise (0, 90, 180, 270) that put the frame upright; other angles count as 0."""
    degrees = -int(frame.rotation) % 360
    return degrees if degrees in (90, 180, 270) else 0


def display_size(width_px: int, height_px: int, pixel_aspect: float, rotation_deg: int) -> tuple[int, int]:
    """(width, height) on a screen: pixel aspect applied to the width, then the turn."""
    width_px = max(1, round(width_px * pixel_aspect))
    return (height_px, width_px) if rotation_deg in (90, 270) else (width_px, height_px)


def fitted(width_px: int, height_px: int, short_side_px: int) -> tuple[int, int]:
    """(width, height) scaled down so that the shorter side is `short_side_px`; never up. Even, at least 2, at
    most 4:1 in pixels asked.
    """
    scale = min(1.0, short_side_px / min(width_px, height_px))
    return max(2, round(width_px * scale / 2) * 2), max(2, round(height_px * scale / 2) * 2)


class FrameConverter:
    """Turns decoded frames into RGB arrays of one display size; keeps the scaler between frames."""

    def __init__(self, size: tuple[int, int], rotation_deg: int) -> None:
        self.size = size
        self._turn = {
            90: cv2.ROTATE_90_CLOCKWISE,
            180: cv2.ROTATE_180,
            270: cv2.ROTATE_90_COUNTERCLOCKWISE,
        }.get(rotation_deg)
        self._coded = size[::-1] if rotation_deg in (90, 270) else size
        self._scaler = VideoReformatter()

    def rgb(self, frame: Any) -> NDArray[np.uint8]:
        """(H,W,3) uint8 RGB of the display size."""
        width_px, height_px = self._coded
        matrix = Colorspace.ITU709 if frame.colorspace in (0, 2) and frame.height >= _HD_LINES else None
        scaled = self._scaler.reformat(
            frame, width_px, height_px, "rgb24", src_colorspace=matrix, interpolation="AREA", threads=1
        )
        array = np.asarray(scaled.to_ndarray(), np.uint8)
        return array if self._turn is None else np.asarray(cv2.rotate(array, self._turn))


def thumb(frame: Any) -> NDArray[np.uint8] | None:
    """(18,32) uint8 luma, point-sampled and unturned; None for formats whose first plane is not luma."""
    first = frame.format.components[0]
    if not (first.is_luma and frame.format.is_planar):
        return None
    plane = frame.planes[0]
    sample = np.uint8 if first.bits == 8 else np.dtype("<u2")
    stride = abs(plane.line_size) // np.dtype(sample).itemsize
    luma = np.frombuffer(plane, sample)[: stride * plane.height].reshape(plane.height, stride)
    rows = np.arange(THUMB_HW[0]) * frame.height // THUMB_HW[0]
    cols = np.arange(THUMB_HW[1]) * frame.width // THUMB_HW[1]
    points = luma[np.ix_(rows, cols)].astype(np.int32)
    return np.asarray(points >> (first.bits - 8), np.uint8)
