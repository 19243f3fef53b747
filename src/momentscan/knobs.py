"""A threshold together with its unit, its bounds and where it comes from."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from momentscan.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True)
class Knob:
    """Metadata of a field: `x: Annotated[float, Knob("s", source="seed 002, every 3 s", low=0.1)] = 3.0`.

    `unit` is a unit, or "" for a pure number; `source` names a paper, a seed, a reading, or says "taste; to
    be swept". `low` and `high` are inclusive; `choices` lists the words a text knob accepts.
    """

    unit: str
    source: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnobField:
    """A knob as it stands in a class: its name, type and default."""

    name: str
    type: type
    default: Any
    knob: Knob


def knobs_of(cls: type) -> list[KnobField]:
    """The knobs of a dataclass, in the order they are written. A field without a Knob is an error of ours."""
    return list(_knobs_of(cast(Hashable, cls)))


@cache
def _knobs_of(cls: Any) -> list[KnobField]:
    hints = typing.get_type_hints(cls, include_extras=True)
    found = []
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        knob = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Knob)), None)
        if knob is None:
            raise TypeError(f"{cls.__name__}.{field.name} has no Knob")
        found.append(KnobField(field.name, typing.get_args(hint)[0], field.default, knob))
    return found


def with_knobs(cls: type[T], values: Mapping[str, Any]) -> T:
    """An instance of `cls` with some knobs turned; text is converted, bounds are checked.

    Raises UsageError naming the knob, what was given and what would be accepted.
    """
    fields = {f.name: f for f in knobs_of(cls)}
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise UsageError(f"{cls.__name__} has no knob {unknown[0]!r}; its knobs are {', '.join(fields)}")
    return cls(**{name: _checked(fields[name], value) for name, value in values.items()})


def _checked(field: KnobField, value: Any) -> Any:
    knob = field.knob
    try:
        converted = _to_bool(value) if field.type is bool else field.type(value)
    except (TypeError, ValueError):
        raise UsageError(f"knob {field.name} wants a {field.type.__name__}, got {value!r}") from None
    if knob.choices and converted not in knob.choices:
        raise UsageError(f"knob {field.name} wants one of {', '.join(knob.choices)}, got {value!r}")
    if isinstance(converted, float) and not math.isfinite(converted):
        raise UsageError(f"knob {field.name} wants a finite number, got {value!r}")
    if knob.low is not None and converted < knob.low:
        raise UsageError(f"knob {field.name} wants at least {knob.low:g} {knob.unit}, got {value!r}")
    if knob.high is not None and converted > knob.high:
        raise UsageError(f"knob {field.name} wants at most {knob.high:g} {knob.unit}, got {value!r}")
    return converted


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {
        "true": True,
        "yes": True,
        "1": True,
        "on": True,
        "false": False,
        "no": False,
        "0": False,
        "off": False,
    }
    try:
        return words[str(value).lower()]
    except KeyError:
        raise ValueError(value) from None
