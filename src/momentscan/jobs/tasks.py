"""Tasks: what is to be done, as plain, frozen, JSON-able values that travel to any machine.

`settings` are resolved before (`Settings.to_json`): whoever does the task reads no settings of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from momentscan import __version__
from momentscan.errors import UsageError
from momentscan.records.plain import Json

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Scan:
    """Watch a video and judge it."""

    video: str
    settings: Plain = field(default_factory=dict)
    force: bool = False


@dataclass(frozen=True)
class Find:
    """Judge a scanned video again from its log."""

    folder: str
    settings: Plain = field(default_factory=dict)


@dataclass(frozen=True)
class Pack:
    """Make the identity packs of a scanned video again from its log."""

    folder: str
    settings: Plain = field(default_factory=dict)


@dataclass(frozen=True)
class Clip:
    """Cut the moments of a scanned video into clips."""

    folder: str
    settings: Plain = field(default_factory=dict)


@dataclass(frozen=True)
class Export:
    """Tell the moments of a scanned video to other programs. `clips`: the clips that were cut of them."""

    folder: str
    settings: Plain = field(default_factory=dict)
    formats: tuple[str, ...] = ("otio",)
    clips: bool = False


@dataclass(frozen=True)
class Import:
    """Take an edited timeline back. `engine` None: the one that the edit names; `at`: ISO time of the
    feedback, None = now.
    """

    folder: str
    file: str
    settings: Plain = field(default_factory=dict)
    engine: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class Compare:
    """Two engines side by side on scanned videos."""

    folders: tuple[str, ...]
    a: str
    b: str
    settings: Plain = field(default_factory=dict)


@dataclass(frozen=True)
class People:
    """Who is in a scanned video."""

    folder: str
    settings: Plain = field(default_factory=dict)


@dataclass(frozen=True)
class Forget:
    """Remove every trace of a person from a video's folder."""

    folder: str
    person: int
    settings: Plain = field(default_factory=dict)


@dataclass(frozen=True)
class Watch:
    """Watch what is still coming in. `most_s`: end after so many seconds of the feed."""

    source: str
    settings: Plain = field(default_factory=dict)
    most_s: float | None = None


Task = Scan | Find | Pack | Clip | Export | Import | Compare | People | Forget | Watch

TASKS: dict[str, type] = {
    cls.__name__.lower(): cls
    for cls in (Scan, Find, Pack, Clip, Export, Import, Compare, People, Forget, Watch)
}
"""verb -> task."""

_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "Plain": ("a JSON object", (Mapping,)),
    "bool": ("true or false", (bool,)),
    "float | None": ("a number or null", (float, int, type(None))),
    "int": ("a whole number", (int,)),
    "str": ("a text", (str,)),
    "str | None": ("a text or null", (str, type(None))),
    "tuple[str, ...]": ("a list of texts", ()),
}
"""How a field is declared -> that in words, and as what JSON says it."""


def verb_of(task: Task) -> str:
    """The word for it."""
    return type(task).__name__.lower()


def subject_of(task: Task) -> str:
    """What it works on, as it was named."""
    if isinstance(task, Scan):
        return task.video
    if isinstance(task, Watch):
        return task.source
    return ", ".join(task.folders) if isinstance(task, Compare) else task.folder


def task_to_json(task: Task) -> Json:
    """{"verb": "scan", "version": ..., the fields}."""
    return {"verb": verb_of(task), "version": __version__, **dataclasses.asdict(task)}


def task_from_json(plain: Mapping[str, Any]) -> Task:
    """What `task_to_json` wrote. Raises UsageError for a task of another version, and for what is none."""
    if not isinstance(plain, Mapping):
        raise UsageError(f"a task is a JSON object, got {type(plain).__name__}")
    cls = TASKS.get(str(plain.get("verb")))
    if cls is None:
        raise UsageError(f"a task wants a verb of {', '.join(TASKS)}; got {plain.get('verb')!r}")
    if plain.get("version") != __version__:
        raise UsageError(
            f"the task is of momentscan {plain.get('version')!r} and this is {__version__}; make it anew "
            "with this version"
        )
    fields = {f.name: f for f in dataclasses.fields(cls)}
    given = {name: value for name, value in plain.items() if name not in ("verb", "version")}
    foreign = sorted(set(given) - set(fields))
    missing = [n for n, f in fields.items() if n not in given and _is_required(f)]
    if foreign or missing:
        what = f"does not know {foreign[0]!r}" if foreign else f"lacks {missing[0]!r}"
        raise UsageError(f"a {plain['verb']} task {what}; it has {', '.join(fields)}")
    values = {n: tuple(v) if isinstance(v, list) else v for n, v in given.items()}
    wrong = [n for n, v in values.items() if not _fits(fields[n], v)]
    if wrong:
        what = f"{wrong[0]} wants {_KINDS[str(fields[wrong[0]].type)][0]}, got {plain[wrong[0]]!r:.60}"
        raise UsageError(f"a {plain['verb']} task does not fit: {what}")
    task: Task = cls(**values)
    return task


def _fits(wanted: dataclasses.Field[Any], value: Any) -> bool:
    """Whether a value is what a field is declared as: a person true is nobody's number."""
    if isinstance(value, bool):
        return wanted.type == "bool"
    if isinstance(value, tuple):
        return wanted.type == "tuple[str, ...]" and all(isinstance(part, str) for part in value)
    return isinstance(value, _KINDS[str(wanted.type)][1])


def _is_required(wanted: dataclasses.Field[Any]) -> bool:
    return wanted.default is dataclasses.MISSING and wanted.default_factory is dataclasses.MISSING
