"""What is heard besides words: laughter, applause, cheering, music, speech. YAMNet, fed with the spectra it
was trained on.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights
from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.litert import LiteRt, open_litert
from momentscan.models.slots import Slot
from momentscan.models.weights import require, verify

KINDS = ("laughter", "applause", "cheer", "music", "speech")
"""What a tagger tells of, in this order."""

RATE_HZ = 16000
WINDOW, HOP, FFT = 400, 160, 512
FRAMES, MELS = 96, 64
LOW_HZ, HIGH_HZ = 125.0, 7500.0
LOG_OFFSET = 0.001
"""YAMNet's params.py: 25 ms Hann windows every 10 ms, 64 mel bands from 125 to 7500 Hz, log(mel + 0.001),
patches of 96 frames.
"""

PATCH = (FRAMES - 1) * HOP + WINDOW
"""Samples that a patch reaches over: 15 600."""

PATCH_HOP = FRAMES // 2 * HOP
"""Samples from one patch to the next: 0.48 s, as YAMNet's own."""

CLASSES = {
    "laughter": {
        13: "Laughter",
        14: "Baby laughter",
        15: "Giggle",
        16: "Snicker",
        17: "Belly laugh",
        18: "Chuckle, chortle",
    },
    "applause": {58: "Clapping", 62: "Applause"},
    "cheer": {6: "Shout", 8: "Whoop", 9: "Yell", 10: "Children shouting", 61: "Cheering"},
    "music": {24: "Singing", 132: "Music", 133: "Musical instrument"},
    "speech": {0: "Speech", 1: "Child speech, kid speaking", 2: "Conversation", 3: "Narration, monologue"},
}
"""Kind -> the AudioSet classes (yamnet_class_map.csv) whose highest score is its own.

Screaming, bellowing and crowds are no cheering: they are heard at accidents and in streets too. Of music the
two roots that AudioSet hangs all others under, and singing; of speech what people say, not synthesizers or
the babble of many.
"""

Array = NDArray[np.float32]


class AudioTagger(Protocol):
    """`tag` tells how sure it is of each of KINDS in one patch: (15600,) samples at 16 kHz -> (5,) in 0-1."""

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self: ...

    def tag(self, patch: Array) -> Array: ...


class Yamnet:
    """YAMNet's quantised network of google-coral/coralmicro, which takes spectra: 521 scores, pooled by
    CLASSES.
    """

    name = "yamnet"
    version = "yamnet-spectra-v1"
    weight: ClassVar[Weight | None] = row("yamnet")
    sha256: str | None = None

    def __init__(self, network: LiteRt) -> None:
        shapes = [port.shape for port in (*network.inputs, *network.outputs)]
        if shapes != [(1, FRAMES, MELS), (1, 521)]:
            raise BadWeights(
                f"{network.name} has ports {shapes}, expected (1, 96, 64) -> (1, 521); another network "
                "than the catalogue's"
            )
        self._network = network

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self:
        """Raises MissingModel if the weights are not here, BadWeights if they are other ones. Runs on the
        CPU, whatever the device.
        """
        assert cls.weight is not None
        path = require(cls.weight, folder)
        opened = cls(open_litert(path))
        opened.sha256 = verify(path, cls.weight)
        return opened

    def scores(self, patch: Array) -> Array:
        """(15600,) samples at 16 kHz -> (521,) in the order of yamnet_class_map.csv; several may be high at
        once.
        """
        (found,) = self._network.run([log_mel(patch)[None]])
        return np.asarray(found[0], np.float32)

    def tag(self, patch: Array) -> Array:
        found = self.scores(patch)
        return np.array([found[list(CLASSES[kind])].max() for kind in KINDS], np.float32)


def log_mel(samples: Array) -> Array:
    """(M,) samples at 16 kHz -> (1 + (M - 400) // 160, 64) log mel magnitudes, as YAMNet's features.py makes
    them.
    """
    if samples.ndim != 1 or len(samples) < WINDOW:
        raise ValueError(f"samples want (M,) with M at least {WINDOW}, got {samples.shape}")
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)  # periodic, as tf.signal's
    magnitude = np.abs(np.fft.rfft(frames * hann, FFT))
    bins, weights = _mel_triangles()
    mel = np.einsum(
        "fbk,bk->fb", magnitude[:, bins], weights
    )  # no BLAS: for so little its threads cost ten times the work
    return np.asarray(np.log(mel + LOG_OFFSET), np.float32)


@cache
def _mel_triangles() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The bins under each band's triangle (64, K) and their weights (64, K); narrow ones are filled up with
    weight 0.
    """
    bands = _mel_bands()
    width = int((bands > 0).sum(axis=0).max())
    first = np.minimum((bands > 0).argmax(axis=0), len(bands) - width)
    bins = first[:, None] + np.arange(width)
    return bins, np.take_along_axis(bands.T, bins, axis=1)


@cache
def _mel_bands() -> NDArray[np.float64]:
    """(257, 64) triangles with feet and tops evenly spaced on HTK's mel scale;
    tf.signal.linear_to_mel_weight_matrix, which leaves out DC.
    """
    bins = _mel(np.arange(FFT // 2 + 1) * RATE_HZ / FFT)[:, None]
    edges = np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), MELS + 2)
    left, top, right = edges[:-2], edges[1:-1], edges[2:]
    bands = np.maximum(0.0, np.minimum((bins - left) / (top - left), (right - bins) / (right - top)))
    bands[0] = 0.0
    return np.asarray(bands)


def _mel(hz: Any) -> Any:
    return 1127.0 * np.log1p(np.asarray(hz) / 700.0)


TAGGER: Slot[AudioTagger] = Slot(
    "tagger",
    what="audio tagger",
    purpose="audio tags",
    kinds={Yamnet.name: Yamnet},
    auto=("yamnet",),
    unheard=("laughter and applause", "yamnet"),
    pull=("speech", "yamnet"),
)
