"""What the log says of speech and of how people react: words, sentences, voiced spans, laughter. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from momentscan.knobs import Knob
from momentscan.signals.signals import Signals
from momentscan.signals.spans import Spans, spans_of, union
from momentscan.values import Reaction, Series

REACTIONS = ("laughter", "applause", "cheer")
"""Audio tags that answer something; music and speech do not."""

PATCH_S = 0.96
"""Length of what one row of `tags` speaks for (YAMNet's patch)."""


@dataclass(frozen=True)
class Voicing:
    """When a probability of speech is speech (defaults of Silero VAD's own get_speech_timestamps)."""

    on: Annotated[float, Knob("0-1", source="Silero VAD, threshold 0.5", low=0, high=1)] = 0.5
    off: Annotated[
        float, Knob("0-1", source="Silero VAD, neg_threshold = threshold - 0.15", low=0, high=1)
    ] = 0.35
    least_s: Annotated[float, Knob("s", source="Silero VAD, min_speech_duration_ms 250", low=0)] = 0.25
    pause_s: Annotated[float, Knob("s", source="Silero VAD, min_silence_duration_ms 100", low=0)] = 0.1

    def __call__(self, signals: Signals) -> Spans:
        """Where somebody speaks, half-open, ascending, apart; none where voice activity was not logged."""
        if signals.rows("voice.time_s") < 2:
            return np.zeros((0, 2))
        time_s, prob = signals["voice.time_s"], np.nan_to_num(signals["voice.prob"].astype(np.float64))
        step_s = float(time_s[1] - time_s[0])
        spans: list[list[float]] = []
        speaking = False
        for at, p in zip(time_s.tolist(), prob.tolist(), strict=True):
            if p >= self.on or (speaking and p >= self.off):
                if not speaking and (not spans or at - spans[-1][1] >= self.pause_s):
                    spans.append([at, at])
                speaking = True
                spans[-1][1] = at + step_s
            else:
                speaking = False
        return np.array([s for s in spans if s[1] - s[0] >= self.least_s], np.float64).reshape(-1, 2)


def words(signals: Signals, timed: bool = False) -> tuple[Spans, Spans]:
    """(words, sentences): words that overlap, as of two speakers, are one span; so are sentences. Both empty
    without a transcript.

    `timed`: only words whose own times were given.
    """
    rows = (
        np.flatnonzero(signals["words.timed"])
        if timed and "words.timed" in signals
        else np.arange(signals.rows("words.start_s"))
    )
    if not len(rows):
        return np.zeros((0, 2)), np.zeros((0, 2))
    spans = spans_of(signals, "words")[rows]
    number = signals["words.sentence"][rows]
    sentences = np.array(
        [[spans[number == n, 0].min(), spans[number == n, 1].max()] for n in np.unique(number)]
    )
    return union(spans, touching=False), union(sentences, touching=False)


def reaction(signals: Signals, start_s: float, end_s: float, least: float) -> Reaction | None:
    """The strongest reaction that is heard in a span with a score of at least `least`; its onset may lie
    before the span.
    """
    best: Reaction | None = None
    for kind in REACTIONS:
        name = f"tags.{kind}"
        if not signals.rows(name):
            continue
        time_s, score = signals["tags.time_s"], np.nan_to_num(signals[name].astype(np.float64))
        inside = np.flatnonzero((time_s + PATCH_S > start_s) & (time_s < end_s))
        if not len(inside):
            continue
        top = int(inside[np.argmax(score[inside])])
        if score[top] >= least and (best is None or score[top] > best.score):
            best = Reaction(kind, _onset_s(time_s, score, top, least / 2), float(score[top]))
    return best


def _onset_s(time_s: Series, score: Series, top: int, least: float) -> float:
    """Middle of the first patch of the run around `top` that stays at `least` or more; patches overlap by
    half, so it is heard by then.
    """
    first = top
    while first > 0 and score[first - 1] >= least:
        first -= 1
    return float(time_s[first]) + PATCH_S / 2
