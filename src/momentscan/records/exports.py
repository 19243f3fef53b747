"""exports/{engine}.json: what a timeline told, so that an edit that comes back can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from momentscan.records.measures import Count, FromOne, Ms
from momentscan.records.plain import Meta, Record

ToldAs = Annotated[
    Literal["window", "clip"],
    Meta("window_id counts windows as the engine found them, or clips by their rank"),
]
Frames = Annotated[int, Meta("frames of the nominal rate from the source's first")]


@dataclass(frozen=True)
class ExportedWindow(Record):
    """A moment as it was told, in ms of the source. `window_id` counts windows as the engine found them, or
    clips by rank.
    """

    window_id: FromOne
    start_ms: Ms
    end_ms: Ms
    peak_ms: Ms
    score: float


@dataclass(frozen=True)
class ExportedRange(ExportedWindow):
    """The same as frames of the nominal rate, from the source's first; `end_frame` is the one after the
    last.
    """

    why: str
    first_frame: Frames
    end_frame: Frames
    peak_frame: Frames


@dataclass(frozen=True)
class ExportRecord(Record):
    """`rate`: frames per second, as a fraction; `start_frame`: timecode of the first frame; `formats`: format
    -> its files.
    """

    version: Literal[1]
    engine: str
    video_id: str
    told_as: ToldAs
    sha256: Annotated[str, Meta("of the video")]
    rate: Annotated[str, Meta("frames per second, as a fraction", pattern="^[0-9]+(/[0-9]+)?$")]
    drop_frame: bool
    start_frame: Annotated[Count, Meta("timecode of the source's first frame, in frames")]
    n_frames: Count
    ranges: tuple[ExportedRange, ...]
    formats: Annotated[Mapping[str, tuple[str, ...]], Meta("format -> its files")]
    notes: tuple[str, ...]
