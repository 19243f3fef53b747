"""What is said in a clip, as subtitles in the clip's own time: SRT and WebVTT."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from momentscan.signals import Signals
from momentscan.signals.words import joined

LINE = 42
"""Characters in each of the two lines on the screen (Netflix Timed Text Style Guide, English template)."""

WIDE = LINE / 16
"""What Hangul, kana and Chinese characters count for: lines of Korean have 16 of them (the same guide)."""

LONGEST_S = 7.0
"""A cue that stays longer is read twice (the same guide: at most 7 s)."""


class Cue(NamedTuple):
    """Words that are shown together. Times are those of whatever it is shown over."""

    start_s: float
    end_s: float
    text: str


def cues_between(signals: Signals, start_s: float, end_s: float) -> list[Cue]:
    """What is said in `[start_s, end_s)`, in time from `start_s` on; a cue is one sentence, or as much of it
    as two lines hold.

    A word counts where its middle lies inside. Empty without a transcript.
    """
    if not signals.rows("words.text"):
        return []
    starts, ends = signals["words.start_s"], signals["words.end_s"]
    middles, sentence = (starts + ends) / 2, signals["words.sentence"]
    inside = ((middles >= start_s) & (middles < end_s)).nonzero()[0].tolist()
    cues: list[list[int]] = []
    for i in sorted(
        inside, key=lambda i: (sentence[i], starts[i], i)
    ):  # two who speak at once have a cue each
        if cues and sentence[cues[-1][0]] == sentence[i] and _fits(signals, [*cues[-1], i]):
            cues[-1].append(i)
        else:
            cues.append([i])
    shown = [
        Cue(
            max(0.0, float(starts[c[0]]) - start_s),
            min(float(ends[c].max()), end_s) - start_s,
            _text(signals, c),
        )
        for c in cues
    ]
    return sorted(s for s in shown if s.end_s > s.start_s)


def _fits(signals: Signals, rows: Sequence[int]) -> bool:
    length_s = float(signals["words.end_s"][rows[-1]] - signals["words.start_s"][rows[0]])
    return length_s <= LONGEST_S and all(_width(line) <= LINE for line in _text(signals, rows).split("\n"))


def _text(signals: Signals, rows: Sequence[int]) -> str:
    """The words in at most two lines of nearly the same length."""
    words = [str(signals["words.text"][i]) for i in rows]
    whole = joined(words)
    if _width(whole) <= LINE or len(words) == 1:
        return whole
    return "\n".join(
        min(
            ((joined(words[:k]), joined(words[k:])) for k in range(1, len(words))),
            key=lambda lines: max(map(_width, lines)),
        )
    )


def _width(text: str) -> float:
    """Characters, wide ones counted for more."""
    return sum(WIDE if unicodedata.east_asian_width(c) in "WF" else 1.0 for c in text)


def shifted(cues: Sequence[Cue], by_s: float) -> list[Cue]:
    """The cues later by so much, for what is shown one after the other."""
    return [Cue(c.start_s + by_s, c.end_s + by_s, c.text) for c in cues]


def format_cues(cues: Sequence[Cue], form: str) -> str:
    """The file: `form` is "srt" or "vtt"."""
    import pysubs2

    file = pysubs2.SSAFile()
    for cue in cues:
        event = pysubs2.SSAEvent(
            start=round(1000 * cue.start_s), end=max(round(1000 * cue.end_s), round(1000 * cue.start_s) + 1)
        )
        event.plaintext = _plain(cue.text, form)
        file.append(event)
    return str(file.to_string(form))


def _plain(text: str, form: str) -> str:
    """Text that no reader takes for markup: an arrow ends a cue's header, and WebVTT reads tags and
    entities.
    """
    text = text.replace("-->", "→").replace("{", "(").replace("}", ")")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if form == "vtt" else text
