"""highlight_vector: a moment is when the look of the main people changes, seen by vision embeddings of face
and upper body (seed 000).

No emotion, no landmark and no Face-ID column is read: what a face expresses shows as a change of its
embedding or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.score.novelty import ema_delta, knn_novelty, local_delta, pooled, stale
from momentscan.score.peaks import Peak, Peaks, verdict_of
from momentscan.select.gate import Gate, failing
from momentscan.select.people import People, Person
from momentscan.signals import Signals
from momentscan.signals.join import rows_of_tracks, same_faces
from momentscan.signals.series import (
    MAD_TO_SIGMA,
    bumps,
    ema,
    ema_alpha,
    percentile_rank,
    soft_percentile,
    zero_phase_ema,
)
from momentscan.signals.spans import cuts_of
from momentscan.values import Candidate, Curve, Moment, Series, Verdict, Window

WORDS = {"d_face": "face", "d_body": "upper body", "motion": "movement", "audio": "loudness"}


class Usual(NamedTuple):
    """What a delta does when nothing happens: its level at most, and its spread at least and at most."""

    level: float
    least: float
    most: float


USUAL = {
    "mobilenetv2-imagenet-ptq-v1": Usual(0.2, 0.016, 0.03),
    "descriptor-hog-hsv-dct-v1": Usual(0.15, 0.02, 0.03),
}
"""L2 distance between unit vectors of 1 s clips of calm, talking faces, by embedder: measured on the planted
calm videos (bench/planted).
"""

USUAL_MOTION, USUAL_AUDIO = Usual(9.0, 0.004, 9.0), Usual(0.0, 1.5, 1e9)
"""diagonals/s: a face that talks; dB over the video's median: speech."""

LIGHT_JUMP = 20.0
"""Grey levels that mean luma must jump for less than half a second to be a flash or a black frame; ramps and
cuts do not come back.
"""

DULL = 0.35
"""Times its median within 2 s: a face less sharp than that is out of focus. Also: a vector that moves less
than that is a frame shown again.
"""


FEW = 6
"""Clips: 3 s of somebody at a stride of half a second. Of fewer nothing can be said to be usual, and the
first look would be a sensation.
"""


class Line(NamedTuple):
    """The delta of one crop of one person over the clips: (K,) raw, normalised, and in robust σ; NaN where it
    cannot be known.
    """

    person: int
    crop: str
    raw: Series
    normed: Series
    sigmas: Series


class Heard(NamedTuple):
    """What the score is made of, over the clips: name -> (K,), NaN where absent. `raw` in own units, `normed`
    as the score adds it.

    `sigmas`: how far each stands over its usual. `who`: the person whose face or body it is. `cutaways`:
    clips in short shots between long ones.
    """

    centres: Series
    raw: dict[str, Series]
    normed: dict[str, Series]
    sigmas: dict[str, Series]
    who: NDArray[np.int64]
    cutaways: NDArray[np.int64]
    absent: dict[str, str]


