"""Verdicts as the records of `highlight_{engine}/`: windows, frames, curve, candidates. Milliseconds are born
here, and only here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from momentscan.disk.codec import read_or_none, read_record
from momentscan.records.measures import VersionStamp
from momentscan.records.windows import (
    ConsideredFrame,
    FilteringLog,
    FrameMeta,
    FrameRecord,
    PeakCandidate,
    ScoreCurve,
    WindowFiltering,
    WindowRecord,
)
from momentscan.select.picks import JudgedFrame, Picked
from momentscan.signals.boxes import squares, whole
from momentscan.values import Box, Candidate, Moment, Pick, Series, Verdict, VideoInfo, Window

WINDOWS = "windows.json"
CURVE = "debug/score_curve.json"
CANDIDATES = "debug/peak_candidates.json"
FILTERING = "debug/filtering_log.json"

CROP_SCALE = 1.5
"""companions §2.4: face crops are bbox × 1.5."""


def ms(seconds: float) -> float:
    """Seconds -> milliseconds, to the microsecond."""
    return round(seconds * 1000, 3)


# ---- reading ----


class EngineResult(NamedTuple):
    """What an engine wrote, read back: windows best first with their scores, the qualities of all stills, and
    its curve in seconds.
    """

    windows: list[Window]
    scores: list[float]
    qualities: list[float]
    time_s: list[float]
    value: list[float]


def read_windows(folder: Path, remedy: str) -> tuple[WindowRecord, ...] | None:
    """windows.json of an engine's folder, best first; None where it has written none. Raises UnreadableInput
    for one that does not fit; `remedy` says what to do about it.
    """
    path = folder / WINDOWS
    return read_record(tuple[WindowRecord, ...], path, remedy) if path.is_file() else None


def read_engine(folder: Path) -> EngineResult | None:
    """windows.json and the curve of an engine's folder; None where it has written none that can be read."""
    windows = read_or_none(tuple[WindowRecord, ...], folder / WINDOWS)
    curve = read_or_none(ScoreCurve, folder / CURVE)
    if windows is None or curve is None:
        return None
    try:
        spans = [w.window for w in windows]
    except ValueError:
        return None
    qualities = [f.quality_score for w in windows for f in w.selected_frames]
    times = [t / 1000 for t in curve.time_ms]
    return EngineResult(spans, [w.score_rule for w in windows], qualities, times, list(curve.score))


# ---- writing ----


def window_records(verdict: Verdict) -> tuple[WindowRecord, ...]:
    """windows.json: the seed's fields (seed 000, windows.json schema), then ours."""
    return tuple(_window(number, moment) for number, moment in enumerate(verdict.moments, 1))


def score_curve(verdict: Verdict) -> ScoreCurve:
    """debug/score_curve.json."""
    curve = verdict.curve
    return ScoreCurve(
        engine=verdict.scorer,
        time_ms=tuple(ms(t) for t in curve.time_s.tolist()),
        score=_numbers(curve.value),
        smoothed=_numbers(verdict.smoothed),
        threshold=verdict.threshold,
        parts={name: _numbers(series) for name, series in curve.parts.items()},
    )


def peak_candidates(verdict: Verdict) -> tuple[PeakCandidate, ...]:
    """debug/peak_candidates.json."""
    return tuple(_candidate(c) for c in verdict.candidates)


def filtering_log(verdict: Verdict, considered: Sequence[Picked]) -> FilteringLog:
    """debug/filtering_log.json; `considered`: what became of the frames of each window, in their order."""
    windows = tuple(_filtering(number, picked) for number, picked in enumerate(considered, 1))
    return FilteringLog(verdict.reason, dict(verdict.absent), windows)


def frame_meta(number: int, pick: Pick, moment: Moment, video: VideoInfo, stamp: VersionStamp) -> FrameMeta:
    """`frames/*_meta.json` of a still of the window with this number (from 1)."""
    return FrameMeta(
        window_id=number,
        **vars(_frame(pick)),
        contrast=pick.measures["contrast"],
        measures={name: _known(value) for name, value in pick.measures.items()},
        video_id=video.video_id,
        engine=moment.scorer,
        width_px=video.width_px,
        height_px=video.height_px,
        version_stamp=stamp,
    )


def crop_box(box: Box) -> Box:
    """x1, y1, x2, y2 of the square around a box, 1.5 times its longer side; like the box it may reach past
    the picture.
    """
    return whole(squares(np.array(box), CROP_SCALE))


def _window(number: int, moment: Moment) -> WindowRecord:
    features = {name: _known(value) for name, value in moment.features.items()}
    return WindowRecord(
        window_id=number,
        start_ms=ms(moment.window.start_s),
        end_ms=ms(moment.window.end_s),
        peak_ms=ms(moment.window.peak_s),
        score_rule=moment.score,
        score_model=None,
        key_features={"d_face": None, "d_body": None, **features},
        selected_frames=tuple(_frame(p) for p in moment.picks),
        engine=moment.scorer,
        parts=dict(moment.parts),
        why=moment.why,
        rivals=moment.rivals,
    )


def _frame(pick: Pick) -> FrameRecord:
    box = pick.face_px
    return FrameRecord(
        frame_idx=pick.frame_idx,
        timestamp_ms=ms(pick.time_s),
        quality_score=pick.quality,
        face_bbox=box,
        crop_box=crop_box(box) if box is not None else None,
        blur=pick.measures["sharpness"],
        exposure_mean=pick.measures["exposure_mean"],
        why=pick.why,
    )


def _candidate(candidate: Candidate) -> PeakCandidate:
    window = candidate.window
    return PeakCandidate(
        start_ms=ms(window.start_s),
        end_ms=ms(window.end_s),
        peak_ms=ms(window.peak_s),
        score=candidate.score,
        parts=dict(candidate.parts),
        verdict=candidate.verdict,
        reason=candidate.reason,
    )


def _filtering(number: int, picked: Picked) -> WindowFiltering:
    frames = tuple(_considered(frame) for frame in picked.frames)
    counts = (picked.considered, dict(picked.failed), len(picked.picks))
    return WindowFiltering(number, *counts, picked.reason, frames)


def _considered(frame: JudgedFrame) -> ConsideredFrame:
    return ConsideredFrame(frame.frame_idx, ms(frame.time_s), frame.quality, frame.reasons, frame.verdict)


def _numbers(series: Series) -> tuple[float, ...]:
    return tuple(series.tolist())


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
