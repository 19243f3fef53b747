"""Where the faces are, a few times a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from momentscan.knobs import Knob
from momentscan.models.detectors import FaceDetector
from momentscan.perceive.protocol import Requires
from momentscan.values import Batch, Columns

SHORT_SIDE_PX = 540
"""Half of 1080p, which scales cheaply; a face of a tenth of the picture's height then has 54 px."""


@dataclass(frozen=True)
class FacesOptions:
    """How often and how closely faces are looked for."""

    hz: Annotated[
        float,
        Knob(
            "Hz",
            source="highlight_vector §11: 3 to 5 frames in a clip of 1 s; performance.md: embed only what "
            "is pooled",
            low=0.2,
            high=30,
        ),
    ] = 5.0
    long_side_px: Annotated[
        int, Knob("px", source="performance.md: YuNet at 640 × 384 costs 11 ms", low=64, high=4096)
    ] = 640


class Faces:
    """Writes box, five points and confidence of every face that the detector finds in the first frame of each
    cell of the grid.
    """

    name = "faces"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = (
        "faces.time_s",
        "faces.frame_idx",
        "faces.score",
        "faces.bbox",
        "faces.points",
        "frames.n_faces",
    )
    short_side_px = SHORT_SIDE_PX

    models: ClassVar[Mapping[str, str]] = {"detector": "detector"}
    requires: ClassVar[Requires] = ("detector",)
    knobs: ClassVar[type] = FacesOptions

    def __init__(self, *, detector: FaceDetector, knobs: FacesOptions = FacesOptions()) -> None:
        self._detector = detector
        self._hz = knobs.hz
        self._next_cell = 0
        self.made_by = dict.fromkeys(("faces.score", "faces.bbox", "faces.points"), detector.version)

    def process(self, batch: Batch, seen: Columns) -> Columns:
        counts = np.full(len(batch.frames), np.nan, np.float32)
        rows: list[tuple[float, int, float, np.ndarray, np.ndarray]] = []
        for i, (frame, time_s) in enumerate(zip(batch.frames, batch.time_s, strict=True)):
            cell = int(time_s * self._hz + 1e-6)
            if cell < self._next_cell:
                continue
            self._next_cell = cell + 1
            size = np.array([frame.shape[1], frame.shape[0]], np.float32)
            found = self._detector.detect(frame)
            counts[i] = len(found.score)
            for score, box, points in zip(found.score, found.bbox, found.points, strict=True):
                rows.append(
                    (
                        float(time_s),
                        int(batch.frame_idx[i]),
                        float(score),
                        box / np.tile(size, 2),
                        (points / size).ravel(),
                    )
                )
        return {
            "faces.time_s": np.array([r[0] for r in rows], np.float64),
            "faces.frame_idx": np.array([r[1] for r in rows], np.int64),
            "faces.score": np.array([r[2] for r in rows], np.float32),
            "faces.bbox": np.array([r[3] for r in rows], np.float32).reshape(len(rows), 4),
            "faces.points": np.array([r[4] for r in rows], np.float32).reshape(len(rows), 10),
            "frames.n_faces": counts,
        }

    def finish(self) -> Columns:
        return {}
