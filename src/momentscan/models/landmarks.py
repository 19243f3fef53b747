"""Landmarks of a face, and what they say of the head: how it is turned, how open mouth and eyes are, whether
it smiles or is hidden.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.litert import LiteRt, open_litert
from momentscan.models.slots import Slot
from momentscan.models.weights import require, verify
from momentscan.signals.boxes import middles

Frame = NDArray[np.uint8]
"""(H,W,3) uint8 RGB."""

Points = NDArray[np.float32]

Wide = NDArray[np.float64]
"""Landmarks or a matrix to compute with."""

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


class FaceMeasures(NamedTuple):
    """What a face shows; NaN where it is not known. Units and signs: `faces.*` in signals/schema.py.

    yaw (+ looks to the picture's right), pitch (+ looks up), roll (+ clockwise as seen) in degrees;
    mouth_open and eye_open as ratios of height to width; smile and occlusion 0-1.
    """

    yaw: float
    pitch: float
    roll: float
    mouth_open: float
    eye_open: float
    smile: float
    occlusion: float


class FaceLandmarks(Protocol):
    """`version` names the points (network, weights, region): only numbers of one version may be compared."""

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self: ...

    def look(self, frame: Frame, points: Points, bbox: Points) -> Mesh: ...


class _Mesher:
    """What both networks share: a square around the face, turned upright, in; points in px of the frame out."""

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

    def look(self, frame: Frame, points: Points, bbox: Points) -> Mesh:
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


def upright_turn(points: Points) -> float:
    """Radians by which a face is tilted clockwise as seen, from the detector's points (5,2): eyes and mouth
    corners together.

    All four are used because the eyes of a profile lie too close together to tell.
    """
    eye_l, eye_r, _, mouth_l, mouth_r = _in_order(points)
    down = (mouth_l + mouth_r) - (eye_l + eye_r)
    along = (
        (eye_r - eye_l) + (mouth_r - mouth_l) + np.array([down[1], -down[0]])
    )  # down, turned a quarter back, is right again
    return float(np.arctan2(along[1], along[0]))


def _in_order(points: Points) -> Wide:
    """The five points with left and right as the upright face has them: an upside-down one may come named as
    seen, that is mirrored.
    """
    eye_l, eye_r, nose, mouth_l, mouth_r = points.astype(np.float64)
    right = (eye_r - eye_l) + (mouth_r - mouth_l)
    down = (mouth_l + mouth_r) - (eye_l + eye_r)
    mirrored = right[0] * down[1] - right[1] * down[0] < 0
    return np.array(
        [eye_r, eye_l, nose, mouth_r, mouth_l] if mirrored else [eye_l, eye_r, nose, mouth_l, mouth_r]
    )


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


# ---- what a face shows


def measure(mesh: Mesh, frame: Frame) -> FaceMeasures:
    """Everything that a mesh tells; all NaN but the occlusion where `presence` says that there is no face to
    be measured.
    """
    if mesh.presence < PRESENT:
        return FaceMeasures(*(np.nan,) * 6, occlusion=occlusion(mesh, frame))
    points = mesh.points.astype(np.float64)
    yaw, pitch, roll = head_angles(head_turn(points))
    return FaceMeasures(
        yaw,
        pitch + NEUTRAL_PITCH_DEG,
        roll,
        mouth_open(points),
        eye_open(points),
        smile(mesh),
        occlusion(mesh, frame),
    )


def measure_points(points: Points, bbox: Points) -> FaceMeasures:
    """Head pose from the detector's five points (5,2) alone, the rest NaN. NaN throughout where they lie on a
    line.

    Scaled orthography (POS, DeMenthon & Davis 1995) rather than solvePnP: the camera is not known, and on 683
    real faces it is nearer to the mesh's angles (median 2.2° yaw, 3.9° pitch, 2.0° roll). Pitch is coarse: it
    correlates by 0.46 with the mesh's.
    """
    turn = five_point_turn(points, bbox)
    if turn is None:
        return FaceMeasures(*(np.nan,) * 7)
    yaw, pitch, roll = head_angles(turn)
    return FaceMeasures(yaw, pitch + NEUTRAL_PITCH_DEG, roll, *(np.nan,) * 4)


NEUTRAL_PITCH_DEG = 4.7
"""What is added so that a face that looks straight ahead has pitch 0: the median of the 58 frontal faces (yaw
within 10°, roll within 15°) of deepface's test images, quartiles 0.3 and 8.0; both networks give it alike
(4.7 and 4.6).
"""

# x to the picture's right, y down, z away from the camera, in cm: MediaPipe's canonical_face_model.obj.
# Points that neither jaw, lips nor
# brows move: corners of the eyes, bridge and tip of the nose, its wings, forehead, temples.
_RIGID = {
    33: (-4.446, -2.664, -3.173),
    133: (-1.856, -2.585, -3.758),
    362: (1.856, -2.585, -3.758),
    263: (4.446, -2.664, -3.173),
    168: (0.0, -3.271, -5.236),
    6: (0.0, -2.473, -5.789),
    1: (0.0, 1.127, -7.476),
    10: (0.0, -8.262, -4.482),
    54: (-6.279, -6.615, -1.426),
    284: (6.279, -6.615, -1.426),
    129: (-1.786, 0.978, -4.850),
    358: (1.786, 0.978, -4.850),
    127: (-7.743, -2.365, 2.005),
    356: (7.743, -2.365, 2.005),
}
RIGID = tuple(_RIGID)
RIGID_CM = np.array(list(_RIGID.values()))
"""(14,3): where a face that looks into the camera has these points."""

FIVE_CM = np.array(
    [
        [-3.151, -2.625, -3.466],
        [3.151, -2.625, -3.466],
        [0.0, 1.127, -7.476],
        [-2.456, 4.343, -4.284],
        [2.456, 4.343, -4.284],
    ]
)
"""(5,3): the same face's eyes (midway between their corners), tip of the nose and corners of the mouth, in
the detector's order.
"""


def head_turn(points: Wide) -> Wide:
    """(468+,3) landmarks -> (3,3) rotation from the face that looks into the camera to this one (Kabsch
    1976).
    """
    seen, still = points[list(RIGID)], RIGID_CM
    left, _, right = np.linalg.svd((seen - seen.mean(axis=0)).T @ (still - still.mean(axis=0)))
    left[:, 2] *= np.sign(np.linalg.det(left @ right))  # a rotation, not a mirror image
    turn: Wide = left @ right
    return turn


def five_point_turn(points: Points, bbox: Points) -> Wide | None:
    """The detector's points (5,2) -> (3,3) as `head_turn`; None where they lie on a line or in one place."""
    seen = (_in_order(points) - points.mean(axis=0)) / max(
        float(bbox[2] - bbox[0]), float(bbox[3] - bbox[1]), 1.0
    )
    projection = np.linalg.lstsq(FIVE_CM - FIVE_CM.mean(axis=0), seen, rcond=None)[0].T
    left, sizes, right = np.linalg.svd(projection, full_matrices=False)
    if not sizes[1] > 0.1 * sizes[0]:
        return None
    across, down = left @ right
    return np.stack([across, down, np.cross(across, down)])


def head_angles(turn: Wide) -> tuple[float, float, float]:
    """(3,3) rotation -> yaw, pitch, roll in degrees; + is to the picture's right, up, clockwise as seen.

    The head turns about its own vertical first, nods then, and is tilted in the picture last: so roll is
    where its vertical points in the picture, and only a face seen from above or below has none.
    """
    down = turn[:, 1]
    roll = np.arctan2(-down[0], down[1])
    upright = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]]) @ turn
    yaw = np.arctan2(-upright[0, 2], upright[0, 0])
    pitch = np.arctan2(-upright[2, 1], upright[1, 1])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


