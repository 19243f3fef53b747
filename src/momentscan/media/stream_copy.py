"""Clips made of the source's own packets: nothing is encoded anew, so a clip begins at a key frame."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from momentscan.media.bitstream import prefix_of, without_user_data
from momentscan.media.container import Limits, audio_stream, create_container, open_container
from momentscan.media.demux import DecodeErrors, packets
from momentscan.media.encoders import Encoding
from momentscan.media.mux import PictureTrack
from momentscan.media.seek import BACK_S, SLACK_S, needs_start, seek
from momentscan.media.source_file import SourceFile
from momentscan.progress import Progress, Step
from momentscan.values import VideoInfo

MP4_PICTURES = ("h264", "hevc", "av1", "vp9", "mpeg4")
MP4_SOUNDS = ("aac", "mp3", "ac3", "eac3", "opus", "flac", "alac")
"""Codecs that go into MP4 and are played from there; anything else goes into Matroska."""

PREROLL_S = 0.1
"""Sound that the decoder needs to settle in (AAC one frame, Opus 80 ms); the edit list hides it."""


MILLISECOND = Fraction(1, 1000)
"""The clock of chapters."""


class CannotCopy(Exception):
    """Why packets of this video cannot be taken over; the clip is then encoded anew."""


@dataclass(frozen=True)
class CopiedClip:
    """What was copied: `[start_s, end_s)` on the source's clock."""

    path: Path
    start_s: float
    end_s: float
    n_frames: int
    size_px: tuple[int, int]
    notes: tuple[str, ...] = ()


def copy_clip(
    source: SourceFile, start_s: float, end_s: float, to: Path, title: str, on_progress: Progress
) -> CopiedClip:
    """The packets from the last key frame at or before `start_s` to the last that is needed for `end_s`.
    Raises CannotCopy.
    """
    info = source.info
    if info.mended_clock:
        raise CannotCopy("its clock had to be mended")
    notes = ("the source is damaged, and damage is copied with it",) if info.partial else ()
    kind = _container_kind(info)
    to = to.with_suffix(".mp4" if kind == "mp4" else ".mkv")
    with ExitStack() as stack:
        run = _from_key(stack, source, start_s, end_s)
        target = stack.enter_context(create_container(to, kind))
        if title:
            target.metadata["title"] = title
        track, tick = PictureTrack(target, picture_like(target, run.stream)), run.stream.time_base
        key_s = float(run.key * tick) - info.origin_s
        if key_s < -SLACK_S:
            raise CannotCopy("what lies before its first key frame was trimmed away, and would be seen again")
        sound = _CopiedSound(stack, target, source, key_s, kind)
        clean, n_frames = UserDataRemover(run.stream), 0
        for packet in run.packets():
            packet.pts, packet.dts = packet.pts - run.key, packet.dts - run.key
            at_s = float(packet.dts * tick)
            track.add(clean(packet))
            n_frames += 1
            sound.write_until(at_s)
            on_progress(Step("cutting", max(0.0, key_s + at_s - start_s), end_s - start_s))
        ends_s = run.end_s(info)
        track.finish(round((ends_s - key_s) / tick))
        sound.write_until(ends_s - key_s)
        size_px = run.stream.codec_context.width, run.stream.codec_context.height
        return CopiedClip(to, key_s, ends_s, n_frames, size_px, notes)


def _container_kind(info: VideoInfo) -> str:
    plays = info.video_codec in MP4_PICTURES and info.audio_codec in (None, *MP4_SOUNDS)
    return "mp4" if plays else "matroska"


def picture_like(target: Any, source: Any) -> Any:
    """A track of `target` for packets of `source`: shape of pixels and turn as they are, nothing else that
    the file says of itself.
    """
    track = target.add_stream_from_template(source, opaque=True)
    track.metadata.clear()
    if source.sample_aspect_ratio:
        track.codec_context.sample_aspect_ratio = source.sample_aspect_ratio
    if source.codec_context.codec.canonical_name == "hevc" and target.format.name == "mp4":
        track.codec_context.codec_tag = "hvc1"  # the only name under which Apple's players take it
    return track


