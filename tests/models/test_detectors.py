"""From a network's cells to faces in the frame's pixels, and what the real networks see in real photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import nets
from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.models.catalogue import weight
from momentscan.models.detectors import (
    DETECTOR,
    CenterFace,
    Detections,
    FaceDetector,
    Scrfd,
    YuNet,
    YuNet2023,
    letterbox,
    one_per_face,
)
from momentscan.models.session import open_session

Frames = NDArray[np.uint8]
BOX = (0.25, 0.5, float(np.log(3.0)), float(np.log(4.0)))
POINTS = (0.0, 0.0, 1.0, 0.0, 0.5, 0.5, 0.0, 1.0, 1.0, 1.0)
RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of the tests' own making stand under the catalogue's names."""
    for kind in DETECTOR.kinds.values():
        monkeypatch.setattr(kind, "weight", replace(kind.weight, sha256=None))


def yunet(folder: Path, long_side_px: int = 640, **planted: object) -> YuNet:
    return YuNet(
        open_session(nets.build_yunet(folder / "y.onnx", BOX, POINTS, **planted), "cpu"), long_side_px
    )  # type: ignore[arg-type]


def lit(
    colour: tuple[int, int, int],
    *cells: tuple[int, int],
    height: int = 96,
    width: int = 160,
    cell: int = 8,
    by: int = 1,
) -> Frames:
    """A black frame in which the given (column, row) cells are lit; `by` enlarges the whole picture."""
    frame = np.zeros((height, width, 3), np.uint8)
    for col, row in cells:
        frame[row * cell : (row + 1) * cell, col * cell : (col + 1) * cell] = colour
    return np.ascontiguousarray(frame.repeat(by, axis=0).repeat(by, axis=1))


# ---- decoding


def test_a_cell_of_yunet_becomes_a_box_and_five_points(tmp_path: Path) -> None:
    faces = yunet(tmp_path).detect(lit(BLUE, (5, 4)))
    # centre (5.25, 4.5) * 8 = (42, 36), size (3, 4) * 8 = (24, 32); points (5, 4) * 8 plus the planted ones *
    # 8
    np.testing.assert_allclose(faces.bbox, [[30, 20, 54, 52]], atol=1e-4)
    np.testing.assert_allclose(faces.points, [[(40, 32), (48, 32), (44, 36), (40, 40), (48, 40)]], atol=1e-4)
    np.testing.assert_allclose(faces.score, [1.0], atol=1e-6)
    assert [column.dtype for column in faces] == [np.float32] * 3


@pytest.mark.parametrize(("stride", "gains"), [(8, (1, 0, 0)), (16, (0, 1, 0)), (32, (0, 0, 1))])
def test_every_stride_counts_in_its_own_cells(
    tmp_path: Path, stride: int, gains: tuple[float, float, float]
) -> None:
    faces = yunet(tmp_path, lit=gains).detect(lit(BLUE, (2, 1), cell=stride))
    np.testing.assert_allclose(faces.points[0, 0], [2 * stride, stride], atol=1e-4)
    np.testing.assert_allclose(faces.bbox[0, 2:] - faces.bbox[0, :2], [3 * stride, 4 * stride], rtol=1e-5)


def test_yunet_sees_bgr_and_the_others_rgb(tmp_path: Path) -> None:
    assert len(yunet(tmp_path).detect(lit(RED, (5, 4))).score) == 0
    assert len(scrfd(tmp_path).detect(lit(BLUE, (5, 4))).score) == 0
    assert len(centerface(tmp_path).detect(lit(BLUE, (5, 4), cell=4)).score) == 0


def test_a_large_frame_is_shrunk_and_its_boxes_come_back_in_its_own_pixels(tmp_path: Path) -> None:
    faces = yunet(tmp_path, long_side_px=160).detect(lit(BLUE, (5, 4), by=4))
    np.testing.assert_allclose(faces.bbox, [[120, 80, 216, 208]], atol=1e-3)
    np.testing.assert_allclose(faces.points[0, 4], [192, 160], atol=1e-3)


