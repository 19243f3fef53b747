"""A crop shows the whole face at full size, with room around it and nobody else in it; what cannot be cut so
is refused.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fakes
import worlds
from momentscan.packs.cropping import (
    SCALES,
    CuttingOptions,
    FaceCrop,
    FaceWanted,
    _region,
    _without,
    crop_faces,
)
from worlds import BLUE, CYAN, GREEN, RED, Face

HW = (360, 640)
KNOWN = {
    who: fakes.FaceId()._hue(np.full((8, 8, 3), colour, np.uint8))
    for who, colour in ((RED, (230, 0, 0)), (CYAN, (0, 230, 230)))
}


def frame(*faces: Face) -> np.ndarray:
    shown = worlds.backdrop(0, HW)
    for face in faces:
        worlds.draw(shown, face)
    return shown


def box(face: Face) -> tuple[int, int, int, int]:
    half = face.size_px / 2
    return round(face.x - half), round(face.y - half), round(face.x + half), round(face.y + half)


def cut_out(shown: np.ndarray, face: Face, *others: Face, who: int | None = RED) -> FaceCrop | str:
    known = None if who is None else np.array([KNOWN[who]])
    return crop_faces(
        shown,
        [FaceWanted(box(face), known)],
        [box(o) for o in others],
        fakes.Detector(),
        fakes.FaceId(),
        0.9,
        CuttingOptions(),
    )


def pixels(made: FaceCrop) -> np.ndarray:
    return np.ascontiguousarray(
        cv2.imdecode(np.frombuffer(made.data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    )


def made_of(found: FaceCrop | str) -> FaceCrop:
    assert isinstance(found, FaceCrop), found
    return found


def test_a_crop_is_twice_the_face_and_has_the_pixels_of_the_frame() -> None:
    shown = frame(face := Face(300, 180, 80, RED))
    made = made_of(cut_out(shown, face))
    assert made.crop_px == (220, 100, 380, 260)
    assert np.abs(pixels(made).astype(int) - shown[100:260, 220:380]).mean() < 3
    assert made.stable[0] is not None
    assert made.stable[0] > 0.99
    assert np.abs(np.array(made.faces_px[0]) - box(face)).max() <= 2


@pytest.mark.parametrize("at", [(45, 45), (600, 45), (45, 320), (600, 320)])
def test_at_the_edge_the_region_is_moved_into_the_picture(at: tuple[int, int]) -> None:
    face = Face(*at, 70, RED)
    made = made_of(cut_out(frame(face), face))
    x1, y1, x2, y2 = made.crop_px
    assert 0 <= x1 < x2 <= HW[1]
    assert 0 <= y1 < y2 <= HW[0]
    assert (x2 - x1, y2 - y1) == (140, 140)


def test_a_face_as_large_as_the_picture_is_cut_as_the_picture() -> None:
    face = Face(320, 180, 330, RED)
    made = made_of(cut_out(frame(face), face))
    assert made.crop_px[1::2] == (0, 360)


def test_it_ends_before_the_face_beside() -> None:
    face, beside = Face(280, 180, 80, RED), Face(375, 180, 80, CYAN)
    made = made_of(cut_out(frame(face, beside), face, beside))
    assert made.crop_px[2] <= box(beside)[0]
    assert made.crop_px[0] == 200, "the other side keeps its room"
    assert len(fakes.Detector().detect(pixels(made)).score) == 1


def test_without_knowing_of_the_face_beside_it_is_cut_tighter() -> None:
    face, beside = Face(280, 180, 80, RED), Face(336, 124, 40, CYAN)
    made = made_of(cut_out(frame(face, beside), face))
    boxes = fakes.Detector().detect(pixels(made)).bbox
    areas = sorted((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
    assert all(a <= 0.1 * areas[-1] for a in areas[:-1]), "a sliver at most"
    assert made.crop_px[2] - made.crop_px[0] < 160


def test_a_small_face_far_behind_is_let_be() -> None:
    face, behind = Face(280, 180, 120, RED), Face(375, 90, 24, CYAN)
    made = made_of(cut_out(frame(behind, face), face))
    assert made.crop_px[2] - made.crop_px[0] == 240


def test_a_face_before_a_face_is_refused() -> None:
    face, inside = Face(280, 180, 120, RED), Face(280, 262, 60, CYAN)
    found = cut_out(frame(face, inside), face, inside)
    assert (
        found == "somebody else's face is in every crop"
        or len(fakes.Detector().detect(pixels(made_of(found))).score) == 1
    )


def test_what_is_not_there_is_refused() -> None:
    assert cut_out(frame(), Face(300, 180, 80, RED)) == "no face was found again in its crop"


def test_somebody_else_in_the_same_place_is_refused() -> None:
    face = Face(300, 180, 80, CYAN)
    assert str(cut_out(frame(face), face, who=RED)).startswith("its crop is not like the person (cosine -")


def test_where_nobody_knows_who_it_is_the_crop_has_no_cosine() -> None:
    face = Face(300, 180, 80, GREEN)
    assert made_of(cut_out(frame(face), face, who=None)).stable == (None,)


class Near(fakes.Detector):
    """Finds a face only where there is much room around it, as detectors do that were trained so."""

    def detect(self, frame: np.ndarray) -> fakes.Detections:
        found = super().detect(frame)
        wide = bool(len(found.bbox)) and frame.shape[1] > 2.3 * (found.bbox[0, 2] - found.bbox[0, 0])
        return found if wide else fakes.Detections(*(x[:0] for x in found))


def test_where_the_detector_wants_more_room_it_gets_it() -> None:
    face = Face(300, 180, 80, RED)
    made = made_of(
        crop_faces(frame(face), [FaceWanted(box(face), None)], [], Near(), None, -1.0, CuttingOptions())
    )
    assert made.crop_px[2] - made.crop_px[0] == round(2.6 * 80)


def test_two_are_cut_together_each_with_a_cosine_of_their_own() -> None:
    left, right = Face(200, 180, 70, RED), Face(330, 190, 60, CYAN)
    wanted = [FaceWanted(box(left), np.array([KNOWN[RED]])), FaceWanted(box(right), np.array([KNOWN[CYAN]]))]
    made = made_of(
        crop_faces(frame(left, right), wanted, [], fakes.Detector(), fakes.FaceId(), 0.9, CuttingOptions())
    )
    assert len(made.faces_px) == len(made.stable) == 2
    assert made.faces_px[0][0] < made.faces_px[1][0]
    assert made.crop_px[0] <= box(left)[0] - 30
    assert made.crop_px[2] >= box(right)[2] + 25


def test_a_third_between_two_is_refused() -> None:
    left, right, third = (
        Face(180, 180, 70, RED),
        Face(400, 180, 70, CYAN),
        Face(290, 180, 70, BLUE, light=0.8),
    )
    wanted = [FaceWanted(box(left), None), FaceWanted(box(right), None)]
    found = crop_faces(
        frame(left, right, third), wanted, [box(third)], fakes.Detector(), None, -1.0, CuttingOptions()
    )
    assert found == "somebody else's face is in every crop"


sides = st.integers(8, 300)
places = st.tuples(st.integers(0, 639), st.integers(0, 359), sides, sides)


@given(places, st.lists(places, max_size=4), st.sampled_from(SCALES))
def test_a_region_lies_in_the_picture_and_holds_the_face(
    own: tuple[int, int, int, int], others: list[tuple[int, int, int, int]], scale: float
) -> None:
    def inside(place: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        x, y, wide, high = place
        return x, y, min(x + wide, 640), min(y + high, 360)

    face = inside(own)
    region = _without(
        _region(np.zeros((*HW, 3), np.uint8), [face], scale), [face], [inside(o) for o in others], 0.3
    )
    assert 0 <= region[0] <= face[0] + 1
    assert 0 <= region[1] <= face[1] + 1
    assert face[2] - 1 <= region[2] <= 640
    assert face[3] - 1 <= region[3] <= 360
