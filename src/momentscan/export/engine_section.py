"""The section of one engine: its curve, its moments, what it passed over, or why there is nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from momentscan.export.curve_plot import (
    Area,
    HoverLine,
    Scale,
    areas_of,
    drawn_rows,
    hover_lines,
    points_of,
    scale_of,
)
from momentscan.export.engine_style import part_colours, presentation_of, sentence_of
from momentscan.export.formatting import format_time, signed
from momentscan.export.moment_card import MomentCard, moment_card, segments_of
from momentscan.presentation import Presentation
from momentscan.select.picks import Picked
from momentscan.signals import Signals
from momentscan.values import Candidate, Series, Verdict

SHOWN, LOST = 8, 12
"""Moments of an engine before the rest folds away; places that were not chosen."""


@dataclass(frozen=True)
class LegendEntry:
    """A part in words, beside its colour."""

    word: str
    colour: int


@dataclass(frozen=True)
class NearMiss:
    """A place that was not chosen, and why."""

    start: str
    end: str
    score: str
    reason: str


@dataclass(frozen=True)
class CurvePlot:
    """A curve as it is drawn: `line` on the scale of its parts, `own_line` from 0 to its own highest; places
    of zero and of the threshold on the page.
    """

    areas: list[Area]
    line: str
    own_line: str
    zero: float
    negative: bool
    threshold: float | None
    hover: list[HoverLine]


@dataclass(frozen=True)
class EngineSection:
    """All that the page shows of one engine; `sentence` and `detail` say why there is no moment."""

    id: str
    colour: int
    title: str
    meaning: str
    abstained: bool
    sentence: str
    detail: str
    absent: dict[str, str]
    legend: list[LegendEntry]
    plot: CurvePlot
    moments: list[MomentCard]
    shown: int
    lost: list[NearMiss]
    n_lost: int


def engine_section(
    place: int,
    colour: int,
    verdict: Verdict,
    stills: Mapping[int, bytes],
    picked: Sequence[Picked],
    signals: Signals,
) -> EngineSection:
    """`place` on the page, `stills` frame_idx -> small JPEG, `picked` what became of the frames of each
    moment.
    """
    presentation = presentation_of(verdict.scorer)
    colours = part_colours(verdict.curve.parts, presentation)
    abstention, moments = verdict.abstention, verdict.moments
    chosen = {(m.window.start_s, m.window.end_s) for m in moments}
    lost = [c for c in verdict.candidates if (c.window.start_s, c.window.end_s) not in chosen]
    return EngineSection(
        id=f"e{place}",
        colour=colour,
        title=presentation.title or verdict.scorer,
        meaning=presentation.meaning,
        abstained=abstention is not None,
        sentence="" if abstention is None else sentence_of(abstention, presentation),
        detail="" if abstention is None else abstention.words or abstention.code,
        absent={presentation.word_of(k): why for k, why in verdict.absent.items() if why != verdict.reason},
        legend=[
            LegendEntry(presentation.word_of(n), colours[n])
            for n, series in verdict.curve.parts.items()
            if series[drawn_rows(verdict.curve.value, verdict.smoothed)].any()
        ],
        plot=_plot(verdict, colours, presentation, max(signals.video.duration_s, 1e-6)),
        moments=_cards(verdict, picked, stills, colours, presentation, signals),
        shown=SHOWN if len(moments) > SHOWN + 3 else len(moments),
        lost=[_near_miss(c) for c in sorted(lost, key=lambda c: -c.score)[:LOST]],
        n_lost=len(lost),
    )


def _cards(
    verdict: Verdict,
    picked: Sequence[Picked],
    stills: Mapping[int, bytes],
    colours: Mapping[str, int],
    presentation: Presentation,
    signals: Signals,
) -> list[MomentCard]:
    moments = verdict.moments
    most = max([1e-9, *(sum(map(abs, m.parts.values())) for m in moments)])
    frames: list[Picked | None] = [*picked, *[None] * len(moments)][: len(moments)]
    return [
        moment_card(i, m, p, stills, segments_of(m, most, colours, presentation), signals)
        for i, (m, p) in enumerate(zip(moments, frames, strict=True), 1)
    ]


def _plot(
    verdict: Verdict, colours: Mapping[str, int], presentation: Presentation, duration_s: float
) -> CurvePlot:
    curve = verdict.curve
    rows = drawn_rows(curve.value, verdict.smoothed)
    middle = np.minimum(curve.time_s + curve.span_s / 2, duration_s)[rows]
    if len(rows) == 1:  # one instant alone would be a line without length: it is held over its span
        rows, middle = (
            np.repeat(rows, 2),
            np.clip(curve.time_s[0] + np.array([0, curve.span_s]), 0, duration_s),
        )
    parts: dict[str, Series] = {name: series[rows] for name, series in curve.parts.items()}
    smoothed = verdict.smoothed[rows]
    scale = scale_of(parts, smoothed, verdict.threshold)
    own = Scale(min(0.0, *smoothed.tolist(), 0.0), max(1e-9, *smoothed.tolist(), 0.0) * 1.04)
    areas = areas_of(parts, colours, middle, scale, duration_s)
    empty = not areas and not verdict.moments
    words = {presentation.word_of(n): x for n, x in parts.items()}
    return CurvePlot(
        areas=areas,
        line=points_of(middle, smoothed, scale, duration_s),
        own_line="" if empty else points_of(middle, smoothed, own, duration_s),
        zero=scale.y(0.0),
        negative=scale.low < 0,
        threshold=None if verdict.threshold is None or empty else scale.y(verdict.threshold),
        hover=[] if empty else hover_lines(middle, smoothed, words),
    )


def _near_miss(candidate: Candidate) -> NearMiss:
    window = candidate.window
    return NearMiss(
        format_time(window.start_s), format_time(window.end_s), signed(candidate.score, 3), candidate.reason
    )
