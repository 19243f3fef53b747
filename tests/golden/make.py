"""Makes the golden log (of the demo ride, without its pictures) and the verdicts on it. Run when a change of verdict is meant."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from momentscan import flows, registry
from momentscan.disk.results import windows_json, write_json
from momentscan.media.render import demo_video
from momentscan.settings import load

HERE = Path(__file__).parent


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo_video(folder / "ride.mp4")
        outcome = flows.scan(folder / "ride.mp4", load(output=str(folder / "out"), embedder="descriptor", stills=False))
        shutil.rmtree(HERE / "signals", ignore_errors=True)
        shutil.copytree(Path(outcome.folder) / "signals", HERE / "signals", ignore=shutil.ignore_patterns("strip.*"))
    manifest = json.loads((HERE / "signals" / "manifest.json").read_text())
    manifest["files"] = {name: content for name, content in manifest["files"].items() if not name.startswith("strip.")}
    manifest["video"]["path"] = "ride.mp4"
    write_json(HERE / "signals" / "manifest.json", manifest)
    for engine in registry.names("scorers"):
        write_json(HERE / f"{engine}.json", windows_json(flows.judge(flows.load(HERE / "signals"), engine)))


if __name__ == "__main__":
    main()