def test_a_frame_of_odd_size_comes_back_side_by_side() -> None:
    canvas, frame_px = letterbox(np.full((101, 999, 3), 7, np.uint8), 640)
    assert canvas.shape == (96, 640, 3)
    np.testing.assert_allclose(frame_px, [999 / 640, 101 / 65])
    assert (canvas[:65] == 7).all()
    assert (canvas[65:] == 0).all()


def test_a_small_frame_is_never_enlarged_but_padded() -> None:
    canvas, frame_px = letterbox(np.full((40, 33, 3), 7, np.uint8), 640)
    assert canvas.shape == (64, 64, 3)
    np.testing.assert_array_equal(frame_px, [1, 1])
    assert letterbox(np.zeros((40, 33, 3), np.uint8), 640, square_px=640)[0].shape == (640, 640, 3)


def test_the_score_is_the_geometric_mean_and_half_is_the_floor(tmp_path: Path) -> None:
    detector = yunet(tmp_path)  # obj is 1, so the score is the root of the plane's mean
    for blue, seen in (
        (60, []),
        (64, [np.sqrt(64 / 255)]),
        (128, [np.sqrt(128 / 255)]),
    ):  # the root of 60 / 255 is 0.485
        np.testing.assert_allclose(detector.detect(lit((0, 0, blue), (5, 4))).score, seen, rtol=1e-6)


def test_a_score_over_one_is_one(tmp_path: Path) -> None:
    np.testing.assert_array_equal(yunet(tmp_path, lit=(3, 0, 0)).detect(lit(BLUE, (5, 4))).score, [1])


def scrfd(folder: Path) -> Scrfd:
    return Scrfd(open_session(nets.build_scrfd(folder / "s.onnx", (1.0, 2.0, 3.0, 4.0), POINTS), "cpu"))


def test_the_second_anchor_of_scrfd_stands_on_the_same_corner(tmp_path: Path) -> None:
    faces = scrfd(tmp_path).detect(lit(RED, (5, 4)))
    np.testing.assert_allclose(faces.bbox, [[32, 16, 64, 64]], atol=1e-4)  # 40 - 8, 32 - 16, 40 + 24, 32 + 32
    np.testing.assert_allclose(faces.points, [[(40, 32), (48, 32), (44, 36), (40, 40), (48, 40)]], atol=1e-4)
    np.testing.assert_allclose(faces.score, [127.5 / 128], rtol=1e-6)


def centerface(folder: Path) -> CenterFace:
    points = (0.25, 0.0, 0.25, 1.0, 0.5, 0.5, 0.75, 0.0, 0.75, 1.0)  # y before x, in parts of the box
    path = nets.build_centerface(
        folder / "c.onnx", (float(np.log(10.0)), float(np.log(5.0))), (0.25, 0.5), points
    )
    return CenterFace(open_session(path, "cpu", free_sizes=True))


def test_centerface_answers_y_first_and_any_size(tmp_path: Path) -> None:
    faces = centerface(tmp_path).detect(lit(RED, (9, 7), cell=4))
    # height 40, width 20; centre (9 + .5 + .5, 7 + .25 + .5) * 4 = (40, 31)
    np.testing.assert_allclose(faces.bbox, [[30, 11, 50, 51]], atol=1e-4)
    np.testing.assert_allclose(faces.points, [[(30, 21), (50, 21), (40, 31), (30, 41), (50, 41)]], atol=1e-4)


def test_a_box_may_reach_past_the_frame(tmp_path: Path) -> None:
    assert (yunet(tmp_path).detect(lit(BLUE, (0, 0))).bbox[0, :2] < 0).all()
    assert (centerface(tmp_path).detect(lit(RED, (0, 0), cell=4)).bbox[0, :2] < 0).all()


# ---- one box per face, in order


def test_boxes_of_neighbouring_cells_are_one_face(tmp_path: Path) -> None:
    detector = yunet(tmp_path)
    # 24 x 32 boxes 8 px apart overlap by a half, those of cells 3 apart not at all
    assert len(detector.detect(lit(BLUE, (5, 4), (6, 4))).score) == 1
    assert len(detector.detect(lit(BLUE, (5, 4), (8, 4))).score) == 2


