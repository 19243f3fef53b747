"""A task is all that a worker needs: it travels as JSON, wherever it is done it gives the same bytes, and it
tells how far it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from momentscan import __version__, jobs, settings
from momentscan.errors import Cancelled, UsageError
from momentscan.jobs import Task, task_from_json, task_to_json
from momentscan.jobs.tasks import TASKS
from momentscan.progress import Step


def given(output: Path, **more: Any) -> dict[str, Any]:
    chosen = settings.load(output=str(output), embedder="descriptor", stills=False, **more)
    return chosen.to_json()


def every_task() -> list[Task]:
    turned = settings.load({"rules.contrast": 2.5}, models="weights", engine="rules").to_json()
    return [
        jobs.Scan("ride.mp4", turned, force=True),
        jobs.Find("output/ride", turned),
        jobs.Pack("output/ride", turned),
        jobs.Clip("output/ride", turned),
        jobs.Export("output/ride", turned, ("otio", "csv"), clips=True),
        jobs.Import("output/ride", "edited.otio", turned, "rules", "2026-01-02T03:04:05+00:00"),
        jobs.Compare(("output/a", "output/b"), "rules", "vector", turned),
        jobs.People("output/ride", turned),
        jobs.Forget("output/ride", 1, turned),
        jobs.Watch("rtsp://camera/1", turned, 12.5),
    ]


def test_there_is_a_task_for_every_verb() -> None:
    assert {type(task) for task in every_task()} == set(TASKS.values())


@pytest.mark.parametrize("task", every_task(), ids=lambda task: type(task).__name__)
def test_a_task_comes_back_from_json_as_it_was(task: Task) -> None:
    plain = json.loads(json.dumps(task_to_json(task)))
    assert (TASKS[plain["verb"]], plain["version"]) == (type(task), __version__)
    back = task_from_json(plain)
    assert back == task
    assert type(back) is type(task)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "0.0.9"}, f"the task is of momentscan '0.0.9' and this is {__version__}; make it anew"),
        ({"version": None}, "the task is of momentscan None"),
        ({"verb": "dance"}, "a task wants a verb of scan, find, pack, clip, .*; got 'dance'"),
        ({"verb": None}, "a task wants a verb of .*; got None"),
        ({"colour": "red"}, "a find task does not know 'colour'; it has folder, settings"),
        ({"folder": ...}, "a find task lacks 'folder'; it has folder, settings"),
        ({"folder": 5}, "a find task does not fit: folder wants a text, got 5"),
        ({"folder": ["a"]}, r"a find task does not fit: folder wants a text, got \['a'\]"),
        ({"settings": None}, "a find task does not fit: settings wants a JSON object, got None"),
    ],
)
def test_what_is_no_task_of_ours_is_told_in_one_line(change: dict[str, Any], said: str) -> None:
    plain = {**task_to_json(jobs.Find("output/ride", {})), **change}
    with pytest.raises(UsageError, match=said) as told:
        task_from_json({name: value for name, value in plain.items() if value is not ...})
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("task", "field", "value"),
    [
        (jobs.Forget("output/ride", 1, {}), "person", True),
        (jobs.Forget("output/ride", 1, {}), "person", "1"),
        (jobs.Scan("ride.mp4", {}), "force", "no"),
        (jobs.Export("output/ride", {}), "formats", "otio"),
        (jobs.Export("output/ride", {}), "formats", [5]),
        (jobs.Watch("rtsp://camera/1", {}), "most_s", "12"),
    ],
)
def test_a_value_of_another_kind_is_not_taken_for_one_that_is_like_it(
    task: Task, field: str, value: Any
) -> None:
    with pytest.raises(UsageError, match=f"does not fit: {field} wants"):
        task_from_json({**task_to_json(task), field: value})


@pytest.mark.parametrize("value", [None, [], "find", 5])
def test_what_is_no_object_is_no_task(value: Any) -> None:
    with pytest.raises(UsageError, match="a task is a JSON object, got"):
        task_from_json(value)


def test_nothing_to_compare_is_a_result_in_one_line() -> None:
    result = jobs.run(jobs.Compare((), "rules", "vector"))
    assert (result.exit_code, result.error) == (2, "compare wants at least one scanned video, got none")


def test_a_setting_that_there_is_not_is_a_result_in_one_line() -> None:
    result = jobs.run(jobs.Scan("ride.mp4", {"rules": {"contrst": 3}}))
    assert (result.exit_code, result.error) == (
        2,
        "rules has no knob 'contrst'; did you mean contrast? (from a task)",
    )


# ---- wherever it is done


ELSEWHERE = """
import json, sys
from momentscan import jobs, process
process.own()
task = jobs.task_from_json(json.load(sys.stdin))
print(json.dumps(jobs.run(task).to_json()))
"""


def contents(folder: Path) -> dict[str, bytes]:
    """What two folders of one video must have in common; the manifest and run.json tell times."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in files
        if p.name not in ("run.json", "manifest.json")
    }


