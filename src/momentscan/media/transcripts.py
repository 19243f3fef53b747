"""Transcripts that lie beside a video or are named: SRT, WebVTT, ASS, and the JSON of speech recognisers, to
words with times.

Subtitles and recognisers count from where the file starts, as players show it; momentscan counts from the
first frame. Where sound starts before the picture, the difference is taken off.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from momentscan.errors import UnreadableInput, one_line
from momentscan.knobs import Knob
from momentscan.media.container import Limits, open_container, video_stream
from momentscan.media.transcript_cues import NO_TIMES, TranscriptCue, words_of
from momentscan.media.transcript_file import read_bytes, text_of
from momentscan.media.transcript_json import json_cues
from momentscan.media.transcript_subtitles import subtitle_cues
from momentscan.signals.words import LEAST_S, Transcript, Word

BESIDE = (".json", ".vtt", ".srt", ".ass")
"""What is looked for beside a video, under its own name: first what may tell when each word is said, then
what tells of cues only.
"""


@dataclass(frozen=True)
class TranscriptOptions:
    """What is refused or left out of a transcript."""

    max_bytes: Annotated[
        float, Knob("B", source="taste: a day of speech with word times as JSON is 15 MB", low=1)
    ] = 64e6
    longest_cue_s: Annotated[
        float,
        Knob(
            "s",
            source="subtitles stay for 7 s at most (Netflix Timed Text Style Guide), segments of Whisper "
            "for 30 s",
            low=1,
        ),
    ] = 60.0


def transcript_of(
    video: Path,
    given: str = "auto",
    options: TranscriptOptions = TranscriptOptions(),
    limits: Limits = Limits(),
) -> Transcript | None:
    """The transcript of a video: the file that is named, with "auto" one beside it that has its name, with
    "none" none. `options` says what of a transcript is refused, `limits` what of the video.

    Raises UnreadableInput for a named file that is no transcript. One that only lies there is then left
    alone; its problems say so.
    """
    if given == "none":
        return None
    if given != "auto":
        return read_transcript(Path(given), picture_late_s(video, limits), options)
    found, problems = None, []
    for path in (path for path in map(video.with_suffix, BESIDE) if path.is_file()):
        try:
            found = read_transcript(path, picture_late_s(video, limits), options)
            break
        except UnreadableInput as error:
            if path.suffix != ".json":  # which may tell of anything
                problems.append(f"the transcript beside the video was left out: {one_line(error)}")
    if not problems:
        return found
    return replace(found or Transcript("", "", ()), problems=(*problems, *(found.problems if found else ())))


def read_transcript(
    path: Path, late_s: float = 0.0, options: TranscriptOptions = TranscriptOptions()
) -> Transcript:
    """Every word that the file has times for, `late_s` earlier than it says. Raises UnreadableInput."""
    data = read_bytes(path, options.max_bytes)
    text, notes = text_of(data, path)
    lost: Counter[str] = Counter()
    words: list[Word] = []
    for number, cue in enumerate(_cues(text, path, lost)):
        reason = _unusable(cue, options)
        if reason:
            lost[reason] += 1
        else:
            words += _shifted(words_of(cue, number), late_s, lost)
    notes += [f"{count} {what}" for what, count in sorted((+lost).items())]
    if not words:
        notes.append("it holds no words")
    return Transcript(
        path.name,
        hashlib.sha256(data).hexdigest(),
        tuple(words),
        tuple(f"{path.name}: {note}" for note in notes),
    )


def picture_late_s(video: Path, limits: Limits = Limits()) -> float:
    """How long after the start of the file, as players show it, the first frame comes. Raises
    UnreadableInput.
    """
    with open_container(video, limits) as container:
        stream = video_stream(container, video, limits)
        if stream.start_time is None or container.start_time is None:
            return 0.0
        late_s = float(stream.start_time * stream.time_base) - float(container.start_time) / 1e6
    return max(0.0, late_s)


def _cues(text: str, path: Path, lost: Counter[str]) -> list[TranscriptCue]:
    """What the text says it is decides, not the name. Raises UnreadableInput where there is not one cue."""
    head = text.lstrip()
    if head.startswith(("{", "[")) and not head.startswith("[Script Info]"):
        return json_cues(text, path)
    cues = subtitle_cues(text, _subtitle_format(text), lost)
    if not cues and not +lost:
        raise UnreadableInput(
            f"{path}: is no transcript (no cue with times was found); expected SRT, VTT, ASS or JSON"
        )
    return cues


def _subtitle_format(text: str) -> str:
    if text.lstrip().startswith("WEBVTT"):
        return "vtt"
    return "ass" if "[Events]" in text and "-->" not in text else "srt"


def _unusable(cue: TranscriptCue, options: TranscriptOptions) -> str:
    """Why a cue cannot be placed, or nothing. The times of its words speak for themselves."""
    if cue.words and all(math.isfinite(w.start_s + w.end_s) for w in cue.words):
        return ""
    if not math.isfinite(cue.start_s + cue.end_s):
        return NO_TIMES
    if cue.end_s <= cue.start_s:
        return "cues end before they start"
    if cue.end_s - cue.start_s > options.longest_cue_s:
        return f"cues last longer than {options.longest_cue_s:g} s, which tells nothing of their words"
    return ""


def _shifted(words: list[Word], late_s: float, lost: Counter[str]) -> Iterator[Word]:
    """Onto the clock of the first frame; what was said before it is left out."""
    for word in words:
        start_s, end_s = word.start_s - late_s, word.end_s - late_s
        if end_s <= 0:
            lost["words were said before the first frame"] += 1
            continue
        start_s = max(0.0, start_s)
        yield replace(word, start_s=start_s, end_s=max(end_s, start_s + LEAST_S))
