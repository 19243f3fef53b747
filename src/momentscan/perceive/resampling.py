"""The sound of a video at 16 kHz, as networks of speech and of audio events want it, in pieces that no batch
decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from momentscan.values import SOUND_HZ

Sound = NDArray[np.float32]
"""(M,) mono samples; NaN where the file carries none."""

RATE_HZ = 16000
UP, DOWN = RATE_HZ // gcd(RATE_HZ, SOUND_HZ), SOUND_HZ // gcd(RATE_HZ, SOUND_HZ)
"""320 / 441."""

BLOCK = 25 * DOWN
"""Samples in a block: 0.5 s in, exactly 8000 out."""

MARGIN = DOWN
"""Samples heard on both sides of a block: more than the 14 that the filter reaches."""

HALF_TAPS, KAISER_BETA = 10, 5.0
"""The anti-alias filter of scipy.signal.resample_poly: a Kaiser window of ten periods of the lower rate to
each side.
"""


class Resampled:
    """22 050 Hz in, 16 kHz out. What is put in may come in any pieces; what comes out is computed block by
    block, so it is the same.
    """

    def __init__(self) -> None:
        self._waiting = np.full(MARGIN, np.nan, np.float32)

    def __call__(self, sound: Sound) -> Sound:
        """What is complete after these samples: (M,) -> (K * 8000,), K may be 0."""
        self._waiting = np.concatenate([self._waiting, sound])
        done = [np.zeros(0, np.float32)]
        while len(self._waiting) >= BLOCK + 2 * MARGIN:
            done.append(_resampled(self._waiting[: BLOCK + 2 * MARGIN]))
            self._waiting = self._waiting[BLOCK:]
        return np.concatenate(done)

    def rest(self) -> Sound:
        """What is left at the end, so that all that came out lasts as long as all that went in (within a
        sample).
        """
        left = max(0, len(self._waiting) - MARGIN)
        wanted = -(-left * UP // DOWN)
        padded = self(np.full(2 * BLOCK, np.nan, np.float32))
        self._waiting = self._waiting[:MARGIN]
        return padded[:wanted]


class Steps:
    """Samples in any pieces to rows of `length` samples, one every `hop`, and the number of each row's first
    sample.
    """

    def __init__(self, length: int, hop: int) -> None:
        self._length, self._hop = length, hop
        self._waiting = np.zeros(0, np.float32)
        self._first = 0

    def __call__(self, sound: Sound) -> Iterator[tuple[int, Sound]]:
        """(first sample, (length,)) of every row that is complete after these samples."""
        self._waiting = np.concatenate([self._waiting, sound])
        while len(self._waiting) >= self._length:
            yield self._first, self._waiting[: self._length]
            self._waiting = self._waiting[self._hop :]
            self._first += self._hop

    def rest(self, least: int) -> Iterator[tuple[int, Sound]]:
        """What is left at the end, filled up with silence, where it has at least `least` samples that no row
        has shown.
        """
        shown = self._length - self._hop if self._first else 0
        if len(self._waiting) - shown >= least:
            yield (
                self._first,
                np.concatenate([self._waiting, np.zeros(self._length - len(self._waiting), np.float32)]),
            )


def _resampled(sound: Sound) -> Sound:
    """One block with its margins to the block at the other rate. What lies where nothing was heard is
    missing.
    """
    missing = np.isnan(sound)
    first, weights = _polyphase()
    place = (
        MARGIN + np.arange(0, BLOCK, DOWN)[:, None] + first
    )  # (25, 320) of the first sample that each one hears
    heard = np.lib.stride_tricks.sliding_window_view(
        np.where(missing, np.float32(0), sound), weights.shape[1]
    )[place]
    out = np.asarray(np.einsum("bnk,nk->bn", heard, weights), np.float32).reshape(-1)
    if missing.any():
        nearest = MARGIN + (np.arange(len(out)) * DOWN + UP // 2) // UP
        out[missing[nearest]] = np.nan
    return out


@cache
def _polyphase() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each of the 320 outputs of a period: the first sample that its filter reaches (320,), and the
    filter's taps from there on (320, K).

    scipy.signal.resample_poly's own numbers; importing scipy.signal takes longer than resampling an hour.
    """
    half = HALF_TAPS * max(UP, DOWN)
    at = np.arange(-half, half + 1)
    taps = np.sinc(at / max(UP, DOWN)) * np.kaiser(len(at), KAISER_BETA)
    taps *= UP / taps.sum()
    centre = np.arange(UP) * DOWN
    first = -(-(centre - half) // UP)
    place = centre[:, None] - (first[:, None] + np.arange(2 * half // UP + 1)) * UP + half
    inside = (place >= 0) & (place <= 2 * half)
    return first, np.where(inside, taps[place.clip(0, 2 * half)], 0.0).astype(np.float32)
