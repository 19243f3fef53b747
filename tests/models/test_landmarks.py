"""What landmarks say of a head, first on planted points, then on real faces."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.models import face_measures, head_pose, landmarks, skin_colour
from momentscan.models.blendshapes import BLENDSHAPES, SHAPED
from momentscan.models.catalogue import weight
from momentscan.models.face_measures import NEUTRAL_PITCH_DEG, FaceMeasures, measure, measure_points
from momentscan.models.head_pose import FIVE_CM, RIGID, RIGID_CM, upright_turn
from momentscan.models.landmarks import LANDMARKS, FaceLandmarker, FaceMesh, Mesh
from momentscan.models.weights import locate

Frame = NDArray[np.uint8]
BOX = np.array([100, 100, 300, 300], np.float32)

turns = st.tuples(st.floats(-80, 80), st.floats(-60, 60), st.floats(-175, 175))


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Written out from the signs alone: x right, y down, z away; the face looks along -z."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array(
        [[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]]
    )  # -z goes to +x, the picture's right
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])  # -z goes to -y, up
    tilt = np.array(
        [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    )  # +x goes to +y, clockwise
    return tilt @ nod @ turn


def planted(**points: tuple[float, float]) -> Mesh:
    """A mesh that looks into the camera, with the points that are named p<index> where they are said to be,
    in cm.
    """
    mesh = np.zeros((478, 3))
    mesh[list(RIGID)] = RIGID_CM
    for name, (x, y) in points.items():
        mesh[int(name[1:])] = x, y, -3
    return Mesh((mesh * 10 + [200, 200, 0]).astype(np.float32), 1.0)


# ---- planted points


@pytest.mark.parametrize(
    ("angles", "goes_to"),
    [((30, 0, 0), (0.5, 0, -0.866)), ((0, 30, 0), (0, -0.5, -0.866)), ((0, 0, 30), (0, 0, -1))],
)
def test_the_tests_own_rotation_has_the_signs_of_the_schema(
    angles: tuple[float, float, float], goes_to: tuple[float, ...]
) -> None:
    np.testing.assert_allclose(rotation(*angles) @ [0, 0, -1], goes_to, atol=1e-3)


@given(turns, st.floats(5, 50))
def test_a_turned_head_gives_its_angles_back(angles: tuple[float, float, float], px_per_cm: float) -> None:
    points = np.zeros((468, 3))
    points[list(RIGID)] = RIGID_CM @ rotation(*angles).T * px_per_cm + [320, 180, 0]
    got = head_pose.head_angles(head_pose.head_turn(points))
    np.testing.assert_allclose(got, angles, atol=1e-6)


@given(turns)
def test_five_points_of_a_far_head_give_its_angles_back(angles: tuple[float, float, float]) -> None:
    seen = (FIVE_CM @ rotation(*angles).T)[:, :2] * 12 + 200
    yaw, pitch, roll, *rest = measure_points(seen.astype(np.float32), BOX)
    np.testing.assert_allclose([yaw, pitch - NEUTRAL_PITCH_DEG, roll], angles, atol=0.01)
    assert np.isnan(rest).all()


def test_five_points_on_a_line_tell_nothing() -> None:
    line = np.linspace([100, 100], [200, 150], 5).astype(np.float32)
    for points in (line, np.full((5, 2), 50, np.float32)):
        assert np.isnan(measure_points(points, BOX)).all()


@given(st.floats(-179, 179))
def test_the_square_is_turned_with_the_face_however_its_points_are_named(roll: float) -> None:
    seen = (FIVE_CM @ rotation(10, 5, roll).T)[:, :2].astype(np.float32) * 10
    assert math.degrees(upright_turn(seen)) == pytest.approx(roll, abs=3)
    assert upright_turn(seen[[1, 0, 2, 4, 3]]) == pytest.approx(upright_turn(seen))


@given(st.floats(-3, 3), st.floats(20, 200))
def test_points_come_back_from_the_square_to_where_they_were(turn: float, side: float) -> None:
    box = np.array([50, 60, 50 + side, 60 + side / 2], np.float32)
    into = landmarks.region(box, turn, 256)
    np.testing.assert_allclose(into @ [50 + side / 2, 60 + side / 4, 1], [128, 128], atol=1e-3)
    where = np.array([[10.0, 20.0], [100, 300]])
    there = np.column_stack([where @ into[:, :2].T + into[:, 2], [256.0, -256.0]])
    back = landmarks.back_in_frame(there.astype(np.float32), into)
    np.testing.assert_allclose(back[:, :2], where, atol=0.01)
    np.testing.assert_allclose(
        back[:, 2], [1.5 * side, -1.5 * side], rtol=1e-4
    )  # the square is 1.5 boxes wide


def test_the_gap_of_the_lips_is_told_in_widths_of_the_mouth() -> None:
    mesh = planted(p13=(0, 4), p14=(0, 5), p78=(-2, 4.5), p308=(2, 4.5))
    assert face_measures.mouth_open(mesh.points.astype(np.float64)) == pytest.approx(1 / 4, abs=1e-6)


def test_an_eye_is_told_as_height_over_width() -> None:
    eye = dict(
        p33=(-4.0, 0.0),
        p133=(-2.0, 0.0),
        p160=(-3.5, -0.3),
        p144=(-3.5, 0.3),
        p158=(-2.5, -0.2),
        p153=(-2.5, 0.2),
    )
    other = dict(
        p362=(2.0, 0.0), p263=(4.0, 0.0), p385=(2.5, 0.0), p380=(2.5, 0.0), p387=(3.5, 0.0), p373=(3.5, 0.0)
    )
    points = planted(**eye, **other).points.astype(np.float64)
    assert face_measures.eye_open(points) == pytest.approx(
        (0.25 + 0) / 2, abs=1e-6
    )  # ((.6 + .4) / 2) / 2, and a closed one


def test_a_mouth_without_width_is_not_known() -> None:
    assert math.isnan(face_measures.mouth_open(np.zeros((468, 3))))


def test_the_smile_is_the_mean_of_both_corners() -> None:
    mesh = planted()._replace(
        blendshapes=dict.fromkeys(BLENDSHAPES, 0.0) | {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.4}
    )
    assert face_measures.smile(mesh) == pytest.approx(0.6)


def test_without_blendshapes_wide_and_lifted_corners_smile() -> None:
    lips = dict(p13=(0.0, 4.3), p14=(0.0, 4.4), p2=(0.0, 2.1))
    plain = face_measures.smile(planted(**lips, p61=(-2.4, 4.4), p291=(2.4, 4.4)))
    smiling = face_measures.smile(planted(**lips, p61=(-3.2, 3.8), p291=(3.2, 3.8)))
    assert plain < 0.1
    assert smiling > 0.7


def test_where_there_is_no_face_nothing_is_measured_and_all_is_hidden() -> None:
    face = measure(planted()._replace(presence=0.02), np.zeros((400, 400, 3), np.uint8))
    assert face.occlusion == pytest.approx(0.98)
    assert np.isnan(face[:6]).all()


def test_shade_and_highlights_are_skin_and_cloth_is_not() -> None:
    skin = np.array([200, 150, 120], np.uint8)
    tried = np.array(
        [skin, skin * 0.7, [225, 185, 160], [235, 235, 235], [25, 25, 25], [120, 170, 220], [110, 180, 150]]
    )
    lab = cv2.cvtColor((tried / 255).astype(np.float32)[None], cv2.COLOR_RGB2LAB)[0]
    assert skin_colour.foreign(lab, lab[0]).tolist() == [False, False, False, True, True, True, True]


def test_a_face_outside_the_picture_hides_nothing_by_colour() -> None:
    mesh = planted()
    frame = np.zeros((100, 100, 3), np.uint8)
    for shift in (-1000, 1000):
        assert skin_colour.foreign_share(mesh.points + np.float32(shift), frame) == 0


def test_the_published_lists_are_whole() -> None:
    assert (len(BLENDSHAPES), len(set(BLENDSHAPES)), len(SHAPED), max(SHAPED)) == (52, 52, 146, 477)


# ---- choosing


def test_auto_is_none_where_nothing_is_here(tmp_path: Path) -> None:
    assert LANDMARKS.open("auto", tmp_path) is None
    assert LANDMARKS.open("none", tmp_path) is None
    assert LANDMARKS.auto == ("face-landmarker", "face-mesh")


def test_a_named_one_without_weights_says_what_to_run(tmp_path: Path) -> None:
    for name in LANDMARKS.auto:
        with pytest.raises(MissingModel, match=f"run: momentscan models pull {name}"):
            LANDMARKS.open(name, tmp_path)
    with pytest.raises(UsageError, match="there is no face landmarks 'nope'"):
        LANDMARKS.open("nope", tmp_path)


def test_present_but_wrong_weights_are_an_error_not_a_step_down(tmp_path: Path) -> None:
    (tmp_path / weight("face-landmarker").file).write_bytes(b"wrong")
    with pytest.raises(BadWeights, match="expected 64184e22"):
        LANDMARKS.open("auto", tmp_path)


# ---- a face behind a hand and a face on its side, without weights


class FakeNet:
    """Answers each view with the next presence logit, and with landmarks that are upright in the square."""

    def __init__(self, *logits: float, tilt_deg: float = 0) -> None:
        self.logits = list(logits)
        mesh = np.zeros((468, 3))
        mesh[list(RIGID)] = RIGID_CM @ rotation(0, 0, tilt_deg).T
        self.found = (mesh * 6 + 96).astype(np.float32).reshape(1, 1, 1, 1404)

    def run(self, feeds: list[NDArray[Any]]) -> list[NDArray[Any]]:
        return [self.found, np.full((1, 1, 1, 1), self.logits.pop(0), np.float32)]


HIGH_BOX = np.array([120, 100, 280, 300], np.float32)


def looked(net: FakeNet, box: NDArray[np.float32] = HIGH_BOX) -> tuple[Mesh, int]:
    """The mesh, and how many views of it were taken."""
    answers = len(net.logits)
    points = (FIVE_CM[:, :2] * 10 + 200).astype(np.float32)
    mesh = FaceMesh(net).estimate(np.zeros((400, 400, 3), np.uint8), points, box)  # type: ignore[arg-type]
    return mesh, answers - len(net.logits)


def test_a_face_that_is_seen_costs_one_view() -> None:
    mesh, views = looked(FakeNet(3, 9, 9, 9))
    assert views == 1
    assert mesh.presence == pytest.approx(0.953, abs=1e-3)


def test_a_face_on_its_side_is_found_but_a_hidden_one_is_not_made_up() -> None:
    assert looked(FakeNet(-4, -9, 7, -9))[0].presence > 0.99
    assert looked(FakeNet(-4, 1.3, -9, -9))[0].presence == pytest.approx(
        0.018, abs=1e-3
    )  # 0.79 in a wrong quarter is no face


def test_a_box_that_is_wider_than_an_upright_face_is_doubted() -> None:
    mesh, views = looked(FakeNet(3, 9, 12, 9), BOX)
    assert views == 4
    assert abs(
        head_pose.head_angles(head_pose.head_turn(mesh.points.astype(np.float64)))[2]
    ) == pytest.approx(180, abs=1)


def test_a_face_that_is_tilted_more_than_its_points_is_looked_at_again() -> None:
    assert looked(FakeNet(3, 6, 9, 9, tilt_deg=20))[1] == 2
    assert looked(FakeNet(3, -6, 9, 9, tilt_deg=20))[0].presence == pytest.approx(
        0.953, abs=1e-3
    )  # nothing seen there: the first counts


# ---- real faces


def picture(path: Path) -> Frame:
    frame: Frame = np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])
    return frame


class Eyes:
    """Detector and landmarks of the real weights, together."""

    def __init__(self, folder: Path) -> None:
        from momentscan.models.detectors import YuNet

        self.detector = YuNet.open(folder, "cpu")
        self.net = FaceLandmarker.open(folder)

    def mesh(self, frame: Frame) -> Mesh:
        faces = self.detector.detect(frame)
        largest = int(np.argmax(faces.bbox[:, 2] - faces.bbox[:, 0]))
        return self.net.estimate(frame, faces.points[largest], faces.bbox[largest])

    def face(self, frame: Frame) -> FaceMeasures:
        return measure(self.mesh(frame), frame)


@pytest.fixture
def eyes(models_folder: Path) -> Eyes:
    return Eyes(models_folder)


@pytest.fixture
def inspireface(media_folder: Path) -> Path:
    return media_folder / "images" / "inspireface"


@pytest.mark.weights
@pytest.mark.media
def test_heads_are_turned_the_way_the_pictures_show(eyes: Eyes, inspireface: Path) -> None:
    seen = {path.stem: eyes.face(picture(path)) for path in (inspireface / "pose").iterdir()}
    assert seen["left_face"].yaw == pytest.approx(-50, abs=10)
    assert seen["right_face"].yaw == pytest.approx(46, abs=10)  # MediaPipe's own: 45
    assert seen["rise_face"].pitch == pytest.approx(23, abs=8)
    assert seen["lower_face"].pitch == pytest.approx(-15, abs=8)
    assert seen["left_wryneck"].roll == pytest.approx(
        -61, abs=8
    )  # MediaPipe's own: 60 and 41, its sign the other way
    assert seen["right_wryneck"].roll == pytest.approx(39, abs=8)


@pytest.mark.weights
@pytest.mark.media
def test_eyes_mouths_and_smiles_are_told_apart(eyes: Eyes, inspireface: Path) -> None:
    happy, sad, anger = (
        eyes.face(picture(inspireface / "emotion" / f"{name}.png")) for name in ("happy", "sad", "anger")
    )
    assert happy.smile > 0.9 > 0.1 > max(sad.smile, anger.smile)
    assert min(happy.mouth_open, anger.mouth_open) > 0.15 > 0.05 > sad.mouth_open
    shut, wide = (
        eyes.face(picture(inspireface / "reaction" / name)) for name in ("close_eyes.jpeg", "open_eyes.png")
    )
    assert shut.eye_open < 0.15 < 0.28 < wide.eye_open
    wink = eyes.mesh(picture(inspireface / "reaction" / "close_open_eyes.jpeg")).points.astype(np.float64)
    left, right = (
        face_measures.aspect(wink, ((b, f), (c, e)), (a, d)) for a, b, c, d, e, f in face_measures.EYES
    )
    assert left < 0.7 * right


@pytest.mark.weights
@pytest.mark.media
def test_a_turned_picture_turns_the_roll_and_nothing_else(eyes: Eyes, inspireface: Path) -> None:
    upright = picture(inspireface / "rotate" / "rot_0.jpg")
    faces = eyes.detector.detect(upright)
    points, box = faces.points[0], faces.bbox[0]
    expected = measure(eyes.net.estimate(upright, points, box), upright)
    for quarters in (1, 2, 3):
        frame, turned_points, turned_box = upright, points, box.reshape(2, 2)
        for _ in range(quarters):  # clockwise: (x, y) -> (height - 1 - y, x)
            turned_points = np.column_stack([frame.shape[0] - 1 - turned_points[:, 1], turned_points[:, 0]])
            turned_box = np.column_stack([frame.shape[0] - 1 - turned_box[:, 1], turned_box[:, 0]])
            frame = np.ascontiguousarray(np.rot90(frame, -1))
        box_xyxy = np.concatenate([turned_box.min(axis=0), turned_box.max(axis=0)]).astype(np.float32)
        got = measure(eyes.net.estimate(frame, turned_points.astype(np.float32), box_xyxy), frame)
        assert (got.roll - expected.roll - 90 * quarters + 180) % 360 - 180 == pytest.approx(0, abs=3)
        np.testing.assert_allclose(got[:2], expected[:2], atol=3)
        np.testing.assert_allclose(got[3:5], expected[3:5], atol=0.05)


@pytest.mark.weights
@pytest.mark.media
def test_a_face_on_its_side_is_seen_though_the_detector_says_it_is_upright(
    eyes: Eyes, inspireface: Path
) -> None:
    upright = picture(inspireface / "rotate" / "rot_0.jpg")
    faces = eyes.detector.detect(upright)
    x1, y1, x2, y2 = faces.bbox[0]
    side = np.ascontiguousarray(np.rot90(upright))  # counter-clockwise: (x, y) -> (y, width - 1 - x)
    width = upright.shape[1]
    box = np.array([y1, width - 1 - x2, y2, width - 1 - x1], np.float32)
    lying = (FIVE_CM[:, :2] * (box[2] - box[0]) / 14 + (box[:2] + box[2:]) / 2).astype(np.float32)
    assert measure(eyes.net.estimate(side, lying, box), side).roll == pytest.approx(-90, abs=6)


MASK = (
    195,
    117,
    234,
    93,
    132,
    58,
    172,
    136,
    150,
    149,
    176,
    148,
    152,
    377,
    400,
    378,
    379,
    365,
    397,
    288,
    361,
    323,
    454,
    346,
)
"""Outline of a face mask: bridge of the nose, cheeks, jaw."""
COLOURS = {
    "white": (235, 235, 235),
    "black": (25, 25, 25),
    "blue": (120, 170, 220),
    "green": (110, 180, 150),
    "red": (170, 40, 50),
}


@pytest.mark.weights
@pytest.mark.media
def test_masks_hide_faces_of_every_skin_and_plain_faces_are_not_hidden(
    eyes: Eyes, media_folder: Path
) -> None:
    plain, masked = [], []
    for path in sorted((media_folder / "images" / "deepface").glob("img*.jpg"))[::3]:
        frame = picture(path)
        mesh = eyes.mesh(frame)
        plain.append(face_measures.occlusion(mesh, frame))
        for colour in COLOURS.values():
            hidden = cv2.fillPoly(
                frame.copy(), [np.rint(mesh.points[list(MASK), :2]).astype(np.int32)], colour
            )
            masked.append(
                face_measures.occlusion(
                    eyes.mesh(hidden) if len(eyes.detector.detect(hidden).score) else mesh, hidden
                )
            )
    assert np.mean(np.array(plain) < 0.15) >= 0.95
    assert np.median(masked) > 0.9
    assert np.mean(np.array(masked) > 0.3) >= 0.95


@pytest.mark.weights
@pytest.mark.media
def test_a_hand_before_the_face_is_seen(eyes: Eyes, media_folder: Path) -> None:
    before, behind = [], []
    with open_video(media_folder / "faces" / "makeup_test.avi") as video:
        for batch in video.batches(SamplingOptions(grid_hz=4), 240):
            for frame, time_s in zip(batch.frames, batch.time_s, strict=True):
                if time_s < 1 and len(eyes.detector.detect(frame).score):
                    before.append(eyes.face(frame).occlusion)
                if 2.2 < time_s < 2.9 and len(eyes.detector.detect(frame).score):
                    behind.append(eyes.face(frame).occlusion)
    assert max(before) < 0.15 < 0.7 < min(behind)


@pytest.mark.weights
@pytest.mark.media
def test_the_older_mesh_agrees_with_the_newer(eyes: Eyes, models_folder: Path, inspireface: Path) -> None:
    if locate(weight("face-mesh"), models_folder) is None:
        pytest.skip("face_landmark.tflite is not here")
    net = FaceMesh.open(models_folder)
    for name in (
        "emotion/happy.png",
        "emotion/sad.png",
        "pose/left_face.jpeg",
        "pose/right_wryneck.png",
        "pose/rise_face.jpeg",
    ):
        frame = picture(inspireface / name)
        faces = eyes.detector.detect(frame)
        new, old = (
            measure(mesher.estimate(frame, faces.points[0], faces.bbox[0]), frame)
            for mesher in (eyes.net, net)
        )
        np.testing.assert_allclose(old[:3], new[:3], atol=9)
        assert old.smile == pytest.approx(new.smile, abs=0.35)
