"""Signals and tables as a notebook wants them: shown with shapes and units, handed on as Arrow or pandas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from momentscan.app.extras import missing
from momentscan.disk.arrow import ArrowTable, arrow_table
from momentscan.display import counted, html_table
from momentscan.errors import MissingSignal
from momentscan.signals import Signals, column
from momentscan.signals.table import Table

if TYPE_CHECKING:
    import pandas

SHOWN = 8
"""Rows of a table that a notebook shows."""


class DataTable(Table):
    """One table of a scanned video. `table["score"]` is a column, `table[mask]` the rows where the mask is
    true; iterating gives the names of the columns.

    faces = signals.table("faces")
    faces[faces["score"] > 0.9].to_pandas()
    """

    def to_arrow(self) -> ArrowTable:
        """As `pyarrow.Table`: vectors are lists of fixed size, fields tell unit and meaning."""
        return arrow_table(self.name, self.columns)

    def to_pandas(self) -> pandas.DataFrame:
        """As `pandas.DataFrame`, rows numbered from 0; a cell of a vector column is a NumPy array.

        Wants the extra `notebook`. Raises MissingModel where pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise missing("a DataFrame", "pandas", "notebook") from None
        return pandas.DataFrame({name: _cells(rows) for name, rows in self.columns.items()})

    def __repr__(self) -> str:
        lines = [
            f"  {name:<14} {rows.shape!s:<14} {_kind(rows):<8} {_unit(self.name, name)}".rstrip()
            for name, rows in self.columns.items()
        ]
        return "\n".join([f"Table {self.name}: {counted(len(self), 'row')}", *lines])

    def _repr_html_(self) -> str:
        """The first rows; vectors and pictures by their size."""
        head = [f"{name} ({unit})" if (unit := _unit(self.name, name)) else name for name in self]
        rows = [[_shown(self[name][i]) for name in self] for i in range(min(SHOWN, len(self)))]
        left = len(self) - len(rows)
        return html_table(
            f"{self.name}: {counted(len(self), 'row')}", head, rows, [f"and {left} more"] if left else []
        )


class Scanned(Signals):
    """Signals of a scanned video, and `folder`, where they lie."""

    def __init__(self, signals: Signals, folder: Path) -> None:
        super().__init__(signals.video, signals._columns, signals.made_by, signals.calibrations)
        self.folder = folder

    def table(self, name: str) -> DataTable:
        """All columns of a table, "faces" say, read now. Raises MissingSignal naming who would have
        made it.
        """
        table = super().table(name)
        return DataTable(table.name, table.columns)


def _cells(rows: NDArray[Any]) -> Any:
    """What a column of pandas takes: (N,) as it is, texts and vectors as a list."""
    return rows if rows.ndim == 1 and rows.dtype.kind != "T" else list(rows)


def _kind(rows: NDArray[Any]) -> str:
    return {"T": "str", "O": "bytes"}.get(rows.dtype.kind, str(rows.dtype))


def _unit(table: str, name: str) -> str:
    try:
        return column(f"{table}.{name}").unit
    except MissingSignal:  # of a plug-in that is not here any more
        return ""


def _shown(cell: Any) -> str:
    if isinstance(cell, bytes):
        return f"{len(cell)} B"
    if isinstance(cell, np.ndarray):
        return (
            f"{cell.shape} {cell.dtype}" if len(cell) > 4 else "[" + ", ".join(f"{x:.3g}" for x in cell) + "]"
        )
    return f"{cell:.6g}" if isinstance(cell, np.floating) else str(cell)
