"""Frames whose light or sharpness falls out of their surroundings, or that are shown again: no moment is made
of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from momentscan.score.novelty import stale
from momentscan.signals import Signals
from momentscan.signals.series import bumps

LIGHT_JUMP = 20.0
"""Grey levels that mean luma must jump for less than half a second to be a flash or a black frame; ramps and
cuts do not come back.
"""

DULL = 0.35
"""Times its median within 2 s: a face less sharp than that is out of focus. Also: a vector that moves less
than that is a frame shown again.
"""


def glitched(signals: Signals, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Faces whose light or sharpness falls out of their own surroundings: flashes, black frames, defocus."""
    times = signals["faces.time_s"][rows]
    light, sharp = (signals[f"faces.{n}"][rows].astype(np.float64) for n in ("exposure_mean", "sharpness"))
    out = np.zeros(len(rows), np.bool_)
    for i, (a, b) in enumerate(
        zip(np.searchsorted(times, times - 2.0), np.searchsorted(times, times + 2.0, "right"), strict=True)
    ):
        out[i] = abs(light[i] - np.median(light[a:b])) > LIGHT_JUMP + 5 or sharp[i] < DULL * np.median(
            sharp[a:b]
        )
    return out


def flashed(signals: Signals) -> NDArray[np.bool_]:
    """(N,) sampled frames within 0.2 s of a jump of light that comes back within half a second."""
    if "frames.exposure_mean" not in signals:
        return np.zeros(signals.rows("frames.time_s"), np.bool_)
    times = signals["frames.time_s"]
    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 0.1
    jumps = (
        np.abs(bumps(signals["frames.exposure_mean"].astype(np.float64), int(0.5 / max(step_s, 1e-3)) + 1))
        > LIGHT_JUMP
    )
    reach = max(1, round(0.2 / max(step_s, 1e-3)))
    return (
        np.convolve(jumps, np.ones(2 * reach + 1))[reach : reach + len(times)] > 0
    )  # "same" is longer than a few frames


def shown_again(signals: Signals, rows: NDArray[np.int64], vectors: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) rows of `crops` of a frame that was shown again; what the events mode repeats on purpose is not
    meant.
    """
    if "crops.fresh" in signals and not signals["crops.fresh"][rows].all():
        return np.zeros(len(rows), np.bool_)
    return stale(vectors, DULL)
