"""Frames of a window that may be picked, with everything that speaks for and against each: looks at a main
person's face, else the frames as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.select.gate import Reasons
from momentscan.select.pick_knobs import PickKnobs
from momentscan.select.portraits import Portraits
from momentscan.signals import Signals
from momentscan.signals.boxes import boxes_px, whole
from momentscan.signals.forgotten import forgotten_spans
from momentscan.signals.join import rows_of_tracks
from momentscan.signals.series import percentile, percentile_rank
from momentscan.signals.spans import within
from momentscan.signals.vectors import Vectors
from momentscan.values import Box, Series, Window

LOGGED = (
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
"""Columns of `faces` that a portrait's measures repeat."""


class VectorSamples(NamedTuple):
    """Vision vectors of some instants: `time_s (N,)`, `vectors` (N, D), and the change under which two of
    them look the same.
    """

    time_s: Series
    vectors: Vectors
    same: float


class PickCandidates(NamedTuple):
    """Frames that may be picked, ascending in time, with everything said of them: (N,) each."""

    time_s: Series
    frame_idx: NDArray[np.int64]
    quality: Series
    reasons: Reasons
    measures: tuple[dict[str, float], ...]
    boxes: tuple[Box | None, ...]
    level: str
    samples: VectorSamples | None


# ---- portraits ----


def portrait_candidates(
    knobs: PickKnobs, signals: Signals, window: Window, people: Sequence[Portraits], level: str
) -> PickCandidates | None:
    """The instants of the window at which a main person's face is seen; None where there is none."""
    seen: dict[float, list[tuple[Portraits, int]]] = {}
    for own in people:
        a, b = np.searchsorted(own.time_s, (window.start_s, window.end_s))
        for i in range(int(a), int(b)):
            seen.setdefault(float(own.time_s[i]), []).append((own, i))
    if not seen:
        return None
    times = np.array(sorted(seen))
    faces = [seen[t] for t in times.tolist()]
    first = [at[0] for at in faces]  # people come in order, the main one first: its face decides
    rows = np.array([own.rows[i] for own, i in first], np.int64)
    reasons = {
        name: np.array([own.reasons[name][i] for own, i in first], np.bool_) for name in first[0][0].reasons
    }
    return PickCandidates(
        times,
        signals["faces.frame_idx"][rows],
        np.array([_together(knobs, at, window) for at in faces]),
        reasons | _forgotten(signals, times),
        tuple(_face_measures(signals, own, i) for own, i in first),
        tuple(whole(box) for box in boxes_px(signals, rows)),
        level,
        _face_vectors(knobs, signals, first[0][0]),
    )


def _together(knobs: PickKnobs, faces: Sequence[tuple[Portraits, int]], window: Window) -> float:
    """Quality of one instant: that of the first face, and a share of what is missing for the best of the
    others that pass the gate.
    """
    worth = [_worth(knobs, own, i, window) for own, i in faces]
    passing = [not any(bad[i] for bad in own.reasons.values()) for own, i in faces]
    other = max([0.0, *(x for x, ok in zip(worth[1:], passing[1:], strict=True) if ok)])
    return worth[0] + (1 - worth[0]) * knobs.w_other * other


def _worth(knobs: PickKnobs, own: Portraits, i: int, window: Window) -> float:
    """Quality in [0, 1] of one face: the seed's soft score and nearness to the peak; what was not measured
    does not count.
    """
    near = float(np.exp(-abs(own.time_s[i] - window.peak_s) / knobs.near_s))
    of = [
        (knobs.w_face_size, own.size[i]),
        (knobs.w_eyes, own.eyes[i]),
        (knobs.w_frontality, own.frontality[i]),
        (knobs.w_face_sharp, own.sharpness[i]),
        (knobs.w_face_peak, near),
    ]
    known = [(w, float(x)) for w, x in of if np.isfinite(x)]
    return sum(w * x for w, x in known) / max(sum(w for w, _ in known), 1e-12)


def _face_measures(signals: Signals, own: Portraits, i: int) -> dict[str, float]:
    """What a portrait says of itself: the logged numbers, and the four that its quality is made of."""
    row = own.rows[i]
    logged = {name: float(signals[f"faces.{name}"][row]) for name in LOGGED if f"faces.{name}" in signals}
    made = {
        "face_size_norm": own.size[i],
        "eye_open_norm": own.eyes[i],
        "frontality": own.frontality[i],
        "sharpness_norm": own.sharpness[i],
    }
    return {"person": float(own.person.number), **logged, **{name: float(x) for name, x in made.items()}}


