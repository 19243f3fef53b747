"""Where settings come from: arguments, the environment, momentscan.toml; each as dotted names and raw
values.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from momentscan.errors import UsageError, one_line
from momentscan.knobs import flat

TOML = "momentscan.toml"
PREFIX = "MOMENTSCAN_"

OTHERS = ("cache", "debug", "media", "require", "planted")
"""Variables that are no settings: the cache of weights, tracebacks of defects, and what tests and benchmarks
read.
"""


def from_arguments(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What was typed; None was not."""
    return _named({name: value for name, value in given.items() if value is not None})


def from_environment() -> Iterator[tuple[str, Any]]:
    """MOMENTSCAN_RULES__PEAKS__DISTANCE_S=3 is rules.peaks.distance_s; a whole table may be given as JSON."""
    for variable, text in sorted(os.environ.items()):
        name = variable.removeprefix(PREFIX).lower().replace("__", ".")
        if not variable.startswith(PREFIX) or name in OTHERS:
            continue
        yield from _named({name: _table(variable, text) if text.lstrip().startswith("{") else text})


def from_toml() -> Iterator[tuple[str, Any]]:
    """momentscan.toml of the working folder, if there is one."""
    try:
        tree = tomllib.loads(Path(TOML).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return iter(())
    except (OSError, RecursionError, ValueError) as error:
        raise UsageError(f"{TOML} cannot be read: {one_line(error)}") from None
    return _named(tree)


def _named(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """As dotted names; a table that holds nothing too, so that its name is looked at."""
    return flat(tree, keep_empty=True)


def _table(variable: str, text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{variable} cannot be read as JSON: {one_line(error)}") from None
    return found if isinstance(found, dict) else {}
