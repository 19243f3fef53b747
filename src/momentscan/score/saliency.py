"""highlight_saliency: windows of five seconds in which much moves, changes and sounds (seed 002, Clip Highlights)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from momentscan.knobs import Knob
from momentscan.score.intervals import Intervals, local_maxima
from momentscan.signals import Signals
from momentscan.signals.series import cosine_change, gaussian, median_filter, percentile_rank, robust_z, soft_percentile
from momentscan.values import Candidate, Curve, Moment, Series, Verdict, Window

WORDS = {"motion": "movement", "embed": "change of the picture", "audio": "loudness"}
UNITS = {"motion": "diagonals/s", "embed": "1 - cos", "audio": "dB over the median"}


class Part(NamedTuple):
    """One modality at its own instants: `value` in its unit, `z` its robust z-score within this video."""

    time_s: Series
    value: Series
    z: Series


@dataclass(frozen=True)
class Saliency:
    """0.4 motion + 0.4 change of embedding + 0.2 loudness over overlapping windows, all relative to the video itself.

    Per-instant series are computed once for the whole video and aggregated per window (readings S2), so that overlapping windows do
    not go back in time. A part that never stands out of the video's usual is left out and its weight shared; where none stands
    out the engine abstains (readings H6).
    """

    window_s: Annotated[float, Knob("s", source="seed 002: 5 s windows", low=1, high=60)] = 5.0
    hop_s: Annotated[float, Knob("s", source="seed 002: 0-5, 3-8, 6-11; readings S1", low=0.25, high=60)] = 3.0
    min_window_s: Annotated[float, Knob("s", source="readings S1: last partial window kept if ≥ 2 s", low=0.1)] = 2.0
    w_motion: Annotated[float, Knob("", source="seed 002: 0.4", low=0)] = 0.4
    w_embed: Annotated[float, Knob("", source="seed 002: 0.4", low=0)] = 0.4
    w_audio: Annotated[float, Knob("", source="seed 002: 0.2", low=0)] = 0.2
    camera: Annotated[
        str, Knob("", source="readings S4: subtract the median flow (camera); keep = the seed's mean |flow|", choices=("subtract", "keep"))
    ] = "subtract"
    aggregate: Annotated[
        str, Knob("", source="readings S5: p90 in a window, as the mean dilutes bursts; mean = the seed's", choices=("p90", "mean"))
    ] = "p90"
    norm: Annotated[
        str, Knob("", source="readings S6 -> H7: percentile rank; raw = the seed's", choices=("rank", "soft", "robust_z", "raw"))
    ] = "rank"
    smooth: Annotated[str, Knob("", source="seed 002: Gaussian or median", choices=("gaussian", "median", "none"))] = "gaussian"
    smooth_s: Annotated[float, Knob("s", source="readings S7: sigma = 1 hop = 3 s; for the median its whole width", low=0)] = 3.0
    percentile: Annotated[float, Knob("%", source="seed 002: 90th percentile", low=0, high=100)] = 90.0
    max_length_s: Annotated[float, Knob("s", source="readings S9: cap 30 s", low=1)] = 30.0
    contrast: Annotated[
        float,
        Knob("", source="readings H6, in robust z: what no instant of a video exceeds does not stand out; 0 = never abstain", low=0),
    ] = 4.0
    floor_motion: Annotated[float, Knob("diagonals/s", source="taste; flow of a still, noisy video is under a fifth of it", low=0)] = 0.01
    floor_embed: Annotated[float, Knob("1 - cos", source="taste; change of a still, noisy video is under a fifth of it", low=0)] = 0.004
    floor_audio: Annotated[float, Knob("dB", source="taste; the smallest difference of level heard in passing is about 1 dB", low=0)] = 1.0
    max_windows: Annotated[int, Knob("windows", source="taste", low=1)] = 50

    name: ClassVar[str] = "saliency"
    reads: ClassVar[tuple[str, ...]] = (
        "frames.time_s",
        "frames.motion",
        "frames.motion_local",
        "vision.time_s",
        "vision.embedding",
        "sound.time_s",
        "sound.loud_db",
        "scenes.start_s",
    )

    def curve(self, signals: Signals) -> Curve:
        """One value per window, at its start (seed 002: aligned to clip start); parts motion, embed, audio."""
        starts, ends = self._windows(signals.video.duration_s)
        parts, _ = self._parts(signals)
        return self._curve(starts, ends, parts)

    def judge(self, signals: Signals) -> Verdict:
        """Moments, best first; every local maximum of the smoothed curve is a candidate with its verdict."""
        starts, ends = self._windows(signals.video.duration_s)
        parts, absent = self._parts(signals)
        curve = self._curve(starts, ends, parts)
        if not len(starts):
            return self._nothing(curve, absent, f"too_short: {signals.video.duration_s:.2f} s, a window wants {self.min_window_s:g} s")
        if not parts:
            return self._nothing(curve, absent, "no_contrast: " + "; ".join(f"{WORDS[k]} {why}" for k, why in absent.items()))
        smoothed = self._smoothed(curve.value)
        chooser = Intervals(percentile=self.percentile, gap_s=self.hop_s, max_length_s=self.max_length_s)
        threshold = chooser.threshold(smoothed)
        runs = chooser.runs(smoothed, starts, ends)
        features = {name: self._aggregated(part.time_s, part.value, starts, ends) for name, part in parts.items()}
        chosen, candidates = [], []
        for run in runs:
            best = int(run[np.argmax(smoothed[run])])
            window = self._window(starts[run[0]], ends[run[-1]], parts)
            own = {name: float(series[best]) for name, series in curve.parts.items()}
            loudest = max(_peak(part, window) for part in parts.values())
            if loudest < self.contrast:
                reason = f"nothing in it exceeds {self.contrast:g} robust deviations from this video's usual (most: {loudest:.1f})"
                candidates.append(Candidate(window, float(curve.value[best]), own, "not_different", reason))
            else:
                measured = {name: _finite(features[name][best]) if name in features else None for name in WORDS}
                why = self._why(own, measured, features, float(smoothed[best]), threshold)
                chosen.append(Moment(window, float(curve.value[best]), self.name, why, own, measured))
        chosen.sort(key=lambda m: (-m.score, m.window.start_s))
        for i, moment in enumerate(chosen):
            over = i >= self.max_windows
            reason = f"rank {i + 1}, only {self.max_windows} are kept (max_windows)" if over else f"rank {i + 1}: {moment.why}"
            candidates.append(Candidate(moment.window, moment.score, moment.parts, "over_max" if over else "chosen", reason))
        candidates += self._below(curve, smoothed, threshold, runs, starts, ends, parts)
        candidates.sort(key=lambda c: (c.window.start_s, c.window.end_s))
        moments = tuple(_with_rivals(m, candidates) for m in chosen[: self.max_windows])
        none = None if moments else f"no_contrast: no window exceeds {self.contrast:g} robust deviations from this video's usual"
        return Verdict(self.name, curve, smoothed, threshold, moments, tuple(candidates), none, absent)

    def _windows(self, duration_s: float) -> tuple[Series, Series]:
        """(starts, ends): every hop, the last ones cut at the video's end and kept if long enough."""
        starts = np.arange(0.0, max(duration_s, 0.0), self.hop_s)
        ends = np.minimum(starts + self.window_s, duration_s)
        fits = ends - starts >= min(self.min_window_s, self.window_s)
        return starts[fits], ends[fits]

    def _parts(self, signals: Signals) -> tuple[dict[str, Part], dict[str, str]]:
        """The parts that say something in this video, and for the others why not."""
        series = {
            "motion": (self._motion(signals), self.floor_motion, self.w_motion),
            "embed": (_embed(signals), self.floor_embed, self.w_embed),
            "audio": (_audio(signals), self.floor_audio, self.w_audio),
        }
        parts, absent = {}, {}
        for name, (found, floor, weight) in series.items():
            if found is None:
                absent[name] = "was not logged" if name != "audio" else "is missing (no sound track, or none that could be decoded)"
                continue
            time_s, value = found
            part = Part(time_s, value, robust_z(value, floor))
            highest = float(np.nanmax(part.z)) if np.isfinite(part.z).any() else 0.0
            if weight == 0:
                absent[name] = "has weight 0"
            elif highest < self.contrast:
                absent[name] = f"never stands out (at most {highest:.1f} robust deviations from its usual, {self.contrast:g} asked)"
            else:
                parts[name] = part
        return parts, absent

    def _motion(self, signals: Signals) -> tuple[Series, Series] | None:
        """Flow between two shots is no motion: the first frame of each shot is taken out."""
        name = "frames.motion_local" if self.camera == "subtract" else "frames.motion"
        if name not in signals:
            return None
        time_s, motion = signals["frames.time_s"], signals[name].astype(np.float64)
        if "scenes.start_s" in signals and len(time_s):
            motion[np.searchsorted(time_s, signals["scenes.start_s"][1:]).clip(0, len(time_s) - 1)] = np.nan
        return time_s, motion

    def _curve(self, starts: Series, ends: Series, parts: Mapping[str, Part]) -> Curve:
        """Weighted sum of normalised parts, weights shared among those that are there in each window (readings H7: w / Σw)."""
        weights = {"motion": self.w_motion, "embed": self.w_embed, "audio": self.w_audio}
        total = np.zeros(len(starts))
        values = {}
        for name, part in parts.items():
            normed = self._normed(self._aggregated(part.time_s, part.value, starts, ends))
            values[name] = normed
            total += np.where(np.isfinite(normed), weights[name], 0.0)
        curve_parts = {
            name: np.where(np.isfinite(v), weights[name] * np.nan_to_num(v) / np.maximum(total, 1e-12), 0.0) for name, v in values.items()
        }
        curve_parts = {name: curve_parts.get(name, np.zeros(len(starts))) for name in weights}
        return Curve(starts, sum(curve_parts.values(), np.zeros(len(starts))), curve_parts, self.window_s)

    def _aggregated(self, time_s: Series, value: Series, starts: Series, ends: Series) -> Series:
        """(N,) 90th percentile (or mean) of the instants inside each window; NaN where there is none."""
        out = np.full(len(starts), np.nan)
        low, high = np.searchsorted(time_s, starts), np.searchsorted(time_s, ends)
        for i, (a, b) in enumerate(zip(low, high, strict=True)):
            inside = value[a:b][np.isfinite(value[a:b])]
            if len(inside):
                out[i] = np.percentile(inside, 90) if self.aggregate == "p90" else inside.mean()
        return out

    def _normed(self, x: Series) -> Series:
        return {"rank": percentile_rank, "soft": soft_percentile, "robust_z": robust_z, "raw": lambda v: v}[self.norm](x)

    def _smoothed(self, value: Series) -> Series:
        if self.smooth == "none":
            return value
        if self.smooth == "gaussian":
            return gaussian(value, self.smooth_s / self.hop_s)
        return median_filter(value, 2 * int(self.smooth_s / self.hop_s / 2) + 1)

    def _window(self, start_s: float, end_s: float, parts: Mapping[str, Part]) -> Window:
        """The interval with its peak: the half second in which the weighted robust z of all parts is highest."""
        grid = np.arange(start_s, end_s, 0.5)
        edges = np.append(grid, end_s)
        weights = {"motion": self.w_motion, "embed": self.w_embed, "audio": self.w_audio}
        total = np.zeros(len(grid))
        for name, part in parts.items():
            z = self._highest(part, edges)
            total += weights[name] * np.clip(np.nan_to_num(z), -10.0, 10.0)
        best = int(np.argmax(gaussian(total, 0.5)))
        return Window(float(start_s), float(end_s), float(min((edges[best] + edges[best + 1]) / 2, end_s)))

    @staticmethod
    def _highest(part: Part, edges: Series) -> Series:
        """(len(edges) - 1,) largest z in each bin; NaN where there is none."""
        at = np.searchsorted(part.time_s, edges)
        return np.array([np.nanmax(part.z[a:b]) if np.isfinite(part.z[a:b]).any() else np.nan for a, b in itertools.pairwise(at)])

    def _why(
        self, own: Mapping[str, float], measured: Mapping[str, float | None], features: Mapping[str, Series], level: float, threshold: float
    ) -> str:
        """In words: each part that is there, strongest first, in its own unit beside this video's median."""
        said = []
        for name in sorted(features, key=lambda n: -own[n]):
            value = measured[name]
            if value is not None:
                usual = float(np.nanmedian(features[name]))
                above = float(np.nanmean(features[name] <= value)) * 100
                said.append(f"{WORDS[name]} {value:.3g} {UNITS[name]} (usual {usual:.3g}, higher than {above:.0f} % of windows)")
        return "; ".join(said) + f"; smoothed score {level:.3f} ≥ {threshold:.3f} ({self.percentile:g}th percentile)"

    def _below(
        self,
        curve: Curve,
        smoothed: Series,
        threshold: float,
        runs: list[np.ndarray],
        starts: Series,
        ends: Series,
        parts: Mapping[str, Part],
    ) -> list[Candidate]:
        """Local maxima of the smoothed curve that no run took."""
        taken = {int(i) for run in runs for i in run}
        found = []
        for i in local_maxima(smoothed).tolist():
            if i not in taken:
                window = self._window(starts[i], ends[i], parts)
                own = {name: float(series[i]) for name, series in curve.parts.items()}
                weakest = min(parts, key=lambda n: own[n])
                reason = (
                    f"smoothed score {smoothed[i]:.3f} < {threshold:.3f} ({self.percentile:g}th percentile); weakest part {WORDS[weakest]}"
                )
                found.append(Candidate(window, float(curve.value[i]), own, "below_threshold", reason))
        return found

    def _nothing(self, curve: Curve, absent: Mapping[str, str], reason: str) -> Verdict:
        return Verdict(self.name, curve, curve.value, None, (), (), reason, absent)


def _embed(signals: Signals) -> tuple[Series, Series] | None:
    if "vision.embedding" not in signals:
        return None
    return signals["vision.time_s"], cosine_change(signals["vision.embedding"])


def _audio(signals: Signals) -> tuple[Series, Series] | None:
    """Short-time loudness in dB over the video's median (readings S5)."""
    if "sound.loud_db" not in signals:
        return None
    loud = signals["sound.loud_db"].astype(np.float64)
    if not np.isfinite(loud).any():
        return None
    return signals["sound.time_s"], loud - np.nanmedian(loud)


def _peak(part: Part, window: Window) -> float:
    """Largest z of a part inside a window; -inf where it has no instant there."""
    inside = part.z[np.searchsorted(part.time_s, window.start_s) : np.searchsorted(part.time_s, window.end_s)]
    return float(np.nanmax(inside)) if np.isfinite(inside).any() else -np.inf


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _with_rivals(moment: Moment, candidates: list[Candidate]) -> Moment:
    """The nearest candidates before and after it that were not chosen, with the reason."""
    lost = [c for c in candidates if c.verdict != "chosen"]
    before = [c for c in lost if c.window.peak_s < moment.window.peak_s][-1:]
    after = [c for c in lost if c.window.peak_s >= moment.window.peak_s][:1]
    rivals = tuple(f"{c.window.start_s:.1f}-{c.window.end_s:.1f} s (score {c.score:.3f}) not chosen: {c.reason}" for c in before + after)
    return Moment(moment.window, moment.score, moment.scorer, moment.why, moment.parts, moment.features, rivals, moment.picks)
