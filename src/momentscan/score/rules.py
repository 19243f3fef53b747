"""highlight_rules: a moment is when what is measured of the main people's faces and bodies leaves its usual;
every one is explained.

No embedding and no learning (companions §2.2). Of the features only their change within this video counts,
never how high they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.score.peaks import Peak, Peaks, verdict_of
from momentscan.select.gate import Gate, Level, failing
from momentscan.select.people import People, Person
from momentscan.signals import Signals
from momentscan.signals.series import ema, ema_alpha, median_filter, robust_z, zero_phase_ema
from momentscan.signals.spans import cuts_of
from momentscan.values import Candidate, Curve, Moment, Series, Verdict, Window

FEATURES = {
    "face_area": "share of the picture",
    "centre_distance": "half diagonals",
    "mouth_open": "lip gap over width",
    "eye_open": "eye aspect ratio",
    "yaw": "deg",
    "pitch": "deg",
    "roll": "deg",
    "head_velocity": "deg/s",
    "wrist_raise": "face heights over the shoulder",
    "elbow_angle_change": "deg/s",
    "torso_rotation": "deg",
    "hand_near_face": "0-1",
    "blur": "grey²",
    "exposure": "grey 0-255",
    "occlusion": "0-1",
}
"""What is known of a main person at each look (companions §2.2), each in its unit; `blur` is sharpness:
higher is sharper (readings H14).
"""

IMPACT = {
    "mouth_open": ("mouth_open", "mouth opens", "mouth closes"),
    "head_velocity": ("head_velocity", "head turns", "head holds still"),
    "wrist_raise": ("wrist_raise", "hand goes up", "hand goes down"),
    "torso_rotation": ("torso_rotation", "upper body turns", "upper body turns"),
    "face_size_change": ("face_area", "face comes closer", "face moves away"),
    "exposure_change": ("exposure", "light on the face rises", "light on the face falls"),
}
"""Part of the impact -> the feature whose change it is, in words when that rises over and when it falls under
its usual.
"""

RISING = ("mouth_open", "wrist_raise", "face_size_change")
"""Parts that count only where they rise; of the others either way counts."""

EPSILON_S = 1e-6
"""Less than any two frames are apart; keeps rounding of times out of comparisons."""

SHOULDERS, ELBOWS, WRISTS = (5, 6), (7, 8), (9, 10)
"""Places of the COCO-17 points, the subject's left first."""


class Seen(NamedTuple):
    """What was seen of one main person at N looks.

    raw     FEATURES -> (N,), NaN where not measured
    change  IMPACT -> (N,) how far each is from its usual, in the feature's unit (face_size_change in shares
            of its median)
    z       IMPACT -> (N,) the same over the usual change of this video, in robust standard deviations
    fit     (N,) the gate is passed
    shares  IMPACT -> (N,) what each adds to the impact: weight × max(0, normed change) / Σ weights
    """

    person: int
    time_s: Series
    raw: dict[str, Series]
    change: dict[str, Series]
    z: dict[str, Series]
    fit: NDArray[np.bool_]
    quality: Series
    shares: dict[str, Series]

    @property
    def impact(self) -> Series:
        """(N,)"""
        return _sum(self.shares, len(self.time_s))


class Joined(NamedTuple):
    """All main people on the looks `time_s (K,)`: at each the one with the highest score, by `who` (place in
    `people`, -1: nobody) and `row`.
    """

    time_s: Series
    people: tuple[Seen, ...]
    who: NDArray[np.int64]
    row: NDArray[np.int64]
    parts: dict[str, Series]
    absent: dict[str, str]

    def of(self, name: str, kind: str) -> Series:
        """(K,) one series of the best person, NaN where there is nobody: of("mouth_open", "raw")."""
        out = np.full(len(self.time_s), np.nan)
        for p, seen in enumerate(self.people):
            series = getattr(seen, kind)
            mine = self.who == p
            out[mine] = (series[name] if isinstance(series, dict) else series)[self.row[mine]]
        return out


