"""The table of settings of something that is registered, as a value of its class."""

from __future__ import annotations

from typing import Any

from momentscan.knobs import with_knobs
from momentscan.settings import Settings

_OLD_TABLES = {"head": "heads", "body": "bodies"}


def stage(settings: Settings, name: str, cls: type[Any]) -> Any:
    """What the settings say of the table `name`, as an instance of `cls`. Raises UsageError."""
    if name == "motion":
        return with_knobs(cls, {"method": settings.motion})
    if name == "words":
        return with_knobs(cls, {"sentences": settings.sentences, "recognition": settings.recognising})
    return with_knobs(cls, getattr(settings, _OLD_TABLES.get(name, name), {}))
