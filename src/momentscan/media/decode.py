"""The one pass: a video is decoded once, its frames sampled on a time grid, its sound handed over beside
them.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import av
import numpy as np
from numpy.typing import NDArray

from momentscan.errors import UnreadableInput
from momentscan.knobs import Knob
from momentscan.media.audio_reader import AudioReader
from momentscan.media.clock import RESTARTING, Clock
from momentscan.media.container import Limits, audio_stream, check_file, open_container, video_stream
from momentscan.media.demux import BAD_PACKETS_IN_A_ROW, DecodeErrors, Timestamps, decoded, packets, shown_s
from momentscan.media.frame import THUMB_HW, FrameConverter, display_size, fitted, rotation_of, thumb
from momentscan.values import SOUND_HZ, Batch, VideoInfo


@dataclass(frozen=True)
class SamplingOptions:
    """How the pass looks at a video."""

    grid_hz: Annotated[
        float, Knob("Hz", source="readings, default pipeline: PTS -> 10 Hz frames", low=0.1, high=240)
    ] = 10.0
    span_s: Annotated[
        float, Knob("s", source="taste: 5 s of frames at 256 px are 17 MB", low=0.5, high=60)
    ] = 5.0
    decode: Annotated[
        str,
        Knob(
            "",
            source="performance.md: skipping the loop filter and non-reference frames saves 20 to 45 %",
            choices=("exact", "fast"),
        ),
    ] = "exact"


SKIP_FROM = 3.0
"""Frames per grid cell from which on frames that no other refers to may be skipped: about half of all are,
and each cell must keep one.
"""

WHOLE = 0.95
"""Less than this share of the declared duration found means that the file is cut off (containers round to a
frame or two).
"""


STANDSTILL_S = 1.0
"""A frame that stays for so much longer than it says may hide lost ones (a hole in a Matroska file is not
told); screen recordings do it on purpose.
"""


class Video:
    """An open video: `info` says what is known (and, after the pass, what was found); `batches` is the pass."""

    def __init__(self, path: Path, container: Any, limits: Limits) -> None:
        self._container = container
        self._limits = limits
        self._stream = video_stream(container, path, limits)
        self._path = path
        self._losses = DecodeErrors()
        declared = _declared_s(container, self._stream)
        if declared is not None and declared > limits.max_duration_s:
            raise UnreadableInput(
                f"{path}: lasts {declared:.0f} s, the limit is {limits.max_duration_s:.0f} s; cut it into "
                "parts"
            )
        self.info = info_of(
            container,
            self._stream,
            audio_stream(container),
            path.stem,
            str(path.absolute()),
            path.stat().st_size,
            declared,
        )

    def batches(
        self, sampling: SamplingOptions = SamplingOptions(), short_side_px: int = 256
    ) -> Iterator[Batch]:
        """The pass, once: batches of `span_s`, frames scaled down to `short_side_px`. Memory does not grow
        with length.

        Raises UnreadableInput when not one frame can be decoded. At its end `self.info` holds what was found.
        """
        clock = Clock(restarts=self.info.container in RESTARTING)
        with ExitStack() as stack:
            hearing: AudioReader | None = None
            gatherer: BatchBuilder | None = None
            for frame, raw_s, index in self._frames(sampling.decode, sampling.grid_hz):
                step_s = shown_s(frame, self.info.fps)
                time_s = clock(raw_s, step_s)
                if time_s is None:
                    continue
                if time_s > self._limits.max_duration_s:
                    self._losses.broke_off = f"stopped at the limit of {self._limits.max_duration_s:.0f} s"
                    break
                if gatherer is None:
                    self.info = seen_first(self.info, self._stream, frame, raw_s)
                    hearing = (
                        stack.enter_context(_listening(self._path, self._limits, raw_s))
                        if self.info.audio_codec
                        else None
                    )
                    gatherer = BatchBuilder(sampling, converter_of(self.info, short_side_px), frame)
                yield from self._with_sound(gatherer.before(time_s), hearing)
                gatherer.take(frame, time_s, index, step_s)
            if gatherer is None:
                raise UnreadableInput(
                    f"{self._path}: not one frame could be decoded ({_why_nothing(self._losses)}); "
                    "re-export or copy it again"
                )
            if self._stream.duration:
                gatherer.ends_by(self.info.duration_s)
            yield from self._with_sound(gatherer.rest(), hearing)
            self._conclude(gatherer, clock, hearing)

    def _with_sound(self, batches: Iterator[Batch], hearing: AudioReader | None) -> Iterator[Batch]:
        for batch in batches:
            if hearing is None:
                yield batch
            else:
                yield dataclasses.replace(
                    batch, sound=hearing.between(sample_at(batch.start_s), sample_at(batch.end_s))
                )

    def _frames(self, decode: str, grid_hz: float) -> Iterator[tuple[Any, float, int]]:
        """(frame, raw seconds, 0-based index); damage is counted and read over.

        Frame threads are quick, but what they make of damage depends on chance, and they lose what follows it
        at the end of a file. So at the first damage the file is read again without them; up to there both
        give the same frames.
        """
        done = 0
        try:
            for shown in self._read(self._container, self._stream, decode, grid_hz, stop=True):
                yield shown
                done += 1
            return
        except _Damage:
            pass
        self._losses = DecodeErrors()
        with open_container(self._path, self._limits) as again:
            stream = video_stream(again, self._path, self._limits)
            yield from itertools.islice(self._read(again, stream, decode, grid_hz, stop=False), done, None)

    def _read(
        self, container: Any, stream: Any, decode: str, grid_hz: float, stop: bool
    ) -> Iterator[tuple[Any, float, int]]:
        """One reading, packet by packet. `stop`: with frame threads, raising _Damage at the first damage."""
        losses = self._losses
        stream.thread_type = "AUTO" if stop else "SLICE"
        pictures = FrameDecoder(stream, self.info.fps, losses, decode, grid_hz)
        last_pts: int | None = None
        latest: deque[int] = deque(maxlen=16)  # more than any codec reorders
        for packet in packets(container, stream, losses):
            if packet.pts is not None and not packet.is_discard:
                latest.append(packet.pts)
            for shown in pictures(packet):
                if stop and losses.corrupt_frames:
                    raise _Damage
                yield shown
                last_pts = shown[0].pts
            if stop and losses.bad_packets:
                raise _Damage
            if pictures.given_up:
                return
        if (
            stop and last_pts is not None and any(pts > last_pts for pts in latest)
        ):  # the last frames never came
            raise _Damage

    def _conclude(self, gatherer: BatchBuilder, clock: Clock, hearing: AudioReader | None) -> None:
        losses = self._losses
        found_s = gatherer.end_s
        promised = self._promised_s(found_s)
        if promised:
            promised += min(0.0, clock.shift_s)  # a jump that was closed was part of the promise
        partial = damage_of(losses, clock)
        if promised and found_s < WHOLE * promised - 2 / max(self.info.fps, 1.0):
            partial.append(f"the file promises {promised:.2f} s of video, {found_s:.2f} s could be read")
        self.info = concluded(
            self.info, gatherer, clock, losses, partial, hearing.notes(found_s) if hearing is not None else []
        )

    def _promised_s(self, found_s: float) -> float | None:
        """How long the picture should be. A container's own duration speaks for its longest track, so another
        may answer for it.
        """
        declared = self.info.declared_s
        if declared is None or self._stream.duration or found_s >= declared:
            return declared
        if _others_end_s(self._path, self._limits) >= WHOLE * declared:
            return None
        return declared - max(
            0.0, self.info.origin_s
        )  # most writers of Matroska count from 0, not from the first frame


@contextmanager
def open_video(path: Path, limits: Limits = Limits()) -> Iterator[Video]:
    """An open video. Raises UnreadableInput in one line: what was wrong, what was found, what to do."""
    check_file(path, limits)
    with open_container(path, limits) as container:
        yield Video(path, container, limits)


class _Damage(Exception):
    """A reading with frame threads met damage."""


class FrameDecoder:
    """Packets of one video stream -> (frame, raw seconds, 0-based index); damage is counted in `losses` and
    read over.
    """

    def __init__(
        self, stream: Any, fps: float, losses: DecodeErrors, decode: str, grid_hz: float, first_index: int = 0
    ) -> None:
        self._losses = losses
        self._order = _DecodeOrder() if decode == "fast" else None
        if decode == "fast":
            stream.codec_context.options = {"skip_loop_filter": "all"}
            if fps >= SKIP_FROM * grid_hz:
                stream.codec_context.skip_frame = "NONREF"
        self._stamp = Timestamps(fps, losses)
        self._first = first_index
        self._count = self._fruitless = 0
        self.given_up = False

    def __call__(self, packet: Any) -> Iterator[tuple[Any, float, int]]:
        """The frames that a packet completes."""
        losses = self._losses
        if self._order is not None:
            self._order.sent(packet)
        bad = losses.bad_packets
        for frame in decoded(packet, losses):
            losses.corrupt_frames += bool(frame.is_corrupt)
            at = self._count if self._order is None else self._order.place(frame.pts)
            yield frame, self._stamp(frame), self._first + at
            self._count += 1
        self._fruitless = self._fruitless + 1 if losses.bad_packets > bad else 0
        if self._fruitless > BAD_PACKETS_IN_A_ROW:
            losses.broke_off = f"{self._fruitless} packets in a row could not be decoded"
            self.given_up = True


class _DecodeOrder:
    """The place of a frame among all packets by PTS: what its index would be had none been skipped."""

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._passed = 0

    def sent(self, packet: Any) -> None:
        if packet.pts is not None and not packet.is_discard:
            bisect.insort(self._waiting, packet.pts)

    def place(self, pts: int | None) -> int:
        before = bisect.bisect_left(self._waiting, pts) if pts is not None else 0
        index = self._passed + before
        self._passed = index + 1
        del self._waiting[: before + 1]
        return index


class BatchBuilder:
    """Collects frames of one span and hands it over as a batch when time has passed it."""

    def __init__(self, sampling: SamplingOptions, shower: FrameConverter, first: Any) -> None:
        self._sampling = sampling
        self._shower = shower
        self._size = (first.width, first.height)
        self._start_s = 0.0
        self._next_cell = 0
        self._sizes = 0
        self._gaps = 0
        self._gap_s = 0.0
        self._transfer = getattr(first, "color_trc", None)
        self.seen = 0
        self._last_s = 0.0
        self.end_s = 0.0
        self._clear()

    def _clear(self) -> None:
        self._frames: list[NDArray[np.uint8]] = []
        self._times: list[float] = []
        self._indices: list[int] = []
        self._thumbs: list[NDArray[np.uint8]] = []
        self._thumb_times: list[float] = []

    def before(self, time_s: float) -> Iterator[Batch]:
        """The batches that are complete once a frame at `time_s` is known."""
        while time_s >= self._start_s + self._sampling.span_s:
            yield self._batch(self._start_s + self._sampling.span_s)

    def ends_by(self, track_s: float) -> None:
        """The last frame is not shown for longer than its track goes on; MP4 tells lengths in decode order,
        so its own may be another's.
        """
        if self._last_s < track_s < self.end_s:
            self.end_s = track_s

    def rest(self) -> Iterator[Batch]:
        if self.end_s > self._start_s:
            yield self._batch(self.end_s)

    def take(self, frame: Any, time_s: float, index: int, step_s: float) -> None:
        if self.seen and time_s - self.end_s > STANDSTILL_S:
            self._gaps += 1
            self._gap_s += time_s - self.end_s
        self.seen = max(self.seen + 1, index + 1)
        self._last_s, self.end_s = time_s, time_s + step_s
        if (frame.width, frame.height) != self._size:
            self._size = (frame.width, frame.height)
            self._sizes += 1
        small = thumb(frame)
        if small is not None:
            self._thumbs.append(small)
            self._thumb_times.append(time_s)
        cell = int(time_s * self._sampling.grid_hz + 1e-6)
        if cell >= self._next_cell:
            self._next_cell = cell + 1
            self._frames.append(self._shower.rgb(frame))
            self._times.append(time_s)
            self._indices.append(index)

    @property
    def notes(self) -> list[str]:
        notes = []
        if self._gaps:
            longest = f"{self._gaps} times for more than a second, {self._gap_s:.1f} s in all"
            notes.append(f"the picture stands still {longest}; frames may be missing there")
        if self._sizes:
            notes.append(
                f"the size of the picture changes {self._sizes} times; all frames were scaled to the first"
            )
        if self._transfer in (16, 18):  # ISO/IEC 23091-2: 16 = PQ, 18 = HLG
            notes.append("HDR colours (PQ or HLG) are shown without tone mapping")
        return notes

    def _batch(self, end_s: float) -> Batch:
        width, height = self._shower.size
        batch = Batch(
            start_s=self._start_s,
            end_s=end_s,
            frames=np.stack(self._frames) if self._frames else np.zeros((0, height, width, 3), np.uint8),
            time_s=np.asarray(self._times, np.float64),
            frame_idx=np.asarray(self._indices, np.int64),
            sound=np.zeros(0, np.float32),
            thumbs=np.stack(self._thumbs) if self._thumbs else np.zeros((0, *THUMB_HW), np.uint8),
            thumb_s=np.asarray(self._thumb_times, np.float64),
        )
        self._start_s = end_s
        self._clear()
        return batch


@contextmanager
def _listening(path: Path, limits: Limits, origin_s: float) -> Iterator[AudioReader]:
    """The sound of the same file through a second opening, so that badly interleaved files cost no memory."""
    with open_container(path, limits) as container:
        stream = audio_stream(container)
        yield AudioReader(
            packets(container, stream, DecodeErrors()), origin_s, restarts=container.format.name in RESTARTING
        )


def sample_at(time_s: float) -> int:
    """The number of the sample at a time of the picture's clock."""
    return round(time_s * SOUND_HZ)


