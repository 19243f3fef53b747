"""What an identity pack is: images of one person, by set, and what is known of them (identity_builder §2, §8
to §11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from momentscan.select.buckets import bucket_of
from momentscan.select.face_samples import FaceSamples, Mask
from momentscan.select.identity import Identity
from momentscan.select.memory import MemoryBank
from momentscan.select.people import Person

Kind = Literal["anchor", "coverage", "challenge"]
Cell = tuple[int, int, int]
"""Numbers of the bins of yaw, pitch and expression."""

FOLDERS: dict[Kind, str] = {"anchor": "anchors", "coverage": "coverage", "challenge": "challenge"}

SHARES: dict[str, tuple[int, int, int]] = {
    "default": (20, 70, 10),
    "id_drift": (30, 60, 10),
    "low_variety": (15, 75, 10),
    "dark": (20, 65, 15),
}
"""Anchor : coverage : challenge, by what the video was like (identity_builder §10)."""


@dataclass(frozen=True)
class Chosen:
    """One image of a pack.

    name         the file's, without ending; `number` counts within its set from 1
    row          of `faces`; bins are the seed's labels, None where nothing was measured
    stable       cosine with the prototype, for challenge the highest with any node of the memory bank; None
                 where Face-ID did not look
    novelty      1 - the highest cosine to the images before it, 1 for the first (readings I9)
    cues         what makes it hard, for challenge
    """

    kind: Kind
    name: str
    row: int
    time_s: float
    frame_idx: int
    yaw_bin: str | None
    pitch_bin: str | None
    expression_bin: str | None
    occlusion_bin: str | None
    lighting_bin: str | None
    yaw_deg: float
    pitch_deg: float
    quality: float
    novelty: float
    stable: float | None
    gate: str
    moment: bool
    cues: tuple[str, ...]
    why: str

    @property
    def bucket(self) -> str:
        """The seed's bucket key."""
        return bucket_of(self.yaw_bin, self.pitch_bin, self.expression_bin)

    @property
    def path(self) -> str:
        """Within the person's folder."""
        return f"{FOLDERS[self.kind]}/{self.name}.jpg"


class Stop(NamedTuple):
    """Why collecting ended: coverage_satisfied at `at_s`, novelty_plateau (at the end nothing new came) or
    video_end.
    """

    reason: str
    at_s: float | None


class Cover(NamedTuple):
    """Numbers of the bins that are covered, and the cells of the three together."""

    yaw: frozenset[int]
    pitch: frozenset[int]
    expression: frozenset[int]
    cells: frozenset[Cell]


@dataclass(frozen=True)
class IdentityPack:
    """One person's pack; `images` are the anchors, then coverage, then challenge, each best first.

    verified    Face-ID says that all images show one person, and nobody else in the video looks the same to
                it
    achievable  what fit looks of this video could cover at most
    conditions  what the video was like, of SHARES; the first decides
    left_out    reason -> looks that were not taken for it, each counted once
    missing     in words, what a better pack would need
    sure        (N,) which of the `samples` pass the strict gate and are this person's
    """

    person: Person
    images: tuple[Chosen, ...]
    verified: bool
    tau: float | None
    identity: Identity
    bank: MemoryBank | None
    filled: Cover
    achievable: Cover
    stop: Stop
    conditions: tuple[str, ...]
    left_out: Mapping[str, int]
    warnings: tuple[str, ...]
    missing: tuple[str, ...]
    samples: FaceSamples
    sure: Mask

    def of(self, kind: Kind) -> tuple[Chosen, ...]:
        return tuple(i for i in self.images if i.kind == kind)

    @property
    def shares(self) -> dict[Kind, float]:
        """Conditioning ratio of the sets, renormalised over those that are not empty (readings I15)."""
        asked = dict(zip(FOLDERS, SHARES[self.conditions[0] if self.conditions else "default"], strict=True))
        there = {kind: share if self.of(kind) else 0 for kind, share in asked.items()}
        return {kind: share / max(sum(there.values()), 1) for kind, share in there.items()}
