"""The settings in force: options, the choice of models, and the knobs that were turned."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from momentscan import registry
from momentscan.knobs import knobs_of, with_knobs
from momentscan.settings.options import Options
from momentscan.settings.tables import as_tree, shared_table, stage_class


@dataclass(frozen=True)
class Settings(Options):
    """Resolved once, before any work; travels in a task as plain values.

    chosen   slot -> the model asked for, where it is not the slot's default
    turned   dotted name of a knob -> its value, where it was turned
    sources  name of an option, slot or knob -> who set it: argument, environment, momentscan.toml
    """

    chosen: Mapping[str, str] = field(default_factory=dict)
    turned: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    def stage(self, name: str) -> Any:
        """The table of that name as a value of its class.

        Stages within it whose class has a table of its own start from that table: `[gate]` is the gate of every
        engine, unless `[rules.gate]` says otherwise.
        """
        cls = stage_class(name)
        if cls is None:
            raise KeyError(name)
        return with_knobs(cls, self._shared(cls) | self._of(name), name)

    def choice(self, slot: str) -> str:
        """Which model a slot gets: "auto", "none", or a name."""
        return self.chosen.get(slot, registry.slot_defaults()[slot])

    def replace(self, **changes: Any) -> Settings:
        """The same with other options; knobs by `turned={...}`, which are added."""
        turned = {**self.turned, **changes.pop("turned", {})}
        return dataclasses.replace(self, turned=turned, **changes)

    def to_json(self) -> dict[str, Any]:
        """Plain values from which `from_json` makes the same settings on any machine: what is not named is a default."""
        options = {f.name: getattr(self, f.name) for f in knobs_of(Options)}
        plain = {name: str(v) if isinstance(v, Path) else v for name, v in options.items()}
        slots = {slot: self.choice(slot) for slot in registry.slot_defaults()}
        return plain | slots | as_tree(dict(self.turned))

    def key(self) -> str:
        """The same settings, the same 16 digits."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:16]

    def _of(self, table: str) -> dict[str, Any]:
        start = f"{table}."
        return {name.removeprefix(start): v for name, v in self.turned.items() if name.startswith(start)}

    def _shared(self, cls: type) -> dict[str, Any]:
        inner = dict.fromkeys(f.name.partition(".")[0] for f in knobs_of(cls) if "." in f.name)
        default = cls()
        tables = {field: shared_table(type(getattr(default, field))) for field in inner}
        return {
            f"{field}.{k}": v for field, table in tables.items() if table for k, v in self._of(table).items()
        }
