"""Importing the core loads no decoder, no Arrow, no network runtime, no web framework."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("av", "pyarrow", "torch", "onnxruntime", "fastapi", "cv2", "scenedetect")


def loaded(code: str) -> list[str]:
    """Which heavy libraries a fresh process has loaded after this code."""
    program = f"{code}\nimport sys\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.parametrize(
    "module", ["momentscan", "momentscan.score.saliency", "momentscan.select.picks", "momentscan.errors"]
)
def test_the_core_is_light(module: str) -> None:
    assert loaded(f"import {module}") == []


def test_judging_made_up_signals_is_light_too() -> None:
    """`find` on arrays needs numpy and scipy, and nothing that reads a file."""
    code = """
import numpy as np
from momentscan.score.saliency import Saliency
from momentscan.signals import Signals
from momentscan.values import VideoInfo
video = VideoInfo("v", "/v.mp4", "0", 1, 30.0, 30.0, 64, 48, 0, 25.0, 750, "h264", None, "mov")
time_s = np.arange(0, 30, 0.1)
Saliency().judge(Signals(video, {"frames.time_s": time_s, "frames.motion_local": np.ones(300, np.float32), "frames.motion": np.ones(300)}))
"""  # noqa: E501
    assert loaded(code) == []


def test_the_public_names_are_found_when_they_are_asked_for() -> None:
    import momentscan

    for name in momentscan.__all__:
        assert getattr(momentscan, name) is not None
    assert set(momentscan.__all__) <= set(dir(momentscan))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = momentscan.nonsense


@pytest.mark.parametrize("first", ["import momentscan.export.formats", "import momentscan.flows", ""])
def test_the_verb_export_is_not_put_away_by_the_room_of_its_name(first: str) -> None:
    code = f"""
{first or "pass"}
import momentscan as ms
from momentscan import export
from momentscan.export.formats import FORMATS
assert ms.export is export and callable(export) and FORMATS, ms.export
"""
    subprocess.run([sys.executable, "-c", code], check=True)
