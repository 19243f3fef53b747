"""What a timeline tells: moments as frames of the source's nominal rate. Rational arithmetic only; seconds
are PTS from the first frame.

A window `[start_s, end_s)` becomes the frames shown in it: from the one shown at its start up to, without it,
the one that begins at its end.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from momentscan.values import VideoInfo

RATES = tuple(
    Fraction(n, d)
    for n, d in (
        (24000, 1001),
        (24, 1),
        (25, 1),
        (30000, 1001),
        (30, 1),
        (48000, 1001),
        (48, 1),
        (50, 1),
        (60000, 1001),
        (60, 1),
    )
)
"""Frame rates that editors' timelines have (SMPTE ST 12-1 counts them), ascending."""

DROPPED = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}
"""Rates that drop-frame timecode exists for -> numbers left out at each minute but every tenth (SMPTE ST
12-1).
"""

NEAR = Fraction(1, 100)
"""An average rate so near to a standard one is that rate; taste: phones that ask for 30 write 29.7 to 30.1.
"""

TICK_S = Fraction(1, 1000)
"""An edge so near to the begin of a frame is at it: Matroska and WebM round their stamps to milliseconds."""

ToldAs = Literal["window", "clip"]

NAME_LONGEST = 250
"""Characters of a title or name; taste: longer ones fill the lists of an editor."""


@dataclass(frozen=True)
class Range:
    """A window as an engine found it, by its number in windows.json; or a clip, by its rank in clips.json."""

    window_id: int
    start_s: float
    end_s: float
    peak_s: float
    score: float
    name: str = ""
    why: str = ""


@dataclass(frozen=True)
class TimelineRange:
    """A range as frames of the source, counted from its first: `[first, end)`, and the one shown at the
    peak.
    """

    range: Range
    first: int
    end: int
    peak: int


@dataclass(frozen=True)
class Timeline:
    """What was, or is to be, told to an editor: cuts of one video in the order of the timeline.

    `start_frame` is the timecode of the source's first frame, in frames; `n_frames` how many of the nominal
    rate the source has. `told_as`: what the numbers of the ranges are of, an engine's windows or the clips
    that were cut.
    """

    title: str
    video: VideoInfo
    engine: str
    rate: Fraction
    drop_frame: bool
    start_frame: int
    n_frames: int
    cuts: tuple[TimelineRange, ...]
    told_as: ToldAs = "window"

    @property
    def file_name(self) -> str:
        return clean(Path(self.video.path).name)

    @property
    def url(self) -> str:
        """`file:///…`, percent-encoded; names that are not UTF-8 as their bytes."""
        return "file://" + quote(
            self.video.path.encode("utf-8", "surrogateescape")
            if _is_encodable(self.video.path)
            else self.file_name
        )

    @property
    def has_sound(self) -> bool:
        return self.video.audio_codec is not None


def to_timeline(
    video: VideoInfo,
    engine: str,
    ranges: Sequence[Range],
    title: str = "",
    rate: Fraction | None = None,
    drop_frame: bool | None = None,
    start_frame: int = 0,
    told_as: ToldAs = "window",
) -> tuple[Timeline, tuple[str, ...]]:
    """The ranges as cuts, in their order, and what there is to say of those that could not be told as they
    are.

    `rate` None: the nominal one. `drop_frame` None: where the rate has it, as editors do by default; other
    rates never have it.
    """
    rate = nominal_rate(video) if rate is None else rate
    n_frames = (
        max(1, _frame_after(video.duration_s, rate)) if video.duration_s > 0 else max(1, video.n_frames)
    )
    placed = [_cut(r if math.isfinite(r.score) else replace(r, score=0.0), rate, n_frames) for r in ranges]
    return Timeline(
        clean(title or video.video_id),
        video,
        engine,
        rate,
        rate in DROPPED and drop_frame is not False,
        start_frame,
        n_frames,
        tuple(cut for cut, _ in placed if cut is not None),
        told_as,
    ), tuple(note for _, note in placed if note)


