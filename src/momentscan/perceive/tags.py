"""Laughter, applause, cheering, music and speech as an audio tagger hears them, about twice a second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from momentscan.models.tagger import KINDS, PATCH, PATCH_HOP, RATE_HZ, AudioTagger
from momentscan.perceive.protocol import Requires
from momentscan.perceive.resampling import Resampled, Steps
from momentscan.values import Batch, Columns


class Tags:
    """One score for each of `tagger.KINDS`, which are no shares: several may be high at once. NaN where the
    file carries no sound.

    Which of AudioSet's classes make a kind stands in `momentscan.models.tagger.CLASSES`.
    """

    name = "tags"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("tags.time_s", *(f"tags.{kind}" for kind in KINDS))
    short_side_px = 1

    models: ClassVar[Mapping[str, str]] = {"tagger": "tagger"}
    requires: ClassVar[Requires] = ("tagger",)

    def __init__(self, *, tagger: AudioTagger) -> None:
        self.made_by: Mapping[str, str] = dict.fromkeys(self.writes[1:], tagger.version)
        self._tagger = tagger
        self._resampled = Resampled()
        self._patches = Steps(PATCH, PATCH_HOP)

    def process(self, batch: Batch, seen: Columns) -> Columns:
        return self._columns(self._patches(self._resampled(batch.sound)))

    def finish(self) -> Columns:
        return self._columns([*self._patches(self._resampled.rest()), *self._patches.rest(PATCH_HOP // 2)])

    def _columns(self, patches: Iterable[tuple[int, NDArray[np.float32]]]) -> Columns:
        rows = [(first / RATE_HZ, self._scores(patch)) for first, patch in patches]
        scores = np.array([s for _, s in rows], np.float32).reshape(len(rows), len(KINDS))
        time_s = np.array([t for t, _ in rows], np.float64)
        return {"tags.time_s": time_s, **{f"tags.{kind}": scores[:, i] for i, kind in enumerate(KINDS)}}

    def _scores(self, patch: NDArray[np.float32]) -> NDArray[np.float32]:
        missing = np.isnan(patch)
        if missing.mean() > 0.5:
            return np.full(len(KINDS), np.nan, np.float32)
        return self._tagger.tag(np.where(missing, np.float32(0), patch))
