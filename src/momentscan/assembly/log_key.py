"""What a log was made of and how, as one word: the same key, the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from momentscan import __version__, registry
from momentscan.assembly.perceivers import knobs_for
from momentscan.disk.log import FORMAT
from momentscan.knobs import knob_values
from momentscan.models.chosen_models import Models
from momentscan.perceive import Perceiver
from momentscan.records.plain import Json
from momentscan.settings import Settings
from momentscan.signals.words import Transcript


def log_key(
    sha256: str,
    perceivers: Sequence[Perceiver],
    models: Models,
    settings: Settings,
    transcript: Transcript | None = None,
) -> str:
    """Covers the video, how it is sampled, and of whatever makes a column its name, version, package, knobs
    and models; defaults count too, so that a log of other defaults is another log.
    """
    made_of = {
        "format": FORMAT,
        "version": __version__,
        "video": sha256,
        "sampling": knob_values(settings.stage("sampling")),
        "clock": knob_values(settings.stage("clock")),
        "perceivers": [_of_perceiver(p, models, settings) for p in perceivers],
        "transcript": [transcript.name, transcript.sha256, transcript.problems] if transcript else None,
    }
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]


def _of_perceiver(perceiver: Perceiver, models: Models, settings: Settings) -> Json:
    cls: type[Any] = registry.load("perceivers", perceiver.name)
    knobs = knobs_for(cls, settings)
    return {
        "name": perceiver.name,
        "version": perceiver.version,
        "distribution": registry.entry("perceivers", perceiver.name).distribution,
        "writes": perceiver.writes,
        "models": models.made_of(list(getattr(cls, "models", {}).values())),
        "knobs": knob_values(knobs) if knobs is not None else {},
    }
