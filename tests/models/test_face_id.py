"""How a face is brought to its standard place, and what its vector answers to."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import nets
from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.models.catalogue import weight
from momentscan.models.detectors import DETECTOR
from momentscan.models.face_id import (
    FACE_ID,
    STANDARD_POINTS,
    ArcFace,
    MobileFace,
    MobileFaceNet,
    SFace,
    align,
)

Frames = NDArray[np.uint8]
Points = NDArray[np.float64]
PORTS = {
    "sface": {"source": "data", "target": "fc1", "dim": 128, "batch": 1},
    "mobileface": {"source": "data:0", "target": "batchnorm0/add_1:0", "dim": 256, "last": True},
    "mobilefacenet": {"source": "data", "target": "fc1", "dim": 128},
    "arcface": {"source": "input.1", "target": "683", "dim": 512},
}


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of the tests' own making stand under the catalogue's names."""
    for kind in FACE_ID.kinds.values():
        monkeypatch.setattr(kind, "weight", replace(kind.weight, sha256=None))


def lay(folder: Path, name: str) -> Path:
    return nets.build_face_id(folder / FACE_ID.kinds[name].weight.file, **PORTS[name])  # type: ignore[union-attr, arg-type]


def placed(scale: float, turn_rad: float, shift: tuple[float, float]) -> Points:
    """The standard points, turned and scaled about the crop's middle, which then lies at `shift`."""
    c, s = scale * np.cos(turn_rad), scale * np.sin(turn_rad)
    return (STANDARD_POINTS - 56) @ np.array([(c, s), (-s, c)]) + shift


def dotted(points: Points, sigma_px: float, side_px: int = 480) -> Frames:
    """A soft white dot at each point."""
    y, x = np.mgrid[:side_px, :side_px]
    away = [(x - px) ** 2 + (y - py) ** 2 for px, py in points]
    picture = 255 * sum(np.exp(-a / (2 * sigma_px**2)) for a in away)
    return np.clip(picture, 0, 255).astype(np.uint8)[:, :, None].repeat(3, axis=2)


def centroid(crop: Frames, near: Points, reach_px: int = 7) -> Points:
    x0, y0 = np.round(near).astype(int) - reach_px
    part = crop[y0 : y0 + 2 * reach_px + 1, x0 : x0 + 2 * reach_px + 1, 0].astype(float)
    y, x = np.mgrid[: part.shape[0], : part.shape[1]]
    return np.array([x0 + (x * part).sum() / part.sum(), y0 + (y * part).sum() / part.sum()])


# ---- align


@hypothesis_settings(max_examples=25)
@given(st.floats(0.8, 3.5), st.floats(-np.pi, np.pi), st.floats(180, 300), st.floats(180, 300))
def test_the_five_points_land_on_the_standard_ones(scale: float, turn_rad: float, x: float, y: float) -> None:
    points = placed(scale, turn_rad, (x, y))
    crop = align(dotted(points, sigma_px=1.8 * scale), points.astype(np.float32))
    assert crop.shape == (112, 112, 3)
    assert crop.dtype == np.uint8
    for standard in STANDARD_POINTS:
        np.testing.assert_allclose(centroid(crop, standard), standard, atol=0.5)


def test_a_face_in_its_standard_place_is_left_alone() -> None:
    frame = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (112, 112, 3), dtype=np.uint8), (0, 0), 2
    )
    assert np.abs(align(frame, STANDARD_POINTS).astype(int) - frame).max() <= 1


def test_points_that_no_turn_explains_are_fitted_as_well_as_they_can_be() -> None:
    wide = (STANDARD_POINTS - 56) * (1.2, 1.0) + 200
    crop = align(dotted(wide, 2.0), wide)
    for standard in STANDARD_POINTS:
        assert np.linalg.norm(centroid(crop, standard) - standard) < 4


def test_what_lies_past_the_frame_is_black() -> None:
    white = np.full((112, 112, 3), 255, np.uint8)
    half_out = align(white, STANDARD_POINTS - np.array((56, 0)))
    assert half_out[:, :54].max() == 0
    assert half_out[:, 58:].min() == 255
    assert align(white, STANDARD_POINTS + 5000).max() == 0


