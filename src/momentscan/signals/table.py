"""A table of what was seen: columns of equal length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, overload

from numpy.typing import NDArray

from momentscan.errors import MissingSignal


@dataclass(frozen=True, repr=False, eq=False)
class Table:
    """`table["bbox"]` is a column; `table[mask]`, also with row numbers or a slice, is a table of these rows,
    of the same kind. Iterating gives the names of the columns.
    """

    name: str
    columns: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        sizes = {field: len(rows) for field, rows in self.columns.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(
                f"table {self.name} wants columns of one length, got {sizes}, expected {len(self)} rows each"
            )

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    @overload
    def __getitem__(self, key: str) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, key: NDArray[Any] | slice) -> Self: ...
    def __getitem__(self, key: str | NDArray[Any] | slice) -> NDArray[Any] | Self:
        """Raises MissingSignal for a column that is not there."""
        if not isinstance(key, str):
            return replace(self, columns={field: rows[key] for field, rows in self.columns.items()})
        if key not in self.columns:
            raise MissingSignal(f"table {self.name} has no column {key!r}; it has {', '.join(self)}")
        return self.columns[key]

    def __repr__(self) -> str:
        lines = [f"  {field:<14} {rows.shape!s:<14} {rows.dtype}" for field, rows in self.columns.items()]
        return "\n".join([f"Table {self.name}: {len(self)} rows", *lines])
