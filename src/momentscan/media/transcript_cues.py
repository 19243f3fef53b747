"""Cues of a transcript, and the words in their text: without mark-up, each with its punctuation."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import NamedTuple

from momentscan.signals.words import CLOSERS, ENDS, Word, spaceless, spread

NO_TIMES = "cues have times that cannot be read"


class TranscriptCue(NamedTuple):
    """A subtitle or a segment, in seconds of the transcript's clock. `words`: what the source says of them,
    if anything.
    """

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()


def words_of(cue: TranscriptCue, number: int) -> list[Word]:
    """Its words: those that came with times, and those whose times are shared out of its own."""
    tokens = tokens_of(cue.text)
    spans = spread(cue.start_s, cue.end_s, [text for text, _ in tokens])
    shared = [
        Word(a, b, text, timed=False, opens=opens)
        for (a, b), (text, opens) in zip(spans, tokens, strict=True)
    ]
    return [
        replace(word, cue=number) for word in (*shared, *cue.words) if any(c.isalnum() for c in word.text)
    ]


_SPEAKER = re.compile(r"<v[ .][^>\n]{0,200}>")
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,500}>|<\d[\d:.]{0,20}>|\{\\[^}]{0,500}\}|\{[a-zA-Z]:[^}]{0,500}\}")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    r"\ufe0f\ufeff\ud800-\udfff♩-♬]"
)
_NOISE = re.compile(r"\[[^\[\]]{0,200}\]")
_ONLY_NOISE = re.compile(r"[(（][^()（）]{0,200}[)）]")
_NEXT_SPEAKER = re.compile(r"\s*(?:[-–‐]|>>+)\s*(?=\S)")
_NAME = re.compile(r"\s*[A-Z][A-Z0-9 .'’#-]{1,30}:\s+(?=\S)")
_ATTACHED = set(ENDS + CLOSERS + ",;:-–—、，：；")
"""What belongs to the word before it, even where a space stands between them."""


def cleaned(text: str) -> str:
    """Without mark-up, without characters that are not seen, without what is heard but not said ([laughs]);
    speakers as dashes.
    """
    text = html.unescape(_TAGS.sub("", _SPEAKER.sub("\n- ", text)))
    return _NOISE.sub(" ", _UNSEEN.sub("", text.replace(r"\h", " ")))


def tokens_of(text: str) -> list[tuple[str, bool]]:
    """Words with their punctuation, and which of them begin another speaker's line. Chinese and Japanese go
    character by character.
    """
    tokens: list[tuple[str, bool]] = []
    for line in cleaned(text).split("\n"):
        opens = False
        for pattern in (_NEXT_SPEAKER, _NAME):
            line, count = re.subn(rf"^(?:{pattern.pattern})", "", line)
            opens |= bool(count)
        if _ONLY_NOISE.fullmatch(line.strip()):
            continue
        for part in (p for word in line.split() for p in _parts(word)):
            if any(c.isalnum() for c in part):
                tokens.append((part, opens))
                opens = False
            elif tokens and not opens and set(part) <= _ATTACHED:
                tokens[-1] = (tokens[-1][0] + part, tokens[-1][1])
    return tokens


def _parts(word: str) -> list[str]:
    """One word, or its characters, each with the punctuation after it, where its script has no spaces."""
    if not spaceless(word):
        return [word]
    return re.findall(r"[^\w]*(?:[a-zA-Z0-9]+|\w)[^\w]*", word) or [word]
