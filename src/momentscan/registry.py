"""Names of perceivers, scorers and embedders, and where their classes live; plug-ins join by entry points."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from momentscan.errors import UsageError

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
EMBEDDERS = {
    "openclip": "momentscan.models.embedders:OpenClip",
    "dinov2": "momentscan.models.embedders:DinoV2",
    "siglip": "momentscan.models.embedders:SigLip",
    "mobilenet": "momentscan.models.embedders:MobileNet",
    "descriptor": "momentscan.models.embedders:Descriptor",
}
_TABLES = {"perceivers": PERCEIVERS, "scorers": SCORERS, "embedders": EMBEDDERS}


def names(kind: str) -> list[str]:
    """Every name of a kind ("perceivers", "scorers", "embedders"): ours first, in order, then those of
    plug-ins by name.
    """
    own = list(_TABLES[kind])
    return own + sorted(name for name in _plugins(kind) if name not in own)


def load(kind: str, name: str) -> Any:
    """The class behind a name. Raises UsageError listing the names there are."""
    target = _TABLES[kind].get(name)
    if target is not None:
        module, _, attribute = target.partition(":")
        return getattr(importlib.import_module(module), attribute)
    if name in _plugins(kind):
        return _plugins(kind)[name].load()
    raise UsageError(f"there is no {kind[:-1]} {name!r}; there are {', '.join(names(kind))}")


@cache
def _plugins(kind: str) -> dict[str, EntryPoint]:
    """name -> entry point; asked once, as every look reads the metadata of all installed packages."""
    return {entry.name: entry for entry in entry_points(group=f"momentscan.{kind}")}


def slot_defaults() -> dict[str, str]:
    """slot -> which model it gets where nobody says: "auto" or "none"."""
    slots = ("embedder", "detector", "landmarks", "face_id", "body_pose", "voice", "tagger")
    return {**dict.fromkeys(slots, "auto"), "asr": "none"}
