"""exports/{engine}.json: what a timeline told, so that an edit that comes back can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from momentscan.records.plain import RECORD

ToldAs = Literal["window", "clip"]


@dataclass(frozen=True)
class ExportedWindow:
    """A moment as it was told, in ms of the source. `window_id` counts windows as the engine found them, or clips by rank."""

    window_id: int
    start_ms: float
    end_ms: float
    peak_ms: float
    score: float
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class ExportedRange(ExportedWindow):
    """The same as frames of the nominal rate, from the source's first; `end_frame` is the one after the last."""

    why: str = ""
    first_frame: int = 0
    end_frame: int = 0
    peak_frame: int = 0


@dataclass(frozen=True)
class Export:
    """`rate`: frames per second, as a fraction; `start_frame`: timecode of the first frame; `formats`: format -> its files."""

    version: Literal[1]
    engine: str
    video_id: str
    told_as: ToldAs
    sha256: str
    rate: str
    drop_frame: bool
    start_frame: int
    n_frames: int
    ranges: tuple[ExportedRange, ...]
    formats: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD
