"""A plug-in package adds a perceiver and a scorer, and nothing of ours changes
(examples/momentscan-brightness).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

import worlds
from momentscan import flows, registry
from momentscan.errors import UsageError
from momentscan.media.render import write_video
from momentscan.settings import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "momentscan-brightness" / "src"


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLE)
    entries = {
        "perceivers": {
            "colour": EntryPoint("colour", "momentscan_brightness:Colour", "momentscan.perceivers")
        },
        "scorers": {
            "brightness": EntryPoint("brightness", "momentscan_brightness:Brightness", "momentscan.scorers")
        },
    }
    monkeypatch.setattr(registry, "_plugins", lambda kind: entries.get(kind, {}))


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    dark = list(worlds.frames(8.0, lambda t: (20 + t, 20.0), 10.0))
    frames = [
        np.clip(f.astype(int) + 90, 0, 255).astype(np.uint8) if 50 <= i < 55 else f // 2
        for i, f in enumerate(dark)
    ]
    write_video(tmp_path / "flash.mp4", frames, 10.0, options={"preset": "ultrafast"})
    return tmp_path / "flash.mp4"


def test_its_column_is_logged_and_its_engine_finds(plugged: None, flash: Path, tmp_path: Path) -> None:
    outcome = flows.scan(flash, load(output=str(tmp_path / "out"), embedder="descriptor"))
    assert set(outcome.engines) == {"rules", "vector", "saliency", "brightness"}
    windows = json.loads((Path(outcome.folder) / "highlight_brightness" / "windows.json").read_text())
    assert [5000 <= w["peak_ms"] <= 5500 for w in windows] == [True]
    signals = flows.load(Path(outcome.folder))
    assert len(signals["frames.colourfulness"]) == len(signals["frames.time_s"])
    assert "What brightness saw" in (Path(outcome.folder) / "report.html").read_text()


def test_its_knobs_are_turned_like_ours_and_other_tables_are_refused(
    plugged: None, flash: Path, tmp_path: Path
) -> None:
    outcome = flows.scan(
        flash, load(output=str(tmp_path / "out"), embedder="descriptor", brightness={"z": 1e6})
    )
    assert str(outcome.engines["brightness"]["reason"]).startswith("no_contrast")
    with pytest.raises(UsageError, match="there is no setting 'sparkle'"):
        load(sparkle={"z": 1})


def test_the_log_is_read_where_the_plug_in_is_not(plugged: None, flash: Path, tmp_path: Path) -> None:
    outcome = flows.scan(flash, load(output=str(tmp_path / "out"), embedder="descriptor", engine="saliency"))
    code = f"import momentscan as ms; print(len(ms.load({outcome.folder!r})['frames.colourfulness']))"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    ).stdout
    assert int(printed) == 80


def test_the_example_is_short() -> None:
    assert len((EXAMPLE / "momentscan_brightness.py").read_text().splitlines()) < 80