@dataclass(frozen=True)
class Rules:
    """quality × impact of the main people at each look, all relative to this video (companions §2.2).

    quality  0.4 sharpness + 0.3 size + 0.3 frontalness of the face
    impact   how far mouth, head, hands, upper body, size and light of the face are from where they just were,
             in robust standard deviations
    """

    tau_s: Annotated[
        float,
        Knob("s", source="companions §2.2: alpha 0.1, at the rule engine's own 10 Hz τ = 0.95 s", low=0),
    ] = 0.95
    baseline: Annotated[
        str,
        Knob(
            "",
            source="readings H1: two-sided local median, which no return to the usual moves; companions "
            "§2.2: EMA",
            choices=("ema", "local"),
        ),
    ] = "local"
    local_s: Annotated[float, Knob("s", source="readings H1: two-sided local median (8 s)", low=0.5)] = 8.0
    sign: Annotated[
        str,
        Knob(
            "",
            source="taste: a mouth that opens is a moment, one that closes is none; both = companions' |f "
            "- EMA|",
            choices=("rise", "both"),
        ),
    ] = "rise"
    norm: Annotated[
        str,
        Knob(
            "",
            source="companions §2.2: per-video robust z, or (x - p50) / (p95 - p50)",
            choices=("robust_z", "percentile"),
        ),
    ] = "robust_z"
    rate_s: Annotated[
        float,
        Knob(
            "s", source="taste: two looks at 5 Hz, so that velocities do not depend on their rate", low=0.05
        ),
    ] = 0.4
    hold_s: Annotated[float, Knob("s", source="readings H9: gap ≤ 1 s", low=0)] = 1.0
    pose_confidence: Annotated[float, Knob("0-1", source="taste; to be swept", low=0, high=1)] = 0.3
    gate: Annotated[
        str, Knob("", source="companions §2.2: strict; §2.3: loose", choices=("strict", "loose", "off"))
    ] = "strict"
    glitch_light: Annotated[
        float, Knob("grey 0-255", source="readings H11; the number is taste, highlight_vector's", low=0)
    ] = 25.0
    glitch_blur: Annotated[
        float, Knob("× median", source="readings H11; the number is taste, highlight_vector's", low=0, high=1)
    ] = 0.35
    gate_s: Annotated[float, Knob("s", source="readings H11: ±.25 s around gated frames", low=0)] = 0.25
    most: Annotated[
        float,
        Knob(
            "σ",
            source="taste, 3 to 5 measured best on eight real clips: landmarks that slip reach 20 σ, and "
            "count as this",
            low=1,
        ),
    ] = 4.0
    w_blur: Annotated[float, Knob("", source="companions §2.2: quality 0.4 blur_norm", low=0)] = 0.4
    w_size: Annotated[float, Knob("", source="companions §2.2: quality 0.3 face_size_norm", low=0)] = 0.3
    w_frontal: Annotated[float, Knob("", source="companions §2.2: quality 0.3 frontalness", low=0)] = 0.3
    w_mouth_open: Annotated[float, Knob("", source="companions §2.2: impact 0.30", low=0)] = 0.30
    w_head_velocity: Annotated[float, Knob("", source="companions §2.2: impact 0.20", low=0)] = 0.20
    w_wrist_raise: Annotated[float, Knob("", source="companions §2.2: impact 0.15", low=0)] = 0.15
    w_torso_rotation: Annotated[float, Knob("", source="companions §2.2: impact 0.15", low=0)] = 0.15
    w_face_size_change: Annotated[float, Knob("", source="companions §2.2: impact 0.10", low=0)] = 0.10
    w_exposure_change: Annotated[float, Knob("", source="companions §2.2: impact 0.10", low=0)] = 0.10
    floor_mouth_open: Annotated[
        float,
        Knob("lip gap over width", source="measured: three times what it varies on a still face", low=1e-9),
    ] = 0.03
    floor_head_velocity: Annotated[
        float,
        Knob(
            "deg/s", source="measured: half of what angles from five points make up on a still face", low=1e-9
        ),
    ] = 10.0
    floor_wrist_raise: Annotated[float, Knob("face heights", source="taste: a tenth of a face", low=1e-9)] = (
        0.1
    )
    floor_torso_rotation: Annotated[
        float, Knob("deg", source="taste: shoulders of a still person vary by as much", low=1e-9)
    ] = 5.0
    floor_face_size_change: Annotated[
        float, Knob("share of its median", source="taste: a box of a still face varies by as much", low=1e-9)
    ] = 0.05
    floor_exposure_change: Annotated[
        float,
        Knob(
            "grey 0-255", source="measured: light that drifts by 25 % in a minute varies by as much", low=1e-9
        ),
    ] = 5.0
    combine: Annotated[
        str,
        Knob(
            "",
            source="companions §2.2: quality × impact; sum = its later reality, .35 quality + .65 impact "
            "+ .30 passenger",
            choices=("product", "sum"),
        ),
    ] = "product"
    smooth: Annotated[
        str,
        Knob(
            "",
            source="companions §2.2: EMA or median; readings H3: zero-phase",
            choices=("zero-phase", "causal", "median", "none"),
        ),
    ] = "zero-phase"
    smooth_s: Annotated[
        float,
        Knob(
            "s",
            source="companions §2.2: alpha .25 at 10 Hz is τ = 0.35 s; of the median 7 at 10 Hz the half",
            low=0,
        ),
    ] = 0.35
    contrast: Annotated[
        float,
        Knob(
            "σ",
            source="readings H6 in σ of the strongest part, calibrated: calm minutes reach 2.8; 0 = never "
            "abstain",
            low=0,
        ),
    ] = 3.0
    distance_s: Annotated[float, Knob("s", source="companions §2.2: at least 2.5 s apart", low=0)] = 2.5
    rule: Annotated[
        str, Knob("", source="readings H5; seed = the level's p90 (companions §2.2)", choices=("mad", "seed"))
    ] = "mad"
    prominence: Annotated[
        float,
        Knob("σ", source="readings H5: 3·1.4826·MAD; 2, as contrast is asked of every window as well", low=0),
    ] = 2.0
    margin_s: Annotated[float, Knob("s", source="companions §2.2: window = peak ± 1.0 s", low=0.05)] = 1.0
    extent: Annotated[str, Knob("", source="readings H17", choices=("fixed", "half-prominence"))] = "fixed"
    max_windows: Annotated[int, Knob("windows", source="readings H5: plus max_windows; taste", low=1)] = 20

    name: ClassVar[str] = "rules"
    reads: ClassVar[tuple[str, ...]] = (
        "frames.time_s",
        "frames.n_faces",
        "faces.time_s",
        "faces.track",
        "faces.bbox",
        "faces.score",
        "faces.sharpness",
        "faces.exposure_mean",
        "faces.contrast",
        "faces.clipped",
        "faces.crushed",
        "faces.yaw",
        "faces.pitch",
        "faces.roll",
        "faces.mouth_open",
        "faces.eye_open",
        "faces.occlusion",
        "tracks.id",
        "tracks.person",
        "poses.time_s",
        "poses.track",
        "poses.points",
        "scenes.start_s",
    )

    def tables(self, signals: Signals) -> dict[str, dict[str, NDArray[Any]]]:
        """Files beside windows.json, written on every run: timeseries.csv."""
        return {"timeseries": timeseries(signals, self)}

    def curve(self, signals: Signals) -> Curve:
        """One value per look; the parts are those of the impact (and, with combine=sum, quality and
        passenger).
        """
        return self._curve(self._joined(signals))

    def judge(self, signals: Signals) -> Verdict:
        """Moments, best first; every local maximum of the smoothed curve is a candidate with its verdict."""
        joined = self._joined(signals)
        curve = self._curve(joined)
        if "people" in joined.absent:
            return Verdict(
                self.name, curve, curve.value, None, (), (), joined.absent["people"], joined.absent
            )
        smoothed = self._smoothed(curve)
        highest = _highest(joined, [n for n in IMPACT if getattr(self, f"w_{n}") > 0])
        if (most := float(highest.max(initial=0.0))) < self.contrast:
            reason = f"no_contrast: nothing about the main people is ever more than {most:.1f} σ over its usual change, {self.contrast:g} asked"
            return Verdict(self.name, curve, smoothed, None, (), (), reason, joined.absent)
        finder = _Peaks(self.distance_s, self.rule, self.prominence, self.margin_s, self.extent)
        peaks, others, bar = finder.find(curve.time_s, smoothed)
        cuts = cuts_of(signals)
        chosen, rejected = [], []
        for peak in sorted([*peaks, *others]):
            at = self._summit(curve, peak)
            window = finder.window(peak, float(curve.time_s[at]), signals.video.duration_s, cuts)
            inside = (curve.time_s >= window.start_s) & (curve.time_s <= window.end_s)
            against = self._against(
                peak,
                bar,
                peaks,
                curve.time_s,
                float(highest[inside].max()) if curve.value[at] > 0 else -np.inf,
            )
            if against is None:
                chosen.append(self._moment(joined, curve, at, window))
            else:
                parts = {n: float(x[at]) for n, x in curve.parts.items()}
                rejected.append(Candidate(window, float(curve.value[at]), parts, *against))
        none = f"no_peak: nothing rises by {bar:.3f} over its surroundings ({self.rule})"
        return verdict_of(
            self.name, curve, smoothed, None, _apart(chosen), rejected, joined.absent, self.max_windows, none
        )

    def _summit(self, curve: Curve, peak: Peak) -> int:
        """The look with the highest score near a peak of the smoothed curve, which may lie where the gate is
        not passed.
        """
        near = np.flatnonzero(np.abs(curve.time_s - curve.time_s[peak.at]) <= self.smooth_s)
        return int(near[np.argmax(curve.value[near])])

    def _moment(self, joined: Joined, curve: Curve, at: int, window: Window) -> Moment:
        parts = {n: float(x[at]) for n, x in curve.parts.items()}
        features = {n: _finite(float(_feature(joined, n)[at])) for n in curve.parts}
        return Moment(window, float(curve.value[at]), self.name, _why(joined, at), parts, features)

    def _against(
        self, peak: Peak, bar: float, peaks: Sequence[Peak], time_s: Series, highest: float
    ) -> tuple[str, str] | None:
        """(verdict, reason) against a peak, or None."""
        if peak.prominence < bar:
            return "below_threshold", f"rises {peak.prominence:.3f} over its surroundings, {bar:.3f} asked"
        if peak not in peaks:
            near = min(peaks, key=lambda p: abs(p.at - peak.at))
            return "too_near", f"less than {self.distance_s:g} s from a higher one at {time_s[near.at]:.1f} s"
        if highest < self.contrast:
            return (
                "not_different",
                f"nothing in it is {self.contrast:g} σ over its usual change (at most "
                f"{max(highest, 0.0):.1f})",
            )
        return None

    def _joined(self, signals: Signals) -> Joined:
        """Every main person, and at each look the one with the highest score."""
        mains = [p for p in People()(signals) if p.role == "main"] if "faces.time_s" in signals else []
        looks = _looks(signals) if mains else np.zeros(0)
        absent = _nobody(signals, mains, looks, self.margin_s)
        if "people" in absent:
            empty = np.zeros(0, np.int64)
            return Joined(np.zeros(0), (), empty, empty, {n: np.zeros(0) for n in self._names}, absent)
        people = tuple(self._seen(signals, _once(signals, p)) for p in mains)
        passenger = self._passengers(signals, looks)
        best, who, row = np.full(len(looks), -np.inf), np.full(len(looks), -1), np.zeros(len(looks), np.int64)
        parts = {n: np.zeros(len(looks)) for n in self._names}
        for place, seen in enumerate(people):
            at = np.searchsorted(looks, seen.time_s)
            own = self._parts(seen, passenger[at])
            score = _sum(own, len(at))
            better = score > best[at]
            best[at[better]], who[at[better]], row[at[better]] = score[better], place, np.flatnonzero(better)
            for n, x in own.items():
                parts[n][at[better]] = x[better]
        absent |= {
            n: "was not logged" if _unlogged(signals, n) else "was never measured"
            for n in IMPACT
            if all(not np.isfinite(s.z[n]).any() for s in people)
        }
        return Joined(looks, people, who, row, parts, absent)

    @property
    def _names(self) -> tuple[str, ...]:
        return (*IMPACT, "quality", "passenger") if self.combine == "sum" else tuple(IMPACT)

    def _parts(self, seen: Seen, passenger: Series) -> dict[str, Series]:
        """name -> (N,) what each part adds to the score; 0 where the gate is not passed."""
        if self.combine == "product":
            return {n: seen.fit * seen.quality * x for n, x in seen.shares.items()}
        top = float(np.percentile(seen.impact, 95)) if len(seen.time_s) else 0.0
        scale = 0.65 / np.maximum(np.maximum(seen.impact, top), 1e-9)
        parts = {n: x * scale for n, x in seen.shares.items()} | {
            "quality": 0.35 * seen.quality,
            "passenger": 0.30 * passenger,
        }
        return {n: seen.fit * x for n, x in parts.items()}

    def _passengers(self, signals: Signals, looks: Series) -> Series:
        """(K,) 0..1 how well a passenger is to be seen with them; it may only add, never veto (companions
        §2.3).
        """
        out = np.zeros(len(looks))
        if self.combine == "product":
            return out
        for person in People()(signals):
            if person.role == "passenger":
                fit = ~failing(Gate()(signals, person.rows, "loose"))
                at = np.searchsorted(looks, signals["faces.time_s"][person.rows])
                out[at] = np.maximum(out[at], fit * self._quality(self._raw(signals, person)))
        return out

    def _seen(self, signals: Signals, person: Person) -> Seen:
        time_s = signals["faces.time_s"][person.rows].astype(np.float64)
        raw = self._raw(signals, person)
        stretch = _stretches(time_s, cuts_of(signals), self.hold_s)
        change = {n: self._change(n, time_s, raw, stretch) for n in IMPACT}
        size = {n: x if self.sign == "rise" and n in RISING else np.abs(x) for n, x in change.items()}
        z = {n: robust_z(x, getattr(self, f"floor_{n}")) for n, x in size.items()}
        fit = ~self._unfit(signals, person, raw)
        return Seen(person.number, time_s, raw, change, z, fit, self._quality(raw), self._shares(size, z))

    def _unfit(self, signals: Signals, person: Person, raw: Mapping[str, Series]) -> NDArray[np.bool_]:
        """(N,) the gate is not passed, or light or sharpness fall out of what is around (flash, black,
        defocus) within gate_s.
        """
        if self.gate == "off":
            return np.zeros(len(person.rows), np.bool_)
        times = signals["faces.time_s"][person.rows].astype(np.float64)
        bad = glitches(times, raw["exposure"], raw["blur"], self.glitch_light, self.glitch_blur)
        near = np.searchsorted(times[bad], times - self.gate_s) < np.searchsorted(
            times[bad], times + self.gate_s, side="right"
        )
        return near | failing(Gate()(signals, person.rows, cast(Level, self.gate)))

    def _raw(self, signals: Signals, person: Person) -> dict[str, Series]:
        """FEATURES -> (N,) of one person."""
        rows = person.rows
        time_s = signals["faces.time_s"][rows].astype(np.float64)

        def of(name: str) -> Series:
            known = f"faces.{name}" in signals
            return signals[f"faces.{name}"][rows].astype(np.float64) if known else np.full(len(rows), np.nan)

        box = of("bbox")
        size = np.maximum(box[:, 2:] - box[:, :2], 0)
        off = (box[:, :2] + box[:, 2:] - 1) / np.sqrt(2)
        stretch = _stretches(time_s, cuts_of(signals), self.hold_s)
        angles = {n: of(n) for n in ("yaw", "pitch", "roll")}
        velocity = np.linalg.norm([rate(time_s, x, self.rate_s, stretch) for x in angles.values()], axis=0)
        raw = {
            "face_area": size.prod(axis=1),
            "centre_distance": np.linalg.norm(off, axis=1),
            "mouth_open": of("mouth_open"),
            "eye_open": of("eye_open"),
        }
        raw |= angles | {"head_velocity": velocity} | self._body(signals, person, box, stretch)
        return raw | {"blur": of("sharpness"), "exposure": of("exposure_mean"), "occlusion": of("occlusion")}

    def _body(
        self, signals: Signals, person: Person, box: NDArray[np.float64], stretch: NDArray[np.int64]
    ) -> dict[str, Series]:
        """The features of the body at the looks at the face: (N,) each, NaN where there is no pose within
        hold_s.
        """
        time_s = signals["faces.time_s"][person.rows].astype(np.float64)
        points = held(signals, person, time_s, self.hold_s, self.pose_confidence)
        size = np.array([signals.video.width_px, signals.video.height_px], np.float64)
        own = body_features(points * size, box * np.tile(size, 2))
        own["elbow_angle_change"] = np.abs(rate(time_s, own.pop("elbow_angle"), 2 * self.rate_s, stretch))
        return own

    def _change(
        self, name: str, time_s: Series, raw: Mapping[str, Series], stretch: NDArray[np.int64]
    ) -> Series:
        """(N,) how far a feature is from what is usual around it; a velocity is a change already."""
        x = raw[IMPACT[name][0]]
        if name == "head_velocity":
            return x
        if name == "face_size_change":
            x = x / max(float(np.median(x)), 1e-9)
        out, known = np.full(len(x), np.nan), np.isfinite(x)
        if known.any():
            at, values, place = time_s[known], x[known], stretch[known]
            place = np.cumsum(
                (np.diff(place, prepend=-1) != 0) | (np.diff(at, prepend=-np.inf) > self.hold_s)
            )
            usual = (
                running_ema(at, values, self.tau_s, place)
                if self.baseline == "ema"
                else running_median(at, values, self.local_s, place)
            )
            out[known] = values - usual
        return out

    def _quality(self, raw: Mapping[str, Series]) -> Series:
        """(N,) in 0..1: sharpness, size and frontalness of the face, the weights shared among those that were
        measured.
        """
        sharp = np.log(np.maximum(raw["blur"], 1e-3))
        known = sharp[np.isfinite(sharp)]
        low, high = np.percentile(known, [5, 95]) if len(known) else (0.0, 0.0)
        height = np.sqrt(raw["face_area"])
        terms = {
            "blur": np.clip(1 - (high - sharp) / max(high - low, np.log(2)), 0, 1),
            "size": np.clip(height / max(float(np.percentile(height, 95)), 1e-9), 0, 1)
            if len(height)
            else height,
            "frontal": 1 - np.clip(np.abs(raw["yaw"]) / 45, 0, 1),
        }
        return _sum(_weighted(terms, {n: getattr(self, f"w_{n}") for n in terms}, 0.0), len(height))

    def _shares(self, change: Mapping[str, Series], z: Mapping[str, Series]) -> dict[str, Series]:
        """IMPACT -> (N,) weight × what is above the usual."""
        normed = (
            z
            if self.norm == "robust_z"
            else {n: _percentile_norm(x, getattr(self, f"floor_{n}")) for n, x in change.items()}
        )
        above = {n: np.where(np.isfinite(x), np.clip(x, 0, self.most), np.nan) for n, x in normed.items()}
        return _weighted(above, {n: getattr(self, f"w_{n}") for n in IMPACT}, 0.5)

    def _curve(self, joined: Joined) -> Curve:
        return Curve(joined.time_s, _sum(joined.parts, len(joined.time_s)), joined.parts)

    def _smoothed(self, curve: Curve) -> Series:
        step_s = float(np.median(np.diff(curve.time_s)))
        if self.smooth == "median":
            return median_filter(curve.value, 2 * round(self.smooth_s / step_s) + 1)
        alpha = ema_alpha(step_s, self.smooth_s if self.smooth != "none" else 0.0)
        return ema(curve.value, alpha) if self.smooth == "causal" else zero_phase_ema(curve.value, alpha)