class UserDataRemover:
    """Takes out of packets what a camera may have hidden in them."""

    def __init__(self, stream: Any) -> None:
        self._codec = stream.codec_context.codec.canonical_name
        self._prefix = (
            prefix_of(self._codec, stream.codec_context.extradata) if self._codec in ("h264", "hevc") else 0
        )

    def __call__(self, packet: Any) -> Any:
        if self._codec not in ("h264", "hevc"):
            return packet
        data = bytes(packet)
        clean = without_user_data(data, self._codec, self._prefix)
        return packet if clean is data else like(packet, clean)


def like(packet: Any, data: bytes) -> Any:
    """A packet with other bytes."""
    copy = av.Packet(data)
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
    return copy


class _PacketRun:
    """Packets from a key frame on, in decode order, up to the last that is shown before the end or between
    those that are.
    """

    def __init__(self, stream: Any, first: list[Any], further: Iterator[Any], end_raw_s: float) -> None:
        self.stream, self.key = stream, first[0].pts
        self._all, self._end = itertools.chain(first, further), end_raw_s / float(stream.time_base)
        self._last = self.key
        self._after: int | None = None

    def packets(self) -> Iterator[Any]:
        tail: list[Any] = []  # held until one comes that is shown before the end: only then they are needed
        for packet in self._all:
            if packet.dts >= max(self._end, min((p.pts for p in tail), default=self.key)):
                tail.append(packet)
                break
            if packet.pts >= self.key:  # leading pictures of an open group refer to what is not here
                tail.append(packet)
            if self.key <= packet.pts < self._end:
                self._last = max(p.pts for p in tail)
                self._end = max(self._end, self._last)
                yield from tail
                tail = []
        self._after = min((p.pts for p in tail if p.pts > self._last), default=None)

    def end_s(self, info: VideoInfo) -> float:
        """When the last frame leaves the screen; known once all packets were taken."""
        tick = self.stream.time_base
        if self._after is not None:
            return float(self._after * tick) - info.origin_s
        return max(info.duration_s, float(self._last * tick) - info.origin_s + float(tick))


def _from_key(stack: ExitStack, source: SourceFile, start_s: float, end_s: float) -> _PacketRun:
    """From the last key frame that is shown no later than the first frame of the clip."""
    info = source.info
    for back_s in BACK_S:
        container, stream = stack.enter_context(source.open())
        if needs_start(stream):
            raise CannotCopy("its 4:4:4 pictures can be read only from the start of the file")
        whole = not seek(container, stream, info.origin_s + start_s - back_s)
        further = with_dts(packets(container, stream, DecodeErrors()))
        first = _first_packets(further, (info.origin_s + start_s - SLACK_S) / float(stream.time_base), whole)
        if first:
            return _PacketRun(stream, first, further, info.origin_s + end_s - SLACK_S)
    raise CannotCopy("it has no key frame")


def _first_packets(run: Iterator[Any], start: float, whole: bool) -> list[Any]:
    """The first packets of the clip, in ticks from `start`; empty where the seek came too late."""
    seen: list[Any] = []
    first: int | None = None
    # Frames are stored in another order than shown: what is first after `start` is known once decode times
    # have passed it.
    for packet in run:
        seen.append(packet)
        if packet.pts >= start:
            first = packet.pts if first is None else min(first, packet.pts)
        if first is not None and packet.dts >= first:
            break
    keys = [i for i, packet in enumerate(seen) if packet.is_keyframe]
    early = [i for i in keys if first is None or seen[i].pts <= first]
    chosen = early[-1] if early else keys[0] if keys and whole else None
    return [] if chosen is None else seen[chosen:]


def with_dts(run: Iterator[Any]) -> Iterator[Any]:
    """Packets with both time stamps. Matroska tells no decode times, and libavformat guesses those of the
    first few only later. Raises CannotCopy.
    """
    waiting: list[Any] = []
    for packet in _ascending(run):
        if packet.dts is None:
            waiting.append(packet)
            continue
        # Counted back from the first decode time that is known, and never later than the frame is shown.
        for i, early in enumerate(waiting):
            early.dts = min(packet.dts - (len(waiting) - i) * max(1, early.duration or 1), early.pts)
        yield from waiting
        waiting = []
        yield packet
    for early in waiting:
        early.dts = early.pts
        yield early


def _ascending(run: Iterator[Any]) -> Iterator[Any]:
    """Packets that hold anything. Raises CannotCopy where their time stamps cannot be kept."""
    last: int | None = None
    for packet in run:
        if packet.size == 0:
            continue
        if packet.pts is None:
            raise CannotCopy("its packets carry no time stamps")
        if last is not None and packet.dts is not None and packet.dts <= last:
            raise CannotCopy("its decode times go backwards")
        last = packet.dts if packet.dts is not None else last
        yield packet


