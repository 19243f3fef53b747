"""How far vectors are from what was usual around them: baselines over time for embeddings. Pure: arrays in,
arrays out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.signals.series import ema_alpha
from momentscan.values import Series

Embeddings = NDArray[np.float64]
"""(N, D)."""


def pooled(
    time_s: Series, vectors: Embeddings, centres_s: Series, clip_s: float, pool: int, share: float
) -> tuple[Embeddings, NDArray[np.bool_]]:
    """The mean of at most `pool` evenly spaced vectors in each clip `[centre - clip/2, centre + clip/2)`, of
    length 1: ((K, D), (K,) valid).

    A clip is valid if it holds at least `share` of the vectors that a clip usually holds (readings H9, H10:
    re-normalise after pooling).
    """
    starts, ends = (
        np.searchsorted(time_s, centres_s - clip_s / 2),
        np.searchsorted(time_s, centres_s + clip_s / 2),
    )
    step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else clip_s
    least = max(1.0, share * min(clip_s / max(step_s, 1e-6), ends.max(initial=0)))
    out = np.zeros((len(centres_s), vectors.shape[1]))
    valid = (ends - starts) >= least - 1e-9
    for k in np.flatnonzero(valid):
        n = int(ends[k] - starts[k])
        rows = starts[k] + (np.arange(n) if n <= pool else np.round(np.linspace(0, n - 1, pool)).astype(int))
        mean = vectors[rows].mean(axis=0)
        out[k] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return out, valid


def ema_delta(time_s: Series, vectors: Embeddings, tau_s: float, restart: NDArray[np.bool_]) -> Series:
    """‖e - EMA(e)‖ / (1 - α): (N, D) -> (N,). (highlight_vector §4; readings H1, H2, H9)

    α = 1 - exp(-Δt/τ), so that the rate of the samples does not matter; the EMA starts at the median of the
    first 2τ, and anew where `restart` says so.
    """
    out = np.full(len(time_s), np.nan)
    starts = np.flatnonzero(np.concatenate([[True], restart[1:]])) if len(time_s) else np.zeros(0, int)
    for a, b in zip(starts, np.append(starts[1:], len(time_s)), strict=True):
        early = time_s[a:b] < time_s[a] + 2 * tau_s
        base = np.asarray(np.median(vectors[a:b][early], axis=0))
        for i in range(a, b):
            alpha = 1.0 if tau_s <= 0 else ema_alpha(time_s[i] - time_s[i - 1], tau_s) if i > a else 0.0
            away = vectors[i] - base
            base = base + alpha * away
            out[i] = float(np.linalg.norm(away))  # (e - ema) / (1 - α), where ema already holds e
    return out


def local_delta(time_s: Series, vectors: Embeddings, span_s: float, restart: NDArray[np.bool_]) -> Series:
    """‖e - median of the vectors within ± span/2‖, within the same stretch: (N, D) -> (N,). (readings H1:
    two-sided local median, 8 s)
    """
    out = np.full(len(time_s), np.nan)
    stretch = np.cumsum(restart)
    for i in range(len(time_s)):
        near = (np.abs(time_s - time_s[i]) <= span_s / 2) & (stretch == stretch[i])
        out[i] = float(np.linalg.norm(vectors[i] - np.median(vectors[near], axis=0)))
    return out


BLOCK = 512
"""Rows compared at a time, so that hours of clips want no square of their number in memory."""


def knn_novelty(time_s: Series, vectors: Embeddings, k: int, apart_s: float) -> Series:
    """Mean distance to the k nearest vectors at least `apart_s` away in time: (N, D) -> (N,); NaN where there
    are none. (readings H1)
    """
    out = np.full(len(time_s), np.nan)
    for a in range(0, len(time_s), BLOCK):
        square = np.clip(2 - 2 * (vectors[a : a + BLOCK] @ vectors.T), 0, None)
        square[np.abs(time_s[a : a + BLOCK, None] - time_s[None]) < apart_s] = np.inf
        nearest = np.sort(np.partition(square, min(k, square.shape[1]) - 1, axis=1)[:, :k], axis=1)
        there = np.isfinite(nearest)
        distance = np.sqrt(np.where(there, nearest, 0.0)).sum(axis=1)
        out[a : a + BLOCK] = np.where(there.any(axis=1), distance / np.maximum(there.sum(axis=1), 1), np.nan)
    return out


FEW = 6
"""Clips: 3 s of somebody at a stride of half a second. Of fewer nothing can be said to be usual, and the
first look would be a sensation.
"""


@dataclass(frozen=True)
class Novelty:
    """How far the vector of each clip is from a baseline of its own past, surroundings, or likest moments."""

    baseline: Annotated[
        str,
        Knob(
            "",
            source="readings H1: EMA (the seed's), two-sided local median, kNN novelty, or their mean; "
            "kNN was best on planted expressions",
            choices=("ema", "local", "knn", "ensemble"),
        ),
    ] = "knn"
    tau_s: Annotated[
        float, Knob("s", source="readings H2: the seed's 0.3 at its own stride of 0.5 s is 1.40 s", low=0)
    ] = 1.4
    local_s: Annotated[float, Knob("s", source="readings H1: two-sided local median (8 s)", low=0.5)] = 8.0
    knn: Annotated[
        int, Knob("vectors", source="swept 1, 3, 10, 30 on planted videos (decision 0007)", low=1)
    ] = 1
    apart_s: Annotated[float, Knob("s", source="readings H1: kNN novelty with ±2 s excluded", low=0)] = 2.0

    def delta(self, centres_s: Series, clips: Embeddings, valid: NDArray[np.bool_], cuts_s: Series) -> Series:
        """(K,) distance of each valid clip to its baseline, which starts anew at a cut and after a gap; NaN
        where it cannot be known.
        """
        out = np.full(len(centres_s), np.nan)
        if valid.sum() < FEW:
            return out
        at, vectors = centres_s[valid], clips[valid]
        cut = np.diff(np.searchsorted(cuts_s, at)) > 0
        restart = np.concatenate([[True], (np.diff(at) > 1.0) | cut])
        kinds: dict[str, Callable[[], Series]] = {
            "ema": lambda: ema_delta(at, vectors, self.tau_s, restart),
            "local": lambda: local_delta(at, vectors, self.local_s, restart),
            "knn": lambda: knn_novelty(at, vectors, self.knn, self.apart_s),
        }
        chosen = kinds.values() if self.baseline == "ensemble" else [kinds[self.baseline]]
        out[valid] = mean_of_known(np.stack([make() for make in chosen]))
        return out


def mean_of_known(rows: NDArray[np.float64]) -> Series:
    """Mean of the finite values in each column: (M, K) -> (K,); NaN where there are none."""
    known = np.isfinite(rows)
    total = np.where(known, rows, 0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def stale(vectors: Embeddings, share: float) -> NDArray[np.bool_]:
    """(N,) vectors that moved from the one before by less than `share` of the median step: the same frame
    shown again.
    """
    out = np.zeros(len(vectors), np.bool_)
    if len(vectors) > 2:
        steps = np.linalg.norm(np.diff(vectors, axis=0), axis=1)
        out[1:] = steps < share * np.median(steps)
    return out
