"""What each embedder does to a picture before its network sees it, and what the descriptor answers to."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import nets
from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.models import descriptor
from momentscan.models.catalogue import weight
from momentscan.models.embedders import (
    EMBEDDER,
    Descriptor,
    DinoV2,
    MobileNet,
    OpenClip,
    SigLip,
    centre_square,
    planes,
    resized,
)
from momentscan.models.preprocessing import unit
from momentscan.values import Batch

KINDS = {"openclip": "clip", "dinov2": "dinov2", "siglip": "siglip"}
Frames = NDArray[np.uint8]


@pytest.fixture(scope="session")
def small_nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    for name, kind in KINDS.items():
        nets.build_vit(folder / weight(name).file, kind)
    return folder


def scene(seed: int, height: int = 256, width: int = 455) -> Frames:
    """A picture with edges, colours and shade: a gradient with twelve shapes on it."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 256, (2, 3))
    ramp = np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 1))
    picture = np.ascontiguousarray((a * ramp + b * (1 - ramp)).astype(np.uint8))
    for _ in range(12):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        size = (int(rng.integers(15, 80)), int(rng.integers(15, 80)))
        cv2.ellipse(picture, centre, size, float(rng.integers(0, 180)), 0, 360, colour, -1)
    return picture


def far(a: Frames, b: Frames) -> float:
    """1 - cosine of the descriptors of two pictures."""
    vectors = [Descriptor().embed(frame[None])[0] for frame in (a, b)]
    return float(1 - vectors[0] @ vectors[1])


# ---- preprocessing


def test_planes_are_normalised_channel_by_channel() -> None:
    picture = np.zeros((2, 1, 3), np.uint8)
    picture[0, 0] = (255, 0, 51)
    got = planes(picture, (0.5, 0.4, 0.1), (0.25, 0.2, 0.5))
    assert got.shape == (1, 3, 2, 1)
    assert got.dtype == np.float32
    # (1 - .5) / .25 = 2; (0 - .4) / .2 = -2; (.2 - .1) / .5 = .2; and for black -2, -2, -.2
    np.testing.assert_allclose(got[0, :, :, 0], [[2, -2], [-2, -2], [0.2, -0.2]], atol=1e-6)


def test_clip_sees_the_centre_square_in_its_own_units(small_nets: Path) -> None:
    frame = np.zeros((448, 1000, 3), np.uint8)
    frame[:, 276:724] = 255  # exactly the centre square is white
    pixels = OpenClip.open(small_nets, "cpu")._prepare(frame)
    assert pixels.shape == (1, 3, 224, 224)
    white = [(1 - 0.48145466) / 0.26862954, (1 - 0.4578275) / 0.26130258, (1 - 0.40821073) / 0.27577711]
    np.testing.assert_allclose(pixels[0].reshape(3, -1).T, np.broadcast_to(white, (224 * 224, 3)), atol=1e-5)


