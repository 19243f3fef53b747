"""Reference crops out of full-size frames: padded, looked at again by the detector, and identified again,
before anything keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.media import jpeg, small_jpeg
from momentscan.models.detectors import FaceDetector
from momentscan.models.face_id import FaceId, align
from momentscan.signals.boxes import areas, ious, squares, whole
from momentscan.values import Box

Frame = NDArray[np.uint8]
SCALES = (2.0, 1.7, 1.4, 2.6, 3.4)
"""× the face's longer side, in this order: tighter where somebody else looks in, wider where the detector
misses the face. Taste; 2 leaves hair and chin, which InsightFace's detector in InstantID, IP-Adapter FaceID
and PuLID wants around a face.
"""

THUMB_PX = 168


@dataclass(frozen=True)
class CuttingOptions:
    """How reference images are cut."""

    quality: Annotated[
        int, Knob("JPEG 1-100", source="taste: no visible loss when a trainer reads it", low=50, high=100)
    ] = 95
    same_face: Annotated[
        float,
        Knob(
            "IoU",
            source="measured: boxes of one face at full size and at 540 px overlap by .6 to .9",
            low=0,
            high=1,
        ),
    ] = 0.4
    others: Annotated[
        float,
        Knob(
            "× area",
            source="reference tools take the largest face of an image; taste: a tenth of it in the "
            "background is let be",
            low=0,
        ),
    ] = 0.1
    apart: Annotated[
        float,
        Knob(
            "× face",
            source="taste: hair and ears of somebody beside reach so far past the box of the face",
            low=0,
            high=1,
        ),
    ] = 0.3


class FaceCrop(NamedTuple):
    """A crop as it will be kept. `faces_px`: the boxes found again in it, in px of the video, with the
    detector's `scores`; `stable`: cosine of each with its person, None where Face-ID was not asked."""

    data: bytes
    thumb: bytes
    crop_px: Box
    faces_px: tuple[Box, ...]
    scores: tuple[float, ...]
    stable: tuple[float | None, ...]


class FaceWanted(NamedTuple):
    """A face to be cut: its box, and the (K, D) vectors that are its person's; None where identity is not
    known.
    """

    box: Box
    known: NDArray[np.float64] | None


def crop_faces(
    frame: Frame,
    wanted: Sequence[FaceWanted],
    others: Sequence[Box],
    detector: FaceDetector,
    face_id: FaceId | None,
    tau: float,
    knobs: CuttingOptions,
) -> FaceCrop | str:
    """The first region around these faces, of SCALES, in which the detector finds them again and nobody else;
    or why there is none.

    `others`: faces of other people that were seen in this frame; regions end before them where they can.
    """
    why = "no face was found again in its crop"
    for scale in SCALES:
        own = [w.box for w in wanted]
        crop_px = _without(_region(frame, own, scale), own, others, knobs.apart)
        found = _look_again(frame, crop_px, wanted, detector, knobs)
        if isinstance(found, str):
            why = found
            continue
        data, boxes, scores, points = found
        stable = tuple(_cosine(frame, p, w.known, face_id) for p, w in zip(points, wanted, strict=True))
        if any(s is not None and s < tau for s in stable):
            lowest = min(s for s in stable if s is not None)
            return f"its crop is not like the person (cosine {lowest:.2f}, asked {tau:.2f})"
        x1, y1, x2, y2 = crop_px
        return FaceCrop(data, small_jpeg(frame[y1:y2, x1:x2], THUMB_PX), crop_px, boxes, scores, stable)
    return why


def _look_again(
    frame: Frame, crop_px: Box, wanted: Sequence[FaceWanted], detector: FaceDetector, knobs: CuttingOptions
) -> tuple[bytes, tuple[Box, ...], tuple[float, ...], list[NDArray[np.float64]]] | str:
    """(JPEG, boxes, scores, points in the frame) of the wanted faces as the detector sees them in the very
    bytes that will be kept.
    """
    x1, y1, x2, y2 = crop_px
    data = jpeg(frame[y1:y2, x1:x2], knobs.quality)
    kept = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    seen = detector.detect(np.ascontiguousarray(kept[:, :, ::-1]))
    corner = np.array([x1, y1], np.float64)
    boxes = seen.bbox.astype(np.float64) + np.tile(corner, 2)
    chosen: list[int] = []
    for w in wanted:
        overlap = ious(np.array(w.box, np.float64), boxes)
        best = int(np.argmax(overlap)) if len(overlap) else -1
        if best < 0 or overlap[best] < knobs.same_face or best in chosen:
            return "no face was found again in its crop"
        chosen.append(best)
    sizes = areas(boxes)
    if (np.delete(sizes, chosen) > knobs.others * sizes[chosen].min()).any():
        return "somebody else's face is in every crop"
    points = [seen.points[k].astype(np.float64) + corner for k in chosen]
    found = tuple(whole(boxes[k]) for k in chosen)
    return data, found, tuple(float(seen.score[k]) for k in chosen), points


def _cosine(
    frame: Frame, points: NDArray[np.float64], known: NDArray[np.float64] | None, face_id: FaceId | None
) -> float | None:
    """The highest cosine of a face at full size with the vectors that are its person's."""
    if known is None or face_id is None:
        return None
    return float((known @ face_id.embed(align(frame, points)[None])[0]).max())


def _region(frame: Frame, boxes: Sequence[Box], scale: float) -> Box:
    """Around all boxes, each widened to a square of `scale` times its longer side; moved into the picture,
    and cut off where it must be.
    """
    around = squares(np.array(boxes), scale)
    (left, top), (right, bottom) = around[:, :2].min(axis=0).tolist(), around[:, 2:].max(axis=0).tolist()
    height, width = frame.shape[:2]
    wide, high = min(right - left, width), min(bottom - top, height)
    x, y = min(max(0.0, left), width - wide), min(max(0.0, top), height - high)
    return round(x), round(y), round(x + wide), round(y + high)


def _without(region: Box, own: Sequence[Box], others: Sequence[Box], apart: float) -> Box:
    """The region without the parts in which others' faces are, as far as the own ones, with a tenth around
    them, stay inside.
    """
    left, top, right, bottom = region
    margin = 0.1 * max(max(b[2] - b[0], b[3] - b[1]) for b in own)
    keep = [min(b[k] for b in own) - margin for k in (0, 1)] + [
        max(b[k] for b in own) + margin for k in (2, 3)
    ]
    for x1, y1, x2, y2 in others:
        if x2 <= left or x1 >= right or y2 <= top or y1 >= bottom:
            continue
        gap, x, y = apart * (x2 - x1), (x1 + x2) / 2, (y1 + y2) / 2
        if x < keep[0]:
            left = max(left, round(min(x2 + gap, keep[0])))
        elif x > keep[2]:
            right = min(right, round(max(x1 - gap, keep[2])))
        elif y < keep[1]:
            top = max(top, round(min(y2 + gap, keep[1])))
        elif y > keep[3]:
            bottom = min(bottom, round(max(y1 - gap, keep[3])))
    return left, top, right, bottom