def test_faces_come_by_score_then_from_left_to_right_then_from_the_top(tmp_path: Path) -> None:
    frame = lit(BLUE, (12, 2), (4, 8), (4, 2)) // 2
    frame[64:72, 96:104] = BLUE
    faces = yunet(tmp_path).detect(frame)
    np.testing.assert_allclose(faces.points[:, 0], [(96, 64), (32, 16), (32, 64), (96, 16)])
    assert (np.diff(faces.score) <= 0).all()


def test_the_best_of_overlapping_boxes_stays_with_its_own_points() -> None:
    box = np.array([(0, 0, 10, 10), (1, 0, 11, 10), (5.5, 0, 15.5, 10), (30, 0, 40, 10)], np.float32)
    points = np.arange(4, dtype=np.float32)[:, None, None] * np.ones((1, 5, 2), np.float32)
    kept = one_per_face(Detections(np.array([0.6, 0.9, 0.7, 0.6], np.float32), box, points))
    np.testing.assert_array_equal(kept.points[:, 0, 0], [1, 3])  # the third overlaps the second by 0.38
    kept = one_per_face(Detections(np.array([0.9, 0.6, 0.7, 0.6], np.float32), box, points))
    np.testing.assert_array_equal(kept.points[:, 0, 0], [0, 2, 3])  # but the first by 0.29 only


def test_the_same_frame_gives_the_same_faces(tmp_path: Path) -> None:
    detector, frame = (
        yunet(tmp_path),
        np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8),
    )
    first, second = detector.detect(frame), detector.detect(frame.copy())
    assert len(first.score) > 5
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


# ---- edges


@pytest.mark.parametrize("make", [yunet, scrfd, centerface])
@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (31, 33), (1, 100_000)])
def test_frames_of_any_size_are_looked_at(tmp_path: Path, make: object, size: tuple[int, int]) -> None:
    faces = make(tmp_path).detect(np.zeros((*size, 3), np.uint8))  # type: ignore[operator]
    assert [column.shape for column in faces] == [(0,), (0, 4), (0, 5, 2)]
    assert [column.dtype for column in faces] == [np.float32] * 3


def test_a_view_is_as_good_as_a_frame(tmp_path: Path) -> None:
    frame = lit(BLUE, (5, 4))
    turned = np.ascontiguousarray(frame[:, ::-1])[:, ::-1]
    np.testing.assert_array_equal(yunet(tmp_path).detect(turned).bbox, yunet(tmp_path).detect(frame).bbox)


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_other_arrays_are_refused(tmp_path: Path, frame: NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match=r"a frame wants \(H,W,3\) uint8"):
        yunet(tmp_path).detect(frame)  # type: ignore[arg-type]


def test_a_long_side_under_one_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="long side of at least 32 px, got 31"):
        yunet(tmp_path, long_side_px=31)


# ---- signatures


def test_another_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match="has no output 'kps_32', got cls_8"):
        yunet(tmp_path, missing="kps_32")
    with pytest.raises(BadWeights, match="has no input 'images', got input"):
        Scrfd(open_session(nets.build_yunet(tmp_path / "y.onnx"), "cpu"))
    with pytest.raises(BadWeights, match=r"input 'input' is .*320, 320\), expected .*640, 640\)"):
        YuNet2023(open_session(nets.build_yunet(tmp_path / "y.onnx", square_px=320), "cpu"))
    with pytest.raises(BadWeights, match=r"does not run|gave \("):
        YuNet(open_session(nets.build_yunet(tmp_path / "y.onnx", square_px=320), "cpu")).detect(
            lit(BLUE, (5, 4))
        )


def test_answers_of_another_size_and_no_numbers_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = yunet(tmp_path)
    real = detector._session.run
    for change, said in (
        (lambda a: a[:, 1:], r"gave \(1, 239, 1\) for 'cls_8', expected \(240,\)"),
        (lambda a: a * np.nan, "finite"),
    ):
        monkeypatch.setattr(
            detector._session,
            "run",
            lambda feeds, names, change=change: [change(a) for a in real(feeds, names)],
        )
        with pytest.raises(BadWeights, match=said):
            detector.detect(lit(BLUE, (5, 4)))


