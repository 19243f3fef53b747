"""Worker processes are momentscan's own, whoever starts them: one thread a library, lean memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from momentscan import process

EXAMPLE = Path(__file__).parents[2] / "examples" / "momentscan-brightness" / "src"

SPY = """
import os, pathlib, cv2, numpy, pyarrow
from momentscan_brightness import Colour
from threadpoolctl import threadpool_info
blas = {i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"}
told = f"{cv2.getNumThreads()} {pyarrow.default_memory_pool().backend_name} {blas}"
pathlib.Path(os.environ["SPY"], str(os.getpid())).write_text(told)
"""

HOST = """
import os, sys, cv2
before = cv2.getNumThreads()
from momentscan import jobs
if __name__ == "__main__":
    given = {"output": sys.argv[1], "embedder": "descriptor", "stills": False, "engine": "saliency"}
    results = list(jobs.run_all([jobs.Scan(video, given) for video in sys.argv[2:]], workers=2))
    assert not any(result.error for result in results), results
    print(os.getpid(), before, cv2.getNumThreads())
"""


@pytest.fixture
def spied(tmp_path: Path) -> Path:
    """A folder with a plug-in that writes what each process has, once it is loaded there, into `seen/`."""
    about = tmp_path / "plug" / "spy-0.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: spy\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text("[momentscan.perceivers]\ncolour = spy:Colour\n")
    (tmp_path / "plug" / "spy.py").write_text(SPY)
    (tmp_path / "seen").mkdir()
    return tmp_path


def test_workers_that_somebody_else_starts_are_set_like_the_program(spied: Path, still: Path) -> None:
    videos = [Path(shutil.copy(still, spied / f"{name}.mp4")) for name in ("a", "b")]
    (spied / "host.py").write_text(HOST)
    kept = {name: value for name, value in os.environ.items() if name not in process.OWN}
    paths = [str(spied / "plug"), str(EXAMPLE), os.environ.get("PYTHONPATH", "")]
    variables = kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "SPY": str(spied / "seen")}
    command = [sys.executable, spied / "host.py", spied / "out", *videos]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=variables)
    host, before, after = ran.stdout.split()
    seen = {path.name: path.read_text() for path in (spied / "seen").iterdir()}
    assert host not in seen
    assert seen
    assert set(seen.values()) == {"1 system {1}"}
    assert after == before
