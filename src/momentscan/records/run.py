"""run.json: what ran on a video, and what came of it. Written last, so that it says that everything is
there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from momentscan.records.plain import OMITTED, OMITTED_MEANWHILE, Json, Meta, Record
from momentscan.values import VideoInfo

Commercial = Literal["yes", "no", "unknown"]
PersonRole = Literal["main", "passenger", "transient", "noise"]


@dataclass(frozen=True)
class ModelRow(Record):
    """A model that ran. `for_`: what for; `tau`: of Face-ID, the cosine from which two faces are one
    person's.
    """

    name: str
    version: str
    for_: str
    file: str | None
    sha256: str | None
    licence: str
    commercial: Commercial
    tau: float | None = field(default=None, metadata=OMITTED)


@dataclass(frozen=True)
class EngineRun(Record):
    """What an engine found and by which knobs. `stills`: frame_idx of those that could be cut; `picked`: how
    many frames were chosen; `models`: slot -> version, of an engine that has weights.
    """

    moments: int
    reason: str | None
    absent: Mapping[str, str]
    knobs: Json
    picks: Json
    picked: int
    stills: tuple[int, ...]
    models: Mapping[str, str] | None = field(default=None, metadata=OMITTED)


@dataclass(frozen=True)
class PersonRun(Record):
    """Somebody who was seen. `size`, `centre`, `length` in [0, 1]; `looks`: how many times their face was
    seen.
    """

    number: int
    role: PersonRole
    track_score: float
    size: float
    centre: float
    length: float
    tracks: tuple[int, ...]
    start_s: float
    end_s: float
    looks: int


@dataclass(frozen=True)
class PackRun(Record):
    """An identity pack that was made: images by set, and why collecting stopped."""

    person: int
    anchors: int
    coverage: int
    challenge: int
    identity_verified: bool
    stop_reason: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ComparisonRun(Record):
    """Two engines on this video; fields as of `score.compare.Comparison`, None where nothing can be said."""

    a: str
    b: str
    windows_a: int
    windows_b: int
    iou: float | None
    matched: int
    share_a: float | None
    share_b: float | None
    iou_matched: float | None
    peaks_a: float | None
    peaks_b: float | None
    peaks_f1: float | None
    quality_a: float | None
    quality_b: float | None
    rank_correlation: float | None


@dataclass(frozen=True)
class ForgottenSpan(Record):
    """Closed span, in s, in which somebody who was forgotten may be seen."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class GapRun(Record):
    """A stretch of a feed that nobody saw; `end_s` None: nobody knows how long it was."""

    start_s: float
    end_s: float | None
    reason: str


@dataclass(frozen=True)
class LiveRun(Record):
    """Of what was watched live: from where, why it ended, moments that became final by engine."""

    source: str
    ended: str
    hardened: Mapping[str, int]
    gaps: tuple[GapRun, ...]


@dataclass(frozen=True, kw_only=True)
class Run(Record):
    """run.json. `key`: what the log was made of and how; `packs` None: none were asked for, or they are being
    made anew.

    `find_s`, `pack_s`: seconds of the last `find` and `pack`; `forgotten`, `live`, `pack_knobs` only where
    there is such a thing.
    """

    version: str
    status: Literal["done", "partial"]
    key: str
    video: VideoInfo
    partial: bool
    problems: tuple[str, ...]
    settings: Json
    models: tuple[ModelRow, ...]
    engines: Mapping[str, EngineRun]
    people: tuple[PersonRun, ...] | None = field(default=None, kw_only=True, metadata=OMITTED_MEANWHILE)
    packs: Annotated[tuple[PackRun, ...] | None, Meta("null: none were asked for")]
    pairs: int
    comparisons: tuple[ComparisonRun, ...] | None = field(
        default=None, kw_only=True, metadata=OMITTED_MEANWHILE
    )
    warnings: tuple[str, ...]
    forgotten: tuple[ForgottenSpan, ...] | None = field(default=None, metadata=OMITTED)
    live: Annotated[LiveRun | None, Meta("only of what was watched live")] = field(
        default=None, metadata=OMITTED
    )
    pack_knobs: Json | None = field(default=None, metadata=OMITTED)
    timings_s: Mapping[str, float] = field(default_factory=dict)
    x_realtime: float | None = None
    find_s: float | None = field(default=None, metadata=OMITTED)
    pack_s: float | None = field(default=None, metadata=OMITTED)

    def model(self, version: str) -> ModelRow | None:
        """The model of that version that ran."""
        return next((row for row in self.models if row.version == version), None)

    def without_warnings(self, start: str) -> tuple[str, ...]:
        """Warnings but for those of one room, which begin with its name and a colon."""
        return tuple(w for w in self.warnings if not w.startswith(f"{start}: "))
