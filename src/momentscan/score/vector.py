"""highlight_vector: a moment is when the look of the main people changes, seen by vision embeddings of face
and upper body (seed 000).

No emotion, no landmark and no Face-ID column is read: what a face expresses shows as a change of its
embedding or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.presentation import Part, Presentation
from momentscan.score.clip_measures import (
    USUAL,
    WORDS,
    ClipMeasures,
    CropDelta,
    clip_centres,
    cutaways,
    heights,
    highest_words,
    in_sigmas,
    joined,
    over_clips,
    why_at,
)
from momentscan.score.novelty import Novelty, pooled
from momentscan.score.peaks import Peak, Peaks
from momentscan.score.picture_faults import flashed, glitched, shown_again
from momentscan.score.verdicts import (
    abstained,
    faceless,
    finite,
    parts_at,
    too_low,
    too_near,
    unknown_embedder,
    verdict_of,
)
from momentscan.select.gate import Gate, Level, failing
from momentscan.select.people import People, Person
from momentscan.signals import Signals
from momentscan.signals.join import rows_of_tracks, same_faces
from momentscan.signals.series import ema, ema_alpha, percentile_rank, soft_percentile, zero_phase_ema
from momentscan.signals.spans import cuts_of
from momentscan.values import Abstention, Candidate, CandidateOutcome, Curve, Moment, Series, Verdict, Window


@dataclass(frozen=True)
class Vector:
    """0.6 delta of embeddings + 0.3 movement + 0.1 loudness over clips of 1 s, each relative to this video.

    The delta is how far a clip's vector is from a baseline of the same person and crop. With `norm=excess`
    only what stands out by more than chance counts, so that a faint part (loudness) can still make a moment
    where the others are quiet. The seed's own reading is `baseline=ema, norm=raw, smooth=causal,
    smooth_s=1.4, gate_level=off, cutaway_s=0, rule=seed, doubt=0`.
    """

    clip_s: Annotated[
        float, Knob("s", source="highlight_vector §11: clip length 1.0 s", low=0.2, high=10)
    ] = 1.0
    stride_s: Annotated[float, Knob("s", source="highlight_vector §11: stride 0.5 s", low=0.1, high=10)] = 0.5
    pool: Annotated[
        int, Knob("frames", source="highlight_vector §3: average of 3 to 5 frames", low=1, high=32)
    ] = 5
    valid: Annotated[
        float, Knob("", source="readings H9: a window needs ≥ 60 % valid samples", low=0, high=1)
    ] = 0.6
    crops: Annotated[
        str, Knob("", source="highlight_vector §4: max or weighted sum", choices=("max", "weighted"))
    ] = "max"
    w_face: Annotated[
        float,
        Knob(
            "", source="taste: the face tells more than the clothes; only for crops=weighted", low=0, high=1
        ),
    ] = 0.6
    people: Annotated[
        str,
        Knob(
            "",
            source="highlight_vector §2: one or two people; joint: the mean of both",
            choices=("max", "joint"),
        ),
    ] = "max"
    w_delta: Annotated[float, Knob("", source="highlight_vector §5: 0.6", low=0)] = 0.6
    w_motion: Annotated[float, Knob("", source="highlight_vector §5: 0.3", low=0)] = 0.3
    w_audio: Annotated[float, Knob("", source="highlight_vector §5: 0.1", low=0)] = 0.1
    norm: Annotated[
        str,
        Knob(
            "",
            source="readings H7: percentile rank, soft (keeps amplitude), raw (the seed's); excess: "
            "robust σ beyond chance (decision 0007)",
            choices=("excess", "rank", "soft", "raw"),
        ),
    ] = "excess"
    chance: Annotated[
        float, Knob("σ", source="swept 2 to 3.5 on planted videos; what half a minute of calm reaches", low=0)
    ] = 2.5
    enough: Annotated[
        float, Knob("σ", source="taste: more over chance than this counts ever less (logarithm)", low=0.1)
    ] = 12.0
    smooth: Annotated[
        str,
        Knob(
            "",
            source="readings H3: zero-phase; causal = the seed's",
            choices=("zero-phase", "causal", "none"),
        ),
    ] = "zero-phase"
    smooth_s: Annotated[
        float, Knob("s", source="readings H3: .3 s; the seed's 0.3 / 0.7 at 0.5 s is 1.40 s (H2)", low=0)
    ] = 0.3
    gate_level: Annotated[
        str,
        Knob("", source="readings H11: gate inside scoring too; loose", choices=("strict", "loose", "off")),
    ] = "loose"
    gate_s: Annotated[float, Knob("s", source="readings H11: ±.25 s around gated frames", low=0)] = 0.25
    cutaway_s: Annotated[
        float,
        Knob(
            "s",
            source="evaluation 6.1: inserts of 1.2 s; a short shot between two of twice its length is "
            "one; 0 = no matter",
            low=0,
        ),
    ] = 3.0
    doubt: Annotated[
        float,
        Knob(
            "× √(2 ln n)",
            source="readings H6, as a height: the largest of n normal numbers is near √(2 ln n) σ; 1.4 "
            "left .3 false windows a minute of planted calm",
            low=0,
        ),
    ] = 1.4
    doubt_cheap: Annotated[
        float, Knob("× √(2 ln n)", source="the same for movement and loudness, whose tails are longer", low=0)
    ] = 2.6
    max_windows: Annotated[int, Knob("windows", source="readings H5: plus max_windows; taste", low=1)] = 20

    novelty: Novelty = Novelty()
    peaks: Peaks = Peaks(least_bar=0.2, most_bar=0.5)  # in σ over chance, weighted: swept on planted videos
    gate: Gate = Gate()
    roles: People = People()

    name: ClassVar[str] = "vector"
    presentation: ClassVar[Presentation] = Presentation(
        meaning="How the main people look, as vectors of face and upper body: a moment is where that "
        "changes more than chance explains.",
        colour=1,
        parts={
            "d_face": Part("face change", "L2 of unit vectors", 3),
            "d_body": Part("upper body change", "L2 of unit vectors", 4),
            "motion": Part("movement", "diagonals/s", 0),
            "audio": Part("loudness", "dB over its median", 2),
            "delta": Part("change of looks"),
        },
    )
    reads: ClassVar[tuple[str, ...]] = (
        "frames.time_s",
        "frames.motion",
        "frames.exposure_mean",
        "faces.time_s",
        "faces.track",
        "faces.bbox",
        "faces.score",
        "faces.sharpness",
        "faces.exposure_mean",
        "faces.contrast",
        "faces.clipped",
        "faces.crushed",
        "tracks.id",
        "tracks.person",
        "crops.time_s",
        "crops.track",
        "crops.face",
        "crops.body",
        "crops.fresh",
        "sound.time_s",
        "sound.loud_db",
        "scenes.start_s",
        "scenes.end_s",
    )

    def curve(self, signals: Signals) -> Curve:
        """One value per clip, at its centre; parts d_face, d_body, motion, audio."""
        return self._curve(self._measures(signals))

    def judge(self, signals: Signals) -> Verdict:
        """Moments, best first; every local maximum of the smoothed curve is a candidate with its verdict."""
        clips = self._measures(signals)
        curve = self._curve(clips)
        if clips.abstention is not None:
            return abstained(self.name, curve, clips.abstention, clips.absent)
        smoothed = self._smoothed(curve)
        peaks, others, bar = self._peaks.find(curve.time_s, smoothed)
        cuts, beyond = cuts_of(signals), self._beyond(clips)

        def window(peak: Peak) -> Window:
            return self.peaks.window(peak, float(curve.time_s[peak.at]), signals.video.duration_s, cuts)

        def lost(peak: Peak, outcome: CandidateOutcome, reason: str) -> Candidate:
            return Candidate(
                window(peak), float(smoothed[peak.at]), parts_at(curve, peak.at), outcome, reason
            )

        sure = [p for p in peaks if beyond[p.at]]
        chosen = [self._moment(clips, curve, p.at, window(p)) for p in sure]
        rejected = [
            lost(p, "not_different", f"nothing in it is beyond chance ({heights(clips, p.at)})")
            for p in peaks
            if not beyond[p.at]
        ]
        rejected += [lost(p, "below_threshold", self._against(p, bar, sure, curve.time_s)) for p in others]
        highest = f"{highest_words(clips)}); {len(peaks)} peaks were looked at"
        nothing = Abstention("no_contrast", f"nothing stands out by more than chance ({highest}")
        return verdict_of(
            self.name, curve, smoothed, None, chosen, rejected, clips.absent, self.max_windows, nothing
        )

    @property
    def _peaks(self) -> Peaks:
        """The bounds of the bar are in σ over chance, which only norm=excess counts in."""
        excess = self.norm == "excess"
        return self.peaks if excess else replace(self.peaks, least_bar=0.0, most_bar=np.inf)

    def _moment(self, clips: ClipMeasures, curve: Curve, at: int, window: Window) -> Moment:
        features = {name: finite(clips.raw[name][at]) if name in clips.raw else None for name in WORDS}
        score, parts = float(curve.value[at]), parts_at(curve, at)
        return Moment(window, score, self.name, why_at(clips, at), parts, features)

    def _against(self, peak: Peak, bar: float, peaks: Sequence[Peak], time_s: Series) -> str:
        if peak.prominence < bar:
            return too_low(peak.prominence, bar)
        distance_s = self.peaks.distance_s
        near = [p for p in peaks if abs(time_s[p.at] - time_s[peak.at]) < distance_s]
        return too_near(distance_s, time_s[near[0].at]) if near else "not among the highest"

    # ---- what is measured of each clip ----

    def _measures(self, signals: Signals) -> ClipMeasures:
        centres = clip_centres(signals.video.duration_s, self.clip_s, self.stride_s)
        nothing = faceless(signals)
        if nothing is None and not len(centres):
            words = f"{signals.video.duration_s:.2f} s of video, a clip wants {self.clip_s:g} s"
            nothing = Abstention("too_short", words)
        lines = [] if nothing else self._deltas(signals, centres)
        if nothing is None and not lines:
            nothing = Abstention("no_face", "no main person is seen well enough for long enough")
        absent = {} if nothing is None else {"delta": str(nothing)}
        raw, absent_too = self._cheap(signals, centres)
        sigmas = {name: in_sigmas(x, USUAL[name]) for name, x in raw.items()}
        longer = {"motion": 0.5, "audio": 1.5}  # σ more for tails that are longer
        normed = {name: self._normed(x, sigmas[name], longer[name]) for name, x in raw.items()}
        who = np.zeros(len(centres), np.int64)
        for crop in ("body", "face"):
            own = [line for line in lines if line.crop == crop]
            if own:
                best, who = joined(own, self.people == "joint")
                for of, series in ((raw, best.raw), (normed, best.normed), (sigmas, best.sigmas)):
                    of[f"d_{crop}"] = series
        unmeasured = {} if nothing else unknown_embedder(signals, "crops.face")
        aside = cutaways(signals, centres, self.cutaway_s)
        return ClipMeasures(
            centres, raw, normed, sigmas, who, aside, absent | absent_too | unmeasured, nothing
        )

    def _deltas(self, signals: Signals, centres: Series) -> list[CropDelta]:
        """The delta of each crop of each main person."""
        usual, cuts = signals.calibration("crops.face").crop_delta, cuts_of(signals)
        found = []
        for person in self.roles(signals):
            if person.role != "main":
                continue
            rows, fit = self._fit(signals, person)
            times = signals["crops.time_s"][rows]
            for crop in ("face", "body"):
                vectors = signals[f"crops.{crop}"][rows].astype(np.float64)
                fresh = fit if self.gate_level == "off" else fit & ~shown_again(signals, rows, vectors)
                clips, valid = pooled(
                    times[fresh], vectors[fresh], centres, self.clip_s, self.pool, self.valid
                )
                delta = self.novelty.delta(centres, clips, valid, cuts)
                if np.isfinite(delta).any():
                    sigmas = in_sigmas(delta, usual)
                    found.append(CropDelta(person.number, crop, delta, self._normed(delta, sigmas), sigmas))
        return found

    def _fit(self, signals: Signals, person: Person) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """(rows of `crops` of this person, which of them may speak): none that is dark, blown out, blurred or
        flashed, or beside such.
        """
        rows = rows_of_tracks(signals, "crops", person.tracks)
        if self.gate_level == "off" or not len(rows):
            return rows, np.ones(len(rows), np.bool_)
        own = same_faces(signals, ("crops", rows), ("faces", person.rows))
        rows, own = rows[own >= 0], person.rows[own[own >= 0]]
        times = signals["crops.time_s"][rows]
        reasons = self.gate.photograph(signals, own, cast(Level, self.gate_level))
        reasons.pop("gate.detect.area")  # a small face changes too; it only makes no photograph
        bad = failing(reasons) | glitched(signals, own)
        if not bad.any():
            return rows, ~bad
        return rows, ~np.array([bad[np.abs(times - t) <= self.gate_s].any() for t in times], np.bool_)

    def _cheap(self, signals: Signals, centres: Series) -> tuple[dict[str, Series], dict[str, str]]:
        """Movement and loudness of each clip, and why one of them is not there."""
        raw: dict[str, Series] = {}
        absent: dict[str, str] = {}
        if "frames.motion" in signals:
            motion = signals["frames.motion"].astype(np.float64)
            if self.gate_level != "off":
                motion[flashed(signals)] = np.nan  # optical flow takes a flash for movement
            raw["motion"] = over_clips(signals["frames.time_s"], motion, centres, self.clip_s, np.mean)
        else:
            absent["motion"] = "was not logged"
        if "sound.loud_db" in signals and np.isfinite(signals["sound.loud_db"]).any():
            loud = signals["sound.loud_db"].astype(np.float64)
            over_usual = loud - np.nanmedian(loud)
            raw["audio"] = over_clips(signals["sound.time_s"], over_usual, centres, self.clip_s, np.max)
        else:
            absent["audio"] = "is missing (no sound, or none that could be decoded)"
        return raw, absent

    def _normed(self, raw: Series, sigmas: Series, more: float = 0.0) -> Series:
        """As the score adds it; `more` σ are asked of what has longer tails."""
        if self.norm == "excess":
            return self.enough * np.log1p(
                np.maximum(sigmas - self.chance - more, 0.0) / self.enough
            )  # grows on, so that no plateau hides a peak
        if self.norm == "raw":
            return raw
        return percentile_rank(raw) if self.norm == "rank" else soft_percentile(raw)

    def _curve(self, clips: ClipMeasures) -> Curve:
        """The weighted sum of normalised parts; the weight of a part that the video does not have is shared
        (readings H7: w / Σw).
        """
        n = len(clips.centres)
        nothing = np.full(n, np.nan)
        face, body = clips.normed.get("d_face", nothing), clips.normed.get("d_body", nothing)
        if clips.abstention is not None:
            return Curve(clips.centres, np.zeros(n), {name: np.zeros(n) for name in WORDS})
        there = {"motion": self.w_motion, "audio": self.w_audio}
        total = self.w_delta + sum(w for name, w in there.items() if name in clips.normed)
        scale = 1.0 if self.norm == "raw" else 1 / max(total, 1e-12)
        parts = {
            f"d_{crop}": self.w_delta * scale * share * np.nan_to_num(x)
            for (crop, share), x in zip(self._shares(face, body).items(), (face, body), strict=True)
        }
        for name, weight in there.items():
            parts[name] = weight * scale * np.nan_to_num(clips.normed.get(name, nothing))
        if self.norm == "excess":
            for at in clips.cutaways:
                parts["motion"][at] = max(parts["motion"][at], self.w_motion * scale * self.enough)
        return Curve(clips.centres, sum(parts.values(), np.zeros(n)), parts)

    def _shares(self, face: Series, body: Series) -> dict[str, Series]:
        """How much of the delta's weight each crop has: the larger takes all, or a weighted sum; a missing
        crop has none (readings H8).
        """
        has_face, has_body = np.isfinite(face), np.isfinite(body)
        if self.crops == "weighted":
            a, b = self.w_face * has_face, (1 - self.w_face) * has_body
            return {"face": a / np.maximum(a + b, 1e-12), "body": b / np.maximum(a + b, 1e-12)}
        first = has_face & (~has_body | (np.nan_to_num(face) >= np.nan_to_num(body)))
        return {"face": first.astype(np.float64), "body": (has_body & ~first).astype(np.float64)}

    def _smoothed(self, curve: Curve) -> Series:
        alpha = ema_alpha(self.stride_s, self.smooth_s)
        if self.smooth == "none":
            return curve.value
        return ema(curve.value, alpha) if self.smooth == "causal" else zero_phase_ema(curve.value, alpha)

    def _beyond(self, clips: ClipMeasures) -> NDArray[np.bool_]:
        """(K,) whether anything in the clip or beside it stands higher than chance explains."""
        n = max(len(clips.centres), 3)
        reach = np.sqrt(2 * np.log(n))
        out = np.full(len(clips.centres), self.doubt == 0)
        for name, sigmas in clips.sigmas.items():
            out |= np.nan_to_num(sigmas) >= reach * (
                self.doubt if name.startswith("d_") else self.doubt_cheap
            )
        out[clips.cutaways] = True
        near = out.copy()
        near[1:] |= out[:-1]
        near[:-1] |= out[1:]
        return near
