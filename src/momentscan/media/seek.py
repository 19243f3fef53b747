"""The frames and the sound of a span of time, found by seeking, on the clock of the pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av

from momentscan.media.audio_reader import AudioReader
from momentscan.media.clock import RESTARTING, Clock
from momentscan.media.container import audio_stream, open_container
from momentscan.media.demux import DecodeErrors, Timestamps, decoded, packets, shown_s
from momentscan.media.source_file import SourceFile

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


def frames_in(source: SourceFile, start_s: float, end_s: float, held_s: float) -> Iterator[TimedFrame]:
    """Every frame whose time lies in `[start_s, end_s)`, to SLACK_S.

    A frame that stands across an edge for more than `held_s` inside (at the start) or outside (at the end) is
    cut at that edge.
    """
    for frame in _with_ends(source, start_s, end_s):
        trimmed = _trimmed(frame, start_s, end_s, held_s)
        if trimmed is not None:
            yield trimmed


def _with_ends(source: SourceFile, start_s: float, end_s: float) -> Iterator[TimedFrame]:
    """Frames from the one that is on the screen at `start_s`, or an earlier one, on; each ends when the next
    one comes.
    """
    before: tuple[float, Any] | None = None
    for time_s, frame in timed_frames(source, start_s):
        if before is not None:
            yield TimedFrame(before[1], before[0], time_s)
        before = (time_s, frame)
        if time_s >= end_s - SLACK_S:
            return
    if before is not None:
        info, (time_s, frame) = source.info, before
        known = info.duration_s > time_s + SLACK_S
        yield TimedFrame(frame, time_s, info.duration_s if known else time_s + shown_s(frame, info.fps))


def _trimmed(frame: TimedFrame, start_s: float, end_s: float, held_s: float) -> TimedFrame | None:
    time_s = frame.start_s
    if time_s >= end_s - SLACK_S or frame.end_s <= start_s + SLACK_S:
        return None
    if time_s < start_s - SLACK_S:
        if frame.end_s - start_s <= held_s:
            return None
        time_s = start_s
    return TimedFrame(frame.frame, time_s, end_s if frame.end_s - end_s > held_s else frame.end_s)


def timed_frames(source: SourceFile, start_s: float) -> Iterator[tuple[float, Any]]:
    """(time, frame) from the frame that is on the screen at `start_s`, or an earlier one, on."""
    if source.info.mended_clock:
        yield from frames_from_start(source)
        return
    for back_s in BACK_S:
        found = _frames_after_seek(source, start_s, back_s)
        first = next(found, None)
        if first is not None:
            yield first
            yield from found
            return


def _frames_after_seek(source: SourceFile, start_s: float, back_s: float) -> Iterator[tuple[float, Any]]:
    """None where the seek came out after the wanted frame."""
    info, errors = source.info, DecodeErrors()
    with source.open() as (container, stream):
        # What frame threads make of damage depends on chance.
        stream.thread_type = "SLICE" if info.partial else "AUTO"
        whole = needs_start(stream) or not seek(container, stream, info.origin_s + start_s - back_s)
        timestamp, first = Timestamps(info.fps, DecodeErrors()), True
        for packet in packets(container, stream, errors):
            for frame in decoded(packet, errors):
                time_s = timestamp(frame) - info.origin_s
                if first and not whole and time_s > start_s + SLACK_S:
                    return
                first = False
                yield time_s, frame


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


def frames_from_start(source: SourceFile) -> Iterator[tuple[float, Any]]:
    """The same walk as the pass, from the start, for files whose clock had to be mended."""
    info, errors = source.info, DecodeErrors()
    clock = Clock(info.container in RESTARTING, source.clock)
    timestamp = Timestamps(info.fps, errors)
    with source.open() as (container, stream):
        stream.thread_type = "SLICE"
        for packet in packets(container, stream, errors):
            for frame in decoded(packet, errors):
                time_s = clock(timestamp(frame), shown_s(frame, info.fps))
                if time_s is not None:
                    yield time_s, frame


@contextmanager
def sound_from(source: SourceFile, start_s: float, hz: int, layout: str) -> Iterator[AudioReader]:
    """The sound from `start_s` on, to be asked for in order, through an opening of its own."""
    info = source.info
    back_s = math.inf if info.mended_clock else _sound_back_s(source, info.origin_s + start_s)
    with open_container(source.path, source.limits) as container:
        stream = audio_stream(container)
        whole = not seek(container, stream, info.origin_s + start_s - back_s)
        restarts = whole and container.format.name in RESTARTING
        audio = AudioReader(
            packets(container, stream, DecodeErrors()), info.origin_s, restarts, hz, layout, source.clock
        )
        for skipped in range(1, int(start_s / SKIP_S) + 1 if whole else 0):
            audio.channels_between(round(skipped * SKIP_S * hz), round(skipped * SKIP_S * hz))
        yield audio


def _sound_back_s(source: SourceFile, raw_s: float) -> float:
    """How far before `raw_s` a seek of the sound has to aim in order to come out before it."""
    with open_container(source.path, source.limits) as container:
        stream = audio_stream(container)
        for back_s in BACK_S[:-1]:
            if not seek(container, stream, raw_s - back_s - PREROLL_S):
                continue
            first = next(packets(container, stream, DecodeErrors()), None)
            if first is None or first.pts is None:
                continue
            if float(first.pts * first.time_base) <= raw_s:
                return back_s + PREROLL_S
    return math.inf
