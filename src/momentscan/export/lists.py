"""Moments as lists that players, uploaders and cutters read: LosslessCut's CSV, YouTube's chapters,
WebVTT.
"""

from __future__ import annotations

import csv
import io

from momentscan.export.timeline import Timeline, TimelineRange, clean

CHAPTER_S, CHAPTERS_LEAST = 10, 3
"""YouTube Help, "Video chapters": the first at 0:00, at least three, ascending, each at least 10 s long."""

CHAPTER_NAME = 70
"""Characters of a chapter's name that YouTube shows."""


def losslesscut(timeline: Timeline) -> str:
    """start, end, name in seconds, without a header (its import-export.md); three decimals, as its reader
    takes no more.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(
        [f"{_start_s(timeline, c):.3f}", f"{_end_s(timeline, c):.3f}", _name(timeline, c)]
        for c in timeline.cuts
    )
    return text.getvalue()


def webvtt(timeline: Timeline) -> str:
    """A cue per moment, by time."""
    cues = [
        f"{cut.range.window_id}\n{_clock_ms(_start_s(timeline, cut))} --> "
        f"{_clock_ms(_end_s(timeline, cut))}\n{_payload(timeline, cut)}\n"
        for cut in sorted(timeline.cuts, key=lambda c: (c.first, c.end))
    ]
    return "\n".join(["WEBVTT\n", *cues])


def chapters(timeline: Timeline) -> tuple[str | None, tuple[str, ...]]:
    """Lines for a video's description, and what could not be told; None where YouTube would take none of it.

    Where moments are nearer than 10 s to each other, or to the end, the better one is a chapter.
    """
    length_s = int(timeline.n_frames / timeline.rate)
    taken: dict[int, TimelineRange | None] = {}
    for cut in sorted(timeline.cuts, key=lambda c: (-c.range.score, c.first)):
        at_s = int(_start_s(timeline, cut))
        at_s = 0 if at_s < CHAPTER_S else at_s  # the first begins at 0:00
        if all(abs(at_s - other) >= CHAPTER_S for other in taken) and length_s - at_s >= CHAPTER_S:
            taken[at_s] = cut
    n_told = len(taken)
    taken.setdefault(0, None)
    if len(taken) < CHAPTERS_LEAST:
        few = (
            f"chapters: YouTube wants {CHAPTERS_LEAST} of at least {CHAPTER_S} s each, these moments give "
            f"{len(taken)}; no file was written"
        )
        return None, (few,)
    out = len(timeline.cuts) - n_told
    notes = (
        f"chapters: {out} of {len(timeline.cuts)} moments were left out, nearer than {CHAPTER_S} s to a "
        "better one or to the end",
    )
    lines = [f"{_clock(at_s, length_s)} {_chapter(timeline, cut)}" for at_s, cut in sorted(taken.items())]
    return "\n".join(lines) + "\n", notes if out else ()


def _start_s(timeline: Timeline, cut: TimelineRange) -> float:
    return float(cut.first / timeline.rate)


def _end_s(timeline: Timeline, cut: TimelineRange) -> float:
    return float(cut.end / timeline.rate)


def _name(timeline: Timeline, cut: TimelineRange) -> str:
    return clean(cut.range.name or f"{timeline.title} #{cut.range.window_id}")


def _payload(timeline: Timeline, cut: TimelineRange) -> str:
    """Name and reason, one line each; `-->` cannot stand in a cue, `&` and `<` would be mark-up."""
    lines = [line for line in (_name(timeline, cut), clean(cut.range.why, longest=1000)) if line]
    return "\n".join(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines)


def _chapter(timeline: Timeline, cut: TimelineRange | None) -> str:
    """YouTube refuses descriptions with angle brackets."""
    name = "Start" if cut is None else _name(timeline, cut)
    return clean(name.replace("<", "(").replace(">", ")"), CHAPTER_NAME)


def _clock_ms(time_s: float) -> str:
    ms = round(time_s * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def _clock(time_s: int, length_s: int) -> str:
    """`M:SS`, or `H:MM:SS` in videos of an hour and more."""
    minutes, seconds = divmod(time_s, 60)
    return (
        f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
        if length_s >= 3600
        else f"{minutes}:{seconds:02d}"
    )
