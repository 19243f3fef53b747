"""Words with their times, however they came to be, and the sentences that they make. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from momentscan.knobs import Knob

LEAST_S = 0.01
"""What a word lasts at least: recognisers round to 10 ms and give the same start and end to some."""

ENDS = ".?!。？！．…‥"
CLOSERS = "\"'”’»」』)]}）〉》*♪"
"""May follow the mark that ends a sentence."""

ABBREVIATIONS = frozenset(
    (
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "jr",
        "sr",
        "vs",
        "no",
        "e.g",
        "i.e",
        "etc",
        "cf",
        "approx",
        "dept",
        "est",
        "fig",
        "vol",
        "inc",
        "ltd",
        "co",
        "u.s",
        "u.k",
        "a.m",
        "p.m",
    )
)
"""English words whose full stop does not end a sentence."""

KOREAN_ENDINGS = (
    *("니다", "니까", "세요", "어요", "아요", "여요", "해요", "예요", "에요", "네요", "군요"),
    *("지요", "죠", "거든요", "까요", "나요", "래요", "대요", "잖아요"),
)
"""Polite endings of a Korean sentence (합쇼체, 해요체), which subtitles often leave without a full stop;
하는데요 goes on too often.
"""


@dataclass(frozen=True)
class Word:
    """`[start_s, end_s)` of what somebody said. Times are of the clock of whoever gave them until they are
    moved.

    text    with its punctuation, without spaces
    cue     number of the subtitle or segment it came in
    timed   False where its times were shared out of a cue's by length
    prob    0-1, NaN where nobody said
    opens   it begins a sentence whatever comes before: another speaker's line
    """

    start_s: float
    end_s: float
    text: str
    cue: int = 0
    timed: bool = True
    prob: float = math.nan
    opens: bool = False


@dataclass(frozen=True)
class Sentences:
    """How words become sentences: by their punctuation, by pauses, and by cues where nobody wrote
    punctuation.
    """

    pause_s: Annotated[
        float,
        Knob(
            "s",
            source="Campione & Véronis 2002: pauses above 1 s are their own class, rare within a sentence",
            low=0,
        ),
    ] = 1.0
    polite_pause_s: Annotated[
        float, Knob("s", source="taste; to be swept: a breath after 합니다 or 해요", low=0)
    ] = 0.3
    words_per_end: Annotated[
        float,
        Knob(
            "",
            source="taste: spoken sentences have 10 to 20 words; with fewer ends than this nobody wrote them",
            low=1,
        ),
    ] = 40.0

    def numbered(self, words: Sequence[Word], before: Word | None = None, number: int = -1) -> list[int]:
        """The number of each word's sentence, in the order in which they were written; `before` is the last
        word of sentence `number`.

        Words of two speakers at once keep their own sentences where they were written one cue after the
        other.
        """
        cues_end = sum(_ends(word.text) for word in words) * self.words_per_end < len(words)
        numbers = []
        for word in words:
            if before is None or self._opens(before, word) or (cues_end and word.cue != before.cue):
                number += 1
            numbers.append(number)
            before = word
        return numbers

    def _opens(self, before: Word, word: Word) -> bool:
        if word.opens or word.start_s < before.start_s or _ends(before.text):
            return True
        pause_s = word.start_s - before.end_s
        return pause_s >= self.pause_s or (
            pause_s >= self.polite_pause_s and before.text.endswith(KOREAN_ENDINGS)
        )


def _ends(text: str) -> bool:
    """Whether a sentence ends with this word: "day." and "말했다." and "what?!”", but not "Mr." or "J." or
    "3.5".
    """
    bare = text.rstrip(CLOSERS)
    if not bare.endswith(tuple(ENDS)):
        return False
    inner = bare.rstrip(".").lstrip(CLOSERS + "([{“‘「『")
    initial = len(inner) == 1 and inner.isascii() and inner.isupper() and inner != "I"
    return not bare.endswith(".") or bare.endswith("..") or not (initial or inner.lower() in ABBREVIATIONS)


SPACELESS = (("\u3040", "\u30ff"), ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"), ("\uf900", "\ufaff"))
"""Kana and Chinese characters, of which words stand side by side without spaces: first and last of each
block.
"""


def spaceless(text: str) -> bool:
    """Whether a character of Chinese or Japanese is in it."""
    return any(first <= c <= last for c in text for first, last in SPACELESS)


def joined(texts: Sequence[str]) -> str:
    """["it", "is", "今", "日"] -> "it is今日": words in a line, without spaces beside Chinese and Japanese;
    Korean keeps its own.
    """
    line = texts[0] if texts else ""
    for text in texts[1:]:
        beside = next((c for c in reversed(line) if c.isalnum()), "") + next(
            (c for c in text if c.isalnum()), ""
        )
        line += text if spaceless(beside) and not any("가" <= c <= "힣" for c in beside) else f" {text}"
    return line


def spread(start_s: float, end_s: float, texts: Sequence[str]) -> list[tuple[float, float]]:
    """A span shared among words in proportion to their characters, one after the other: (start, end)."""
    done = [0]
    for text in texts:
        done.append(done[-1] + max(1, len(text)))
    step_s = (end_s - start_s) / max(1, done[-1])
    return [(start_s + a * step_s, start_s + b * step_s) for a, b in pairwise(done)]


@dataclass(frozen=True)
class Transcript:
    """What somebody wrote down of a video: words in the order in which they were written, times from the
    first frame.

    `problems` says in words what could not be used; `sha256` is the file's.
    """

    name: str
    sha256: str
    words: tuple[Word, ...]
    problems: tuple[str, ...] = ()
