"""Words become sentences by punctuation, pauses, speakers and cues, in English and in Korean."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.signals.words import LEAST_S, Sentences, Word, spread


def said(*texts: str, gap_s: float = 0.0, start_s: float = 0.0) -> list[Word]:
    """Words of 0.3 s, one after the other."""
    return [
        Word(start_s + i * (0.3 + gap_s), start_s + i * (0.3 + gap_s) + 0.3, text)
        for i, text in enumerate(texts)
    ]


def sentences(words: list[Word]) -> list[str]:
    """The sentences as text."""
    numbers = Sentences().numbered(words)
    return [
        " ".join(w.text for w, n in zip(words, numbers, strict=True) if n == k)
        for k in range(max(numbers) + 1)
    ]


@pytest.mark.parametrize("mark", [".", "?", "!", "。", "？", "！", "…", "...", "?!", '."', ".”", ".)", "?」"])
def test_a_sentence_ends_with_its_mark(mark: str) -> None:
    assert sentences(said("We", f"go{mark}", "They", "stay.")) == [f"We go{mark}", "They stay."]


@pytest.mark.parametrize("word", ["Mr.", "Dr.", "U.S.", "e.g.", "J.", "3.5", "no", "a,", "(Mr."])
def test_what_only_looks_like_an_end_is_none(word: str) -> None:
    assert sentences(said("So", word, "Kim", "came.")) == [f"So {word} Kim came."]


def test_numbers_and_i_end_sentences() -> None:
    assert sentences(said("It", "was", "3.", "So", "am", "I.", "Yes.")) == ["It was 3.", "So am I.", "Yes."]


def test_korean_sentences_end_with_their_mark() -> None:
    assert sentences(said("안녕하세요.", "저는", "철수입니다.", "반갑죠?")) == [
        "안녕하세요.",
        "저는 철수입니다.",
        "반갑죠?",
    ]


def test_a_polite_korean_ending_and_a_breath_end_one_too() -> None:
    words = [*said("저는", "학생입니다"), *said("그래서", "왔다.", start_s=1.0), *said("하나", start_s=1.7)]
    assert sentences(words) == ["저는 학생입니다", "그래서 왔다.", "하나"]
    together = [*said("저는", "학생입니다"), *said("그래서", "왔다.", start_s=0.7)]
    assert sentences(together) == ["저는 학생입니다 그래서 왔다."]


def test_a_long_pause_ends_a_sentence() -> None:
    assert sentences([*said("well", "now"), *said("then.", start_s=1.6)]) == ["well now", "then."]
    assert sentences([*said("well", "now"), *said("then.", start_s=1.5)]) == ["well now then."]


def test_another_speaker_begins_another_sentence() -> None:
    words = said("and", "so", "what.")
    assert sentences([words[0], Word(0.3, 0.6, "so", opens=True), words[2]]) == ["and", "so what."]


def test_two_at_once_keep_their_own_sentences() -> None:
    one, other = said("How", "are", "you?"), said("Fine", "thanks.", start_s=0.2)
    assert Sentences().numbered([*one, *other]) == [0, 0, 0, 1, 1]


def test_where_nobody_wrote_marks_cues_are_sentences() -> None:
    words = [Word(i * 0.3, i * 0.3 + 0.3, f"word{i}", cue=i // 5) for i in range(20)]
    assert Sentences().numbered(words) == [i // 5 for i in range(20)]
    marked = [*words, Word(6.0, 6.3, "end.", cue=4)]
    assert set(Sentences().numbered(marked)) == {0}


def test_numbers_go_on_after_those_before() -> None:
    first = said("One.", "Two")
    numbers = Sentences().numbered(first)
    assert Sentences().numbered(said("three.", "Four.", start_s=0.6), first[-1], numbers[-1]) == [1, 2]


def test_no_words_no_numbers() -> None:
    assert Sentences().numbered([]) == []


@given(st.floats(0, 1e5), st.floats(LEAST_S, 60), st.lists(st.text(max_size=12), min_size=1, max_size=40))
def test_a_span_is_shared_out_whole_in_order_and_by_length(
    start_s: float, length_s: float, texts: list[str]
) -> None:
    spans = spread(start_s, start_s + length_s, texts)
    assert spans[0][0] == start_s
    assert spans[-1][1] == pytest.approx(start_s + length_s)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    characters = sum(max(1, len(text)) for text in texts)
    for (a, b), text in zip(spans, texts, strict=True):
        assert b - a == pytest.approx(length_s * max(1, len(text)) / characters, abs=1e-9)


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.sampled_from(["one", "two.", "니다", "three?"]), st.integers(0, 3)),
        max_size=30,
    )
)
def test_numbers_rise_by_at_most_one(told: list[tuple[float, str, int]]) -> None:
    words = [Word(t, t + 0.2, text, cue) for t, text, cue in told]
    numbers = Sentences().numbered(words)
    assert all(b - a in (0, 1) for a, b in zip([-1, *numbers], numbers, strict=False))
    assert not words or numbers[0] == 0


def test_what_is_not_said_of_a_word_is_nan() -> None:
    assert math.isnan(Word(0, 1, "a").prob)
