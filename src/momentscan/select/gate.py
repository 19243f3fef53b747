"""Is a face fit to be looked at: every reason against it, none left out (companions §2.3; highlight_vector
§10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.signals import Signals
from momentscan.signals.boxes import areas

Level = Literal["strict", "loose"]
Reasons = dict[str, NDArray[np.bool_]]
"""Dotted reason -> (N,) which rows fail for it."""


@dataclass(frozen=True)
class Gate:
    """The quality gate over rows of `faces`. What was not measured (NaN) passes; the loose level halves what
    the strict one asks.
    """

    shared: ClassVar[bool] = True

    confidence: Annotated[float, Knob("0-1", source="QualityGate strict: conf ≥ 0.7", low=0, high=1)] = 0.7
    confidence_loose: Annotated[float, Knob("0-1", source="QualityGate loose: conf ≥ 0.5", low=0, high=1)] = (
        0.5
    )
    area: Annotated[float, Knob("share of the picture", source="QualityGate: area ≥ 0.01", low=0, high=1)] = (
        0.01
    )
    sharpness: Annotated[
        float, Knob("grey²", source="QualityGate: Laplacian of the face crop ≥ 5; loose: half", low=0)
    ] = 5.0
    exposure_low: Annotated[
        float, Knob("grey 0-255", source="QualityGate: 40 ≤ mean ≤ 220", low=0, high=255)
    ] = 40.0
    exposure_high: Annotated[
        float, Knob("grey 0-255", source="QualityGate: 40 ≤ mean ≤ 220", low=0, high=255)
    ] = 220.0
    contrast: Annotated[float, Knob("", source="QualityGate: local contrast CV ≥ 0.05", low=0)] = 0.05
    clipped: Annotated[float, Knob("0-1", source="QualityGate: clipped ≤ 0.30", low=0, high=1)] = 0.3
    crushed: Annotated[float, Knob("0-1", source="QualityGate: crushed ≤ 0.30", low=0, high=1)] = 0.3
    occlusion: Annotated[float, Knob("0-1", source="QualityGate strict: occlusion ≤ 0.3", low=0, high=1)] = (
        0.3
    )
    occlusion_loose: Annotated[
        float, Knob("0-1", source="QualityGate loose: occlusion ≤ 0.5", low=0, high=1)
    ] = 0.5

    def __call__(self, signals: Signals, rows: NDArray[np.int64], level: Level = "strict") -> Reasons:
        """Each reason with the (N,) rows of `faces` that fail for it; all are looked at, no early exit."""
        most = self.occlusion_loose if level == "loose" else self.occlusion
        return {
            **self.photograph(signals, rows, level),
            "gate.occlusion.face": measured(signals, "occlusion", rows) > most,
        }

    def photograph(self, signals: Signals, rows: NDArray[np.int64], level: Level = "strict") -> Reasons:
        """The reasons that the picture alone gives; those of landmarks are left out, for scores that must not
        know them.
        """
        loose = level == "loose"

        def of(name: str) -> NDArray[np.float64]:
            return measured(signals, name, rows)

        return {
            "gate.detect.confidence": of("score") < (self.confidence_loose if loose else self.confidence),
            "gate.detect.area": areas(signals["faces.bbox"][rows].astype(np.float64)) < self.area,
            "gate.blur.face": of("sharpness") < self.sharpness * (0.5 if loose else 1.0),
            "gate.exposure.black": of("exposure_mean") < self.exposure_low,
            "gate.exposure.white": of("exposure_mean") > self.exposure_high,
            "gate.exposure.contrast": of("contrast") < self.contrast,
            "gate.exposure.clipped": of("clipped") > self.clipped,
            "gate.exposure.crushed": of("crushed") > self.crushed,
        }


def measured(signals: Signals, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """A measure of these faces; NaN throughout where it was not logged."""
    return (
        signals[f"faces.{name}"][rows].astype(np.float64)
        if f"faces.{name}" in signals
        else np.full(len(rows), np.nan)
    )


def failing(reasons: Reasons) -> NDArray[np.bool_]:
    """(N,) which rows fail for any reason."""
    return np.asarray(np.any(list(reasons.values()), axis=0), np.bool_)