class _Peaks(Peaks):
    """The same peaks, with the p90 of this engine in the seed's rule (companions §2.2)."""

    def bar(self, value: Series) -> float:
        return float(np.percentile(value, 90)) if self.rule == "seed" else super().bar(value)


def timeseries(signals: Signals, rules: Rules = Rules()) -> dict[str, NDArray[Any]]:
    """timeseries.csv: one row per look, of the main person with the highest score in it; no row where nobody
    is to be seen.

    time_s, person (-1: not in the picture), each of FEATURES in its unit, z_{part} in robust standard
    deviations, gate (1: passed), quality, impact, final (as it is before smoothing).
    """
    joined = rules._joined(signals)
    numbers = np.array([*(p.person for p in joined.people), -1], np.int64)
    out: dict[str, NDArray[Any]] = {"time_s": joined.time_s, "person": numbers[joined.who]}
    out |= {n: joined.of(n, "raw") for n in FEATURES} | {f"z_{n}": joined.of(n, "z") for n in IMPACT}
    out |= {
        "gate": np.nan_to_num(joined.of("", "fit")).astype(np.int64),
        "quality": joined.of("", "quality"),
        "impact": joined.of("", "impact"),
    }
    return out | {"final": _sum(joined.parts, len(joined.time_s))}


def running_median(time_s: Series, x: Series, span_s: float, stretch: NDArray[np.int64]) -> Series:
    """(N,) median of x within ± span/2 of each instant, within its stretch: (N,) -> (N,). (readings H1:
    two-sided local median)
    """
    first, last = np.searchsorted(stretch, stretch), np.searchsorted(stretch, stretch, side="right")
    a = np.maximum(first, np.searchsorted(time_s, time_s - span_s / 2 - EPSILON_S))
    b = np.minimum(last, np.searchsorted(time_s, time_s + span_s / 2 + EPSILON_S))
    return np.array([np.median(x[i:j]) for i, j in zip(a, b, strict=True)], np.float64)


