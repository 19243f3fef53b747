"""clip, export and import as a user types them: several videos at once, what is said where there is nothing,
and exit codes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from momentscan import flows
from momentscan.settings import load

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def both(ride: Path, still: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos of their own and their results beside them; to be read, not written."""
    place = tmp_path_factory.mktemp("both")
    for video, name in ((ride, "ride.mp4"), (still, "still.mp4")):
        shutil.copy(video, place / name)
        flows.scan(place / name, load(output=str(place / "output"), embedder="descriptor", stills=False))
    return place


@pytest.fixture
def output(both: Path, tmp_path: Path) -> Path:
    """A copy of the results; the videos are those of `both`."""
    shutil.copytree(both / "output", tmp_path / "output")
    return tmp_path / "output"


def changed(both: Path, name: str, place: Path) -> None:
    """As if a video had been scanned when it was another."""
    own = place / name
    own.write_bytes((both / name).read_bytes() + b"x")
    manifest = place / "output" / own.stem / "signals" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(str(both / name), str(own)))


def test_clips_are_told_file_by_file_and_engines_without_any_say_why(
    momentscan: Command, output: Path
) -> None:
    told = momentscan("clip", output, "--set", "clips.preset=ultrafast")
    assert told.code == 0
    lines = told.out.splitlines()
    assert any("ride/clips/saliency/01_" in line for line in lines)
    assert all("report.html" not in line for line in lines), "a clip is no scan"
    for engine in ("rules", "vector", "saliency"):
        assert any(line.startswith(f"still: {engine}: no clips: ") for line in lines)
    assert any(line.startswith("ride: rules: no clips: no_face") for line in lines)


def test_one_video_that_has_changed_does_not_stop_the_export_of_the_others(
    momentscan: Command, output: Path, both: Path
) -> None:
    changed(both, "ride.mp4", output.parent)
    told = momentscan("export", output, "--engine", "saliency", "--format", "csv,vtt")
    assert told.code == 5
    assert "has changed since the scan" in told.err
    assert "still, saliency: saliency found no moments" in told.err
    alone = momentscan("export", output / "ride", "--engine", "saliency")
    assert alone.code == 3
    as_json = momentscan("export", output, "--engine", "saliency", "--json")
    assert as_json.code == 5
    done, failed = json.loads(as_json.out)
    assert (failed["status"], failed["exit_code"], failed["folder"]) == ("failed", 3, str(output / "ride"))
    assert done["folder"] == str(output / "still")


def test_clips_of_the_engines_that_have_some_are_exported(momentscan: Command, output: Path) -> None:
    assert momentscan("export", output / "ride", "--clips").code == 2, "none were cut"
    momentscan("clip", output / "ride", "--engine", "saliency", "--set", "clips.preset=ultrafast")
    told = momentscan("export", output / "ride", "--clips", "--format", "csv")
    assert told.code == 0, told.err
    assert [Path(line).name for line in told.out.splitlines()] == ["ride_saliency.csv"]
    assert momentscan("export", output / "ride", "--clips", "--engine", "rules").code == 2


def test_one_edit_that_cannot_be_read_does_not_stop_the_others(
    momentscan: Command, output: Path, tmp_path: Path
) -> None:
    (file,) = momentscan("export", output / "ride", "--engine", "saliency").out.splitlines()
    told = momentscan("import", output / "ride", "nowhere.otio", file)
    assert told.code == 5
    assert "nowhere.otio: cannot be read" in told.err
    assert "1 kept" in told.out
    assert momentscan("import", output / "ride", "nowhere.otio").code == 3


@pytest.mark.parametrize(
    "wrong",
    [("--set", "align.extent=half"), ("--set", "extent=peak"), ("--story", "2"), ("--copy", "--smart")],
)
def test_wrong_wishes_are_told_once_before_any_work(
    wrong: tuple[str, str], momentscan: Command, output: Path
) -> None:
    told = momentscan("clip", output, *wrong)
    assert told.code == 2
    assert len(told.err.splitlines()) == 1
    assert not list(output.glob("*/clips"))
