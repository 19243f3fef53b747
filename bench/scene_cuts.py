"""Cuts against those that people marked, beside PySceneDetect's own detectors on the same files (each with a
decode pass of its own).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scenedetect import SceneManager
from scenedetect import open_video as opened_by_pyscenedetect
from scenedetect.detectors import (
    AdaptiveDetector,
    ContentDetector,
    HashDetector,
    HistogramDetector,
    ThresholdDetector,
)

from bench.measure import Target, write_result
from momentscan.media import open_video
from momentscan.perceive import ordered, process_batches
from momentscan.perceive.frame_times import FrameTimes
from momentscan.perceive.scenes import Scenes

MARKED: Mapping[str, Sequence[float]] = {
    "scenes/sunscreen_ad_27s.mp4": (3.96, 6.51, 8.13, 9.05, 9.93, 10.80, 12.60, 23.36),
    "scenes/testvideo_fades.mp4": (1.0, 6.01),
    "multi/scte20_panel.ts": (2.94,),
    "multi/girl_laughing_full_73s.mp4": (),
    "motion/one-by-one-person-detection.mp4": (),
}
"""Hard cuts of labels.json and MEDIA.md, in seconds; the lists are complete."""

FADES = {"scenes/testvideo_fades.mp4": ((6.9, 8.1), (11.4, 12.2), (13.0, 14.1), (17.4, 18.8), (22.9, 24.1))}
"""Where one shot melts into the next: a boundary found there is neither right nor wrong, and finding it is
counted apart.
"""

WITHIN_S = 0.042
"""One frame at 24 per second; the lists have two decimals."""

DETECTORS: Mapping[str, Callable[[], Any]] = {
    "PySceneDetect adaptive": AdaptiveDetector,
    "PySceneDetect content": ContentDetector,
    "PySceneDetect hash": HashDetector,
    "PySceneDetect histogram": HistogramDetector,
    "PySceneDetect threshold": ThresholdDetector,
}


def ours(video: Path) -> list[float]:
    """Cuts of the one pass: frames on the 10 Hz grid, dated by thumbs of every frame."""
    found: list[float] = []
    with open_video(video) as opened:
        for _, made in process_batches(opened.batches(short_side_px=90), ordered([FrameTimes(), Scenes()])):
            found += made["scenes"].get("scenes.start_s", np.zeros(0)).tolist()
    return found[1:]


def theirs(video: Path, detector: Callable[[], Any]) -> list[float]:
    """Cuts by a detector of PySceneDetect with its defaults, on every frame at its own scaling."""
    manager = SceneManager()
    manager.add_detector(detector())
    manager.detect_scenes(
        opened_by_pyscenedetect(str(video), backend="pyav")
    )  # OpenCV cannot convert interlaced frames
    return [start.seconds for start, _ in manager.get_scene_list()][1:]


def counts(name: str, seen: Sequence[float]) -> dict[str, int]:
    """Marked cuts that were found, boundaries that nobody marked, fades in which a boundary was found."""
    expected, fades = MARKED[name], FADES.get(name, ())
    wrong = [c for c in seen if all(abs(c - e) > WITHIN_S for e in expected)]
    return {
        "marked": len(expected),
        "found": sum(any(abs(c - e) <= WITHIN_S for c in seen) for e in expected),
        "false": sum(not any(a <= c <= b for a, b in fades) for c in wrong),
        "fades": len(fades),
        "fades_found": sum(any(a <= c <= b for c in seen) for a, b in fades),
    }


def row(label: str, cuts: Callable[[Path], Sequence[float]], media: Path) -> dict[str, Any]:
    by_clip = {name: counts(name, cuts(media / name)) for name in MARKED}
    total = {
        key: sum(c[key] for c in by_clip.values())
        for key in ("marked", "found", "false", "fades", "fades_found")
    }
    said = total["found"] + total["false"]
    precision = total["found"] / said if said else 0.0
    recall = total["found"] / total["marked"]
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    print(f"    {label}: {total}, F1 {f1:.3f}", flush=True)
    return {"detector": label, "precision": precision, "recall": recall, "f1": f1, **total, "clips": by_clip}


def main() -> int:
    media = Path(os.environ.get("MOMENTSCAN_MEDIA", ""))
    if not (media / "labels.json").is_file():
        print("wants the real videos: set MOMENTSCAN_MEDIA", file=sys.stderr)
        return 1
    found = [row("momentscan", ours, media)]
    found += [row(label, lambda video, d=d: theirs(video, d), media) for label, d in DETECTORS.items()]  # type: ignore[misc]
    others = ", ".join(f"{r['detector'].removeprefix('PySceneDetect ')} {r['f1']:.3f}" for r in found[1:])
    write_result(
        "scene_cuts",
        [
            Target(
                "hard cuts, F1 against marked ones (evaluation.md: own set ≥ .95), within a frame",
                0.95,
                found[0]["f1"],
                "",
                at_most=False,
            ),
        ],
        f"{found[0]['marked']} marked hard cuts in five videos, two of which have none; precision "
        f"{found[0]['precision']:.2f}, recall "
        f"{found[0]['recall']:.2f}. Fades and dissolves are neither right nor wrong here: "
        f"{found[0]['fades_found']} of {found[0]['fades']} are "
        f"found. PySceneDetect's own detectors with their defaults, on every frame: F1 {others}. Small "
        "set: one cut moves F1 by .05.",
        rows=found,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
