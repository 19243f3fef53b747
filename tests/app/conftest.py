"""The command as a user types it: in this process where that will do, in one of its own where signals,
streams or kills matter.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from momentscan.app import cli


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def momentscan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Runs `momentscan ...` here, in an empty working folder, without weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOMENTSCAN_MODELS", raising=False)
    for library in ("OMP", "OPENBLAS", "MKL"):
        monkeypatch.setenv(f"{library}_NUM_THREADS", "1")

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["momentscan", *map(str, arguments)])
        before = signal.getsignal(signal.SIGTERM)
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            signal.signal(signal.SIGTERM, before)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


def environment(**variables: str) -> dict[str, str]:
    """That of a user without settings, weights or cache, plus these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTSCAN_") or k == "MOMENTSCAN_CACHE"}
    return {**kept, **variables}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `python -m momentscan ...` in a process group of its own; what is left of it is killed at the
    end.
    """
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: object, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "momentscan", *map(str, arguments)],
            cwd=tmp_path, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,  # noqa: E501
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="session")
def scanned(ride: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of `momentscan scan ride.mp4`; to be read, not written."""
    from momentscan import flows
    from momentscan.settings import load

    return Path(
        flows.scan(
            ride, load(output=str(tmp_path_factory.mktemp("scanned") / "output"), embedder="descriptor")
        ).folder
    )
