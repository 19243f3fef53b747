"""Opens the models that the settings name: each once in a process, however many videos there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from momentscan.models.chosen_models import Models
from momentscan.models.pool import POOL, Pool
from momentscan.models.slots import slots
from momentscan.settings import Settings


def open_models(settings: Settings, only: Collection[str] | None = None, pool: Pool = POOL) -> Models:
    """The models of all slots, or of some and those that they need; what is open in the pool is taken from
    there.

    Raises MissingModel for one that was named and is not here, UsageError for an unknown name. Downloads
    nothing, but the speech recogniser that was named.
    """
    wanted = slots()
    if only is not None:
        names = {*only, *(need for s in wanted if s.name in only for need in s.needs)}
        wanted = [s for s in wanted if s.name in names]
    opened: dict[str, Any] = {}
    for slot in wanted:
        if not all(need in opened for need in slot.needs):
            continue
        options = {name: _knob(settings, knob) for name, knob in slot.options.items()}
        model = pool.open(slot, settings.choice(slot.name), settings.models, settings.device, **options)
        if model is not None:
            opened[slot.name] = model
    return Models(opened)


def _knob(settings: Settings, name: str) -> Any:
    """The value of a perceiver's knob, "faces.long_side_px"."""
    table, _, rest = name.partition(".")
    value = settings.stage(table)
    for part in rest.split("."):
        value = getattr(value, part)
    return value
