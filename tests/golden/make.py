"""Makes the golden folder (worlds.visit, seen with fakes): its log without pictures, its run, the verdicts.

Run it when a change of verdict is meant, and make_outputs.py after it.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import fakes
import installing
import worlds
from momentscan import flows, registry
from momentscan.disk.codec import encode
from momentscan.disk.files import write_bytes
from momentscan.disk.windows import window_records
from momentscan.settings import load

HERE = Path(__file__).parent


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        pytest.MonkeyPatch.context() as patched,
    ):
        installing.install(patched, fakes.models)
        folder = Path(name)
        worlds.visit(folder / "visit.mp4")
        outcome = flows.scan(folder / "visit.mp4", load(output=str(folder / "out"), stills=False))
        shutil.rmtree(HERE / "signals", ignore_errors=True)
        shutil.copytree(
            Path(outcome.folder) / "signals", HERE / "signals", ignore=shutil.ignore_patterns("thumbnails.*")
        )
        run = json.loads((Path(outcome.folder) / "run.json").read_text())
        shutil.copy(Path(outcome.folder) / "video.json", HERE / "video.json")
    manifest = json.loads((HERE / "signals" / "manifest.json").read_text())
    manifest["files"] = {
        name: content for name, content in manifest["files"].items() if not name.startswith("thumbnails.")
    }
    manifest["video"]["path"] = "visit.mp4"
    write_bytes(HERE / "signals" / "manifest.json", encode(manifest))
    run["video"]["path"], run["settings"]["output"] = "visit.mp4", "output"
    write_bytes(HERE / "run.json", encode({**run, "timings_s": {}, "x_realtime": None, "find_s": 0.0}))
    for engine in registry.names("scorers"):
        verdict = flows.judge(flows.load(HERE / "signals"), engine)
        write_bytes(HERE / f"{engine}.json", encode(window_records(verdict)))


if __name__ == "__main__":
    main()
