"""Voiced spans, words and sentences, reactions: read from the log."""

from __future__ import annotations

import numpy as np
import pytest

import worlds
from momentscan.signals import Signals
from momentscan.signals.speech import Voicing, reaction, words


def voice(*prob: float) -> Signals:
    values = np.array(prob, np.float32)
    return Signals(worlds.info(), {"voice.time_s": np.arange(len(prob)) * 0.032, "voice.prob": values})


def test_speech_begins_at_half_and_ends_below_a_third() -> None:
    spans = Voicing()(voice(*[0.1] * 10, *[0.6] * 10, *[0.4] * 5, *[0.2] * 10))
    assert spans.tolist() == [[pytest.approx(0.32), pytest.approx(0.8)]]


def test_a_short_pause_does_not_end_speech_and_a_click_is_none() -> None:
    (span,) = Voicing()(voice(*[0.9] * 10, 0.1, 0.1, *[0.9] * 10))
    assert span.tolist() == [0.0, pytest.approx(0.704)]
    assert len(Voicing()(voice(*[0.1] * 10, *[0.9] * 3, *[0.1] * 10))) == 0


def test_where_voice_was_not_logged_or_not_heard_there_is_none() -> None:
    assert Voicing()(worlds.signals()).shape == (0, 2)
    assert Voicing()(voice(*[float("nan")] * 50)).shape == (0, 2)


def test_words_of_two_speakers_are_one_span_and_words_that_touch_are_two() -> None:
    columns = {
        "words.start_s": np.array([1.0, 1.5, 2.0, 3.0]),
        "words.end_s": np.array([1.6, 2.0, 2.5, 3.5]),
        "words.sentence": np.array([0, 1, 1, 2]),
    }
    spans, sentences = words(Signals(worlds.info(), columns))
    assert spans.tolist() == [[1.0, 2.0], [2.0, 2.5], [3.0, 3.5]]
    assert sentences.tolist() == [[1.0, 2.5], [3.0, 3.5]]
    assert words(worlds.signals())[0].shape == (0, 2)


def test_the_strongest_reaction_is_told_with_its_onset_even_before_the_span() -> None:
    time_s = np.arange(20) * 0.48
    laughter = np.where((time_s >= 2.4) & (time_s < 6), 0.5, 0.0)
    cheer = np.where(time_s >= 7, 0.4, 0.0)
    told = Signals(worlds.info(), {"tags.time_s": time_s, "tags.laughter": laughter, "tags.cheer": cheer})
    heard = reaction(told, 4.0, 8.5, 0.3)
    assert (heard.kind, heard.score) == ("laughter", 0.5)
    assert heard.onset_s == pytest.approx(2.4 + 0.48)
    assert reaction(told, 7.5, 9.0, 0.3).kind == "cheer"
    assert reaction(told, 7.5, 9.0, 0.45) is None
    assert reaction(worlds.signals(), 0, 60, 0.1) is None
