"""Twenty clips of five seconds: one process that opens each model once, against twenty processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench import worlds
from bench.measure import Target, momentscan, write_result
from momentscan.media.render import write_video
from momentscan.values import SOUND_HZ

CLIPS, LENGTH_S, FPS, HEIGHT_PX = 20, 5.0, 25.0, 360


def main() -> None:
    weights = Path(os.environ["MOMENTSCAN_MODELS"])
    with tempfile.TemporaryDirectory() as folder:
        clips = [_clip(Path(folder) / f"clip_{i:02d}.mp4", i) for i in range(CLIPS)]
        given = ("--models", weights, "--no-identity")
        together = momentscan("scan", *clips, "-o", Path(folder) / "together", *given)
        alone = [momentscan("scan", clip, "-o", Path(folder) / "alone", *given) for clip in clips]
        _same_bytes(Path(folder) / "together", Path(folder) / "alone")
        pooled, anew = (
            _in_one_process(clips, Path(folder) / mode, weights, mode) for mode in ("pooled", "anew")
        )
    alone_s = sum(s.cpu_s for s in alone)
    targets = [
        Target(f"a model is opened, in a scan of {CLIPS} clips", 1, max(pooled["opened"].values()), "times"),
        Target(
            f"CPU of {CLIPS} clips of {LENGTH_S:g} s in one process / in {CLIPS}",
            1.0,
            together.cpu_s / alone_s,
            "×",
        ),
    ]
    write_result(
        "many_clips",
        targets,
        f"{CLIPS} drawn clips of {LENGTH_S:g} s, {HEIGHT_PX}p, without faces, scanned by all engines with every network "  # noqa: E501
        "that is here: one command over all of them, then a command each; the logs are the same, byte for byte. Last, "  # noqa: E501
        "within one process, with what is open kept, and let go of before each clip.",
        together=asdict(together),
        alone={
            "cpu_s": alone_s,
            "wall_s": sum(s.wall_s for s in alone),
            "peak_mb": max(s.peak_mb for s in alone),
        },
        in_one_process={"kept": pooled, "opened_anew": anew},
    )


def _clip(path: Path, seed: int) -> Path:
    """A pan over a texture of its own, with noise that swells."""
    scene = worlds.texture(HEIGHT_PX * 2, HEIGHT_PX * 3, seed)

    def frames() -> Iterator[np.ndarray]:
        for i in range(round(LENGTH_S * FPS)):
            yield worlds.view(scene, 2.0 * i, 0.5 * i, HEIGHT_PX, HEIGHT_PX * 16 // 9)

    n = round(LENGTH_S * SOUND_HZ)
    sound = (np.linspace(0, 0.2, n) * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)
    write_video(path, frames(), FPS, sound, SOUND_HZ, options={"preset": "ultrafast"})
    return path


def _same_bytes(one: Path, other: Path) -> None:
    """Raises where a log is another."""
    for path in sorted(one.glob("*/signals/*.parquet")):
        if path.read_bytes() != (other / path.relative_to(one)).read_bytes():
            raise AssertionError(f"{path.name} of {path.parts[-3]} depends on what was scanned before")


def _in_one_process(clips: list[Path], output: Path, weights: Path, mode: str) -> dict[str, Any]:
    """What a fresh process says that scanned them one after the other."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.many_clips", mode, output, weights, *clips],
        check=True,
        capture_output=True,
        text=True,
    )
    shutil.rmtree(output)
    return dict(json.loads(told.stdout.splitlines()[-1]))


def _work(mode: str, output: str, weights: str, *clips: str) -> None:
    """The other process."""
    from momentscan import flows
    from momentscan.models.pool import POOL
    from momentscan.settings import load

    settings = load(output=output, models=weights, identity=False)
    each: list[float] = []
    for clip in clips:
        began = time.process_time()
        if mode == "anew":
            POOL.clear()
        flows.scan(Path(clip), settings)
        each.append(time.process_time() - began)
    print(
        json.dumps(
            {"cpu_s": sum(each), "first_s": each[0], "others_s": each[1:], "opened": dict(POOL.opened)}
        )
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _work(*sys.argv[1:])
    else:
        main()