def info_of(
    container: Any,
    stream: Any,
    sound: Any | None,
    video_id: str,
    path: str,
    size_bytes: int,
    declared: float | None,
) -> VideoInfo:
    """What is known of a video before its first frame."""
    context = stream.codec_context
    return VideoInfo(
        video_id=video_id,
        path=path,
        sha256="",
        size_bytes=size_bytes,
        duration_s=declared or 0.0,
        declared_s=declared,
        width_px=context.width,
        height_px=context.height,
        rotation_deg=0,
        fps=float(stream.average_rate or 0),
        n_frames=0,
        video_codec=context.codec.canonical_name,
        audio_codec=sound.codec_context.codec.canonical_name if sound is not None else None,
        container=container.format.name,
    )


def seen_first(info: VideoInfo, stream: Any, frame: Any, raw_s: float) -> VideoInfo:
    """With what the first frame tells: the size on a screen, the turn, and where the clock starts."""
    rotation = rotation_of(frame)
    aspect = float(stream.sample_aspect_ratio or 0) or 1.0
    coded = max(
        (frame.width, frame.height), (info.width_px, info.height_px)
    )  # streams that change size promise their largest
    width, height = display_size(*coded, aspect, rotation)
    return dataclasses.replace(info, width_px=width, height_px=height, rotation_deg=rotation, origin_s=raw_s)


