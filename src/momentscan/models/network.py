"""What all networks from pictures to vectors share: weights checked, signature checked, frame by frame, unit
vectors.

Frames go through one at a time: on one thread a larger batch gains nothing (measured), and so its size cannot
change a result.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights
from momentscan.models.catalogue import Weight
from momentscan.models.preprocessing import Embeddings, Frames, check_frames, stacked, unit
from momentscan.models.session import Port, Session, open_session
from momentscan.models.weights import require, verify
from momentscan.signals.calibration import UNKNOWN, Calibration


class Network:
    """A network to vectors. A kind of it names its ports and weights, and says how a picture goes in."""

    name: str
    version: str
    dim: int
    short_side_px: int
    crop_side_px: int = 224
    weight: ClassVar[Weight | None]
    sha256: str | None = None
    calibration: ClassVar[Calibration] = UNKNOWN
    _input: Port
    _output: Port

    def __init__(self, session: Session) -> None:
        check_port(session, session.inputs, self._input, "input")
        check_port(session, session.outputs, self._output, "output")
        self._session = session

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self:
        """Raises MissingModel if the weights are not here, BadWeights if they are not the ones this class was
        written for.
        """
        assert cls.weight is not None
        path = require(cls.weight, folder)
        opened = cls(open_session(path, device))
        opened.sha256 = verify(path, cls.weight)
        return opened

    def embed(self, frames: Frames) -> Embeddings:
        """(N,H,W,3) uint8 RGB -> (N, dim) float32 of length 1."""
        check_frames(frames)
        return stacked([self._one(self._prepare(frame)) for frame in frames], self.dim)

    def embed_crops(self, crops: Frames) -> Embeddings:
        """(N,S,S,3) uint8 RGB -> (N, dim) float32 of length 1."""
        check_frames(crops)
        return stacked([self._one(self._prepare_crop(crop)) for crop in crops], self.dim)

    def _one(self, prepared: NDArray[Any]) -> Embeddings:
        (found,) = self._session.run({self._input.name: prepared}, [self._output.name])
        vector = self._read(found)
        if vector.shape != (self.dim,) or not np.isfinite(vector).all():
            raise BadWeights(
                f"{self._session.path.name} gave a vector {vector.shape}, expected ({self.dim},) finite "
                "numbers"
            )
        return unit(vector)

    def _prepare(self, frame: Frames) -> NDArray[Any]:
        """(H,W,3) uint8 -> the network's input, batch of one."""
        raise NotImplementedError

    def _prepare_crop(self, crop: Frames) -> NDArray[Any]:
        """The same for a square; a centre square of a square is the square."""
        return self._prepare(crop)

    def _read(self, found: NDArray[Any]) -> Embeddings:
        """The network's output for a batch of one -> (dim,)."""
        vector: Embeddings = found[0].astype(np.float32)
        return vector


def check_port(session: Session, ports: tuple[Port, ...], expected: Port, what: str) -> None:
    """A size that the file leaves free may be anything; what it says must be what is expected."""
    port = next((p for p in ports if p.name == expected.name), None)
    if port is None:
        got = ", ".join(p.name for p in ports)
        raise BadWeights(
            f"{session.path.name} has no {what} {expected.name!r}, got {got}; it is another network than "
            "the catalogue's"
        )
    same_rank = len(port.shape) == len(expected.shape)
    if (
        not same_rank
        or port.dtype != expected.dtype
        or not all(_agree(p, e) for p, e in zip(port.shape, expected.shape, strict=True))
    ):
        raise BadWeights(
            f"{session.path.name}: {what} {port.name!r} is {_words(port)}, expected {_words(expected)}; "
            "another network than the catalogue's"
        )


def _agree(size: int | None, expected: int | None) -> bool:
    return size is None or expected is None or size == expected


def _words(port: Port) -> str:
    return f"{port.dtype} ({', '.join('?' if n is None else str(n) for n in port.shape)})"
