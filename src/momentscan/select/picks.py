"""The best, different frames of a window, chosen from the log: portraits where a main person is seen, else
the frame as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.select.gate import Gate, Reasons, failing
from momentscan.select.people import People
from momentscan.select.portraits import Portraits, portraits
from momentscan.signals import Signals
from momentscan.signals.boxes import boxes_px
from momentscan.signals.forgotten import forgotten_spans, within
from momentscan.signals.series import percentile, percentile_rank
from momentscan.signals.vectors import Vectors
from momentscan.values import FrameOutcome, Pick, Series, Window

Box = tuple[int, int, int, int]


class JudgedFrame(NamedTuple):
    """What became of one frame: its quality, every reason of the gate against it, and in a word what
    happened.
    """

    time_s: float
    frame_idx: int
    quality: float
    reasons: tuple[str, ...]
    verdict: FrameOutcome


class Picked(NamedTuple):
    """What was chosen, how many frames were looked at, how many failed the gate for each reason, and why
    there is none, if so.

    `frames` are the candidates in time order. `reason` is "" where something was picked.
    """

    picks: tuple[Pick, ...]
    considered: int
    failed: dict[str, int]
    frames: tuple[JudgedFrame, ...] = ()
    reason: str = ""


class FrameSamples(NamedTuple):
    """Vision vectors of some instants: `time_s (N,)`, `vectors` (N, D), and the change under which two of
    them look the same.
    """

    time_s: Series
    vectors: Vectors
    same: float


class Candidates(NamedTuple):
    """Frames that may be picked, ascending in time, with everything said of them: (N,) each."""

    time_s: Series
    frame_idx: NDArray[np.int64]
    quality: Series
    reasons: Reasons
    measures: tuple[dict[str, float], ...]
    boxes: tuple[Box | None, ...]
    level: str
    looks: FrameSamples | None


@dataclass(frozen=True)
class Picks:
    """Gate, soft score, then greedy choice of frames that differ (seed 000 §10; readings H13 to H16)."""

    count: Annotated[int, Knob("frames", source="seed 000: 1-3 best frames per window", low=1, high=20)] = 3
    exposure_low: Annotated[
        float, Knob("grey 0-255", source="QualityGate: 40 ≤ mean ≤ 220", low=0, high=255)
    ] = 40.0
    exposure_high: Annotated[
        float, Knob("grey 0-255", source="QualityGate: 40 ≤ mean ≤ 220", low=0, high=255)
    ] = 220.0
    contrast_low: Annotated[float, Knob("", source="QualityGate: local contrast CV ≥ 0.05", low=0)] = 0.05
    sharpness_share: Annotated[
        float,
        Knob("", source="QualityGate loose: blur floor halved; here relative to the video's median", low=0),
    ] = 0.5
    w_sharp: Annotated[float, Knob("", source="frames without a main face; taste; to be swept", low=0)] = 0.4
    w_exposure: Annotated[float, Knob("", source="frames without a main face; taste; to be swept", low=0)] = (
        0.1
    )
    w_peak: Annotated[float, Knob("", source="frames without a main face; taste; to be swept", low=0)] = 0.5
    w_face_size: Annotated[float, Knob("", source="highlight_vector §10: 0.3 face_size_norm", low=0)] = 0.3
    w_eyes: Annotated[float, Knob("", source="highlight_vector §10: 0.3 eye_open_ratio", low=0)] = 0.3
    w_frontality: Annotated[float, Knob("", source="highlight_vector §10: 0.2 frontality", low=0)] = 0.2
    w_face_sharp: Annotated[
        float, Knob("", source="highlight_vector §10: 0.2 (1/blur), read as sharpness (readings H14)", low=0)
    ] = 0.2
    w_face_peak: Annotated[
        float,
        Knob(
            "",
            source="readings, default pipeline: the best frame keeps the expression; taste; to be swept",
            low=0,
        ),
    ] = 0.3
    w_other: Annotated[
        float,
        Knob(
            "",
            source="companions §2.3: a passenger may only add; share of what is missing to 1 that the "
            "second face fills",
            low=0,
            high=1,
        ),
    ] = 0.15
    frontality: Annotated[
        str,
        Knob(
            "",
            source="highlight_vector §8: start with landmarks; A, B, C need none (readings H12)",
            choices=("landmarks", "A", "B", "C"),
        ),
    ] = "landmarks"
    fallback: Annotated[
        str,
        Knob(
            "",
            source="readings D29: optional LOOSE fallback, flagged; a window never disappears",
            choices=("none", "loose"),
        ),
    ] = "none"
    near_s: Annotated[float, Knob("s", source="seed 000: window = peak ± 1.0 s", low=0.01)] = 1.0
    apart_s: Annotated[float, Knob("s", source="taste: two stills of half a second are one", low=0)] = 0.5
    dedupe: Annotated[
        str,
        Knob(
            "",
            source="readings H16: percentile of this video's pairs; cosine = the seed's > 0.9; mmr = λ q "
            "- (1 - λ) max cos",
            choices=("percentile", "cosine", "mmr"),
        ),
    ] = "percentile"
    same: Annotated[
        float,
        Knob(
            "%", source="readings H16: duplicate = under p25 of 1 - cos of pairs ≥ 1 s apart", low=0, high=100
        ),
    ] = 25.0
    max_cos: Annotated[
        float, Knob("cos", source="highlight_vector §10: skip if max cos > 0.9", low=-1, high=1)
    ] = 0.9
    mmr_quality: Annotated[float, Knob("", source="Carbonell & Goldstein 1998: λ", low=0, high=1)] = 0.7

    def __call__(self, signals: Signals, windows: Sequence[Window], gate: Gate = Gate()) -> list[Picked]:
        """For each window at most `count` picks, best first. Frames that fail the gate are never picked; then
        it is empty and says why.
        """
        if not windows:
            return []
        people = People()(signals)
        strict = portraits(signals, people, self.frontality, gate, "strict")
        loose = portraits(signals, people, self.frontality, gate, "loose") if self.fallback == "loose" else []
        whole = self._failing_frames(signals)
        sharp = percentile_rank(signals["frames.sharpness"].astype(np.float64))
        looks = self._looks(signals, windows)
        out = []
        for window in windows:
            picked = self._choose(
                self._portraits(signals, window, strict, "strict")
                or self._frames(signals, window, whole, sharp, looks),
                window,
            )
            if not picked.picks and loose:
                again = self._portraits(signals, window, loose, "loose")
                picked = self._choose(again, window) if again is not None else picked
            out.append(picked)
        return out

    def _choose(self, of: Candidates, window: Window) -> Picked:
        failed = {reason: int(bad.sum()) for reason, bad in of.reasons.items() if bad.any()}
        bad = failing(of.reasons) if of.reasons else np.zeros(len(of.time_s), np.bool_)
        chosen: list[int] = []
        alike: set[int] = set()
        left = [int(i) for i in np.lexsort((of.time_s, -of.quality)) if not bad[i]]
        while left and len(chosen) < self.count:
            best = self._next(of, left, chosen)
            left.remove(best)
            if self._differs(of, best, chosen):
                chosen.append(best)
            else:
                alike.add(best)
        frames = tuple(
            self._looked(of, i, bool(bad[i]), i in chosen, i in alike) for i in range(len(of.time_s))
        )
        picks = tuple(self._pick(of, i) for i in sorted(chosen, key=lambda i: (-of.quality[i], of.time_s[i])))
        none = "" if picks else self._why_none(of, failed)
        return Picked(picks, len(of.time_s), failed, frames, none)

    def _next(self, of: Candidates, left: list[int], chosen: list[int]) -> int:
        """The best of what is left; in mmr that is quality minus likeness to what was chosen."""
        if self.dedupe != "mmr" or not chosen or of.looks is None:
            return left[0]
        worth = [
            self.mmr_quality * of.quality[i] - (1 - self.mmr_quality) * (1 - self._change(of, i, chosen))
            for i in left
        ]
        return left[int(np.argmax(worth))]

    def _differs(self, of: Candidates, row: int, chosen: list[int]) -> bool:
        """Whether a frame is far enough from those chosen, in time and in look."""
        if any(abs(of.time_s[row] - of.time_s[other]) < self.apart_s for other in chosen):
            return False
        if not chosen or of.looks is None or self.dedupe == "mmr":
            return True
        change = self._change(of, row, chosen)
        return change >= of.looks.same if self.dedupe == "percentile" else 1 - change <= self.max_cos

    def _change(self, of: Candidates, row: int, chosen: list[int]) -> float:
        """1 - the highest cosine to those chosen."""
        assert of.looks is not None
        nearest = [int(np.argmin(np.abs(of.looks.time_s - of.time_s[i]))) for i in (row, *chosen)]
        return float((1 - of.looks.vectors[nearest[:1]].cosine(of.looks.vectors[nearest[1:]])).min())

    def _looked(self, of: Candidates, i: int, bad: bool, chosen: bool, alike: bool) -> JudgedFrame:
        verdict: FrameOutcome = (
            "chosen"
            if chosen
            else "failed the gate"
            if bad
            else "looks like a chosen one"
            if alike
            else "not among the best"
        )
        reasons = tuple(name for name, rows in of.reasons.items() if rows[i])
        return JudgedFrame(float(of.time_s[i]), int(of.frame_idx[i]), float(of.quality[i]), reasons, verdict)

    @staticmethod
    def _why_none(of: Candidates, failed: dict[str, int]) -> str:
        if not len(of.time_s):
            return "no frame was looked at within the window"
        most = ", ".join(
            f"{name} {n} times" for name, n in sorted(failed.items(), key=lambda item: -item[1])[:3]
        )
        return f"all {len(of.time_s)} frames failed the gate: {most}"

    @staticmethod
    def _pick(of: Candidates, i: int) -> Pick:
        return Pick(
            float(of.time_s[i]),
            int(of.frame_idx[i]),
            float(of.quality[i]),
            of.measures[i],
            f"passed the {of.level} gate",
            of.boxes[i],
        )

    # ---- portraits ----

    def _portraits(
        self, signals: Signals, window: Window, people: list[Portraits], level: str
    ) -> Candidates | None:
        """The instants of the window at which a main person's face is seen; None where there is none."""
        seen: dict[float, list[tuple[Portraits, int]]] = {}
        for own in people:
            a, b = np.searchsorted(own.time_s, (window.start_s, window.end_s))
            for i in range(int(a), int(b)):
                seen.setdefault(float(own.time_s[i]), []).append((own, i))
        if not seen:
            return None
        times = np.array(sorted(seen))
        first = [
            seen[t][0] for t in times.tolist()
        ]  # people come in order, the main one first: its face decides
        worth = [[self._worth(own, i, window) for own, i in seen[t]] for t in times.tolist()]
        passing = [
            [not any(bad[i] for bad in own.reasons.values()) for own, i in seen[t]] for t in times.tolist()
        ]
        quality = np.array(
            [
                w[0]
                + (1 - w[0])
                * self.w_other
                * max([0.0, *(x for x, ok in zip(w[1:], p[1:], strict=True) if ok)])
                for w, p in zip(worth, passing, strict=True)
            ]
        )
        reasons = {
            name: np.array([own.reasons[name][i] for own, i in first], np.bool_)
            for name in first[0][0].reasons
        }
        rows = np.array([own.rows[i] for own, i in first], np.int64)
        reasons |= _forgotten(signals, times)
        return Candidates(
            times,
            signals["faces.frame_idx"][rows],
            quality,
            reasons,
            tuple(_face_measures(signals, own, i) for own, i in first),
            tuple(_box_px(signals, int(r)) for r in rows),
            level,
            self._face_looks(signals, first[0][0]),
        )

    def _worth(self, own: Portraits, i: int, window: Window) -> float:
        """Quality in [0, 1] of one face: the seed's soft score and nearness to the peak; what was not
        measured does not count.
        """
        near = float(np.exp(-abs(own.time_s[i] - window.peak_s) / self.near_s))
        of = [
            (self.w_face_size, own.size[i]),
            (self.w_eyes, own.eyes[i]),
            (self.w_frontality, own.frontality[i]),
            (self.w_face_sharp, own.sharpness[i]),
            (self.w_face_peak, near),
        ]
        known = [(w, float(x)) for w, x in of if np.isfinite(x)]
        return sum(w * x for w, x in known) / max(sum(w for w, _ in known), 1e-12)

    def _face_looks(self, signals: Signals, own: Portraits) -> FrameSamples | None:
        """Face vectors of the person, and the change under which two of them count as one."""
        if "crops.face" not in signals:
            return None
        rows = np.flatnonzero(np.isin(signals["crops.track"], own.person.tracks))
        if len(rows) < 2:
            return None
        at, vectors = signals["crops.time_s"][rows], signals.vectors("crops.face", rows)
        return FrameSamples(at, vectors, self._same(at, vectors))

    def _same(self, at: Series, vectors: Vectors) -> float:
        """The given percentile of the change between pairs at least a second apart, of at most 64 of them."""
        sample = np.arange(0, len(at), max(1, len(at) // 64))
        apart = np.abs(at[sample][:, None] - at[sample][None]) >= 1.0
        changes = (1 - vectors[sample].cosine(vectors[sample]))[apart]
        return percentile(changes, self.same) if len(changes) else 0.0

    # ---- frames without a main face ----

    def _frames(
        self, signals: Signals, window: Window, whole: Reasons, sharp: Series, looks: FrameSamples | None
    ) -> Candidates:
        time_s = signals["frames.time_s"]
        rows = np.arange(np.searchsorted(time_s, window.start_s), np.searchsorted(time_s, window.end_s))
        exposed = 1 - np.abs(signals["frames.exposure_mean"][rows].astype(np.float64) - 127.5) / 127.5
        near = np.exp(-np.abs(time_s[rows] - window.peak_s) / self.near_s)
        total = max(self.w_sharp + self.w_exposure + self.w_peak, 1e-12)
        quality = (self.w_sharp * sharp[rows] + self.w_exposure * exposed + self.w_peak * near) / total
        return Candidates(
            time_s[rows],
            signals["frames.frame_idx"][rows],
            quality,
            {reason: bad[rows] for reason, bad in whole.items()} | _forgotten(signals, time_s[rows]),
            tuple(
                {n: float(signals[f"frames.{n}"][r]) for n in ("sharpness", "exposure_mean", "contrast")}
                for r in rows
            ),
            (None,) * len(rows),
            "frame",
            looks,
        )

    def _failing_frames(self, signals: Signals) -> Reasons:
        """reason -> (N,) which frames fail for it; all failures are kept (QualityGate: no early exit)."""
        exposure, contrast, sharpness = (
            signals[f"frames.{n}"] for n in ("exposure_mean", "contrast", "sharpness")
        )
        return {
            "gate.exposure.black": exposure < self.exposure_low,
            "gate.exposure.white": exposure > self.exposure_high,
            "gate.exposure.contrast": contrast < self.contrast_low,
            "gate.blur.frame": sharpness
            < self.sharpness_share * (np.median(sharpness) if len(sharpness) else 0.0),
        }

    def _looks(self, signals: Signals, windows: Sequence[Window]) -> FrameSamples | None:
        """The vectors around the windows, and the change under which two frames of this video count as one;
        None without vectors.
        """
        at = signals["vision.time_s"] if "vision.embedding" in signals else np.zeros(0)
        if len(at) < 2:
            return None
        sample = np.arange(0, len(at), max(1, len(at) // 64))
        around = [
            np.arange(np.searchsorted(at, w.start_s) - 1, np.searchsorted(at, w.end_s) + 1) for w in windows
        ]
        rows = np.unique(np.concatenate([sample, *around]).clip(0, len(at) - 1))
        vectors = signals.vectors("vision.embedding", rows)
        some = np.searchsorted(rows, sample)
        return FrameSamples(at[rows], vectors, self._same(at[rows][some], vectors[some]))


def _forgotten(signals: Signals, times: Series) -> Reasons:
    """No picture is made in which somebody who was forgotten can be seen; nothing where nobody was."""
    spans = forgotten_spans(signals)
    return {"gate.forgotten": within(spans, times)} if spans else {}


def _face_measures(signals: Signals, own: Portraits, i: int) -> dict[str, float]:
    """What is told of a portrait: the logged numbers, and the four measures that its quality is made of."""
    row = own.rows[i]
    logged = (
        "sharpness",
        "exposure_mean",
        "contrast",
        "score",
        "yaw",
        "pitch",
        "roll",
        "mouth_open",
        "eye_open",
        "smile",
        "occlusion",
    )
    told = {name: float(signals[f"faces.{name}"][row]) for name in logged if f"faces.{name}" in signals}
    made = {
        "face_size_norm": own.size[i],
        "eye_open_norm": own.eyes[i],
        "frontality": own.frontality[i],
        "sharpness_norm": own.sharpness[i],
    }
    return {"person": float(own.person.number), **told, **{name: float(x) for name, x in made.items()}}


def _box_px(signals: Signals, row: int) -> Box:
    """The face's box in px of the video as shown; may reach past the picture."""
    left, top, right, bottom = (round(x) for x in boxes_px(signals, row).tolist())
    return left, top, right, bottom
