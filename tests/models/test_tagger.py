"""YAMNet: its spectra are the published ones, its classes are called what we call them, and it tells real
sounds apart.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.models.session import Port
from momentscan.models.tagger import (
    CLASSES,
    KINDS,
    LOG_OFFSET,
    PATCH,
    PATCH_HOP,
    TAGGER,
    Yamnet,
    _mel_bands,
    _mel_triangles,
    log_mel,
)


class Net:
    """What an open network is, of other sizes."""

    name = "other.tflite"
    inputs = (Port("in", (1, 15600), "float32"),)
    outputs = (Port("out", (1, 521), "float32"),)


def test_another_network_is_refused_in_one_line() -> None:
    with pytest.raises(BadWeights, match=r"^other\.tflite has ports .*catalogue's$"):
        Yamnet(Net())  # type: ignore[arg-type]


def test_without_weights_auto_is_none_and_a_name_says_what_to_do(tmp_path: Path) -> None:
    assert TAGGER.open("auto", tmp_path) is None
    assert TAGGER.open("none", tmp_path) is None
    with pytest.raises(MissingModel, match="momentscan models pull yamnet"):
        TAGGER.open("yamnet", tmp_path)
    with pytest.raises(UsageError, match="there are auto, none, yamnet"):
        TAGGER.open("other", tmp_path)


def test_a_patch_is_96_frames_and_half_of_it_is_0_48_s() -> None:
    assert log_mel(np.zeros(PATCH, np.float32)).shape == (96, 64)
    assert PATCH_HOP / 16000 == 0.48


def test_silence_is_the_offset() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(PATCH, np.float32)), np.log(LOG_OFFSET), rtol=1e-6)


def test_a_tone_is_in_the_band_around_it_and_has_its_level() -> None:
    """A full-scale sine through a Hann window of 400 has a peak of 400 / 4 = 100 (sum of the window over
    two).
    """
    at = np.arange(PATCH) / 16000
    bands = log_mel(np.sin(2 * np.pi * 1000 * at).astype(np.float32)).mean(axis=0)
    mel = np.linspace(1127 * np.log1p(125 / 700), 1127 * np.log1p(7500 / 700), 66)[1:-1]
    assert abs(int(bands.argmax()) - int(np.abs(mel - 1127 * np.log1p(1000 / 700)).argmin())) <= 1
    assert 50 < np.exp(bands.max()) < 300
    assert bands.max() - np.median(bands) > 8


def test_the_bands_are_librosas_with_htks_scale() -> None:
    """librosa's triangles are straight in Hz, TensorFlow's in mel: their feet and tops are the same, and they
    differ by little.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import librosa

        theirs = librosa.filters.mel(
            sr=16000, n_fft=512, n_mels=64, fmin=125, fmax=7500, htk=True, norm=None
        ).T
    ours = _mel_bands()
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 0.04
    assert not ours[0].any()


def test_triangles_are_the_bands_without_their_zeros() -> None:
    bins, weights = _mel_triangles()
    again = np.zeros_like(_mel_bands())
    np.add.at(again, (bins, np.arange(64)[:, None]), weights)
    np.testing.assert_array_equal(again, _mel_bands())


def test_sound_that_is_too_short_or_no_row_is_an_error_of_ours() -> None:
    for bad in (np.zeros(399, np.float32), np.zeros((1, PATCH), np.float32)):
        with pytest.raises(ValueError, match="samples want"):
            log_mel(bad)


@pytest.mark.weights
def test_classes_are_called_what_we_call_them(models_folder: Path) -> None:
    with (models_folder / "yamnet_class_map.csv").open(newline="") as file:
        names = {int(row["index"]): row["display_name"] for row in csv.DictReader(file)}
    assert len(names) == 521
    assert set(CLASSES) == set(KINDS)
    for classes in CLASSES.values():
        assert {index: names[index] for index in classes} == classes


@pytest.mark.weights
def test_a_kind_is_the_highest_of_its_classes(models_folder: Path) -> None:
    tagger = Yamnet.open(models_folder)
    patch = np.random.default_rng(0).normal(0, 0.1, PATCH).astype(np.float32)
    scores, tags = tagger.scores(patch), tagger.tag(patch)
    assert scores.shape == (521,)
    assert 0 <= scores.min() <= scores.max() <= 1
    assert dict(zip(KINDS, tags.tolist(), strict=True)) == {
        k: float(max(scores[i] for i in CLASSES[k])) for k in KINDS
    }
