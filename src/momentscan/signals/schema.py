"""Columns by name: what the dictionary says of each, and the columns of plug-ins beside it."""

from __future__ import annotations

from collections.abc import Iterable

from momentscan.errors import MissingSignal, UsageError
from momentscan.signals.dictionary import COLUMNS, Column

__all__ = ["COLUMNS", "Column", "add", "column", "field_of", "makers_of", "table_of"]


def table_of(name: str) -> str:
    """ "frames.motion" -> "frames"."""
    return name.partition(".")[0]


def field_of(name: str) -> str:
    """ "frames.motion" -> "motion"."""
    return name.partition(".")[2]


_BY_NAME = {c.name: c for c in COLUMNS}


def add(columns: Iterable[Column]) -> None:
    """Enters the columns of a plug-in's perceiver into the dictionary. Raises UsageError for a name that
    another maker has.
    """
    for new in columns:
        known = _BY_NAME.setdefault(new.name, new)
        if known != new:
            raise UsageError(
                f"column {new.name} of perceiver {new.maker!r} is already made by {known.maker!r}; give "
                "it another name"
            )


def makers_of(table: str) -> tuple[str, ...]:
    """Who makes the columns of a table, in the order of the dictionary. Raises MissingSignal for an unknown
    table.
    """
    makers = tuple(dict.fromkeys(c.maker for c in _BY_NAME.values() if table_of(c.name) == table))
    if not makers:
        raise MissingSignal(f"no table is called {table!r}; see docs/signals.md")
    return makers


def column(name: str) -> Column:
    """The row of the dictionary for "table.column". Raises MissingSignal where there is none."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise MissingSignal(f"no column is called {name!r}; see docs/signals.md") from None
