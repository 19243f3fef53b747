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
CUT = "stills already cut, {}p"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, full = (_scanned(Path(folder) / str(height_px), height_px) for height_px in (360, 1080))
        n_bytes = sum(p.stat().st_size for p in (full / "signals").iterdir())
        other_knobs = ("--no-stills", "--engine", "saliency", "--set", "percentile=80")
        works: dict[str, Callable[[], Spent]] = {
            CUT.format(1080): lambda: _found(full, Path(folder) / "full", stills=True),
            CUT.format(360): lambda: _found(small, Path(folder) / "small", stills=True),
            "no stills": lambda: _found(full, Path(folder) / "none", False, "--no-stills"),
            "no stills, other knobs": lambda: _found(full, Path(folder) / "knobs", False, *other_knobs),
        }
        runs: dict[str, list[Spent]] = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                runs[name].append(work())
                print(
                    f"    {name}: {runs[name][-1].cpu_s:.2f} CPU-s, {runs[name][-1].wall_s:.2f} s", flush=True
                )
        runs["stills cut anew, 360p"] = [_found(small, Path(folder) / "anew", stills=False)]
    targets = [
        Target(
            f"find on {VIDEOS} logged videos of 2 min, {name}",
            5.0,
            statistics.median(s.cpu_s for s in runs[name]),
            "CPU-s",
        )
        for name in (CUT.format(1080), CUT.format(360))
    ]
    targets.append(
        Target(
            "the same on the wall, 1080p",
            5.0,
            statistics.median(s.wall_s for s in runs[CUT.format(1080)]),
            "s",
        )
    )
    notes = (
        f"One fresh process over a folder of {VIDEOS} scanned videos: one scan of two minutes copied, "
        "each copy with an id of its own in its "
        "manifest and run.json. JSON files, stills and report.html of every video are written again. "
        f"Medians of {ROUNDS} interleaved rounds; "
        "cutting anew ran once."
    )
    write_result(
        "find_100",
        targets,
        notes,
        log_bytes_per_video=n_bytes,
        runs={n: [asdict(s) for s in r] for n, r in runs.items()},
    )


def _scanned(output: Path, height_px: int) -> Path:
    """The folder of one scanned video, its log as any scan leaves it."""
    momentscan(
        "scan",
        worlds.camera_video(height_px),
        "-o",
        output,
        "--models",
        worlds.clip_weights(),
        "--embedder",
        "openclip",
    )
    return next(output.glob("*/signals")).parent


def _found(scanned: Path, folder: Path, stills: bool, *options: str) -> Spent:
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
