"""`momentscan --help` in a fresh process: what it costs, and which heavy modules it loads."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from bench.measure import Target, momentscan, write_result

HEAVY = (
    "numpy",
    "scipy",
    "av",
    "cv2",
    "pyarrow",
    "onnxruntime",
    "scenedetect",
    "huggingface_hub",
    "jinja2",
    "pydantic",
    "rich",
)
FORBIDDEN = HEAVY[:6]
RUNS = 15

_LOADED = """
import json, sys
sys.argv = ["momentscan", "--help"]
from momentscan.app.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def main() -> None:
    runs = [momentscan("--help").cpu_s for _ in range(RUNS)]
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr)) & set(HEAVY)
    targets = [
        Target("momentscan --help, median", 0.35, statistics.median(runs), "CPU-s"),
        Target("heavy modules it loads", 0, len(loaded & set(FORBIDDEN)), "modules"),
    ]
    notes = f"Median of {RUNS} fresh processes; heavy are {', '.join(FORBIDDEN)}."
    write_result("help", targets, notes, cpu_s=runs, loaded=sorted(loaded))


if __name__ == "__main__":
    main()