def running_ema(time_s: Series, x: Series, tau_s: float, stretch: NDArray[np.int64]) -> Series:
    """(N,) what x was just before each instant: an EMA that starts at the median of the first 2τ of each
    stretch (readings H1, H2, H9).
    """
    out = np.zeros(len(x))
    for number in np.unique(stretch):
        at = np.flatnonzero(stretch == number)
        base = float(np.median(x[at][time_s[at] <= time_s[at[0]] + 2 * tau_s]))
        for before, i in zip([at[0], *at[:-1]], at, strict=True):
            out[i] = base
            base += ema_alpha(time_s[i] - time_s[before], tau_s) * (x[i] - base)
    return out


def glitches(
    time_s: Series, light: Series, sharpness: Series, light_by: float, blur_to: float
) -> NDArray[np.bool_]:
    """(N,) where light is off by more than `light_by`, or sharpness under `blur_to` times, from the median
    within ± 2 s.
    """
    whole = np.zeros(len(time_s), np.int64)
    off = np.abs(light - running_median(time_s, light, 4.0, whole)) > light_by
    return np.asarray(off | (sharpness < blur_to * running_median(time_s, sharpness, 4.0, whole)))


def rate(time_s: Series, x: Series, span_s: float, stretch: NDArray[np.int64]) -> Series:
    """Change per second over `span_s` around each instant, within its stretch: (N,) -> (N,), NaN where x is.

    >>> rate(np.array([0.0, 0.2, 0.4]), np.array([0.0, 2.0, 4.0]), 0.4, np.zeros(3, int)).round(6).tolist()
    [10.0, 10.0, 10.0]
    """
    out = np.full(len(x), np.nan)
    for number in np.unique(stretch):
        at = np.flatnonzero((stretch == number) & np.isfinite(x))
        if len(at) > 1:
            t = time_s[at]
            a = np.clip(
                t - span_s / 2, t[0], max(t[0], t[-1] - span_s)
            )  # at the ends the whole span, too: half of it doubles the noise
            out[at] = (np.interp(a + span_s, t, x[at]) - np.interp(a, t, x[at])) / span_s
    return out


