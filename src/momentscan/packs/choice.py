"""Everything that decides which reference images there are and how they are cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from momentscan.errors import UsageError
from momentscan.export.captions import subject
from momentscan.knobs import knob_values, with_knobs
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits
from momentscan.packs.cropping import CuttingOptions
from momentscan.records.run import Run
from momentscan.select.buckets import Buckets
from momentscan.select.face_samples import ReferenceQuality
from momentscan.select.gate import Gate
from momentscan.select.identity import Identities
from momentscan.select.memory import MemoryOptions
from momentscan.select.packs import Packs
from momentscan.select.pairs import Pairs
from momentscan.select.people import People
from momentscan.settings import Settings


@dataclass(frozen=True)
class PackChoice:
    """The stages of the tables of the same names, and the words of captions."""

    packs: Packs
    pairs: Pairs
    buckets: Buckets
    references: ReferenceQuality
    identities: Identities
    memory: MemoryOptions
    cutting: CuttingOptions
    gate: Gate
    people: People
    limits: Limits
    clock: ClockOptions
    token: str
    klass: str

    STAGES: ClassVar[dict[str, type]] = {
        "packs": Packs,
        "pairs": Pairs,
        "buckets": Buckets,
        "references": ReferenceQuality,
        "identities": Identities,
        "memory": MemoryOptions,
        "cutting": CuttingOptions,
        "gate": Gate,
        "people": People,
    }
    """Those that decide which images there are; how the video is read decides nothing."""

    @classmethod
    def of(cls, settings: Settings) -> PackChoice:
        """By the settings. Raises UsageError for a knob out of bounds, and for words that no folder can be named by."""
        subject(settings.token, settings.token_class)
        stages: dict[str, Any] = {name: settings.stage(name) for name in (*cls.STAGES, "limits", "clock")}
        return cls(**stages, token=settings.token, klass=settings.token_class)

    @classmethod
    def as_before(cls, run: Run) -> PackChoice | None:
        """What run.json remembers; None where it remembers nothing, or knobs of another version."""
        known = run.pack_knobs
        if known is None:
            return None
        try:
            stages: dict[str, Any] = {n: with_knobs(c, known.get(n, {})) for n, c in cls.STAGES.items()}
            stages |= {"limits": Limits(), "clock": ClockOptions()}
            return cls(**stages, token=known["token"], klass=known["class"])
        except (KeyError, UsageError):
            return None

    def knobs(self) -> dict[str, Any]:
        """As run.json remembers it."""
        stages = {name: knob_values(getattr(self, name)) for name in self.STAGES}
        return stages | {"token": self.token, "class": self.klass}
