"""What is known of a video: what its container declares, what the first frame adds, what the pass found."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import av

from momentscan.media.batches import BatchBuilder
from momentscan.media.clock import Clock
from momentscan.media.demux import DecodeErrors
from momentscan.media.frame import FrameConverter, display_size, fitted, rotation_of
from momentscan.values import VideoInfo


def declared_info(
    container: Any,
    stream: Any,
    sound: Any | None,
    video_id: str,
    path: str,
    size_bytes: int = 0,
    declared_s: float | None = None,
) -> VideoInfo:
    """What the container says of a video before its first frame is decoded. `declared_s`: its length, None
    for a feed, which tells none.
    """
    context = stream.codec_context
    return VideoInfo(
        video_id=video_id,
        path=path,
        sha256="",
        size_bytes=size_bytes,
        duration_s=declared_s or 0.0,
        declared_s=declared_s,
        width_px=context.width,
        height_px=context.height,
        rotation_deg=0,
        fps=float(stream.average_rate or 0),
        n_frames=0,
        video_codec=context.codec.canonical_name,
        audio_codec=sound.codec_context.codec.canonical_name if sound is not None else None,
        container=container.format.name,
    )


def declared_duration_s(container: Any, stream: Any) -> float | None:
    """How long the picture should last: by its track, else by the container, which speaks for all tracks."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return float(container.duration / av.time_base)
    return None


def with_first_frame(info: VideoInfo, stream: Any, frame: Any, raw_s: float) -> VideoInfo:
    """With what the first frame tells: the size on a screen, the turn, and where the clock starts."""
    rotation = rotation_of(frame)
    aspect = float(stream.sample_aspect_ratio or 0) or 1.0
    # Streams that change size promise their largest.
    coded = max((frame.width, frame.height), (info.width_px, info.height_px))
    width, height = display_size(*coded, aspect, rotation)
    return dataclasses.replace(info, width_px=width, height_px=height, rotation_deg=rotation, origin_s=raw_s)


def converter_of(info: VideoInfo, short_side_px: int) -> FrameConverter:
    """Converts frames of this video to RGB with so many px on their shorter side."""
    return FrameConverter(fitted(info.width_px, info.height_px, short_side_px), info.rotation_deg)


def damage_notes(errors: DecodeErrors, clock: Clock) -> list[str]:
    """In words, what of the picture is missing."""
    notes: list[str] = []
    if errors.broke_off:
        notes.append(errors.broke_off)
    if errors.bad_packets:
        notes.append(f"{errors.bad_packets} damaged packets were read over")
    if errors.corrupt_frames:
        notes.append(f"{errors.corrupt_frames} frames are damaged")
    # Where two recordings were joined, the count of transport packets jumps too.
    if errors.marked_packets > clock.jumps:
        notes.append(f"parts of {errors.marked_packets} packets are missing")
    return notes


def with_pass_results(
    info: VideoInfo,
    builder: BatchBuilder,
    clock: Clock,
    errors: DecodeErrors,
    damage: Sequence[str],
    sound_notes: Sequence[str],
) -> VideoInfo:
    """With what the pass found. `damage`: what is missing of the picture, in words."""
    return dataclasses.replace(
        info,
        mended_clock=bool(clock.dropped or clock.jumps or errors.no_pts),
        duration_s=builder.end_s,
        n_frames=builder.n_frames,
        partial=bool(damage),
        problems=(*damage, *builder.notes, *_clock_notes(clock, errors), *sound_notes),
    )


def _clock_notes(clock: Clock, errors: DecodeErrors) -> list[str]:
    notes = []
    if clock.dropped:
        notes.append(f"{clock.dropped} frames repeat a time that was already shown and were left out")
    if clock.jumps:
        notes.append(f"{clock.jumps} jumps of the clock were closed")
    if errors.no_pts:
        notes.append(f"{errors.no_pts} frames carry no time stamp; they were placed by the frame rate")
    return notes
