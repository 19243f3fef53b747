"""What is said, word by word: from a transcript that somebody gave, or from a speech recogniser that somebody
asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.models.whisper import Recogniser
from momentscan.perceive.protocol import Requires
from momentscan.perceive.resampling import RATE_HZ, Resampled
from momentscan.signals.words import LEAST_S, Sentences, Transcript, Word
from momentscan.values import Batch, Columns


@dataclass(frozen=True)
class RecognitionOptions:
    """How sound is cut for a recogniser, so that memory is bounded and no word is cut through."""

    chunk_s: Annotated[
        float,
        Knob("s", source="taste: two to four of Whisper's windows of 30 s; 60 s are 4 MB", low=30, high=600),
    ] = 60.0
    seek_s: Annotated[
        float, Knob("s", source="taste: people pause more often than every 15 s", low=1, high=30)
    ] = 15.0
    pause_s: Annotated[
        float,
        Knob(
            "s",
            source="taste: a pause between words; the quietest of this length is cut in its middle",
            low=0.05,
        ),
    ] = 0.3
    sure: Annotated[
        float,
        Knob(
            "0-1",
            source="faster-whisper, language_detection_threshold: from here on the language is taken as "
            "known",
            low=0,
            high=1,
        ),
    ] = 0.5


@dataclass(frozen=True)
class WordsOptions:
    """How words become sentences, and how sound is cut for a recogniser."""

    sentences: Sentences = Sentences()
    recognition: RecognitionOptions = RecognitionOptions()


class Words:
    """The words of a transcript as time reaches them, or of a recogniser as chunks of sound fill up; with the
    number of their sentence.

    Where there is a transcript, nothing is recognised: it is what somebody wrote. `problems` tells at the end
    what could not be used.
    """

    name = "words"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = (
        "words.start_s",
        "words.end_s",
        "words.text",
        "words.sentence",
        "words.timed",
        "words.prob",
    )
    short_side_px = 1

    models: ClassVar[Mapping[str, str]] = {"recogniser": "asr"}
    resources: ClassVar[tuple[str, ...]] = ("transcript",)
    requires: ClassVar[Requires] = (("transcript", "recogniser"),)
    knobs: ClassVar[type] = WordsOptions

    def __init__(
        self,
        *,
        transcript: Transcript | None = None,
        recogniser: Recogniser | None = None,
        knobs: WordsOptions = WordsOptions(),
    ) -> None:
        self._teller = (
            _Told(transcript, knobs.sentences)
            if transcript
            else _Heard(recogniser, knobs.recognition, knobs.sentences)
            if recogniser
            else None
        )
        version = (
            f"transcript-{transcript.sha256[:12]}" if transcript else recogniser.version if recogniser else ""
        )
        self.made_by: Mapping[str, str] = dict.fromkeys(self.writes, version) if version else {}

    def process(self, batch: Batch, seen: Columns) -> Columns:
        return _columns(self._teller.process(batch) if self._teller else [])

    def finish(self) -> Columns:
        return _columns(self._teller.finish() if self._teller else [])

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(self._teller.problems) if self._teller else ()


Numbered = list[tuple[Word, int]]
"""Words and the numbers of their sentences, by start."""


class _Told:
    """Words of a transcript, handed over once the video has come to them; those beyond its end are not."""

    def __init__(self, transcript: Transcript, sentences: Sentences) -> None:
        numbered = zip(transcript.words, sentences.numbered(transcript.words), strict=True)
        self._waiting: Numbered = sorted(numbered, key=lambda pair: pair[0].start_s)
        self._at = 0
        self._end_s = 0.0
        self._name = transcript.name
        self.problems = list(transcript.problems)

    def process(self, batch: Batch) -> Numbered:
        """Words that end in what was shown so far, and those before them; one that reaches on may have to be
        cut at the end.
        """
        self._end_s = batch.end_s
        first = self._at
        while self._at < len(self._waiting) and self._waiting[self._at][0].end_s <= batch.end_s:
            self._at += 1
        return self._waiting[first : self._at]

    def finish(self) -> Numbered:
        rest = self._waiting[self._at :]
        inside = [
            (_until(word, self._end_s), number)
            for word, number in rest
            if word.start_s <= self._end_s - LEAST_S
        ]
        beyond = len(rest) - len(inside)
        if beyond:
            hint = (
                "; is it of this video, and are its times in seconds?" if beyond == len(self._waiting) else ""
            )
            self.problems.append(
                f"{self._name}: {beyond} word{' lies' if beyond == 1 else 's lie'} beyond the end of the "
                f"video{hint}"
            )
        return inside


class _Heard:
    """Words of a recogniser. Where chunks end is decided by the sound alone, so that batches of any size give
    the same.
    """

    def __init__(self, recogniser: Recogniser, recognising: RecognitionOptions, sentences: Sentences) -> None:
        self._recogniser, self._knobs, self._sentences = recogniser, recognising, sentences
        self._resampled = Resampled()
        self._sound = np.zeros(0, np.float32)
        self._first = 0
        self._language: str | None = None
        self._last: Word | None = None
        self._number = -1
        self.problems: list[str] = []

    def process(self, batch: Batch) -> Numbered:
        self._sound = np.concatenate([self._sound, np.nan_to_num(self._resampled(batch.sound))])
        numbered: Numbered = []
        while len(self._sound) >= round(self._knobs.chunk_s * RATE_HZ):
            numbered += self._recognised(self._pause())
        return numbered

    def finish(self) -> Numbered:
        self._sound = np.concatenate([self._sound, np.nan_to_num(self._resampled.rest())])
        return self._recognised(len(self._sound)) if len(self._sound) else []

    def _pause(self) -> int:
        """Where to cut: the middle of the quietest pause in the last seconds of a full chunk."""
        end, pause = round(self._knobs.chunk_s * RATE_HZ), round(self._knobs.pause_s * RATE_HZ)
        start = end - round(self._knobs.seek_s * RATE_HZ)
        power = np.concatenate([[0.0], np.cumsum(np.square(self._sound[start:end], dtype=np.float64))])
        return start + int(np.argmin(power[pause:] - power[:-pause])) + pause // 2

    def _recognised(self, upto: int) -> Numbered:
        """The words of the first `upto` samples, which are then done with."""
        chunk, self._sound = self._sound[:upto], self._sound[upto:]
        offset_s, length_s = self._first / RATE_HZ, upto / RATE_HZ
        self._first += upto
        if not chunk.any():
            return []
        heard = self._recogniser.recognise(chunk, self._language)
        if heard.words and heard.language_prob >= self._knobs.sure:
            self._language = heard.language
        words = [
            _later(_until(word, length_s), offset_s)
            for word in heard.words
            if word.start_s <= length_s - LEAST_S
        ]
        numbers = self._sentences.numbered(words, self._last, self._number)
        if words:
            self._last, self._number = words[-1], numbers[-1]
        return sorted(zip(words, numbers, strict=True), key=lambda pair: pair[0].start_s)


def _until(word: Word, end_s: float) -> Word:
    return replace(word, end_s=min(word.end_s, end_s))


def _later(word: Word, by_s: float) -> Word:
    return replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s)


def _columns(numbered: Sequence[tuple[Word, int]]) -> Columns:
    words = [word for word, _ in numbered]

    def times(values: list[float]) -> NDArray[np.float64]:
        return np.array(values, np.float64)

    return {
        "words.start_s": times([w.start_s for w in words]),
        "words.end_s": times([w.end_s for w in words]),
        "words.text": np.array([w.text for w in words], np.dtypes.StringDType()),
        "words.sentence": np.array([number for _, number in numbered], np.int64),
        "words.timed": np.array([w.timed for w in words], np.bool_),
        "words.prob": np.array([w.prob if math.isfinite(w.prob) else np.nan for w in words], np.float32),
    }
