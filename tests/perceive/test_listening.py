"""Speech, words and tags: what is heard is at its time, whatever the batches, and where there is no sound
nothing is made up.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import fakes
from momentscan.models.tagger import PATCH
from momentscan.perceive import Perceiver
from momentscan.perceive.resampling import Resampled, Steps
from momentscan.perceive.speech import Speech
from momentscan.perceive.tags import Tags
from momentscan.perceive.words import RecognitionOptions, Words, WordsOptions
from momentscan.signals.words import Transcript, Word
from momentscan.values import SOUND_HZ, Batch, Columns

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, SOUND_HZ * 5 + 1234).astype(np.float32)


def batch(sound: np.ndarray, start_s: float) -> Batch:
    """Sound without a picture."""
    none = np.zeros((0, 1, 1, 3), np.uint8), np.zeros(0), np.zeros(0, np.int64)
    return Batch(
        start_s, start_s + len(sound) / SOUND_HZ, *none, sound, np.zeros((0, 1, 1), np.uint8), np.zeros(0)
    )


def heard(perceiver: Perceiver, sound: np.ndarray, span: int = SOUND_HZ) -> Columns:
    """The columns of a sound that comes in spans."""
    chunks = [
        perceiver.process(batch(sound[i : i + span], i / SOUND_HZ), {}) for i in range(0, len(sound), span)
    ]
    chunks.append(perceiver.finish())
    return {name: np.concatenate([c[name] for c in chunks]) for name in perceiver.writes}


def resampled(sound: np.ndarray, span: int = SOUND_HZ) -> np.ndarray:
    to_16k = Resampled()
    return np.concatenate([*(to_16k(sound[i : i + span]) for i in range(0, len(sound), span)), to_16k.rest()])


# ---- resampling


def test_resampling_is_scipys_in_one_piece() -> None:
    from scipy.signal import resample_poly

    whole = resample_poly(NOISE, 320, 441)
    pieces = resampled(NOISE)
    assert len(pieces) == len(whole)
    np.testing.assert_allclose(pieces, whole, atol=2e-6)


@pytest.mark.parametrize("span", [1, 441, 12_345, 10**6])
def test_pieces_change_nothing(span: int) -> None:
    sound = NOISE[:30_000]
    np.testing.assert_array_equal(resampled(sound, span), resampled(sound, 22_050))


def test_a_tone_stays_at_its_time_and_height() -> None:
    at = np.arange(SOUND_HZ * 3) / SOUND_HZ
    tone = np.where(at >= 1.5, np.sin(2 * np.pi * 440 * at), 0).astype(np.float32)
    out = resampled(tone)
    assert np.abs(out[: round(1.499 * 16000)]).max() < 0.05
    expected = np.sin(2 * np.pi * 440 * np.arange(len(out)) / 16000)
    np.testing.assert_allclose(out[25_000:47_000], expected[25_000:47_000], atol=1e-3)


def test_what_is_missing_stays_missing_and_spoils_nothing_beside_it() -> None:
    sound = np.full(SOUND_HZ * 2, 0.25, np.float32)
    sound[10_000:20_000] = np.nan
    out = resampled(sound)
    first, last = round(10_000 * 320 / 441), round(20_000 * 320 / 441)
    assert np.isnan(out[first + 1 : last - 1]).all()
    assert np.isfinite(out[: first - 1]).all()
    assert np.isfinite(out[last + 1 :]).all()
    np.testing.assert_allclose(out[100 : first - 100], 0.25, atol=1e-3)


def test_nothing_in_nothing_out() -> None:
    assert len(resampled(np.zeros(0, np.float32))) == 0
    assert len(resampled(np.zeros(1, np.float32))) == 1


def test_steps_overlap_and_the_last_one_is_filled_up_where_enough_is_new() -> None:
    steps = Steps(10, 4)
    rows = [
        *steps(np.arange(7, dtype=np.float32)),
        *steps(np.arange(7, 17, dtype=np.float32)),
        *steps.rest(2),
    ]
    assert [first for first, _ in rows] == [0, 4, 8]
    assert rows[1][1].tolist() == list(range(4, 14))
    assert rows[2][1].tolist() == [*range(8, 17), 0]
    few = Steps(10, 4)
    assert len([*few(np.zeros(15, np.float32)), *few.rest(2)]) == 2


# ---- voice


def test_there_is_a_probability_for_every_32_ms() -> None:
    columns = heard(Speech(voice=fakes.Voice()), NOISE)
    duration_s = len(NOISE) / SOUND_HZ
    assert len(columns["voice.prob"]) == round(duration_s / 0.032)
    np.testing.assert_allclose(columns["voice.time_s"], np.arange(len(columns["voice.prob"])) * 0.032)


def test_speech_is_where_it_is_heard() -> None:
    sound = np.zeros(SOUND_HZ * 4, np.float32)
    sound[SOUND_HZ * 2 : SOUND_HZ * 3] = NOISE[:SOUND_HZ]
    columns = heard(Speech(voice=fakes.Voice()), sound)
    speaking = columns["voice.time_s"][columns["voice.prob"] > 0.5]
    assert speaking[0] == pytest.approx(2.0, abs=0.04)
    assert speaking[-1] == pytest.approx(3.0, abs=0.04)


@pytest.mark.parametrize("span", [777, 22_050, 10**6])
def test_voice_and_tags_are_the_same_in_any_batches(span: int) -> None:
    for made, again in (
        (Speech(voice=fakes.Voice()), Speech(voice=fakes.Voice())),
        (Tags(tagger=fakes.Tagger()), Tags(tagger=fakes.Tagger())),
    ):
        one, other = heard(made, NOISE, 5_000), heard(again, NOISE, span)
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_what_the_file_does_not_carry_is_nan() -> None:
    sound = NOISE.copy()
    sound[: SOUND_HZ * 2] = np.nan
    voice, tags = heard(Speech(voice=fakes.Voice()), sound), heard(Tags(tagger=fakes.Tagger()), sound)
    assert (np.isnan(voice["voice.prob"]) == (voice["voice.time_s"] < 1.984)).all()
    assert (np.isnan(tags["tags.laughter"]) == (tags["tags.time_s"] + PATCH / 32_000 < 2)).all()


def test_a_voice_network_remembers_from_batch_to_batch() -> None:
    voice = fakes.Voice()
    heard(Speech(voice=voice), NOISE, 3_000)
    assert voice.steps == round(len(NOISE) / SOUND_HZ / 0.032)


# ---- tags


def test_there_is_a_row_of_tags_every_480_ms() -> None:
    columns = heard(Tags(tagger=fakes.Tagger()), NOISE)
    np.testing.assert_allclose(np.diff(columns["tags.time_s"]), 0.48)
    assert columns["tags.time_s"][-1] + 0.975 >= len(NOISE) / SOUND_HZ - 0.24
    assert (columns["tags.laughter"] > columns["tags.applause"]).all()


def test_a_short_sound_has_one_row_and_a_click_none() -> None:
    assert len(heard(Tags(tagger=fakes.Tagger()), NOISE[: SOUND_HZ // 2])["tags.music"]) == 1
    assert len(heard(Tags(tagger=fakes.Tagger()), NOISE[: SOUND_HZ // 5])["tags.music"]) == 0


# ---- words of a transcript


def told(*words: Word) -> Transcript:
    return Transcript("told.srt", "0" * 64, words)


def test_words_come_by_their_start_with_the_number_of_their_sentence() -> None:
    two_at_once = told(Word(0, 1, "How"), Word(1, 3, "are"), Word(3, 4, "you?"), Word(0.5, 2.5, "Fine.", 1))
    columns = heard(Words(transcript=two_at_once), NOISE)
    assert columns["words.text"].tolist() == ["How", "Fine.", "are", "you?"]
    assert columns["words.sentence"].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("span", [500, 22_050, 10**6])
def test_words_are_the_same_in_any_batches(span: int) -> None:
    words = told(*(Word(i / 10, i / 10 + 0.1 * (i % 7), f"w{i}") for i in range(60)))
    one, other = heard(Words(transcript=words), NOISE, 9_999), heard(Words(transcript=words), NOISE, span)
    assert all(np.array_equal(one[name], other[name], equal_nan=name == "words.prob") for name in one)


def test_words_beyond_the_end_are_left_out_and_said_so() -> None:
    perceiver = Words(
        transcript=told(Word(1, 2, "in"), Word(5, 7, "over"), Word(6, 7, "out"), Word(8, 9, "far"))
    )
    columns = heard(perceiver, NOISE[: SOUND_HZ * 5 + 500])
    assert columns["words.text"].tolist() == ["in", "over"]
    assert columns["words.end_s"][-1] == pytest.approx(5 + 500 / SOUND_HZ)
    assert perceiver.problems == ("told.srt: 2 words lie beyond the end of the video",)


def test_a_transcript_of_another_video_is_asked_about() -> None:
    perceiver = Words(transcript=told(Word(100, 101, "far")))
    assert len(heard(perceiver, NOISE)["words.text"]) == 0
    assert perceiver.problems[0].endswith(
        "1 word lies beyond the end of the video; is it of this video, and are its times in seconds?"
    )


def test_what_the_reader_found_wrong_is_told() -> None:
    perceiver = Words(
        transcript=dataclasses.replace(
            told(Word(0, 1, "a")), problems=("told.srt: 3 cues end before they start",)
        )
    )
    heard(perceiver, NOISE)
    assert perceiver.problems == ("told.srt: 3 cues end before they start",)


def test_text_of_any_script_is_kept_and_what_is_unknown_is_nan() -> None:
    columns = heard(Words(transcript=told(Word(0, 1, "안녕하세요"), Word(1, 2, "👋🏽x", prob=0.5))), NOISE)
    assert columns["words.text"].tolist() == ["안녕하세요", "👋🏽x"]
    assert math.isnan(columns["words.prob"][0])
    assert columns["words.prob"][1] == 0.5


def test_with_nothing_to_go_by_there_are_no_words() -> None:
    assert len(heard(Words(), NOISE)["words.text"]) == 0
    assert Words().problems == ()


# ---- words of a recogniser

SHORT = WordsOptions(recognition=RecognitionOptions(chunk_s=30.0, seek_s=10.0, pause_s=0.3))


def talk(duration_s: float, pauses_s: tuple[float, ...]) -> np.ndarray:
    """Noise with pauses of 0.4 s."""
    sound = np.tile(NOISE, 20)[: round(duration_s * SOUND_HZ)].copy()
    for pause_s in pauses_s:
        sound[round(pause_s * SOUND_HZ) : round((pause_s + 0.4) * SOUND_HZ)] = 0
    return sound


def test_chunks_end_in_pauses_and_words_keep_their_times() -> None:
    recogniser = fakes.Recogniser()
    columns = heard(Words(recogniser=recogniser, knobs=SHORT), talk(70.0, (15.0, 25.0, 48.0)), 30_000)
    ends_s = np.cumsum(recogniser.chunks) / 16_000
    assert ends_s[0] == pytest.approx(25.2, abs=0.06)
    assert ends_s[1] == pytest.approx(48.2, abs=0.06)
    assert ends_s[-1] == pytest.approx(70.0, abs=0.001)
    assert (np.diff(columns["words.start_s"]) > 0).all()
    assert columns["words.end_s"][-1] <= 70.0
    assert columns["words.sentence"].tolist() == list(range(len(columns["words.text"])))


@pytest.mark.parametrize("span", [4_321, 100_000, 10**7])
def test_recognised_words_are_the_same_in_any_batches(span: int) -> None:
    sound = talk(65.0, (22.0, 50.0))
    one = heard(Words(recogniser=fakes.Recogniser(), knobs=SHORT), sound, 22_050)
    other = heard(Words(recogniser=fakes.Recogniser(), knobs=SHORT), sound, span)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_memory_holds_one_chunk_however_long_the_video() -> None:
    recogniser = fakes.Recogniser()
    heard(Words(recogniser=recogniser, knobs=SHORT), np.tile(NOISE, 60), 50_000)
    assert max(recogniser.chunks) <= 30 * 16_000
    assert min(recogniser.chunks[:-1]) >= 20 * 16_000


def test_a_language_once_known_is_not_asked_again() -> None:
    recogniser = fakes.Recogniser()
    heard(Words(recogniser=recogniser, knobs=SHORT), talk(70.0, (25.0,)))
    assert recogniser.languages[0] is None
    assert set(recogniser.languages[1:]) == {"ko"}


def test_silence_and_missing_sound_are_not_shown_to_a_recogniser() -> None:
    recogniser = fakes.Recogniser()
    heard(Words(recogniser=recogniser, knobs=SHORT), np.zeros(SOUND_HZ * 40, np.float32))
    heard(Words(recogniser=recogniser, knobs=SHORT), np.full(SOUND_HZ * 40, np.nan, np.float32))
    assert recogniser.chunks == []


def test_a_transcript_comes_before_a_recogniser() -> None:
    recogniser = fakes.Recogniser()
    perceiver = Words(transcript=told(Word(0, 1, "written")), recogniser=recogniser)
    assert heard(perceiver, NOISE)["words.text"].tolist() == ["written"]
    assert recogniser.chunks == []
    assert perceiver.made_by["words.text"].startswith("transcript-")
