"""The nouns: what passes between the rooms. Times are seconds from the first frame (PTS); ranges are
half-open; colour is RGB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
"""(N,) float64."""

Columns = dict[str, NDArray[Any]]
""""table.column" -> rows, as a perceiver returns them."""

SOUND_HZ = 22050
"""Rate of all sound inside momentscan (seed 004: 22050 Hz; also librosa's default)."""

Outcome = Literal["chosen", "over_max", "below_threshold", "too_near", "not_different"]
"""What became of a candidate."""

FrameOutcome = Literal["chosen", "not among the best", "looks like a chosen one", "failed the gate"]
"""What became of a frame that might have been a still."""

AbstentionCode = Literal["no_faces_looked_for", "no_face", "too_short", "no_contrast", "no_peak"]
"""Why our engines find no moment; a plug-in may have codes of its own."""


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video. Sizes are as displayed: rotation and pixel aspect applied.

    `declared_s` is what the container promises (None: nothing), `duration_s` what was found: the end of the
    last frame shown (before the decode pass: the promise, or 0). `origin_s` is the container time of the
    first frame, which is our 0. `mended_clock`: some times are not PTS - origin (jumps were closed, frames
    without stamps were placed). `problems` says in words what was lost or mended; `partial` is True when part
    of the picture is missing.
    """

    video_id: str
    path: str
    sha256: str
    size_bytes: int
    duration_s: float
    declared_s: float | None
    width_px: int
    height_px: int
    rotation_deg: int
    fps: float
    n_frames: int
    video_codec: str
    audio_codec: str | None
    container: str
    origin_s: float = 0.0
    mended_clock: bool = False
    partial: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """What was shown and heard in `[start_s, end_s)`.

    frames    (N,H,W,3) uint8 RGB, sampled on the grid; N may be 0
    time_s    (N,) float64, PTS of each; ascending over the whole video
    frame_idx (N,) int64, 0-based place in decode order
    sound     (M,) float32 mono at SOUND_HZ, of exactly this span; NaN where the file carries none; M = 0
              without an audio track
    thumbs    (K,h,w) uint8 luma, point-sampled, of *every* decoded frame in the span (to date a cut to the
              frame)
    thumb_s   (K,) float64, their PTS
    """

    start_s: float
    end_s: float
    frames: NDArray[np.uint8]
    time_s: Series
    frame_idx: NDArray[np.int64]
    sound: NDArray[np.float32]
    thumbs: NDArray[np.uint8]
    thumb_s: Series


@dataclass(frozen=True)
class Window:
    """`[start_s, end_s)` with the instant that matters most in it."""

    start_s: float
    end_s: float
    peak_s: float

    def __post_init__(self) -> None:
        if not self.start_s <= self.peak_s <= self.end_s or not self.start_s < self.end_s:
            raise ValueError(f"window wants start <= peak <= end and start < end, got {self}")

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Curve:
    """A score over time: `time_s (N,)` ascending, `value (N,)` finite, `parts` name -> (N,) that sum to the
    value.

    Each value speaks for `[time_s, time_s + span_s)`; 0 = for that instant.
    """

    time_s: Series
    value: Series
    parts: Mapping[str, Series]
    span_s: float = 0.0

    def __post_init__(self) -> None:
        n = len(self.time_s)
        for name, series in {"value": self.value, **self.parts}.items():
            if series.shape != (n,):
                raise ValueError(f"curve {name} has shape {series.shape}, expected ({n},)")


@dataclass(frozen=True)
class Pick:
    """A frame chosen as a still. `quality` in [0, 1]; `measures` are the logged numbers behind it; `face_px`
    the box of the face it is a portrait of, x1, y1, x2, y2 in px of the video as shown, which may reach past
    the picture.
    """

    time_s: float
    frame_idx: int
    quality: float
    measures: Mapping[str, float] = field(default_factory=dict)
    why: str = ""
    face_px: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class Candidate:
    """A place the engine considered: what became of it (`verdict`) and in words why (`reason`)."""

    window: Window
    score: float
    parts: Mapping[str, float]
    verdict: Outcome
    reason: str


@dataclass(frozen=True)
class Abstention:
    """Why an engine found no moment: a code for programs (AbstentionCode, or a plug-in's own), and words for
    people.
    """

    code: str
    words: str

    def __str__(self) -> str:
        return f"{self.code}: {self.words}"


@dataclass(frozen=True)
class Moment:
    """A moment worth keeping. `parts` sum to `score`; `features` are the same parts in their own units;
    `rivals` the nearest that lost.
    """

    window: Window
    score: float
    scorer: str
    why: str
    parts: Mapping[str, float]
    features: Mapping[str, float | None]
    rivals: tuple[str, ...] = ()
    picks: tuple[Pick, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """All an engine says of one video. `moments` best first; `abstention` says why there are none; `absent`
    which parts were not there.
    """

    scorer: str
    curve: Curve
    smoothed: Series
    threshold: float | None
    moments: tuple[Moment, ...]
    candidates: tuple[Candidate, ...]
    abstention: Abstention | None
    absent: Mapping[str, str]

    @property
    def reason(self) -> str | None:
        """The abstention as files hold it: "code: words"."""
        return None if self.abstention is None else str(self.abstention)


@dataclass(frozen=True)
class Reaction:
    """How people react: laughter, applause or cheer, when it sets in, and its highest score in [0, 1]."""

    kind: str
    onset_s: float
    score: float


@dataclass(frozen=True)
class Move:
    """One edge of a clip, moved. `edge`: start or end; `reason` a dotted code; `note` says it in words."""

    edge: str
    from_s: float
    to_s: float
    reason: str
    note: str


@dataclass(frozen=True)
class Aligned:
    """A clip. `window` is the moment as it was found; `moves` lead from its edges to `start_s` and `end_s`,
    in order.

    `flags` name what could not be had: speech.start, speech.end (the edge lies in speech), length (outside of
    the limits).
    """

    window: Window
    start_s: float
    end_s: float
    moves: tuple[Move, ...]
    flags: tuple[str, ...]
    reaction: Reaction | None


@dataclass(frozen=True)
class Choice:
    """A moment that is delivered, or not.

    rank    place in the delivery from 1, None where it is left out
    kind    what makes it: the reaction that is heard, else the part of the score that gives most
    below   True where the engine itself did not call it a moment
    what    what the engine says of it
    why     why it has this place, or why it has none
    """

    rank: int | None
    clip: Aligned
    score: float
    kind: str
    below: bool
    what: str
    why: str
