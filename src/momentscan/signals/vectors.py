"""Embeddings that know who made them, so that two embedders are never compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import IncomparableVectors


@dataclass(frozen=True)
class Vectors:
    """`rows (N, D)` unit vectors and the `version` of the embedder that made them."""

    rows: NDArray[np.float32]
    version: str

    def cosine(self, other: Vectors) -> NDArray[np.float64]:
        """(N, M) cosine similarities. Raises IncomparableVectors where another embedder made the others."""
        if self.version != other.version:
            raise IncomparableVectors(
                f"vectors of {self.version} cannot be compared with vectors of {other.version}; scan both "
                "videos with the same embedder"
            )
        return np.asarray(self.rows @ other.rows.T, np.float64)

    def __getitem__(self, at: slice | list[int] | NDArray[np.int64]) -> Vectors:
        return Vectors(self.rows[at], self.version)
