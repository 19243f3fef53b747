"""Landmarks of a face: two networks, and the square around it in which they look."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.models.blendshapes import BLENDSHAPES, SHAPED
from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.head_pose import Points, head_angles, head_turn, upright_turn
from momentscan.models.litert import LiteRt, open_litert
from momentscan.models.slots import Slot
from momentscan.models.weights import require, verify
from momentscan.signals.boxes import middles

Frame = NDArray[np.uint8]
"""(H,W,3) uint8 RGB."""

ROI_SCALE = 1.5
"""Side of the square that the network sees over the longer side of the face box: MediaPipe's
face_landmarker_graph.cc.
"""

PRESENT = 0.5
"""Presence from which on the landmarks are believed: MediaPipe's min_face_presence_confidence."""

TURNED_PRESENT = 0.99
"""Presence from which on a face is believed to lie a quarter or half a turn off its points. Of 143 stills
that were turned and in which the first view saw no face it is right in 120, wrong in 5, silent in 18; a face
behind a hand feigned 0.80 at most (29 hard frames).
"""

LYING_ASPECT, LYING_TURN_RAD = 1.15, np.radians(25)
"""Height over width of the box under which a face that is upright by its points is doubted: upright ones have
1.27 to 1.51 (90 % of 76 stills, YuNet), the same lying on their side 0.73 to 1.16."""

TILT_LEFT_RAD = np.radians(10)
"""Tilt of the landmarks in their upright square from which on a second view is worth its price. One for every
face was not: it moved angles by 0.6° and the smile by 0.03 on average."""


class Mesh(NamedTuple):
    """Landmarks of one face.

    `points` (468 or 478, 3) float32: x, y in px of the frame, z in the same unit, smaller is nearer the
    camera; MediaPipe's order, whose left is the subject's. `presence` 0-1: how sure the network is that there
    is a face. `blendshapes`: name -> 0-1, or None.
    """

    points: Points
    presence: float
    blendshapes: dict[str, float] | None = None


class FaceLandmarks(Protocol):
    """`version` names the points (network, weights, region): only numbers of one version may be compared."""

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self: ...

    def estimate(self, frame: Frame, points: Points, bbox: Points) -> Mesh: ...


