"""The nouns: what passes between the rooms. Times are seconds from the first frame (PTS); ranges are
half-open; colour is RGB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from momentscan.display import counted, html_table

Series = NDArray[np.float64]
"""(N,) float64."""

Columns = dict[str, NDArray[Any]]
""""table.column" -> rows, as a perceiver returns them."""

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in whole px of the video as shown."""

SOUND_HZ = 22050
"""Rate of all sound inside momentscan (seed 004: 22050 Hz; also librosa's default)."""

CandidateOutcome = Literal["chosen", "over_max", "below_threshold", "too_near", "not_different"]
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

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {getattr(self, name).shape}" for name in ("frames", "sound", "thumbs"))
        return f"Batch([{self.start_s:.2f}, {self.end_s:.2f}) s, {shapes})"

    def _repr_html_(self) -> str:
        names = ("frames", "time_s", "frame_idx", "sound", "thumbs", "thumb_s")
        rows = [(name, value.shape, value.dtype) for name in names for value in [getattr(self, name)]]
        return html_table(
            f"Batch of [{self.start_s:.2f}, {self.end_s:.2f}) s", ("array", "shape", "type"), rows
        )


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

    def __repr__(self) -> str:
        return f"Curve({self._summary()}; parts {', '.join(self.parts) or 'none'})"

    def _repr_html_(self) -> str:
        """Least, mean and greatest of the score and of each part."""
        series = {"score": self.value, **self.parts} if len(self.time_s) else {}
        rows = [(name, *(f"{f(x):.3g}" for f in (np.min, np.mean, np.max))) for name, x in series.items()]
        return html_table(f"Curve: {self._summary()}", ("part", "least", "mean", "greatest"), rows)

    def _summary(self) -> str:
        n = counted(len(self.time_s), "value")
        if not len(self.time_s):
            return n
        reach = f"{self.time_s[0]:.2f} to {self.time_s[-1] + self.span_s:.2f} s"
        return f"{n}, {reach}, score {np.min(self.value):.3g} to {np.max(self.value):.3g}"


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
    verdict: CandidateOutcome
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

    def __repr__(self) -> str:
        w = self.window
        span = f"{w.start_s:.2f} to {w.end_s:.2f} s, peak {w.peak_s:.2f} s"
        return f"Moment({span}, {self.scorer} {self.score:.3g}: {self.why})"

    def _repr_html_(self) -> str:
        """Its parts, each as a share of the score and in its own unit."""
        rows = [(name, f"{part:.3g}", _number(self.features.get(name))) for name, part in self.parts.items()]
        w = self.window
        title = f"{w.start_s:.2f} to {w.end_s:.2f} s, peak {w.peak_s:.2f} s, {self.scorer} {self.score:.3g}"
        return html_table(title, ("part", "adds", "measured"), rows, [self.why])


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

    def __repr__(self) -> str:
        lines = [f"Verdict of {self.scorer}: {self._found()}", f"  {self.curve!r}"]
        lines += [f"  {rank}  {moment!r}" for rank, moment in enumerate(self.moments, 1)]
        return "\n".join([*lines, *(f"  without {part}: {why}" for part, why in self.absent.items())])

    def _repr_html_(self) -> str:
        """The moments by rank, and what was not there."""
        rows = [
            (
                rank,
                *(f"{t:.2f}" for t in (m.window.start_s, m.window.peak_s, m.window.end_s)),
                f"{m.score:.3g}",
                m.why,
            )
            for rank, m in enumerate(self.moments, 1)
        ]
        head = ("rank", "start (s)", "peak (s)", "end (s)", "score", "why")
        notes = [repr(self.curve), *(f"without {part}: {why}" for part, why in self.absent.items())]
        return html_table(f"{self.scorer}: {self._found()}", head, rows, notes)

    def _found(self) -> str:
        found = counted(len(self.moments), "moment") if self.moments else "no moment"
        threshold = "" if self.threshold is None else f", threshold {self.threshold:.3g}"
        reason = f"; {self.reason}" if self.reason else ""
        return f"{found} of {counted(len(self.candidates), 'candidate')}{threshold}{reason}"


@dataclass(frozen=True)
class Reaction:
    """How people react: laughter, applause or cheer, when it sets in, and its highest score in [0, 1]."""

    kind: str
    onset_s: float
    score: float


Edge = Literal["start", "end"]
ClipFlag = Literal["speech.start", "speech.end", "length"]


@dataclass(frozen=True)
class Move:
    """One edge of a clip, moved. `edge`: start or end; `reason` a dotted code; `note` says it in words."""

    edge: Edge
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
    flags: tuple[ClipFlag, ...]
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


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
