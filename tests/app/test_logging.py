"""The log of the program: silent until it is asked for, and without anything personal but the names of files."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from momentscan import flows, logs
from momentscan.errors import OutputError

Command = Callable[..., Any]

SCAN = ("scan", "--embedder", "descriptor", "--no-stills")

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO ) \d+ momentscan\.[a-z.]+: (.*)")


def messages(text: str) -> list[str]:
    """What the lines of a log say; lines that are none are left out."""
    return [found[2] for line in text.splitlines() if (found := LINE.fullmatch(line))]


def timeless(message: str) -> str:
    return re.sub(r"\d+\.\d s", "N s", message)


@pytest.fixture
def video(still: Path, tmp_path: Path) -> Path:
    place = tmp_path / "home of anna"
    place.mkdir()
    return Path(shutil.copy(still, place / "still.mp4"))


def test_nothing_is_logged_unasked(momentscan: Command, video: Path) -> None:
    told = momentscan(*SCAN, video)
    assert told.code == 0
    assert messages(told.err + told.out) == []
    assert [type(h) for h in logging.getLogger("momentscan").handlers] == [logging.NullHandler]


def test_verbose_tells_on_standard_error_what_is_done(momentscan: Command, video: Path) -> None:
    told = momentscan("-v", *SCAN, video, "--json")
    assert json.loads(told.out)[0]["status"] == "done"
    begun, *work, ended = messages(told.err)
    assert re.fullmatch(r"momentscan [\d.]+: scan", begun)
    assert [timeless(m) for m in work] == [
        "scan still.mp4: started",
        "scan still.mp4: done after N s, in folder still",
    ]
    assert timeless(ended) == "exit code 0 after N s"
    assert messages(momentscan("doctor").err) == [], "and the next command is silent again"


def test_places_are_not_told(momentscan: Command, video: Path) -> None:
    told = momentscan("-vv", "--log-file", "log.txt", *SCAN, video, "-o", video.parent / "output")
    assert told.code == 0
    assert "anna" not in "".join(messages(told.err))
    assert "anna" not in Path("log.txt").read_text()


def test_the_log_file_is_added_to_and_standard_error_stays_as_it_is(momentscan: Command, video: Path) -> None:
    told = momentscan("--log-file", "log.txt", *SCAN, video)
    assert messages(told.err) == []
    first = Path("log.txt").read_text()
    momentscan("--log-file", "log.txt", "find", "still")
    assert Path("log.txt").read_text().startswith(first)
    work = [timeless(m) for m in messages(Path("log.txt").read_text().removeprefix(first))]
    assert work[1:] == [
        "find still: started",
        "find still: done after N s, in folder still",
        "exit code 0 after N s",
    ]


def test_worker_processes_write_into_the_same_log(momentscan: Command, video: Path) -> None:
    other = Path(shutil.copy(video, video.with_name("other.mp4")))
    (video.with_name("broken.mp4")).write_bytes(b"no video at all " * 300)
    told = momentscan(
        "--log-file", "log.txt", *SCAN, video, other, video.with_name("broken.mp4"), "--jobs", 2
    )
    assert told.code == 5
    lines = messages(Path("log.txt").read_text())
    assert sum(m.endswith(": started") for m in lines) == 3
    ended = {timeless(m) for m in lines if " after " in m}
    assert "scan broken.mp4: failed after N s, exit code 3" in ended
    assert {"scan other.mp4: done after N s, in folder other", "exit code 5 after N s"} <= ended


def test_in_detail_a_defect_says_where_but_not_with_what(
    momentscan: Command, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_scan(*args: object) -> None:
        raise ZeroDivisionError("anna")

    monkeypatch.setattr(flows, "scan", broken_scan)
    told = momentscan("-vv", *SCAN, video)
    assert told.code == 1
    log = "\n".join(line for line in told.err.splitlines() if "please report it" not in line)
    assert "scan still.mp4: ZeroDivisionError" in messages(log)
    assert "in broken_scan" in log
    assert "ZeroDivisionError: anna" not in log
    assert "in broken_scan" not in momentscan("-v", *SCAN, video).err


@pytest.mark.parametrize("file", ["nowhere/log.txt", "."])
def test_a_log_file_that_cannot_be_written_is_2_before_any_work(
    file: str, momentscan: Command, video: Path, tmp_path: Path
) -> None:
    told = momentscan("--log-file", file, *SCAN, video)
    assert told.code == 2
    [line] = told.err.splitlines()
    assert line.startswith(f"--log-file {file}: cannot be written")
    assert not (tmp_path / "output").exists()


def test_a_file_that_cannot_be_written_leaves_those_who_listened(tmp_path: Path) -> None:
    logs.listen(logs.Listening(file=str(tmp_path / "log.txt")))
    try:
        with pytest.raises(OutputError):
            logs.listen(logs.Listening(file=str(tmp_path)))
        logging.getLogger("momentscan.jobs").info("still here")
    finally:
        logs.listen(logs.Listening())
    assert messages((tmp_path / "log.txt").read_text()) == ["still here"]


def test_a_program_that_imports_momentscan_hears_it_with_its_own_handlers(
    video: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from momentscan import jobs

    with caplog.at_level(logging.INFO, logger="momentscan"):
        jobs.run(jobs.Scan(str(tmp_path / "gone.mp4"), {"output": str(tmp_path)}))
    assert [timeless(r.getMessage()) for r in caplog.records] == [
        "scan gone.mp4: started",
        "scan gone.mp4: failed after N s, exit code 3",
    ]