def test_sizes_are_freed_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = nets.build_centerface(tmp_path / "c.onnx", (0, 0), (0, 0), (0,) * 10)
    assert open_session(path, "cpu").inputs[0].shape == (10, 3, 32, 32)
    freed = open_session(path, "cpu", free_sizes=True)
    assert freed.inputs[0].shape == (None, 3, None, None)
    assert [port.shape for port in freed.outputs] == [(None, n, None, None) for n in (1, 2, 2, 10)]
    (heat,) = freed.run({"input.1": np.zeros((1, 3, 64, 96), np.float32)}, ["537"])
    assert heat.shape == (1, 1, 16, 24)


def test_bytes_that_are_no_network_are_refused_when_sizes_are_freed(tmp_path: Path) -> None:
    for data in (b"\x3a\x03abc", b"\x08\x08", b"\xff" * 40):
        (tmp_path / "bad.onnx").write_bytes(data)
        with pytest.raises(BadWeights, match=r"bad\.onnx"):
            open_session(tmp_path / "bad.onnx", "cpu", free_sizes=True)


# ---- choosing


@pytest.mark.usefixtures("trusted")
def test_auto_takes_the_first_that_is_here_and_none_is_an_answer(tmp_path: Path) -> None:
    assert DETECTOR.open("auto", tmp_path) is None
    makers = {
        "centerface": lambda path: nets.build_centerface(path, (0, 0), (0, 0), (0,) * 10),
        "yunet": nets.build_yunet,
    }
    makers["yunet-2023"] = lambda path: nets.build_yunet(path, square_px=640)
    for name in reversed(DETECTOR.auto):
        makers[name](tmp_path / DETECTOR.kinds[name].weight.file)  # type: ignore[union-attr]
        found = DETECTOR.open("auto", tmp_path, "cpu")
        assert found is not None
        assert found.name == name
        assert len(found.sha256 or "") == 64
    assert DETECTOR.open("none", tmp_path) is None


@pytest.mark.usefixtures("trusted")
def test_the_fixed_one_sees_a_square_of_640(tmp_path: Path) -> None:
    nets.build_yunet(tmp_path / YuNet2023.weight.file, BOX, POINTS, square_px=640)  # type: ignore[union-attr]
    found = DETECTOR.open("yunet-2023", tmp_path, "cpu", long_side_px=1280)
    assert found is not None
    frame = lit(BLUE, (5, 4), height=384, width=640, by=2)
    np.testing.assert_allclose(found.detect(frame).bbox, [[60, 40, 108, 104]], atol=1e-3)


def test_only_commercial_weights_are_taken_unasked() -> None:
    assert DETECTOR.auto == ("yunet", "yunet-2023", "centerface")
    assert {DETECTOR.kinds[name].weight.commercial for name in DETECTOR.auto} == {"yes"}  # type: ignore[union-attr]


def test_a_named_one_without_weights_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="run: momentscan models pull yunet-dynamic"):
        DETECTOR.open("yunet", tmp_path)
    with pytest.raises(
        UsageError,
        match="there is no face detector 'nope'; there are auto, none, yunet, yunet-2023, centerface, scrfd",
    ):
        DETECTOR.open("nope", tmp_path)


def test_present_but_wrong_weights_are_an_error_not_a_step_down(tmp_path: Path) -> None:
    (tmp_path / weight("yunet-dynamic").file).write_bytes(b"wrong")
    with pytest.raises(BadWeights, match="expected 104ee26c"):
        DETECTOR.open("auto", tmp_path)


# ---- real weights, real photos


def photo(media_folder: Path, name: str) -> Frames:
    return np.ascontiguousarray(cv2.imread(str(media_folder / "images/deepface" / f"{name}.jpg"))[:, :, ::-1])


