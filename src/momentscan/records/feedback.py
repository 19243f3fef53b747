"""feedback.jsonl: what people did to the moments, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from momentscan.records.clips import Span
from momentscan.records.exports import ExportedWindow, ToldAs
from momentscan.records.plain import Record

Kind = Literal["kept", "trimmed", "split", "retimed", "dropped", "reordered", "added"]


@dataclass(frozen=True)
class Order(Record):
    """Places on the timelines, from 0; None where it was not on that one."""

    told: int | None
    edited: int | None


@dataclass(frozen=True)
class Part(Record):
    """Which of how many, from 1."""

    number: int
    of: int


@dataclass(frozen=True)
class EditSource(Record):
    """The edit that a line comes from."""

    file: str
    sha256: str
    format: str


@dataclass(frozen=True)
class FeedbackLine(Record):
    """What became of one moment. `edited`: what is left of it, in the source; `moved_*_ms`: + is later, None = not known.

    `part`: which line of that edit this is; it is given when the line is appended.
    """

    version: Literal[1]
    at: str
    video_id: str
    sha256: str
    engine: str
    told_as: ToldAs
    kind: Kind
    window: ExportedWindow | None
    edited: Span | None
    moved_start_ms: float | None
    moved_end_ms: float | None
    order: Order
    piece: Part | None
    source: EditSource
    part: Part
