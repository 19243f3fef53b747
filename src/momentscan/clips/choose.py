"""Which moments of a verdict become clips."""

from __future__ import annotations

from momentscan.score.align import Align
from momentscan.score.clip_selection import ClipSelection
from momentscan.signals import Signals
from momentscan.signals.forgotten import forgotten_spans
from momentscan.signals.spans import overlap_s
from momentscan.values import Aligned, Choice, Verdict


def choose_clips(
    signals: Signals, verdict: Verdict, align: Align, selection: ClipSelection
) -> tuple[Choice, ...]:
    """Those that are delivered, by rank, then those that were left out with the reason."""

    def against(clip: Aligned) -> str:
        seen = shows_forgotten(signals, clip.start_s, clip.end_s)
        return "somebody who was forgotten may be seen in it (gate.forgotten)" if seen else ""

    return selection(verdict, align.of(signals), signals.video.duration_s, against)


def shows_forgotten(signals: Signals, start_s: float, end_s: float) -> bool:
    """Whether somebody who was forgotten may be seen in that span."""
    return any(overlap_s((start_s, end_s), span) >= 0 for span in forgotten_spans(signals))
