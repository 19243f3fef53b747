"""A part of the picture, moved over it without a step: what turns a wide video into one for a phone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.errors import UsageError
from momentscan.media.seek import TimedFrame
from momentscan.values import Series

Plane = NDArray[Any]
"""(rows, columns) uint8 or uint16."""


@dataclass(frozen=True)
class Framing:
    """Where to look: at `time_s` (N,) ascending, on the video's clock, the centre of the crop and its size as
    shares of the displayed picture.

    `out_px`: width and height of the clip, even. Between its times the centre moves evenly; the crop never
    leaves the picture.
    """

    time_s: Series
    centre_x: Series
    centre_y: Series
    width: float
    height: float
    out_px: tuple[int, int]

    def __post_init__(self) -> None:
        shapes = {np.shape(self.time_s), np.shape(self.centre_x), np.shape(self.centre_y)}
        if len(shapes) != 1 or len(self.time_s) == 0 or not (0 < self.width <= 1 and 0 < self.height <= 1):
            raise UsageError(
                f"a framing wants as many centres as times and shares in (0, 1], got {shapes}, "
                f"{self.width}, {self.height}"
            )
        if any(px < 2 or px % 2 for px in self.out_px):
            raise UsageError(f"a framing wants an even size, got {self.out_px[0]} × {self.out_px[1]} px")

    def corner(self, time_s: float) -> tuple[float, float]:
        """Left and top of the crop at an instant, as shares."""
        x = float(np.interp(time_s, self.time_s, self.centre_x)) - self.width / 2
        y = float(np.interp(time_s, self.time_s, self.centre_y)) - self.height / 2
        return min(max(x, 0.0), 1 - self.width), min(max(y, 0.0), 1 - self.height)


def framed(frames: Iterable[TimedFrame], framing: Framing) -> Iterator[TimedFrame]:
    """Upright 4:2:0 frames -> the crop of each at its time, resampled to the size asked, at any sub-pixel
    place.
    """
    for frame in frames:
        cropped = _crop(frame.frame, framing, framing.corner(frame.start_s))
        yield TimedFrame(cropped, frame.start_s, frame.end_s)


def _crop(frame: Any, framing: Framing, corner: tuple[float, float]) -> Any:
    left, top = corner[0] * frame.width, corner[1] * frame.height
    width, height = framing.width * frame.width, framing.height * frame.height
    out_w, out_h = framing.out_px
    luma = _resampled(_plane(frame, 0), left, top, width, height, (out_w, out_h))
    # Chroma of 4:2:0 lies left in its pair of columns and between its rows (ITU-T H.273, ChromaLocType 0), in
    # the source as in the clip.
    shift = 0.25 * (width / out_w - 1)
    half = (left / 2 + shift, top / 2, width / 2, height / 2, (out_w // 2, out_h // 2))
    planes = [luma, _resampled(_plane(frame, 1), *half), _resampled(_plane(frame, 2), *half)]
    packed = np.concatenate([p.reshape(-1) for p in planes]).reshape(out_h * 3 // 2, out_w)
    return av.VideoFrame.from_ndarray(packed, format=frame.format.name)


def _plane(frame: Any, index: int) -> Plane:
    plane = frame.planes[index]
    sample = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    stride = plane.line_size // np.dtype(sample).itemsize
    return np.frombuffer(plane, sample, stride * plane.height).reshape(plane.height, stride)[:, : plane.width]


def _resampled(
    plane: Plane, left: float, top: float, width: float, height: float, out: tuple[int, int]
) -> Plane:
    """The rectangle (in samples, edges of samples at whole numbers) as `out` = (width, height) samples; what
    shrinks is averaged.
    """
    size, step = out, (width / out[0], height / out[1])
    if max(step) > 1.0:
        size, step = (
            (math.ceil(width), math.ceil(height)),
            (width / math.ceil(width), height / math.ceil(height)),
        )
    matrix = np.array([[step[0], 0, left + step[0] / 2 - 0.5], [0, step[1], top + step[1] / 2 - 0.5]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(plane, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved if size == out else cv2.resize(moved, out, interpolation=cv2.INTER_AREA))
