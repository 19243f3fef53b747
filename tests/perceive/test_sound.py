"""Sound measures against librosa, and where the file is silent or has none."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from momentscan.perceive.sound import Sound
from momentscan.values import SOUND_HZ, Batch, Columns

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, SOUND_HZ * 4).astype(np.float32) * np.linspace(
    0.05, 1, SOUND_HZ * 4, dtype=np.float32
)


def heard(sound: np.ndarray, span: int = SOUND_HZ) -> Columns:
    """The columns of a sound that comes in spans."""
    perceiver = Sound()
    none = np.zeros((0, 1, 1, 3), np.uint8), np.zeros(0), np.zeros(0, np.int64)
    chunks = []
    for start in range(0, len(sound), span):
        piece = sound[start : start + span]
        batch = Batch(
            start / SOUND_HZ,
            (start + len(piece)) / SOUND_HZ,
            *none,
            piece,
            np.zeros((0, 1, 1), np.uint8),
            np.zeros(0),
        )
        chunks.append(perceiver.process(batch, {}))
    chunks.append(perceiver.finish())
    return {name: np.concatenate([c[name] for c in chunks]) for name in Sound.writes}


def test_rms_per_half_second_is_librosas() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import librosa

        expected = librosa.feature.rms(y=NOISE, frame_length=11025, hop_length=11025, center=False)[0]
        short = librosa.feature.rms(
            y=NOISE, frame_length=2048, hop_length=512, center=True, pad_mode="constant"
        )[0]
    columns = heard(NOISE)
    np.testing.assert_allclose(columns["sound.rms"], expected, atol=1e-6)
    centres_s = np.arange(len(short)) * 512 / SOUND_HZ
    for k, loud_db in enumerate(columns["sound.loud_db"]):
        inside = short[(centres_s >= k / 2) & (centres_s < (k + 1) / 2)]
        assert loud_db == pytest.approx(20 * np.log10(np.percentile(inside, 95)), abs=1e-3)


def test_change_is_in_decibels_bounded_and_zero_at_first() -> None:
    steps = np.concatenate([np.full(11025, level, np.float32) for level in (0.1, 0.2, 0.0, 0.0, 0.5)])
    assert heard(steps)["sound.rms_change_db"] == pytest.approx([0, 6.02, -30, 0, 30], abs=0.01)


def test_digital_silence_is_the_floor_and_no_onset() -> None:
    columns = heard(np.zeros(SOUND_HZ * 2, np.float32))
    assert columns["sound.loud_db"].tolist() == [-60] * 4
    assert not columns["sound.onset"].any()


def test_an_attack_is_where_the_onset_is_highest() -> None:
    click = np.zeros(SOUND_HZ * 4, np.float32)
    click[SOUND_HZ * 2 + 3000 : SOUND_HZ * 2 + 5000] = np.random.default_rng(1).uniform(-1, 1, 2000)
    assert int(np.argmax(heard(click)["sound.onset"])) == 4


def test_where_the_file_has_no_sound_the_row_says_so() -> None:
    late = NOISE.copy()
    late[: SOUND_HZ + 4000] = np.nan
    columns = heard(late)
    assert np.isnan(columns["sound.rms"]).tolist() == [True, True, False, False, False, False, False, False]


def test_no_sound_track_no_rows_and_a_short_rest_is_dropped() -> None:
    assert len(heard(np.zeros(0, np.float32))["sound.rms"]) == 0
    assert len(heard(NOISE[: 11025 + 5000])["sound.rms"]) == 1
    assert len(heard(NOISE[: 11025 + 6000])["sound.rms"]) == 2
