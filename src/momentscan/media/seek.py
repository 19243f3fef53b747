"""The frames and the sound of a span of time, found by seeking, on the clock of the pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from momentscan.media.audio_reader import AudioReader
from momentscan.media.clock import RESTARTING, Clock
from momentscan.media.container import Limits, audio_stream, open_container, video_stream
from momentscan.media.demux import DecodeErrors, Timestamps, decoded, packets, shown_s
from momentscan.values import VideoInfo

BACK_S = (0.0, 5.0, math.inf)
"""How far before the wanted instant a seek aims, one after the other: some indexes point behind the frame
they name. At last from the start.
"""

SLACK_S = 6e-4
"""How far a frame may be off an edge and still be meant: edges are kept in whole milliseconds, as Matroska
keeps its times.
"""

PREROLL_S = 0.5
"""Sound is decoded from so much earlier: MP3's bit reservoir and the 80 ms that Opus asks for (RFC 7845, 4.6)
have long settled by then.
"""

SKIP_S = 10.0
"""Sound that is only walked over is dropped in pieces of this length."""


@dataclass(frozen=True)
class TimedFrame:
    """A decoded frame and when it is on the screen: `[start_s, end_s)`, seconds from the first frame of its
    file.
    """

    frame: Any
    start_s: float
    end_s: float


def frames_in(
    info: VideoInfo, start_s: float, end_s: float, held_s: float, limits: Limits
) -> Iterator[TimedFrame]:
    """Every frame whose time lies in `[start_s, end_s)`, to SLACK_S.

    A frame that stands across an edge for more than `held_s` inside (at the start) or outside (at the end) is
    cut at that edge.
    """
    before: tuple[float, Any] | None = None
    for time_s, frame in timed_frames(info, start_s, limits):
        if before is not None:
            shown = _cut(before[1], before[0], time_s, start_s, end_s, held_s)
            if shown is not None:
                yield shown
        before = (time_s, frame)
        if time_s >= end_s - SLACK_S:
            return
    if before is not None:
        ends_s = (
            info.duration_s
            if info.duration_s > before[0] + SLACK_S
            else before[0] + shown_s(before[1], info.fps)
        )
        shown = _cut(before[1], before[0], ends_s, start_s, end_s, held_s)
        if shown is not None:
            yield shown


def _cut(
    frame: Any, time_s: float, next_s: float, start_s: float, end_s: float, held_s: float
) -> TimedFrame | None:
    if time_s >= end_s - SLACK_S or next_s <= start_s + SLACK_S:
        return None
    if time_s < start_s - SLACK_S:
        if next_s - start_s <= held_s:
            return None
        time_s = start_s
    return TimedFrame(frame, time_s, end_s if next_s - end_s > held_s else next_s)


def timed_frames(info: VideoInfo, start_s: float, limits: Limits) -> Iterator[tuple[float, Any]]:
    """(time, frame) from the frame that is on the screen at `start_s`, or an earlier one, on."""
    if info.mended_clock:
        yield from frames_from_start(info, limits)
        return
    path = Path(info.path)
    for back_s in BACK_S:
        with open_container(path, limits) as container:
            stream = video_stream(container, path, limits)
            stream.thread_type = (
                "SLICE" if info.partial else "AUTO"
            )  # what frame threads make of damage depends on chance
            whole = needs_start(stream) or not seek(container, stream, info.origin_s + start_s - back_s)
            stamp, losses, first = Timestamps(info.fps, DecodeErrors()), DecodeErrors(), True
            for packet in packets(container, stream, losses):
                for frame in decoded(packet, losses):
                    time_s = stamp(frame) - info.origin_s
                    if first and not whole and time_s > start_s + SLACK_S:
                        break
                    first = False
                    yield time_s, frame
                else:
                    continue
                break
            else:
                if not first:
                    return


def needs_start(stream: Any) -> bool:
    """4:4:4 of x264 before build 151 is decoded right only by who has read its version in the first packet of
    the file (libavcodec/h264_cabac.c).
    """
    return stream.codec_context.codec.canonical_name == "h264" and (
        stream.codec_context.pix_fmt or ""
    ).startswith("yuv444")


def seek(container: Any, stream: Any, raw_s: float) -> bool:
    """Goes to a key frame before `raw_s` on the container's clock; False where it stays at the start."""
    if not math.isfinite(raw_s):
        return False
    try:
        container.seek(round(raw_s / stream.time_base), stream=stream, backward=True)
    except av.error.FFmpegError:
        return False
    return True


def frames_from_start(info: VideoInfo, limits: Limits) -> Iterator[tuple[float, Any]]:
    """The same walk as the pass, from the start, for files whose clock had to be mended."""
    path = Path(info.path)
    losses = DecodeErrors()
    clock, stamp = Clock(restarts=info.container in RESTARTING), Timestamps(info.fps, losses)
    with open_container(path, limits) as container:
        stream = video_stream(container, path, limits)
        stream.thread_type = "SLICE"
        for packet in packets(container, stream, losses):
            for frame in decoded(packet, losses):
                time_s = clock(stamp(frame), shown_s(frame, info.fps))
                if time_s is not None:
                    yield time_s, frame


@contextmanager
def sound_from(
    info: VideoInfo, start_s: float, hz: int, layout: str, limits: Limits
) -> Iterator[AudioReader]:
    """The sound from `start_s` on, to be asked for in order, through an opening of its own."""
    path = Path(info.path)
    back_s = math.inf if info.mended_clock else _back_s(path, info.origin_s + start_s, limits)
    with open_container(path, limits) as container:
        stream = audio_stream(container)
        whole = not seek(container, stream, info.origin_s + start_s - back_s)
        restarts = whole and container.format.name in RESTARTING
        hearing = AudioReader(packets(container, stream, DecodeErrors()), info.origin_s, restarts, hz, layout)
        for skipped in range(1, int(start_s / SKIP_S) + 1 if whole else 0):
            hearing.channels_between(round(skipped * SKIP_S * hz), round(skipped * SKIP_S * hz))
        yield hearing


def _back_s(path: Path, raw_s: float, limits: Limits) -> float:
    """How far before `raw_s` a seek of the sound has to aim in order to come out before it."""
    with open_container(path, limits) as container:
        stream = audio_stream(container)
        for back_s in BACK_S[:-1]:
            if seek(container, stream, raw_s - back_s - PREROLL_S):
                first = next(packets(container, stream, DecodeErrors()), None)
                if (
                    first is not None
                    and first.pts is not None
                    and float(first.pts * first.time_base) <= raw_s
                ):
                    return back_s + PREROLL_S
    return math.inf
