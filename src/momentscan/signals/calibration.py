"""What an embedder's vectors do when nothing happens: scorers ask this before they call a change large."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Usual(NamedTuple):
    """What a delta does when nothing happens: its level at most, and its spread at least and at most."""

    level: float
    least: float
    most: float


@dataclass(frozen=True)
class Calibration:
    """Measured once per embedder and declared by it; the log carries it, so that a scorer knows none by name.

    change_floor  1 - cos between half seconds of a still video with sensor noise (sigma 2 to 10), 90th
                  percentile in a window
    crop_delta    L2 distance between unit vectors of 1 s clips of calm, talking faces (bench/planted); None
                  where nobody measured it: a scorer then goes by the proportions of one that was
    """

    change_floor: float = 0.01  # of what was not measured: between the two that were
    crop_delta: Usual | None = None

    def to_json(self) -> dict[str, Any]:
        """As the manifest of a log holds it."""
        usual = self.crop_delta
        return {"change_floor": self.change_floor, "crop_delta": None if usual is None else usual._asdict()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Calibration:
        """What `to_json` wrote; fields that this version does not know are left out. Raises TypeError,
        ValueError or KeyError.
        """
        known = {f.name for f in dataclasses.fields(cls)} & told.keys()
        given: dict[str, Any] = {name: told[name] for name in known}
        if given.get("crop_delta") is not None:
            given["crop_delta"] = Usual(*(float(given["crop_delta"][name]) for name in Usual._fields))
        return cls(**given)


UNKNOWN = Calibration()
"""Of an embedder that says nothing."""


def calibration_of(embedder: Any) -> Calibration:
    """What an embedder declares of itself; UNKNOWN where it declares nothing."""
    declared: Calibration = getattr(embedder, "calibration", UNKNOWN)
    return declared


LEGACY: Mapping[str, Calibration] = {
    "descriptor-hog-hsv-dct-v1": Calibration(0.002, Usual(0.15, 0.02, 0.03)),
    "mobilenetv2-imagenet-ptq-v1": Calibration(0.03, Usual(0.2, 0.016, 0.03)),
}
"""By version of the embedder, for logs that were written before embedders declared theirs; nothing is added
here.
"""
