"""SRT, WebVTT and ASS to cues."""

from __future__ import annotations

import re
import warnings
from collections import Counter

from momentscan.media.transcript_cues import NO_TIMES, TranscriptCue, tokens_of
from momentscan.signals.words import Word, spread

_TIME = {"srt": r"\d{1,2}:\d{1,2}:\d{1,2}[.,]\d{1,3}", "vtt": r"(?:\d{2,4}:)?\d{2}:\d{2}\.\d{2,3}"}
_ARROW = {kind: re.compile(rf"\s*{time}\s*-->\s*{time}(?:\s.*)?") for kind, time in _TIME.items()}


def subtitle_cues(text: str, kind: str, lost: Counter[str]) -> list[TranscriptCue]:
    """The cues of a text of `kind` (srt, vtt or ass), none where it is not of it; those whose times cannot be
    read are counted in `lost`.
    """
    import pysubs2  # used where there are subtitles only

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says of single ASS fields
        try:
            if kind == "ass":
                return _ass_cues(text)
            events = pysubs2.SSAFile.from_string(
                _readable(text, kind, lost), format_=kind, keep_html_tags=True
            )
        except (pysubs2.Pysubs2Error, ValueError, KeyError, IndexError, OverflowError):
            return []
    cues = [
        TranscriptCue(e.start / 1000, e.end / 1000, e.text.replace(_HIDING, "").replace(r"\N", "\n"))
        for e in events
    ]
    return _without_repeats([_with_word_times(cue) for cue in cues]) if kind == "vtt" else cues


def _ass_cues(text: str) -> list[TranscriptCue]:
    import pysubs2

    events = pysubs2.SSAFile.from_string(text, format_="ass").get_text_events()
    return [TranscriptCue(e.start / 1000, e.end / 1000, e.plaintext) for e in events if e.text]


_HIDING = "\u200b"


def _readable(text: str, kind: str, lost: Counter[str]) -> str:
    """The text without cues whose times cannot be read, with times inside of cues hidden, and of WebVTT the
    cues only.

    pysubs2 takes "-00:00:01,000" and "100:00:01,000" for one second, any line with two times for the first of
    a cue, and reads on into notes and names of cues, which stand between the empty line that ends a cue of
    WebVTT and the next one.
    """
    lines: list[str] = []
    kept = kind == "srt"
    for line in text.split("\n"):
        if "-->" in line:
            kept = bool(_ARROW[kind].fullmatch(line))
            lost[NO_TIMES] += not kept
            if not kept and lines and lines[-1].strip().isdecimal():
                lines.pop()  # its number
        elif kind == "srt" and not line.strip():
            kept = True
        elif kind == "vtt" and not line:
            kept = False
        if kept:
            lines.append(line if "-->" in line else line.replace(":", ":" + _HIDING))
    return "\n".join(lines) + "\n"


_TIMESTAMP = re.compile(r"<((?:\d{1,4}:)?\d{2}:\d{2}\.\d{3})>")


def _with_word_times(cue: TranscriptCue) -> TranscriptCue:
    """WebVTT may say inside a cue when a word begins: <00:00:01.500>. Then all that stands between two stamps
    has its times.
    """
    parts = _TIMESTAMP.split(cue.text)
    if len(parts) < 3:
        return cue
    starts = [cue.start_s, *(_seconds(stamp) for stamp in parts[1::2])]
    if not all(a <= b for a, b in zip(starts, [*starts[1:], cue.end_s], strict=True)):
        return cue
    words: list[Word] = []
    # Lines above the first stamped one roll up, see _without_repeats.
    kept, _, first = parts[0].rpartition("\n")
    for start_s, end_s, text in zip(starts, [*starts[1:], cue.end_s], [first, *parts[2::2]], strict=True):
        texts = [t for t, _ in tokens_of(text)]
        spans = spread(start_s, end_s, texts)
        words += [Word(a, b, t, timed=len(texts) == 1) for (a, b), t in zip(spans, texts, strict=True)]
    return TranscriptCue(cue.start_s, cue.end_s, kept, tuple(words))


def _without_repeats(cues: list[TranscriptCue]) -> list[TranscriptCue]:
    """Captions that roll up (YouTube's) show each line twice more, without stamps, after it was said: only
    what has stamps is kept.
    """
    if not any(cue.words for cue in cues):
        return cues
    said: list[str] = []
    kept = []
    for cue in cues:
        lines = [line for line in cue.text.split("\n") if _plain(line) and _plain(line) not in said]
        kept.append(cue._replace(text="\n".join(lines)))
        said = [_plain(line) for line in cue.text.split("\n")] + [" ".join(w.text for w in cue.words)]
    return [cue for cue in kept if cue.words or cue.text]


def _plain(line: str) -> str:
    return " ".join(t for t, _ in tokens_of(line))


def _seconds(stamp: str) -> float:
    seconds = 0.0
    for part in stamp.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds
