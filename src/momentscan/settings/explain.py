"""What each setting is for, what is in force, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentscan import registry
from momentscan.knobs import KnobField, flat, knob_values, knobs_of
from momentscan.settings.options import Options
from momentscan.settings.settings import Settings
from momentscan.settings.tables import canonical, stages


@dataclass(frozen=True)
class Setting:
    """One option, slot or knob. `source`: who set it, or "default"; `about`: what it is for, or where its
    number is from.
    """

    name: str
    value: Any
    default: Any
    source: str
    unit: str
    bounds: str
    about: str


def in_force(settings: Settings, everything: bool = False) -> Iterator[Setting]:
    """Options and slots, then the knobs that were turned, or all of them."""
    yield from _options(settings)
    for one in _knobs(settings):
        if everything or one.source != "default":
            yield one


def explained(settings: Settings, name: str) -> list[Setting]:
    """The setting of that name; of a table or a stage all of its knobs; nothing where there is none."""
    full = canonical(name)
    every = [*_options(settings), *_knobs(settings)]
    return [one for one in every if one.name == full or one.name.startswith(f"{full}.")]


def _options(settings: Settings) -> Iterator[Setting]:
    for field in knobs_of(Options):
        yield _setting(field, field.name, getattr(settings, field.name), settings)
    for slot, default in registry.slot_defaults().items():
        source = settings.sources.get(slot, "default")
        about = f"model of the slot {slot}: auto, none, or a name of `momentscan models list`"
        yield Setting(slot, settings.choice(slot), default, source, "", "", about)


def _knobs(settings: Settings) -> Iterator[Setting]:
    for table, _, stage in stages():
        values = dict(flat(knob_values(settings.stage(table))))
        for field in knobs_of(stage):
            yield _setting(field, f"{table}.{field.name}", values[field.name], settings)


def _setting(field: KnobField, name: str, value: Any, settings: Settings) -> Setting:
    source = settings.sources.get(name, "default")
    if source == "default" and value != field.default:
        source = "the table that it shares"
    knob = field.knob
    return Setting(name, _plain(value), _plain(field.default), source, knob.unit, knob.bounds, knob.source)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
