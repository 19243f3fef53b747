"""Tasks are plain values; where they are done changes nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from momentscan import flows, jobs
from momentscan.errors import Cancelled, MissingModel, OutputError, UnreadableInput, UsageError
from momentscan.jobs import Find, Result, Scan, task_from_json, task_to_json
from momentscan.progress import Step


def given(tmp_path: Path, **more: Any) -> dict[str, Any]:
    return {"output": str(tmp_path / "out"), "embedder": "descriptor", "stills": False, **more}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in ("run.json", "manifest.json")
    }


def test_a_task_is_plain_json_and_the_same_when_it_comes_back() -> None:
    for task in (Scan("ride.mp4", {"grid_hz": 5.0}, True), Find("output/ride", {})):
        assert task_from_json(json.loads(json.dumps(task_to_json(task)))) == task
        assert pickle.loads(pickle.dumps(task)) == task
        with pytest.raises(dataclasses.FrozenInstanceError):
            task.settings = {}  # type: ignore[misc]


def test_a_scan_ends_in_an_outcome(still: Path, tmp_path: Path) -> None:
    result = jobs.run(Scan(str(still), given(tmp_path)))
    assert (result.exit_code, result.error, result.trace) == (0, None, None)
    assert result.outcome is not None
    assert result.outcome.status == "done"
    found = jobs.run(Find(result.outcome.folder, given(tmp_path)))
    assert found.outcome is not None
    assert found.outcome.engines == result.outcome.engines


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnreadableInput("x"), 3),
        (MissingModel("x"), 4),
        (UsageError("x"), 2),
        (OutputError("x"), 2),
        (RuntimeError("x"), 1),
        (KeyError(), 1),
    ],
)
def test_every_error_is_one_line_and_the_exit_code_it_deserves(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(flows, "scan", fail)
    result = jobs.run(Scan("x.mp4", {}))
    assert result.outcome is None
    assert result.exit_code == code
    assert result.error
    assert "\n" not in result.error
    assert (result.trace is not None) == (code == 1), "a trace is for defects only"


@pytest.mark.parametrize("stop", [Cancelled, KeyboardInterrupt])
def test_a_stop_is_no_result(stop: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: object) -> None:
        raise stop

    monkeypatch.setattr(flows, "scan", stopped)
    with pytest.raises(stop):
        jobs.run(Scan("x.mp4", {}))


def test_wrong_settings_are_a_result_too() -> None:
    result = jobs.run(Scan("x.mp4", {"grid_hz": -1}))
    assert result.exit_code == 2
    assert "grid_hz" in str(result.error)


def test_no_tasks_give_no_results() -> None:
    assert list(jobs.run_all([], 4)) == []


def test_several_processes_give_the_same_bytes_and_one_bad_file_stops_none(
    still: Path, ride: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"bad" * 1000)
    videos = [str(tmp_path / "bad.mp4"), str(ride), str(still), str(tmp_path / "gone.mp4")]
    told: dict[int, dict[str, Result]] = {}
    for workers in (1, 2):
        tasks = [Scan(v, given(tmp_path / str(workers))) for v in videos]
        told[workers] = {r.task.video: r for r in jobs.run_all(tasks, workers)}  # type: ignore[union-attr]
    assert {v: r.exit_code for v, r in told[1].items()} == {v: r.exit_code for v, r in told[2].items()}
    assert sorted(r.exit_code for r in told[1].values()) == [0, 0, 3, 3]
    assert contents(tmp_path / "1" / "out") == contents(tmp_path / "2" / "out")


class Deadly:
    """Ends the process that unpickles it, as a crash in a decoder would."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (9,)


def test_a_task_that_kills_its_process_fails_alone(still: Path, tmp_path: Path) -> None:
    tasks = [
        Scan("deadly.mp4", {"output": Deadly()}),
        Scan(str(still), given(tmp_path)),
        Scan("gone.mp4", given(tmp_path)),
    ]
    results = {r.task.video: r for r in jobs.run_all(tasks, 2)}  # type: ignore[union-attr]
    assert results[str(still)].exit_code == 0
    assert results["gone.mp4"].exit_code == 3
    assert results["deadly.mp4"].exit_code == 1
    assert "deadly.mp4: its process died" in str(results["deadly.mp4"].error)


def test_here_each_task_tells_its_progress(still: Path, tmp_path: Path) -> None:
    steps: list[Step] = []
    list(jobs.run_all([Scan(str(still), given(tmp_path))], 1, steps.append))
    assert {"reading", "watching"} <= {s.stage for s in steps}


def test_a_listener_may_stop_the_work(still: Path, tmp_path: Path) -> None:
    def stop(step: Step) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(jobs.run_all([Scan(str(still), given(tmp_path))], 1, stop))
    assert not (tmp_path / "out").exists()
