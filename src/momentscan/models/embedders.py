"""Pictures to vectors: four networks and one descriptor without weights, all with the same face.

Every vector has length 1, so that the cosine of two is their dot product.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights
from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.descriptor import Descriptor
from momentscan.models.network import Network
from momentscan.models.preprocessing import (
    CLIP_MEAN,
    CLIP_STD,
    HALF,
    IMAGENET_MEAN,
    IMAGENET_STD,
    Embeddings,
    Frames,
    centre_square,
    planes,
    resized,
)
from momentscan.models.session import Port, Session
from momentscan.models.slots import Slot
from momentscan.signals.calibration import Calibration, Usual


class Embedder(Protocol):
    """`version` names the vectors (network, weights, preprocessing): only vectors of one version may be
    compared.

    `short_side_px` is the smallest short side of a frame that loses nothing by being enlarged; smaller frames
    are accepted. `crop_side_px` is the side of the square crops that `embed_crops` likes best. `calibration`
    is what its vectors do when nothing happens, as measured: scorers find it in the log.
    """

    name: str
    version: str
    dim: int
    short_side_px: int
    crop_side_px: int
    weight: ClassVar[Weight | None]
    sha256: str | None
    calibration: ClassVar[Calibration]

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self: ...

    def embed(self, frames: Frames) -> Embeddings:
        """Of whole frames, which are framed as the network's authors do."""

    def embed_crops(self, crops: Frames) -> Embeddings:
        """Of squares (N,S,S,3) that were framed already: nothing of them is cut off."""


class OpenClip(Network):
    """CLIP ViT-B/32 with OpenAI's weights, vision tower (Radford et al. 2021)."""

    name = "openclip"
    version = "openclip-vitb32-openai-v1"
    dim = 512
    short_side_px = 224
    weight = row("clip-vit-b32-openai-vision.onnx")
    _input = Port("pixel_values", (None, 3, 224, 224), "tensor(float)")
    _output = Port("image_embeds", (None, 512), "tensor(float)")

    def _prepare(self, frame: Frames) -> NDArray[np.float32]:
        return planes(centre_square(frame, 224), CLIP_MEAN, CLIP_STD)


class DinoV2(Network):
    """DINOv2 ViT-S/14, the class token (Oquab et al. 2023)."""

    name = "dinov2"
    version = "dinov2-vits14-v1"
    dim = 384
    short_side_px = 256
    weight = row("dinov2-vits14.onnx")
    _input = Port("pixel_values", (None, 3, 224, 224), "tensor(float)")
    _output = Port("last_hidden_state", (None, None, 384), "tensor(float)")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.crop_side_px = 112 if self._takes(112) else 224

    def _takes(self, side_px: int) -> bool:
        """Whether squares of this side may go in: a quarter of the cost at 112, and a face of 90 px holds
        nothing that 224 shows.
        """
        try:
            self._one(np.zeros((1, 3, side_px, side_px), np.float32))
        except BadWeights:  # an export that fixes the size, or that does not interpolate its place embeddings
            return False
        return True

    def _prepare(self, frame: Frames) -> NDArray[np.float32]:
        return planes(centre_square(frame, 224, of_short_side=224 / 256), IMAGENET_MEAN, IMAGENET_STD)

    def _prepare_crop(self, crop: Frames) -> NDArray[np.float32]:
        return planes(resized(crop, self.crop_side_px), IMAGENET_MEAN, IMAGENET_STD)

    def _read(self, found: NDArray[Any]) -> Embeddings:
        vector: Embeddings = found[0, 0].astype(np.float32)  # the class token stands first
        return vector


class SigLip(Network):
    """SigLIP base, patch 16, 224 px, vision tower (Zhai et al. 2023): the frame, squashed to a square."""

    name = "siglip"
    version = "siglip-b16-224-v1"
    dim = 768
    short_side_px = 224
    weight = row("siglip-b16-224-vision.onnx")
    _input = Port("pixel_values", (None, 3, 224, 224), "tensor(float)")
    _output = Port("pooler_output", (None, 768), "tensor(float)")

    def _prepare(self, frame: Frames) -> NDArray[np.float32]:
        return planes(resized(frame, 224), HALF, HALF)


class MobileNet(Network):
    """MobileNet v2 (Sandler et al. 2018), the 1280 features under its ImageNet classes, quantised; small and
    quick.
    """

    name = "mobilenet"
    version = "mobilenetv2-imagenet-ptq-v1"
    dim = 1280
    short_side_px = 224
    weight = row("mobilenet_v2_embed.onnx")
    calibration = Calibration(change_floor=0.03, crop_delta=Usual(0.2, 0.016, 0.03))
    _input = Port("input", (1, 224, 224, 3), "tensor(uint8)")
    _output = Port("embedding", (1, 1280), "tensor(float)")

    def _prepare(self, frame: Frames) -> NDArray[np.uint8]:
        return np.ascontiguousarray(centre_square(frame, 224)[None])


EMBEDDER: Slot[Embedder] = Slot(
    "embedder",
    what="embedder",
    purpose="vision.embedding, crops",
    kinds={kind.name: kind for kind in (OpenClip, DinoV2, SigLip, MobileNet, Descriptor)},
    # highlight_vector names OpenCLIP, then DINOv2 and SigLIP; MobileNet v2 knows ImageNet only
    auto=("openclip", "dinov2", "siglip", "mobilenet"),
    fallback=Descriptor.name,
    absence="no vision model is on this machine: pictures were compared with the built-in image "
    "descriptor, not a network; `momentscan models pull openclip` fetches one",
)
