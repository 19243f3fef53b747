"""A plug-in in one file: a perceiver that logs how colourful a frame is, and a scorer that likes sudden
light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from momentscan.knobs import Knob
from momentscan.presentation import Part, Presentation
from momentscan.signals import Column, Signals
from momentscan.signals.series import robust_z
from momentscan.values import Abstention, Batch, Columns, Curve, Moment, Verdict, Window


class Colour:
    """Logs the mean spread of the three channels of each frame."""

    name = "colour"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("frames.colourfulness",)
    columns = (
        Column(
            "frames.colourfulness",
            "float32",
            "0-255",
            "colour",
            "mean of max - min over the channels",
            "more colour",
        ),
    )
    short_side_px = 32
    made_by: ClassVar[dict[str, str]] = {}

    def process(self, batch: Batch, seen: Columns) -> Columns:
        spread = batch.frames.max(axis=3).astype(np.int16) - batch.frames.min(axis=3)
        return {"frames.colourfulness": spread.mean(axis=(1, 2)).astype(np.float32)}

    def finish(self) -> Columns:
        return {}


@dataclass(frozen=True)
class Brightness:
    """The one moment at which the picture is brightest for its video."""

    z: Annotated[float, Knob("", source="taste; to be swept", low=0)] = 4.0

    name: ClassVar[str] = "brightness"
    reads: ClassVar[tuple[str, ...]] = ("frames.time_s", "frames.exposure_mean")
    presentation: ClassVar[Presentation] = Presentation(
        meaning="How bright the picture is for its video: the moment is the brightest instant.",
        parts={"light": Part("brightness", "robust deviations")},
    )

    def curve(self, signals: Signals) -> Curve:
        if "frames.exposure_mean" not in signals:
            return Curve(np.zeros(0), np.zeros(0), {})
        light = robust_z(signals["frames.exposure_mean"].astype(np.float64), floor=1.0)
        return Curve(signals["frames.time_s"], light, {"light": light})

    def judge(self, signals: Signals) -> Verdict:
        curve = self.curve(signals)
        best = int(np.argmax(curve.value)) if len(curve.value) else 0
        if not len(curve.value) or curve.value[best] < self.z:
            calm = Abstention("no_contrast", "it never gets bright")
            return Verdict(self.name, curve, curve.value, self.z, (), (), calm, {})
        peak_s = float(curve.time_s[best])
        window = Window(max(0.0, peak_s - 1), min(signals.video.duration_s, peak_s + 1), peak_s)
        score = float(curve.value[best])
        why = f"{score:.1f} robust deviations brighter than this video's usual"
        moment = Moment(window, score, self.name, why, {"light": score}, {"light": score})
        return Verdict(self.name, curve, curve.value, self.z, (moment,), (), None, {})
