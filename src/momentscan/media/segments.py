"""A window of a video on its way into a clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from momentscan.errors import UsageError
from momentscan.media.framing import Framing
from momentscan.values import VideoInfo


@dataclass(frozen=True)
class Segment:
    """`[start_s, end_s)` of a video; in a reel with a chapter of its title, framed anew where a framing is
    given.
    """

    info: VideoInfo
    start_s: float
    end_s: float
    title: str = ""
    framing: Framing | None = None


def within_video(info: VideoInfo, start_s: float, end_s: float) -> tuple[float, float, tuple[str, ...]]:
    """The window as far as the video goes, and what had to be said about it. Raises UsageError where nothing
    is left.
    """
    wanted = f"the window {start_s:.3f} to {end_s:.3f} s"
    if not (np.isfinite(start_s) and np.isfinite(end_s)) or end_s <= start_s:
        raise UsageError(f"{wanted} is empty; give one that ends after it starts")
    if end_s <= 0 or start_s >= info.duration_s:
        raise UsageError(
            f"{wanted} lies outside of {info.video_id}, which lasts {info.duration_s:.3f} s; give one inside"
        )
    start, end = max(0.0, start_s), min(end_s, info.duration_s)
    if (start, end) == (start_s, end_s):
        return start, end, ()
    return start, end, (f"{wanted} reaches over the video; it was cut to {start:.3f} to {end:.3f} s",)
