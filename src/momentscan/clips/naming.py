"""What a clip is called, where its frames begin, and the key that says what it was made of."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict

from momentscan import __version__
from momentscan.clips.plan import ClipPlan
from momentscan.select.framing import View
from momentscan.values import Aligned, VideoInfo

TICK_S = 1e-3
"""Matroska and WebM round their stamps to milliseconds."""


def clip_name(rank: int, kind: str, start_s: float) -> str:
    """ "03_laughter_01m12s": place, kind, and where in the video; safe in any file system."""
    at, safe = int(start_s), re.sub(r"[^a-zA-Z0-9_-]+", "_", kind)[:40]
    hours = f"{at // 3600}h" if at >= 3600 else ""
    return f"{rank:02d}_{safe}_{hours}{at // 60 % 60:02d}m{at % 60:02d}s"


def clip_key(video: VideoInfo, clip: Aligned, plan: ClipPlan, view: View | None, title: str) -> str:
    """The same key, the same file."""
    path = None
    if view is not None:
        path = {name: getattr(part, "tolist", lambda p=part: p)() for name, part in view._asdict().items()}
    made_of = [__version__, video.sha256, clip.start_s, clip.end_s, plan.how, plan.preview]
    made_of += [asdict(plan.encoding), path, title]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]


def first_s(clip: Aligned, video: VideoInfo) -> float:
    """From where frames are taken. A clip that begins with a word begins with the frame that is shown then: the next
    would cost its onset."""
    last = next((m for m in reversed(clip.moves) if m.edge == "start"), None)
    if last is None or not last.reason.startswith("speech.") or video.fps <= 0:
        return clip.start_s
    return max(0.0, clip.start_s - 1 / video.fps + TICK_S)
