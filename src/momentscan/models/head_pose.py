"""How a head is turned: from landmarks, or from a detector's five points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

Wide = NDArray[np.float64]
"""Landmarks or a matrix to compute with."""

# x to the picture's right, y down, z away from the camera, in cm: MediaPipe's canonical_face_model.obj.
# Points that neither jaw, lips nor brows move: corners of the eyes, bridge and tip of the nose, its wings,
# forehead, temples.
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
