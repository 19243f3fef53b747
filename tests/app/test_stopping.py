"""Ctrl-C, a terminated service, a killed process, a full disk: nothing that looks complete is left, and the
next scan is as if nothing had been.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import worlds

Start = Callable[..., "subprocess.Popen[str]"]

SLOW = {"MOMENTSCAN_MOTION": "farneback"}
"""Full-size optical flow, so that there is time to stop in the middle."""


def results(folder: Path) -> dict[str, bytes]:
    """Every byte that two scans must have in common."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in ("run.json", "manifest.json")
    }


def wait_for(there: Callable[[], bool], process: subprocess.Popen[str], timeout_s: float = 30.0) -> None:
    until = time.monotonic() + timeout_s
    while not there():
        assert process.poll() is None, (
            f"the scan was over before it could be stopped: {process.communicate()}"
        )
        assert time.monotonic() < until
        time.sleep(0.002)


def nobody_left(group: int, timeout_s: float = 10.0) -> bool:
    """Whether every process of the group has ended."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def scan(
    start: Start, *videos: Path, output: str = "output", force: bool = False, jobs: int = 1
) -> subprocess.Popen[str]:
    more = (["--force"] if force else []) + ["--jobs", jobs]
    return start("scan", *videos, "-o", output, "--embedder", "descriptor", *more, **SLOW)


@pytest.fixture(scope="module")
def ride(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shorter ride than that of the other tests."""
    return worlds.ride(tmp_path_factory.mktemp("short") / "ride.mp4", duration_s=12.0, burst=(6.0, 7.5))


