"""What the whole frame looks like, as a vector; twice a second, for the embedder *is* the scan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from momentscan.models.embedders import Embedder
from momentscan.perceive.protocol import Requires
from momentscan.signals.calibration import calibration_of
from momentscan.signals.series import cosine_change
from momentscan.values import Batch, Columns

EVERY_S = 0.5
"""highlight_vector §11: clip stride 0.5 s."""


class Vision:
    """Writes the embedding of the first sampled frame in every half second, and its change since the one
    before.
    """

    name = "vision"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("vision.time_s", "vision.embedding", "vision.change")

    models: ClassVar[Mapping[str, str]] = {"embedder": "embedder"}
    requires: ClassVar[Requires] = ("embedder",)

    def __init__(self, *, embedder: Embedder) -> None:
        self._embedder = embedder
        self._next_cell = 0
        self.short_side_px = embedder.short_side_px
        self.made_by = {"vision.embedding": embedder.version, "vision.change": embedder.version}
        self.calibrations = dict.fromkeys(self.made_by, calibration_of(embedder))
        self._before = np.full((1, embedder.dim), np.nan, np.float32)

    def process(self, batch: Batch, seen: Columns) -> Columns:
        chosen = []
        for i, time_s in enumerate(batch.time_s):
            cell = int(time_s / EVERY_S + 1e-6)
            if cell >= self._next_cell:
                self._next_cell = cell + 1
                chosen.append(i)
        vectors = (
            self._embedder.embed(batch.frames[chosen])
            if chosen
            else np.zeros((0, self._embedder.dim), np.float32)
        )
        change = cosine_change(np.concatenate([self._before, vectors]))[1:].astype(np.float32)
        self._before = vectors[-1:] if len(vectors) else self._before
        return {"vision.time_s": batch.time_s[chosen], "vision.embedding": vectors, "vision.change": change}

    def finish(self) -> Columns:
        return {}