@dataclass(frozen=True)
class Vector:
    """0.6 delta of embeddings + 0.3 movement + 0.1 loudness over clips of 1 s, each relative to this video.

    The delta is how far a clip's vector is from a baseline of the same person and crop. With `norm=excess`
    only what stands out by more than chance counts, so that a faint part (loudness) can still make a moment
    where the others are quiet. The seed's own reading is `baseline=ema, norm=raw, smooth=causal,
    smooth_s=1.4, gated=False, cutaway_s=0, rule=seed, doubt=0`.
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
    baseline: Annotated[
        str,
        Knob(
            "",
            source="readings H1: EMA (the seed's), two-sided local median, kNN novelty, or their mean; "
            "kNN was best on planted expressions",
            choices=("ema", "local", "knn", "ensemble"),
        ),
    ] = "knn"
    tau_s: Annotated[
        float, Knob("s", source="readings H2: the seed's 0.3 at its own stride of 0.5 s is 1.40 s", low=0)
    ] = 1.4
    local_s: Annotated[float, Knob("s", source="readings H1: two-sided local median (8 s)", low=0.5)] = 8.0
    knn: Annotated[
        int, Knob("vectors", source="swept 1, 3, 10, 30 on planted videos (decision 0007)", low=1)
    ] = 1
    apart_s: Annotated[float, Knob("s", source="readings H1: kNN novelty with ±2 s excluded", low=0)] = 2.0
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
    gated: Annotated[bool, Knob("", source="readings H11: gate inside scoring too")] = True
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
    distance_s: Annotated[float, Knob("s", source="highlight_vector §6: at least 3 s apart", low=0)] = 3.0
    rule: Annotated[str, Knob("", source="readings H5", choices=("mad", "seed"))] = "mad"
    prominence: Annotated[float, Knob("σ", source="readings H5: 3·1.4826·MAD", low=0)] = 3.0
    margin_s: Annotated[float, Knob("s", source="highlight_vector §6: window = peak ± 1.0 s", low=0.05)] = 1.0
    extent: Annotated[str, Knob("", source="readings H17", choices=("fixed", "half-prominence"))] = "fixed"
    max_windows: Annotated[int, Knob("windows", source="readings H5: plus max_windows; taste", low=1)] = 20

    name: ClassVar[str] = "vector"
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
        return self._curve(self._heard(signals))

    def judge(self, signals: Signals) -> Verdict:
        """Moments, best first; every local maximum of the smoothed curve is a candidate with its verdict."""
        heard = self._heard(signals)
        curve = self._curve(heard)
        if "delta" in heard.absent:
            return Verdict(self.name, curve, curve.value, None, (), (), heard.absent["delta"], heard.absent)
        smoothed = self._smoothed(curve)
        finder = self._finder()
        peaks, others, bar = finder.find(curve.time_s, smoothed)
        cuts = cuts_of(signals)
        beyond = self._beyond(heard)

        def window(peak: Peak) -> Window:
            return finder.window(peak, float(curve.time_s[peak.at]), signals.video.duration_s, cuts)

        def lost(peak: Peak, verdict: str, reason: str) -> Candidate:
            return Candidate(window(peak), float(smoothed[peak.at]), _at(curve, peak.at), verdict, reason)

        sure = [p for p in peaks if beyond[p.at]]
        chosen = [self._moment(heard, curve, smoothed, p, window(p)) for p in sure]
        rejected = [
            lost(p, "not_different", f"nothing in it is beyond chance ({_heights(heard, p.at)})")
            for p in peaks
            if not beyond[p.at]
        ]
        rejected += [
            lost(p, "below_threshold", _why_not(p, bar, sure, curve.time_s, self.distance_s)) for p in others
        ]
        none = f"no_contrast: nothing stands out by more than chance ({_highest(heard)}); {len(peaks)} peaks were looked at"
        return verdict_of(
            self.name, curve, smoothed, None, chosen, rejected, heard.absent, self.max_windows, none
        )

    def _finder(self) -> Peaks:
        least, most = (
            (0.2, 0.5) if self.norm == "excess" else (0.0, 1e9)
        )  # in σ over chance, weighted: swept on planted videos
        return Peaks(self.distance_s, self.rule, self.prominence, self.margin_s, self.extent, least, most)

    def _moment(self, heard: Heard, curve: Curve, smoothed: Series, peak: Peak, window: Window) -> Moment:
        at = peak.at
        features = {name: _finite(heard.raw[name][at]) if name in heard.raw else None for name in WORDS}
        return Moment(window, float(curve.value[at]), self.name, _why(heard, at), _at(curve, at), features)

    # ---- what is heard ----

    def _heard(self, signals: Signals) -> Heard:
        centres = clip_centres(signals.video.duration_s, self.clip_s, self.stride_s)
        absent = _nobody(signals, len(centres), self.clip_s)
        lines = [] if absent else self._lines(signals, centres)
        if not absent and not lines:
            absent["delta"] = "no_face: no main person is seen well enough for long enough"
        raw, normed, sigmas = self._cheap(signals, centres, absent)
        who = np.zeros(len(centres), np.int64)
        for crop in ("body", "face"):
            own = [line for line in lines if line.crop == crop]
            if own:
                best, who = self._joined(own)
                raw[f"d_{crop}"], normed[f"d_{crop}"], sigmas[f"d_{crop}"] = (
                    best.raw,
                    best.normed,
                    best.sigmas,
                )
        return Heard(centres, raw, normed, sigmas, who, self._cutaways(signals, centres), absent)

    def _lines(self, signals: Signals, centres: Series) -> list[Line]:
        """The delta of each crop of each main person."""
        usual = USUAL.get(signals.made_by.get("crops.face", ""))
        lines = []
        for person in People()(signals):
            if person.role != "main":
                continue
            rows, fit = self._fit(signals, person)
            for crop in ("face", "body"):
                vectors = signals[f"crops.{crop}"][rows].astype(np.float64)
                speaks = fit & ~self._again(signals, rows, vectors)
                clips, valid = pooled(
                    signals["crops.time_s"][rows][speaks],
                    vectors[speaks],
                    centres,
                    self.clip_s,
                    self.pool,
                    self.valid,
                )
                delta = self._delta(centres, clips, valid, signals)
                if np.isfinite(delta).any():
                    sigmas = in_sigmas(delta, usual)
                    lines.append(Line(person.number, crop, delta, self._normed(delta, sigmas), sigmas))
        return lines

    def _fit(self, signals: Signals, person: Person) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """(rows of `crops` of this person, which of them may speak): none that is dark, blown out, blurred or
        flashed, or beside such.
        """
        rows = rows_of_tracks(signals, "crops", person.tracks)
        if not self.gated or not len(rows):
            return rows, np.ones(len(rows), np.bool_)
        own = same_faces(signals, ("crops", rows), ("faces", person.rows))
        rows, own = rows[own >= 0], person.rows[own[own >= 0]]
        times = signals["crops.time_s"][rows]
        reasons = Gate().photograph(signals, own, "loose")
        reasons.pop("gate.detect.area")  # a small face changes too; it only makes no photograph
        bad = failing(reasons) | _glitched(signals, own)
        near = (
            np.array([bad[np.abs(times - t) <= self.gate_s].any() for t in times], np.bool_)
            if bad.any()
            else bad
        )
        return rows, ~near

    def _again(
        self, signals: Signals, rows: NDArray[np.int64], vectors: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Rows of a frame that was shown again; what the events mode repeats on purpose is not meant."""
        if not self.gated:
            return np.zeros(len(rows), np.bool_)
        repeated = (
            ~signals["crops.fresh"][rows] if "crops.fresh" in signals else np.zeros(len(rows), np.bool_)
        )
        return stale(vectors, DULL) & ~repeated if not repeated.any() else np.zeros(len(rows), np.bool_)

    def _delta(
        self, centres: Series, clips: NDArray[np.float64], valid: NDArray[np.bool_], signals: Signals
    ) -> Series:
        """(K,) distance of each valid clip to its baseline."""
        out = np.full(len(centres), np.nan)
        if valid.sum() < FEW:
            return out
        at, vectors = centres[valid], clips[valid]
        cuts = cuts_of(signals)
        restart = np.concatenate([[True], (np.diff(at) > 1.0) | (np.diff(np.searchsorted(cuts, at)) > 0)])
        kinds: dict[str, Callable[[], Series]] = {
            "ema": lambda: ema_delta(at, vectors, self.tau_s, restart),
            "local": lambda: local_delta(at, vectors, self.local_s, restart),
            "knn": lambda: knn_novelty(at, vectors, self.knn, self.apart_s),
        }
        chosen = kinds.values() if self.baseline == "ensemble" else [kinds[self.baseline]]
        every = np.stack([make() for make in chosen])
        known = np.isfinite(every)
        out[valid] = np.where(
            known.any(axis=0),
            np.where(known, every, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1),
            np.nan,
        )
        return out

    def _joined(self, lines: list[Line]) -> tuple[Line, NDArray[np.int64]]:
        """(one line for all people, (K,) whose it was): at each clip the largest, or the mean for joint
        moments.
        """
        normed = np.stack([line.normed for line in lines])
        best = np.argmax(np.where(np.isfinite(normed), normed, -np.inf), axis=0)
        columns = np.arange(normed.shape[1])
        who = np.array([line.person for line in lines])[best]
        of = {
            field: np.stack([getattr(line, field) for line in lines])[best, columns]
            for field in ("raw", "normed", "sigmas")
        }
        if self.people == "joint":
            known = np.isfinite(normed)
            of["normed"] = np.where(
                known.any(axis=0),
                np.where(known, normed, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1),
                np.nan,
            )
        return Line(-1, lines[0].crop, of["raw"], of["normed"], of["sigmas"]), who

    def _cheap(
        self, signals: Signals, centres: Series, absent: dict[str, str]
    ) -> tuple[dict[str, Series], dict[str, Series], dict[str, Series]]:
        """Movement and loudness of each clip: (raw, normalised, in σ)."""
        raw: dict[str, Series] = {}
        if "frames.motion" in signals:
            motion = signals["frames.motion"].astype(np.float64)
            if self.gated:
                motion[_flashed(signals)] = np.nan  # optical flow takes a flash for movement
            raw["motion"] = _over(signals["frames.time_s"], motion, centres, self.clip_s, np.mean)
        else:
            absent["motion"] = "was not logged"
        if "sound.loud_db" in signals and np.isfinite(signals["sound.loud_db"]).any():
            loud = signals["sound.loud_db"].astype(np.float64)
            raw["audio"] = _over(
                signals["sound.time_s"], loud - np.nanmedian(loud), centres, self.clip_s, np.max
            )
        else:
            absent["audio"] = "is missing (no sound, or none that could be decoded)"
        usual = {"motion": USUAL_MOTION, "audio": USUAL_AUDIO}
        sigmas = {name: in_sigmas(x, usual[name]) for name, x in raw.items()}
        return (
            raw,
            {name: self._normed(x, sigmas[name], 1.5 if name == "audio" else 0.5) for name, x in raw.items()},
            sigmas,
        )

    def _normed(self, raw: Series, sigmas: Series, more: float = 0.0) -> Series:
        """As the score adds it; `more` σ are asked of what has longer tails."""
        if self.norm == "excess":
            return self.enough * np.log1p(
                np.maximum(sigmas - self.chance - more, 0.0) / self.enough
            )  # grows on, so that no plateau hides a peak
        if self.norm == "raw":
            return raw
        return percentile_rank(raw) if self.norm == "rank" else soft_percentile(raw)

    def _cutaways(self, signals: Signals, centres: Series) -> NDArray[np.int64]:
        """The clip in the middle of each short shot between two longer ones."""
        if not self.cutaway_s or "scenes.start_s" not in signals or not len(centres):
            return np.zeros(0, np.int64)
        starts, ends = signals["scenes.start_s"], signals["scenes.end_s"]
        length = ends - starts
        short = [
            i
            for i in range(1, len(starts) - 1)
            if length[i] <= self.cutaway_s and min(length[i - 1], length[i + 1]) >= 2 * length[i]
        ]
        return np.array(
            [int(np.argmin(np.abs(centres - (starts[i] + ends[i]) / 2))) for i in short], np.int64
        )

    # ---- what is made of it ----

    def _curve(self, heard: Heard) -> Curve:
        """The weighted sum of normalised parts; the weight of a part that the video does not have is shared
        (readings H7: w / Σw).
        """
        n = len(heard.centres)
        nothing = np.full(n, np.nan)
        face, body = heard.normed.get("d_face", nothing), heard.normed.get("d_body", nothing)
        if "delta" in heard.absent:
            return Curve(heard.centres, np.zeros(n), {name: np.zeros(n) for name in WORDS})
        there = {"motion": self.w_motion, "audio": self.w_audio}
        total = self.w_delta + sum(w for name, w in there.items() if name in heard.normed)
        scale = 1.0 if self.norm == "raw" else 1 / max(total, 1e-12)
        parts = {
            f"d_{crop}": self.w_delta * scale * share * np.nan_to_num(x)
            for (crop, share), x in zip(self._shares(face, body).items(), (face, body), strict=True)
        }
        for name, weight in there.items():
            parts[name] = weight * scale * np.nan_to_num(heard.normed.get(name, nothing))
        if self.norm == "excess":
            for at in heard.cutaways:
                parts["motion"][at] = max(parts["motion"][at], self.w_motion * scale * self.enough)
        return Curve(heard.centres, sum(parts.values(), np.zeros(n)), parts)

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

    def _beyond(self, heard: Heard) -> NDArray[np.bool_]:
        """(K,) whether anything in the clip or beside it stands higher than chance explains."""
        n = max(len(heard.centres), 3)
        reach = np.sqrt(2 * np.log(n))
        out = np.full(len(heard.centres), self.doubt == 0)
        for name, sigmas in heard.sigmas.items():
            out |= np.nan_to_num(sigmas) >= reach * (
                self.doubt if name.startswith("d_") else self.doubt_cheap
            )
        out[heard.cutaways] = True
        near = out.copy()
        near[1:] |= out[:-1]
        near[:-1] |= out[1:]
        return near


