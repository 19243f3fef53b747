"""What every registered embedder promises, whatever is inside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import nets
from momentscan.models.embedders import EMBEDDER, Embedder

KINDS = {"openclip": "clip", "dinov2": "dinov2", "siglip": "siglip"}
REAL = {"mobilenet"}
"""Embedders whose catalogue row names its bytes: only the real file will do."""

NAMES = [pytest.param(n, marks=pytest.mark.weights) if n in REAL else n for n in EMBEDDER.names()]


@pytest.fixture(scope="module")
def small_nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    for name, kind in KINDS.items():
        nets.build_vit(folder / EMBEDDER.kind(name).weight.file, kind)
    return folder


@pytest.fixture(params=NAMES)
def embedder(request: pytest.FixtureRequest, small_nets: Path) -> Embedder:
    folder = request.getfixturevalue("models_folder") if request.param in REAL else small_nets
    opened: Embedder = EMBEDDER.kind(request.param).open(folder, "cpu")
    return opened


def pictures(n: int, height: int = 120, width: int = 200, seed: int = 0) -> NDArray[np.uint8]:
    """n noisy ramps, no two alike."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 200, width)[None, None, :, None] * rng.uniform(0.2, 1, (n, 1, 1, 3))
    return np.clip(ramp + rng.normal(20, 10, (n, height, width, 3)), 0, 255).astype(np.uint8)


def test_vectors_have_the_declared_width_and_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(pictures(3))
    assert vectors.shape == (3, embedder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_batch_size_and_order_change_nothing(embedder: Embedder) -> None:
    frames = pictures(4)
    together = embedder.embed(frames)
    np.testing.assert_array_equal(together, np.concatenate([embedder.embed(frame[None]) for frame in frames]))
    np.testing.assert_array_equal(together[::-1], embedder.embed(frames[::-1]))


def test_the_same_picture_gives_the_same_vector_from_a_second_instance(
    embedder: Embedder, small_nets: Path, request
) -> None:  # type: ignore[no-untyped-def]
    folder = request.getfixturevalue("models_folder") if embedder.name in REAL else small_nets
    again: Embedder = type(embedder).open(folder, "cpu")
    frames = pictures(2)
    np.testing.assert_array_equal(embedder.embed(frames), again.embed(frames))


def test_no_frames_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed(pictures(2)[:0]).shape == (0, embedder.dim)


def test_the_frames_are_left_as_they_were(embedder: Embedder) -> None:
    frames = pictures(1, 224, 224)
    before = frames.copy()
    frames.setflags(write=False)
    embedder.embed(frames)
    np.testing.assert_array_equal(frames, before)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (33, 7), (223, 225), (256, 455), (3, 2000)])
def test_any_size_from_one_pixel_on_gives_a_finite_unit_vector(
    embedder: Embedder, size: tuple[int, int]
) -> None:
    black = np.zeros((1, *size, 3), np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    vectors = embedder.embed(np.concatenate([black, 255 - black, noise]))
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_different_pictures_get_different_vectors(embedder: Embedder) -> None:
    frames = pictures(2)
    frames[1] = frames[1, ::-1, ::-1]
    one, two = embedder.embed(frames)
    assert one @ two < 1 - 1e-4


def test_names_and_versions_tell_embedders_apart() -> None:
    classes = [EMBEDDER.kind(name) for name in EMBEDDER.names()]
    assert [cls.name for cls in classes] == EMBEDDER.names()
    assert len({cls.version for cls in classes}) == len(classes)
    for cls in classes:
        assert cls.version == cls.version.strip().lower()
        assert cls.dim >= 1
        assert cls.short_side_px >= 1
        assert cls.calibration.change_floor > 0
        assert cls.weight is None or cls.weight.name == cls.name, (
            "momentscan models pull NAME must know it by the embedder's name"
        )
