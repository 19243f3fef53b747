"""Files to frames and sound, and back. The only room that knows PyAV."""

from momentscan.media.clip import ClipDone, ReelDone, cut_clip, cut_reel, inside, same_source
from momentscan.media.container import Limits
from momentscan.media.decode import Video, open_video
from momentscan.media.encode import Piece
from momentscan.media.encoders import Encoding
from momentscan.media.framing import Framing
from momentscan.media.preview import preview
from momentscan.media.stills import jpeg, small_jpeg, stills

__all__ = [
    "ClipDone",
    "Encoding",
    "Framing",
    "Limits",
    "Piece",
    "ReelDone",
    "Video",
    "cut_clip",
    "cut_reel",
    "inside",
    "jpeg",
    "open_video",
    "preview",
    "same_source",
    "small_jpeg",
    "stills",
]
