"""From moments to clips: aligned, chosen for variety, cut out of the video, with subtitles, previews and a reel."""

from momentscan.clips.choose import choose_clips
from momentscan.clips.cut import cut_engine
from momentscan.clips.plan import ClipPlan

__all__ = ["ClipPlan", "choose_clips", "cut_engine"]