def held(
    signals: Signals, person: Person, time_s: Series, hold_s: float, confidence: float
) -> NDArray[np.float64]:
    """(N,17,2) the points of the person's pose nearest to each instant, in shares of the picture; NaN where
    none is surely seen within hold_s.
    """
    out = np.full((len(time_s), 17, 2), np.nan)
    rows = (
        np.flatnonzero(np.isin(signals["poses.track"], person.tracks))
        if signals.rows("poses.time_s")
        else np.zeros(0, np.int64)
    )
    if not len(rows):
        return out
    at = signals["poses.time_s"][rows]
    after = np.searchsorted(at, time_s).clip(1, max(len(at) - 1, 1)).clip(max=len(at) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(at[before] - time_s) <= np.abs(at[after] - time_s), before, after)
    points = signals["poses.points"][rows[nearest]].astype(np.float64).reshape(-1, 17, 3)
    sure = (points[..., 2] >= confidence) & (np.abs(at[nearest] - time_s) <= hold_s)[:, None]
    return np.where(sure[..., None], points[..., :2], out)


def body_features(points: NDArray[np.float64], face: NDArray[np.float64]) -> dict[str, Series]:
    """Points (N,17,2) and face boxes (N,4), both in px -> wrist_raise, elbow_angle (deg), torso_rotation
    (deg), hand_near_face: (N,) each.

    torso_rotation is the tilt of the line through the shoulders; of two arms the one that is higher,
    straighter, nearer counts.
    """
    height = np.maximum(face[:, 3] - face[:, 1], 1e-9)
    centre = (face[:, :2] + face[:, 2:]) / 2
    shoulders, elbows, wrists = points[:, SHOULDERS], points[:, ELBOWS], points[:, WRISTS]
    across = shoulders[:, 0] - shoulders[:, 1]
    away = np.linalg.norm(wrists - centre[:, None], axis=-1) / height[:, None]
    return {
        "wrist_raise": _most((shoulders - wrists)[..., 1] / height[:, None]),
        "elbow_angle": _most(_angle(shoulders - elbows, wrists - elbows)),
        "torso_rotation": np.degrees(np.arctan2(across[:, 1], np.abs(across[:, 0]))),
        "hand_near_face": _most(np.clip(1 - away / 2, 0, 1)),
    }


