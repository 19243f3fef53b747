"""Builds an engine: its knobs from the settings, its models from the slots that it names."""

from __future__ import annotations

import dataclasses
from typing import Any

from momentscan import registry
from momentscan.assembly.models import open_models
from momentscan.assembly.stages import stage
from momentscan.knobs import models_of
from momentscan.settings import Settings


def build_scorer(engine: str, settings: Settings) -> Any:
    """The engine of that name as the settings want it. Raises UsageError for an unknown name or knob, and
    MissingModel for a model that was named and is not here.
    """
    return with_models(stage(settings, engine, registry.load("scorers", engine)), settings)


def with_models(scorer: Any, settings: Settings) -> Any:
    """The same engine with the models of the slots that its fields name; a slot without one leaves None."""
    wanted = models_of(type(scorer))
    if not wanted:
        return scorer
    models = open_models(settings, only=set(wanted.values()))
    return dataclasses.replace(scorer, **{field: models.get(slot) for field, slot in wanted.items()})
