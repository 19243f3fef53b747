"""The JSON of speech recognisers to cues: Whisper, faster-whisper, WhisperX, whisper.cpp, OpenAI's API, or a
plain list.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from momentscan.errors import UnreadableInput, one_line
from momentscan.media.transcript_cues import TranscriptCue, cleaned
from momentscan.signals.words import Word, spread


def json_cues(text: str, path: Path) -> list[TranscriptCue]:
    """The cues of a transcript in JSON. Raises UnreadableInput for any other."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(
            f"{path}: is no JSON that can be read ({one_line(error)}); export the transcript again"
        ) from None
    rows = _rows(data)
    if rows is None:
        raise UnreadableInput(
            f"{path}: is no transcript; expected a list of {{start, end, text}}, or an object with "
            "`segments` or `words`"
        )
    if rows and not any("text" in row for row in rows):
        return [_cue_of_words(rows)]
    return [_cue_of_segment(row) for row in rows]


def _cue_of_words(rows: list[dict[str, Any]]) -> TranscriptCue:
    """A list of words without segments is one cue, from its first time to its last."""
    ends = [_number(row.get(key)) for row in rows for key in ("start", "end")]
    times = [t for t in ends if math.isfinite(t)]
    start_s, end_s = (times[0], times[-1]) if times else (math.nan, math.nan)
    return TranscriptCue(start_s, end_s, "", tuple(_timed(rows, start_s, end_s)))


def _rows(data: Any) -> list[dict[str, Any]] | None:
    """The segments, or the words, in the JSON of Whisper, faster-whisper, WhisperX, whisper.cpp, OpenAI's
    API, or a plain list.
    """
    if not isinstance(data, dict):
        rows = _objects(data)
        return rows if rows and all(_is_cue(row) for row in rows) else None
    segments, words = _objects(data.get("segments", data.get("transcription"))), _objects(data.get("words"))
    if words and not any("words" in row for row in segments or ()):
        return words
    return segments if segments is not None else words


def _is_cue(row: dict[str, Any]) -> bool:
    return bool({"start", "offsets"} & set(row) and {"text", "word"} & set(row))


def _objects(rows: Any) -> list[dict[str, Any]] | None:
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def _cue_of_segment(row: dict[str, Any]) -> TranscriptCue:
    offsets = row.get("offsets")
    if isinstance(offsets, dict):  # whisper.cpp: milliseconds
        start_s, end_s = _number(offsets.get("from")) / 1000, _number(offsets.get("to")) / 1000
    else:
        start_s, end_s = _number(row.get("start")), _number(row.get("end"))
    text, words = row.get("text"), _objects(row.get("words"))
    shared = text if isinstance(text, str) and not words else ""
    return TranscriptCue(start_s, end_s, shared, tuple(_timed(words or (), start_s, end_s)))


def _timed(rows: Sequence[dict[str, Any]], start_s: float, end_s: float) -> Iterator[Word]:
    """Words of a segment; those without times (WhisperX gives numbers none) share what lies between their
    neighbours.
    """
    texts = [" ".join(cleaned(str(row.get("word", row.get("text", "")))).split()) for row in rows]
    times = [(_number(row.get("start")), _number(row.get("end"))) for row in rows]
    known = [math.isfinite(a) and math.isfinite(b) for a, b in times]
    at = 0
    while at < len(rows):
        if known[at]:
            yield Word(*times[at], texts[at], prob=_prob(rows[at]))
            at += 1
            continue
        stop = next((i for i in range(at, len(rows)) if known[i]), len(rows))
        left = times[at - 1][1] if at else start_s
        right = times[stop][0] if stop < len(rows) else end_s
        spans = spread(left, max(left, right), texts[at:stop])
        for (a, b), text in zip(spans, texts[at:stop], strict=True):
            yield Word(a, b, text, timed=False)
        at = stop


def _number(value: Any) -> float:
    """Seconds as JSON gives them; NaN for anything that is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if -1e9 < value < 1e9 else math.nan


def _prob(row: dict[str, Any]) -> float:
    prob = _number(row.get("probability", row.get("score", row.get("prob"))))
    return prob if 0 <= prob <= 1 else math.nan