class _Mesher:
    """What both networks share: a square around the face, turned upright, in; points of the frame out."""

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None = None
    _member: ClassVar[str | None] = None
    _side_px: ClassVar[int]

    def __init__(self, mesher: LiteRt, shaper: LiteRt | None = None) -> None:
        self._mesher = mesher
        self._shaper = shaper

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self:
        """Raises MissingModel if the weights are not here, BadWeights if they are other ones. Runs on the
        CPU, whatever the device.
        """
        assert cls.weight is not None
        path = require(cls.weight, folder)
        opened = cls(*cls._networks(path))
        opened.sha256 = verify(path, cls.weight)
        return opened

    @classmethod
    def _networks(cls, path: Path) -> tuple[LiteRt, ...]:
        return (open_litert(path),)

    def estimate(self, frame: Frame, points: Points, bbox: Points) -> Mesh:
        """Frame (H,W,3), the detector's points (5,2) and box (4,) x1, y1, x2, y2 in px -> landmarks.

        A face on its side or its head often comes with points that claim it is upright; so where no face is
        seen, or the box is that of a lying one, the square is turned by quarters too; and where the landmarks
        are tilted in the square, once more with them.
        """
        turn = upright_turn(points)
        mesh = self._view(frame, bbox, turn)
        left = tilt_left(mesh.points, turn)
        if mesh.presence >= PRESENT and abs(left) > TILT_LEFT_RAD:
            again = self._view(frame, bbox, turn + left)
            mesh = again if again.presence >= PRESENT else mesh
        elif mesh.presence < PRESENT or claims_too_much(bbox, turn):
            turned = [self._view(frame, bbox, turn + quarter * np.pi / 2) for quarter in (1, 2, 3)]
            mesh = max([mesh, *(m for m in turned if m.presence > TURNED_PRESENT)], key=lambda m: m.presence)
        return mesh._replace(blendshapes=self._shapes(mesh.points))

    def _view(self, frame: Frame, bbox: Points, turn: float) -> Mesh:
        into = region(bbox, turn, self._side_px)
        flat = cv2.warpAffine(
            frame,
            into,
            (self._side_px, self._side_px),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        found, presence, *_ = self._mesher.run([(flat.astype(np.float32) / 255)[None]])
        return Mesh(back_in_frame(found.reshape(-1, 3), into), sigmoid(float(presence.ravel()[0])))

    def _shapes(self, points: Points) -> dict[str, float] | None:
        if self._shaper is None:
            return None
        (shapes,) = self._shaper.run([np.ascontiguousarray(points[None, SHAPED, :2])])
        return {name: float(value) for name, value in zip(BLENDSHAPES, shapes, strict=True)}


class FaceLandmarker(_Mesher):
    """MediaPipe's Face Landmarker (2023): 478 points with irises, 52 blendshapes."""

    name = "face-landmarker"
    version = "face-landmarker-float16-1-v1"
    weight = row("face_landmarker.task")
    _side_px = 256

    @classmethod
    def _networks(cls, path: Path) -> tuple[LiteRt, ...]:
        return open_litert(path, "face_landmarks_detector.tflite"), open_litert(
            path, "face_blendshapes.tflite"
        )


class FaceMesh(_Mesher):
    """MediaPipe's face mesh of 2020 without attention (Kartynnik et al. 2019): 468 points, no blendshapes."""

    name = "face-mesh"
    version = "face-mesh-0.10.21-v1"
    weight = row("face_landmark.tflite")
    _side_px = 192


LANDMARKS: Slot[FaceLandmarks] = Slot(
    "landmarks",
    what="face landmarks",
    purpose="face landmarks",
    kinds={kind.name: kind for kind in (FaceLandmarker, FaceMesh)},
    auto=("face-landmarker", "face-mesh"),  # the newer network has blendshapes and surer lips and lids
    needs=("detector",),
    absence="no face landmarks are on this machine: mouths, eyes and smiles were not seen; `momentscan "
    "models pull face-mesh`",
    pull=("faces", "face-mesh"),
)


# ---- the region


def region(bbox: Points, turn: float, side_px: int) -> NDArray[np.float64]:
    """(2,3) affine from the frame to a square of `side_px`: ROI_SCALE times the box's longer side, turned
    upright.
    """
    x1, y1, x2, y2 = (float(v) for v in bbox)
    scale = side_px / max(ROI_SCALE * max(x2 - x1, y2 - y1), 1.0)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    linear = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([linear, side_px / 2 - linear @ middles(np.array([x1, y1, x2, y2]))])


def back_in_frame(found: Points, into: NDArray[np.float64]) -> Points:
    """(N,3) px of the square -> px of the frame; z is scaled alike."""
    back = cv2.invertAffineTransform(into)
    scale = np.hypot(back[0, 0], back[1, 0])
    return np.column_stack([found[:, :2] @ back[:, :2].T + back[:, 2], found[:, 2] * scale]).astype(
        np.float32
    )


def claims_too_much(bbox: Points, turn: float) -> bool:
    """Whether the points say that the face is upright, and the box that it lies on its side."""
    x1, y1, x2, y2 = (float(v) for v in bbox)
    return abs(turn) < LYING_TURN_RAD and y2 - y1 < LYING_ASPECT * (x2 - x1)


def tilt_left(points: Points, turn: float) -> float:
    """Radians by which a face with these landmarks (468+,3) is tilted further than `turn`, within half a
    turn.
    """
    _, _, roll = head_angles(head_turn(points.astype(np.float64)))
    return float((np.radians(roll) - turn + np.pi) % (2 * np.pi) - np.pi)


def sigmoid(logit: float) -> float:
    """A logit -> 0-1, in double precision, so that even very sure ones can be ranked."""
    return float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))
