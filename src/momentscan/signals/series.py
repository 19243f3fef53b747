"""Arithmetic on time series. Pure: arrays in, arrays out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.values import Series

MAD_TO_SIGMA = 1.4826
"""1 / Φ⁻¹(3/4): makes the median absolute deviation estimate the standard deviation of a normal distribution.
"""

ROUNDING = 1e-12
"""A spread below this is rounding of what does not vary, in any unit that is logged."""


def rms(samples: NDArray[np.floating[Any]], frame_length: int, hop_length: int) -> Series:
    """Root mean square of frames, without padding: (M,) -> (1 + (M - frame_length) // hop_length,).

    The same numbers as `librosa.feature.rms(y=…, frame_length=…, hop_length=…, center=False)`.
    """
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(samples), frame_length)[::hop_length]
    return np.asarray(np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1)))


def robust_z(x: Series, floor: float = 0.0) -> Series:
    """(x - median) / max(1.4826 MAD, floor) over the finite values: (N,) -> (N,). NaN stays NaN; 0 where
    nothing varies.

    `floor` is the smallest spread worth noticing, in the unit of x; it keeps a still video from shouting.
    """
    finite = x[np.isfinite(x)]
    if not len(finite):
        return np.full(len(x), np.nan)
    middle = np.median(finite)
    spread = max(MAD_TO_SIGMA * float(np.median(np.abs(finite - middle))), floor)
    return (
        np.where(np.isfinite(x), (x - middle) / spread, np.nan)
        if spread > ROUNDING
        else np.where(np.isfinite(x), 0.0, np.nan)
    )


def percentile_rank(x: Series) -> Series:
    """Share of the finite values below each, ties at their middle: (N,) -> (N,) in (0, 1). NaN stays NaN.
    (readings, H7)
    """
    ranks = np.full(len(x), np.nan)
    finite = np.isfinite(x)
    values = np.sort(x[finite])
    if len(values):
        below = np.searchsorted(values, x[finite], "left")
        through = np.searchsorted(values, x[finite], "right")
        ranks[finite] = (below + through) / 2 / len(values)
    return ranks


def soft_percentile(x: Series, low: float = 50, high: float = 99) -> Series:
    """(x - p50) / (p99 - p50): (N,) -> (N,), which keeps amplitude; 0 where nothing varies. NaN stays NaN.
    (readings, H7)
    """
    finite = x[np.isfinite(x)]
    if not len(finite):
        return np.full(len(x), np.nan)
    bottom, top = np.percentile(finite, [low, high])
    return np.where(np.isfinite(x), (x - bottom) / (top - bottom) if top > bottom else 0.0, np.nan)


def percentile(x: Series, q: float) -> float:
    """The q-th percentile (0 to 100) with linear interpolation, as `np.percentile` gives it, in a tenth of
    its time for short arrays.
    """
    ordered = np.sort(x)
    at = q / 100 * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (at - low))


def gaussian(x: Series, sigma: float) -> Series:
    """Zero-phase Gaussian smoothing, sigma in samples, edges reflected: (N,) -> (N,). sigma = 0 changes
    nothing.
    """
    if sigma < 1e-3 or len(x) < 2:  # a kernel of one sample
        return x.astype(np.float64)
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(x.astype(np.float64), sigma, mode="reflect"), np.float64)


def median_filter(x: Series, size: int) -> Series:
    """Running median over an odd number of samples, edges repeated: (N,) -> (N,). size 1 changes nothing."""
    if size <= 1 or not len(x):
        return x.astype(np.float64)
    from scipy.ndimage import median_filter as filtered

    return np.asarray(filtered(x.astype(np.float64), size, mode="nearest"), np.float64)


def cosine_change(vectors: NDArray[np.float32]) -> Series:
    """1 - cos of each unit vector with the one before: (N, D) -> (N,) in [0, 2]; NaN for the first (readings,
    S3).
    """
    change = np.full(len(vectors), np.nan)
    if len(vectors) > 1:
        change[1:] = np.maximum(0.0, 1.0 - (vectors[1:] * vectors[:-1]).sum(axis=1, dtype=np.float64))
    return change


def ema_alpha(step_s: float, tau_s: float) -> float:
    """The weight of a new sample after `step_s`, so that an average forgets with `tau_s` at any rate: 1 -
    exp(-Δt/τ). (readings H2)
    """
    return 1.0 if tau_s <= 0 else 1.0 - math.exp(-step_s / tau_s)


def ema(x: Series, alpha: float) -> Series:
    """Exponential moving average, alpha x + (1 - alpha) previous, started at the first: (N,) -> (N,). alpha =
    1 changes nothing.
    """
    out = x.astype(np.float64)
    for i in range(1, len(out)):
        out[i] = alpha * out[i] + (1 - alpha) * out[i - 1]
    return out


def zero_phase_ema(x: Series, alpha: float) -> Series:
    """The same forwards and then backwards, which moves no peak: (N,) -> (N,). (readings H3)"""
    return ema(ema(x, alpha)[::-1], alpha)[::-1]


def bumps(x: Series, width: int) -> Series:
    """What rises or falls and comes back within `width` samples, without ramps and steps: (N,) -> (N,), + up,
    - down.

    White and black top-hat of mathematical morphology (Serra 1982).
    """
    if len(x) < 2:
        return np.zeros(len(x))
    from scipy.ndimage import grey_closing, grey_opening

    up, down = x - grey_opening(x, width), grey_closing(x, width) - x
    return np.asarray(np.where(up >= down, up, -down), np.float64)