def _angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle between vectors in degrees: (..., 2) -> (...)."""
    cross = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return np.asarray(np.degrees(np.abs(np.arctan2(cross, (a * b).sum(axis=-1)))))


def _most(x: NDArray[np.float64]) -> Series:
    """The largest of what was measured in each row: (N, A) -> (N,); NaN where nothing was."""
    filled = np.where(np.isfinite(x), x, -np.inf).max(axis=1)
    return np.where(np.isfinite(filled), filled, np.nan)


def _sum(parts: Mapping[str, Series], n: int) -> Series:
    """(n,) the sum of all parts."""
    return np.asarray(np.stack([np.zeros(n), *parts.values()]).sum(axis=0), np.float64)


def _weighted(terms: Mapping[str, Series], weights: Mapping[str, float], least: float) -> dict[str, Series]:
    """weight × term / Σ weights of what is measured at that instant, but of at least the share `least` of
    what ever is: name -> (N,).

    A term that is not measured (NaN) is absent, never 0; `least` keeps one lonely term from speaking for all.
    """
    known = {n: np.isfinite(x) for n, x in terms.items()}
    ever = sum(weights[n] for n in terms if known[n].any())
    here = np.stack([weights[n] * known[n] for n in terms]).sum(axis=0)
    total = np.maximum(here, max(least * ever, 1e-9))
    return {n: weights[n] * np.nan_to_num(x) / total for n, x in terms.items()}


def _percentile_norm(x: Series, floor: float) -> Series:
    """(x - p50) / (p95 - p50), the spread at least the floor."""
    finite = x[np.isfinite(x)]
    low, high = np.percentile(finite, [50, 95]) if len(finite) else (0.0, 1.0)
    return (x - low) / max(high - low, floor)


def _stretches(time_s: Series, cuts: Series, gap_s: float) -> NDArray[np.int64]:
    """(N,) number of the stretch without a cut and without a gap of more than `gap_s` that each instant
    belongs to (readings H9).
    """
    shot = np.searchsorted(cuts, time_s, side="right")
    return np.cumsum((np.diff(time_s, prepend=-np.inf) > gap_s) | (np.diff(shot, prepend=-1) != 0))


def _looks(signals: Signals) -> Series:
    """(K,) every instant at which faces were looked for."""
    times = signals["faces.time_s"].astype(np.float64)
    if "frames.n_faces" in signals:
        times = np.concatenate([times, signals["frames.time_s"][np.isfinite(signals["frames.n_faces"])]])
    return np.unique(times)


def _nobody(signals: Signals, mains: Sequence[Person], looks: Series, margin_s: float) -> dict[str, str]:
    """Why nothing can be told, if so: {"people": reason}."""
    if "faces.time_s" not in signals:
        return {
            "people": "no_faces_looked_for: there was no face detector; `momentscan models pull faces` "
            "fetches one, then scan again"
        }
    if not mains:
        return {
            "people": "no_face: no face is seen surely enough, often enough"
            if signals.rows("faces.time_s")
            else "no_face: not one face was seen"
        }
    if len(looks) < 3 or signals.video.duration_s < 2 * margin_s:
        return {
            "people": f"too_short: {signals.video.duration_s:.2f} s of video, a window wants "
            f"{2 * margin_s:g} s"
        }
    return {}


def _once(signals: Signals, person: Person) -> Person:
    """The person with one row per look: of two (a mirror) the one that the detector was surer of."""
    return replace(
        person, rows=person.rows[np.unique(signals["faces.time_s"][person.rows], return_index=True)[1]]
    )


def _unlogged(signals: Signals, part: str) -> bool:
    needs = {
        "mouth_open": "faces.mouth_open",
        "head_velocity": "faces.yaw",
        "exposure_change": "faces.exposure_mean",
    }
    return needs.get(part, "poses.points") not in signals


def _highest(joined: Joined, parts: Sequence[str]) -> Series:
    """(K,) the largest z of any of the parts at each look, of whose score counts there; -inf where the gate
    is not passed.
    """
    every = np.stack(
        [
            np.full(len(joined.time_s), -np.inf),
            *(np.nan_to_num(joined.of(n, "z"), nan=-np.inf) for n in parts),
        ]
    )
    fit = np.nan_to_num(joined.of("", "fit")) > 0
    return np.where(fit, every.max(axis=0), -np.inf)


def _feature(joined: Joined, part: str) -> Series:
    """(K,) the feature behind a part in its own unit; of a part that is a change, the change."""
    if part == "quality":
        return joined.of("", "quality")
    if part == "passenger":
        return joined.parts["passenger"]
    return joined.of(part, "change") if part.endswith("_change") else joined.of(IMPACT[part][0], "raw")


def _why(joined: Joined, at: int) -> str:
    """In words: the parts, the one that adds most first, how far each is over its usual change, and what was
    measured.
    """
    seen = joined.people[joined.who[at]]
    row = joined.row[at]
    said = []
    for part in sorted(IMPACT, key=lambda n: -seen.shares[n][row]):
        z, (feature, up, down) = seen.z[part][row], IMPACT[part]
        if np.isfinite(z) and z >= 1:
            value = seen.raw[feature][row]
            words = up if seen.change[part][row] >= 0 else down
            said.append(f"{words} {z:.1f} σ over its usual change ({value:.3g} {FEATURES[feature]})")
    who = f" (person {seen.person})" if len(joined.people) > 1 else ""
    return (
        "; ".join(said[:3] or ["nothing by itself, all a little"])
        + f"; quality {seen.quality[row]:.2f}"
        + who
    )


def _apart(moments: Sequence[Moment]) -> list[Moment]:
    """The same in order of time; where two windows overlap, both end in the middle of the overlap, but never
    beyond a peak.
    """
    out: list[Moment] = []
    for moment in sorted(moments, key=lambda m: m.window.peak_s):
        before = out[-1].window if out else None
        if before is not None and before.end_s > moment.window.start_s:
            after = moment.window
            middle = min(max((before.end_s + after.start_s) / 2, before.peak_s), after.peak_s)
            out[-1] = replace(out[-1], window=replace(before, end_s=middle))
            moment = replace(moment, window=replace(after, start_s=middle))
        out.append(moment)
    return out


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