@pytest.mark.parametrize(
    "points",
    [
        np.full((5, 2), 7.0),
        np.zeros((5, 2)),
        np.full((5, 2), np.nan),
        np.full((5, 2), np.inf),
        STANDARD_POINTS * 1e9,
    ],
)
def test_points_that_fix_no_place_give_a_black_crop(points: Points) -> None:
    crop = align(np.full((50, 50, 3), 255, np.uint8), points)
    assert crop.shape == (112, 112, 3)
    assert crop.max() == 0


def test_any_five_points_give_a_crop() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        points = rng.normal(0, 10.0 ** rng.integers(-3, 6), (5, 2)) + rng.normal(0, 100, 2)
        assert align(np.full((40, 60, 3), 255, np.uint8), points).shape == (112, 112, 3)


def test_frames_longer_than_opencv_warps_are_cropped_first() -> None:
    strip = np.zeros((120, 40_000, 3), np.uint8)
    strip[:, 39_000:39_112] = 255
    assert align(strip, STANDARD_POINTS + np.array((39_000, 0)))[:, 2:110].min() == 255


def test_a_small_frame_may_be_warped_and_other_points_are_refused() -> None:
    assert align(np.full((1, 1, 3), 255, np.uint8), STANDARD_POINTS).shape == (112, 112, 3)
    with pytest.raises(ValueError, match=r"points want \(5,2\), got \(3, 2\)"):
        align(np.zeros((9, 9, 3), np.uint8), np.zeros((3, 2)))


# ---- vectors


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", list(FACE_ID.kinds))
def test_vectors_have_length_one_and_the_declared_width(tmp_path: Path, name: str) -> None:
    lay(tmp_path, name)
    net = FACE_ID.open(name, tmp_path, "cpu")
    assert net is not None
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8)
    vectors = net.embed(crops)
    assert vectors.shape == (3, net.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(net.embed(crops[1:2])[0], vectors[1])  # batch size changes nothing
    assert net.embed(crops[:0]).shape == (0, net.dim)
    assert 0 < net.tau < 1
    assert len(net.sha256 or "") == 64


@pytest.mark.usefixtures("trusted")
def test_what_each_network_sees(tmp_path: Path) -> None:
    crop = np.zeros((112, 112, 3), np.uint8)
    crop[:, :, 0], crop[0, 1, 2] = 255, 51
    for name in FACE_ID.kinds:
        lay(tmp_path, name)
    for kind in (SFace, MobileFaceNet):
        np.testing.assert_array_equal(kind.open(tmp_path, "cpu")._prepare(crop)[0], crop.transpose(2, 0, 1))
    np.testing.assert_array_equal(MobileFace.open(tmp_path, "cpu")._prepare(crop)[0], crop)
    expected = (crop.transpose(2, 0, 1) - 127.5) / 127.5
    np.testing.assert_allclose(ArcFace.open(tmp_path, "cpu")._prepare(crop)[0], expected, atol=1e-6)


@pytest.mark.usefixtures("trusted")
def test_only_aligned_crops_are_taken(tmp_path: Path) -> None:
    lay(tmp_path, "sface")
    for frames in (np.zeros((1, 96, 96, 3), np.uint8), np.zeros((112, 112, 3), np.uint8)):
        with pytest.raises(ValueError, match=r"wants aligned crops \(N,112,112,3\)"):
            SFace.open(tmp_path, "cpu").embed(frames)
    with pytest.raises(ValueError, match="uint8"):
        SFace.open(tmp_path, "cpu").embed(np.zeros((1, 112, 112, 3), np.float32))  # type: ignore[arg-type]


# ---- signatures


@pytest.mark.usefixtures("trusted")
def test_another_network_is_refused_with_got_and_expected(tmp_path: Path) -> None:
    nets.build_face_id(tmp_path / "face_recognition_sface_2021dec.onnx", "data", "fc1", 256)
    with pytest.raises(BadWeights, match=r"output 'fc1' is .*256\), expected .*128\)"):
        SFace.open(tmp_path, "cpu")
    nets.build_face_id(tmp_path / "mobileface_tfjs.onnx", "data:0", "batchnorm0/add_1:0", 256)
    with pytest.raises(BadWeights, match=r"input 'data:0' is .*3, 112, 112\), expected .*112, 112, 3\)"):
        MobileFace.open(tmp_path, "cpu")
    nets.build_face_id(tmp_path / "w600k_r50.onnx", "x", "y", 128)
    with pytest.raises(BadWeights, match=r"output 'y' is .*128\), expected .*512\)"):
        ArcFace.open(tmp_path, "cpu")
    nets.build_yunet(tmp_path / "w600k_r50.onnx")
    with pytest.raises(BadWeights, match="has 1 inputs and 12 outputs, expected one of each"):
        ArcFace.open(tmp_path, "cpu")


@pytest.mark.usefixtures("trusted")
def test_the_ports_of_arcface_may_have_any_name(tmp_path: Path) -> None:
    nets.build_face_id(tmp_path / "w600k_r50.onnx", "pixels", "features", 512)
    other = ArcFace.open(tmp_path, "cpu")
    lay(tmp_path, "arcface")
    crop = np.full((1, 112, 112, 3), 9, np.uint8)
    np.testing.assert_array_equal(ArcFace.open(tmp_path, "cpu").embed(crop), other.embed(crop))


# ---- choosing


@pytest.mark.usefixtures("trusted")
def test_auto_takes_the_first_that_is_here_and_may_be_shipped(tmp_path: Path) -> None:
    for name in ("arcface", "mobilefacenet"):
        lay(tmp_path, name)
    assert FACE_ID.open("auto", tmp_path) is None
    for name in reversed(FACE_ID.auto):
        lay(tmp_path, name)
        found = FACE_ID.open("auto", tmp_path, "cpu")
        assert found is not None
        assert found.name == name
    assert FACE_ID.open("none", tmp_path) is None
    assert {FACE_ID.kinds[name].weight.commercial for name in FACE_ID.auto} == {"yes"}  # type: ignore[union-attr]


def test_a_named_one_without_weights_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="run: momentscan models pull sface"):
        FACE_ID.open("sface", tmp_path)
    with pytest.raises(
        UsageError,
        match="there is no Face-ID 'nope'; there are auto, none, sface, mobileface, mobilefacenet, arcface",
    ):
        FACE_ID.open("nope", tmp_path)