def test_done_in_another_process_with_other_settings_of_its_own_it_gives_the_same_bytes(
    ride: Path, tmp_path: Path
) -> None:
    here, there = (
        jobs.Scan(str(ride), given(tmp_path / name, engine="rules,saliency")) for name in ("here", "there")
    )
    done = jobs.run(here)
    assert done.error is None
    (tmp_path / settings.TOML).write_text(
        "output = 'nowhere'\nengine = 'vector'\n[saliency]\nhop_s = 3.0\ncontrast = 0\n[sampling]\ngrid_hz = 3\n"  # noqa: E501
    )
    theirs = {
        "MOMENTSCAN_RULES__CONTRAST": "9",
        "MOMENTSCAN_SALIENCY__CONTRAST": "9",
        "MOMENTSCAN_STILLS": "1",
    }
    ran = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps(task_to_json(there)),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, **theirs},
    )
    told = json.loads(ran.stdout)
    assert (told["status"], told["exit_code"]) == ("done", 0)
    assert {**told, "folder": "", "x_realtime": 0} == {**done.to_json(), "folder": "", "x_realtime": 0}
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    runs = [json.loads((tmp_path / n / "ride" / "run.json").read_text()) for n in ("here", "there")]
    for run in runs:
        del run["timings_s"], run["x_realtime"], run["settings"]["output"]
    assert runs[0] == runs[1]
    assert not (tmp_path / "nowhere").exists()


# ---- how far it is


def several(still: Path, ride: Path, output: Path) -> list[Task]:
    videos = (still, ride, output / "gone.mp4")
    return [jobs.Scan(str(video), given(output, engine="saliency")) for video in videos]


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_of_each_and_of_all_grows_to_the_end(
    workers: int, still: Path, ride: Path, tmp_path: Path
) -> None:
    steps: list[Step] = []
    results = list(jobs.run_all(several(still, ride, tmp_path), workers, steps.append))
    assert sorted(r.exit_code for r in results) == [0, 0, 3]
    watching = [s for s in steps if s.stage == "watching"]
    assert {s.subject for s in watching} == {"still.mp4", "ride.mp4"}
    for name, length_s in (("still.mp4", 12.0), ("ride.mp4", 24.0)):
        own = [s.done for s in watching if s.subject == name]
        assert own == sorted(own)
        assert own[-1] == pytest.approx(length_s, abs=0.1)
    every = [s for s in steps if s.stage == "all videos"]
    assert {(s.subject, s.unit) for s in every} == {("", "s")}
    assert [s.done for s in every] == sorted(s.done for s in every)
    assert every[-1].done == pytest.approx(36.0, abs=0.2)
    assert every[-1].total == every[-1].done, "one that failed is not waited for"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_listener_that_has_had_enough_stops_them_all_and_nothing_looks_complete(
    workers: int, still: Path, ride: Path, tmp_path: Path
) -> None:
    def stop(step: Step) -> None:
        if step.stage == "watching" and step.done > 2:
            raise Cancelled("enough")

    tasks = [replace(task, force=True) for task in several(still, ride, tmp_path)[:2]]
    with pytest.raises(Cancelled):
        list(jobs.run_all(tasks, workers, stop))
    left = [p.name for p in tmp_path.rglob("*") if p.is_file()]
    assert not {"run.json", "manifest.json", "windows.json"} & set(left)
    assert not list(tmp_path.rglob("signals.part")), "a stop that could be heard tidies up"
    again = list(jobs.run_all(tasks, 1))
    assert [r.exit_code for r in again] == [0, 0]
