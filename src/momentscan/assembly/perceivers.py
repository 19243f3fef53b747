"""Perceivers for which there is a model, and the key of the log that they make."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from momentscan import __version__, registry
from momentscan.disk.log import FORMAT
from momentscan.knobs import knob_values
from momentscan.models.chosen_models import Models
from momentscan.perceive import Perceiver, ordered
from momentscan.settings import Settings
from momentscan.signals import schema
from momentscan.signals.words import Transcript

OF_FACES = ("faces", "tracks", "face_quality", "head", "body", "crops")
"""Perceivers that have nothing to look at without a face detector."""


def build_perceivers(
    settings: Settings, models: Models, transcript: Transcript | None = None
) -> list[Perceiver]:
    """Every registered perceiver for which there is a model, or a transcript, built with what it needs."""
    given: dict[str, dict[str, Any]] = {"vision": {"embedder": models.embedder}}
    if models.detector is not None:
        given |= {
            "faces": {"detector": models.detector, "looking": settings.stage("faces")},
            "tracks": {"face_id": models.face_id, "tracking": settings.stage("tracks")},
            "head": {"landmarks": models.landmarks, "heads": settings.stage("head")},
            "crops": {
                "embedder": models.embedder,
                "cropping": settings.stage("crops"),
                "poses": models.pose is not None,
            },
        }
    if models.pose is not None:
        given["body"] = {"pose": models.pose, "bodies": settings.stage("body")}
    hearing: dict[str, dict[str, Any]] = {
        "speech": {"voice": models.voice},
        "tags": {"tagger": models.tagger},
        "words": {"transcript": transcript, "recogniser": models.recogniser},
    }
    given |= hearing
    absent = {n for n in OF_FACES if models.detector is None or (n == "body" and models.pose is None)}
    absent |= {name for name, sources in hearing.items() if not any(sources.values())}
    names = [name for name in registry.names("perceivers") if name not in absent]
    classes = {name: registry.load("perceivers", name) for name in names}
    for cls in classes.values():
        schema.add(getattr(cls, "columns", ()))
    return ordered([cls(**given.get(name, {})) for name, cls in classes.items()])


def log_key(
    sha256: str,
    perceivers: Sequence[Perceiver],
    models: Models,
    settings: Settings,
    transcript: Transcript | None = None,
) -> str:
    """What a log was made of and how: the same key, the same bytes."""
    writes = {p.name: p.writes for p in perceivers}
    weights = [(row["version"], row["sha256"]) for row in models.rows()]
    sampling = knob_values(settings.stage("sampling"))
    told = (transcript.name, transcript.sha256, transcript.problems) if transcript else None
    made_of = [FORMAT, __version__, sha256, sampling, weights, writes, told]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
