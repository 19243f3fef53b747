"""What an engine found, in `highlight_{engine}/`: windows.json, metas of stills, and what debug/ says of the
rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from momentscan.records.measures import BoxPx, FrameIdx, FromOne, Ms, Share, VersionStamp
from momentscan.records.plain import Meta, Record
from momentscan.values import CandidateOutcome, Window

PortraitBox = Annotated[
    BoxPx | None, Meta("x1, y1, x2, y2 in px of the video as shown; null: no portrait of a main person")
]
Blur = Annotated[float, Meta("variance of the Laplacian; higher is sharper")]
Exposure = Annotated[float, Meta(ge=0, le=255)]
Sum = Annotated[Mapping[str, float], Meta("they sum to score_rule")]


@dataclass(frozen=True)
class FrameRecord(Record):
    """A chosen frame of a window. `face_bbox`, `crop_box` may reach past the picture."""

    frame_idx: FrameIdx
    timestamp_ms: Ms
    quality_score: Share
    face_bbox: PortraitBox
    crop_box: PortraitBox
    blur: Blur
    exposure_mean: Exposure
    why: str


@dataclass(frozen=True)
class WindowRecord(Record):
    """One entry of windows.json, which is a list, best first."""

    window_id: FromOne
    start_ms: Ms
    end_ms: Ms
    peak_ms: Ms
    score_rule: float
    score_model: float | None
    key_features: Mapping[str, float | None]
    selected_frames: tuple[FrameRecord, ...]
    engine: str
    parts: Sum
    why: str
    rivals: tuple[str, ...]

    @property
    def window(self) -> Window:
        """The same in seconds. Raises ValueError for a peak outside of its window, which no engine writes."""
        return Window(self.start_ms / 1000, self.end_ms / 1000, self.peak_ms / 1000)


@dataclass(frozen=True)
class FrameMeta(Record):
    """`frames/*_meta.json`, beside a still. `measures`: the logged numbers behind its quality, None: not
    known.
    """

    window_id: FromOne
    frame_idx: FrameIdx
    timestamp_ms: Ms
    quality_score: Share
    face_bbox: PortraitBox
    crop_box: PortraitBox
    blur: Blur
    exposure_mean: Exposure
    why: str
    contrast: float
    measures: Mapping[str, float | None]
    video_id: str
    engine: str
    width_px: int
    height_px: int
    version_stamp: VersionStamp


@dataclass(frozen=True)
class ScoreCurve(Record):
    """debug/score_curve.json: lists of one length. `parts` sum to `score`; `threshold` None: the engine has
    none.
    """

    engine: str
    time_ms: tuple[Ms, ...]
    score: tuple[float, ...]
    smoothed: tuple[float, ...]
    threshold: float | None
    parts: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class PeakCandidate(Record):
    """One entry of debug/peak_candidates.json, which is a list: what became of it, and in words why."""

    start_ms: Ms
    end_ms: Ms
    peak_ms: Ms
    score: float
    parts: Mapping[str, float]
    verdict: CandidateOutcome
    reason: str


@dataclass(frozen=True)
class ConsideredFrame(Record):
    """What became of one frame that might have been a still: every reason against it, and in a word what
    happened.
    """

    frame_idx: int
    timestamp_ms: Ms
    quality_score: float
    reasons: tuple[str, ...]
    verdict: str


@dataclass(frozen=True)
class WindowFiltering(Record):
    """How the frames of one window were chosen. `failed`: reason of the gate -> frames."""

    window_id: int
    considered: int
    failed: Mapping[str, int]
    selected: int
    reason: str
    frames: tuple[ConsideredFrame, ...]


@dataclass(frozen=True)
class FilteringLog(Record):
    """debug/filtering_log.json. `reason`: why there are no windows; `absent`: which parts of the score, and
    why.
    """

    reason: str | None
    absent: Mapping[str, str]
    windows: tuple[WindowFiltering, ...]
