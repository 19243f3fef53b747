"""One moment on the page: when, why, its stills, and what became of every frame that was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from momentscan.export.curve_plot import WIDTH
from momentscan.export.engine_style import PART_COLOURS
from momentscan.export.film_strip import Thumbnail, nearest_thumbnail
from momentscan.export.formatting import data_uri, format_time, many, signed
from momentscan.export.time_axis import Place, place_of, x_of
from momentscan.presentation import Presentation
from momentscan.select.picks import JudgedFrame, Picked
from momentscan.signals import Signals
from momentscan.values import FrameOutcome, Moment, Pick

GATE_WORDS = {
    "gate.detect.confidence": "face not surely seen",
    "gate.detect.area": "face too small",
    "gate.blur.face": "face blurred",
    "gate.blur.frame": "picture blurred",
    "gate.exposure.black": "too dark",
    "gate.exposure.white": "too bright",
    "gate.exposure.contrast": "too flat",
    "gate.exposure.clipped": "highlights burnt out",
    "gate.exposure.crushed": "shadows lost",
    "gate.occlusion.face": "face covered",
    "gate.forgotten": "somebody who was forgotten may be seen",
}

FRAME_OUTCOMES: Mapping[FrameOutcome, tuple[str, str]] = {
    "chosen": ("chosen", "chosen"),
    "not among the best": ("passed", "passed, but others are better"),
    "looks like a chosen one": ("alike", "passed, but too near or too like a chosen one"),
    "failed the gate": ("failed", "failed"),
}
"""What became of a frame -> its look on the page, in words."""

MEASURES = {
    "frontality": ("turned away", "turned a little", "facing the camera"),
    "eye_open_norm": ("eyes narrow", "eyes open", "eyes wide open"),
    "sharpness_norm": ("soft", "fairly sharp", "sharp"),
    "face_size_norm": ("small", "of middle size", "large"),
}
"""Measure of a portrait in [0, 1] -> its lower, middle and upper third in words; but for frontality all are
relative to the person.
"""


@dataclass(frozen=True)
class BarSegment:
    """A part in the bar of a moment: `share` in % of the engine's longest bar; `less`: it takes away;
    `feature` what was measured, in its own unit.
    """

    word: str
    colour: int
    share: float
    value: str
    less: bool
    feature: str


@dataclass(frozen=True)
class StillFigure:
    """A picture and its caption: when, of whom, and how good."""

    src: str
    at: str
    quality: str
    who: str
    words: str
    title: str


@dataclass(frozen=True)
class FrameCell:
    """A frame as a small bar, as high (%) as it is good."""

    look: str
    height: int
    title: str


@dataclass(frozen=True)
class FrameCells:
    """Every frame that was looked at, in time order; what they came to; and the best that were not chosen."""

    cells: list[FrameCell]
    summary: str
    failed: str
    near: list[str]


@dataclass(frozen=True)
class MomentCard:
    """All that the page shows of one moment."""

    number: int
    start: str
    end: str
    length: str
    peak: str
    score: str
    at: Place
    peak_x: float
    why: str
    rivals: tuple[str, ...]
    parts: list[BarSegment]
    stills: list[StillFigure]
    glimpse: Thumbnail | None
    no_stills: str
    frames: FrameCells | None


def moment_card(
    number: int,
    moment: Moment,
    picked: Picked | None,
    stills: Mapping[int, bytes],
    segments: list[BarSegment],
    signals: Signals,
) -> MomentCard:
    """`number` from 1, `picked` what became of the frames in it, `stills` frame_idx -> small JPEG."""
    window, duration_s = moment.window, max(signals.video.duration_s, 1e-6)
    cut = [_still(p, stills[p.frame_idx]) for p in moment.picks if p.frame_idx in stills]
    return MomentCard(
        number=number,
        start=format_time(window.start_s),
        end=format_time(window.end_s),
        length=f"{window.length_s:.1f}",
        peak=format_time(window.peak_s),
        score=signed(moment.score, 3),
        at=place_of(window.start_s, window.end_s, duration_s),
        peak_x=WIDTH / 100 * x_of(window.peak_s, duration_s),
        why=moment.why,
        rivals=moment.rivals,
        parts=segments,
        stills=cut,
        glimpse=None if cut else nearest_thumbnail(window.peak_s, signals),
        no_stills=_no_stills(moment, picked),
        frames=_frames(picked) if picked and picked.frames else None,
    )


def segments_of(
    moment: Moment, most: float, colours: Mapping[str, int], presentation: Presentation
) -> list[BarSegment]:
    """The bar of a moment; `most` is the length of the engine's longest."""
    return [
        BarSegment(
            word=presentation.word_of(n),
            colour=colours.get(n, PART_COLOURS - 1),
            share=round(100 * abs(v) / most, 2),
            value=signed(v, 3),
            less=v < 0,
            feature=_feature(moment.features.get(n), presentation.unit_of(n)),
        )
        for n, v in moment.parts.items()
        if abs(v) >= 5e-4
    ]


