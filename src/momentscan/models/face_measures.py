"""What landmarks say of a face: its turn, how open mouth and eyes are, whether it smiles or is hidden."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from momentscan.models.head_pose import Points, Wide, five_point_turn, head_angles, head_turn
from momentscan.models.landmarks import PRESENT, Frame, Mesh
from momentscan.models.skin_colour import foreign_share


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


NEUTRAL_PITCH_DEG = 4.7
"""What is added so that a face that looks straight ahead has pitch 0: the median of the 58 frontal faces (yaw
within 10°, roll within 15°) of deepface's test images, quartiles 0.3 and 8.0; both networks give it alike
(4.7 and 4.6).
"""


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


def occlusion(mesh: Mesh, frame: Frame) -> float:
    """0-1: how far the network sees no face (hands do that), or the share of the lower face that has not the
    skin's colour (masks do that), whichever is more.

    A lower bound: what has the colour of skin and leaves the face plain to the network (a finger, a
    skin-coloured mask) is not seen, and in a picture without colour only the network tells.
    """
    hidden = 1 - mesh.presence
    return max(hidden, foreign_share(mesh.points, frame)) if mesh.presence >= PRESENT else hidden
