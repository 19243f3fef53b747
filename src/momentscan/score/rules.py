"""highlight_rules: a moment is when what is measured of the main people's faces and bodies leaves its usual;
every one is explained.

No embedding and no learning (companions §2.2). Of the features only their change within this video counts,
never how high they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.presentation import Part, Presentation
from momentscan.score.baselines import glitches, stretches
from momentscan.score.impact import IMPACT, Impact, Quality, total_of
from momentscan.score.main_people import (
    MainScores,
    PersonScores,
    best_at,
    feature_of,
    highest_z,
    nobody,
    why_at,
)
from momentscan.score.peaks import Peak, Peaks
from momentscan.score.person_features import FEATURES, features_of
from momentscan.score.verdicts import (
    abstained,
    apart,
    faceless,
    finite,
    parts_at,
    too_low,
    too_near,
    verdict_of,
)
from momentscan.select.gate import Gate, Level, failing
from momentscan.select.people import People, Person
from momentscan.signals import Signals
from momentscan.signals.series import ema, ema_alpha, median_filter, zero_phase_ema
from momentscan.signals.spans import cuts_of
from momentscan.values import Abstention, Candidate, CandidateOutcome, Curve, Moment, Series, Verdict, Window


@dataclass(frozen=True)
class Rules:
    """quality × impact of the main people at each look, all relative to this video (companions §2.2).

    quality  0.4 sharpness + 0.3 size + 0.3 frontalness of the face
    impact   how far mouth, head, hands, upper body, size and light of the face are from where they just were,
             in robust standard deviations
    """

    rate_s: Annotated[
        float,
        Knob(
            "s", source="taste: two looks at 5 Hz, so that velocities do not depend on their rate", low=0.05
        ),
    ] = 0.4
    hold_s: Annotated[float, Knob("s", source="readings H9: gap ≤ 1 s", low=0)] = 1.0
    pose_confidence: Annotated[float, Knob("0-1", source="taste; to be swept", low=0, high=1)] = 0.3
    gate_level: Annotated[
        str, Knob("", source="companions §2.2: strict; §2.3: loose", choices=("strict", "loose", "off"))
    ] = "strict"
    glitch_light: Annotated[
        float, Knob("grey 0-255", source="readings H11; the number is taste, highlight_vector's", low=0)
    ] = 25.0
    glitch_blur: Annotated[
        float, Knob("× median", source="readings H11; the number is taste, highlight_vector's", low=0, high=1)
    ] = 0.35
    gate_s: Annotated[float, Knob("s", source="readings H11: ±.25 s around gated frames", low=0)] = 0.25
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
    max_windows: Annotated[int, Knob("windows", source="readings H5: plus max_windows; taste", low=1)] = 20
    quality: Quality = Quality()
    impact: Impact = Impact()
    peaks: Peaks = Peaks(
        distance_s=2.5,  # companions §2.2: at least 2.5 s apart
        prominence=2.0,  # 2 and not 3, as contrast is asked of every window as well
        level_percentile=90.0,  # companions §2.2: the level's p90
    )
    gate: Gate = Gate()
    roles: People = People()

    name: ClassVar[str] = "rules"
    presentation: ClassVar[Presentation] = Presentation(
        meaning="Mouth, head, hands and light of the main people: a moment is where they leave their usual.",
        colour=0,
        parts={
            "mouth_open": Part("mouth opens", FEATURES["mouth_open"], 3),
            "head_velocity": Part("head turns", FEATURES["head_velocity"], 0),
            "wrist_raise": Part("hand goes up", FEATURES["wrist_raise"], 4),
            "torso_rotation": Part("body turns", FEATURES["torso_rotation"], 1),
            "face_size_change": Part("face comes closer", "of its median", 5),
            "exposure_change": Part("light changes", FEATURES["exposure"], 2),
            "quality": Part("picture quality", "0-1", 7),
            "passenger": Part("company", "", 6),
        },
    )
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
        return curve_of(self.scores(signals))

    def judge(self, signals: Signals) -> Verdict:
        """Moments, best first; every local maximum of the smoothed curve is a candidate with its verdict."""
        main = self.scores(signals)
        curve = curve_of(main)
        if main.abstention is not None:
            return abstained(self.name, curve, main.abstention, main.absent)
        smoothed = self._smoothed(curve)
        highest = highest_z(main, self.impact.parts)
        if (most := float(highest.max(initial=0.0))) < self.contrast:
            words = (
                f"nothing about the main people is ever more than {most:.1f} σ over its usual change, "
                f"{self.contrast:g} asked"
            )
            return abstained(self.name, curve, Abstention("no_contrast", words), main.absent, smoothed)
        chosen, rejected, bar = self._weighed(signals, main, curve, smoothed, highest)
        words = f"nothing rises by {bar:.3f} over its surroundings ({self.peaks.rule})"
        nothing = Abstention("no_peak", words)
        return verdict_of(
            self.name, curve, smoothed, None, apart(chosen), rejected, main.absent, self.max_windows, nothing
        )

    def _weighed(
        self, signals: Signals, main: MainScores, curve: Curve, smoothed: Series, highest: Series
    ) -> tuple[list[Moment], list[Candidate], float]:
        """(moments, what was not chosen, the prominence that was asked), by time."""
        peaks, others, bar = self.peaks.find(curve.time_s, smoothed)
        cuts = cuts_of(signals)
        chosen: list[Moment] = []
        rejected: list[Candidate] = []
        for peak in sorted([*peaks, *others]):
            at = self._summit(curve, peak)
            window = self.peaks.window(peak, float(curve.time_s[at]), signals.video.duration_s, cuts)
            inside = (curve.time_s >= window.start_s) & (curve.time_s <= window.end_s)
            z = float(highest[inside].max()) if curve.value[at] > 0 else -np.inf
            against = self._against(peak, bar, peaks, curve.time_s, z)
            if against is None:
                chosen.append(self._moment(main, curve, at, window))
            else:
                rejected.append(Candidate(window, float(curve.value[at]), parts_at(curve, at), *against))
        return chosen, rejected, bar

    def scores(self, signals: Signals) -> MainScores:
        """Every main person, and at each look the one with the highest score."""
        mains = [p for p in self.roles(signals) if p.role == "main"] if "faces.time_s" in signals else []
        looks = _looks(signals) if mains else np.zeros(0)
        if (nothing := self._nothing(signals, mains, looks)) is not None:
            return nobody(self._names, nothing)
        people = tuple(self._scores_of(signals, _once(signals, p)) for p in mains)
        passenger = self._passengers(signals, looks)
        main = best_at(
            looks, people, [self._parts(p, passenger[np.searchsorted(looks, p.time_s)]) for p in people]
        )
        absent = {
            n: "was not logged" if _unlogged(signals, n) else "was never measured"
            for n in IMPACT
            if all(not np.isfinite(p.z[n]).any() for p in people)
        }
        return main._replace(absent=absent)

    def _nothing(self, signals: Signals, mains: Sequence[Person], looks: Series) -> Abstention | None:
        """Why there is nothing to judge, if so."""
        if (none := faceless(signals)) is not None:
            return none
        if not mains:
            return Abstention("no_face", "no face is seen surely enough, often enough")
        least_s = 2 * self.peaks.margin_s
        if len(looks) < 3 or signals.video.duration_s < least_s:
            words = f"{signals.video.duration_s:.2f} s of video, a window wants {least_s:g} s"
            return Abstention("too_short", words)
        return None

    def _summit(self, curve: Curve, peak: Peak) -> int:
        """The look with the highest score near a peak of the smoothed curve, which may lie where the gate is
        not passed.
        """
        near = np.flatnonzero(np.abs(curve.time_s - curve.time_s[peak.at]) <= self.smooth_s)
        return int(near[np.argmax(curve.value[near])])

    def _moment(self, main: MainScores, curve: Curve, at: int, window: Window) -> Moment:
        features = {n: finite(float(feature_of(main, n)[at])) for n in curve.parts}
        score, parts = float(curve.value[at]), parts_at(curve, at)
        return Moment(window, score, self.name, why_at(main, at), parts, features)

    def _against(
        self, peak: Peak, bar: float, peaks: Sequence[Peak], time_s: Series, z: float
    ) -> tuple[CandidateOutcome, str] | None:
        """(outcome, reason) against a peak, or None."""
        if peak.prominence < bar:
            return "below_threshold", too_low(peak.prominence, bar)
        if peak not in peaks:
            near = min(peaks, key=lambda p: abs(p.at - peak.at))
            return "too_near", too_near(self.peaks.distance_s, time_s[near.at])
        if z < self.contrast:
            usual = f"{self.contrast:g} σ over its usual change (at most {max(z, 0.0):.1f})"
            return "not_different", f"nothing in it is {usual}"
        return None

    @property
    def _names(self) -> tuple[str, ...]:
        return (*IMPACT, "quality", "passenger") if self.combine == "sum" else tuple(IMPACT)

    def _parts(self, person: PersonScores, passenger: Series) -> dict[str, Series]:
        """name -> (N,) what each part adds to the score; 0 where the gate is not passed."""
        if self.combine == "product":
            return {n: person.fit * person.quality * x for n, x in person.shares.items()}
        top = float(np.percentile(person.impact, 95)) if len(person.time_s) else 0.0
        scale = 0.65 / np.maximum(np.maximum(person.impact, top), 1e-9)
        parts = {n: x * scale for n, x in person.shares.items()} | {
            "quality": 0.35 * person.quality,
            "passenger": 0.30 * passenger,
        }
        return {n: person.fit * x for n, x in parts.items()}

    def _passengers(self, signals: Signals, looks: Series) -> Series:
        """(K,) 0..1 how well a passenger is to be seen with them; it may only add, never veto (companions
        §2.3).
        """
        out = np.zeros(len(looks))
        if self.combine == "product":
            return out
        for person in self.roles(signals):
            if person.role == "passenger":
                fit = ~failing(self.gate(signals, person.rows, "loose"))
                at = np.searchsorted(looks, signals["faces.time_s"][person.rows])
                out[at] = np.maximum(out[at], fit * self.quality.of(self._features(signals, person)))
        return out

    def _features(self, signals: Signals, person: Person) -> dict[str, Series]:
        return features_of(signals, person, self.rate_s, self.hold_s, self.pose_confidence)

    def _scores_of(self, signals: Signals, person: Person) -> PersonScores:
        time_s = signals["faces.time_s"][person.rows].astype(np.float64)
        raw = self._features(signals, person)
        stretch = stretches(time_s, cuts_of(signals), self.hold_s)
        change = self.impact.changes(time_s, raw, stretch, self.hold_s)
        sizes = self.impact.sizes(change)
        z = self.impact.z(sizes)
        fit, quality = ~self._unfit(signals, person, raw), self.quality.of(raw)
        return PersonScores(person.number, time_s, raw, change, z, fit, quality, self.impact.shares(sizes, z))

    def _unfit(self, signals: Signals, person: Person, raw: Mapping[str, Series]) -> NDArray[np.bool_]:
        """(N,) the gate is not passed, or light or sharpness fall out of what is around (flash, black,
        defocus) within gate_s.
        """
        if self.gate_level == "off":
            return np.zeros(len(person.rows), np.bool_)
        times = signals["faces.time_s"][person.rows].astype(np.float64)
        bad = glitches(times, raw["exposure"], raw["blur"], self.glitch_light, self.glitch_blur)
        near = np.searchsorted(times[bad], times - self.gate_s) < np.searchsorted(
            times[bad], times + self.gate_s, side="right"
        )
        return near | failing(self.gate(signals, person.rows, cast(Level, self.gate_level)))

    def _smoothed(self, curve: Curve) -> Series:
        step_s = float(np.median(np.diff(curve.time_s)))
        if self.smooth == "median":
            return median_filter(curve.value, 2 * round(self.smooth_s / step_s) + 1)
        alpha = ema_alpha(step_s, self.smooth_s if self.smooth != "none" else 0.0)
        return ema(curve.value, alpha) if self.smooth == "causal" else zero_phase_ema(curve.value, alpha)


def curve_of(main: MainScores) -> Curve:
    """The score at each look, of whose is highest there."""
    return Curve(main.time_s, total_of(main.parts, len(main.time_s)), main.parts)


def timeseries(signals: Signals, rules: Rules = Rules()) -> dict[str, NDArray[Any]]:
    """timeseries.csv: one row per look, of the main person with the highest score in it; no row where nobody
    is to be seen.

    time_s, person (-1: not in the picture), each of FEATURES in its unit, z_{part} in robust standard
    deviations, gate (1: passed), quality, impact, final (as it is before smoothing).
    """
    main = rules.scores(signals)
    numbers = np.array([*(p.person for p in main.people), -1], np.int64)
    out: dict[str, NDArray[Any]] = {"time_s": main.time_s, "person": numbers[main.who]}
    out |= {n: main.of(n, "raw") for n in FEATURES} | {f"z_{n}": main.of(n, "z") for n in IMPACT}
    out |= {
        "gate": np.nan_to_num(main.of("", "fit")).astype(np.int64),
        "quality": main.of("", "quality"),
        "impact": main.of("", "impact"),
    }
    return out | {"final": total_of(main.parts, len(main.time_s))}


def _looks(signals: Signals) -> Series:
    """(K,) every instant at which faces were looked for."""
    times = signals["faces.time_s"].astype(np.float64)
    if "frames.n_faces" in signals:
        times = np.concatenate([times, signals["frames.time_s"][np.isfinite(signals["frames.n_faces"])]])
    return np.unique(times)


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
