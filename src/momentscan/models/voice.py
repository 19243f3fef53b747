"""Whether somebody speaks, 31 times a second: Silero VAD."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights
from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.session import Session, open_session
from momentscan.models.slots import Slot
from momentscan.models.weights import require, verify

RATE_HZ = 16000
STEP = 512
"""Samples of which one probability speaks: 32 ms."""

CONTEXT = 64
"""Samples before a step that the network wants to see again."""

UNITS = 128
"""Size of its memory (h and c of an LSTM)."""

Array = NDArray[np.float32]


class Heard(NamedTuple):
    """What the network remembers of what came before: h, c (1,1,128) and the last samples (64,)."""

    h: Array
    c: Array
    tail: Array


SILENCE = Heard(
    np.zeros((1, 1, UNITS), np.float32), np.zeros((1, 1, UNITS), np.float32), np.zeros(CONTEXT, np.float32)
)
"""Before the first sample."""


class VoiceActivity(Protocol):
    """`listen` takes steps of one sound in their order, and what it remembered of those before."""

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self: ...

    def listen(self, steps: Array, heard: Heard) -> tuple[Array, Heard]: ...


class SileroVad:
    """Silero VAD v6 as faster-whisper carries it: each step of 512 samples with the 64 before it, and an LSTM
    from step to step.
    """

    name = "silero-vad"
    version = "silero-vad-v6"
    weight: ClassVar[Weight | None] = row("silero-vad")
    sha256: str | None = None

    def __init__(self, session: Session) -> None:
        ports = {port.name: port.shape[-1] for port in session.inputs}
        if ports != {"input": CONTEXT + STEP, "h": UNITS, "c": UNITS}:
            wanted = f"input (T, {CONTEXT + STEP}), h and c (1, 1, {UNITS})"
            raise BadWeights(
                f"{session.path.name} wants {ports}, expected {wanted}; another network than the catalogue's"
            )
        self._session = session

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self:
        """Raises MissingModel if the weights are not here, BadWeights if they are other ones. Runs on the
        CPU, whatever the device.
        """
        assert cls.weight is not None
        path = require(cls.weight, folder)
        opened = cls(open_session(path, "cpu"))
        opened.sha256 = verify(path, cls.weight)
        return opened

    def listen(self, steps: Array, heard: Heard) -> tuple[Array, Heard]:
        """(T,512) samples at 16 kHz -> probability of speech (T,), and what is to be remembered. T may be
        0.
        """
        if steps.ndim != 2 or steps.shape[1] != STEP:
            raise ValueError(f"steps want (T,{STEP}), got {steps.shape}")
        if not len(steps):
            return np.zeros(0, np.float32), heard
        before = np.concatenate([heard.tail[None], steps[:-1, -CONTEXT:]])
        prob, h, c = self._session.run(
            {"input": np.concatenate([before, steps], axis=1), "h": heard.h, "c": heard.c}
        )
        return prob.reshape(len(steps)).astype(np.float32), Heard(h, c, steps[-1, -CONTEXT:].copy())


VOICE: Slot[VoiceActivity] = Slot(
    "voice",
    what="voice activity model",
    purpose="voice activity",
    kinds={SileroVad.name: SileroVad},
    auto=("silero-vad",),
    unheard=("speech", "silero-vad"),
    pull=("speech", "silero-vad"),
)
