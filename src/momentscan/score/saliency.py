"""highlight_saliency: windows of five seconds in which much moves, changes and sounds (seed 002, Clip
Highlights).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import UsageError
from momentscan.knobs import Knob
from momentscan.score.intervals import Intervals, local_maxima
from momentscan.score.peaks import verdict_of
from momentscan.signals import Signals
from momentscan.signals.series import (
    gaussian,
    median_filter,
    percentile,
    percentile_rank,
    robust_z,
    soft_percentile,
)
from momentscan.signals.spans import cuts_of
from momentscan.values import Candidate, Curve, Moment, Series, Verdict, Window

WORDS = {"motion": "movement", "embed": "change of the picture", "audio": "loudness"}

EMBED_FLOORS = {"descriptor-hog-hsv-dct-v1": 0.002, "mobilenetv2-imagenet-ptq-v1": 0.03}
"""1 - cos between half seconds of a still video with sensor noise (sigma 2 to 10), 90th percentile in a
window: measured per embedder.
"""

EMBED_FLOOR = 0.01
"""Of embedders that were not measured; between the two that were."""

MOST = 32.0
"""Times its usual that is enough for anything: more is a cut, a flash or a near-silent, near-still video."""


class Part(NamedTuple):
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


@dataclass(frozen=True)
class Saliency:
    """0.4 motion + 0.4 change of embedding + 0.2 loudness over overlapping windows, all relative to the video
    itself.

    Per-instant series are computed once for the whole video and aggregated per window (readings S2), so that
    overlapping windows do not go back in time. A part that nowhere rises clearly over its usual in this video
    is left out and its weight shared; where none does, the engine abstains (readings H6). With `norm=raw,
    aggregate=mean, camera=keep, smooth=none, contrast=0` it is the seed's own.
    """

    window_s: Annotated[float, Knob("s", source="seed 002: 5 s windows", low=1, high=60)] = 5.0
    hop_s: Annotated[float, Knob("s", source="seed 002: 0-5, 3-8, 6-11; readings S1", low=0.25, high=60)] = (
        3.0
    )
    min_window_s: Annotated[
        float, Knob("s", source="readings S1: last partial window kept if ≥ 2 s", low=0.1)
    ] = 2.0
    w_motion: Annotated[float, Knob("", source="seed 002: 0.4", low=0)] = 0.4
    w_embed: Annotated[float, Knob("", source="seed 002: 0.4", low=0)] = 0.4
    w_audio: Annotated[float, Knob("", source="seed 002: 0.2", low=0)] = 0.2
    camera: Annotated[
        str,
        Knob(
            "",
            source="readings S4: subtract the median flow (camera); keep = the seed's mean |flow|",
            choices=("subtract", "keep"),
        ),
    ] = "subtract"
    aggregate: Annotated[
        str,
        Knob(
            "",
            source="readings S5: p90 in a window, as the mean dilutes bursts; mean = the seed's",
            choices=("p90", "mean"),
        ),
    ] = "p90"
    norm: Annotated[
        str,
        Knob(
            "",
            source="readings S6 -> H7: percentile rank; raw = the seed's",
            choices=("rank", "lift", "soft", "robust_z", "raw"),
        ),
    ] = "rank"
    smooth: Annotated[
        str, Knob("", source="seed 002: Gaussian or median", choices=("gaussian", "median", "none"))
    ] = "gaussian"
    smooth_s: Annotated[
        float, Knob("s", source="readings S7: sigma = 1 hop = 3 s; for the median its whole width", low=0)
    ] = 3.0
    percentile: Annotated[float, Knob("%", source="seed 002: 90th percentile", low=0, high=100)] = 90.0
    max_length_s: Annotated[float, Knob("s", source="readings S9: cap 30 s", low=1)] = 30.0
    contrast: Annotated[
        float,
        Knob(
            "× usual",
            source="readings H6 (2.5, to be calibrated): measured, windows of still or slowly panning "
            "videos with noise reach at most 2.1; "
            "0 = never abstain",
            low=0,
        ),
    ] = 2.2
    floor_motion: Annotated[
        float,
        Knob(
            "diagonals/s",
            source="measured: flow in still videos with sensor noise of sigma 2 to 10 is 0.001 to 0.003",
            low=1e-9,
        ),
    ] = 0.002
    floor_embed: Annotated[
        float,
        Knob(
            "1 - cos",
            source="readings H6, calibrate per embedder: 0 = EMBED_FLOORS of the embedder that made the "
            "column",
            low=0,
        ),
    ] = 0.0
    floor_audio: Annotated[
        float, Knob("1 = full scale", source="taste: -50 dB, the level of a quiet room", low=1e-9)
    ] = 0.003
    max_windows: Annotated[int, Knob("windows", source="taste", low=1)] = 50

    name: ClassVar[str] = "saliency"
    reads: ClassVar[tuple[str, ...]] = (
        "frames.time_s",
        "frames.motion",
        "frames.motion_local",
        "vision.time_s",
        "vision.change",
        "sound.time_s",
        "sound.loud_db",
        "sound.rms",
        "scenes.start_s",
    )

    def curve(self, signals: Signals) -> Curve:
        """One value per window, at its start (seed 002: aligned to clip start); parts motion, embed, audio."""
        return self._curve(self._heard(signals)[0])

    def judge(self, signals: Signals) -> Verdict:
        """Moments, best first; every local maximum of the smoothed curve is a candidate with its verdict."""
        windows, parts, absent = self._heard(signals)
        curve = self._curve(windows)
        if not len(windows.starts):
            return self._nothing(
                curve,
                absent,
                f"too_short: {signals.video.duration_s:.2f} s of video, a window wants "
                f"{self.min_window_s:g} s",
            )
        if not parts:
            return self._nothing(
                curve, absent, "no_contrast: " + "; ".join(f"{WORDS[k]} {why}" for k, why in absent.items())
            )
        smoothed = self._smoothed(curve.value)
        chooser = Intervals(percentile=self.percentile, gap_s=self.hop_s, max_length_s=self.max_length_s)
        runs = chooser.runs(smoothed, windows.starts, windows.ends)
        threshold = chooser.threshold(smoothed)
        bar = f"{threshold:.3f} ({self.percentile:g}th percentile)"
        chosen, rejected = [], []
        for run, (start_s, end_s) in zip(runs, _apart(runs, windows), strict=True):
            best = int(run[np.argmax(smoothed[run])])
            window = self._window(start_s, end_s, parts)
            highest = max(float(np.nanmax(lift[run], initial=0.0)) for lift in windows.lifts.values())
            if highest < self.contrast:
                reason = f"nothing in it reaches {self.contrast:g} times its usual (at most {highest:.1f})"
                rejected.append(self._candidate(curve, best, window, "not_different", reason))
            else:
                why = f"{_why(windows, best)}; smoothed score {smoothed[best]:.3f} ≥ {bar}"
                own = {name: float(series[best]) for name, series in curve.parts.items()}
                features = {
                    name: _finite(windows.values[name][best]) if name in parts else None for name in WORDS
                }
                chosen.append(Moment(window, float(curve.value[best]), self.name, why, own, features))
        taken = {int(i) for run in runs for i in run}
        for i in local_maxima(smoothed).tolist():
            if i not in taken:
                window = self._window(windows.starts[i], windows.ends[i], parts)
                weakest = min(parts, key=lambda n: curve.parts[n][i])
                reason = f"smoothed score {smoothed[i]:.3f} < {bar}; its weakest part is {WORDS[weakest]}"
                rejected.append(self._candidate(curve, i, window, "below_threshold", reason))
        none = f"no_contrast: no window reaches {self.contrast:g} times this video's usual in anything"
        return verdict_of(
            self.name, curve, smoothed, threshold, chosen, rejected, absent, self.max_windows, none
        )

    def _nothing(self, curve: Curve, absent: Mapping[str, str], reason: str) -> Verdict:
        return Verdict(self.name, curve, curve.value, None, (), (), reason, absent)

    @staticmethod
    def _candidate(curve: Curve, at: int, window: Window, verdict: str, reason: str) -> Candidate:
        return Candidate(
            window,
            float(curve.value[at]),
            {name: float(s[at]) for name, s in curve.parts.items()},
            verdict,
            reason,
        )

    def _heard(self, signals: Signals) -> tuple[Windows, dict[str, Part], dict[str, str]]:
        """The windows, the parts that say something in this video, and for the others why not."""
        starts, ends = self._spans(signals.video.duration_s)
        found = {
            "motion": self._motion(signals),
            "embed": self._embed(signals),
            "audio": self._audio(signals),
        }
        parts, absent, lifts = {}, {}, {}
        for name, part in found.items():
            if part is None:
                absent[name] = (
                    "is missing (no sound, or none that could be decoded)"
                    if name == "audio"
                    else "was not logged"
                )
            elif self._weights[name] == 0:
                absent[name] = "has weight 0"
            else:
                lift = self._over_windows(part.time_s, part.lift, starts, ends)
                highest = float(np.nanmax(lift, initial=0.0))
                if highest < self.contrast:
                    absent[name] = (
                        f"never stands out (a window reaches at most {highest:.1f} times its usual, "
                        f"{self.contrast:g} asked)"
                    )
                else:
                    parts[name], lifts[name] = part, lift
        values = {
            name: self._over_windows(part.time_s, part.value, starts, ends) for name, part in parts.items()
        }
        return Windows(starts, ends, values, lifts), parts, absent

    def _motion(self, signals: Signals) -> Part | None:
        """Flow between two shots is no motion: the first frame of each shot is taken out."""
        name = "frames.motion_local" if self.camera == "subtract" else "frames.motion"
        if name not in signals:
            return None
        time_s, motion = signals["frames.time_s"], signals[name].astype(np.float64)
        if len(time_s):
            motion[np.searchsorted(time_s, cuts_of(signals)).clip(0, len(time_s) - 1)] = np.nan
        lift = motion / _usual(motion, self.floor_motion)
        if self.norm == "raw":  # the seed's unit: px at full size from frame to frame
            motion = (
                motion
                * np.hypot(signals.video.width_px, signals.video.height_px)
                / max(signals.video.fps, 1.0)
            )
        return Part(time_s, motion, lift)

    def _embed(self, signals: Signals) -> Part | None:
        if "vision.change" not in signals:
            return None
        change = signals["vision.change"].astype(np.float64)
        floor = self.floor_embed or EMBED_FLOORS.get(signals.made_by.get("vision.change", ""), EMBED_FLOOR)
        return Part(signals["vision.time_s"], change, change / _usual(change, floor))

    def _audio(self, signals: Signals) -> Part | None:
        """Short-time loudness in dB over the video's median (readings S5); in the raw reading the RMS itself."""
        if "sound.loud_db" not in signals or not np.isfinite(signals["sound.loud_db"]).any():
            return None
        loud_db = signals["sound.loud_db"].astype(np.float64)
        amplitude = 10 ** (loud_db / 20)
        value = (
            signals["sound.rms"].astype(np.float64) if self.norm == "raw" else loud_db - np.nanmedian(loud_db)
        )
        return Part(signals["sound.time_s"], value, amplitude / _usual(amplitude, self.floor_audio))

    @property
    def _weights(self) -> dict[str, float]:
        return {"motion": self.w_motion, "embed": self.w_embed, "audio": self.w_audio}

    def _spans(self, duration_s: float) -> tuple[Series, Series]:
        """(starts, ends): every hop, the last ones cut at the video's end and kept if long enough (readings
        S1).
        """
        starts = np.arange(0.0, max(duration_s, 0.0), self.hop_s)
        ends = np.minimum(starts + self.window_s, duration_s)
        fits = ends - starts >= min(self.min_window_s, self.window_s)
        return starts[fits], ends[fits]

    def _over_windows(self, time_s: Series, value: Series, starts: Series, ends: Series) -> Series:
        """(N,) 90th percentile (or mean) of the instants inside each window; NaN where there is none."""
        out = np.full(len(starts), np.nan)
        for i, (a, b) in enumerate(
            zip(np.searchsorted(time_s, starts), np.searchsorted(time_s, ends), strict=True)
        ):
            inside = value[a:b][np.isfinite(value[a:b])]
            if len(inside):
                out[i] = percentile(inside, 90) if self.aggregate == "p90" else inside.mean()
        return out

    def _curve(self, windows: Windows) -> Curve:
        """Weighted sum of normalised parts, the weights shared among those that are there in each window
        (readings H7: w / Σw).
        """
        shape = windows.starts.shape
        normed = {name: self._normed(windows, name) for name in windows.values}
        present = sum((self._weights[name] * np.isfinite(x) for name, x in normed.items()), np.zeros(shape))
        share = 1.0 if self.norm == "raw" else 1 / np.maximum(present, 1e-12)
        parts = {
            name: self._weights[name] * np.nan_to_num(normed[name]) * share
            if name in normed
            else np.zeros(shape)
            for name in WORDS
        }
        return Curve(windows.starts, sum(parts.values(), np.zeros(shape)), parts, self.window_s)

    def _normed(self, windows: Windows, name: str) -> Series:
        if self.norm == "lift":
            return np.log2(np.clip(windows.lifts[name], 1.0, MOST))
        x = windows.values[name]
        return (
            x
            if self.norm == "raw"
            else {"rank": percentile_rank, "soft": soft_percentile, "robust_z": robust_z}[self.norm](x)
        )

    def _smoothed(self, value: Series) -> Series:
        if self.smooth == "none":
            return value
        if self.smooth == "gaussian":
            return gaussian(value, self.smooth_s / self.hop_s)
        size = 2 * int(self.smooth_s / self.hop_s / 2) + 1
        if size < 3:
            raise UsageError(
                f"smooth=median wants smooth_s of at least two hops, got {self.smooth_s:g} s with "
                f"hop_s={self.hop_s:g}; set hop_s=1"
            )
        return median_filter(value, size)

    def _window(self, start_s: float, end_s: float, parts: Mapping[str, Part]) -> Window:
        """The interval with its peak: the middle of the half second in which the parts together rise most
        over their usual.
        """
        edges = np.append(np.arange(start_s, end_s, 0.5), end_s)
        rise = np.zeros(len(edges) - 1)
        for name, part in parts.items():
            bins = itertools.pairwise(np.searchsorted(part.time_s, edges))
            highest = np.array([np.nanmax(part.lift[a:b], initial=1.0) for a, b in bins])
            rise += self._weights[name] * np.log2(np.clip(highest, 1.0, MOST))
        best = int(np.argmax(gaussian(rise, 0.5)))
        return Window(float(start_s), float(end_s), float((edges[best] + edges[best + 1]) / 2))


def _apart(runs: Sequence[NDArray[np.int64]], windows: Windows) -> list[list[float]]:
    """[start_s, end_s] of each run; where a split run's windows reach into the next one, both end at the
    middle.
    """
    spans = [[float(windows.starts[run[0]]), float(windows.ends[run[-1]])] for run in runs]
    for before, after in itertools.pairwise(spans):
        if before[1] > after[0]:
            before[1] = after[0] = (before[1] + after[0]) / 2
    return spans


def _usual(value: Series, floor: float) -> float:
    """The median of what is finite, but at least the floor."""
    finite = value[np.isfinite(value)]
    return max(float(np.median(finite)), floor) if len(finite) else floor


def _why(windows: Windows, at: int) -> str:
    """In words: each part, the one that rises most first, how many times its usual it is and how it ranks
    among all windows.
    """
    said = []
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
            said.append(f"{WORDS[name]} {size}, {rank}")
    return "; ".join(said)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
