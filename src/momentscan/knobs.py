"""A threshold together with its unit, its bounds and where it comes from, and the tree that they stand in.

A frozen dataclass whose fields are knobs is a *stage*. A field that is itself a stage carries its knobs
along, so that one dotted name reaches each of them:

    @dataclass(frozen=True)
    class Rules:
        tau_s: Annotated[float, Knob("s", source="companions, EMA", low=0)] = 0.95
        peaks: Peaks = Peaks(distance_s=2.5)          # rules.peaks.distance_s
        ranker: Annotated[Any, Model("ranker")] = None  # weights, not a knob
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from momentscan.errors import UsageError

T = TypeVar("T")

SHOWN_LONGEST = 60
"""Characters of what was found that a message shows."""


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

    @property
    def bounds(self) -> str:
        """In words: "0 to 1", "1 to", "strict, loose"; nothing where anything goes."""
        if self.choices:
            return ", ".join(self.choices)
        low, high = ("" if bound is None else f"{bound:g}" for bound in (self.low, self.high))
        return f"{low} to {high}".strip() if low or high else ""


@dataclass(frozen=True)
class Model:
    """Metadata of a field that holds an opened model of this slot: no knob, and filled in by whoever opens
    models.
    """

    slot: str


@dataclass(frozen=True)
class KnobField:
    """A knob as it stands in a stage: its dotted name within it, its type and its default there.

    `shared`: it is in a stage that many have (`shared = True` in its class), so that a bare name never means
    it where another knob has that name.
    """

    name: str
    type: type
    default: Any
    knob: Knob
    shared: bool = False


def knobs_of(cls: type) -> list[KnobField]:
    """The knobs of a stage and of the stages within it, in the order they are written.

    A field that is neither a knob, a stage nor a model is an error of ours (TypeError).
    """
    return list(_knobs_of(cast(Hashable, cls)))


def models_of(cls: type) -> dict[str, str]:
    """field -> slot of every model that a stage wants."""
    return {name: mark.slot for name, mark in _marks(cast(Hashable, cls)) if isinstance(mark, Model)}


def knob_values(stage: Any) -> dict[str, Any]:
    """What is in force, as a nested dictionary: {"tau_s": 0.95, "peaks": {"distance_s": 2.5, ...}}."""
    models = models_of(type(stage))
    values = {f.name: getattr(stage, f.name) for f in dataclasses.fields(stage) if f.name not in models}
    return {name: knob_values(v) if dataclasses.is_dataclass(v) else v for name, v in values.items()}


def with_knobs(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """A stage with some knobs turned; text is converted, bounds are checked.

    `values`: nested, or by dotted names; a bare name will do where only one knob of the stage ends so.
    `where` is the stage's own dotted name, for messages. Raises UsageError naming the knob, what was given
    and what would be accepted.
    """
    turned = turned_knobs(cls, values, where)
    return cast(T, _replaced(cls(), turned)) if turned else cls()


def turned_knobs(cls: type, values: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """dotted name within the stage -> value, converted and checked; raises as `with_knobs`."""
    fields = {f.name: f for f in knobs_of(cls)}
    turned: dict[str, Any] = {}
    for name, value in flat(values):
        field = fields[_resolved(name, fields, where or cls.__name__)]
        turned[field.name] = _checked(field, value, where)
    return turned


def nearest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean X?" where a known name is like it, also by its last part; else nothing."""
    import difflib

    every = list(known)
    ends = {k.rpartition(".")[2]: k for k in every}
    found = difflib.get_close_matches(name, every, 1) or [
        ends[end] for end in difflib.get_close_matches(name.rpartition(".")[2], ends, 1)
    ]
    return f"; did you mean {found[0]}?" if found else ""


def flat(values: Mapping[str, Any], above: str = "", keep_empty: bool = False) -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted names. `keep_empty`: one that holds nothing is given as itself."""
    for name, value in values.items():
        if isinstance(value, Mapping) and (value or not keep_empty):
            yield from flat(value, f"{above}{name}.", keep_empty)
        else:
            yield f"{above}{name}", value


def _resolved(name: str, fields: Mapping[str, KnobField], stage: str) -> str:
    """The knob that is meant: by its whole name, or by the end of one only."""
    if name in fields:
        return name
    ends = [known for known in fields if known.endswith(f".{name}")]
    ends = [known for known in ends if not fields[known].shared] or ends
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise UsageError(f"{stage} has {len(ends)} knobs {name!r}: {', '.join(ends)}; say which")
    if any(known.startswith(f"{name}.") for known in fields):
        inner = ", ".join(known for known in fields if known.startswith(f"{name}."))
        raise UsageError(f"{stage}.{name} holds several knobs; turn one of them: {inner}")
    known = f"; its knobs are {', '.join(fields)}" if len(fields) <= 12 else ""
    raise UsageError(f"{stage} has no knob {name!r}{nearest(name, fields)}{known}")


def _replaced(stage: Any, turned: Mapping[str, Any]) -> Any:
    own = {name: value for name, value in turned.items() if "." not in name}
    inner: dict[str, dict[str, Any]] = {}
    for name, value in turned.items():
        first, dot, rest = name.partition(".")
        if dot:
            inner.setdefault(first, {})[rest] = value
    return dataclasses.replace(stage, **own, **{f: _replaced(getattr(stage, f), v) for f, v in inner.items()})


@cache
def _marks(cls: Any) -> tuple[tuple[str, Any], ...]:
    """(field, its Knob, its Model, or the stage that it is)."""
    hints = typing.get_type_hints(cls, include_extras=True)
    found = []
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        marks = getattr(hint, "__metadata__", ())
        mark: Any = next((m for m in marks if isinstance(m, Knob | Model)), None)
        if mark is None and dataclasses.is_dataclass(hint):
            mark = hint
        if mark is None:
            raise TypeError(f"{cls.__name__}.{field.name} has no Knob")
        found.append((field.name, mark))
    return tuple(found)


@cache
def _knobs_of(cls: Any, default: Any = None) -> tuple[KnobField, ...]:
    default = cls() if default is None else default
    hints = typing.get_type_hints(cls, include_extras=True)
    found: list[KnobField] = []
    for name, mark in _marks(cls):
        value = getattr(default, name)
        if isinstance(mark, Knob):
            found.append(KnobField(name, typing.get_args(hints[name])[0], value, mark))
        elif not isinstance(mark, Model):
            inner = _knobs_of(cast(Hashable, type(value)), value)
            own = bool(getattr(type(value), "shared", False))
            found += [dataclasses.replace(f, name=f"{name}.{f.name}", shared=own or f.shared) for f in inner]
    return tuple(found)


def _checked(field: KnobField, value: Any, where: str = "") -> Any:
    knob, name = field.knob, f"{where}.{field.name}" if where else field.name
    kind, empty = _kind(field.type)
    if empty and value is None:
        return None
    try:
        converted = _converted(kind, value)
    except (OverflowError, TypeError, ValueError):
        raise UsageError(f"knob {name} wants a {kind.__name__}, got {_short(value)}") from None
    if knob.choices and converted not in knob.choices:
        raise UsageError(f"knob {name} wants one of {', '.join(knob.choices)}, got {_short(value)}")
    if isinstance(converted, float) and not math.isfinite(converted):
        raise UsageError(f"knob {name} wants a finite number, got {_short(value)}")
    if knob.low is not None and converted < knob.low:
        raise UsageError(f"knob {name} wants at least {knob.low:g} {knob.unit}, got {_short(value)}")
    if knob.high is not None and converted > knob.high:
        raise UsageError(f"knob {name} wants at most {knob.high:g} {knob.unit}, got {_short(value)}")
    return converted


def _converted(kind: type, value: Any) -> Any:
    """The value as that kind. Raises OverflowError, TypeError or ValueError where it would be another one."""
    if kind is bool:
        return _to_bool(value)
    if isinstance(value, bool) or (kind is str and not isinstance(value, str | int | float)):
        raise TypeError(value)  # int(True) is a number and str(["a"]) a word, which nobody means
    converted = kind(value)
    if kind is int and not isinstance(value, str) and converted != value:
        raise ValueError(value)  # 2.7 is not 2
    return converted


def _short(value: Any) -> str:
    """As Python writes it, for a message of one line."""
    text = repr(value)
    return text if len(text) <= SHOWN_LONGEST else f"{text[: SHOWN_LONGEST - 3]}..."


def _kind(hint: Any) -> tuple[type, bool]:
    """float -> (float, False); Path | None -> (Path, True)."""
    if isinstance(hint, types.UnionType):
        return next(part for part in typing.get_args(hint) if part is not type(None)), True
    return hint, False


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
