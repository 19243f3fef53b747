"""Full-size frames at the few instants that were chosen: seeks, not a second pass."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.errors import MomentscanError
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits
from momentscan.media.demux import DecodeErrors, decoded, packets
from momentscan.media.frame import FrameConverter
from momentscan.media.seek import BACK_S, frames_from_start, needs_start
from momentscan.media.source_file import SourceFile
from momentscan.values import VideoInfo

JPEG_QUALITY = 92
"""Taste: no visible loss at full size."""

SMALL_PX, SMALL_QUALITY = 420, 82
"""Taste: three fit side by side in a page, at 15 kB each."""


def jpeg(frame: NDArray[np.uint8], quality: int = JPEG_QUALITY) -> bytes:
    """(H,W,3) uint8 RGB -> JPEG bytes, the same for the same pixels."""
    done, data = cv2.imencode(".jpg", frame[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise MomentscanError(f"a frame of shape {frame.shape} could not be written as JPEG")
    return bytes(data.tobytes())


def small_jpeg(frame: NDArray[np.uint8], side_px: int = SMALL_PX) -> bytes:
    """(H,W,3) uint8 RGB -> JPEG bytes of a copy whose longer side is at most `side_px`, for pages."""
    scale = min(1.0, side_px / max(frame.shape[:2]))
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    return jpeg(
        np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else frame,
        SMALL_QUALITY,
    )


def _itself(time_s: float, frame: NDArray[np.uint8]) -> Any:
    return frame


def stills(
    info: VideoInfo,
    times_s: Sequence[float],
    limits: Limits = Limits(),
    keep: Callable[[float, NDArray[np.uint8]], Any] = _itself,
    clock: ClockOptions = ClockOptions(),
) -> dict[float, Any]:
    """time -> `keep` of the frame, (H,W,3) uint8 RGB at display size, for PTS as logged. Instants that cannot
    be reached are left out.

    `keep` is called with one time and frame after the other, so that full-size frames need not all be held at
    once. `clock`: as the video was scanned with. Raises UnreadableInput.
    """
    source = SourceFile(info, limits, clock)
    converter = FrameConverter((info.width_px, info.height_px), info.rotation_deg)
    return {t: keep(t, converter.rgb(frame)) for t, frame in _frames_at(source, sorted(set(times_s)))}


def _frames_at(source: SourceFile, wanted: Sequence[float]) -> Iterator[tuple[float, Any]]:
    """(time, frame), in no order; instants behind the same key frame are cut together."""
    info, found = source.info, set[float]()
    with source.open() as (container, stream):
        if info.mended_clock or needs_start(stream):
            yield from _chosen(frames_from_start(source), wanted)
            return
        first_s = min(0.0, info.origin_s)
        for back_s in BACK_S:
            left = [(t, max(first_s, info.origin_s + t - back_s)) for t in wanted if t not in found]
            key_dts = {t: _seek(container, stream, from_s) for t, from_s in left}
            for _, group in itertools.groupby(left, key=lambda item: key_dts[item[0]]):
                times, from_s = zip(*group, strict=True)
                _seek(container, stream, from_s[0])
                for time_s, frame in _onwards(container, stream, info.origin_s, times):
                    found.add(time_s)
                    yield time_s, frame


def _seek(container: Any, stream: Any, raw_s: float) -> int | None:
    """Goes to the key frame before `raw_s`: where it lies in the file, so that instants behind the same one
    can be cut together.
    """
    try:
        container.seek(round(raw_s / stream.time_base), stream=stream, backward=True)
        first = next(packets(container, stream, DecodeErrors()))
        container.seek(round(raw_s / stream.time_base), stream=stream, backward=True)
    except av.error.FFmpegError:
        return None
    dts: int | None = first.dts
    return dts


def _onwards(
    container: Any, stream: Any, origin_s: float, times_s: Sequence[float]
) -> Iterator[tuple[float, Any]]:
    """(time, frame) of those ascending times at which a frame is shown, decoding from here to the last of
    them.
    """
    half_tick_s = float(stream.time_base) / 2
    left = list(times_s)
    for packet in packets(container, stream, DecodeErrors()):
        for frame in decoded(packet, DecodeErrors()):
            if frame.pts is None:
                continue
            time_s = float(frame.pts * frame.time_base) - origin_s
            while left and left[0] < time_s - half_tick_s:
                left.pop(0)
            if not left:
                return
            if left[0] <= time_s + half_tick_s:
                yield left.pop(0), frame


def _chosen(frames: Iterator[tuple[float, Any]], wanted: Sequence[float]) -> Iterator[tuple[float, Any]]:
    """(time, frame) of those ascending times at which a frame is shown, no further than the last of them."""
    left = list(wanted)
    for time_s, frame in frames:
        while left and left[0] < time_s - 1e-6:
            left.pop(0)
        if left and abs(time_s - left[0]) < 1e-6:
            yield left.pop(0), frame
        if not left:
            return