@pytest.fixture(scope="module")
def undisturbed(ride: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole scan of the ride, for comparison."""
    from momentscan import flows
    from momentscan.settings import load

    output = tmp_path_factory.mktemp("undisturbed")
    return Path(flows.scan(ride, load(output=str(output), embedder="descriptor", motion="farneback")).folder)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_scan_that_is_stopped_leaves_nothing_that_looks_complete(
    how: signal.Signals, start: Start, ride: Path, undisturbed: Path, tmp_path: Path
) -> None:
    process = scan(start, ride)
    wait_for((tmp_path / "output" / "ride" / "signals.part").is_dir, process)
    time.sleep(0.1)
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    assert out == ""
    assert "Traceback" not in err
    assert not (tmp_path / "output" / "ride" / "run.json").exists()
    assert not list(tmp_path.rglob("manifest.json"))
    if how == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert not (tmp_path / "output").exists(), "a stop that could be heard tidies up"
    again = scan(start, ride)
    assert again.wait(60) == 0
    assert results(tmp_path / "output" / "ride") == results(undisturbed)
    assert (tmp_path / "output" / "ride" / "run.json").is_file()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_says_so_in_one_line(how: signal.Signals, start: Start, ride: Path, tmp_path: Path) -> None:
    process = scan(start, ride)
    wait_for((tmp_path / "output" / "ride" / "signals.part").is_dir, process)
    process.send_signal(how)
    _, err = process.communicate(timeout=30)
    assert "cancelled" in err
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_a_forced_scan_that_is_stopped_does_not_pass_for_done(
    start: Start, ride: Path, undisturbed: Path, tmp_path: Path
) -> None:
    assert scan(start, ride).wait(60) == 0
    process = scan(start, ride, force=True)
    wait_for((tmp_path / "output" / "ride" / "signals.part").is_dir, process)
    process.kill()
    process.communicate(timeout=30)
    assert not (tmp_path / "output" / "ride" / "run.json").exists()
    again = scan(start, ride)
    assert again.wait(60) == 0
    assert "unchanged" not in again.stdout.read()
    assert results(tmp_path / "output" / "ride") == results(undisturbed)


def test_a_kill_while_results_are_written_is_taken_up_from_the_log(
    start: Start, ride: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """The log is complete by then: the next scan judges it, and the video is not watched again."""
    process = scan(start, ride)
    folder = tmp_path / "output" / "ride"
    wait_for((folder / "signals" / "manifest.json").is_file, process)
    process.kill()
    process.communicate()
    if (folder / "run.json").exists():
        pytest.skip("it was quicker than the kill")
    log = (folder / "signals" / "manifest.json").stat().st_mtime_ns
    assert scan(start, ride).wait(60) == 0
    assert (folder / "signals" / "manifest.json").stat().st_mtime_ns == log
    assert results(folder) == results(undisturbed)


@pytest.mark.parametrize(("how", "whom"), [(signal.SIGINT, "group"), (signal.SIGTERM, "parent")])
def test_stopping_several_at_once_stops_them_all(
    how: signal.Signals, whom: str, start: Start, ride: Path, tmp_path: Path
) -> None:
    """A terminal sends Ctrl-C to the whole group, a service manager may tell the parent alone."""
    videos = []
    for name in ("a", "b", "c"):
        videos.append(tmp_path / f"{name}.mp4")
        videos[-1].write_bytes(ride.read_bytes() + b"\0\0\0\x09free" + name.encode())
    process = scan(start, *videos, jobs=2)
    wait_for(lambda: len(list(tmp_path.glob("output/*/signals.part"))) == 2, process)
    time.sleep(0.2)
    os.killpg(process.pid, how) if whom == "group" else process.send_signal(how)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("run.json"))
    assert not list(tmp_path.rglob("manifest.json"))
    assert nobody_left(process.pid)


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_time_and_nothing_else(
    start: Start, ride: Path, still: Path, tmp_path: Path
) -> None:
    """Its video, and those of its pool, are taken up again, each in a process of its own."""
    process = scan(start, ride, still, jobs=2)
    wait_for((tmp_path / "output" / "ride" / "signals.part").is_dir, process)
    worker = next(c for c in children(process.pid) if b"spawn_main" in c.read_bytes())
    os.kill(int(worker.parent.name), signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out.count("done") + out.count("unchanged")) == (0, 2)
    assert "Traceback" not in err
    assert nobody_left(process.pid)


def children(parent: int) -> Iterator[Path]:
    """/proc/*/cmdline of the direct children."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield status.parent / "cmdline"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 96 KiB; needs the right to mount."""
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this user may not mount a disk ({mounted.stderr.decode().strip()})")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk_is_2_in_one_line_and_nothing_looks_complete(
    start: Start, ride: Path, tiny_disk: Path
) -> None:
    process = start("scan", ride, "-o", tiny_disk / "output", "--embedder", "descriptor")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert str(tiny_disk) in err
    assert "No space left on device" in err
    assert not list(tiny_disk.rglob("run.json"))


def test_the_pipe_of_a_reader_who_left_is_no_defect(start: Start, ride: Path) -> None:
    """`momentscan ... | head -0`"""
    process = start("models", "list")
    process.stdout.close()
    process.wait(20)
    assert process.returncode in (0, 141, -signal.SIGPIPE)
    assert "Traceback" not in process.stderr.read()
    process.stdout = None


def test_two_scans_of_one_video_at_once_end_in_one_whole_result(
    start: Start, ride: Path, undisturbed: Path, tmp_path: Path
) -> None:
    one, other = scan(start, ride), scan(start, ride)
    codes = sorted([one.wait(60), other.wait(60)])
    told = one.stderr.read() + other.stderr.read()
    assert codes in ([0, 0], [0, 2]), told
    if codes == [0, 2]:
        assert "another momentscan is working on it" in told
    assert results(tmp_path / "output" / "ride") == results(undisturbed)
    assert json.loads((tmp_path / "output" / "ride" / "run.json").read_text())["status"] == "done"


def test_a_scan_that_finds_its_folder_taken_leaves_it_alone(ride: Path, tmp_path: Path) -> None:
    """Also in the moment in which the other one has claimed it and written nothing yet."""
    import hashlib

    from momentscan import flows
    from momentscan.disk.files import lock
    from momentscan.disk.folder import CLAIM, VideoFolder
    from momentscan.errors import OutputError
    from momentscan.settings import load

    sha256 = hashlib.sha256(ride.read_bytes()).hexdigest()
    folder = VideoFolder.claim(tmp_path, ride, sha256).path
    with lock(folder / CLAIM), pytest.raises(OutputError, match="another momentscan"):
        flows.scan(ride, load(output=str(tmp_path), embedder="descriptor"))
    assert (folder / CLAIM).is_file(), "it belongs to the other one"
