"""The best, different frames of a window, chosen from the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.signals import Signals
from momentscan.signals.series import percentile, percentile_rank
from momentscan.signals.vectors import Vectors
from momentscan.values import Pick, Series, Window


class Picked(NamedTuple):
    """What was chosen, how many frames were looked at, and how many failed the gate for each reason."""

    picks: tuple[Pick, ...]
    considered: int
    failed: dict[str, int]


class Looks(NamedTuple):
    """Vision vectors of some instants: `time_s (N,)`, `vectors` (N, D), and the change under which two of them look the same."""

    time_s: Series
    vectors: Vectors
    same: float


@dataclass(frozen=True)
class Picks:
    """Gate, soft score, then greedy choice of frames that differ (seed 000 §10; readings H16)."""

    count: Annotated[int, Knob("frames", source="seed 000: 1-3 best frames per window", low=1, high=20)] = 3
    exposure_low: Annotated[float, Knob("grey 0-255", source="QualityGate: 40 ≤ mean ≤ 220", low=0, high=255)] = 40.0
    exposure_high: Annotated[float, Knob("grey 0-255", source="QualityGate: 40 ≤ mean ≤ 220", low=0, high=255)] = 220.0
    contrast_low: Annotated[float, Knob("", source="QualityGate: local contrast CV ≥ 0.05", low=0)] = 0.05
    sharpness_share: Annotated[
        float, Knob("", source="QualityGate loose: blur floor halved; here relative to the video's median", low=0)
    ] = 0.5
    w_sharp: Annotated[float, Knob("", source="taste; to be swept", low=0)] = 0.4
    w_exposure: Annotated[float, Knob("", source="taste; to be swept", low=0)] = 0.1
    w_peak: Annotated[float, Knob("", source="taste; to be swept", low=0)] = 0.5
    near_s: Annotated[float, Knob("s", source="seed 000: window = peak ± 1.0 s", low=0.01)] = 1.0
    apart_s: Annotated[float, Knob("s", source="taste: two stills of half a second are one", low=0)] = 0.5
    same: Annotated[float, Knob("%", source="readings H16: duplicate = under p25 of 1 - cos of pairs ≥ 1 s apart", low=0, high=100)] = 25.0

    def __call__(self, signals: Signals, windows: Sequence[Window]) -> list[Picked]:
        """For each window at most `count` picks, best first. Frames that fail the gate are never picked; then it is empty and says why."""
        if not windows:
            return []
        failures = self._gate(signals)
        sharp = percentile_rank(signals["frames.sharpness"].astype(np.float64))
        looks = self._looks(signals, windows)
        return [self._choose(signals, window, failures, sharp, looks) for window in windows]

    def _choose(
        self, signals: Signals, window: Window, failures: Mapping[str, NDArray[np.bool_]], sharp: Series, looks: Looks | None
    ) -> Picked:
        time_s = signals["frames.time_s"]
        rows = np.arange(np.searchsorted(time_s, window.start_s), np.searchsorted(time_s, window.end_s))
        failed = {reason: int(bad[rows].sum()) for reason, bad in failures.items() if bad[rows].any()}
        quality = self._quality(signals, window, sharp)
        passing = rows[~np.any([bad[rows] for bad in failures.values()], axis=0)]
        order = passing[np.lexsort((time_s[passing], -quality[passing]))]
        chosen: list[int] = []
        for row in order.tolist():
            if len(chosen) < self.count and self._differs(time_s, row, chosen, looks):
                chosen.append(row)
        return Picked(tuple(self._pick(signals, row, float(quality[row])) for row in chosen), len(rows), failed)

    def _gate(self, signals: Signals) -> dict[str, NDArray[np.bool_]]:
        """reason -> (N,) which frames fail for it; all failures are kept (QualityGate: no early exit)."""
        exposure, contrast, sharpness = (signals[f"frames.{n}"] for n in ("exposure_mean", "contrast", "sharpness"))
        return {
            "gate.exposure.black": exposure < self.exposure_low,
            "gate.exposure.white": exposure > self.exposure_high,
            "gate.exposure.contrast": contrast < self.contrast_low,
            "gate.blur.frame": sharpness < self.sharpness_share * (np.median(sharpness) if len(sharpness) else 0.0),
        }

    def _quality(self, signals: Signals, window: Window, sharp: Series) -> Series:
        """(N,) in [0, 1]: sharp for this video, well exposed, near the peak."""
        exposed = 1 - np.abs(signals["frames.exposure_mean"].astype(np.float64) - 127.5) / 127.5
        near = np.exp(-np.abs(signals["frames.time_s"] - window.peak_s) / self.near_s)
        total = self.w_sharp + self.w_exposure + self.w_peak
        return (self.w_sharp * sharp + self.w_exposure * exposed + self.w_peak * near) / max(total, 1e-12)

    def _differs(self, time_s: Series, row: int, chosen: list[int], looks: Looks | None) -> bool:
        """Whether a frame is far enough from those chosen, in time and in look."""
        if any(abs(time_s[row] - time_s[other]) < self.apart_s for other in chosen):
            return False
        if not chosen or looks is None:
            return True
        nearest = [int(np.argmin(np.abs(looks.time_s - time_s[i]))) for i in (row, *chosen)]
        change = 1 - looks.vectors[nearest[:1]].cosine(looks.vectors[nearest[1:]])
        return bool(change.min() >= looks.same)

    def _looks(self, signals: Signals, windows: Sequence[Window]) -> Looks | None:
        """The vectors around the windows, and the change under which two frames of this video count as one; None without vectors."""
        at = signals["vision.time_s"] if "vision.embedding" in signals else np.zeros(0)
        if len(at) < 2:
            return None
        sample = np.arange(0, len(at), max(1, len(at) // 64))
        around = [np.arange(np.searchsorted(at, w.start_s) - 1, np.searchsorted(at, w.end_s) + 1) for w in windows]
        rows = np.unique(np.concatenate([sample, *around]).clip(0, len(at) - 1))
        vectors = signals.vectors("vision.embedding", rows)
        some = vectors[np.searchsorted(rows, sample)]
        apart = np.abs(at[sample][:, None] - at[sample][None]) >= 1.0
        changes = (1 - some.cosine(some))[apart]
        return Looks(at[rows], vectors, percentile(changes, self.same) if len(changes) else 0.0)

    def _pick(self, signals: Signals, row: int, quality: float) -> Pick:
        measures = {n: float(signals[f"frames.{n}"][row]) for n in ("sharpness", "exposure_mean", "contrast")}
        return Pick(float(signals["frames.time_s"][row]), int(signals["frames.frame_idx"][row]), quality, measures)
