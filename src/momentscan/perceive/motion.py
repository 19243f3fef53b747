"""How much moves between two sampled frames, and how much of that is the camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.values import Batch, Columns

LONG_SIDE_PX = 160
"""performance.md: DIS at 160 px follows true displacement at Spearman 0.987 for 1.15 ms; full-size Farneback
0.62 for 766 ms.
"""

UNBOUNDED_PX = 1 << 16

LEAST_PX = 32
"""Below this many rows OpenCV 5's DIS reads past the picture and crashes (seen at 16 to 31 × 160); smaller
pictures are mirrored out to it.
"""


@dataclass(frozen=True)
class MotionOptions:
    """Which optical flow."""

    method: Annotated[
        str,
        Knob(
            "",
            source="performance.md: Dense Inverse Search (Kroeger et al. 2016), preset fast, at 160 px; "
            "farneback is the seed's choice: full size, parameters 0.5, 3, 15, 3, 5, 1.2, 0",
            choices=("dis", "farneback"),
        ),
    ] = "dis"


class Motion:
    """Optical flow per second, in picture diagonals, so that it depends on neither size nor sampling rate
    (readings, S4).
    """

    name = "motion"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("frames.motion", "frames.motion_camera", "frames.motion_local")
    made_by: ClassVar[Mapping[str, str]] = {}

    knobs: ClassVar[type] = MotionOptions

    def __init__(self, *, knobs: MotionOptions = MotionOptions()) -> None:
        self._literal = knobs.method == "farneback"
        self.short_side_px = UNBOUNDED_PX if self._literal else LONG_SIDE_PX
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._before: tuple[float, NDArray[np.uint8]] | None = None

    def process(self, batch: Batch, seen: Columns) -> Columns:
        rows = np.full((len(batch.frames), 3), np.nan, np.float32)
        for row, frame, time_s in zip(rows, batch.frames, batch.time_s, strict=True):
            luma = self._luma(frame)
            if self._before is not None:
                before_s, before = self._before
                row[:] = self._measures(self.flow(before, luma)) / (time_s - before_s)
            self._before = float(time_s), luma
        return dict(zip(self.writes, rows.T, strict=True))

    def finish(self) -> Columns:
        return {}

    def flow(self, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(H,W), (H,W) uint8 luma -> (H,W,2) float32, px from `before` to `after`; x right, y down."""
        flow: Any
        if self._literal:
            flow = cv2.calcOpticalFlowFarneback(before, after, None, 0.5, 3, 15, 3, 5, 1.2, 0)
        else:
            height, width = before.shape
            flow = self._dis.calc(_padded(before), _padded(after), None)[:height, :width]
        return np.asarray(flow, np.float32)

    def _luma(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        scale = 1.0 if self._literal else LONG_SIDE_PX / max(frame.shape[:2])
        if scale < 1:
            size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
            frame = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)

    @staticmethod
    def _measures(flow: NDArray[np.float32]) -> NDArray[np.float64]:
        """Mean length, length of the median, mean length without the median: (3,), in diagonals."""
        camera = np.median(flow.reshape(-1, 2), axis=0)
        diagonal = float(np.hypot(*flow.shape[:2]))
        total = cv2.magnitude(flow[..., 0], flow[..., 1]).mean()
        local = cv2.magnitude(flow[..., 0] - camera[0], flow[..., 1] - camera[1]).mean()
        return np.array([total, np.hypot(*camera), local]) / diagonal


def _padded(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H,W) -> at least (LEAST_PX, LEAST_PX), edges repeated at the bottom and right."""
    down, right = (max(0, LEAST_PX - side) for side in luma.shape)
    return (
        np.asarray(cv2.copyMakeBorder(luma, 0, down, 0, right, cv2.BORDER_REPLICATE), np.uint8)
        if down or right
        else luma
    )
