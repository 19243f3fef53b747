"""Files to frames and sound, and back. The only room that knows PyAV."""

from momentscan.media.clip import ClipDone, ReelDone, cut_clip, cut_reel
from momentscan.media.container import Limits
from momentscan.media.encoders import Encoding
from momentscan.media.framing import Framing
from momentscan.media.preview import preview
from momentscan.media.segments import Segment
from momentscan.media.source_file import same_source, sha256_of
from momentscan.media.stills import jpeg, small_jpeg, stills
from momentscan.media.video import Video, open_video

__all__ = [
    "ClipDone",
    "Encoding",
    "Framing",
    "Limits",
    "ReelDone",
    "Segment",
    "Video",
    "cut_clip",
    "cut_reel",
    "jpeg",
    "open_video",
    "preview",
    "same_source",
    "sha256_of",
    "small_jpeg",
    "stills",
]
