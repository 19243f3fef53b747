"""How far what is measured of a face is from its usual, and how good a picture of it is: the two factors of
highlight_rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.score.baselines import running_ema, running_median
from momentscan.signals.series import robust_z
from momentscan.values import Series

IMPACT = {
    "mouth_open": ("mouth_open", "mouth opens", "mouth closes"),
    "head_velocity": ("head_velocity", "head turns", "head holds still"),
    "wrist_raise": ("wrist_raise", "hand goes up", "hand goes down"),
    "torso_rotation": ("torso_rotation", "upper body turns", "upper body turns"),
    "face_size_change": ("face_area", "face comes closer", "face moves away"),
    "exposure_change": ("exposure", "light on the face rises", "light on the face falls"),
}
"""Part of the impact -> the feature whose change it is, in words when that rises over and when it falls under
its usual.
"""

RISING = ("mouth_open", "wrist_raise", "face_size_change")
"""Parts that count only where they rise; of the others either way counts."""


@dataclass(frozen=True)
class Impact:
    """How far mouth, head, hands, upper body, size and light of a face are from their usual (companions
    §2.2).
    """

    tau_s: Annotated[
        float,
        Knob("s", source="companions §2.2: alpha 0.1, at the rule engine's own 10 Hz τ = 0.95 s", low=0),
    ] = 0.95
    baseline: Annotated[
        str,
        Knob(
            "",
            source="readings H1: two-sided local median, which no return to the usual moves; companions "
            "§2.2: EMA",
            choices=("ema", "local"),
        ),
    ] = "local"
    local_s: Annotated[float, Knob("s", source="readings H1: two-sided local median (8 s)", low=0.5)] = 8.0
    sign: Annotated[
        str,
        Knob(
            "",
            source="taste: a mouth that opens is a moment, one that closes is none; both = companions' |f "
            "- EMA|",
            choices=("rise", "both"),
        ),
    ] = "rise"
    norm: Annotated[
        str,
        Knob(
            "",
            source="companions §2.2: per-video robust z, or (x - p50) / (p95 - p50)",
            choices=("robust_z", "percentile"),
        ),
    ] = "robust_z"
    most: Annotated[
        float,
        Knob(
            "σ",
            source="taste, 3 to 5 measured best on eight real clips: landmarks that slip reach 20 σ, and "
            "count as this",
            low=1,
        ),
    ] = 4.0
    w_mouth_open: Annotated[float, Knob("", source="companions §2.2: impact 0.30", low=0)] = 0.30
    w_head_velocity: Annotated[float, Knob("", source="companions §2.2: impact 0.20", low=0)] = 0.20
    w_wrist_raise: Annotated[float, Knob("", source="companions §2.2: impact 0.15", low=0)] = 0.15
    w_torso_rotation: Annotated[float, Knob("", source="companions §2.2: impact 0.15", low=0)] = 0.15
    w_face_size_change: Annotated[float, Knob("", source="companions §2.2: impact 0.10", low=0)] = 0.10
    w_exposure_change: Annotated[float, Knob("", source="companions §2.2: impact 0.10", low=0)] = 0.10
    floor_mouth_open: Annotated[
        float,
        Knob("lip gap over width", source="measured: three times what it varies on a still face", low=1e-9),
    ] = 0.03
    floor_head_velocity: Annotated[
        float,
        Knob(
            "deg/s", source="measured: half of what angles from five points make up on a still face", low=1e-9
        ),
    ] = 10.0
    floor_wrist_raise: Annotated[float, Knob("face heights", source="taste: a tenth of a face", low=1e-9)] = (
        0.1
    )
    floor_torso_rotation: Annotated[
        float, Knob("deg", source="taste: shoulders of a still person vary by as much", low=1e-9)
    ] = 5.0
    floor_face_size_change: Annotated[
        float, Knob("share of its median", source="taste: a box of a still face varies by as much", low=1e-9)
    ] = 0.05
    floor_exposure_change: Annotated[
        float,
        Knob(
            "grey 0-255", source="measured: light that drifts by 25 % in a minute varies by as much", low=1e-9
        ),
    ] = 5.0

    @property
    def parts(self) -> list[str]:
        """Those of IMPACT that have a weight."""
        return [n for n in IMPACT if self._weights[n] > 0]

    @property
    def _weights(self) -> dict[str, float]:
        return {n: getattr(self, f"w_{n}") for n in IMPACT}

    def _floor(self, name: str) -> float:
        return float(getattr(self, f"floor_{name}"))

    def changes(
        self, time_s: Series, raw: Mapping[str, Series], stretch: NDArray[np.int64], gap_s: float
    ) -> dict[str, Series]:
        """IMPACT -> (N,) how far each feature is from what is usual around it within its stretch; a gap of
        more than `gap_s` begins a new one.
        """
        return {n: self._change(n, time_s, raw, stretch, gap_s) for n in IMPACT}

    def _change(
        self, name: str, time_s: Series, raw: Mapping[str, Series], stretch: NDArray[np.int64], gap_s: float
    ) -> Series:
        x = raw[IMPACT[name][0]]
        if name == "head_velocity":  # a velocity is a change already
            return x
        if name == "face_size_change":
            x = x / max(float(np.median(x)), 1e-9)
        out, known = np.full(len(x), np.nan), np.isfinite(x)
        if known.any():
            at, values = time_s[known], x[known]
            gap = np.diff(at, prepend=-np.inf) > gap_s
            place = np.cumsum((np.diff(stretch[known], prepend=-1) != 0) | gap)
            out[known] = values - self._usual(at, values, place)
        return out

    def _usual(self, time_s: Series, x: Series, stretch: NDArray[np.int64]) -> Series:
        if self.baseline == "ema":
            return running_ema(time_s, x, self.tau_s, stretch)
        return running_median(time_s, x, self.local_s, stretch)

    def sizes(self, change: Mapping[str, Series]) -> dict[str, Series]:
        """IMPACT -> (N,) how large each change counts: with sign=rise those of RISING only upwards."""
        return {n: x if self.sign == "rise" and n in RISING else np.abs(x) for n, x in change.items()}

    def z(self, sizes: Mapping[str, Series]) -> dict[str, Series]:
        """IMPACT -> (N,) sizes over the usual change of this video, in robust standard deviations."""
        return {n: robust_z(x, self._floor(n)) for n, x in sizes.items()}

    def shares(self, sizes: Mapping[str, Series], z: Mapping[str, Series]) -> dict[str, Series]:
        """IMPACT -> (N,) weight × what is above the usual, at most `most`."""
        percentiles = self.norm == "percentile"
        normed = {n: percentile_norm(x, self._floor(n)) for n, x in sizes.items()} if percentiles else z
        above = {n: np.where(np.isfinite(x), np.clip(x, 0, self.most), np.nan) for n, x in normed.items()}
        return weighted(above, self._weights, 0.5)


@dataclass(frozen=True)
class Quality:
    """How good a picture of a face is: sharpness, size and frontalness (companions §2.2)."""

    w_blur: Annotated[float, Knob("", source="companions §2.2: quality 0.4 blur_norm", low=0)] = 0.4
    w_size: Annotated[float, Knob("", source="companions §2.2: quality 0.3 face_size_norm", low=0)] = 0.3
    w_frontal: Annotated[float, Knob("", source="companions §2.2: quality 0.3 frontalness", low=0)] = 0.3

    def of(self, raw: Mapping[str, Series]) -> Series:
        """FEATURES -> (N,) in 0..1; the weights are shared among the terms that were measured."""
        sharp = np.log(np.maximum(raw["blur"], 1e-3))
        known = sharp[np.isfinite(sharp)]
        low, high = np.percentile(known, [5, 95]) if len(known) else (0.0, 0.0)
        height = np.sqrt(raw["face_area"])
        tall = max(float(np.percentile(height, 95)), 1e-9) if len(height) else 1.0
        terms = {
            "blur": np.clip(1 - (high - sharp) / max(high - low, np.log(2)), 0, 1),
            "size": np.clip(height / tall, 0, 1),
            "frontal": 1 - np.clip(np.abs(raw["yaw"]) / 45, 0, 1),
        }
        weights = {"blur": self.w_blur, "size": self.w_size, "frontal": self.w_frontal}
        return total_of(weighted(terms, weights, 0.0), len(height))


def total_of(parts: Mapping[str, Series], n: int) -> Series:
    """(n,) the sum of all parts."""
    return np.asarray(np.stack([np.zeros(n), *parts.values()]).sum(axis=0), np.float64)


def weighted(terms: Mapping[str, Series], weights: Mapping[str, float], least: float) -> dict[str, Series]:
    """weight × term / Σ weights of what is measured at that instant, but of at least the share `least` of
    what ever is: name -> (N,).

    A term that is not measured (NaN) is absent, never 0; `least` keeps one lonely term from speaking for all.
    """
    known = {n: np.isfinite(x) for n, x in terms.items()}
    ever = sum(weights[n] for n in terms if known[n].any())
    here = np.stack([weights[n] * known[n] for n in terms]).sum(axis=0)
    total = np.maximum(here, max(least * ever, 1e-9))
    return {n: weights[n] * np.nan_to_num(x) / total for n, x in terms.items()}


def percentile_norm(x: Series, floor: float) -> Series:
    """(x - p50) / (p95 - p50), the spread at least the floor."""
    finite = x[np.isfinite(x)]
    low, high = np.percentile(finite, [50, 95]) if len(finite) else (0.0, 1.0)
    return (x - low) / max(high - low, floor)
