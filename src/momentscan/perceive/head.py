"""Where the heads turn and what the faces do, from landmarks: for gates, buckets and rules, never for the
vector score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from momentscan.knobs import Knob
from momentscan.models.face_measures import measure, measure_points
from momentscan.models.landmarks import FaceLandmarks
from momentscan.perceive.faces import SHORT_SIDE_PX
from momentscan.values import Batch, Columns


@dataclass(frozen=True)
class HeadsOptions:
    """Whose landmarks are looked for."""

    people: Annotated[
        int, Knob("faces", source="one or two main people and one who may become one", low=1, high=16)
    ] = 3


class Head:
    """Writes yaw, pitch, roll, mouth, eyes, smile and occlusion of the first faces of a look; NaN for the
    others.

    Without a landmark model the angles come from the detector's five points (pitch only coarsely), and the
    rest is NaN.
    """

    name = "head"
    version = "1"
    needs: tuple[str, ...] = ("faces.time_s", "faces.bbox", "faces.points", "faces.place")
    writes: tuple[str, ...] = (
        "faces.yaw",
        "faces.pitch",
        "faces.roll",
        "faces.mouth_open",
        "faces.eye_open",
        "faces.smile",
        "faces.occlusion",
    )
    short_side_px = SHORT_SIDE_PX

    models: ClassVar[Mapping[str, str]] = {"landmarks": "landmarks"}
    knobs: ClassVar[type] = HeadsOptions

    def __init__(
        self, *, landmarks: FaceLandmarks | None = None, knobs: HeadsOptions = HeadsOptions()
    ) -> None:
        self._landmarks = landmarks
        self._people = knobs.people
        self.made_by = dict.fromkeys(
            self.writes, landmarks.version if landmarks is not None else "five-points-v1"
        )

    def process(self, batch: Batch, seen: Columns) -> Columns:
        rows = np.full((len(seen["faces.time_s"]), len(self.writes)), np.nan, np.float32)
        for i in np.flatnonzero(seen["faces.place"] < self._people):
            frame = batch.frames[int(np.searchsorted(batch.time_s, seen["faces.time_s"][i]))]
            size = np.array([frame.shape[1], frame.shape[0]], np.float32)
            points, box = (
                seen["faces.points"][i].reshape(5, 2) * size,
                seen["faces.bbox"][i] * np.tile(size, 2),
            )
            if self._landmarks is None:
                rows[i] = measure_points(points, box)
            else:
                rows[i] = measure(self._landmarks.estimate(frame, points, box), frame)
        return dict(zip(self.writes, rows.T, strict=True))

    def finish(self) -> Columns:
        return {}
