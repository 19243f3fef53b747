"""A plug-in in one file: a model, a perceiver with a knob, and a scorer that likes sudden light."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from momentscan.knobs import Knob
from momentscan.models.slots import Slot
from momentscan.signals import Column, Signals
from momentscan.signals.series import robust_z
from momentscan.values import Abstention, Batch, Columns, Curve, Moment, Verdict, Window


class Hasler:
    """How colourful people call a picture: two weights, fitted to answers (Hasler & Süsstrunk 2003)."""

    name, version, weight, sha256 = "hasler", "hasler-2003", None, None

    @classmethod
    def open(cls, folder, device="auto"):
        return cls()

    def rate(self, frame: np.ndarray) -> float:
        red, green, blue = np.moveaxis(frame.astype(np.float64), -1, 0)
        opponents = np.stack([red - green, (red + green) / 2 - blue]).reshape(2, -1)
        return float(1.0 * np.hypot(*opponents.std(axis=1)) + 0.3 * np.hypot(*opponents.mean(axis=1)))


COLOURIST = Slot("colourist", "judge of colour", "colours of frames", {"hasler": Hasler}, auto=("hasler",))


@dataclass(frozen=True)
class ColourOptions:
    step_px: Annotated[int, Knob("px", source="taste: colours are coarse", low=1, high=16)] = 2


class Colour:
    name, version, short_side_px = "colour", "1", 32
    models: ClassVar = {"judge": "colourist"}
    requires, knobs, needs, writes = ("judge",), ColourOptions, (), ("frames.colourfulness",)
    columns = (Column(*writes, "float32", "0-186", "colour", "as people call it", "more colour"),)

    def __init__(self, *, judge: Hasler, knobs: ColourOptions = ColourOptions()) -> None:
        self.judge, self.step_px = judge, knobs.step_px
        self.made_by = {"frames.colourfulness": judge.version}

    def process(self, batch: Batch, seen: Columns) -> Columns:
        small = batch.frames[:, :: self.step_px, :: self.step_px]
        return {"frames.colourfulness": np.array([self.judge.rate(f) for f in small], np.float32)}

    def finish(self) -> Columns:
        return {}


@dataclass(frozen=True)
class Brightness:
    """The one moment at which the picture is brightest for its video."""

    z: Annotated[float, Knob("", source="taste; to be swept", low=0.1)] = 4.0
    name: ClassVar[str] = "brightness"
    reads: ClassVar[tuple[str, ...]] = ("frames.time_s", "frames.exposure_mean")

    def curve(self, signals: Signals) -> Curve:
        if "frames.exposure_mean" not in signals:
            return Curve(np.zeros(0), np.zeros(0), {})
        light = robust_z(signals["frames.exposure_mean"].astype(np.float64), floor=1.0)
        return Curve(signals["frames.time_s"], light, {"light": light})

    def judge(self, signals: Signals) -> Verdict:
        curve = self.curve(signals)
        score, moments = float(curve.value.max(initial=0)), ()
        reason = Abstention("no_contrast", "it never gets bright")
        if score >= self.z:
            peak_s = float(curve.time_s[curve.value.argmax()])
            window = Window(max(0.0, peak_s - 1), min(signals.video.duration_s, peak_s + 1), peak_s)
            why, parts = f"{score:.1f} robust deviations brighter than usual", {"light": score}
            moments, reason = (Moment(window, score, self.name, why, parts, parts),), None
        return Verdict(self.name, curve, curve.value, self.z, moments, (), reason, {})
