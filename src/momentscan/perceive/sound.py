"""How loud it is, how that changes, and where something sets in: one row per half second, and the level
itself every 23 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from momentscan.signals.series import rms
from momentscan.values import SOUND_HZ, Batch, Columns

BIN = SOUND_HZ // 2
"""Samples in a bin: 0.5 s (seed 004, and readings T2: 11 025 samples)."""

FRAME, HOP = 2048, 512
"""librosa's defaults for short-time analysis."""

FLOOR_DB = -60.0
CHANGE_DB = 30.0
"""Readings T3: level differences in dB with a floor of -60 dB, within ±30."""

FLUX_FLOOR = 1e-6
"""Power of -60 dB re a full-scale sine, under which the spectrum counts as silent."""


class Sound:
    """RMS exactly as `librosa.feature.rms` gives it, its change, its short-time peaks and spectral onsets.
    NaN where the file has no sound.
    """

    name = "sound"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = (
        "sound.time_s",
        "sound.rms",
        "sound.rms_change_db",
        "sound.loud_db",
        "sound.onset",
        "level.time_s",
        "level.db",
    )
    short_side_px = 1
    made_by: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._samples = np.zeros(0, np.float32)
        self._first = 0  # sample number of self._samples[0]
        self._bin = 0
        self._level_db: float | None = None
        self._spectrum: NDArray[np.float64] | None = None
        self._levels: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)  # periodic Hann, as librosa's

    def process(self, batch: Batch, seen: Columns) -> Columns:
        self._samples = np.concatenate([self._samples, batch.sound])
        rows = []
        while self._first + len(self._samples) >= (self._bin + 1) * BIN + FRAME // 2:
            rows.append(self._row((self._bin + 1) * BIN))
        return self._columns(rows)

    def finish(self) -> Columns:
        rows = []
        end = self._first + len(self._samples)
        while end - self._bin * BIN >= BIN // 2:  # a last bin of less than half its length says nothing
            rows.append(self._row(min((self._bin + 1) * BIN, end)))
        return self._columns(rows)

    def _columns(self, rows: list[tuple[float, ...]]) -> Columns:
        names = [name for name in self.writes if name.startswith("sound.")]
        table = np.array(rows, np.float64).reshape(len(rows), len(names))
        columns = {
            name: table[:, i].astype(np.float64 if i == 0 else np.float32) for i, name in enumerate(names)
        }
        levels, self._levels = self._levels, []
        centres = np.concatenate([c for c, _ in levels]) if levels else np.zeros(0)
        level_db = np.concatenate([db for _, db in levels]) if levels else np.zeros(0)
        return columns | {"level.time_s": centres / SOUND_HZ, "level.db": level_db.astype(np.float32)}

    def _row(self, end: int) -> tuple[float, ...]:
        """The row of the bin [bin * BIN, end), which then is done with; keeps what the next bin's first
        frames reach back to.
        """
        start = self._bin * BIN
        heard = self._between(start, end)
        missing = float(np.isnan(heard).mean()) > 0.5
        level = float(rms(np.nan_to_num(heard), len(heard), len(heard))[0])
        centres = np.arange(-(-start // HOP), -(-end // HOP)) * HOP
        frames = np.nan_to_num(self._between(int(centres[0]) - FRAME // 2, int(centres[-1]) + FRAME // 2))
        short = rms(frames, FRAME, HOP)
        short_db = np.maximum(FLOOR_DB, 20 * np.log10(np.maximum(short, 1e-12)))
        self._levels.append((centres, np.full(len(centres), np.nan) if missing else short_db))
        onset = self._flux(frames)
        level_db = max(FLOOR_DB, 20 * np.log10(max(level, 1e-12)))
        change_db = (
            0.0
            if self._level_db is None
            else float(np.clip(level_db - self._level_db, -CHANGE_DB, CHANGE_DB))
        )
        self._level_db = level_db
        loud_db = max(FLOOR_DB, 20 * float(np.log10(max(float(np.percentile(short, 95)), 1e-12))))
        self._bin += 1
        keep = max(self._first, self._bin * BIN - FRAME)
        self._samples, self._first = self._samples[keep - self._first :], keep
        values = (level, change_db, loud_db, onset)
        return (start / SOUND_HZ, *(values if not missing else (np.nan,) * len(values)))

    def _between(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples [start, end), zero outside of what there is (librosa's centre padding)."""
        low, high = max(start, self._first), min(end, self._first + len(self._samples))
        inner = self._samples[low - self._first : max(low, high) - self._first]
        return np.concatenate(
            [np.zeros(low - start, np.float32), inner, np.zeros(end - max(low, high), np.float32)]
        )

    def _flux(self, samples: NDArray[np.float32]) -> float:
        """Largest mean rise (dB) of the log spectrum from one hop to the next; the first frame of all has
        none before it.
        """
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
        power = np.abs(np.fft.rfft(frames * self._window)) ** 2 / (FRAME / 4) ** 2
        levels = 10 * np.log10(power + FLUX_FLOOR)
        before = levels[:1] if self._spectrum is None else self._spectrum[None]
        self._spectrum = levels[-1]
        return float(np.maximum(np.diff(np.concatenate([before, levels]), axis=0), 0).mean(axis=1).max())
