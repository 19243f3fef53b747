"""What the main faces and their upper bodies look like, as vectors: one per crop, for all engines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.models.embedders import Embedder
from momentscan.models.pose import BodyPose
from momentscan.perceive.faces import SHORT_SIDE_PX
from momentscan.perceive.protocol import Requires
from momentscan.signals.boxes import Corners
from momentscan.signals.calibration import calibration_of
from momentscan.values import Batch, Columns

THUMB_PX = 24

FACE_OF_POINTS = 1.9
"""Side of the square from brows to chin over the distance from the eyes to the mouth (Farkas 1994: a third of
the face's height).
"""


@dataclass(frozen=True)
class CropsOptions:
    """Whose crops are embedded, how often and how large."""

    people: Annotated[
        int, Knob("faces", source="highlight_vector §2: one or two main people", low=1, high=16)
    ] = 2
    face_scale: Annotated[
        float,
        Knob(
            "× box",
            source="companions §2.4: bbox × 1.5, of the box that the five points span (FACE_OF_POINTS)",
            low=1,
            high=4,
        ),
    ] = 1.5
    mode: Annotated[
        str,
        Knob(
            "",
            source="highlight_vector §9 event-driven: embed only where cheap signals changed",
            choices=("all", "events"),
        ),
    ] = "all"
    event: Annotated[
        float,
        Knob(
            "grey 0-255",
            source="measured: a calm face moves its 24 px thumbnail by 1 to 3 levels, an expression by 5 "
            "to 15",
            low=0,
        ),
    ] = 4.0
    tau_s: Annotated[
        float,
        Knob(
            "s",
            source="highlight_vector §2: EMA of the crop is mandatory; .3 s found planted expressions "
            "best of .09, .3 and 1 s",
            low=0,
        ),
    ] = 0.3


class _Last(NamedTuple):
    """The last vectors of a track and what its face looked like then."""

    thumb: NDArray[np.float32]
    face: NDArray[np.float32]
    body: NDArray[np.float32]


FORGET_S = 60.0
"""More than any track bridges."""


class Crops:
    """Writes two vectors for each of the first faces of a look: the face, turned upright, × 1.5, and the
    upper body.
    """

    name = "crops"
    version = "1"
    writes: tuple[str, ...] = (
        "crops.time_s",
        "crops.track",
        "crops.face",
        "crops.body",
        "crops.body_box",
        "crops.fresh",
    )
    short_side_px = SHORT_SIDE_PX

    models: ClassVar[Mapping[str, str]] = {"embedder": "embedder", "pose": "body_pose"}
    requires: ClassVar[Requires] = ("embedder",)
    knobs: ClassVar[type] = CropsOptions

    def __init__(
        self, *, embedder: Embedder, pose: BodyPose | None = None, knobs: CropsOptions = CropsOptions()
    ) -> None:
        """`pose` is not run here: where there is one, the poses that it found place the upper bodies."""
        self._embedder = embedder
        self._knobs = knobs
        self._last: dict[int, _Last] = {}
        self._steady: dict[tuple[int, str], tuple[float, NDArray[np.float64]]] = {}
        self.needs: tuple[str, ...] = (
            "faces.time_s",
            "faces.track",
            "faces.place",
            "faces.bbox_smooth",
            "faces.points",
        )
        if pose is not None:
            self.needs += ("poses.time_s", "poses.track", "poses.points")
        self._poses: dict[int, tuple[float, NDArray[np.float64]]] = {}
        self.made_by = {"crops.face": embedder.version, "crops.body": embedder.version}
        self.calibrations = dict.fromkeys(self.made_by, calibration_of(embedder))

    def process(self, batch: Batch, seen: Columns) -> Columns:
        rows = [
            self._row(batch, seen, int(i)) for i in np.flatnonzero(seen["faces.place"] < self._knobs.people)
        ]
        dim = self._embedder.dim
        self._forget(batch.end_s - FORGET_S)
        return {
            "crops.time_s": np.array([r[0] for r in rows], np.float64),
            "crops.track": np.array([r[1] for r in rows], np.int64),
            "crops.face": np.array([r[2].face for r in rows], np.float32).reshape(len(rows), dim),
            "crops.body": np.array([r[2].body for r in rows], np.float32).reshape(len(rows), dim),
            "crops.body_box": np.array([r[3] for r in rows], np.float32).reshape(len(rows), 4),
            "crops.fresh": np.array([r[4] for r in rows], np.bool_),
        }

    def finish(self) -> Columns:
        return {}

    def _row(self, batch: Batch, seen: Columns, i: int) -> tuple[float, int, _Last, Corners, bool]:
        time_s, track = float(seen["faces.time_s"][i]), int(seen["faces.track"][i])
        frame = batch.frames[int(np.searchsorted(batch.time_s, time_s))]
        size = np.tile(np.array([frame.shape[1], frame.shape[0]], np.float64), 2)
        pose = self._pose(seen, time_s, track, size)
        body = self._smoothed(time_s, track, "body", body_box(seen["faces.bbox_smooth"][i] * size, pose))
        points = self._smoothed(
            time_s, track, "points", seen["faces.points"][i] * np.tile(size[:2], 5)
        ).reshape(5, 2)
        side = self._embedder.crop_side_px
        face_crop = upright(frame, points, self._knobs.face_scale, side)
        thumb = cv2.resize(face_crop, (THUMB_PX, THUMB_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
        last = self._last.get(track)
        if (
            self._knobs.mode == "events"
            and last is not None
            and np.abs(thumb - last.thumb).mean() < self._knobs.event
        ):
            return time_s, track, last, body / size, False
        vectors = self._embedder.embed_crops(np.stack([face_crop, cut(frame, body, side)]))
        self._last[track] = _Last(thumb, vectors[0], vectors[1])
        return time_s, track, self._last[track], body / size, True

    def _forget(self, before_s: float) -> None:
        """Lets go of tracks that ended long ago."""
        gone = {
            track for (track, what), (at_s, _) in self._steady.items() if what == "body" and at_s < before_s
        }
        for track in gone:
            self._last.pop(track, None)
            self._poses.pop(track, None)
            for what in ("body", "points"):
                self._steady.pop((track, what), None)

    def _pose(
        self, seen: Columns, time_s: float, track: int, size: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """(17,3) of the latest pose of this track, x and y in px; None where there is none of the last
        second.
        """
        if "poses.time_s" not in seen:
            return None
        for row in np.flatnonzero((seen["poses.track"] == track) & (seen["poses.time_s"] <= time_s)):
            points = seen["poses.points"][row].reshape(17, 3) * np.append(size[:2], 1.0)
            self._poses[track] = (float(seen["poses.time_s"][row]), points)
        at_s, latest = self._poses.get(track, (-math.inf, None))
        return latest if time_s - at_s <= 1.0 else None

    def _smoothed(
        self, time_s: float, track: int, what: str, now: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Exponentially smoothed along the track, anew after a gap of more than a second."""
        before = self._steady.get((track, what))
        if before is not None and self._knobs.tau_s > 0 and time_s - before[0] <= 1.0:
            alpha = 1 - math.exp(-(time_s - before[0]) / self._knobs.tau_s)
            now = alpha * now + (1 - alpha) * before[1]
        self._steady[track, what] = (time_s, now)
        return now


def upright(
    frame: NDArray[np.uint8], points: NDArray[np.float64], scale: float, side_px: int
) -> NDArray[np.uint8]:
    """(side,side,3) of a face turned upright by its five points (5,2) in px: `scale` times the square from
    brows to chin.

    Place, size and turn come from the points, so that a head that nods or a box that breathes is not taken
    for a change of the face.
    """
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    along = (points[1] - points[0]) + (points[4] - points[3])
    wide = scale * FACE_OF_POINTS * max(float(np.hypot(*(mouth - eyes))), 1.0)
    middle = (eyes + mouth) / 2
    into = cv2.getRotationMatrix2D(
        (float(middle[0]), float(middle[1])), math.degrees(math.atan2(along[1], along[0])), side_px / wide
    )
    into[:, 2] += side_px / 2 - middle
    return np.asarray(
        cv2.warpAffine(
            frame, into, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def body_box(face: Corners, pose: NDArray[np.float64] | None = None) -> Corners:
    """(4,) square around head and chest: from the shoulders and hips of a pose (17,3) where it is sure of
    them, else from the face.

    Without a pose: 3.2 faces high and wide, from a third of a face above it (a head is 1/7.5 of a body, its
    trunk three heads).
    """
    x, top = (face[0] + face[2]) / 2, face[1] - 0.35 * (face[3] - face[1])
    side = 3.2 * (face[3] - face[1])
    if pose is not None and (pose[5:7, 2] >= POSE_SURE).all():
        shoulders = pose[5:7, :2]
        wide = abs(float(shoulders[0, 0] - shoulders[1, 0]))
        low = (
            float(pose[11:13, 1].mean())
            if (pose[11:13, 2] >= POSE_SURE).all()
            else float(shoulders[:, 1].mean()) + 1.2 * wide
        )
        x = (x + float(shoulders[:, 0].mean())) / 2
        side = max(0.75 * side, 1.5 * wide, low - top)
    return np.array([x - side / 2, top, x + side / 2, top + side])


POSE_SURE = 0.3
"""Confidence from which a point of a pose is believed (MoveNet's own examples)."""


def cut(frame: NDArray[np.uint8], square: Corners, side_px: int) -> NDArray[np.uint8]:
    """(side,side,3) of a square region. A region that reaches past the picture is moved inside it, and made
    smaller where it must be.

    Cut at fractions of a pixel, for a box that crawls must not make its crop jump.
    """
    height, width = frame.shape[:2]
    side = min(max(1.0, float(square[2] - square[0])), width, height)
    left = min(max(0.0, float(square[0] + square[2] - side) / 2), width - side)
    top = min(max(0.0, float(square[1] + square[3] - side) / 2), height - side)
    if side >= 2 * side_px:
        region = frame[round(top) : round(top + side), round(left) : round(left + side)]
        return np.asarray(cv2.resize(region, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)
    scale = side / side_px
    shift = np.array([[scale, 0, left + scale / 2 - 0.5], [0, scale, top + scale / 2 - 0.5]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(frame, shift, (side_px, side_px), flags=how, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
