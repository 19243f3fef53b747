"""What the whole frame looks like, as a vector; twice a second, for the embedder *is* the scan."""

from __future__ import annotations

import numpy as np

from momentscan.models.embedders import Embedder
from momentscan.values import Batch, Columns

EVERY_S = 0.5
"""highlight_vector §11: clip stride 0.5 s."""


class Vision:
    """Writes the embedding of the first sampled frame in every half second."""

    name = "vision"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("vision.time_s", "vision.embedding")

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._next_cell = 0
        self.short_side_px = embedder.short_side_px
        self.made_by = {"vision.embedding": embedder.version}

    def look(self, batch: Batch, seen: Columns) -> Columns:
        chosen = []
        for i, time_s in enumerate(batch.time_s):
            cell = int(time_s / EVERY_S + 1e-6)
            if cell >= self._next_cell:
                self._next_cell = cell + 1
                chosen.append(i)
        vectors = self._embedder.embed(batch.frames[chosen]) if chosen else np.zeros((0, self._embedder.dim), np.float32)
        return {"vision.time_s": batch.time_s[chosen], "vision.embedding": vectors}

    def finish(self) -> Columns:
        return {}