def _feature(value: float | None, unit: str) -> str:
    return f"measured {value:.3g} {unit}" if value is not None and unit else ""


def _still(pick: Pick, jpeg: bytes) -> StillFigure:
    person = pick.measures.get("person")
    words = [
        _third(pick.measures[n], MEASURES[n]) for n in MEASURES if np.isfinite(pick.measures.get(n, np.nan))
    ]
    if person is None:
        words = ["no main face, chosen for the picture as a whole"]
    numbers = ", ".join(f"{n} {v:.3g}" for n, v in pick.measures.items() if n != "person" and np.isfinite(v))
    return StillFigure(
        src=data_uri(jpeg),
        at=format_time(pick.time_s),
        quality=f"{pick.quality:.2f}",
        who="" if person is None else f"Person {person:.0f}",
        words=", ".join(words),
        title=f"frame {pick.frame_idx}: {numbers}" if numbers else f"frame {pick.frame_idx}",
    )


def _third(value: float, words: tuple[str, str, str]) -> str:
    """0.9 -> the last of three words."""
    return words[min(2, max(0, int(3 * value)))]


def _no_stills(moment: Moment, picked: Picked | None) -> str:
    if moment.picks:
        times = ", ".join(f"{format_time(p.time_s)} (quality {p.quality:.2f})" for p in moment.picks)
        return f"the frames at {times} were chosen, but no stills were cut"
    return _in_words(picked.reason) if picked and picked.reason else "every frame failed the gate"


def _frames(picked: Picked) -> FrameCells:
    counts = Counter(_look(f) for f in picked.frames)
    passed = [f for f in picked.frames if _look(f) in ("passed", "alike")]
    best = sorted(passed, key=lambda f: (-f.quality, f.time_s))[:3]
    worst = sorted(picked.failed.items(), key=lambda item: (-item[1], item[0]))[:4]
    return FrameCells(
        cells=[_cell(f) for f in picked.frames],
        summary=_summary(len(picked.frames), counts),
        failed=", ".join(f"{_in_words(reason)} {n} ×" for reason, n in worst),
        near=[_near_miss(f) for f in best],
    )


def _near_miss(frame: JudgedFrame) -> str:
    alike = ", too like a chosen one" if _look(frame) == "alike" else ""
    return f"{format_time(frame.time_s)} ({frame.quality:.2f}{alike})"


def _look(frame: JudgedFrame) -> str:
    return FRAME_OUTCOMES.get(frame.verdict, ("passed", ""))[0]


def _summary(n: int, counts: Mapping[str, int]) -> str:
    words = {"chosen": "chosen", "passed": "passed", "alike": "too like a chosen one", "failed": "failed"}
    return f"{many(n, 'frame')}: " + ", ".join(
        f"{counts[look]} {word}" for look, word in words.items() if counts.get(look)
    )


def _cell(frame: JudgedFrame) -> FrameCell:
    look, words = FRAME_OUTCOMES.get(frame.verdict, ("passed", frame.verdict))
    reasons = ", ".join(_in_words(r) for r in frame.reasons)
    quality = frame.quality if np.isfinite(frame.quality) else 0.0
    return FrameCell(
        look=look,
        height=round(100 * min(1.0, max(0.12, quality))),
        title=f"{format_time(frame.time_s)} · quality {quality:.2f} · {words}"
        + (f": {reasons}" if reasons else ""),
    )


def _in_words(text: str) -> str:
    """A text with the gate's reasons spelt out: "gate.blur.face 3 times" -> "face blurred 3 times"."""
    for reason, words in GATE_WORDS.items():
        text = text.replace(reason, words)
    return text
