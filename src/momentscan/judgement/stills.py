"""Stills of the frames that engines chose: taken over where they lie already, else cut out of the video in
one go.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentscan.assembly.engines import StillChoice
from momentscan.disk.folder import VideoFolder
from momentscan.disk.stills import Still, keep_still, kept_stills, take_over
from momentscan.media import jpeg, small_jpeg, stills
from momentscan.progress import Progress, Step
from momentscan.values import Verdict

WORK = ".stills.part"
"""Folder in which stills lie until the engines' folders are written."""


def cut_stills(
    folder: VideoFolder,
    verdicts: Mapping[str, Verdict],
    choice: StillChoice,
    wanted: bool,
    on_progress: Progress,
) -> dict[int, Still]:
    """frame_idx -> still of every frame that any engine chose, in the working folder.

    Stills that an engine has already are taken over, so that the video is not needed; the others are cut if
    they are `wanted` and the video is still there.
    """
    chosen = {p.frame_idx: p.time_s for v in verdicts.values() for m in v.moments for p in m.picks}
    there = {i: still for place in folder.engines().values() for i, still in kept_stills(place).items()}
    work = folder.path / WORK
    found = {i: take_over(work, i, there[i]) for i in sorted(chosen) if i in there}
    missing = {time_s: index for index, time_s in sorted(chosen.items()) if index not in found}
    video, done = folder.signals.video, itertools.count(1)
    source = Path(video.path)

    def keep(time_s: float, frame: NDArray[np.uint8]) -> Still:
        on_progress(Step("cutting stills", next(done), len(missing), "items"))
        return keep_still(work, missing[time_s], jpeg(frame), small_jpeg(frame))

    if missing and wanted and source.is_file() and source.stat().st_size == video.size_bytes:
        cut = stills(video, list(missing), choice.limits, keep, choice.clock)
        found |= {missing[time_s]: still for time_s, still in cut.items()}
    return found
