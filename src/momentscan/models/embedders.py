"""Pictures to vectors: four networks and one descriptor without weights, all with the same face.

Every vector has length 1, so that the cosine of two is their dot product. Frames go through one at a time: on
one thread a larger batch gains nothing (measured), and so its size cannot change a result.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan import registry
from momentscan.errors import BadWeights
from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.session import Port, Session, open_session
from momentscan.models.weights import locate, require, verify
from momentscan.signals.calibration import UNKNOWN, Calibration, Usual

Frames = NDArray[np.uint8]
"""(N,H,W,3) uint8 RGB; H and W at least 1."""

Embeddings = NDArray[np.float32]
"""(N, dim) float32, each row of length 1."""

IMAGENET_MEAN, IMAGENET_STD = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)  # torchvision; DINOv2's preprocessor_config.json
CLIP_MEAN, CLIP_STD = (
    (0.48145466, 0.4578275, 0.40821073),
    (0.26862954, 0.26130258, 0.27577711),
)  # openai/CLIP clip.py
HALF = (0.5, 0.5, 0.5)  # SigLIP's preprocessor_config.json, mean and std

AUTO_ORDER = ("openclip", "dinov2", "siglip", "mobilenet")
"""What "auto" looks for, best first: highlight_vector names OpenCLIP, then DINOv2 and SigLIP; MobileNet v2
knows ImageNet only.
"""


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


def choose(name: str, folder: Path | None = None, device: str = "auto") -> Embedder:
    """The embedder of that name; "auto" is the best one whose weights are on this machine, else the
    descriptor.

    Downloads nothing. Raises MissingModel for a named one without its weights, UsageError for an unknown
    name.
    """
    if name == "auto":
        name = next(
            (n for n in AUTO_ORDER if locate(registry.load("embedders", n).weight, folder)), Descriptor.name
        )
    opened: Embedder = registry.load("embedders", name).open(folder, device)
    return opened


class Network:
    """What all networks to vectors share: weights checked, signature checked, frame by frame, unit vectors."""

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
        _check_frames(frames)
        return _stacked([self._one(self._prepare(frame)) for frame in frames], self.dim)

    def embed_crops(self, crops: Frames) -> Embeddings:
        """(N,S,S,3) uint8 RGB -> (N, dim) float32 of length 1."""
        _check_frames(crops)
        return _stacked([self._one(self._prepare_crop(crop)) for crop in crops], self.dim)

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
    """SigLIP base, patch 16, 224 px, vision tower (Zhai et al. 2023). The whole frame, squashed to a square."""

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


class Descriptor:
    """What a picture looks like without any learning: where its edges run, its colours by place, its coarse
    light and shade.

    Four blocks, each brought to the weight below; the whole is brought to length 1.
      edges    histogram of oriented gradients (after Dalal & Triggs 2005): 8 directions in 8 x 8 overlapping
               cells of a 64 px square
      colour   HSV on a 3 x 3 grid: 8 hues, each pixel voting with its chroma, and 4 steps of brightness
      layout   the 63 lowest waves of the luma's 2-D cosine transform, without the mean, over their own length
      nothing  one constant, so that a black or flat picture is a unit vector too, and its noise is small
               against it
    Votes are shared between neighbouring bins and cells, so that nothing jumps when a picture moves by a
    pixel. Each block is divided by its length plus a floor: contrast cancels out, noise in a flat picture
    does not grow.
    """

    name = "descriptor"
    version = "descriptor-hog-hsv-dct-v1"
    dim = 512 + 9 * 12 + 63 + 1
    short_side_px = 128
    crop_side_px = 128
    weight: ClassVar[Weight | None] = None
    sha256: str | None = None
    calibration: ClassVar[Calibration] = Calibration(change_floor=0.002, crop_delta=Usual(0.15, 0.02, 0.03))

    @classmethod
    def open(cls, folder: Path | None = None, device: str = "auto") -> Self:
        """Needs neither weights nor a device."""
        return cls()

    def embed(self, frames: Frames) -> Embeddings:
        """(N,H,W,3) uint8 RGB -> (N, 684) float32 of length 1."""
        _check_frames(frames)
        return _stacked([self._one(frame) for frame in frames], self.dim)

    def embed_crops(self, crops: Frames) -> Embeddings:
        """(N,S,S,3) uint8 RGB -> (N, 684) float32 of length 1."""
        return self.embed(crops)

    def _one(self, frame: Frames) -> Embeddings:
        small = resized(frame, EDGE_PX)
        luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        return unit(
            np.concatenate(
                [_edges(luma), _colour(small), _layout(luma), np.array([NOTHING_WEIGHT], np.float32)]
            )
        )


# ---- the descriptor's numbers: chosen on the videos of the test set so that a cut stands far above noise and
# gain; to be swept ----
EDGE_PX = 64
EDGE_CELLS, EDGE_BINS = 8, 8
EDGE_FLOOR = 24.0
"""Gradient (luma levels, Sobel) under which a neighbourhood counts as flat: six times what noise of 8 levels
leaves (measured: 4.2).
"""
EDGES_FLOOR = 2.0
"""Length of all cells together under which a picture counts as without edges: real frames have 3 to 5, noise
in flat ones 0.08.
"""
EDGE_WEIGHT, HUE_WEIGHT, VALUE_WEIGHT, LAYOUT_WEIGHT, NOTHING_WEIGHT = 1.0, 0.6, 0.3, 0.8, 0.25
COLOUR_PX, COLOUR_CELLS, HUES, VALUES = 48, 3, 8, 4
CHROMA_FLOOR = 0.04
"""Mean chroma of a cell, in [0, 1], under which its hue counts little: grey with noise of 16 levels has 0.011
(measured).
"""
LAYOUT_PX, LAYOUT_WAVES = 32, 8
LAYOUT_FLOOR = 8.0
"""Root-mean-square luma contrast, in levels, under which a picture counts as flat; noise of 8 levels leaves
1.0 (measured).
"""


def _tents(size: int, cells: int) -> NDArray[np.float32]:
    """(cells, size): how much each pixel of a line votes for each cell; linear between the cells' centres,
    columns sum to 1.
    """
    place = np.clip((np.arange(size) + 0.5) * cells / size - 0.5, 0, cells - 1)
    tents: NDArray[np.float32] = np.clip(
        1 - np.abs(place[None, :] - np.arange(cells)[:, None]), 0, None
    ).astype(np.float32)
    return tents


_EDGE_TENTS = _tents(EDGE_PX, EDGE_CELLS)
_COLOUR_TENTS = _tents(COLOUR_PX, COLOUR_CELLS)
_COMPASS = np.exp(2j * np.pi * np.arange(EDGE_BINS) / EDGE_BINS).astype(np.complex64)


def _pooled(votes: NDArray[np.float32], tents: NDArray[np.float32]) -> NDArray[np.float32]:
    """(bins,S,S) votes -> (bins,cells,cells) means."""
    scale = tents.sum(axis=1)
    pooled: NDArray[np.float32] = (tents @ votes @ tents.T / np.outer(scale, scale)).astype(np.float32)
    return pooled


def _edges(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """(64,64) luma in 0..255 -> (512,): directions of the gradient by place, contrast taken out cell by cell."""
    right, down = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    strength = np.sqrt(right * right + down * down)
    along = right[None] * _COMPASS.real[:, None, None] + down[None] * _COMPASS.imag[:, None, None]
    votes = np.square(np.maximum(along, 0)) / np.maximum(
        strength, 1e-6
    )  # cos² of the angle, the far half left out
    cells = _pooled(votes, _EDGE_TENTS)
    around = cv2.blur(np.square(cells).sum(axis=0), (3, 3), borderType=cv2.BORDER_REPLICATE)
    contrast_free = cells / np.sqrt(around + EDGE_FLOOR**2)
    centred = contrast_free - contrast_free.mean(axis=0)  # a cell without a direction says nothing
    return _over_length(centred.ravel(), floor=EDGES_FLOOR, weight=EDGE_WEIGHT)


def _colour(picture: Frames) -> NDArray[np.float32]:
    """(S,S,3) RGB -> (108,): hues by chroma and steps of brightness, on a 3 x 3 grid."""
    small = cv2.resize(picture, (COLOUR_PX, COLOUR_PX), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    hue, chroma, value = hsv[..., 0] * (HUES / 360), hsv[..., 1] * hsv[..., 2], hsv[..., 2] * (VALUES - 1)
    away = np.abs(hue[None] - np.arange(HUES, dtype=np.float32)[:, None, None])
    hue_votes = np.clip(1 - np.minimum(away, HUES - away), 0, None) * chroma
    by_chroma = _pooled(hue_votes, _COLOUR_TENTS)
    hues = by_chroma / (by_chroma.sum(axis=0) + CHROMA_FLOOR)
    value_votes = np.clip(
        1 - np.abs(value[None] - np.arange(VALUES, dtype=np.float32)[:, None, None]), 0, None
    )
    values = _pooled(value_votes, _COLOUR_TENTS)
    places = COLOUR_CELLS  # square root of the 9 cells: a block of full votes has length 1
    both: NDArray[np.float32] = np.concatenate(
        [HUE_WEIGHT / places * hues.ravel(), VALUE_WEIGHT / places * values.ravel()]
    )
    return both


def _layout(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """(64,64) luma -> (63,): the lowest waves without the mean, over their length."""
    waves = cv2.dct(cv2.resize(luma, (LAYOUT_PX, LAYOUT_PX), interpolation=cv2.INTER_AREA))[
        :LAYOUT_WAVES, :LAYOUT_WAVES
    ]
    # OpenCV's transform is orthonormal, so the waves' length is that of the picture's contrast summed over
    # its pixels.
    return _over_length(waves.ravel()[1:], floor=LAYOUT_FLOOR * LAYOUT_PX, weight=LAYOUT_WEIGHT)


def _over_length(vector: NDArray[np.float32], floor: float, weight: float) -> NDArray[np.float32]:
    """`weight` times the vector over its length, with a floor under the length."""
    length = np.hypot(np.linalg.norm(vector), floor)
    scaled: NDArray[np.float32] = (vector * (weight / length)).astype(np.float32)
    return scaled


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """(dim,) -> the same direction with length 1; a vector of zeros has none and becomes the diagonal."""
    wide = vector.astype(np.float64)
    length = float(np.linalg.norm(wide))
    if length < 1e-12:  # far under what float32 features of a network reach
        return np.full(vector.shape, 1 / np.sqrt(vector.size), np.float32)
    return (wide / length).astype(np.float32)


def centre_square(frame: Frames, side_px: int, of_short_side: float = 1.0) -> Frames:
    """(H,W,3) -> (side,side,3): the centre square, `of_short_side` of the frame's short side wide.

    The square is cut out first and then resized; the papers resize first. That is the same picture up to half
    a source pixel, costs less, and a strip of 1 x 100000 pixels cannot take all memory.
    """
    height, width = frame.shape[:2]
    side = max(1, round(min(height, width) * of_short_side))
    top, left = (height - side) // 2, (width - side) // 2
    return resized(frame[top : top + side, left : left + side], side_px)


def resized(frame: Frames, side_px: int) -> Frames:
    """(H,W,3) -> (side,side,3), squashed. Means over areas when shrinking (OpenCV's antialiasing), bicubic
    when not.
    """
    height, width = frame.shape[:2]
    if (height, width) == (side_px, side_px):
        return frame
    shrinks = height >= side_px and width >= side_px
    small: Frames = cv2.resize(
        frame, (side_px, side_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    return small


def planes(picture: Frames, mean: tuple[float, ...], std: tuple[float, ...]) -> NDArray[np.float32]:
    """(H,W,3) uint8 -> (1,3,H,W) float32: (x / 255 - mean) / std."""
    scale = 1 / (255 * np.array(std))
    shift = np.array(mean) / np.array(std)
    scaled = picture * scale.astype(np.float32) - shift.astype(np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)


def _stacked(vectors: list[Embeddings], dim: int) -> Embeddings:
    return np.stack(vectors) if vectors else np.zeros((0, dim), np.float32)


def _check_frames(frames: Frames) -> None:
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape[1:3]:
        raise ValueError(
            f"frames want (N,H,W,3) uint8 with H and W at least 1, got {frames.shape} {frames.dtype}"
        )


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
