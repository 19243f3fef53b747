"""Knobs by dotted name, as Python gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from momentscan.errors import UsageError


def tables(knobs: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Dotted names as nested tables.

    >>> tables({"clips.preset": "fast", "rules.contrast": 3.5})
    {'clips': {'preset': 'fast'}, 'rules': {'contrast': 3.5}}

    Raises UsageError for a name without a table, and for one that is a knob and a table of others.
    """
    if not isinstance(knobs, Mapping):
        raise UsageError(
            f'knobs want a dictionary, {{"rules.contrast": 3.5}} say; got {type(knobs).__name__}'
        )
    found: dict[str, dict[str, Any]] = {}
    for name, value in knobs.items():
        table, _, knob = str(name).partition(".")
        if not table or not knob:
            raise UsageError(
                f"a knob is named table.knob, {'rules.contrast'!r} say (see docs/knobs.md); got {name!r}"
            )
        place = found.setdefault(table, {})
        *inner, last = knob.split(".")
        for part in inner:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise UsageError(
                    f"knob {name!r} stands in a table that is given one value, too; give one of them"
                )
        place[last] = value
    return found


def of_engine(engine: str, knobs: Mapping[str, object]) -> dict[str, Any]:
    """The knobs of one engine, without its name. Raises UsageError for those of another table."""
    found = tables(knobs)
    others = [name for name in knobs if name.partition(".")[0] != engine]
    if others:
        raise UsageError(f"knob {others[0]!r} is none of {engine}'s; write {engine}.NAME, see docs/knobs.md")
    return found.get(engine, {})
