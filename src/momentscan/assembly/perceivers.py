"""Builds every registered perceiver for which there is what it requires, from what it declares of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from momentscan import registry
from momentscan.errors import UsageError
from momentscan.models.chosen_models import Models
from momentscan.perceive import Perceiver, ordered
from momentscan.settings import Settings
from momentscan.signals import schema

DECLARED = ("name", "version", "needs", "writes", "made_by", "process", "finish")
"""What a class of perceivers cannot do without; `needs`, `writes` and `made_by` may be its instances'."""


def build_perceivers(settings: Settings, models: Models, **resources: Any) -> list[Perceiver]:
    """In the order in which each finds what it needs. `resources`: what the video came with, by the name that
    perceivers give it; None where it came with none.

    A perceiver is left out where what it requires is not there, or where one that it needs was left out.
    Raises UsageError for one that cannot be imported or says too little of itself.
    """
    classes = {name: _declared(name) for name in registry.names("perceivers")}
    given = {name: _given(cls, settings, models, resources) for name, cls in classes.items()}
    built = [_built(name, cls, given[name]) for name, cls in classes.items() if not _lacks(cls, given[name])]
    kept = _fed(built, {column for cls in classes.values() for column in getattr(cls, "writes", ())})
    for perceiver in kept:
        schema.add(getattr(perceiver, "columns", ()))
    return ordered(kept)


def knobs_for(cls: type[Any], settings: Settings) -> Any | None:
    """The table of settings of a class of perceivers, as a value; None where it has no knobs."""
    return settings.stage(cls.name) if getattr(cls, "knobs", None) is not None else None


def _declared(name: str) -> type[Any]:
    """The class of that name, if it says what there is to say."""
    cls: type[Any] = registry.load("perceivers", name)
    if getattr(cls, "name", None) != name:
        said = f"calls itself {getattr(cls, 'name', None)!r}"
    elif not isinstance(getattr(cls, "version", None), str):
        said = "declares no version"
    else:
        return cls
    owner = registry.entry("perceivers", name).distribution
    raise UsageError(f"perceiver {name!r} of the package {owner} {said}; mend or uninstall it")


def _given(
    cls: type[Any], settings: Settings, models: Models, resources: Mapping[str, Any]
) -> dict[str, Any]:
    """Its arguments: models, resources and knobs."""
    found: dict[str, Any] = {name: models.get(slot) for name, slot in getattr(cls, "models", {}).items()}
    found |= {name: resources.get(name) for name in getattr(cls, "resources", ())}
    knobs = knobs_for(cls, settings)
    return found if knobs is None else found | {"knobs": knobs}


def _lacks(cls: type[Any], given: Mapping[str, Any]) -> bool:
    """Whether something that it requires is None."""
    wanted = ((r,) if isinstance(r, str) else r for r in getattr(cls, "requires", ()))
    return not all(any(given.get(name) is not None for name in one_of) for one_of in wanted)


def _built(name: str, cls: type[Any], given: Mapping[str, Any]) -> Perceiver:
    perceiver: Perceiver = cls(**given)
    missing = [word for word in DECLARED if not hasattr(perceiver, word)]
    if missing:
        owner = registry.entry("perceivers", name).distribution
        raise UsageError(
            f"perceiver {name!r} of the package {owner} has no {missing[0]}; mend or uninstall it"
        )
    return perceiver


def _fed(built: Sequence[Perceiver], known: set[str]) -> list[Perceiver]:
    """Those whose needs are written by others that are built. Raises UsageError where nobody at all could
    write them.
    """
    kept = list(built)
    while True:
        written = {column for p in kept for column in p.writes}
        hungry = [p for p in kept if not set(p.needs) <= written]
        if not hungry:
            return kept
        for perceiver in hungry:
            unknown = sorted(set(perceiver.needs) - known)
            if unknown:
                raise UsageError(
                    f"perceiver {perceiver.name!r} needs the column {unknown[0]}, which no perceiver writes"
                )
        kept = [p for p in kept if p not in hungry]