def _face_vectors(knobs: PickKnobs, signals: Signals, own: Portraits) -> VectorSamples | None:
    """Face vectors of the person, and the change under which two of them count as one."""
    if "crops.face" not in signals:
        return None
    rows = rows_of_tracks(signals, "crops", own.person.tracks)
    if len(rows) < 2:
        return None
    at, vectors = signals["crops.time_s"][rows], signals.vectors("crops.face", rows)
    return VectorSamples(at, vectors, _same(knobs, at, vectors))


# ---- frames without a main face ----


class FrameMeasures(NamedTuple):
    """All frames of the video, (N,) each: what fails the gate for which reason, and the rank of sharpness."""

    failing: Reasons
    sharpness: Series
    samples: VectorSamples | None


def frames_of(knobs: PickKnobs, signals: Signals, windows: Sequence[Window]) -> FrameMeasures:
    """What frames have in themselves, whichever window they are picked for."""
    sharpness = percentile_rank(signals["frames.sharpness"].astype(np.float64))
    return FrameMeasures(_failing_frames(knobs, signals), sharpness, _frame_vectors(knobs, signals, windows))


def frame_candidates(
    knobs: PickKnobs, signals: Signals, window: Window, frames: FrameMeasures
) -> PickCandidates:
    """The frames of the window as a whole."""
    time_s = signals["frames.time_s"]
    rows = np.arange(np.searchsorted(time_s, window.start_s), np.searchsorted(time_s, window.end_s))
    exposed = 1 - np.abs(signals["frames.exposure_mean"][rows].astype(np.float64) - 127.5) / 127.5
    near = np.exp(-np.abs(time_s[rows] - window.peak_s) / knobs.near_s)
    total = max(knobs.w_sharp + knobs.w_exposure + knobs.w_peak, 1e-12)
    worth = knobs.w_sharp * frames.sharpness[rows] + knobs.w_exposure * exposed + knobs.w_peak * near
    return PickCandidates(
        time_s[rows],
        signals["frames.frame_idx"][rows],
        worth / total,
        {reason: bad[rows] for reason, bad in frames.failing.items()} | _forgotten(signals, time_s[rows]),
        tuple(
            {n: float(signals[f"frames.{n}"][r]) for n in ("sharpness", "exposure_mean", "contrast")}
            for r in rows
        ),
        (None,) * len(rows),
        "frame",
        frames.samples,
    )


def _failing_frames(knobs: PickKnobs, signals: Signals) -> Reasons:
    """reason -> (N,) which frames fail for it; all failures are kept (QualityGate: no early exit)."""
    exposure, contrast, sharpness = (
        signals[f"frames.{n}"] for n in ("exposure_mean", "contrast", "sharpness")
    )
    usual = np.median(sharpness) if len(sharpness) else 0.0
    return {
        "gate.exposure.black": exposure < knobs.exposure_low,
        "gate.exposure.white": exposure > knobs.exposure_high,
        "gate.exposure.contrast": contrast < knobs.contrast_low,
        "gate.blur.frame": sharpness < knobs.sharpness_share * usual,
    }


def _frame_vectors(knobs: PickKnobs, signals: Signals, windows: Sequence[Window]) -> VectorSamples | None:
    """The vectors around the windows, and the change under which two frames of this video count as one; None
    without vectors.
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
    return VectorSamples(at[rows], vectors, _same(knobs, at[rows][some], vectors[some]))


# ---- both ----


def _same(knobs: PickKnobs, at: Series, vectors: Vectors) -> float:
    """The given percentile of the change between pairs at least a second apart, of at most 64 of them."""
    sample = np.arange(0, len(at), max(1, len(at) // 64))
    apart = np.abs(at[sample][:, None] - at[sample][None]) >= 1.0
    changes = (1 - vectors[sample].cosine(vectors[sample]))[apart]
    return percentile(changes, knobs.same) if len(changes) else 0.0


def _forgotten(signals: Signals, times: Series) -> Reasons:
    """No picture is made in which somebody who was forgotten can be seen; nothing where nobody was."""
    spans = forgotten_spans(signals)
    return {"gate.forgotten": within(spans, times, closed=True)} if spans else {}
