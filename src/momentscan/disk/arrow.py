"""Columns as an Arrow table, with the dictionary's units and meanings in its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import pyarrow as pa
from numpy.typing import NDArray

from momentscan.disk.log import to_arrow
from momentscan.errors import MissingSignal
from momentscan.signals import column

ArrowTable: TypeAlias = pa.Table
"""For those who hand one on and do not know Arrow."""


def arrow_table(name: str, columns: Mapping[str, NDArray[Any]]) -> ArrowTable:
    """Columns of the table `name`, (N,) or (N, D) each, where vectors become lists of fixed size.

    Unit and meaning stand in the metadata of each field.
    """
    arrays = {field: to_arrow(rows) for field, rows in columns.items()}
    fields = [
        pa.field(field, array.type, metadata=_described(f"{name}.{field}")) for field, array in arrays.items()
    ]
    return pa.table(list(arrays.values()), pa.schema(fields))


def _described(name: str) -> dict[str, str] | None:
    try:
        known = column(name)
    except MissingSignal:  # of a plug-in that is not here any more
        return None
    return {"unit": known.unit, "meaning": known.meaning}