def test_dino_crops_224_of_a_short_side_of_256(small_nets: Path) -> None:
    frame = scene(1, 256, 300)
    pixels = DinoV2.open(small_nets, "cpu")._prepare(frame)
    expected = (frame[16:240, 38:262] / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    np.testing.assert_allclose(pixels[0], expected.transpose(2, 0, 1), atol=1e-5)


def test_siglip_sees_the_whole_frame_squashed(small_nets: Path) -> None:
    frame = np.zeros((224, 448, 3), np.uint8)
    frame[:, 224:] = 255
    pixels = SigLip.open(small_nets, "cpu")._prepare(frame)
    np.testing.assert_allclose(pixels[0, :, :, :112], -1, atol=1e-6)
    np.testing.assert_allclose(pixels[0, :, :, 112:], 1, atol=1e-6)


def test_shrinking_takes_the_mean_of_each_area() -> None:
    frame = np.zeros((448, 448, 3), np.uint8)
    frame[::2, ::2] = 200
    np.testing.assert_array_equal(resized(frame, 224), np.full((224, 224, 3), 50))


def test_resizing_first_or_cropping_first_is_nearly_the_same_picture() -> None:
    frame = cv2.GaussianBlur(scene(2, 360, 640), (0, 0), 2)
    whole = cv2.resize(frame, (398, 224), interpolation=cv2.INTER_AREA)[
        :, 87:311
    ]  # torchvision: Resize(224), CenterCrop(224)
    assert np.abs(centre_square(frame, 224).astype(int) - whole).mean() < 1.0


def test_the_class_token_is_what_dino_gives(small_nets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dino = DinoV2.open(small_nets, "cpu")
    tokens = np.zeros((1, 257, 384), np.float32)
    tokens[0, 0, 5], tokens[0, 1:] = 3, 9
    monkeypatch.setattr(dino._session, "run", lambda feeds, outputs: [tokens])
    np.testing.assert_array_equal(dino.embed(scene(0)[None])[0], np.eye(384, dtype=np.float32)[5])


def test_a_vector_of_zeros_becomes_the_diagonal() -> None:
    np.testing.assert_allclose(unit(np.zeros(4, np.float32)), 0.5)
    np.testing.assert_allclose(unit(np.array([3, 4], np.float32)), [0.6, 0.8])
    np.testing.assert_allclose(unit(np.array([3e-10, 4e-10], np.float32)), [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize(
    "frames",
    [np.zeros((4, 4, 3), np.uint8), np.zeros((1, 4, 4, 3), np.float32), np.zeros((1, 0, 4, 3), np.uint8)],
)
def test_other_arrays_are_refused(frames: NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match=r"frames want \(N,H,W,3\) uint8"):
        Descriptor().embed(frames)  # type: ignore[arg-type]


# ---- signatures


def test_another_network_under_the_name_is_refused_with_got_and_expected(tmp_path: Path) -> None:
    file = tmp_path / weight("openclip").file
    nets.build_vit(file, "clip", output="logits")
    with pytest.raises(BadWeights, match="has no output 'image_embeds', got logits"):
        OpenClip.open(tmp_path, "cpu")
    nets.build_vit(file, "clip", out=640)
    with pytest.raises(
        BadWeights, match=r"is tensor\(float\) \(\?, 640\), expected tensor\(float\) \(\?, 512\)"
    ):
        OpenClip.open(tmp_path, "cpu")
    nets.build_vit(file, "clip", image=256)
    with pytest.raises(BadWeights, match=r"input 'pixel_values' is .*256, 256\), expected .*224, 224\)"):
        OpenClip.open(tmp_path, "cpu")


def test_a_network_that_answers_with_no_number_is_refused(
    small_nets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = OpenClip.open(small_nets, "cpu")
    for answer in (np.full((1, 512), np.nan, np.float32), np.ones((1, 7), np.float32)):
        monkeypatch.setattr(clip._session, "run", lambda feeds, outputs, answer=answer: [answer])
        with pytest.raises(BadWeights, match=r"expected \(512,\) finite numbers"):
            clip.embed(scene(0)[None])


# ---- choosing


def test_auto_takes_the_best_that_is_here_and_downloads_nothing(tmp_path: Path) -> None:
    assert isinstance(EMBEDDER.open("auto", tmp_path), Descriptor)
    for name in ("siglip", "dinov2", "openclip"):  # from the last to the first of the order
        nets.build_vit(tmp_path / weight(name).file, KINDS[name])
        assert EMBEDDER.open("auto", tmp_path, "cpu").name == name
    assert EMBEDDER.auto == ("openclip", "dinov2", "siglip", "mobilenet")


def test_a_named_embedder_without_weights_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="run: momentscan models pull openclip"):
        EMBEDDER.open("openclip", tmp_path)
    with pytest.raises(UsageError, match="there is no embedder 'nope'"):
        EMBEDDER.open("nope", tmp_path)


def test_present_but_wrong_weights_are_an_error_not_a_step_down(tmp_path: Path) -> None:
    (tmp_path / weight("mobilenet").file).write_bytes(b"wrong")
    with pytest.raises(BadWeights, match="expected 1269a6cc"):
        EMBEDDER.open("auto", tmp_path)


# ---- the descriptor


@pytest.mark.parametrize("seed", range(6))
def test_noise_gain_and_small_shifts_move_the_descriptor_little_and_new_content_far(seed: int) -> None:
    picture, other = scene(seed), scene(seed + 100)
    rng = np.random.default_rng(seed)
    cut = far(picture, other)
    noisy = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    assert cut > 0.4
    assert far(picture, noisy) < 0.01 * cut
    assert far(picture, (picture * 0.8).astype(np.uint8)) < 0.08 * cut
    assert far((picture * 0.8).astype(np.uint8), (picture * 0.64).astype(np.uint8)) < 0.08 * cut
    assert far(picture, np.roll(picture, 2, axis=1)) < 0.05 * cut


@pytest.mark.parametrize("seed", range(3))
def test_turned_and_mirrored_content_is_other_content(seed: int) -> None:
    square = scene(seed, 256, 256)
    for changed in (np.rot90(square), square[:, ::-1], 255 - square):
        assert far(square, np.ascontiguousarray(changed)) > 0.1


def test_a_larger_shift_moves_it_further() -> None:
    picture = scene(3, 256, 700)
    distances = [far(picture[:, :455], picture[:, dx : dx + 455]) for dx in (2, 8, 24, 64)]
    assert distances == sorted(distances)


def test_colour_alone_is_seen() -> None:
    picture = scene(4)
    assert far(picture, picture[:, :, ::-1].copy()) > 0.03


def test_noise_in_the_dark_is_not_content() -> None:
    rng = np.random.default_rng(0)
    dark = [np.clip(rng.normal(6, 4, (256, 455, 3)), 0, 255).astype(np.uint8) for _ in range(3)]
    assert max(far(dark[0], d) for d in dark[1:]) < 0.02
    assert far(dark[0], scene(0)) > 0.3


def test_the_blocks_fill_the_declared_width() -> None:
    vector = Descriptor().embed(scene(5)[None])[0]
    assert vector.shape == (684,)
    assert np.count_nonzero(vector) > 500
    assert vector[-1] > 0  # the constant


def test_the_tents_share_every_pixel_out() -> None:
    for size, cells in ((64, 8), (48, 3)):
        np.testing.assert_allclose(descriptor._tents(size, cells).sum(axis=0), 1, rtol=1e-6)


# ---- with the perceiver, and with real weights


def test_the_vision_perceiver_can_use_it() -> None:
    from momentscan.perceive.vision import Vision

    times = np.arange(8) * 0.25
    frames = np.stack([scene(i, 64, 96) for i in range(8)])
    empty = np.zeros(0, np.float32)
    batch = Batch(0, 2, frames, times, np.arange(8), empty, np.zeros((0, 4, 4), np.uint8), np.zeros(0))
    columns = Vision(embedder=Descriptor()).process(batch, {})
    np.testing.assert_array_equal(columns["vision.time_s"], [0, 0.5, 1, 1.5])
    assert columns["vision.embedding"].shape == (4, 684)


@pytest.mark.weights
def test_mobilenet_tells_content_from_noise(models_folder: Path) -> None:
    net = MobileNet.open(models_folder, "cpu")
    rng = np.random.default_rng(0)
    picture, other = scene(0), scene(100)
    noisy = np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
    vectors = net.embed(np.stack([picture, noisy, other]))
    assert 1 - vectors[0] @ vectors[1] < 0.6 * (1 - vectors[0] @ vectors[2])
