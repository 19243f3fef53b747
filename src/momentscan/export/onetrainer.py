"""A pack as OneTrainer reads it: a concept per set of images."""

from __future__ import annotations

import math

from momentscan.export.captions import subject
from momentscan.export.image_weights import weights
from momentscan.export.trainer_files import Files, captioned, json_bytes
from momentscan.select.pack_types import FOLDERS, IdentityPack, Kind


def onetrainer(pack: IdentityPack, token: str, klass: str = "person") -> Files:
    """A concept per set that is not empty, so many samples of each per epoch that the shares are exact to
    half a sample.

    From Nerogar/OneTrainer modules/util/config/ConceptConfig.py, BaseConfig.py (what is left out keeps its
    default) and Nerogar/mgds VariationSorting.py (SAMPLES = this many per epoch, going round; REPEATS would
    be floored).
    """
    named = subject(token, klass)
    low = min(weights(pack).values(), default=1.0)
    concepts = [
        _concept(kind, named, math.floor(share / low + 0.5)) for kind, share in pack.shares.items() if share
    ]
    files: Files = {"layouts/onetrainer/concepts.json": json_bytes(concepts)}
    for image in pack.images:
        files |= captioned(image, f"layouts/onetrainer/{FOLDERS[image.kind]}", token, klass)
    return files


def _concept(kind: Kind, named: str, samples: int) -> dict[str, object]:
    """Nothing is flipped, for captions tell left from right; nothing is cropped or recoloured, for light and
    pose are what was chosen.
    """
    off = (
        "crop_jitter random_flip fixed_flip random_rotate random_brightness random_contrast "
        "random_saturation random_hue"
    )
    return {
        "__version": 1,
        "name": f"{named}, {FOLDERS[kind]}",
        "path": f"layouts/onetrainer/{FOLDERS[kind]}",
        "seed": 0,
        "enabled": True,
        "include_subdirectories": False,
        "image_variations": 1,
        "text_variations": 1,
        "balancing": float(samples),
        "balancing_strategy": "SAMPLES",
        "loss_weight": 1.0,
        "image": {"__version": 0} | {f"enable_{name}": False for name in off.split()},
        "text": {"__version": 0, "prompt_source": "sample", "enable_tag_shuffling": False},
    }
