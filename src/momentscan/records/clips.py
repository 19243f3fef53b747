"""clips/{engine}/clips.json: the clips that were cut, where each edge comes from, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from momentscan.records.plain import RECORD, plain
from momentscan.records.run import Json
from momentscan.values import ClipFlag, Edge

How = Literal["exact", "copy", "smart"]


@dataclass(frozen=True)
class Span:
    """Milliseconds from the first frame."""

    start_ms: float
    end_ms: float
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class MoveRow:
    """One edge, moved, with its reason."""

    edge: Edge
    from_ms: float
    to_ms: float
    reason: str
    note: str
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class ReactionRow:
    """A reaction that is heard; `score` in [0, 1]."""

    kind: str
    onset_ms: float
    score: float
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class ChoiceRow:
    """A moment that is delivered, or was left out (rank None). Times in ms of the source, edges after alignment."""

    rank: int | None
    start_ms: float
    end_ms: float
    peak_ms: float
    window: Span
    score: float
    kind: str
    below_threshold: bool
    what: str
    why: str
    moves: tuple[MoveRow, ...]
    flags: tuple[ClipFlag, ...]
    reaction: ReactionRow | None
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class ClipRow(ChoiceRow):
    """A clip as it was cut. `sha256`: of `file`, and of `preview` where there is one; `key`: what it was made of and how."""

    file: str = ""
    cut_start_ms: float = 0.0
    cut_end_ms: float = 0.0
    n_frames: int = 0
    size_px: tuple[int, int] = (0, 0)
    how: How = "exact"
    encoder: str = ""
    notes: tuple[str, ...] = ()
    preview: str | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    subtitles: tuple[str, ...] = ()
    follows: str | None = None


@dataclass(frozen=True)
class ChapterRow:
    """A clip within the reel."""

    start_ms: float
    end_ms: float
    title: str
    rank: int | None
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class ReelRow:
    """All clips as one film."""

    file: str
    length_ms: float
    size_px: tuple[int, int]
    n_frames: int
    encoder: str
    notes: tuple[str, ...]
    chapters: tuple[ChapterRow, ...]
    subtitles: tuple[str, ...]
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD


@dataclass(frozen=True)
class CutRow:
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

    def to_json(self) -> dict[str, Any]:
        """One object, with the engine first."""
        kind = {"kind": "reel"} if self.reel is not None else {}
        return {"engine": self.engine, **kind, **plain(self._made)}


@dataclass(frozen=True)
class ClipList:
    """clips.json. `reason`: why there are none; `left_out`: moments that were not delivered, each with the reason."""

    video_id: str
    sha256: str
    engine: str
    reason: str | None
    knobs: Json
    clips: tuple[ClipRow, ...]
    reel: ReelRow | None
    left_out: tuple[ChoiceRow, ...]
    version_stamp: Json
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD

    def files(self) -> set[str]:
        """Names of everything that it tells of."""
        names = {c.file for c in self.clips} | {c.preview for c in self.clips if c.preview}
        names |= {s for c in self.clips for s in c.subtitles}
        return names | ({self.reel.file, *self.reel.subtitles} if self.reel else set())
