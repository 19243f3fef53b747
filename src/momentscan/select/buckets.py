"""Which pose, expression, occlusion and light a face is seen in: the bins of an identity pack
(identity_builder §5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.select.gate import measured
from momentscan.signals import Signals
from momentscan.values import Series

Bins = NDArray[np.int64]
"""(N,) number of the bin; UNKNOWN where nothing was measured."""

UNKNOWN = -2
"""Nothing was measured. -1 and one past the last lie outside of all bins, below and above."""

YAW_EDGES = (-45.0, -30.0, -15.0, -5.0, 5.0, 15.0, 30.0, 45.0)
PITCH_EDGES = (-20.0, -8.0, 8.0, 20.0)
YAWS = ("[-45,-30]", "[-30,-15]", "[-15,-5]", "[-5,5]", "[5,15]", "[15,30]", "[30,45]")
"""As the seed writes them; read half-open, [a, b) (readings I2)."""
PITCHES = ("down", "slight-down", "neutral", "slight-up", "up")
EXPRESSIONS = ("neutral", "smile", "mouth_open", "eyes_closed")
OCCLUSIONS = ("none", "partial", "heavy")
LIGHTINGS = ("normal", "dark", "overexposed")

_YAW_NAMES = (-30, -15, -5, 0, 5, 15, 30)
_PITCH_NAMES = (-20, -8, 0, 8, 20)
"""In file names a bin goes by its edge nearest 0 (readings D13)."""


class FaceBins(NamedTuple):
    """One person's faces in bins, row by row, (N,) each: `yaw_deg`, `pitch_deg` smoothed, pitch from the
    person's usual one; `inside`: far enough from the edges of its bins that noise of the pose cannot have put
    it there.
    """

    yaw_deg: Series
    pitch_deg: Series
    yaw: Bins
    pitch: Bins
    expression: Bins
    occlusion: Bins
    lighting: Bins
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class Buckets:
    """Sorts faces into 7 yaws, 5 pitches, 4 expressions, 3 occlusions and 3 lights (readings I2 to I6).

    Half-open bins; |yaw| ≥ 45 lies outside of the 7. A pose is the median of half a second. What lies within
    `margin_deg` of an edge is not `inside` either bin, which does what a hysteresis would do. Where several
    expressions fit, eyes_closed > smile > mouth_open > neutral.
    """

    median_s: Annotated[float, Knob("s", source="readings I3: median over .5 s", low=0, high=5)] = 0.5
    margin_deg: Annotated[
        float, Knob("deg", source="readings I3: bucket-best only if ≥ 2° inside", low=0, high=4)
    ] = 2.0
    smile: Annotated[float, Knob("0-1", source="identity_builder §5: smile ≥ 0.3", low=0, high=1)] = 0.3
    mouth_open: Annotated[
        float,
        Knob(
            "0-1",
            source="identity_builder §5: mouth_open ≥ 0.3, of the person's own range (readings I5)",
            low=0,
            high=1,
        ),
    ] = 0.3
    eyes_closed: Annotated[
        float,
        Knob(
            "0-1",
            source="identity_builder §5: eye_open < 0.3, of the person's own range (readings I5)",
            low=0,
            high=1,
        ),
    ] = 0.3
    mouth_range: Annotated[
        float,
        Knob(
            "",
            source="measured on expr/: laughs and surprise open the mouth by .5 to .9 of its width, "
            "speech by .2",
            low=0.05,
        ),
    ] = 0.5
    eye_shut: Annotated[
        float,
        Knob(
            "× open",
            source="measured on expr/: shut eyes have .25 to .4 of the open eye's aspect ratio",
            low=0,
            high=0.9,
        ),
    ] = 0.3
    closed_s: Annotated[
        float, Knob("s", source="readings I5: two samples or 150 ms, so that a blink does not count", low=0)
    ] = 0.15
    partial: Annotated[float, Knob("0-1", source="identity_builder §5: partial 0.1-0.4", low=0, high=1)] = 0.1
    heavy: Annotated[float, Knob("0-1", source="identity_builder §5: heavy > 0.4", low=0, high=1)] = 0.4
    dark: Annotated[
        float, Knob("grey 0-255", source="identity_builder §5: dark mean < 60", low=0, high=255)
    ] = 60.0
    bright: Annotated[
        float, Knob("grey 0-255", source="identity_builder §5: overexposed mean > 200", low=0, high=255)
    ] = 200.0
    light: Annotated[
        str,
        Knob(
            "",
            source="readings I6: an absolute mean biases dark skin; relative = the face's luma as if the "
            "person's median were `usual`",
            choices=("relative", "seed"),
        ),
    ] = "relative"
    usual: Annotated[
        float, Knob("grey 0-255", source="mid-grey of 18 % reflectance in sRGB", low=1, high=255)
    ] = 118.0

    def __call__(self, signals: Signals, rows: NDArray[np.int64], good: NDArray[np.bool_]) -> FaceBins:
        """Sorts these rows of `faces` (ascending in time, one person's); `good (N,)`: they pass the strict
        gate and so say what is usual.
        """
        time_s, track = signals["faces.time_s"][rows], signals["faces.track"][rows]
        yaw = self._steady(time_s, track, measured(signals, "yaw", rows))
        raised = self._steady(time_s, track, measured(signals, "pitch", rows))
        pitch = raised - _usual_pitch(raised, track, good)
        return FaceBins(
            yaw,
            pitch,
            _binned(yaw, YAW_EDGES, first=-1),
            _binned(pitch, PITCH_EDGES, first=0),
            self._expression(signals, rows, time_s, track, good),
            self._occlusion(measured(signals, "occlusion", rows)),
            self._lighting(signals, rows, good),
            (_from_edge(yaw, YAW_EDGES) >= self.margin_deg)
            & (_from_edge(pitch, PITCH_EDGES) >= self.margin_deg),
        )

    def _steady(self, time_s: Series, track: Bins, x: Series) -> Series:
        """Running median along each track; NaN stays NaN."""
        out = x.copy()
        for i in np.flatnonzero(np.isfinite(x)).tolist():
            a, b = np.searchsorted(
                time_s, (time_s[i] - self.median_s / 2 - 1e-6, time_s[i] + self.median_s / 2 + 1e-6)
            )
            near = x[a:b][(track[a:b] == track[i]) & np.isfinite(x[a:b])]
            out[i] = np.median(near)
        return out

    def _expression(
        self, signals: Signals, rows: NDArray[np.int64], time_s: Series, track: Bins, good: NDArray[np.bool_]
    ) -> Bins:
        mouth, smile = (
            self._mouth(measured(signals, "mouth_open", rows), good),
            measured(signals, "smile", rows),
        )
        eyes = self._eyes(measured(signals, "eye_open", rows), good)
        shut = self._held(eyes < self.eyes_closed, time_s, track)
        found = np.where(mouth >= self.mouth_open, 2, 0)
        found = np.where(smile >= self.smile, 1, found)
        found = np.where(shut, 3, found)
        known = np.isfinite(mouth) & np.isfinite(smile) & np.isfinite(eyes)
        return np.where(known, found, UNKNOWN).astype(np.int64)

    def _mouth(self, mouth: Series, good: NDArray[np.bool_]) -> Series:
        """0 = how this person's mouth rests, 1 = as wide open as it gets, at least `mouth_range` wider."""
        own = (
            mouth[good & np.isfinite(mouth)]
            if (good & np.isfinite(mouth)).any()
            else mouth[np.isfinite(mouth)]
        )
        if not len(own):
            return mouth
        rest, wide = np.percentile(own, [20, 98])
        rest = min(float(rest), self.mouth_range / 4)  # who laughs all the time has no resting mouth in sight
        return (mouth - rest) / max(float(wide) - rest, self.mouth_range)

    def _eyes(self, eyes: Series, good: NDArray[np.bool_]) -> Series:
        """0 = shut, 1 = as open as this person's eyes are in a quarter of the good looks."""
        own = eyes[good & np.isfinite(eyes)] if (good & np.isfinite(eyes)).any() else eyes[np.isfinite(eyes)]
        if not len(own):
            return eyes
        wide = max(float(np.percentile(own, 75)), 1e-6)
        return (eyes / wide - self.eye_shut) / (1 - self.eye_shut)

    def _held(self, shut: NDArray[np.bool_], time_s: Series, track: Bins) -> NDArray[np.bool_]:
        """Where it lasts: in runs of looks along one track, less than a second apart, that are longer than a
        blink.
        """
        held = np.zeros(len(shut), np.bool_)
        for one in np.unique(track):
            rows = np.flatnonzero(track == one)
            apart = (np.diff(time_s[rows]) >= 1.0) | ~(shut[rows[1:]] & shut[rows[:-1]])
            for run in np.split(rows, np.flatnonzero(apart) + 1):
                held[run] = bool(shut[run[0]]) and time_s[run[-1]] - time_s[run[0]] >= self.closed_s - 1e-6
        return held

    def _occlusion(self, share: Series) -> Bins:
        return np.where(
            np.isfinite(share), np.digitize(np.nan_to_num(share), (self.partial, self.heavy)), UNKNOWN
        ).astype(np.int64)

    def _lighting(self, signals: Signals, rows: NDArray[np.int64], good: NDArray[np.bool_]) -> Bins:
        luma = measured(signals, "exposure_mean", rows)
        if self.light == "relative" and (good & np.isfinite(luma)).any():
            luma = luma * self.usual / max(float(np.median(luma[good & np.isfinite(luma)])), 1.0)
        found = np.where(luma < self.dark, 1, np.where(luma > self.bright, 2, 0))
        return np.where(np.isfinite(luma), found, UNKNOWN).astype(np.int64)


def key(yaw: int, pitch: int, expression: int) -> str:
    """`yaw[-5,5]_pitchneutral_smile`: the seed's bucket key (identity_builder §5)."""
    return bucket_of(label(YAWS, yaw), label(PITCHES, pitch), label(EXPRESSIONS, expression))


def bucket_of(yaw: str | None, pitch: str | None, expression: str | None) -> str:
    """The same of the bins' own labels; None where nothing was measured."""
    return f"yaw{yaw or 'unknown'}_pitch{pitch or 'unknown'}_{expression or 'unknown'}"


def file_key(yaw: int, pitch: int, expression: int) -> str:
    """`yaw30_pitch0_neutral`: the same for a file name, each bin by its edge nearest 0 (readings D13)."""
    return f"yaw{_YAW_NAMES[yaw]}_pitch{_PITCH_NAMES[pitch]}_{label(EXPRESSIONS, expression) or 'unknown'}"


def yaw_label(number: int) -> str | None:
    """The seed's label, `<-45` or `>=45` outside of the seven, None where it was not measured."""
    return "<-45" if number == -1 else ">=45" if number == len(YAWS) else label(YAWS, number)


def label(labels: tuple[str, ...], number: int) -> str | None:
    """The name of a bin; None where nothing was measured."""
    return labels[number] if 0 <= number < len(labels) else None


def _binned(x: Series, edges: tuple[float, ...], first: int) -> Bins:
    """Half-open bins, numbered from `first` for what lies below all edges."""
    return np.where(np.isfinite(x), np.digitize(np.nan_to_num(x), edges) + first, UNKNOWN).astype(np.int64)


def _from_edge(x: Series, edges: tuple[float, ...]) -> Series:
    """Degrees to the nearest edge; NaN stays NaN and so compares as False."""
    return np.asarray(np.abs(x[:, None] - np.array(edges)[None]).min(axis=1), np.float64)


TRACK_ROWS = 10
"""A track with fewer good looks says little of what pitch is usual; then the person's other tracks say it."""


def _usual_pitch(pitch: Series, track: Bins, good: NDArray[np.bool_]) -> Series:
    """(N,) the median pitch of good looks of the same track (readings I4: cameras are tilted)."""
    known = good & np.isfinite(pitch)
    known = known if known.any() else np.isfinite(pitch)
    usual = np.full(len(pitch), float(np.median(pitch[known])) if known.any() else 0.0)
    for one in np.unique(track):
        own = known & (track == one)
        if own.sum() >= TRACK_ROWS:
            usual[track == one] = np.median(pitch[own])
    return usual
