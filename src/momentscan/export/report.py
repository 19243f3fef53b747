"""report.html: one file, no network, that a person enjoys reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from momentscan.export.agreement import agreement
from momentscan.export.curve_plot import HEIGHT, WIDTH, HoverLine
from momentscan.export.engine_section import EngineSection, engine_section
from momentscan.export.engine_style import engine_colours
from momentscan.export.film_strip import film_strip
from momentscan.export.formatting import format_time, many
from momentscan.export.packs_page import PackShown, packs_page
from momentscan.export.people_lanes import people_lanes
from momentscan.export.time_axis import ticks, x_of
from momentscan.records.run import Run
from momentscan.select.people import People
from momentscan.select.picks import Picked
from momentscan.signals import Signals
from momentscan.signals.spans import cuts_of
from momentscan.values import Verdict


def report_html(
    signals: Signals,
    verdicts: Mapping[str, Verdict],
    stills: Mapping[str, Mapping[int, bytes]],
    run: Run,
    looked: Mapping[str, Sequence[Picked]] | None = None,
    packs: tuple[Sequence[PackShown], PackShown | None] = ((), None),
    people: People = People(),
) -> str:
    """The page as text. Of the same values always the same bytes.

    stills  engine -> frame_idx -> small JPEG
    run     of which no time of day and no duration of work is shown
    looked  engine -> what was picked for each of its moments and what became of every other frame, in the
            order of the moments
    packs   the identity packs of people, and the pack of two together
    people  who is who
    """
    duration_s = max(signals.video.duration_s, 1e-6)
    colours = engine_colours(verdicts)
    engines = [
        engine_section(i, colours[n], v, stills.get(n, {}), (looked or {}).get(n, ()), signals)
        for i, (n, v) in enumerate(verdicts.items())
    ]
    return str(
        _template().render(
            video=signals.video,
            run=run,
            format_time=format_time,
            facts=_facts(signals),
            found=_found(verdicts),
            strip=film_strip(signals),
            engines=engines,
            hover=[_overview(e) for e in engines if e.plot.hover],
            agreements=[agreement(c, colours) for c in run.comparisons or ()],
            people=people_lanes(signals, people),
            packs=packs_page(*packs, made=run.packs is not None),
            cuts=[x_of(s, duration_s) for s in cuts_of(signals)],
            width=WIDTH,
            height=HEIGHT,
            tall=signals.video.height_px > signals.video.width_px,
            ticks=ticks(duration_s),
        )
    )


@cache
def _template() -> Any:
    from jinja2 import Environment, select_autoescape

    source = (Path(__file__).parent / "report.html.jinja").read_text(encoding="utf-8")
    return Environment(
        autoescape=select_autoescape(default_for_string=True), trim_blocks=True, lstrip_blocks=True
    ).from_string(source)


def _overview(engine: EngineSection) -> HoverLine:
    """The smoothed score of one engine among those of the others, as a share of its own highest."""
    return {**engine.plot.hover[0], "word": engine.title, "unit": "share"}


def _facts(signals: Signals) -> list[tuple[str, str]]:
    video = signals.video
    sound = f"{video.audio_codec}" if video.audio_codec else "none"
    turned = f", turned {video.rotation_deg}°" if video.rotation_deg else ""
    facts = [
        ("Length", format_time(video.duration_s)),
        ("Picture", f"{video.width_px} × {video.height_px}{turned}, {video.video_codec}"),
        ("Sound", sound),
        ("Frames", f"{video.n_frames:,} decoded, {signals.rows('frames.time_s'):,} looked at"),
        ("Shots", str(signals.rows("scenes.start_s"))),
    ]
    if "vision.embedding" in signals:
        facts.append(
            ("Vision", f"{signals.made_by.get('vision.embedding')}, {signals.rows('vision.time_s'):,} frames")
        )
    return facts


def _found(verdicts: Mapping[str, Verdict]) -> str:
    """{"rules": 3 moments, "vector": none} -> "3 moments by rules, none by vector"."""
    counts = [len(v.moments) for v in verdicts.values()]
    first = ["no moment" if n == 0 else many(n, "moment") for n in counts[:1]]
    counted = [
        f"{n} by {name}"
        for n, name in zip([*first, *(n or "none" for n in counts[1:])], verdicts, strict=True)
    ]
    return ", ".join(counted)
