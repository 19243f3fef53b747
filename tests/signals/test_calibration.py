"""What an embedder declares of its vectors reaches the scorers through the log."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from momentscan.disk import LogWriter, read_log
from momentscan.models.embedders import Descriptor, MobileNet
from momentscan.signals import Signals
from momentscan.signals.calibration import LEGACY, UNKNOWN, Calibration, Usual
from worlds import info

MINE = Calibration(0.5, Usual(1.0, 2.0, 3.0))


def test_a_log_carries_what_was_declared(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "signals")
    log.add(1.0, {"vision": {"vision.time_s": np.zeros(1)}})
    log.close(info(1.0), "key", {"vision.change": "v1", "crops.face": "v1"}, {"vision.change": MINE})
    signals = read_log(tmp_path / "signals")
    assert signals.calibration("vision.change") == MINE
    assert signals.calibration("crops.face") == UNKNOWN


def test_a_log_that_does_not_say_goes_by_the_version_it_names() -> None:
    for version, known in LEGACY.items():
        signals = Signals(info(1.0), {}, {"vision.change": version})
        assert signals.calibration("vision.change") == known
    assert {cls.version: cls.calibration for cls in (Descriptor, MobileNet)} == LEGACY


@pytest.mark.parametrize("said", [MINE, UNKNOWN])
def test_it_survives_json_and_fields_of_later_versions(said: Calibration) -> None:
    told = json.loads(json.dumps(said.to_json())) | {"of_a_later_version": 1}
    assert Calibration.from_json(told) == said
