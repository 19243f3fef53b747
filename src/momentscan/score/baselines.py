"""What is usual around an instant: running medians and averages within stretches that no cut and no gap
breaks, and what falls out of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from momentscan.signals.series import ema_alpha
from momentscan.values import Series

EPSILON_S = 1e-6
"""Less than any two frames are apart; keeps rounding of times out of comparisons."""


def running_median(time_s: Series, x: Series, span_s: float, stretch: NDArray[np.int64]) -> Series:
    """(N,) median of x within ± span/2 of each instant, within its stretch: (N,) -> (N,). (readings H1:
    two-sided local median)
    """
    first, last = np.searchsorted(stretch, stretch), np.searchsorted(stretch, stretch, side="right")
    a = np.maximum(first, np.searchsorted(time_s, time_s - span_s / 2 - EPSILON_S))
    b = np.minimum(last, np.searchsorted(time_s, time_s + span_s / 2 + EPSILON_S))
    return np.array([np.median(x[i:j]) for i, j in zip(a, b, strict=True)], np.float64)


def running_ema(time_s: Series, x: Series, tau_s: float, stretch: NDArray[np.int64]) -> Series:
    """(N,) what x was just before each instant: an EMA that starts at the median of the first 2τ of each
    stretch (readings H1, H2, H9).
    """
    out = np.zeros(len(x))
    for number in np.unique(stretch):
        at = np.flatnonzero(stretch == number)
        base = float(np.median(x[at][time_s[at] <= time_s[at[0]] + 2 * tau_s]))
        for before, i in zip([at[0], *at[:-1]], at, strict=True):
            out[i] = base
            base += ema_alpha(time_s[i] - time_s[before], tau_s) * (x[i] - base)
    return out


def glitches(
    time_s: Series, light: Series, sharpness: Series, light_by: float, blur_to: float
) -> NDArray[np.bool_]:
    """(N,) where light is off by more than `light_by`, or sharpness under `blur_to` times, from the median
    within ± 2 s.
    """
    whole = np.zeros(len(time_s), np.int64)
    off = np.abs(light - running_median(time_s, light, 4.0, whole)) > light_by
    return np.asarray(off | (sharpness < blur_to * running_median(time_s, sharpness, 4.0, whole)))


def stretches(time_s: Series, cuts: Series, gap_s: float) -> NDArray[np.int64]:
    """(N,) number of the stretch without a cut and without a gap of more than `gap_s` that each instant
    belongs to (readings H9).
    """
    shot = np.searchsorted(cuts, time_s, side="right")
    return np.cumsum((np.diff(time_s, prepend=-np.inf) > gap_s) | (np.diff(shot, prepend=-1) != 0))
