"""live.jsonl: what happened while a feed was watched, a line each. `at_ms`: how much of it had been seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from momentscan.records.measures import Count, Ms
from momentscan.records.plain import Meta, Record

MomentEvent = Literal["provisional", "moved", "withdrawn", "hardened"]
FeedEvent = Literal["stall", "flowing", "lost", "reconnect", "ended"]
Seen = Annotated[Ms, Meta("how much of the feed had been seen, in milliseconds")]


@dataclass(frozen=True)
class LiveStarted(Record):
    """The first line: what is watched, and into which folder."""

    event: Literal["started"]
    at_ms: Seen
    source: str
    folder: str


@dataclass(frozen=True)
class LiveMoment(Record):
    """A moment that came to be, moved, went, or is final. `id`: its number with this engine, for good."""

    event: MomentEvent
    at_ms: Seen
    id: Annotated[Count, Meta("the moment's number with this engine, for good")]
    engine: str
    start_ms: Ms
    end_ms: Ms
    peak_ms: Ms
    score: float
    why: str


@dataclass(frozen=True)
class LiveGap(Record):
    """A stretch that nobody saw."""

    event: Literal["gap"]
    at_ms: Seen
    start_ms: Ms
    end_ms: Annotated[Ms | None, Meta("null: nobody knows; time went on by one frame")]
    why: str


@dataclass(frozen=True)
class LiveNote(Record):
    """What became of the feed. `ended` comes last."""

    event: FeedEvent
    at_ms: Seen
    why: str


LiveLine = LiveStarted | LiveMoment | LiveGap | LiveNote
