"""A program that imports momentscan keeps its threads, memory and environment; `momentscan` sets its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import pytest
from threadpoolctl import threadpool_info

from momentscan import process

STATE = """
import json, os, signal, sys, threading, warnings
import cv2, numpy, pyarrow, scipy.special, scipy.stats  # they set filters of their own
from threadpoolctl import threadpool_info
def state():
    return {
        "environment": dict(os.environ),
        "cv2": cv2.getNumThreads(),
        "arrow": pyarrow.default_memory_pool().backend_name,
        "blas": sorted({i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"}),
        "signals": [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM)],
        "warnings": [str(f) for f in warnings.filters],
        "folder": os.getcwd(),
        "threads": threading.active_count(),
    }
"""


def python(code: str, **variables: str) -> list[dict[str, object]]:
    """The JSON lines that a fresh process prints, whose environment sets no threads and no pool."""
    kept = {name: value for name, value in os.environ.items() if name not in process.OWN}
    ran = subprocess.run(
        [sys.executable, "-c", STATE + code],
        capture_output=True,
        text=True,
        check=True,
        env={**kept, **variables},
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_importing_judging_and_finding_change_nothing_of_the_host(scanned: Path) -> None:
    code = f"""
before = state()
import momentscan as ms
signals = ms.load({str(scanned)!r})
assert ms.find(signals, "saliency")
ms.judge(signals, "vector"), ms.judge(signals, "rules"), signals.table("frames").to_arrow(), repr(signals)
after = state()
import momentscan.app.cli, momentscan.jobs
print(json.dumps(before)); print(json.dumps(after)); print(json.dumps(state()))
"""
    before, after, at_the_end = python(code)
    assert after == before
    assert at_the_end == before


def test_a_host_with_its_own_threads_has_them_again_after_a_scan(ride: Path, tmp_path: Path) -> None:
    code = f"""
cv2.setNumThreads(3)
before = state()
import momentscan as ms
inside = []
ms.scan({str(ride)!r}, output={str(tmp_path)!r}, engine="saliency", embedder="descriptor", stills=False,
        on_progress=lambda step: inside.append(state()["cv2"]))
assert set(inside) == {{1}}, inside
print(json.dumps(before)); print(json.dumps(state()))
"""
    before, after = python(code)
    assert (after["cv2"], after["blas"], after["arrow"]) == (before["cv2"], before["blas"], before["arrow"])
    assert (after["environment"], after["signals"], after["threads"]) == (
        before["environment"],
        before["signals"],
        before["threads"],
    )


def test_a_plot_leaves_pyplot_alone() -> None:
    code = """
import sys
sys.path.insert(0, "tests")
import momentscan as ms, worlds
from momentscan.score.saliency import Saliency
ms.plot(Saliency().judge(worlds.signals()))._repr_png_()
print(json.dumps({"pyplot": "matplotlib.pyplot" in sys.modules}))
"""
    assert python(code) == [{"pyplot": False}]


@pytest.mark.parametrize("chosen", ["", "2"])
def test_the_program_sets_one_thread_and_lean_memory_unless_the_user_has_set_others(chosen: str) -> None:
    code = """
import os, sys, json
sys.argv = ["momentscan", "--version"]
from momentscan.app.cli import main
try:
    main()
except SystemExit:
    pass
import cv2, pyarrow
from threadpoolctl import threadpool_info
import numpy
blas = [i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"]
print(json.dumps([cv2.getNumThreads(), pyarrow.default_memory_pool().backend_name, max(blas, default=1)]))
"""
    kept = {name: value for name, value in os.environ.items() if name not in process.OWN}
    variables = {"OPENCV_FOR_THREADS_NUM": chosen} if chosen else {}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**kept, **variables}
    )
    assert json.loads(ran.stdout.splitlines()[-1]) == [int(chosen or 1), "system", 1]


def blas() -> set[int]:
    return {i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"}


def test_guests_that_overlap_give_back_what_the_host_had_when_the_last_has_gone() -> None:
    before = (cv2.getNumThreads(), blas())
    cv2.setNumThreads(2)
    try:
        inside, leave = threading.Event(), threading.Event()

        def stay() -> None:
            with process.as_guest():
                inside.set()
                leave.wait(10)

        other = threading.Thread(target=stay)
        other.start()
        inside.wait(10)
        with process.as_guest():
            assert (cv2.getNumThreads(), blas()) == (1, {1})
        assert cv2.getNumThreads() == 1
        leave.set()
        other.join()
        assert cv2.getNumThreads() == 2
        with pytest.raises(ValueError, match="inside"), process.as_guest():
            raise ValueError("inside")
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before[0])
    assert (cv2.getNumThreads(), blas()) == before
