"""Engines from the settings, or as run.json remembers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from momentscan import registry
from momentscan.assembly.models import open_models
from momentscan.errors import UnreadableInput, UsageError
from momentscan.knobs import knob_values, models_of, with_knobs
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits
from momentscan.records.plain import Json
from momentscan.records.run import EngineRun, Run
from momentscan.score import Scorer
from momentscan.select.gate import Gate
from momentscan.select.people import People
from momentscan.select.picks import Picks
from momentscan.settings import Settings
from momentscan.settings.tables import canonical, value_now


@dataclass(frozen=True)
class StillChoice:
    """Everything that decides which frames become stills, and how the video is read for them."""

    picks: Picks
    gate: Gate
    people: People
    limits: Limits
    clock: ClockOptions

    @classmethod
    def of(cls, settings: Settings) -> StillChoice:
        """By the settings. Raises UsageError for knobs that are not there or out of bounds."""
        names = ("picks", "gate", "people", "limits", "clock")
        return cls(*(settings.stage(name) for name in names))

    def knobs(self) -> Json:
        """As run.json remembers it."""
        return {**knob_values(self.picks), "gate": knob_values(self.gate)}


def asked_engines(settings: Settings) -> list[str]:
    """The engines that the settings name, each once. Raises UsageError for one that there is not, and for bad
    knobs.
    """
    known = registry.names("scorers")
    if settings.engine == "all":
        asked = known
    else:
        asked = [e.strip() for e in settings.engine.split(",") if e.strip()]
    if not asked:
        raise UsageError(f"--engine names no engine; there are {', '.join(known)}")
    for engine in asked:
        build_scorer(engine, settings)  # unknown names and bad knobs are told before any work
    return list(dict.fromkeys(asked))


def build_scorer(engine: str, settings: Settings) -> Scorer:
    """An engine with the knobs and the models in force.

    Raises UsageError where there is no such engine, MissingModel for a model that was named and is not here.
    """
    registry.load("scorers", engine)
    scorer: Scorer = settings.stage(engine)
    return with_models(scorer, settings)


def with_models(scorer: Scorer, settings: Settings) -> Scorer:
    """The same engine with the models of the slots that its fields name; a slot without one leaves None."""
    cls: type[Any] = type(scorer)
    wanted = models_of(cls)
    if not wanted:
        return scorer
    models = open_models(settings, only=set(wanted.values()))
    changed: Scorer = replace(scorer, **{name: models.get(slot) for name, slot in wanted.items()})  # type: ignore[type-var]
    return changed


def models_within(scorer: Scorer) -> dict[str, str] | None:
    """slot -> version of the models that an engine holds; None of one that wants none."""
    cls: type[Any] = type(scorer)
    held = {slot: getattr(scorer, name) for name, slot in models_of(cls).items()}
    return {slot: str(model.version) for slot, model in held.items() if model is not None} if held else None


def scorer_as_before(engine: str, before: EngineRun, folder: Path, settings: Settings) -> Scorer:
    """An engine with the knobs that run.json remembers, and the models of now.

    Raises UnreadableInput for knobs of another version.
    """
    known = {_name_now(engine, n, v): value_now(f"{engine}.{n}", v) for n, v in before.knobs.items()}
    try:
        cls = registry.load("scorers", engine)
    except UsageError as error:
        raise UnreadableInput(
            f"{folder}: was judged by {engine}, which cannot be had any more ({error})"
        ) from None
    try:
        scorer: Scorer = with_knobs(cls, known)
    except UsageError as error:
        raise UnreadableInput(
            f"{folder}: was judged by {engine} with knobs of another version ({error}); scan the video again"
        ) from None
    return with_models(scorer, settings)


def _name_now(engine: str, knob: str, value: Any) -> str:
    """The name of a knob that an older version remembered; a stage of now is none of them."""
    full = f"{engine}.{knob}"
    return knob if isinstance(value, Mapping) else canonical(full).removeprefix(f"{engine}.")


def judged_engines(settings: Settings, run: Run, folder: Path) -> list[str]:
    """Those of the engines asked for that have judged the video, for `all` every one. Raises UsageError where
    one has not.
    """
    asked = [e.strip() for e in settings.engine.split(",") if e.strip()]
    judged = list(run.engines)
    missing = [e for e in asked if e not in judged and e != "all"]
    known = registry.names("scorers")
    if missing and missing[0] not in known:
        raise UsageError(f"there is no engine {missing[0]!r}; there are {', '.join(known)}")
    if missing or not judged:
        who = missing[0] if missing else "any engine"
        raise UsageError(f"{folder}: was not judged by {who}; momentscan find {folder} --engine NAME")
    return judged if "all" in asked else list(dict.fromkeys(asked))


def same_knobs(known: Json, value: Any) -> bool:
    """Whether run.json remembers these very knobs."""
    return dict(known) == knob_values(value)
