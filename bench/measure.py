"""CPU-seconds, peak memory, and the JSON that a figure leaves. Clocks on the wall are noted where they
matter, and never compared.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import momentscan as momentscan_package

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("av", "numpy", "opencv-python-headless", "onnxruntime", "scenedetect-headless", "pyarrow")


def source_digest() -> str:
    """What was measured: a digest of momentscan's own files."""
    digest = hashlib.sha256()
    for path in sorted(Path(momentscan_package.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


SOURCE = source_digest()


@dataclass(frozen=True)
class Target:
    """One promise: `measured` has to stay at or under (`at_most`), or at or over, `target`."""

    what: str
    target: float
    measured: float
    unit: str
    at_most: bool = True

    @property
    def met(self) -> bool:
        return self.measured <= self.target if self.at_most else self.measured >= self.target


def cpu_s(work: Callable[[], object]) -> float:
    """CPU-seconds of this process, all threads, for one call."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def interleaved(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU-seconds of each work in each round; rounds go through all works, so that a busy minute falls on all
    of them.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            found[name].append(cpu_s(work))
            print(f"    round {number + 1}/{rounds}  {name}: {found[name][-1]:.2f} CPU-s", flush=True)
    return found


def ratio(times: Mapping[str, Sequence[float]], name: str, base: str) -> float:
    """Median over rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(times[name], times[base], strict=True))


@dataclass(frozen=True)
class Spent:
    """What a process took, those it started and waited for included (peak memory: the largest single one)."""

    cpu_s: float
    wall_s: float
    peak_mb: float


LIMIT_S = 1800
"""A command that runs for longer is hung, and killed."""

_CHILD = """
import json, os, signal, sys, time
began = time.perf_counter()
pid = os.posix_spawn(sys.argv[3], sys.argv[3:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(int(sys.argv[2]))
_, status, used = os.wait4(pid, 0)
spent = [used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024, status]
open(sys.argv[1], "w").write(json.dumps(spent))
"""  # noqa: E501


def spent(*command: str | Path) -> Spent:
    """Runs a command. It is started by a small process of its own, for Linux counts the parent's memory as a
    child's peak.
    """
    note = Path(os.environ.get("TMPDIR", "/tmp")) / f"momentscan-bench-{os.getpid()}.json"
    try:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", _CHILD, note, str(LIMIT_S), *map(str, command)], check=True
        )
        cpu, wall, peak_mb, status = json.loads(note.read_text())
    finally:
        note.unlink(missing_ok=True)
    if status:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with wait status {status}")
    return Spent(cpu, wall, peak_mb)


def momentscan(*arguments: str | Path) -> Spent:
    """The command, in a fresh process."""
    return spent(sys.executable, "-m", "momentscan", *arguments)


def write_result(figure: str, targets: Sequence[Target], notes: str, **details: Any) -> None:
    """bench/results/{figure}.json: targets first, then whatever else was seen, then what it ran on."""
    RESULTS.mkdir(exist_ok=True)
    content = {
        "figure": figure,
        "targets": [{**asdict(t), "met": t.met} for t in targets],
        "notes": notes,
        **details,
        "source": {"digest": SOURCE, "changed_meanwhile": source_digest() != SOURCE},
        "machine": machine(),
    }
    (RESULTS / f"{figure}.json").write_text(json.dumps(rounded(content), indent=1, ensure_ascii=False) + "\n")
    for t in targets:
        print(
            f"  {'met   ' if t.met else 'MISSED'} {t.what}: {t.measured:.4g} {t.unit} (target "
            f"{'≤' if t.at_most else '≥'} {t.target:g})",
            flush=True,
        )


def rounded(value: Any) -> Any:
    """A tree of plain values, floats to four significant digits."""
    if isinstance(value, Mapping):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def machine() -> dict[str, Any]:
    """Processor, cores and versions; no names of hosts, no paths."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }
