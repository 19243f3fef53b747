"""feedback.jsonl: what people did to the moments, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from momentscan.records.clips import Span
from momentscan.records.exports import ExportedWindow, ToldAs
from momentscan.records.plain import Meta, Record

Kind = Literal["kept", "trimmed", "split", "retimed", "dropped", "reordered", "added"]
EditFormat = Literal["otio", "edl", "premiere", "fcpxml"]
Moved = Annotated[
    float | None,
    Meta("ms that the editor moved the edge, + is later; null: not known, or not moved as a whole"),
]


@dataclass(frozen=True)
class Order(Record):
    """Places on the timelines, from 0; None where it was not on that one."""

    told: int | None
    edited: int | None


@dataclass(frozen=True)
class PartOf(Record):
    """Which of how many, from 1."""

    number: int
    of: int


@dataclass(frozen=True)
class EditSource(Record):
    """The edit that a line comes from."""

    file: str
    sha256: str
    format: EditFormat


@dataclass(frozen=True)
class FeedbackLine(Record):
    """What became of one moment. `edited`: what is left of it, in the source; `moved_*_ms`: + is later, None
    = not known.

    `part`: which line of that edit this is; it is given when the line is appended.
    """

    version: Literal[1]
    at: Annotated[str, Meta("ISO 8601")]
    video_id: str
    sha256: Annotated[str, Meta("of the video")]
    engine: str
    told_as: ToldAs
    kind: Kind
    window: Annotated[ExportedWindow | None, Meta("the moment as it was told; null: one that was not")]
    edited: Annotated[
        Span | None,
        Meta(
            "what is left of it, in the source; of a retimed piece what the edit says; null: dropped or "
            "only moved"
        ),
    ]
    moved_start_ms: Moved
    moved_end_ms: Moved
    order: Annotated[
        Order,
        Meta("places on the timelines, from 0; of a reordered moment among those that are in both"),
    ]
    piece: Annotated[PartOf | None, Meta("of a moment that was split, from 1")]
    source: Annotated[EditSource, Meta("the edit")]
    part: Annotated[PartOf, Meta("which line of that edit this is, from 1")]