def converter_of(info: VideoInfo, short_side_px: int) -> FrameConverter:
    """Shows frames of this video with so many px on their shorter side."""
    return FrameConverter(fitted(info.width_px, info.height_px, short_side_px), info.rotation_deg)


def damage_of(losses: DecodeErrors, clock: Clock) -> list[str]:
    """In words, what of the picture is missing."""
    partial: list[str] = []
    if losses.broke_off:
        partial.append(losses.broke_off)
    if losses.bad_packets:
        partial.append(f"{losses.bad_packets} damaged packets were read over")
    if losses.corrupt_frames:
        partial.append(f"{losses.corrupt_frames} frames are damaged")
    if (
        losses.marked_packets > clock.jumps
    ):  # where two recordings were joined, the count of transport packets jumps too
        partial.append(f"parts of {losses.marked_packets} packets are missing")
    return partial


def concluded(
    info: VideoInfo,
    gatherer: BatchBuilder,
    clock: Clock,
    losses: DecodeErrors,
    partial: Sequence[str],
    heard: Sequence[str],
) -> VideoInfo:
    """With what the pass found. `partial`: what is missing of the picture; `heard`: what there is to say of
    the sound.
    """
    notes = [*gatherer.notes]
    if clock.dropped:
        notes.append(f"{clock.dropped} frames repeat a time that was already shown and were left out")
    if clock.jumps:
        notes.append(f"{clock.jumps} jumps of the clock were closed")
    if losses.no_pts:
        notes.append(f"{losses.no_pts} frames carry no time stamp; they were placed by the frame rate")
    return dataclasses.replace(
        info,
        mended_clock=bool(clock.dropped or clock.jumps or losses.no_pts),
        duration_s=gatherer.end_s,
        n_frames=gatherer.seen,
        partial=bool(partial),
        problems=(*partial, *notes, *heard),
    )


def _declared_s(container: Any, stream: Any) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return float(container.duration / av.time_base)
    return None


def _others_end_s(path: Path, limits: Limits) -> float:
    """Where sound and subtitles end on the container's clock, without decoding them; 0 where there are none."""
    end_s = 0.0
    with (
        open_container(path, limits) as container,
        suppress(av.error.FFmpegError, IndexError),
    ):  # IndexError: as in reading.packets
        others = [s for s in container.streams if s.type in ("audio", "subtitle")]
        for packet in container.demux(others) if others else ():
            if packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end_s


def _why_nothing(losses: DecodeErrors) -> str:
    if losses.broke_off:
        return losses.broke_off
    return (
        f"{losses.bad_packets} damaged packets" if losses.bad_packets else "its video track holds no picture"
    )