EYES = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
"""p1 to p6 of Soukupova & Cech (2016) for the eye on the left of the picture, then the other."""


def eye_open(points: Wide) -> float:
    """(468+,3) -> eye aspect ratio, mean of both eyes. In space, so that a turned head does not narrow the
    eye (corr. with blink -0.93, in the picture -0.89)."""
    return float(np.mean([aspect(points, ((b, f), (c, e)), (a, d)) for a, b, c, d, e, f in EYES]))


def mouth_open(points: Wide) -> float:
    """(468+,3) -> gap between the inner lips over the inner width of the mouth."""
    return aspect(points, ((13, 14),), (78, 308))


def aspect(points: Wide, heights: tuple[tuple[int, int], ...], width: tuple[int, int]) -> float:
    """Mean length of some pairs of points over the length of another; NaN where that has none."""
    across = np.linalg.norm(points[width[0]] - points[width[1]])
    if across <= 0:
        return np.nan
    return float(np.mean([np.linalg.norm(points[i] - points[j]) for i, j in heights]) / across)


def smile(mesh: Mesh) -> float:
    """0-1: mean of the two mouthSmile blendshapes; without them, from width and lift of the corners of the
    mouth.
    """
    if mesh.blendshapes is not None:
        return (mesh.blendshapes["mouthSmileLeft"] + mesh.blendshapes["mouthSmileRight"]) / 2
    return shaped_smile(mesh.points.astype(np.float64))


