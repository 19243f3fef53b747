"""What highlight_saliency measures: movement, picture change and loudness, at instants and over windows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.values import Series

WORDS = {"motion": "movement", "embed": "change of the picture", "audio": "loudness"}

MOST = 32.0
"""Times its usual that is enough for anything: more is a cut, a flash or a near-silent, near-still video."""


class Modality(NamedTuple):
    """One modality at its own instants.

    value (N,) in its own unit: diagonals/s, 1 - cos, dB over the video's median; lift (N,) how many times its
    usual that is.
    """

    time_s: Series
    value: Series
    lift: Series


class Windows(NamedTuple):
    """Windows `[starts, ends)`, with each part's value and lift in them: name -> (N,), NaN where the part has
    no instant there.
    """

    starts: Series
    ends: Series
    values: Mapping[str, Series]
    lifts: Mapping[str, Series]


def spans_of(runs: Sequence[NDArray[np.int64]], windows: Windows) -> list[list[float]]:
    """[start_s, end_s] of each run; where a split run's windows reach into the next one, both end at the
    middle.
    """
    spans = [[float(windows.starts[run[0]]), float(windows.ends[run[-1]])] for run in runs]
    for before, after in itertools.pairwise(spans):
        if before[1] > after[0]:
            before[1] = after[0] = (before[1] + after[0]) / 2
    return spans


def usual_of(value: Series, floor: float) -> float:
    """The median of what is finite, but at least the floor."""
    finite = value[np.isfinite(value)]
    return max(float(np.median(finite)), floor) if len(finite) else floor


def why_at(windows: Windows, at: int) -> str:
    """In words: each part, the one that rises most first, how many times its usual it is and how it ranks
    among all windows.
    """
    phrases = []
    for name in sorted(windows.lifts, key=lambda n: -np.nan_to_num(windows.lifts[n][at])):
        value, lift = windows.values[name], windows.lifts[name][at]
        if np.isfinite(lift):
            finite = value[np.isfinite(value)]
            higher = int(np.sum(finite > value[at]))
            rank = (
                "the most of all windows"
                if higher == 0
                else f"more than in {100 * np.mean(finite < value[at]):.0f} % of windows"
            )
            size = (
                f"{20 * np.log10(max(lift, 1e-3)):+.0f} dB over its usual"
                if name == "audio"
                else f"{lift:.1f} times its usual"
            )
            phrases.append(f"{WORDS[name]} {size}, {rank}")
    return "; ".join(phrases)