def real(models_folder: Path, name: str, long_side_px: int = 640) -> FaceDetector:
    if name == "centerface" and not (models_folder / CenterFace.weight.file).exists():  # type: ignore[union-attr]
        pytest.skip("centerface is not among the weights here; run: momentscan models pull centerface")
    found = DETECTOR.open(name, models_folder, "cpu", long_side_px=long_side_px)
    assert found is not None
    return found


def texture(seed: int) -> Frames:
    """Shade and colour at every scale, as in a landscape out of focus."""
    rng, picture = np.random.default_rng(seed), np.full((540, 960, 3), 128, np.float32)
    for k in range(1, 7):
        waves = rng.normal(0, 60 / k, (2**k, 2 ** (k + 1), 3)).astype(np.float32)
        picture += cv2.resize(waves, (960, 540), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture, 0, 255).astype(np.uint8)


def largest(faces: Detections) -> int:
    return int(np.prod(faces.bbox[:, 2:] - faces.bbox[:, :2], axis=1).argmax())


@pytest.mark.weights
@pytest.mark.media
@pytest.mark.parametrize("name", list(DETECTOR.kinds))
def test_the_faces_of_group_photos_are_found(models_folder: Path, media_folder: Path, name: str) -> None:
    detector = real(models_folder, name)
    for picture, people in (("img62", 3), ("selfie-many-people", 6), ("couple", 2)):
        assert len(detector.detect(photo(media_folder, picture)).score) == people
    assert (
        3 <= len(detector.detect(photo(media_folder, "img54")).score) <= 5
    )  # one in front, three blurred behind, one only guessed


@pytest.mark.weights
@pytest.mark.media
def test_faces_in_small_pictures_on_a_wall_need_a_longer_side(
    models_folder: Path, media_folder: Path
) -> None:
    frame = photo(media_folder, "img55")  # one person, and framed photos 40 px wide with people in them
    assert len(real(models_folder, "yunet").detect(frame).score) == 1
    assert len(real(models_folder, "yunet", 1280).detect(frame).score) >= 4


@pytest.mark.weights
@pytest.mark.media
@pytest.mark.parametrize("name", list(DETECTOR.kinds))
def test_every_portrait_has_a_face_and_all_put_its_points_in_the_same_places(
    models_folder: Path, media_folder: Path, name: str
) -> None:
    detector, yardstick = real(models_folder, name), real(models_folder, "yunet")
    apart = []
    for path in sorted((media_folder / "images/deepface").glob("*.jpg")):
        frame = photo(media_folder, path.stem)
        a, b = yardstick.detect(frame), detector.detect(frame)
        assert len(a.score) > 0, path.stem
        assert len(b.score) > 0, path.stem
        i, j = largest(a), largest(b)
        whole = (a.bbox[i, :2] >= 0).all() and (a.bbox[i, 2:] <= frame.shape[1::-1]).all()
        if whole:  # the points of a face that the frame cuts off are guesses
            width = a.bbox[i, 2] - a.bbox[i, 0]
            apart.append(np.linalg.norm(a.points[i] - b.points[j], axis=1).mean() / width)
    assert len(apart) > 55
    assert np.median(apart) < 0.04
    assert max(apart) < 0.10


@pytest.mark.weights
@pytest.mark.media
@pytest.mark.parametrize("name", list(DETECTOR.kinds))
def test_left_is_left_in_the_picture_and_eyes_are_over_the_mouth(
    models_folder: Path, media_folder: Path, name: str
) -> None:
    faces = real(models_folder, name).detect(photo(media_folder, "couple"))
    for left_eye, right_eye, nose, left_mouth, right_mouth in faces.points:
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


@pytest.mark.weights
@pytest.mark.parametrize("name", list(DETECTOR.kinds))
def test_textures_noise_and_specks_have_no_face(models_folder: Path, name: str) -> None:
    detector = real(models_folder, name)
    noise = np.random.default_rng(0).integers(0, 256, (540, 960, 3), dtype=np.uint8)
    for frame in (
        *(texture(seed) for seed in range(4)),
        noise,
        np.zeros((1, 1, 3), np.uint8),
        np.full((3, 900, 3), 255, np.uint8),
    ):
        assert len(detector.detect(frame).score) == 0
