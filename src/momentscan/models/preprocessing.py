"""Pictures as networks want them, and vectors as we want them: squares, planes of numbers, length 1."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

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


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """(dim,) -> the same direction with length 1; a vector of zeros has none and becomes the diagonal."""
    wide = vector.astype(np.float64)
    length = float(np.linalg.norm(wide))
    if length < 1e-12:  # far under what float32 features of a network reach
        return np.full(vector.shape, 1 / np.sqrt(vector.size), np.float32)
    return (wide / length).astype(np.float32)


def stacked(vectors: list[Embeddings], dim: int) -> Embeddings:
    """Vectors (dim,) -> (N, dim); N may be 0."""
    return np.stack(vectors) if vectors else np.zeros((0, dim), np.float32)


def check_frames(frames: Frames) -> None:
    """Raises ValueError for what is no (N,H,W,3) of uint8 with something in it."""
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape[1:3]:
        raise ValueError(
            f"frames want (N,H,W,3) uint8 with H and W at least 1, got {frames.shape} {frames.dtype}"
        )
