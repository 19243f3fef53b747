"""Makes outputs.json: what the command line writes for a ride and for the golden folder, on any machine.

Run it when a change of files is meant: `python tests/golden/make_outputs.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden import outputs

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
RIDE = ("scan", "clip", "export", "compare")
"""What is run on the ride: enough, for each verb costs a CPU second to start."""

VISIT = ("find", "export", "compare", "people")


def ride(folder: Path) -> Path:
    """Ten seconds with one burst, which saliency finds without any weights."""
    import worlds

    return worlds.ride(folder / "ride.mp4", 10.0, (5.0, 6.5))


def ran(
    video: Path,
    work: Path,
    steps: tuple[str, ...] = RIDE,
    variables: Mapping[str, str] | None = None,
) -> outputs.Record:
    """The record of some steps on a video, without weights."""
    work.mkdir(parents=True)
    chosen = {step: outputs.STEPS[step] for step in steps}
    return outputs.record(video, SOURCE, work, None, chosen, variables)


def shape(record: outputs.Record) -> dict[str, dict[str, str]]:
    """The paths of keys of each JSON file and the types that stand there, over all steps.

    Numbers in file names are N; what is below `knobs` and `settings` is left to docs/knobs.md.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for step, files in record["steps"].items():
        for path, hashes in files.items():
            held = record["contents"].get(hashes.get("canonical"))
            if not (path.endswith(".json") or (path == "$ stdout" and "--json" in outputs.STEPS[step])):
                continue
            name = re.sub(r"\d+", "N", path.replace("$ stdout", f"$ {step}"))
            for key, kind in _kinds(held):
                found.setdefault(name, {}).setdefault(key, set()).add(kind)
    return {name: {key: " | ".join(sorted(kinds)) for key, kinds in at.items()} for name, at in found.items()}


def _kinds(held: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(held, dict) and at.split(".")[-1] not in ("knobs", "pack_knobs", "settings"):
        yield at or ".", "object"
        for key, value in held.items():
            yield from _kinds(value, f"{at}.{key}")
    elif isinstance(held, list):
        yield at or ".", "list"
        for value in held:
            yield from _kinds(value, f"{at}[]")
    else:
        names = {bool: "boolean", int: "number", float: "number", str: "text", dict: "object"}
        yield at, names.get(type(held), "null")


def visit(work: Path) -> dict[str, Any]:
    """What is said of the golden folder without its video, decimals rounded; hashes of what is exported."""
    folder = work / "output" / "visit"
    shutil.copytree(HERE / "signals", folder / "signals")
    for name in ("run.json", "video.json"):
        shutil.copy(HERE / name, folder / name)
    steps = {step: outputs.STEPS[step] for step in VISIT}
    record = outputs.run_steps(steps, {"{id}": ["visit"]}, work, folder, SOURCE)
    files = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}
    return {
        "exits": {step: outputs.content(record, step, "$ exit") for step in steps},
        "compare": _rounded(outputs.content(record, "compare", "$ stdout")),
        "people": _rounded(outputs.content(record, "people", "$ stdout")),
        "files": {name: _settled(path) for name, path in files.items() if path.parent.name != "signals"},
    }


def _settled(path: Path) -> str | None:
    """The hash of an exported text, decimals rounded, as machines differ in the last; None elsewhere."""
    if path.parent.name != "exports":
        return None
    text = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.2f}", path.read_text())
    return hashlib.sha256(re.sub(r'("version": )"[\d.]+"', r"\1", text).encode()).hexdigest()[:20]


def _rounded(held: Any) -> Any:
    if isinstance(held, dict):
        return {key: _rounded(value) for key, value in held.items()}
    if isinstance(held, list):
        return [_rounded(value) for value in held]
    return round(held, 3) if isinstance(held, float) else held


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        shapes = shape(ran(ride(Path(name)), Path(name) / "work"))
        said = visit(Path(name) / "visit")
    text = json.dumps({"ride": shapes, "visit": said}, indent=1, sort_keys=True, ensure_ascii=False)
    (HERE / "outputs.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
