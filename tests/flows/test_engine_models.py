"""An engine with weights: they are a field of it, opened as any model, told in run.json, and judged
anew when they change.
"""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import plugins
from momentscan import flows
from momentscan.settings import load

POINTS = {
    "momentscan.scorers": {"taste": "taste_engine:Taste"},
    "momentscan.models": {"palate": "taste_engine:PALATE"},
}

ENGINE = """
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from momentscan.knobs import Knob, Model
from momentscan.models.slots import Slot
from momentscan.values import Abstention, Curve, Moment, Verdict, Window


class Linear:
    name, version, weight, sha256 = "linear", "linear-VERSION", None, None
    slope = SLOPE

    @classmethod
    def open(cls, folder, device="auto"):
        return cls()


PALATE = Slot("palate", "judge of light", "light of frames", {"linear": Linear}, auto=("linear",))


@dataclass(frozen=True)
class Taste:
    least: Annotated[float, Knob("", source="taste", low=0)] = 1.0
    palate: Annotated[Any, Model("palate")] = None

    name: ClassVar[str] = "taste"
    reads: ClassVar[tuple[str, ...]] = ("frames.time_s", "frames.exposure_mean")

    def curve(self, signals):
        light = signals["frames.exposure_mean"].astype(float) * (self.palate.slope if self.palate else 0.0)
        return Curve(signals["frames.time_s"], light, {"light": light})

    def judge(self, signals):
        curve = self.curve(signals)
        top = float(curve.value.max(initial=0.0))
        if top < self.least:
            return Verdict(self.name, curve, curve.value, None, (), (), Abstention("no_contrast", "flat"), {})
        at = float(curve.time_s[curve.value.argmax()])
        window = Window(max(0.0, at - 1), at + 1, at)
        moment = Moment(window, top, self.name, "light", {"light": top}, {"light": top})
        return Verdict(self.name, curve, curve.value, None, (moment,), (), None, {})
"""


def code(version: str, slope: float) -> dict[str, str]:
    return {"taste_engine.py": dedent(ENGINE).replace("VERSION", version).replace("SLOPE", str(slope))}


def test_an_engine_is_handed_its_weights_and_other_weights_judge_anew(ride: Path, tmp_path: Path) -> None:
    settings = load(output=str(tmp_path / "out"), engine="all", stills=False, identity=False)
    with plugins.installed(tmp_path / "one", "taste-engine", "1", POINTS, code("1", 1.0)):
        outcome = flows.scan(ride, settings)
        folder = Path(outcome.folder)
        run = json.loads((folder / "run.json").read_text())
        assert outcome.engines["taste"].moments == 1
        assert run["engines"]["taste"]["models"] == {"palate": "linear-1"}
        assert run["engines"]["taste"]["knobs"] == {"least": 1.0}
        assert "models" not in run["engines"]["saliency"]
        assert flows.judge(flows.load(folder), "taste").moments
        assert flows.scan(ride, settings).status == "unchanged"
    with plugins.installed(tmp_path / "two", "taste-engine", "1", POINTS, code("2", 0.0)):
        again = flows.scan(ride, settings)
        assert again.status == "done"
        assert again.engines["taste"].reason == "no_contrast: flat"
        told = json.loads((folder / "run.json").read_text())["engines"]["taste"]["models"]
        assert told == {"palate": "linear-2"}
