"""Everybody with a lane on the time axis, or in a sentence why there is nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from momentscan.export.curve_plot import WIDTH
from momentscan.export.formatting import ROLES, data_uri, format_time, many, percent
from momentscan.export.time_axis import Place, place_of
from momentscan.select.people import People, Person
from momentscan.signals import Signals

LANES = 12
"""People with a lane."""


@dataclass(frozen=True)
class LaneSpan(Place):
    """Where somebody is seen."""

    title: str


@dataclass(frozen=True)
class Lane:
    """One person: who, a small picture ("" where there is none), how the score comes about, and when they are
    seen.
    """

    name: str
    role: str
    role_class: str
    crop: str
    score: str
    parts: list[tuple[str, str]]
    share: str
    looks: int
    spans: list[LaneSpan]


@dataclass(frozen=True)
class PeopleLanes:
    """`none` says why there is nobody; `more` counts who has no lane; `weights` are those of a person's
    score.
    """

    none: str
    lanes: list[Lane]
    more: str
    weights: list[str]
    looks: int


def people_lanes(signals: Signals, rule: People) -> PeopleLanes:
    """Of one video; `rule` says who is who."""
    if "faces.time_s" not in signals:
        return PeopleLanes("No face was looked for in this video.", [], "", [], 0)
    people = rule(signals)
    seen = [p for p in people if p.role != "noise"]
    hidden = [many(len(seen) - LANES, "more person", "more people")] if len(seen) > LANES else []
    if len(people) > len(seen):
        hidden.append(f"{many(len(people) - len(seen), 'face')} hardly seen: once or twice, or never surely")
    total = rule.w_size + rule.w_centre + rule.w_length
    return PeopleLanes(
        none="" if people else "Faces were looked for, and not one was seen.",
        lanes=[_lane(p, signals) for p in seen[:LANES]],
        more="; ".join(hidden),
        weights=[f"{w / total:.2g}" for w in (rule.w_size, rule.w_centre, rule.w_length)],
        looks=len(np.unique(signals["faces.time_s"])),
    )


def _lane(person: Person, signals: Signals) -> Lane:
    return Lane(
        name=f"Person {person.number}",
        role=ROLES[person.role],
        role_class=person.role,
        crop=_crop(person, signals),
        score=f"{person.track_score:.2f}",
        parts=[
            ("size", f"{person.size:.2f}"),
            ("centre", f"{person.centre:.2f}"),
            ("time", f"{person.length:.2f}"),
        ],
        share=percent(person.length),
        looks=len(person.rows),
        spans=_spans(person, signals),
    )


def _crop(person: Person, signals: Signals) -> str:
    """The small picture of the longest track that has one, or ""."""
    if not signals.rows("tracks.jpeg"):
        return ""
    rows = [
        int(r)
        for r in np.flatnonzero(np.isin(signals["tracks.id"], person.tracks))
        if len(signals["tracks.jpeg"][r])
    ]
    longest = max(
        rows, key=lambda r: (signals["tracks.end_s"][r] - signals["tracks.start_s"][r], -r), default=None
    )
    return "" if longest is None else data_uri(signals["tracks.jpeg"][longest])


def _spans(person: Person, signals: Signals) -> list[LaneSpan]:
    """Where a person's tracks lie; those that no screen could tell apart are drawn as one."""
    duration_s = max(signals.video.duration_s, 1e-6)
    rows = np.flatnonzero(np.isin(signals["tracks.id"], person.tracks))
    spans: list[list[float]] = []
    for start_s, end_s in sorted(
        zip(signals["tracks.start_s"][rows].tolist(), signals["tracks.end_s"][rows].tolist(), strict=True)
    ):
        if spans and start_s - spans[-1][1] < duration_s / WIDTH:
            spans[-1][1] = max(spans[-1][1], end_s)
        else:
            spans.append([start_s, end_s])
    return [_span(a, b, duration_s) for a, b in spans]


def _span(start_s: float, end_s: float, duration_s: float) -> LaneSpan:
    at = place_of(start_s, end_s, duration_s)
    return LaneSpan(at.left, at.width, f"{format_time(start_s)} – {format_time(end_s)}")
