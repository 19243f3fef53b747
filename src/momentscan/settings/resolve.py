"""Raw values of every source to the settings in force: names are resolved, values converted and checked."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from momentscan import registry
from momentscan.errors import UsageError
from momentscan.knobs import knobs_of, nearest, turned_knobs
from momentscan.settings import sources
from momentscan.settings.options import Options
from momentscan.settings.settings import Settings
from momentscan.settings.tables import (
    DEPRECATED,
    RENAMED,
    SHORT,
    canonical,
    knob_names,
    stage_class,
    stages,
    value_now,
)

LOG = logging.getLogger(__name__)

Raw = Iterable[tuple[str, Any]]


def load(given: Mapping[str, Any] | None = None, /, **more: Any) -> Settings:
    """The settings in force. Arguments are options, models by slot, tables, or dotted names of knobs; None =
    not given.

    Raises UsageError naming the setting, what was found, what would be accepted, and where it was said.
    """
    typed = sources.from_arguments({**(given or {}), **more})
    return resolve(
        {sources.TOML: sources.from_toml(), "environment": sources.from_environment(), "argument": typed}
    )


def from_json(plain: Mapping[str, Any]) -> Settings:
    """What `Settings.to_json` wrote, and nothing of this machine's own settings."""
    return resolve({"task": sources.from_arguments(plain)})


def resolve(by_source: Mapping[str, Raw]) -> Settings:
    """Later sources win, knob by knob."""
    values: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    for source, raw in by_source.items():
        for name, value in raw:
            for full, converted in _one(name, value, source):
                values[full], said_by[full] = converted, source
    options = {f.name for f in knobs_of(Options)}
    slots = registry.slot_defaults()
    turned = {name: value for name, value in values.items() if name not in options and name not in slots}
    return Settings(
        **{name: values[name] for name in values if name in options},
        chosen={name: values[name] for name in values if name in slots},
        turned=dict(sorted(turned.items())),
        sources=said_by,
    )


def _one(name: str, value: Any, source: str) -> Iterator[tuple[str, Any]]:
    """(full name, converted value) of one setting."""
    first = name.partition(".")[0]
    if name in RENAMED:
        LOG.warning("setting %s is called %s now (%s)", name, RENAMED[name], source)
    if first in DEPRECATED:
        LOG.warning("setting %s is called %s now (%s)", first, DEPRECATED[first], source)
    full, value = canonical(name), value_now(name, value)
    table, _, knob = full.partition(".")
    try:
        if value == {} and table in [name for name, _, _ in stages()]:
            return  # a table of which nothing is turned
        if not knob and full in registry.slot_defaults():
            yield full, _model(full, value)
        elif not knob and full in {f.name for f in knobs_of(Options)}:
            yield full, turned_knobs(Options, {full: value}, "")[full]
        elif knob and (stage := stage_class(table)) is not None:
            for inner, converted in turned_knobs(stage, {knob: value}, table).items():
                yield f"{table}.{inner}", converted
        else:
            raise UsageError(_unknown(name))
    except UsageError as error:
        raise UsageError(f"{error} (from {_where(source, name)})") from None


def _model(slot: str, value: Any) -> str:
    if not isinstance(value, str | int):
        raise UsageError(f"setting {slot} wants the name of a model, auto or none, got {value!r}")
    return str(value)


def _unknown(name: str) -> str:
    options = [f.name for f in knobs_of(Options)] + list(registry.slot_defaults())
    tables = [table for table, _, _ in stages()]
    first, dot, _ = name.partition(".")
    if dot and first in options and first not in tables:
        return f"setting {first} is one value and no table, so that there is no {name!r}"
    if name in tables:
        return f"setting {name} is a table; turn one of its knobs, say {_first_knob(name)}"
    words = [] if "." in name else [*options, *tables, *SHORT]
    hint = (
        nearest(name, words) or nearest(name, knob_names()) or f"; there are {', '.join([*options, *tables])}"
    )
    return f"there is no setting {name!r}{hint}"


def _first_knob(table: str) -> str:
    stage = stage_class(table)
    return f"{table}.{knobs_of(stage)[0].name}" if stage is not None else table


def _where(source: str, name: str) -> str:
    if source == "environment":
        return f"the variable {sources.PREFIX}{name.upper().replace('.', '__')}"
    return {"argument": "an argument", "task": "a task"}.get(source, source)