def clip_centres(duration_s: float, clip_s: float, stride_s: float) -> Series:
    """Centres of whole clips every stride, and of one more that ends with the video: (K,)."""
    centres = np.arange(clip_s / 2, duration_s - clip_s / 2 + 1e-6, stride_s)
    left_s = duration_s - clip_s / 2 - (centres[-1] if len(centres) else duration_s)
    return np.append(centres, duration_s - clip_s / 2) if left_s > 0.1 else centres


def in_sigmas(x: Series, usual: Usual | None) -> Series:
    """How many robust standard deviations each value stands over its usual: (N,) -> (N,). NaN stays NaN.

    The usual is the video's median, but no more than what is known of calm videos; so is the spread. Without
    that a video in which much happens all the time would find nothing of it worth a word (readings H6: what
    is relative must know an absolute).
    """
    finite = x[np.isfinite(x)]
    if not len(finite):
        return x
    middle = float(np.median(finite))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(finite - middle)))
    if usual is None:  # an embedder that nobody measured: in the proportions of the one that was
        usual = Usual(middle, 0.08 * middle, 0.15 * middle)
    return (x - min(middle, usual.level)) / max(min(max(spread, usual.least), usual.most), 1e-9)


def _glitched(signals: Signals, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Faces whose light or sharpness falls out of their own surroundings: flashes, black frames, defocus."""
    times = signals["faces.time_s"][rows]
    light, sharp = (signals[f"faces.{n}"][rows].astype(np.float64) for n in ("exposure_mean", "sharpness"))
    out = np.zeros(len(rows), np.bool_)
    for i, (a, b) in enumerate(
        zip(np.searchsorted(times, times - 2.0), np.searchsorted(times, times + 2.0, "right"), strict=True)
    ):
        out[i] = abs(light[i] - np.median(light[a:b])) > LIGHT_JUMP + 5 or sharp[i] < DULL * np.median(
            sharp[a:b]
        )
    return out


def _flashed(signals: Signals) -> NDArray[np.bool_]:
    """(N,) sampled frames within 0.2 s of a jump of light that comes back within half a second."""
    if "frames.exposure_mean" not in signals:
        return np.zeros(signals.rows("frames.time_s"), np.bool_)
    times = signals["frames.time_s"]
    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 0.1
    jumps = (
        np.abs(bumps(signals["frames.exposure_mean"].astype(np.float64), int(0.5 / max(step_s, 1e-3)) + 1))
        > LIGHT_JUMP
    )
    reach = max(1, round(0.2 / max(step_s, 1e-3)))
    return (
        np.convolve(jumps, np.ones(2 * reach + 1))[reach : reach + len(times)] > 0
    )  # "same" is longer than a few frames


def _nobody(signals: Signals, n: int, clip_s: float) -> dict[str, str]:
    """Why there can be no delta, if so: {"delta": reason}."""
    if "faces.time_s" not in signals:
        return {
            "delta": "no_faces_looked_for: there was no face detector; `momentscan models pull faces` "
            "fetches one, then scan again"
        }
    if not signals.rows("faces.time_s"):
        return {"delta": "no_face: not one face was seen"}
    if not n:
        return {"delta": f"too_short: {signals.video.duration_s:.2f} s of video, a clip wants {clip_s:g} s"}
    return {}


def _over(
    time_s: Series, value: Series, centres: Series, clip_s: float, how: Callable[[Series], Any]
) -> Series:
    """(K,) mean or maximum of the finite values within each clip; NaN where there are none."""
    out = np.full(len(centres), np.nan)
    spans = zip(
        np.searchsorted(time_s, centres - clip_s / 2),
        np.searchsorted(time_s, centres + clip_s / 2),
        strict=True,
    )
    for k, (a, b) in enumerate(spans):
        inside = value[a:b][np.isfinite(value[a:b])]
        if len(inside):
            out[k] = how(inside)
    return out


def _at(curve: Curve, at: int) -> dict[str, float]:
    return {name: float(series[at]) for name, series in curve.parts.items()}


def _heights(heard: Heard, at: int) -> str:
    return ", ".join(
        f"{WORDS[name]} {heard.sigmas[name][at]:.1f} σ"
        for name in WORDS
        if name in heard.sigmas and np.isfinite(heard.sigmas[name][at])
    )


def _highest(heard: Heard) -> str:
    finite = {name: x[np.isfinite(x)] for name, x in heard.sigmas.items()}
    return ", ".join(
        f"{WORDS[name]} at most {finite[name].max():.1f} σ" for name in WORDS if len(finite.get(name, ()))
    )


def _why(heard: Heard, at: int) -> str:
    """In words: what stands out, how far, and whose it is."""
    said = []
    for name, sigmas in heard.sigmas.items():
        if np.isfinite(sigmas[at]):
            finite = sigmas[np.isfinite(sigmas)]
            whose = f" of person {heard.who[at]}" if name.startswith("d_") else ""
            rank = 100 * float(np.mean(finite < sigmas[at]))
            said.append(
                (
                    -sigmas[at],
                    f"{WORDS[name]}{whose} {sigmas[at]:.1f} σ over its usual, more than in {rank:.0f} % "
                    "of the video",
                )
            )
    above = [words for height, words in sorted(said) if height < -1] or [
        words for _, words in sorted(said)[:1]
    ]
    text = "; ".join(above)
    return f"a cutaway: a short shot between two longer ones; {text}" if at in heard.cutaways else text


def _why_not(peak: Peak, bar: float, peaks: list[Peak], time_s: Series, distance_s: float) -> str:
    if peak.prominence < bar:
        return f"rises {peak.prominence:.3f} over its surroundings, {bar:.3f} asked"
    near = [p for p in peaks if abs(time_s[p.at] - time_s[peak.at]) < distance_s]
    return (
        f"less than {distance_s:g} s from a higher one at {time_s[near[0].at]:.1f} s"
        if near
        else "not among the highest"
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
