"""clips/{engine}/clips.json: the clips that were cut, where each edge comes from, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from momentscan.records.measures import FromOne, Ms, VersionStamp
from momentscan.records.plain import Json, Meta, Record, plain
from momentscan.values import ClipFlag, Edge

How = Literal["exact", "copy", "smart"]
Rank = Annotated[FromOne | None, Meta("place in the delivery; null: left out")]
Pixels = Annotated[int, Meta(ge=2)]


@dataclass(frozen=True)
class Span(Record):
    """Milliseconds from the first frame."""

    start_ms: Ms
    end_ms: Ms


@dataclass(frozen=True)
class MoveRow(Record):
    """One edge, moved, with its reason."""

    edge: Edge
    from_ms: float
    to_ms: float
    reason: str
    note: str


@dataclass(frozen=True)
class ReactionRow(Record):
    """A reaction that is heard; `score` in [0, 1]."""

    kind: str
    onset_ms: Ms
    score: float


@dataclass(frozen=True)
class ChoiceRow(Record):
    """A moment that is delivered, or was left out (rank None). Times in ms of the source, edges after alignment."""

    rank: Rank
    start_ms: Annotated[Ms, Meta("edge after alignment, in the source's time")]
    end_ms: Ms
    peak_ms: Ms
    window: Span
    score: float
    kind: Annotated[str, Meta("the reaction that is heard, else the part of the score that gives most")]
    below_threshold: Annotated[
        bool, Meta("true: the engine itself did not call it a moment; it fills the floor")
    ]
    what: str
    why: str
    moves: tuple[MoveRow, ...]
    flags: tuple[ClipFlag, ...]
    reaction: ReactionRow | None


@dataclass(frozen=True)
class ClipRow(ChoiceRow):
    """A clip as it was cut. `sha256`: of `file`, and of `preview` where there is one; `key`: what it was made of and how."""

    file: str
    cut_start_ms: Annotated[Ms, Meta("PTS of the first frame that was cut, in the source's time")]
    cut_end_ms: Annotated[Ms, Meta("end of the last frame")]
    n_frames: FromOne
    size_px: tuple[Pixels, Pixels]
    how: Annotated[How, Meta("how it was really cut")]
    encoder: str
    notes: tuple[str, ...]
    preview: str | None
    sha256: Annotated[Mapping[str, str], Meta("of what was cut: file, and preview where there is one")]
    key: str
    subtitles: tuple[str, ...]
    follows: str | None


@dataclass(frozen=True)
class ChapterRow(Record):
    """A clip within the reel."""

    start_ms: Ms
    end_ms: Ms
    title: str
    rank: FromOne


@dataclass(frozen=True)
class ReelRow(Record):
    """All clips as one film."""

    file: str
    length_ms: Ms
    size_px: tuple[Pixels, Pixels]
    n_frames: FromOne
    encoder: str
    notes: tuple[str, ...]
    chapters: tuple[ChapterRow, ...]
    subtitles: tuple[str, ...]


@dataclass(frozen=True)
class CutRow(Record):
    """What one call of `clip` made, of which engine: a clip or the reel."""

    engine: str
    clip: ClipRow | None = None
    reel: ReelRow | None = None

    @property
    def _made(self) -> ClipRow | ReelRow:
        made = self.clip or self.reel
        assert made is not None, "a row is of a clip or of a reel"
        return made

    @property
    def file(self) -> str:
        """Its name in the engine's folder."""
        return self._made.file

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be said of it."""
        return self._made.notes

    def to_json(self) -> Json:
        """One object, with the engine first."""
        kind = {"kind": "reel"} if self.reel is not None else {}
        return {"engine": self.engine, **kind, **plain(self._made)}


@dataclass(frozen=True)
class ClipList(Record):
    """clips.json. `reason`: why there are none; `left_out`: moments that were not delivered, each with the reason."""

    video_id: str
    sha256: str
    engine: str
    reason: str | None
    knobs: Json
    clips: tuple[ClipRow, ...]
    reel: ReelRow | None
    left_out: tuple[ChoiceRow, ...]
    version_stamp: VersionStamp

    def files(self) -> set[str]:
        """Names of everything that it tells of."""
        names = {c.file for c in self.clips} | {c.preview for c in self.clips if c.preview}
        names |= {s for c in self.clips for s in c.subtitles}
        return names | ({self.reel.file, *self.reel.subtitles} if self.reel else set())
