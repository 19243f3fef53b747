"""A table of what was seen: columns of equal length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, overload

from numpy.typing import NDArray


@dataclass(frozen=True, repr=False, eq=False)
class Table:
    """`table["bbox"]` is a column; `table[mask]`, also with row numbers or a slice, is a table of these rows."""

    name: str
    columns: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        lengths = {name: len(rows) for name, rows in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"table {self.name} wants columns of one length, got {lengths}")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    @overload
    def __getitem__(self, key: str) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, key: NDArray[Any] | slice) -> Table: ...
    def __getitem__(self, key: str | NDArray[Any] | slice) -> NDArray[Any] | Table:
        if isinstance(key, str):
            return self.columns[key]
        return Table(self.name, {name: rows[key] for name, rows in self.columns.items()})
