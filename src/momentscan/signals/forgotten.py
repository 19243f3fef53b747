"""Spans in which somebody who was forgotten can be seen: no picture of them may be made or kept."""

from __future__ import annotations

from momentscan.signals.signals import Signals
from momentscan.signals.spans import Span, as_pairs, spans_of

START_S, END_S = "forgotten.start_s", "forgotten.end_s"
"""They stand in the log itself, so that the log and what it must not show can never part."""


def forgotten_spans(signals: Signals) -> list[Span]:
    """Closed spans in s, ascending and apart from each other; none where nobody was forgotten."""
    return as_pairs(spans_of(signals, "forgotten"))
