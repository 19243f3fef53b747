"""Packets and time stamps of one stream, read on after damage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av

BAD_PACKETS_IN_A_ROW = 5000
"""After so many packets that give nothing the file is given up; a minute and more of video at any usual rate.
"""


@dataclass
class DecodeErrors:
    """What a reading met, counted."""

    bad_packets: int = 0
    marked_packets: int = 0
    corrupt_frames: int = 0
    no_pts: int = 0
    broke_off: str = ""


def packets(container: Any, stream: Any, errors: DecodeErrors, second: Any | None = None) -> Iterator[Any]:
    """Packets of one stream (or of two, as they lie in the file), and the flushing one of the first at the
    end even where the container breaks off.
    """
    wanted = [stream] if second is None else [stream, second]
    for other in container.streams:
        if other.index not in {s.index for s in wanted}:
            other.discard = av.stream.Discard.all
    demuxed = container.demux(wanted)
    while True:
        try:
            yield next(demuxed)
        # IndexError: PyAV 18 flushes streams that only appeared on the way by a stale list; ours is before.
        except (StopIteration, IndexError):
            return
        except (av.error.FFmpegError, OSError) as error:
            errors.broke_off = f"the file breaks off ({getattr(error, 'strerror', None) or error})"
            flush = av.Packet()
            flush.stream = stream
            yield flush
            return


def decoded(packet: Any, errors: DecodeErrors) -> list[Any]:
    """The frames a packet completes; none where it is damaged, which is counted. `marked`: the container says
    that parts of it are missing.
    """
    errors.marked_packets += packet.is_corrupt
    try:
        return list(packet.decode())
    except av.error.FFmpegError:
        errors.bad_packets += 1
        return []


def shown_s(frame: Any, fps: float) -> float:
    """How long a frame is shown, by itself, or by the average rate."""
    if frame.duration and frame.time_base:
        return float(frame.duration * frame.time_base)
    return 1.0 / fps if fps > 0 else 0.04


class Timestamps:
    """The best time stamp of each frame: its PTS, unless PTS went backwards more often than DTS did (AVI and
    old MPEG-4).

    The rule is libavcodec's own for `best_effort_timestamp` (guess_correct_pts), which PyAV does not show.
    """

    def __init__(self, fps: float, errors: DecodeErrors) -> None:
        self._fps = fps
        self._errors = errors
        self._n_backward = [0, 0]
        self._last: list[int | None] = [None, None]
        self._last_s: float | None = None

    def __call__(self, frame: Any) -> float:
        """Seconds on the container's clock. A frame without any stamp follows the one before by the frame
        rate, and is counted.
        """
        stamps = (frame.pts, frame.dts)
        for i, stamp in enumerate(stamps):
            if stamp is not None:
                last = self._last[i]
                self._n_backward[i] += last is not None and stamp <= last
                self._last[i] = stamp
        pts, dts = stamps
        best = pts if pts is not None and (self._n_backward[0] <= self._n_backward[1] or dts is None) else dts
        if best is not None and frame.time_base:
            self._last_s = float(best * frame.time_base)
        else:
            self._errors.no_pts += 1
            step = shown_s(frame, self._fps)
            self._last_s = 0.0 if self._last_s is None else self._last_s + step
        return self._last_s
