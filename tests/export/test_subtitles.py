"""What is said in a clip, in the clip's own time."""

from __future__ import annotations

import numpy as np
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import worlds
from momentscan.export.subtitles import LINE, cues_between, format_cues, shifted
from momentscan.signals import Signals


def spoken(*words: tuple[float, float, str, int]) -> Signals:
    columns = {
        "words.start_s": np.array([w[0] for w in words]),
        "words.end_s": np.array([w[1] for w in words]),
        "words.text": np.array([w[2] for w in words], object),
        "words.sentence": np.array([w[3] for w in words], np.int64),
    }
    return Signals(worlds.info(), columns)


TALK = spoken(
    (9.0, 9.5, "Well,", 0),
    (10.0, 10.4, "look", 1),
    (10.5, 11.0, "there.", 1),
    (11.2, 11.9, "안녕하세요!", 2),
    (14.0, 15.0, "Later.", 3),
)


def test_cues_are_sentences_in_the_time_of_the_clip() -> None:
    cues = cues_between(TALK, 9.9, 13.0)
    assert [(round(c.start_s, 3), round(c.end_s, 3), c.text) for c in cues] == [
        (0.1, 1.1, "look there."),
        (1.3, 2.0, "안녕하세요!"),
    ]


def test_a_word_belongs_to_the_clip_that_holds_its_middle() -> None:
    assert [c.text for c in cues_between(TALK, 9.3, 10.1)] == []
    assert [c.text for c in cues_between(TALK, 9.2, 10.3)] == ["Well,", "look"]
    cut_short = cues_between(TALK, 10.0, 14.6)[-1]
    assert (cut_short.text, cut_short.end_s) == ("Later.", pytest.approx(4.6))


def test_a_long_sentence_becomes_cues_of_at_most_two_lines() -> None:
    long = spoken(*[(i * 0.3, i * 0.3 + 0.25, f"word{i:02d}", 0) for i in range(60)])
    cues = cues_between(long, 0, 60)
    assert len(cues) > 3
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(len(line) <= LINE for line in lines)
        assert cue.end_s - cue.start_s <= 7.0
    assert " ".join(c.text.replace("\n", " ") for c in cues) == " ".join(f"word{i:02d}" for i in range(60))


def test_what_two_say_at_once_stays_in_its_sentences() -> None:
    both = spoken(
        (1.0, 1.4, "Are", 0),
        (1.2, 1.6, "Stop", 1),
        (1.5, 1.9, "you", 0),
        (1.7, 2.1, "that!", 1),
        (2.0, 2.4, "there?", 0),
    )
    assert [(c.start_s, c.end_s, c.text) for c in cues_between(both, 0, 9)] == [
        (1.0, 2.4, "Are you there?"),
        (1.2, 2.1, "Stop that!"),
    ]


def test_scripts_without_spaces_get_none() -> None:
    words = ["これ", "は", "AI", "技", "術", "で", "す。", "It", "is", "OK"]
    mixed = spoken(*[(1 + 0.2 * i, 1.2 + 0.2 * i, word, 0) for i, word in enumerate(words)])
    assert [c.text for c in cues_between(mixed, 0, 9)] == ["これはAI技術です。It is OK"]
    korean = spoken((1.0, 1.4, "정말", 0), (1.4, 1.9, "웃겨요!", 0))
    assert [c.text for c in cues_between(korean, 0, 9)] == ["정말 웃겨요!"]


def test_wide_letters_fill_a_line_sooner() -> None:
    korean = spoken(*[(0.3 * i, 0.3 * i + 0.25, "가나다라", 0) for i in range(12)])
    for cue in cues_between(korean, 0, 9):
        assert all(len(line) <= 16 for line in cue.text.split("\n"))
    assert " ".join(c.text.replace("\n", " ") for c in cues_between(korean, 0, 9)) == " ".join(
        ["가나다라"] * 12
    )


def test_without_a_transcript_nothing_is_said() -> None:
    assert cues_between(worlds.signals(), 0, 60) == []


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_what_is_written_is_read_back(form: str) -> None:
    cues = shifted(cues_between(TALK, 9.9, 13.0), 2.0)
    back = pysubs2.SSAFile.from_string(format_cues(cues, form), format_=form)
    assert [(e.start, e.end) for e in back] == [(2100, 3100), (3300, 4000)]
    assert back[1].plaintext == "안녕하세요!"


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_no_word_breaks_the_file(word: str) -> None:
    if not word.strip():
        return
    cues = cues_between(spoken((1.0, 1.5, word.strip(), 0), (2.0, 2.5, "next", 1)), 0, 5)
    for form in ("srt", "vtt"):
        assert len(pysubs2.SSAFile.from_string(format_cues(cues, form), format_=form)) == 2
