"""A new engine is one file and one row: what it says of itself is all that pages, comparisons and timelines
need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import plugins
import worlds
from momentscan import registry
from momentscan.export.formats import FORMATS, timeline_files
from momentscan.export.report import report_html
from momentscan.export.timeline import Range, to_timeline
from momentscan.knobs import knobs_of, with_knobs
from momentscan.score.compare import compare
from momentscan.signals import Signals
from momentscan.values import Verdict

ENGINE = '''
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from momentscan.knobs import Knob
from momentscan.presentation import Part, Presentation
from momentscan.score.peaks import Peaks
from momentscan.score.verdicts import abstained, finite, parts_at, too_low, verdict_of
from momentscan.values import Abstention, Candidate, Curve, Moment


@dataclass(frozen=True)
class Tide:
    """Loudness alone."""

    least_db: Annotated[float, Knob("dB", source="taste", low=0)] = 6.0
    peaks: Peaks = Peaks(distance_s=5.0, least_bar=0.5)

    name: ClassVar[str] = "tide"
    reads: ClassVar[tuple[str, ...]] = ("sound.time_s", "sound.loud_db")
    presentation: ClassVar[Presentation] = Presentation(
        title="Tide & Ebb",
        meaning="How high the sound stands over its own low water.",
        colour=4,
        parts={"surge": Part("surge of sound", "dB over low water", 6)},
        abstentions={"low_water": "The sea lies still here."},
    )

    def curve(self, signals):
        if "sound.loud_db" not in signals:
            return Curve(np.zeros(0), np.zeros(0), {"surge": np.zeros(0)})
        loud = signals["sound.loud_db"].astype(float)
        surge = np.maximum(loud - np.median(loud), 0) / 10
        return Curve(signals["sound.time_s"], surge, {"surge": surge})

    def judge(self, signals):
        curve = self.curve(signals)
        highest = 10 * curve.value.max(initial=0.0)
        if not highest >= self.least_db:
            why = Abstention("low_water", f"{highest:.0f} dB at most, {self.least_db:g} asked")
            return abstained(self.name, curve, why, {})
        peaks, others, bar = self.peaks.find(curve.time_s, curve.value)
        duration_s, none = signals.video.duration_s, np.zeros(0)

        def window(peak):
            return self.peaks.window(peak, float(curve.time_s[peak.at]), duration_s, none)

        chosen = [
            Moment(
                window(p), float(curve.value[p.at]), self.name, "the sound swells", parts_at(curve, p.at),
                {"surge": finite(10 * curve.value[p.at])},
            )
            for p in peaks
        ]
        lost = [
            Candidate(
                window(p), float(curve.value[p.at]), parts_at(curve, p.at), "below_threshold",
                too_low(p.prominence, bar),
            )
            for p in others
        ]
        nothing = Abstention("no_peak", "nothing swells")
        return verdict_of(self.name, curve, curve.value, None, chosen, lost, {}, 5, nothing)
'''


@pytest.fixture
def tide(tmp_path: Path) -> Iterator[type]:
    """The engine, installed as a package of one file whose only other line is its entry point."""
    points = {"momentscan.scorers": {"tide": "tide_engine:Tide"}}
    with plugins.installed(tmp_path, "tide-engine", "1.0", points, {"tide_engine.py": dedent(ENGINE)}):
        yield registry.load("scorers", "tide")


def judge(name: str, **world: object) -> Verdict:
    verdict: Verdict = registry.load("scorers", name)().judge(worlds.signals(**world))  # type: ignore[arg-type]
    return verdict


def page(*verdicts: Verdict, **world: object) -> str:
    pairs = [compare(verdicts[0], other) for other in verdicts[1:]]
    run = worlds.run(comparisons=tuple(pairs))
    signals = worlds.signals(**world)  # type: ignore[arg-type]
    return report_html(signals, {v.scorer: v for v in verdicts}, {}, run)


def section(html: str, title: str) -> str:
    """From the heading of an engine to the end of its section."""
    return next(part for part in re.split(r"(?=<section )", html) if f"What {title} saw" in part)


def test_its_knobs_and_those_of_its_stages_are_turned_like_ours(tide: type) -> None:
    names = [f.name for f in knobs_of(tide)]
    assert {"least_db", "peaks.distance_s"} <= set(names)
    turned = with_knobs(tide, {"least_db": "7", "distance_s": 2})
    assert (turned.least_db, turned.peaks.distance_s, turned.peaks.margin_s) == (7.0, 2.0, 1.0)


def test_its_section_speaks_its_own_words_in_its_own_colours(tide: type) -> None:
    html = section(page(judge("tide")), "Tide &amp; Ebb")
    assert html.startswith('<section class="e4">')
    assert "How high the sound stands over its own low water." in html
    assert '<li><i class="swatch c6"></i>surge of sound</li>' in html
    assert '<polygon class="area c6"' in html
    assert "<b>Why.</b> the sound swells." in html
    assert re.search(r'title="surge of sound \d\.\d+ \(measured [\d.]+ dB over low water\)"', html)


def test_its_candidates_that_were_not_chosen_are_listed_with_the_reason(tide: type) -> None:
    verdict = judge("tide")
    lost = [c for c in verdict.candidates if c.verdict != "chosen"]
    assert lost
    html = section(page(verdict), "Tide &amp; Ebb")
    assert f"Near misses: {len(lost)} places that were not chosen" in html
    assert max(lost, key=lambda c: c.score).reason in html


def test_where_it_finds_nothing_its_own_sentence_says_why(tide: type) -> None:
    verdict = judge("tide", burst=None)
    assert verdict.reason is not None
    assert verdict.reason.startswith("low_water: ")
    html = section(page(verdict, burst=None), "Tide &amp; Ebb")
    assert "<b>No moment was found.</b> The sea lies still here." in html
    assert f"{verdict.abstention.words}." in html  # type: ignore[union-attr]


def test_beside_ours_every_engine_keeps_its_colour_and_the_agreement_is_told(tide: type) -> None:
    html = page(judge("saliency"), judge("tide"))
    assert section(html, "saliency").startswith('<section class="e2">')
    agreement = html.split("How far they agree")[1].split("<h2>")[0]
    assert "Tide &amp; Ebb" in agreement
    assert "of 1 and 1 is the same." in agreement


def test_chapters_and_labels_name_it(tide: type) -> None:
    at_s = np.arange(0, 60, 0.5)
    loud = np.where(worlds.during(at_s, (10, 12), (30, 32), (45, 47)), -10.0, -40.0)
    sea = Signals(worlds.info(60.0), {"sound.time_s": at_s, "sound.loud_db": loud})
    moments = registry.load("scorers", "tide")().judge(sea).moments
    ranges = [
        Range(i, m.window.start_s, m.window.end_s, m.window.peak_s, m.score, f"tide #{i}", m.why)
        for i, m in enumerate(moments, 1)
    ]
    timeline, _ = to_timeline(sea.video, "tide", ranges)
    for name in FORMATS:
        text = timeline_files(timeline, name)[0].text
        assert text is not None, name
        assert "tide" in text, name
