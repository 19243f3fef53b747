"""Signals: what was seen in one video, as columns that are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from momentscan.display import counted, html_table
from momentscan.errors import MissingSignal
from momentscan.signals.calibration import LEGACY, UNKNOWN, Calibration
from momentscan.signals.schema import column, field_of, makers_of, table_of
from momentscan.signals.table import Table
from momentscan.signals.vectors import Vectors
from momentscan.values import VideoInfo

Loader = Callable[[], NDArray[Any]]


@runtime_checkable
class Selective(Protocol):
    """A loader that can also read a few rows (ascending) without the others."""

    def take_rows(self, rows: NDArray[np.int64], /) -> NDArray[Any]:
        """(K,) row numbers -> (K, ...)."""


@runtime_checkable
class Counted(Protocol):
    """A loader that knows how many rows it would read."""

    @property
    def rows(self) -> int: ...


class Signals:
    """`signals["frames.motion"]` is an array of rows; columns that are loaders are read on first use and
    kept.

    `made_by` maps a column to the version of the model that made it ("vision.embedding" -> "descriptor-v1"),
    `calibrations` a column to what its embedder declared of itself.
    """

    def __init__(
        self,
        video: VideoInfo,
        columns: Mapping[str, NDArray[Any] | Loader],
        made_by: Mapping[str, str] | None = None,
        calibrations: Mapping[str, Calibration] | None = None,
    ) -> None:
        self.video = video
        self.made_by = dict(made_by or {})
        self.calibrations = dict(calibrations or {})
        self._columns: dict[str, Any] = dict(columns)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Rows of "table.column". Raises MissingSignal naming the perceiver that would have made it."""
        try:
            value = self._columns[name]
        except KeyError:
            maker = column(name).maker
            raise MissingSignal(
                f"{self.video.video_id} has no column {name}; it is made by {maker!r}: scan again with it"
            ) from None
        if not isinstance(value, np.ndarray):
            value = self._columns[name] = value()
        return np.asarray(value)

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def vectors(self, name: str, rows: NDArray[np.int64] | None = None) -> Vectors:
        """An embedding column, or some rows of it (ascending), with its maker's version; the way to compare
        embeddings.

        Rows of a column that was not read yet are read alone: an hour of vectors is not held for a few.
        """
        unread = self._columns.get(name)
        if rows is not None and isinstance(unread, Selective):
            chosen = unread.take_rows(rows)
        else:
            chosen = self[name] if rows is None else self[name][rows]
        return Vectors(chosen, self.made_by.get(name, "unknown"))

    def calibration(self, name: str) -> Calibration:
        """Of the embedder that made a column; where the log does not say, of the version that it names."""
        return self.calibrations.get(name) or LEGACY.get(self.made_by.get(name, ""), UNKNOWN)

    def table(self, name: str) -> Table:
        """All columns of a table, read now. Raises MissingSignal naming the perceivers that make it."""
        columns = {field_of(column): self[column] for column in self if table_of(column) == name}
        if not columns:
            makers = " and ".join(repr(maker) for maker in makers_of(name))
            raise MissingSignal(
                f"{self.video.video_id} has no table {name}; it is made by {makers}: scan again with it"
            )
        return Table(name, columns)

    def rows(self, name: str) -> int:
        """How many rows a column has; 0 where nobody logged it."""
        return len(self[name]) if name in self else 0

    def __repr__(self) -> str:
        lines = [f"  {name:<10} {rows:>9}: {', '.join(fields)}" for name, rows, fields in self._tables()]
        return "\n".join([f"Signals of {self._shown()}", *lines])

    def _repr_html_(self) -> str:
        """A row for each table; nothing is read for it."""
        rows = [(name, rows, ", ".join(fields)) for name, rows, fields in self._tables()]
        return html_table(self._shown(), ("table", "rows", "columns"), rows)

    def _shown(self) -> str:
        """The video in one line."""
        v = self.video
        lost = f"; {counted(len(v.problems), 'problem')}" if v.problems else ""
        return f"{v.video_id}: {v.duration_s:.2f} s, {v.width_px} x {v.height_px} px, {v.fps:.5g} fps{lost}"

    def _tables(self) -> list[tuple[str, str, list[str]]]:
        """(table, rows as far as they are known without reading, columns) in the order of the log."""
        tables: dict[str, list[str]] = {}
        for name in self:
            tables.setdefault(table_of(name), []).append(name)
        return [
            (table, self._rows_known(names), [field_of(name) for name in names])
            for table, names in tables.items()
        ]

    def _rows_known(self, names: Iterable[str]) -> str:
        values = [self._columns[name] for name in names]
        rows = [
            len(v) if isinstance(v, np.ndarray) else v.rows
            for v in values
            if isinstance(v, (np.ndarray, Counted))
        ]
        return counted(rows[0], "row") if rows else "not read yet"
