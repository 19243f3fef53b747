"""`momentscan find` over a folder of a hundred logged videos, in one command."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench import worlds
from bench.measure import Spent, Target, momentscan, write_result

VIDEOS, ROUNDS = 100, 3
HEIGHT_PX = 360
"""The log of a video does not depend on its size; stills do, and are a row of their own."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        scanned = _scanned(Path(folder) / "one")
        n_bytes = sum(p.stat().st_size for p in (scanned / "signals").iterdir())
        works: dict[str, Callable[[], Spent]] = {
            "stills already cut": lambda: _found(scanned, Path(folder) / "cut", stills=True, options=()),
            "other knobs, --no-stills": lambda: _found(
                scanned, Path(folder) / "none", False, ("--no-stills", "--engine", "saliency", "--set", "percentile=80")
            ),
            "stills cut anew (640x360)": lambda: _found(scanned, Path(folder) / "anew", stills=False, options=()),
        }
        rows: dict[str, list[Spent]] = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                rows[name].append(work())
                print(f"    {name}: {rows[name][-1].cpu_s:.2f} CPU-s, {rows[name][-1].wall_s:.2f} s", flush=True)
    cut = rows["stills already cut"]
    targets = [
        Target("find on 100 logged videos of 2 min, CPU", 5.0, statistics.median(s.cpu_s for s in cut), "CPU-s"),
        Target("find on 100 logged videos of 2 min, wall", 5.0, statistics.median(s.wall_s for s in cut), "s"),
    ]
    notes = (
        f"One fresh process over a folder of {VIDEOS} scanned videos: one scan of two minutes copied, each copy with an id of its own in its "
        "manifest and run.json. JSON files, stills and report.html of every video are written again. Medians of "
        f"{ROUNDS} interleaved rounds."
    )
    write_result("find_100", targets, notes, log_bytes_per_video=n_bytes, runs={n: [asdict(s) for s in r] for n, r in rows.items()})


def _scanned(output: Path) -> Path:
    """The folder of one scanned video, its log as any scan leaves it."""
    momentscan("scan", worlds.camera_video(HEIGHT_PX), "-o", output, "--models", worlds.clip_weights(), "--embedder", "openclip")
    return next(output.glob("*/signals")).parent


def _found(scanned: Path, folder: Path, stills: bool, options: tuple[str, ...]) -> Spent:
    """`find` over fresh copies; without `stills`, those that the scan cut are taken away first."""
    for number in range(VIDEOS):
        copy = folder / f"video_{number:03d}"
        shutil.copytree(scanned, copy)
        for note in (copy / "signals" / "manifest.json", copy / "run.json"):
            content = json.loads(note.read_text())
            content["video"]["video_id"] = copy.name
            note.write_text(json.dumps(content))
        if not stills:
            shutil.rmtree(copy / "highlight_saliency" / "frames", ignore_errors=True)
    seen = momentscan("find", folder, *options)
    shutil.rmtree(folder)
    return seen


if __name__ == "__main__":
    main()
