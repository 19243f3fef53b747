"""Names of perceivers, scorers, captioners and slots for models, and where they live.

Ours and those of other packages come by one door: entry points `name = "module:attribute"` of a group

    momentscan.perceivers   a class of perceivers
    momentscan.scorers      a class of scorers
    momentscan.captioners   a class of captioners
    momentscan.models       a Slot (`name`), or a class that opens one more kind of model for a slot
                            (`slot.kind`)
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint
from typing import Any

from momentscan.errors import MomentscanError, UsageError, one_line

LOG = logging.getLogger(__name__)

PERCEIVERS = {
    "frame_times": "momentscan.perceive.frame_times:FrameTimes",
    "frame_quality": "momentscan.perceive.frame_quality:FrameQuality",
    "motion": "momentscan.perceive.motion:Motion",
    "scenes": "momentscan.perceive.scenes:Scenes",
    "sound": "momentscan.perceive.sound:Sound",
    "speech": "momentscan.perceive.speech:Speech",
    "words": "momentscan.perceive.words:Words",
    "tags": "momentscan.perceive.tags:Tags",
    "thumbnails": "momentscan.perceive.thumbnails:Thumbnails",
    "vision": "momentscan.perceive.vision:Vision",
    "faces": "momentscan.perceive.faces:Faces",
    "tracks": "momentscan.perceive.tracks:Tracks",
    "face_quality": "momentscan.perceive.face_quality:FaceQuality",
    "head": "momentscan.perceive.head:Head",
    "body": "momentscan.perceive.body:Body",
    "crops": "momentscan.perceive.crops:Crops",
}
SCORERS = {
    "rules": "momentscan.score.rules:Rules",
    "vector": "momentscan.score.vector:Vector",
    "saliency": "momentscan.score.saliency:Saliency",
}
CAPTIONERS: dict[str, str] = {}
MODELS = {
    "embedder": "momentscan.models.embedders:EMBEDDER",
    "detector": "momentscan.models.detectors:DETECTOR",
    "landmarks": "momentscan.models.landmarks:LANDMARKS",
    "face_id": "momentscan.models.face_id:FACE_ID",
    "body_pose": "momentscan.models.pose:BODY_POSE",
    "voice": "momentscan.models.voice:VOICE",
    "tagger": "momentscan.models.tagger:TAGGER",
    "asr": "momentscan.models.whisper:ASR",
}
"""Slots: what a model is wanted for. Which kinds there are stands in the slot."""

_TABLES: Mapping[str, Mapping[str, str]] = {
    "perceivers": PERCEIVERS,
    "scorers": SCORERS,
    "captioners": CAPTIONERS,
    "models": MODELS,
}
WORDS = {"perceivers": "perceiver", "scorers": "engine", "captioners": "captioner", "models": "model"}
"""Kind -> what users call one of them."""

_OURS = "momentscan"
_EMBEDDERS = "momentscan.embedders"
"""Where plug-ins of 0.1 name their embedders: the same as `embedder.NAME` in `momentscan.models`."""


@dataclass(frozen=True)
class Entry:
    """Something registered. `distribution`: whose it is, with its version; ours is just "momentscan"."""

    kind: str
    name: str
    point: EntryPoint
    distribution: str

    @property
    def ours(self) -> bool:
        return self.distribution == _OURS

    def load(self) -> Any:
        """Raises UsageError naming the package where it cannot be imported."""
        if self.ours:
            return self.point.load()
        try:
            return self.point.load()
        except MomentscanError:
            raise
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            raise UsageError(
                f"{WORDS[self.kind]} {self.name!r} of the package {self.distribution} cannot be imported "
                f"({type(error).__name__}: {one_line(error)[:200]}); mend or uninstall it"
            ) from error


def names(kind: str) -> list[str]:
    """Every name of a kind ("perceivers", "scorers", "captioners", "models"): ours first, in order, then
    those of plug-ins by name. Of models these are the slots.
    """
    return [name for name in _entries(kind) if kind != "models" or "." not in name]


def entry(kind: str, name: str) -> Entry:
    """Who brings a name. Raises UsageError listing the names there are, or where two packages bring it."""
    found = _entries(kind).get(name, ())
    if not found:
        raise UsageError(f"there is no {WORDS[kind]} {name!r}; there are {', '.join(names(kind))}")
    if len(found) > 1:
        brought = " and ".join(e.distribution for e in found)
        raise UsageError(f"{WORDS[kind]} {name!r} is brought by two packages, {brought}; uninstall one")
    return found[0]


def load(kind: str, name: str) -> Any:
    """What stands behind a name. Raises UsageError as `entry`, and where it cannot be imported."""
    return entry(kind, name).load()


def kinds_of(slot: str) -> list[str]:
    """Names of the kinds that plug-ins add to a slot."""
    start = f"{slot}."
    return [name.removeprefix(start) for name in _entries("models") if name.startswith(start)]


def slot_defaults() -> dict[str, str]:
    """slot -> which model it gets where nobody says: "auto" or "none". A plug-in's slot that cannot be had is
    left out: whoever opens models is told.
    """
    defaults = {}
    for name in names("models"):
        try:
            defaults[name] = str(load("models", name).default)
        except (AttributeError, UsageError) as error:
            LOG.warning("%s", one_line(error))
    return defaults


def problems() -> list[str]:
    """A line for each thing of other packages that cannot be had."""
    lines = []
    for kind in _TABLES:
        for name, brought in _entries(kind).items():
            try:
                if not all(e.ours for e in brought):
                    load(kind, name)
            except UsageError as error:
                lines.append(one_line(error))
    return lines


def refresh() -> None:
    """Looks anew at what is installed."""
    _entries.cache_clear()


@cache
def _entries(kind: str) -> dict[str, tuple[Entry, ...]]:
    """name -> who brings it; asked once, as every look reads the metadata of all installed packages."""
    group = f"momentscan.{kind}"
    found: dict[str, list[Entry]] = defaultdict(list)
    for name, target in _TABLES[kind].items():
        found[name].append(Entry(kind, name, EntryPoint(name, target, group), _OURS))
    for point in _installed(group):
        found[point.name].append(Entry(kind, point.name, point, _distribution(point)))
    for point in _installed(_EMBEDDERS) if kind == "models" else ():
        name = f"embedder.{point.name}"
        found[name].append(Entry(kind, name, point, _distribution(point)))
    return {name: tuple(entries) for name, entries in found.items()}


def _installed(group: str) -> Iterable[EntryPoint]:
    """Of other packages, by name."""
    points = importlib.metadata.entry_points(group=group)
    return sorted(points, key=lambda point: (point.name, _distribution(point)))


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "unknown"