SMILE_WIDTH, SMILE_OVER_LIPS, SMILE_TO_NOSE, SMILE_BASE = 2.62, 3.53, 2.14, -0.82
"""Least squares against the mouthSmile blendshapes of the same 683 faces, for the 468-point network:
correlation 0.93; fitted on stills and tried on videos 0.90, the other way round 0.90."""


def shaped_smile(points: Wide) -> float:
    """(468+,3) -> 0-1 from the shape of the mouth alone, in units of the distance between the outer corners
    of the eyes.
    """
    head = (points - points[168]) @ head_turn(points)
    eyes = np.linalg.norm(head[263] - head[33])
    corners = head[[61, 291]].mean(axis=0)
    width = (head[291, 0] - head[61, 0]) / eyes
    over_lips = (head[[13, 14], 1].mean() - corners[1]) / eyes
    to_nose = (head[2, 1] - corners[1]) / eyes
    return float(
        np.clip(
            SMILE_WIDTH * width + SMILE_OVER_LIPS * over_lips + SMILE_TO_NOSE * to_nose + SMILE_BASE, 0, 1
        )
    )


# ---- what hides it


def occlusion(mesh: Mesh, frame: Frame) -> float:
    """0-1: how far the network sees no face (hands do that), or the share of the lower face that has not the
    skin's colour (masks do that), whichever is more.

    A lower bound: what has the colour of skin and leaves the face plain to the network (a finger, a
    skin-coloured mask) is not seen, and in a picture without colour only the network tells.
    """
    hidden = 1 - mesh.presence
    return max(hidden, foreign_share(mesh.points, frame)) if mesh.presence >= PRESENT else hidden


# Numbers of the colour cue: chosen on 80 unhidden stills (deepface's and InspireFace's test images) and the
# same with masks of seven
# colours painted on; to be swept.
SKIN_WIDTH_PX = 72
"""Width to which a face is brought before its colours are compared; larger ones only bring pores."""
SKIN_MIN_PX = 20
CHROMA_SHARE, CHROMA_LOW, CHROMA_HIGH = 0.7, 8.0, 16.0
"""A pixel is foreign from this share of the skin's own chroma on (Lab a, b), within these limits."""
LIGHTNESS_STEP = 35.0
"""And from this difference of lightness (Lab L) on; smaller ones are shade."""
BEARD_DARKER = 6.0
"""Foreign pixels around the mouth that are darker than the skin by this (Lab L) may be a beard."""
BEARD_FREE, BEARD_DENIED = 0.4, 0.8
"""They count from the first share of foreign pixels on nose and cheeks on, where no beard grows, and fully
from the second.
"""

# Convex outlines, by landmark; what is named later is cut out of what is named before.
SKIN_OUTLINES = (
    (151, 108, 107, 55, 8, 285, 336, 337),  # between the brows
    (193, 417, 419, 456, 195, 236, 196),  # bridge of the nose
    (119, 118, 117, 50, 205, 36, 101, 100),  # below the eyes
    (348, 347, 346, 280, 425, 266, 330, 329),
)
MOUTH_OUTLINE = (5, 205, 425, 214, 434, 210, 430, 211, 431, 32, 262, 208, 428, 175)
NOSE_OUTLINE = (5, 50, 280, 205, 425, 2, 36, 266)
LIPS_OUTLINE = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
NOSTRILS_OUTLINE = (98, 97, 2, 326, 327, 94, 19, 59, 289)


