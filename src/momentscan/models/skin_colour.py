"""How much of a lower face has not the colour of the face's skin: masks, scarves, food."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""(H,W,3) uint8 RGB."""

Points = NDArray[np.float32]

# Numbers of the colour cue: chosen on 80 unhidden stills (deepface's and InspireFace's test images) and the
# same with masks of seven colours painted on; to be swept.
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
    """(N,3) Lab colours and the skin's (3,) -> (N,): which cannot be that skin in another light."""
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
