"""How much each image of a pack weighs in training, and how often a tool without weights must repeat it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from momentscan.select.pack_types import FOLDERS, IdentityPack, Kind

REPEATS_MOST = 20
"""No image is repeated more often for a tool without weights; taste: an epoch stays short."""


def weights(pack: IdentityPack) -> dict[str, float]:
    """Path of an image -> its weight in conditioning: the share of its set, split evenly. They sum to 1; {}
    for an empty pack.
    """
    shares = pack.shares
    return {image.path: shares[image.kind] / len(pack.of(image.kind)) for image in pack.images}


def repeats(weights: Mapping[str, float]) -> dict[str, int]:
    """How often a tool without weights sees each image: its weight over the smallest, rounded (halves up), 1
    to REPEATS_MOST.

    Rounding shifts the shares of the sets, in packs of 3 anchors, 5 of coverage and 5 of challenge or more by
    .02 in the median and .12 at worst; the manifest tells by how much.
    """
    low = min(weights.values(), default=1.0)
    return {
        path: min(REPEATS_MOST, max(1, math.floor(weight / low + 0.5))) for path, weight in weights.items()
    }


def repeated_shares(pack: IdentityPack) -> dict[Kind, float]:
    """The share of each set once its images are repeated; 0 for an empty one."""
    counts = repeats(weights(pack))
    return {
        kind: sum(counts[image.path] for image in pack.of(kind)) / max(sum(counts.values()), 1)
        for kind in FOLDERS
    }


def kohya_folder(times: int, named: str) -> str:
    """`3_sks person`: a folder whose images kohya repeats so often."""
    return f"{times}_{named}"
