"""One face followed from look to look, and what tells whether it is still the same shot."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.signals.boxes import Corners, areas

SIGNATURE_HW = (18, 32)
"""The picture as small as this tells whether it is still the same shot."""


@dataclass(frozen=True)
class TracksOptions:
    """When two faces are one. The tracker needs thresholds to measure at all; what is worth looking at is
    judged later.
    """

    bridge_s: Annotated[
        float,
        Knob("s", source="identity_builder §6: the short-term tracker bridges 1 to 3 s", low=0, high=30),
    ] = 2.0
    reach: Annotated[
        float,
        Knob("face widths", source="measured on multi/: the head moves at most 0.5 within 0.2 s", low=0.1),
    ] = 0.6
    reach_per_s: Annotated[float, Knob("face widths/s", source="taste: a head shaken hard", low=0)] = 2.0
    reach_most: Annotated[
        float, Knob("face widths", source="taste: farther than this it may be anybody", low=0.1)
    ] = 2.0
    size_ratio: Annotated[float, Knob("×", source="taste: no face doubles between two looks", low=1)] = 1.8
    same_shot: Annotated[
        float,
        Knob(
            "",
            source="measured on expr/, multi/: two small pictures 0.2 s apart correlate at .45 to 1 "
            "within a shot, most cuts below .5; Face-ID decides below this",
            low=-1,
            high=1,
        ),
    ] = 0.6
    box_tau_s: Annotated[
        float, Knob("s", source="readings H2: bbox τ = .06-.09 s, the seed's α 0.3 to 0.5 at 30 fps", low=0)
    ] = 0.09
    id_every_s: Annotated[
        float,
        Knob(
            "s",
            source="identity packs choose among identified looks: every second look at 5 Hz, as often as "
            "body poses",
            low=0,
        ),
    ] = 0.4
    id_least_px: Annotated[
        float, Knob("px", source="taste: a third of the 112 px the network was trained on", low=1)
    ] = 36.0
    apart_s: Annotated[
        float,
        Knob(
            "s", source="taste: without Face-ID a face at the same place later is the same for so long", low=0
        ),
    ] = 10.0
    id_faces: Annotated[int, Knob("faces", source="taste: the largest of a crowd", low=1)] = 6


@dataclass
class Track:
    """What is remembered of one face. `size`, `centre` are sums over its rows; `who` the sum of its Face-ID
    vectors.

    `person` is set where it can no longer change: of what stands for a person whose tracks were handed over.
    `earlier`: when those were seen.
    """

    number: int
    box: Corners
    seen_s: float
    start_s: float
    signature: NDArray[np.float32]
    first_box: Corners
    first_signature: NDArray[np.float32]
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    smooth: Corners = field(default_factory=lambda: np.zeros(4))
    n: int = 0
    size: float = 0.0
    centre: float = 0.0
    who: NDArray[np.float64] | None = None
    who_s: float = -math.inf
    portrait: tuple[float, bytes] = (0.0, b"")
    person: int | None = None
    earlier: list[tuple[float, float]] = field(default_factory=list)

    def at(self, time_s: float) -> Corners:
        """Where it should be now; a movement dies out within a second, for heads do not fly on."""
        ahead_s = 0.5 * (1 - math.exp(-(time_s - self.seen_s) / 0.5))
        return self.box + np.tile(self.velocity * ahead_s, 2)

    def cos(self, vector: NDArray[np.float32]) -> float | None:
        return None if self.who is None else float(vector @ self.who / np.linalg.norm(self.who))


def frame_signature(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(18,32) luma of the frame without its mean."""
    small = cv2.cvtColor(
        cv2.resize(frame, SIGNATURE_HW[::-1], interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    ).astype(np.float32)
    return np.asarray(small - small.mean(), np.float32)


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Of two pictures without their means: 1 the same up to gain; 1 also where either is flat, for a flash is
    no other shot.
    """
    lengths = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    return 1.0 if lengths < 1.0 else float((a * b).sum()) / lengths


def least_areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,4) -> (N,), at least 1."""
    return np.maximum(areas(boxes), 1.0)
