"""Whether somebody speaks, every 32 ms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from momentscan.models.voice import RATE_HZ, SILENCE, STEP, VoiceActivity
from momentscan.perceive.protocol import Requires
from momentscan.perceive.resampling import Resampled, Steps
from momentscan.values import Batch, Columns

GROUP = 16
"""Steps that the network is shown at once, always the same ones: its sums are rounded otherwise in larger or
smaller groups.
"""


class Speech:
    """The probability of speech. NaN where the file carries no sound."""

    name = "speech"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("voice.time_s", "voice.prob")
    short_side_px = 1

    models: ClassVar[Mapping[str, str]] = {"voice": "voice"}
    requires: ClassVar[Requires] = ("voice",)

    def __init__(self, *, voice: VoiceActivity) -> None:
        self.made_by: Mapping[str, str] = {"voice.prob": voice.version}
        self._voice = voice
        self._heard = SILENCE
        self._resampled = Resampled()
        self._steps = Steps(STEP, STEP)
        self._group: list[NDArray[np.float32]] = []
        self._done = 0

    def process(self, batch: Batch, seen: Columns) -> Columns:
        return self._columns(self._probabilities(self._steps(self._resampled(batch.sound))))

    def finish(self) -> Columns:
        last = [*self._steps(self._resampled.rest()), *self._steps.rest(STEP // 2)]
        prob = self._probabilities(last)
        return self._columns([*prob, *self._listened()])

    def _probabilities(self, steps: Iterable[tuple[int, NDArray[np.float32]]]) -> list[NDArray[np.float32]]:
        prob = []
        for _, step in steps:
            self._group.append(step)
            if len(self._group) == GROUP:
                prob += self._listened()
        return prob

    def _listened(self) -> list[NDArray[np.float32]]:
        """What the network says of the steps that wait; they are then done with."""
        if not self._group:
            return []
        steps, self._group = np.stack(self._group), []
        missing = np.isnan(steps)
        prob, self._heard = self._voice.listen(np.where(missing, np.float32(0), steps), self._heard)
        return [np.where(missing.mean(axis=1) > 0.5, np.float32(np.nan), prob)]

    def _columns(self, prob: list[NDArray[np.float32]]) -> Columns:
        rows = np.concatenate([np.zeros(0, np.float32), *prob])
        first, self._done = self._done, self._done + len(rows)
        return {"voice.time_s": np.arange(first, self._done) * (STEP / RATE_HZ), "voice.prob": rows}