def _cut(found: Range, rate: Fraction, n_frames: int) -> tuple[TimelineRange | None, str]:
    where = f"window {found.window_id} ({found.start_s:g} to {found.end_s:g} s)"
    if (
        not all(map(math.isfinite, (found.start_s, found.end_s, found.peak_s)))
        or found.end_s <= found.start_s
    ):
        return None, f"{where} has no length and was left out"
    first, end = frame_at(found.start_s, rate), _frame_after(found.end_s, rate)
    if first >= n_frames or found.end_s <= 0:
        return None, f"{where} lies outside of the video and was left out"
    kept = max(0, first), min(max(end, first + 1), n_frames)
    peak = min(max(frame_at(found.peak_s, rate), kept[0]), kept[1] - 1)
    note = (
        ""
        if kept == (first, max(end, first + 1))
        else f"{where} reaches past the video and was cut to what is there"
    )
    return TimelineRange(found, *kept, peak), note


def nominal_rate(video: VideoInfo) -> Fraction:
    """The standard rate for a video: that of its average, or of a multiple or a part of it (15 -> 30, 120 ->
    60).

    A variable rate that is near to none counts as the next standard one above, so that few frames share a
    place.
    """
    fps = (
        video.fps
        if math.isfinite(video.fps) and video.fps > 0
        else video.n_frames / max(video.duration_s, 1e-9)
    )
    if fps <= 0:
        return Fraction(25)
    average = Fraction(fps).limit_denominator(1_000_000)
    wanted = (
        [average] + [average * k for k in range(2, 61)]
        if average < RATES[0]
        else [average / k for k in range(1, 41)]
    )
    for value in wanted:
        best = min(RATES, key=lambda r: abs(r - value))
        if abs(best - value) <= NEAR * best:
            return best
    return next((r for r in RATES if r >= average), RATES[-1])


def frame_at(time_s: float, rate: Fraction) -> int:
    """The frame shown at an instant."""
    return math.floor((_exact(time_s) + TICK_S) * rate)


def _frame_after(time_s: float, rate: Fraction) -> int:
    """The first frame that is not shown before an instant: the end of a half-open range."""
    return math.ceil((_exact(time_s) - TICK_S) * rate)


def _exact(time_s: float) -> Fraction:
    return Fraction(round(time_s * 1_000_000), 1_000_000)


def frame_of(timecode: str, rate: Fraction) -> tuple[int, bool]:
    """`01:00:00:00` -> (frame, whether numbers are dropped: `;` before the frames). Raises ValueError for
    what is no timecode.
    """
    from opentimelineio.opentime import from_timecode

    text = timecode.strip()
    if not re.fullmatch(r"\d\d:[0-5]\d:[0-5]\d[:;.]\d\d", text, re.ASCII):
        raise ValueError(f"timecode wants HH:MM:SS:FF, got {timecode!r}")
    drops = text[8] != ":" and rate in DROPPED
    return round(from_timecode(text[:8] + (";" if drops else ":") + text[9:], float(rate)).value), drops


def comment_of(timeline: Timeline, cut: TimelineRange, longest: int = 1000) -> str:
    """What a cut is, in one line; `edited_timeline.hint_in` finds engine and window in it again."""
    return clean(
        f"momentscan {timeline.engine} {timeline.told_as} {cut.range.window_id} score {cut.range.score:.3g}: "
        f"{cut.range.why}",
        longest,
    )


def clean(text: str, longest: int = NAME_LONGEST) -> str:
    """One line that every format can carry: no control characters, half surrogates or non-characters; long
    ones end in `…`.
    """
    kept = "".join(" " if c in "\t\n\r\u2028\u2029" else c for c in text if c in "\t\n\r" or _sayable(c))
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _sayable(c: str) -> bool:
    return (
        unicodedata.category(c) not in ("Cc", "Cs")
        and ord(c) & 0xFFFE != 0xFFFE
        and not 0xFDD0 <= ord(c) <= 0xFDEF
    )


def _is_encodable(path: str) -> bool:
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
