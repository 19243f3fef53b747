"""What is remembered of one person in one condition: a Face-ID vector, and the images that show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentscan.errors import IncomparableVectors
from momentscan.knobs import Knob

UnitVector = NDArray[np.float64]
"""(D,) float64, L2 = 1, rounded to DECIMALS: kept as it will be written, so a bank read back gives exactly
the same answers.
"""

DECIMALS = 6


@dataclass(frozen=True)
class MemoryOptions:
    """How a memory grows and what it shows. `tau_*` are cosines of Face-ID vectors: 1 is the same look, 0 a
    stranger's.
    """

    k_max: Annotated[int, Knob("nodes", source="identity_memory: k_max 10", low=1)] = 10
    alpha: Annotated[float, Knob("", source="identity_memory: EMA alpha 0.1", low=0, high=1)] = 0.1
    tau_merge: Annotated[float, Knob("cosine", source="identity_memory: tau_merge 0.5", low=0, high=1)] = 0.5
    tau_new: Annotated[float, Knob("cosine", source="identity_memory: tau_new 0.3", low=0, high=1)] = 0.3
    tau_close: Annotated[float, Knob("cosine", source="identity_memory: tau_close 0.8", low=0, high=1)] = 0.8
    temperature: Annotated[float, Knob("", source="identity_memory: temperature 0.1", low=0.001)] = 0.1
    top_p: Annotated[int, Knob("nodes", source="identity_memory: top_p 3", low=1)] = 3
    anchor_min_weight: Annotated[
        float, Knob("0-1", source="identity_memory: anchor_min_weight 0.15", low=0.01, high=1)
    ] = 0.15
    images: Annotated[
        int, Knob("images", source="identity_memory: <= 3 representative images per node", low=1)
    ] = 3


@dataclass(frozen=True)
class NodeImage:
    """A picture that shows a node; `quality` in [0, 1], `bucket` like "yaw[-5,5]_pitchneutral_smile"; an
    anchor is always shown.
    """

    path: str
    quality: float
    bucket: str
    anchor: bool


@dataclass(eq=False)
class Node:
    """The person in one condition.

    vec       (D,) the moving mean of the looks it took
    quality   the best of them, in [0, 1]: unlike a mean, two nodes join without knowing their histories
    last_used number of the update that it took last; no clock
    histogram bucket -> looks
    images    anchors first, then the best; at most `MemoryOptions.images` (of anchors too), each path once
    """

    vec: UnitVector
    hit_count: int
    quality: float
    last_used: int
    histogram: dict[str, int]
    images: list[NodeImage]

    @property
    def anchored(self) -> bool:
        return any(image.anchor for image in self.images)


def unit(e_id: ArrayLike) -> UnitVector:
    """(D,) -> (D,) of length 1. Raises IncomparableVectors for what has no direction."""
    x = np.asarray(e_id, np.float64)
    if x.ndim != 1 or not np.isfinite(x).all() or not x.any():
        what = (
            f"shape {x.shape}"
            if x.ndim != 1
            else "no direction (all zero)"
            if np.isfinite(x).all()
            else "numbers that are not finite"
        )
        raise IncomparableVectors(
            f"a Face-ID vector has {what}, expected (D,) finite numbers; leave this look out"
        )
    x = x / np.abs(x).max()  # so that squares of very large or small numbers stay numbers
    return np.asarray(np.round(x / np.linalg.norm(x), DECIMALS), np.float64)


def best_first(images: Iterable[NodeImage]) -> list[NodeImage]:
    """Anchors first, then by quality, then by path; each path once."""
    order = sorted(images, key=lambda i: (not i.anchor, -i.quality, i.path, i.bucket))
    return list({image.path: image for image in reversed(order)}.values())[::-1]
