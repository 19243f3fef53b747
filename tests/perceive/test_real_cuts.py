"""Shots of real videos against cuts that people marked (MEDIA.md and labels.json of the media folder)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from momentscan.media import open_video
from momentscan.perceive import ordered, process_batches
from momentscan.perceive.frame_times import FrameTimes
from momentscan.perceive.scenes import Scenes

MARKED = {
    "scenes/sunscreen_ad_27s.mp4": [3.96, 6.51, 8.13, 9.05, 9.93, 10.80, 12.60, 23.36],
    "scenes/testvideo_fades.mp4": [1.0, 6.01],
    "multi/scte20_panel.ts": [2.94],
    "multi/girl_laughing_full_73s.mp4": [],
    "motion/one-by-one-person-detection.mp4": [],
}
FADES = {"scenes/testvideo_fades.mp4": [(6.9, 8.1), (11.4, 12.2), (13.0, 14.1), (17.4, 18.8), (22.9, 24.1)]}
"""Where one shot melts into the next: a boundary found here is neither right nor wrong."""


def cuts(video: Path) -> list[float]:
    found: list[float] = []
    with open_video(video) as opened:
        for _, made in process_batches(opened.batches(short_side_px=90), ordered([FrameTimes(), Scenes()])):
            found += made["scenes"].get("scenes.start_s", np.zeros(0)).tolist()
    return found[1:]


@pytest.mark.media
def test_hard_cuts_are_found_within_a_frame_and_nothing_else_is(media_folder: Path) -> None:
    hits = false = 0
    for name, expected in MARKED.items():
        seen = cuts(media_folder / name)
        hits += sum(any(abs(c - e) <= 0.042 for c in seen) for e in expected)
        wrong = [c for c in seen if all(abs(c - e) > 0.042 for e in expected)]
        false += sum(not any(a <= c <= b for a, b in FADES.get(name, [])) for c in wrong)
    true = sum(map(len, MARKED.values()))
    assert 2 * hits / (2 * hits + false + true - hits) >= 0.95, f"{hits} of {true} found, {false} false"
