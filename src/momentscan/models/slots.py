"""What models are wanted for: each slot says which kinds there are, which is taken, and what its absence
costs.

A module of models declares its slot beside its classes; `registry.MODELS` has a row for it. A class is one
kind; it has `name`, `version`, `weight`, `sha256` and `open(folder, device, **options)`, and what it does
depends on its arguments alone: it is opened once in a process and shared by all videos, so what belongs to a
video is passed in and given back (as `voice.Heard` is).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from momentscan import registry
from momentscan.errors import UsageError
from momentscan.models.catalogue import Weight
from momentscan.models.weights import locate

T = TypeVar("T")


@dataclass(frozen=True)
class Slot(Generic[T]):
    """A place for one model.

    name      the setting that chooses: "detector"
    what      in words, as errors say it: "face detector"
    purpose   what run.json and the report say that the model was for
    kinds     our kinds of it, by name; plug-ins add theirs by entry points `momentscan.models`
    auto      what "auto" looks for, best first: the first whose weights are on this machine
    default   which model it gets where nobody says
    fallback  the kind that "auto" takes where it finds none; such a slot is never empty, "none" is refused
    needs     slots that must be filled for this one to be of use
    options   parameter of `open` -> the perceiver's knob that it follows: "faces.long_side_px"
    absence   one line: what could not be seen without it, and how to have it
    unheard   for what listens: (what was not listened for, weights to pull); told together in one line, and
              only of videos with sound
    pull      (group, weights) of `momentscan models pull GROUP`: what can be had without any hub
    by_name   opens what is no kind of ours, but a name or folder that the user gave
    """

    name: str
    what: str
    purpose: str
    kinds: Mapping[str, type[Any]]
    auto: tuple[str, ...] = ()
    default: str = "auto"
    fallback: str | None = None
    needs: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    absence: str = ""
    unheard: tuple[str, str] | None = None
    pull: tuple[str, str] | None = None
    by_name: Callable[[str, str], T] | None = None

    def names(self) -> list[str]:
        """Every kind, ours first."""
        return [*self.kinds, *registry.kinds_of(self.name)]

    def kind(self, name: str) -> type[Any]:
        """The class of that name, ours or a plug-in's. Raises UsageError listing the names there are."""
        if name in registry.kinds_of(self.name):
            return cast(type[Any], registry.load("models", f"{self.name}.{name}"))
        if name not in self.kinds:
            nothing = () if self.fallback else ("none",)
            raise UsageError(
                f"there is no {self.what} {name!r}; there are {', '.join(('auto', *nothing, *self.names()))}"
            )
        return self.kinds[name]

    def choose(self, name: str = "auto", folder: Path | None = None) -> str | None:
        """The kind that is meant: of "auto" the first of `auto` whose weights are here, else the fallback;
        None for none.

        Whether a named one's weights are here is told when it is opened.
        """
        if name == "auto":
            here = (n for n in self.auto if is_here(self.kind(n), folder))
            return next(here, self.fallback)
        return None if name == "none" and self.fallback is None else name

    def open(
        self, name: str = "auto", folder: Path | None = None, device: str = "auto", **options: Any
    ) -> T | None:
        """A model that is opened anew; None where there is none, or none is wanted. Downloads nothing, but
        what `by_name` says.

        Raises MissingModel for a named one without its weights, UsageError for an unknown name.
        """
        chosen = self.choose(name, folder)
        if chosen is None:
            return None
        if self.by_name is not None and chosen not in self.names():
            return self.by_name(chosen, device)
        return cast(T, self.kind(chosen).open(folder, device, **options))

    def distribution(self, name: str) -> str:
        """Whose kind of that name is: a package with its version, or "momentscan"."""
        if name in registry.kinds_of(self.name):
            return registry.entry("models", f"{self.name}.{name}").distribution
        return registry.entry("models", self.name).distribution


def slots() -> list[Slot[Any]]:
    """Every slot there is, in the order of the registry."""
    return [slot(name) for name in registry.names("models")]


def slot(name: str) -> Slot[Any]:
    """The slot of that name. Raises UsageError where there is none."""
    found = registry.load("models", name)
    if not isinstance(found, Slot) or found.name != name:
        owner = registry.entry("models", name).distribution
        raise UsageError(
            f"model {name!r} of the package {owner} is no Slot of that name; mend or uninstall it"
        )
    return found


def weight_of(kind: type[Any]) -> Weight | None:
    """The file that a kind wants; None where it wants none."""
    found: Weight | None = kind.weight
    return found


def is_here(kind: type[Any], folder: Path | None) -> bool:
    """Whether a kind could be opened: its weights are here, or it wants none."""
    weight = weight_of(kind)
    return weight is None or locate(weight, folder) is not None
