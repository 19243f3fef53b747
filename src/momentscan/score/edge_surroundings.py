"""What the edge of a clip may run into: cuts, words, voice, and where it is quiet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from momentscan.signals import Signals
from momentscan.signals.spans import Spans, cuts_of, union
from momentscan.signals.speech import Voicing, words
from momentscan.values import Series

EPS_S = 1e-6
"""Times that differ by less are the same: rounding of what was logged."""


class Surroundings(NamedTuple):
    """What an edge may run into, seen outwards: for a start edge all times are negated, so that outwards is
    always later.

    `limit_s` end of the video; `cuts` (N,), `words`, `sentences`, `voiced` (K, 2), `level_s`, `level_db`
    (M,), all ascending.
    """

    limit_s: float
    cuts: Series
    words: Spans
    sentences: Spans
    voiced: Spans
    level_s: Series
    level_db: Series

    def mirrored(self) -> Surroundings:
        """The same with time turned round."""
        spoken, sentences, voiced = (
            -spans[::-1, ::-1] for spans in (self.words, self.sentences, self.voiced)
        )
        return Surroundings(
            0.0, -self.cuts[::-1], spoken, sentences, voiced, -self.level_s[::-1], self.level_db[::-1]
        )


def surroundings_of(signals: Signals, voicing: Voicing) -> Surroundings:
    """Words whose times were only shared out of a subtitle's are not trusted where voice activity says better
    when somebody speaks.
    """
    voiced = voicing(signals)
    spoken, sentences = words(signals)
    if len(voiced) and len(spoken) and not signals["words.timed"].all():
        spoken = union(np.concatenate([words(signals, timed=True)[0], voiced]), touching=False)
    level = "level.db" in signals
    return Surroundings(
        signals.video.duration_s,
        cuts_of(signals),
        spoken,
        sentences,
        voiced,
        signals["level.time_s"].astype(np.float64) if level else np.zeros(0),
        signals["level.db"].astype(np.float64) if level else np.zeros(0),
    )


def span_at(at_s: float, spans: Spans) -> Series | None:
    """The span in which a time lies, edges not counted; spans do not overlap."""
    after = int(np.searchsorted(spans[:, 0], at_s - EPS_S)) - 1
    if after < 0 or not spans[after, 0] + EPS_S < at_s < spans[after, 1] - EPS_S:
        return None
    return np.asarray(spans[after], np.float64)


def is_on_cut(at_s: float, cuts: Series) -> bool:
    """Whether a time is that of a cut."""
    return bool(len(cuts)) and float(np.abs(cuts - at_s).min()) <= EPS_S
