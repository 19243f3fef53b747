"""What the command line writes: the same in other surroundings, and of the structure that outputs.json holds.

Where a change of files is meant, `python tests/golden/make_outputs.py` writes outputs.json again.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from golden import make_outputs, outputs

ELSEWHERE = {
    "TZ": "Pacific/Auckland",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "77",
    "COLUMNS": "200",
    "OMP_NUM_THREADS": "2",
    "TERM": "dumb",
}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_outputs.ride(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def here(video: Path, tmp_path_factory: pytest.TempPathFactory) -> outputs.Record:
    return make_outputs.ran(video, tmp_path_factory.mktemp("here") / "work")


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return json.loads((make_outputs.HERE / "outputs.json").read_text())


def of(record: outputs.Record, *steps: str) -> outputs.Record:
    return {**record, "steps": {step: record["steps"][step] for step in steps}}


def test_another_environment_gives_the_same_files(video: Path, here: outputs.Record, tmp_path: Path) -> None:
    there = make_outputs.ran(video, tmp_path / "Ausflüge & more" / "far away", ("scan",), ELSEWHERE)
    assert outputs.compare(of(here, "scan"), there) == []


def test_each_json_file_has_the_keys_and_types_it_had(here: outputs.Record, golden: dict[str, Any]) -> None:
    assert make_outputs.shape(here) == golden["ride"]


def test_every_verb_on_the_ride_ended_well(here: outputs.Record) -> None:
    assert [outputs.content(here, step, "$ exit") for step in make_outputs.RIDE] == [0, 0, 0, 0]


def test_the_golden_folder_is_told_and_exported_as_it_was(golden: dict[str, Any], tmp_path: Path) -> None:
    assert make_outputs.visit(tmp_path) == golden["visit"]


# the comparison sees what it is for


def changed(record: outputs.Record, path: str, content: Any) -> outputs.Record:
    """That record, with another content of a file after the scan."""
    new = copy.deepcopy(record)
    new["steps"]["scan"][path] = {"raw": "new", "canonical": "new"}
    new["contents"]["new"] = content
    return new


@pytest.fixture
def scan(here: outputs.Record) -> outputs.Record:
    return of(here, "scan")


def test_a_changed_number_is_told_with_the_path_of_its_key(scan: outputs.Record) -> None:
    run = copy.deepcopy(outputs.content(scan, "scan", "run.json"))
    run["engines"]["saliency"]["moments"] = 7
    new = changed(scan, "run.json", run)
    assert outputs.compare(scan, new) == ["scan: run.json: differs at engines.saliency.moments (1 -> 7)"]
    assert outputs.compare(scan, new, meant=["run.json:engines.*.moments"]) == []
    assert outputs.compare(scan, new, meant=["run.json:engines.*.reason"]) != []


def test_other_bytes_of_the_same_content_are_told_as_such(scan: outputs.Record) -> None:
    new = copy.deepcopy(scan)
    new["steps"]["scan"]["run.json"]["raw"] = "others"
    assert outputs.compare(scan, new) == ["scan: run.json: only the bytes differ"]


def test_a_file_that_moved_is_missing_and_new_unless_it_was_renamed(scan: outputs.Record) -> None:
    new = copy.deepcopy(scan)
    old_name = "highlight_saliency/windows.json"
    new["steps"]["scan"]["saliency/windows.json"] = new["steps"]["scan"].pop(old_name)
    assert [line.split(": ", 1)[1] for line in outputs.compare(scan, new)] == [
        f"{old_name}: missing, the same bytes as saliency/windows.json",
        f"saliency/windows.json: new, the same bytes as {old_name}",
    ]
    assert outputs.compare(scan, new, {old_name: "saliency/windows.json"}) == []


def test_a_column_is_found_again_under_its_new_name(scan: outputs.Record) -> None:
    new = copy.deepcopy(scan)
    new["steps"]["scan"]["frames.shake"] = new["steps"]["scan"].pop("frames.motion_camera")
    assert len(outputs.compare(scan, new)) == 2
    assert outputs.compare(scan, new, {"frames.motion_camera": "frames.shake"}) == []


def test_a_table_is_found_again_under_its_new_name(scan: outputs.Record) -> None:
    new = copy.deepcopy(scan)
    files = new["steps"]["scan"]
    for path in [path for path in files if path.startswith("sound.")]:
        files[path.replace("sound.", "loudness.", 1)] = files.pop(path)
    assert len(outputs.compare(scan, new)) > 2
    assert outputs.compare(scan, new, {"sound": "loudness"}) == []