def foreign_share(points: Points, frame: Frame) -> float:
    """Share of nose, lower cheeks and the skin around the mouth whose colour is not that of brow, bridge and
    upper cheeks; 0-1.

    0 where too little of the face is in the frame to tell.
    """
    crop, places = _face_crop(points, frame)
    if crop is None:
        return 0.0
    skin_at, nose_at, mouth_at = _skin_regions(places, crop.shape[:2])
    if min(skin_at.sum(), nose_at.sum(), mouth_at.sum()) < SKIN_MIN_PX:
        return 0.0
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    skin = np.median(lab[skin_at], axis=0)
    nose, mouth = foreign(lab[nose_at], skin), foreign(lab[mouth_at], skin)
    no_beard = np.clip((nose.mean() - BEARD_FREE) / (BEARD_DENIED - BEARD_FREE), 0, 1)
    counts = np.where(lab[mouth_at][:, 0] > skin[0] - BEARD_DARKER, 1.0, no_beard)
    return float((nose.sum() + (mouth * counts).sum()) / (nose.size + mouth.size))


def foreign(lab: Points, skin: Points) -> NDArray[np.bool_]:
    """(N,3) Lab colours and the skin's (3,) -> (N,): which are too far off to be that skin in another light."""
    # Shade scales a and b as it scales L + 16 (CIE 1976, all are cube roots of light); a highlight has no
    # more colour than the skin.
    shade = np.clip((lab[:, :1] + 16) / (skin[0] + 16), 0, 1)
    reach = np.clip(CHROMA_SHARE * np.hypot(skin[1], skin[2]), CHROMA_LOW, CHROMA_HIGH)
    chroma = np.linalg.norm(lab[:, 1:] - skin[1:] * shade, axis=1) / reach
    far: NDArray[np.bool_] = np.hypot(chroma, (lab[:, 0] - skin[0]) / LIGHTNESS_STEP) > 1
    return far


def _face_crop(points: Points, frame: Frame) -> tuple[Frame | None, Points]:
    """The face cut out and brought to SKIN_WIDTH_PX, with the landmarks' (N,2) places in it; None where it is
    not in the frame.
    """
    limits = np.array([frame.shape[1], frame.shape[0]])
    low = np.clip(np.floor(points[:, :2].min(axis=0)), 0, limits).astype(int)
    high = np.clip(np.ceil(points[:, :2].max(axis=0)) + 1, 0, limits).astype(int)
    scale = SKIN_WIDTH_PX / max(float(np.ptp(points[:, :2], axis=0).max()), 1.0)
    width, height = (max(1, round(float(side) * scale)) for side in high - low)
    if (high <= low).any():
        return None, points[:, :2]
    found = frame[low[1] : high[1], low[0] : high[0]]
    crop = cv2.resize(found, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return crop, (points[:, :2] - low) * scale


def _skin_regions(
    places: Points, size: tuple[int, ...]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of the face's own skin, of nose and cheeks where no beard grows, and of the skin around the
    mouth.
    """
    lips = cv2.dilate(_inside((LIPS_OUTLINE,), places, size), np.ones((5, 5), np.uint8))
    nostrils = cv2.dilate(_inside((NOSTRILS_OUTLINE,), places, size), np.ones((3, 3), np.uint8))
    skin, mouth, nose = (
        _inside(outlines, places, size) for outlines in (SKIN_OUTLINES, (MOUTH_OUTLINE,), (NOSE_OUTLINE,))
    )
    nose = nose & ~(lips | nostrils)
    return (skin & ~nose).astype(bool), nose.astype(bool), (mouth & ~(nose | lips | nostrils)).astype(bool)


def _inside(
    outlines: tuple[tuple[int, ...], ...], places: Points, size: tuple[int, ...]
) -> NDArray[np.uint8]:
    """uint8 mask of `size` with ones inside the convex hulls."""
    mask = np.zeros(size, np.uint8)
    for outline in outlines:
        cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(places[list(outline)]).astype(np.int32)), 1)
    return mask


# fmt: off
SHAPED = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88,
    91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162,
    163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293,
    295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378,
    379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474,
    475, 476, 477,
)
"""The 146 landmarks that the blendshape network reads, in its order: MediaPipe's face_blendshapes_graph.cc.
"""

BLENDSHAPES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft",
    "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight",
)
"""The names of its outputs, in their order (the same source); left and right are the subject's."""
# fmt: on