def test_present_but_wrong_weights_are_an_error_not_a_step_down(tmp_path: Path) -> None:
    (tmp_path / weight("mobileface").file).write_bytes(b"wrong")
    with pytest.raises(BadWeights, match="expected 79d2658a"):
        FACE_ID.open("auto", tmp_path)


# ---- real weights, real photos


def largest_crops(models_folder: Path, photos: Path) -> dict[str, Frames]:
    detector = DETECTOR.open("yunet", models_folder, "cpu")
    assert detector is not None
    crops = {}
    with (photos / "master.csv").open() as file:
        named = sorted({row[k] for row in csv.DictReader(file) for k in ("file_x", "file_y")})
    for name in named:
        frame = np.ascontiguousarray(cv2.imread(str(photos / name))[:, :, ::-1])
        faces = detector.detect(frame)
        area = np.prod(faces.bbox[:, 2:] - faces.bbox[:, :2], axis=1)
        crops[name] = align(frame, faces.points[area.argmax()])
    return crops


@pytest.mark.weights
@pytest.mark.media
def test_one_person_is_told_from_another(models_folder: Path, media_folder: Path) -> None:
    photos = media_folder / "images/deepface"
    crops = largest_crops(models_folder, photos)
    with (photos / "master.csv").open() as file:
        pairs = [(row["file_x"], row["file_y"], row["Decision"] == "Yes") for row in csv.DictReader(file)]
    same = np.array([yes for _, _, yes in pairs])
    for name, accuracy in (("mobileface", 0.95), ("mobilefacenet", 0.99)):
        net = FACE_ID.open(name, models_folder, "cpu")
        assert net is not None
        vectors = dict(zip(crops, net.embed(np.stack(list(crops.values()))), strict=True))
        cosine = np.array([vectors[a] @ vectors[b] for a, b, _ in pairs])
        area_under_curve = (cosine[same][:, None] > cosine[~same]).mean()
        assert area_under_curve >= 0.99
        assert ((cosine >= net.tau) == same).mean() >= accuracy
