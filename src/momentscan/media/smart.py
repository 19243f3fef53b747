"""Frame-exact clips of H.264 that encode only the edges anew: from the first key frame inside to the last
one, packets are taken over.

The edges carry parameter sets of their own number, so that a decoder knows whose slices it sees; both are in
the clip's header.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags

from momentscan.media.bitstream import (
    DELIMITER,
    IDR,
    PPS,
    SPS,
    avcc,
    joined,
    parameter_sets,
    pps_number,
    prefix_of,
    sps_of,
    type_of,
    units,
    without_user_data,
)
from momentscan.media.container import Limits, create_container, open_container, video_stream
from momentscan.media.demux import DecodeErrors, packets
from momentscan.media.encoders import Encoding, PictureFormat
from momentscan.media.filter_graph import BT709
from momentscan.media.mux import SoundTrack, Track, stamp
from momentscan.media.seek import BACK_S, SLACK_S, TimedFrame, frames_in, seek
from momentscan.media.source import follow, source_of
from momentscan.media.stream_copy import CannotCopy, Copied, like, picture_like, with_dts
from momentscan.progress import Progress, Step
from momentscan.values import VideoInfo

PROFILES = {66: "baseline", 77: "main", 100: "high"}
"""profile_idc of H.264 (A.2) that x264 writes for 4:2:0 in 8 bits."""

AHEAD_S = 1.0
"""So far behind the end packets are looked at, to know which is shown next; more than any encoder reorders.
"""


@dataclass(frozen=True)
class _Plan:
    """Ticks of the source's clock: `[body, stop)` is copied (to the end of the file where `stop` is None),
    what lies before it is encoded, and what follows too where `tail` says so. `after`: when the first frame
    behind the clip is shown. `delays`: how long before they are shown key frames are decoded."""

    body: int
    stop: int | None
    tail: bool
    after: int | None
    delays: Mapping[int, int]


def smart_clip(
    info: VideoInfo,
    start_s: float,
    end_s: float,
    to: Path,
    encoding: Encoding,
    title: str,
    limits: Limits,
    on_progress: Progress,
) -> Copied:
    """The clip, exact to the frame. Raises CannotCopy with the reason where packets cannot be joined with
    ours.
    """
    if info.video_codec != "h264":
        raise CannotCopy(f"the video is {info.video_codec}, and only H.264 is joined")
    if info.mended_clock:
        raise CannotCopy("its clock had to be mended")
    if info.partial:
        raise CannotCopy("it is damaged")
    path = Path(info.path)
    with ExitStack() as stack:
        container = stack.enter_context(open_container(path, limits))
        stream = video_stream(container, path, limits)
        old = _Sets(stream)
        plan = _plan(info, old, start_s, end_s, limits)
        edges = _edges(info, stream.time_base, plan, start_s, end_s, encoding, limits)
        return _join(stack, info, stream, old, plan, edges, end_s, to, encoding, title, limits, on_progress)


class _Sets:
    """The parameter sets of the source, and what is needed to take its packets apart. Raises CannotCopy where
    ours could not stand beside them.
    """

    def __init__(self, stream: Any) -> None:
        extradata = stream.codec_context.extradata
        if not extradata:
            raise CannotCopy("its parameter sets are not in its header")
        self.prefix = prefix_of("h264", extradata)
        try:
            self.sps, self.pps = parameter_sets(extradata)
            self.first = sps_of(self.sps[0])
            numbers = {sps_of(s).number for s in self.sps} | {pps_number(p) for p in self.pps}
        except (IndexError, ValueError):
            raise CannotCopy("its parameter sets cannot be read") from None
        if not self.first.frames_only:
            raise CannotCopy("it is interlaced")
        if (self.first.chroma, self.first.bits) != (1, 8) or self.first.profile not in PROFILES:
            raise CannotCopy("it is no usual 4:2:0 video of 8 bits")
        self.free = next((n for n in range(1, 32) if n not in numbers), None)
        if self.free is None:
            raise CannotCopy("all numbers of parameter sets are taken")

    def is_idr(self, packet: Any) -> bool:
        return packet.is_keyframe and any(type_of(u) == IDR for u in units(bytes(packet), self.prefix))

    def copied(self, packet: Any) -> Any:
        """The packet without sets that the header holds, and without what a camera has hidden. Raises
        CannotCopy where its sets change.
        """
        found = units(without_user_data(bytes(packet), "h264", self.prefix), self.prefix)
        if any(type_of(u) in (SPS, PPS) and u not in self.sps and u not in self.pps for u in found):
            raise CannotCopy("its parameter sets change on the way")
        return like(packet, joined([u for u in found if type_of(u) not in (SPS, PPS, DELIMITER)], 4))


def _plan(info: VideoInfo, old: _Sets, start_s: float, end_s: float, limits: Limits) -> _Plan:
    path = Path(info.path)
    with open_container(path, limits) as container:
        stream = video_stream(container, path, limits)
        seek(container, stream, info.origin_s + start_s)
        start, end = ((info.origin_s + t - SLACK_S) / float(stream.time_base) for t in (start_s, end_s))
        last = (info.origin_s + end_s + AHEAD_S) / float(stream.time_base)
        run = itertools.takewhile(
            lambda p: p.dts < last, with_dts(packets(container, stream, DecodeErrors()))
        )
        seen = [(p.pts, p.pts - p.dts, p.pts >= start and old.is_idr(p)) for p in run]
    delays = {pts: delay for pts, delay, is_idr in seen if is_idr}
    keys = list(delays)
    after = min((pts for pts, _, _ in seen if pts >= end), default=None)
    stop = after if after is None or after in keys else max((pts for pts in keys if pts < end), default=None)
    if not keys or keys[0] >= end or stop == keys[0]:
        raise CannotCopy("there is no whole group of pictures between its ends")
    return _Plan(keys[0], stop, stop != after, after, delays)


@dataclass(frozen=True)
class _Edges:
    """The frames before and after the packets that are copied, and the first of them all."""

    head: Iterator[TimedFrame]
    tail: Iterator[TimedFrame]
    first: TimedFrame | None
    start_s: float


def _edges(
    info: VideoInfo,
    time_base: Fraction,
    plan: _Plan,
    start_s: float,
    end_s: float,
    encoding: Encoding,
    limits: Limits,
) -> _Edges:
    body_s = float(plan.body * time_base) - info.origin_s
    head: Iterator[TimedFrame] = iter(())
    tail: Iterator[TimedFrame] = iter(())
    if body_s > start_s + SLACK_S:
        head = frames_in(info, start_s, body_s, encoding.held_s, limits)
    if plan.tail and plan.stop is not None:
        tail = frames_in(info, float(plan.stop * time_base) - info.origin_s, end_s, encoding.held_s, limits)
    first_of_head, first_of_tail = next(head, None), next(tail, None)
    head = itertools.chain([first_of_head] if first_of_head else [], head)
    tail = itertools.chain([first_of_tail] if first_of_tail else [], tail)
    return _Edges(
        head, tail, first_of_head or first_of_tail, first_of_head.start_s if first_of_head else body_s
    )


def _join(
    stack: ExitStack,
    info: VideoInfo,
    stream: Any,
    old: _Sets,
    plan: _Plan,
    edges: _Edges,
    end_s: float,
    to: Path,
    encoding: Encoding,
    title: str,
    limits: Limits,
    on_progress: Progress,
) -> Copied:
    source = source_of(info, encoding, limits)
    edge = (
        _Edge(edges.first, old, stream, encoding, source.rate, info.origin_s)
        if edges.first is not None
        else None
    )
    target = stack.enter_context(create_container(to, "mp4"))
    if title:
        target.metadata["title"] = title
    picture = picture_like(target, stream)
    picture.codec_context.extradata = avcc(
        [*old.sps, *(edge.sps if edge else ())], [*old.pps, *(edge.pps if edge else ())]
    )
    track, n_frames, until_s = Track(target, picture), 0, edges.start_s
    sound = SoundTrack(target, source.voice)
    notes = follow(stack, sound, info, source.voice, (edges.start_s, end_s), 0.0, encoding, limits)
    origin = round((info.origin_s + edges.start_s) / stream.time_base)
    for packet, until_s in itertools.chain(
        edge.packets(edges.head, plan.delays[plan.body]) if edge else (),
        _body(stream, old, plan, info, limits),
        edge.packets(edges.tail, plan.delays[plan.stop])
        if edge and plan.tail and plan.stop is not None
        else (),
    ):
        packet.pts, packet.dts = packet.pts - origin, packet.dts - origin
        track.take(packet)
        n_frames += 1
        sound.until(until_s)
        on_progress(Step("cutting", until_s - edges.start_s, end_s - edges.start_s))
    if not plan.tail:
        until_s = _end_s(info, stream.time_base, plan, until_s, end_s, encoding.held_s)
        sound.until(until_s)
    track.finish(round((info.origin_s + until_s) / stream.time_base) - origin)
    sound.finish()
    return Copied(
        to, edges.start_s, until_s, n_frames, (stream.codec_context.width, stream.codec_context.height), notes
    )


def _body(
    stream: Any, old: _Sets, plan: _Plan, info: VideoInfo, limits: Limits
) -> Iterator[tuple[Any, float]]:
    """The packets that are taken over, in decode order, and up to when they show something."""
    path, body_s, shown_s = Path(info.path), float(plan.body * stream.time_base), 0.0
    for back_s in BACK_S:
        with open_container(path, limits) as container:
            again = video_stream(container, path, limits)
            seek(container, again, body_s - back_s)
            run = itertools.dropwhile(
                lambda p: p.pts != plan.body, with_dts(packets(container, again, DecodeErrors()))
            )
            for packet in itertools.takewhile(lambda p: p.pts != plan.stop, run):
                shown_s = max(
                    shown_s, float((packet.pts + (packet.duration or 0)) * packet.time_base) - info.origin_s
                )
                yield old.copied(packet), shown_s
        if shown_s:
            return


def _end_s(
    info: VideoInfo, time_base: Fraction, plan: _Plan, shown_s: float, end_s: float, held_s: float
) -> float:
    """When the last copied frame leaves the screen: with the next one, unless it stands for so long that it
    is cut.
    """
    next_s = (
        float(plan.after * time_base) - info.origin_s
        if plan.after is not None
        else max(shown_s, info.duration_s)
    )
    return end_s if next_s - end_s > held_s else next_s


class _Edge:
    """Encodes frames of an edge so that the source's decoder can go on with them: its profile, no frames
    stored in another order, sets of a number of our own.
    """

    def __init__(
        self, first: TimedFrame, old: _Sets, stream: Any, encoding: Encoding, rate: Fraction, origin_s: float
    ) -> None:
        frame = first.frame
        if frame.format.name not in ("yuv420p", "yuvj420p") or frame.interlaced_frame:
            raise CannotCopy("it is no usual progressive 4:2:0 video")
        options = {
            "preset": encoding.preset,
            "crf": f"{encoding.edge_crf:g}",
            "threads": str(encoding.threads),
            "profile": PROFILES[old.first.profile],
            "x264-params": f"sps-id={old.free}:bframes=0:keyint=infinite:scenecut=0:mbtree=0",
        }
        colours = {name: getattr(frame, name) for name in BT709}
        self._look = PictureFormat(
            "libx264",
            options,
            frame.width,
            frame.height,
            frame.format.name,
            rate,
            stream.sample_aspect_ratio or None,
            colours,
        )
        self._time_base, self._origin_s = stream.time_base, origin_s
        self.sps, self.pps = parameter_sets(self._opened().extradata)

    def _opened(self) -> Any:
        context = av.CodecContext.create("libx264", "w")
        self._look.dress(context)
        context.time_base, context.framerate = self._time_base, self._look.rate
        context.options = dict(self._look.options)
        context.flags |= Flags.global_header | Flags.frame_duration
        context.open()
        return context

    def packets(self, shown: Iterator[TimedFrame], delay: int) -> Iterator[tuple[Any, float]]:
        """Packets on the source's clock, decoded `delay` ticks before they are shown, and up to when they
        show something.
        """
        context, until_s = self._opened(), deque[float]()
        for one in shown:
            until_s.append(one.end_s)
            stamp(one.frame, self._time_base, one.start_s + self._origin_s, one.end_s + self._origin_s)
            yield from ((self._cut(packet, delay), until_s.popleft()) for packet in context.encode(one.frame))
        yield from ((self._cut(packet, delay), until_s.popleft()) for packet in context.encode(None))

    @staticmethod
    def _cut(packet: Any, delay: int) -> Any:
        made = like(
            packet, joined([u for u in units(bytes(packet), 0) if type_of(u) not in (SPS, PPS, DELIMITER)], 4)
        )
        made.dts = made.pts - delay
        return made
