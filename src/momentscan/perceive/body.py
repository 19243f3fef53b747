"""How the bodies under the main faces hold themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from momentscan.knobs import Knob
from momentscan.models.pose import BodyPose, person_roi
from momentscan.perceive.crops import FORGET_S
from momentscan.perceive.faces import SHORT_SIDE_PX
from momentscan.perceive.protocol import Requires
from momentscan.values import Batch, Columns


@dataclass(frozen=True)
class BodiesOptions:
    """Whose pose is looked for, and how often."""

    people: Annotated[
        int, Knob("faces", source="highlight_vector §2: one or two main people", low=1, high=16)
    ] = 2
    hz: Annotated[
        float,
        Knob(
            "Hz",
            source="taste: arms move slower than faces, and a pose costs as much as a crop",
            low=0.2,
            high=30,
        ),
    ] = 2.5


class Body:
    """Writes the 17 points of the body under each of the first faces."""

    name = "body"
    version = "1"
    needs: tuple[str, ...] = ("faces.time_s", "faces.bbox", "faces.track", "faces.place")
    writes: tuple[str, ...] = ("poses.time_s", "poses.track", "poses.points")
    short_side_px = SHORT_SIDE_PX

    models: ClassVar[Mapping[str, str]] = {"pose": "body_pose"}
    requires: ClassVar[Requires] = ("pose",)
    knobs: ClassVar[type] = BodiesOptions

    def __init__(self, *, pose: BodyPose, knobs: BodiesOptions = BodiesOptions()) -> None:
        self._pose = pose
        self._knobs = knobs
        self._next_cell: dict[int, int] = {}
        self.made_by = {"poses.points": pose.version}

    def process(self, batch: Batch, seen: Columns) -> Columns:
        rows = []
        for i in np.flatnonzero(seen["faces.place"] < self._knobs.people):
            time_s, track = float(seen["faces.time_s"][i]), int(seen["faces.track"][i])
            cell = int(time_s * self._knobs.hz + 1e-6)
            if cell < self._next_cell.get(track, 0):
                continue
            self._next_cell[track] = cell + 1
            frame = batch.frames[int(np.searchsorted(batch.time_s, time_s))]
            size = np.array([frame.shape[1], frame.shape[0]], np.float32)
            face = seen["faces.bbox"][i] * np.tile(size, 2)
            points = self._pose.estimate(frame, person_roi(face, frame.shape[:2]))
            rows.append((time_s, track, (points / np.append(size, 1.0)).ravel()))
        old = int((batch.end_s - FORGET_S) * self._knobs.hz)
        self._next_cell = {track: cell for track, cell in self._next_cell.items() if cell >= old}
        return {
            "poses.time_s": np.array([r[0] for r in rows], np.float64),
            "poses.track": np.array([r[1] for r in rows], np.int64),
            "poses.points": np.array([r[2] for r in rows], np.float32).reshape(len(rows), 51),
        }

    def finish(self) -> Columns:
        return {}
