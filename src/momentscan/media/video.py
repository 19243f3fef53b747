"""The one pass: a video is decoded once, its frames sampled on a time grid, its sound handed over beside
them.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import av

from momentscan.errors import UnreadableInput
from momentscan.media.audio_reader import AudioReader
from momentscan.media.batches import BatchBuilder, sample_at
from momentscan.media.clock import RESTARTING, Clock, ClockOptions
from momentscan.media.container import Limits, audio_stream, check_file, open_container, video_stream
from momentscan.media.decode import FrameDecoder, SamplingOptions
from momentscan.media.demux import DecodeErrors, packets, shown_s
from momentscan.media.video_info import (
    converter_of,
    damage_notes,
    declared_duration_s,
    declared_info,
    with_first_frame,
    with_pass_results,
)
from momentscan.values import Batch

WHOLE = 0.95
"""Less than this share of the declared duration found means that the file is cut off (containers round to a
frame or two).
"""

MOST_REORDERED = 16
"""Frames that H.264 and HEVC may hold back to put them in order; no codec holds back more."""


class Video:
    """An open video: `info` says what is known (after the pass, what was found); `batches` is the pass."""

    def __init__(self, path: Path, container: Any, limits: Limits, clock: ClockOptions) -> None:
        self._path, self._container = path, container
        self._limits, self._clock_options = limits, clock
        self._stream = video_stream(container, path, limits)
        self._errors = DecodeErrors()
        declared_s = declared_duration_s(container, self._stream)
        if declared_s is not None and declared_s > limits.max_duration_s:
            raise UnreadableInput(
                f"{path}: lasts {declared_s:.0f} s, the limit is {limits.max_duration_s:.0f} s; cut it into "
                "parts, or raise limits.max_duration_s"
            )
        self.info = declared_info(
            container,
            self._stream,
            audio_stream(container),
            path.stem,
            str(path.absolute()),
            path.stat().st_size,
            declared_s,
        )

    def batches(
        self, sampling: SamplingOptions = SamplingOptions(), short_side_px: int = 256
    ) -> Iterator[Batch]:
        """The pass, once: batches of `span_s`, frames scaled down to `short_side_px`. Memory does not grow
        with length.

        Raises UnreadableInput when not one frame can be decoded. At its end `self.info` holds what was found.
        """
        clock = Clock(self.info.container in RESTARTING, self._clock_options)
        builder: BatchBuilder | None = None
        audio: AudioReader | None = None
        with ExitStack() as stack:
            for frame, raw_s, time_s, index in self._on_clock(clock, sampling):
                if builder is None:
                    self.info = with_first_frame(self.info, self._stream, frame, raw_s)
                    builder = BatchBuilder(sampling, converter_of(self.info, short_side_px), frame)
                    audio = self._open_audio(stack, raw_s)
                yield from _with_sound(builder.before(time_s), audio)
                builder.add(frame, time_s, index, shown_s(frame, self.info.fps))
            if builder is None:
                raise UnreadableInput(
                    f"{self._path}: not one frame could be decoded ({_why_nothing(self._errors)}); "
                    "re-export or copy it again"
                )
            if self._stream.duration:
                builder.clip_end(self.info.duration_s)
            yield from _with_sound(builder.rest(), audio)
            self._conclude(builder, clock, audio)

    def _on_clock(self, clock: Clock, sampling: SamplingOptions) -> Iterator[tuple[Any, float, float, int]]:
        """(frame, raw seconds, seconds of the pass, index) as far as the limit of length allows."""
        for frame, raw_s, index in self._frames(sampling):
            time_s = clock(raw_s, shown_s(frame, self.info.fps))
            if time_s is None:
                continue
            if time_s > self._limits.max_duration_s:
                self._errors.broke_off = f"stopped at the limit of {self._limits.max_duration_s:.0f} s"
                return
            yield frame, raw_s, time_s, index

    def _frames(self, sampling: SamplingOptions) -> Iterator[tuple[Any, float, int]]:
        """(frame, raw seconds, 0-based index); damage is counted and read over.

        Frame threads are quick, but what they make of damage depends on chance, and they lose what follows it
        at the end of a file. So at the first damage the file is read again without them; up to there both
        give the same frames.
        """
        n_given = 0
        try:
            for decoded_frame in self._read_until_damage(sampling):
                yield decoded_frame
                n_given += 1
            return
        except _Damage:
            pass
        self._errors = DecodeErrors()
        with open_container(self._path, self._limits) as again:
            stream = video_stream(again, self._path, self._limits)
            yield from itertools.islice(self._read_over_damage(again, stream, sampling), n_given, None)

    def _read_until_damage(self, sampling: SamplingOptions) -> Iterator[tuple[Any, float, int]]:
        """With frame threads; raises _Damage at the first damage, or where the last frames never came."""
        stream, errors = self._stream, self._errors
        stream.thread_type = "AUTO"
        decoder = FrameDecoder(stream, self.info.fps, errors, sampling)
        last_pts: int | None = None
        latest: deque[int] = deque(maxlen=MOST_REORDERED)
        for packet in packets(self._container, stream, errors):
            if packet.pts is not None and not packet.is_discard:
                latest.append(packet.pts)
            for decoded_frame in decoder(packet):
                if errors.corrupt_frames:
                    raise _Damage
                yield decoded_frame
                last_pts = decoded_frame[0].pts
            if errors.bad_packets:
                raise _Damage
        if last_pts is not None and any(pts > last_pts for pts in latest):
            raise _Damage

    def _read_over_damage(
        self, container: Any, stream: Any, sampling: SamplingOptions
    ) -> Iterator[tuple[Any, float, int]]:
        stream.thread_type = "SLICE"
        decoder = FrameDecoder(stream, self.info.fps, self._errors, sampling)
        for packet in packets(container, stream, self._errors):
            yield from decoder(packet)
            if decoder.given_up:
                return

    def _open_audio(self, stack: ExitStack, origin_s: float) -> AudioReader | None:
        """The sound of the same file through a second opening, so that badly interleaved files cost no
        memory.
        """
        if not self.info.audio_codec:
            return None
        container = stack.enter_context(open_container(self._path, self._limits))
        stream = audio_stream(container)
        restarts = container.format.name in RESTARTING
        return AudioReader(
            packets(container, stream, DecodeErrors()), origin_s, restarts, clock=self._clock_options
        )

    def _conclude(self, builder: BatchBuilder, clock: Clock, audio: AudioReader | None) -> None:
        found_s = builder.end_s
        promised_s = self._promised_s(found_s)
        if promised_s:
            promised_s += min(0.0, clock.shift_s)  # a jump that was closed was part of the promise
        damage = damage_notes(self._errors, clock)
        if promised_s and found_s < WHOLE * promised_s - 2 / max(self.info.fps, 1.0):
            damage.append(f"the file promises {promised_s:.2f} s of video, {found_s:.2f} s could be read")
        sound_notes = audio.notes(found_s) if audio is not None else []
        self.info = with_pass_results(self.info, builder, clock, self._errors, damage, sound_notes)

    def _promised_s(self, found_s: float) -> float | None:
        """How long the picture should be. A container's own duration speaks for its longest track, so another
        may answer for it.
        """
        declared_s = self.info.declared_s
        if declared_s is None or self._stream.duration or found_s >= declared_s:
            return declared_s
        if _other_tracks_end_s(self._path, self._limits) >= WHOLE * declared_s:
            return None
        # Most writers of Matroska count from 0, not from the first frame.
        return declared_s - max(0.0, self.info.origin_s)


@contextmanager
def open_video(
    path: Path, limits: Limits = Limits(), clock: ClockOptions = ClockOptions()
) -> Iterator[Video]:
    """An open video: `limits` says what is refused, `clock` when a time stamp is believed.

    Raises UnreadableInput in one line: what was wrong, what was found, what to do.
    """
    check_file(path, limits)
    with open_container(path, limits) as container:
        yield Video(path, container, limits, clock)


class _Damage(Exception):
    """A reading with frame threads met damage."""


def _with_sound(batches: Iterator[Batch], audio: AudioReader | None) -> Iterator[Batch]:
    for batch in batches:
        if audio is None:
            yield batch
        else:
            sound = audio.between(sample_at(batch.start_s), sample_at(batch.end_s))
            yield dataclasses.replace(batch, sound=sound)


def _other_tracks_end_s(path: Path, limits: Limits) -> float:
    """Where sound and subtitles end on the container's clock, without decoding them; 0 where there are
    none.
    """
    end_s = 0.0
    with (
        open_container(path, limits) as container,
        suppress(av.error.FFmpegError, IndexError),  # IndexError: as in demux.packets
    ):
        others = [s for s in container.streams if s.type in ("audio", "subtitle")]
        for packet in container.demux(others) if others else ():
            if packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end_s


def _why_nothing(errors: DecodeErrors) -> str:
    if errors.broke_off:
        return errors.broke_off
    if errors.bad_packets:
        return f"{errors.bad_packets} damaged packets"
    return "its video track holds no picture"
