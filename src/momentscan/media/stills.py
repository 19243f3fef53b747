"""Full-size frames at the few instants that were chosen: seeks, not a second pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.errors import MomentscanError
from momentscan.media.clock import RESTARTING, Clock
from momentscan.media.door import Limits, opened, video_stream
from momentscan.media.picture import Shower
from momentscan.media.reading import Losses, Stamps, decoded, packets, shown_s
from momentscan.values import VideoInfo

JPEG_QUALITY = 92
"""Taste: no visible loss at full size."""


def jpeg(frame: NDArray[np.uint8], quality: int = JPEG_QUALITY) -> bytes:
    """(H,W,3) uint8 RGB -> JPEG bytes, the same for the same pixels."""
    done, data = cv2.imencode(".jpg", frame[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise MomentscanError(f"a frame of shape {frame.shape} could not be written as JPEG")
    return bytes(data.tobytes())


def stills(info: VideoInfo, times_s: Sequence[float], limits: Limits = Limits()) -> dict[float, NDArray[np.uint8]]:  # noqa: B008
    """time -> (H,W,3) uint8 RGB at display size, for PTS as logged. Instants that cannot be reached are left out."""
    found: dict[float, NDArray[np.uint8]] = {}
    path = Path(info.path)
    shower = Shower((info.width_px, info.height_px), info.rotation_deg)
    wanted = sorted(set(times_s))
    with opened(path, limits) as container:
        stream = video_stream(container, path, limits)
        if info.mended_clock:
            return _walk(container, stream, info, wanted, shower)
        half_s = 0.5 / info.fps if info.fps > 0 else 0.01
        for time_s in wanted:
            frame = _seek(container, stream, info.origin_s + time_s, min(half_s, 0.01))
            if frame is not None:
                found[time_s] = shower.rgb(frame)
    return found


def _seek(container: Any, stream: Any, raw_s: float, slack_s: float) -> Any | None:
    """The frame at `raw_s`, decoded from the key frame before it; None where the index leads nowhere."""
    for back_s in (0.0, 5.0, raw_s):  # some indexes point behind the frame they name
        try:
            container.seek(max(0, int((raw_s - back_s) / stream.time_base)), stream=stream, backward=True)
        except av.error.FFmpegError:
            continue
        frame = _first_from(container, stream, raw_s - slack_s)
        if frame is not None and abs(float(frame.pts * frame.time_base) - raw_s) <= slack_s:
            return frame
    return None


def _first_from(container: Any, stream: Any, raw_s: float) -> Any | None:
    for packet in packets(container, stream, Losses()):
        for frame in decoded(packet, Losses()):
            if frame.pts is not None and float(frame.pts * frame.time_base) >= raw_s:
                return frame
    return None


def _walk(container: Any, stream: Any, info: VideoInfo, wanted: list[float], shower: Shower) -> dict[float, NDArray[np.uint8]]:
    """For files whose clock had to be mended: the same walk as the pass, from the start."""
    losses = Losses()
    clock = Clock(restarts=info.container in RESTARTING)
    stamp = Stamps(info.fps, losses)
    found: dict[float, NDArray[np.uint8]] = {}
    left = list(wanted)
    for packet in packets(container, stream, losses):
        for frame in decoded(packet, losses):
            time_s = clock(stamp(frame), shown_s(frame, info.fps))
            if time_s is not None and left and abs(time_s - left[0]) < 1e-6:
                found[left.pop(0)] = shower.rgb(frame)
        if not left:
            break
    return found