class _CopiedSound:
    """The packets of the sound from the key frame on, as they are, on a clock of samples: Matroska's of
    milliseconds would make gaps of them.
    """

    def __init__(self, stack: ExitStack, target: Any, source: SourceFile, start_s: float, kind: str) -> None:
        self._target = target
        self._next: Any = None
        self._run: Iterator[Any] = iter(())
        info = source.info
        container = stack.enter_context(open_container(source.path, source.limits))
        stream = audio_stream(container)
        if stream is None:
            return
        seek(container, stream, info.origin_s + start_s - PREROLL_S - 1.0)
        self._track = target.add_stream_from_template(stream, opaque=True)
        self._track.metadata.clear()
        self._tick = Fraction(1, stream.rate)
        self._track.time_base = self._tick
        run = (p for p in packets(container, stream, DecodeErrors()) if p.size and p.pts is not None)
        self._run = _on_samples(run, self._tick, info.origin_s + start_s, stream.codec_context.frame_size)
        if kind == "mp4":
            early = round(-PREROLL_S / self._tick)
            self._next = next((p for p in self._run if p.pts + p.duration > early), None)
        else:  # Matroska has no edit list: what begins earlier would move the picture
            self._next = next((p for p in self._run if p.pts >= 0), None)

    def write_until(self, time_s: float) -> None:
        """Writes what begins before this time of the clip."""
        while self._next is not None and float(self._next.pts * self._tick) < time_s:
            self._next.stream = self._track
            self._target.mux(self._next)
            self._next = next(self._run, None)


def _on_samples(run: Iterator[Any], tick: Fraction, origin_s: float, frame_size: int) -> Iterator[Any]:
    """Packets on a clock of samples that is 0 at `origin_s` of theirs; what is off by less than their own
    clock can tell follows on.
    """
    expected: int | None = None
    for packet in run:
        start = round((float(packet.pts * packet.time_base) - origin_s) / tick)
        length = frame_size or round((packet.duration or 0) * packet.time_base / tick)
        if expected is not None and abs(start - expected) * tick < 2 * packet.time_base:
            start = expected
        packet.pts = packet.dts = start
        packet.duration, packet.time_base = length, tick
        expected = start + length
        yield packet


def copy_notes(start_s: float, end_s: float, copied: CopiedClip, encoding: Encoding) -> tuple[str, ...]:
    """What copying cost, in words."""
    early_s, late_s = start_s - copied.start_s, copied.end_s - end_s
    notes = []
    if early_s > SLACK_S:
        notes.append(f"copied from the key frame: it starts {early_s:.3f} s earlier than asked")
    if late_s > SLACK_S:
        notes.append(
            f"copied whole frames in the order they are stored: it ends {late_s:.3f} s later than asked"
        )
    if encoding.loudness_lufs:
        notes.append("the sound was copied, its loudness left as it is")
    return tuple(notes)


def with_chapters(
    path: Path, to: Path, chapters: Sequence[tuple[float, float, str]], title: str, limits: Limits
) -> None:
    """The same packets in a file with chapters, (start, end, title) in seconds. A header that tells them is
    written before the first packet.
    """
    with open_container(path, limits) as source, create_container(to, "mp4") as target:
        if title:
            target.metadata["title"] = title
        target.set_chapters([_chapter(i, *chapter) for i, chapter in enumerate(chapters)])
        tracks = {
            stream.index: target.add_stream_from_template(stream, opaque=True) for stream in source.streams
        }
        for stream in source.streams:
            tracks[stream.index].metadata.clear()
            if stream.type == "video" and stream.sample_aspect_ratio:
                tracks[stream.index].codec_context.sample_aspect_ratio = stream.sample_aspect_ratio
        for packet in source.demux():
            if packet.size:
                packet.stream = tracks[packet.stream_index]
                target.mux(packet)


def _chapter(number: int, start_s: float, end_s: float, title: str) -> Any:
    return {
        "id": number,
        "start": round(start_s / MILLISECOND),
        "end": round(end_s / MILLISECOND),
        "time_base": MILLISECOND,
        "metadata": {"title": title},
    }
