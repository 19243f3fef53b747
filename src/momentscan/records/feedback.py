"""feedback.jsonl: what people did to the moments, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from momentscan.records.clips import Span
from momentscan.records.exports import ExportedWindow, ToldAs
from momentscan.records.plain import RECORD

Kind = Literal["kept", "trimmed", "split", "retimed", "dropped", "reordered", "added"]


@dataclass(frozen=True)
class Order:
    """Places on the timelines, from 0; None where it was not on that one."""

    told: int | None
    edited: int | None
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class Part:
    """Which of how many, from 1."""

    number: int
    of: int
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class EditSource:
    """The edit that a line comes from."""

    file: str
    sha256: str
    format: str
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class FeedbackLine:
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
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD
