"""highlight_saliency: windows of five seconds in which much moves, changes and sounds (seed 002, Clip
Highlights).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import UsageError
from momentscan.knobs import Knob
from momentscan.presentation import Part, Presentation
from momentscan.score.intervals import Intervals, local_maxima
from momentscan.score.modalities import MOST, WORDS, Modality, Windows, spans_of, usual_of, why_at
from momentscan.score.verdicts import abstained, finite, parts_at, unknown_embedder, verdict_of
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
from momentscan.values import Abstention, Candidate, CandidateOutcome, Curve, Moment, Series, Verdict, Window


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
            source="readings H6, calibrate per embedder: 0 = as the embedder that made the column declares",
            low=0,
        ),
    ] = 0.0
    floor_audio: Annotated[
        float, Knob("1 = full scale", source="taste: -50 dB, the level of a quiet room", low=1e-9)
    ] = 0.003
    max_windows: Annotated[int, Knob("windows", source="taste", low=1)] = 50

    intervals: Intervals = Intervals(gap_s=0.0)  # readings S9: adjacent = gap ≤ hop

    name: ClassVar[str] = "saliency"
    presentation: ClassVar[Presentation] = Presentation(
        meaning="Windows of a few seconds in which much moves, changes and sounds.",
        colour=2,
        parts={
            "motion": Part("movement", "diagonals/s", 0),
            "embed": Part("picture change", "1 - cos", 1),
            "audio": Part("loudness", "dB over its median", 2),
        },
    )
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
        """One value per window, at its start (seed 002: aligned to clip start); parts motion, embed,
        audio.
        """
        return self._curve(self._measures(signals)[0])

    def judge(self, signals: Signals) -> Verdict:
        """Moments, best first; every local maximum of the smoothed curve is a candidate with its verdict."""
        windows, parts, absent = self._measures(signals)
        curve = self._curve(windows)
        if not len(windows.starts):
            least = f"a window wants {self.min_window_s:g} s"
            words = f"{signals.video.duration_s:.2f} s of video, {least}"
            return abstained(self.name, curve, Abstention("too_short", words), absent)
        if not parts:
            words = "; ".join(f"{WORDS[k]} {absent[k]}" for k in WORDS if k in absent)
            return abstained(self.name, curve, Abstention("no_contrast", words), absent)
        smoothed = self._smoothed(curve.value)
        gap_s = self.intervals.gap_s or self.hop_s
        runs = replace(self.intervals, gap_s=gap_s).runs(smoothed, windows.starts, windows.ends)
        threshold = self.intervals.threshold(smoothed)
        bar = f"{threshold:.3f} ({self.intervals.percentile:g}th percentile)"
        chosen, rejected = self._weighed(windows, parts, curve, smoothed, runs, bar)
        rejected += self._below(windows, parts, curve, smoothed, runs, bar)
        words = f"no window reaches {self.contrast:g} times this video's usual in anything"
        nothing = Abstention("no_contrast", words)
        return verdict_of(
            self.name, curve, smoothed, threshold, chosen, rejected, absent, self.max_windows, nothing
        )

    def _weighed(
        self,
        windows: Windows,
        parts: Mapping[str, Modality],
        curve: Curve,
        smoothed: Series,
        runs: Sequence[NDArray[np.int64]],
        bar: str,
    ) -> tuple[list[Moment], list[Candidate]]:
        """(moments, intervals in which nothing rises over its usual)."""
        chosen: list[Moment] = []
        rejected: list[Candidate] = []
        for run, (start_s, end_s) in zip(runs, spans_of(runs, windows), strict=True):
            best = int(run[np.argmax(smoothed[run])])
            window = self._window(start_s, end_s, parts)
            highest = max(float(np.nanmax(lift[run], initial=0.0)) for lift in windows.lifts.values())
            if highest < self.contrast:
                reason = f"nothing in it reaches {self.contrast:g} times its usual (at most {highest:.1f})"
                rejected.append(_candidate(curve, best, window, "not_different", reason))
            else:
                why = f"{why_at(windows, best)}; smoothed score {smoothed[best]:.3f} ≥ {bar}"
                chosen.append(self._moment(windows, curve, best, window, why))
        return chosen, rejected

    def _moment(self, windows: Windows, curve: Curve, at: int, window: Window, why: str) -> Moment:
        features = {n: finite(windows.values[n][at]) if n in windows.values else None for n in WORDS}
        return Moment(window, float(curve.value[at]), self.name, why, parts_at(curve, at), features)

    def _below(
        self,
        windows: Windows,
        parts: Mapping[str, Modality],
        curve: Curve,
        smoothed: Series,
        runs: Sequence[NDArray[np.int64]],
        bar: str,
    ) -> list[Candidate]:
        """The local maxima that are in no interval."""
        taken = {int(i) for run in runs for i in run}
        below = []
        for i in local_maxima(smoothed).tolist():
            if i not in taken:
                window = self._window(windows.starts[i], windows.ends[i], parts)
                weakest = min(parts, key=lambda n: curve.parts[n][i])
                reason = f"smoothed score {smoothed[i]:.3f} < {bar}; its weakest part is {WORDS[weakest]}"
                below.append(_candidate(curve, i, window, "below_threshold", reason))
        return below

    def _measures(self, signals: Signals) -> tuple[Windows, dict[str, Modality], dict[str, str]]:
        """The windows, the parts that say something in this video, and for the others why not."""
        starts, ends = self._spans(signals.video.duration_s)
        found = {
            "motion": self._motion(signals),
            "embed": self._embed(signals),
            "audio": self._audio(signals),
        }
        lifts = {
            n: self._over_windows(part.time_s, part.lift, starts, ends)
            for n, part in found.items()
            if part is not None and self._weights[n]
        }
        absent = {n: why for n, part in found.items() if (why := self._absent(n, part, lifts.get(n)))}
        parts = {n: part for n, part in found.items() if part is not None and n not in absent}
        values = {n: self._over_windows(part.time_s, part.value, starts, ends) for n, part in parts.items()}
        unmeasured = {} if self.floor_embed or not parts else unknown_embedder(signals, "vision.change")
        lifts = {n: lifts[n] for n in parts}
        return Windows(starts, ends, values, lifts), parts, absent | unmeasured

    def _absent(self, name: str, part: Modality | None, lift: Series | None) -> str:
        """Why a part says nothing, "" where it does."""
        if part is None:
            return (
                "is missing (no sound, or none that could be decoded)"
                if name == "audio"
                else "was not logged"
            )
        if lift is None:
            return "has weight 0"
        highest = float(np.nanmax(lift, initial=0.0))
        if highest < self.contrast:
            reached = f"a window reaches at most {highest:.1f} times its usual, {self.contrast:g} asked"
            return f"never stands out ({reached})"
        return ""

    def _motion(self, signals: Signals) -> Modality | None:
        """Flow between two shots is no motion: the first frame of each shot is taken out."""
        name = "frames.motion_local" if self.camera == "subtract" else "frames.motion"
        if name not in signals:
            return None
        time_s, motion = signals["frames.time_s"], signals[name].astype(np.float64)
        if len(time_s):
            motion[np.searchsorted(time_s, cuts_of(signals)).clip(0, len(time_s) - 1)] = np.nan
        lift = motion / usual_of(motion, self.floor_motion)
        if self.norm == "raw":  # the seed's unit: px at full size from frame to frame
            motion = (
                motion
                * np.hypot(signals.video.width_px, signals.video.height_px)
                / max(signals.video.fps, 1.0)
            )
        return Modality(time_s, motion, lift)

    def _embed(self, signals: Signals) -> Modality | None:
        if "vision.change" not in signals:
            return None
        change = signals["vision.change"].astype(np.float64)
        floor = self.floor_embed or signals.calibration("vision.change").change_floor
        return Modality(signals["vision.time_s"], change, change / usual_of(change, floor))

    def _audio(self, signals: Signals) -> Modality | None:
        """Short-time loudness in dB over the video's median (readings S5); in the raw reading the RMS
        itself.
        """
        if "sound.loud_db" not in signals or not np.isfinite(signals["sound.loud_db"]).any():
            return None
        loud_db = signals["sound.loud_db"].astype(np.float64)
        amplitude = 10 ** (loud_db / 20)
        value = (
            signals["sound.rms"].astype(np.float64) if self.norm == "raw" else loud_db - np.nanmedian(loud_db)
        )
        return Modality(signals["sound.time_s"], value, amplitude / usual_of(amplitude, self.floor_audio))

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

    def _window(self, start_s: float, end_s: float, parts: Mapping[str, Modality]) -> Window:
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


def _candidate(curve: Curve, at: int, window: Window, outcome: CandidateOutcome, reason: str) -> Candidate:
    return Candidate(window, float(curve.value[at]), parts_at(curve, at), outcome, reason)
