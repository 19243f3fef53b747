"""Files to frames and sound, and back. The only room that knows PyAV."""

from momentscan.media.decode import Video, open_video
from momentscan.media.door import Limits
from momentscan.media.stills import jpeg, small_jpeg, stills

__all__ = ["Limits", "Video", "jpeg", "open_video", "small_jpeg", "stills"]
