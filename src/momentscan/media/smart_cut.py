"""Frame-exact clips of H.264 that encode only the edges anew: from the first key frame inside to the last
one, packets are taken over.

The edges carry parameter sets of their own number, so that a decoder knows whose slices it sees; both are in
the clip's header.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from momentscan.media.bitstream import avcc
from momentscan.media.container import create_container
from momentscan.media.demux import DecodeErrors, packets
from momentscan.media.edge_encoder import EdgeEncoder, ParameterSets
from momentscan.media.encoders import Encoding
from momentscan.media.mux import PictureTrack, SoundTrack
from momentscan.media.seek import BACK_S, SLACK_S, TimedFrame, frames_in, seek
from momentscan.media.source_file import SourceFile
from momentscan.media.source_format import SourceFormat, attach_sound, source_format_of
from momentscan.media.stream_copy import CannotCopy, CopiedClip, picture_like, with_dts
from momentscan.progress import Progress, Step

AHEAD_S = 1.0
"""So far behind the end packets are looked at, to know which is shown next; more than any encoder reorders.
"""


@dataclass(frozen=True)
class _SplicePlan:
    """Ticks of the source's clock: `[body, stop)` is copied (to the end of the file where `stop` is None),
    what lies before it is encoded, and what follows too where `tail` says so. `after`: when the first frame
    behind the clip is shown. `delays`: how long before they are shown key frames are decoded.
    """

    body: int
    stop: int | None
    tail: bool
    after: int | None
    delays: Mapping[int, int]


def smart_clip(
    source: SourceFile,
    start_s: float,
    end_s: float,
    to: Path,
    encoding: Encoding,
    title: str,
    on_progress: Progress,
) -> CopiedClip:
    """The clip, exact to the frame. Raises CannotCopy with the reason where packets cannot be joined with
    ours.
    """
    info = source.info
    if info.video_codec != "h264":
        raise CannotCopy(f"the video is {info.video_codec}, and only H.264 is joined")
    if info.mended_clock:
        raise CannotCopy("its clock had to be mended")
    if info.partial:
        raise CannotCopy("it is damaged")
    with ExitStack() as stack:
        _, stream = stack.enter_context(source.open())
        sets = ParameterSets(stream)
        plan = _plan(source, sets, start_s, end_s)
        edges = _edges(source, stream.time_base, plan, start_s, end_s, encoding)
        form = source_format_of(source, encoding)
        splice = _Splice(stack, source, stream, sets, plan, edges, form, to, encoding, title)
        return splice.write(end_s, on_progress)


def _plan(source: SourceFile, sets: ParameterSets, start_s: float, end_s: float) -> _SplicePlan:
    origin_s = source.info.origin_s
    with source.open() as (container, stream):
        seek(container, stream, origin_s + start_s)
        start, end = ((origin_s + t - SLACK_S) / float(stream.time_base) for t in (start_s, end_s))
        last = (origin_s + end_s + AHEAD_S) / float(stream.time_base)
        run = itertools.takewhile(
            lambda p: p.dts < last, with_dts(packets(container, stream, DecodeErrors()))
        )
        seen = [(p.pts, p.pts - p.dts, p.pts >= start and sets.is_idr(p)) for p in run]
    # Copying stops right behind the clip where a key frame stands there; else at the last key frame inside,
    # and the tail is encoded from there.
    delays = {pts: delay for pts, delay, is_idr in seen if is_idr}
    keys = list(delays)
    after = min((pts for pts, _, _ in seen if pts >= end), default=None)
    stop = after if after is None or after in keys else max((pts for pts in keys if pts < end), default=None)
    if not keys or keys[0] >= end or stop == keys[0]:
        raise CannotCopy("there is no whole group of pictures between its ends")
    return _SplicePlan(keys[0], stop, stop != after, after, delays)


@dataclass(frozen=True)
class _Edges:
    """The frames before and after the packets that are copied, and the first of them all."""

    head: Iterator[TimedFrame]
    tail: Iterator[TimedFrame]
    first: TimedFrame | None
    start_s: float


def _edges(
    source: SourceFile,
    time_base: Fraction,
    plan: _SplicePlan,
    start_s: float,
    end_s: float,
    encoding: Encoding,
) -> _Edges:
    body_s = float(plan.body * time_base) - source.info.origin_s
    head: Iterator[TimedFrame] = iter(())
    tail: Iterator[TimedFrame] = iter(())
    if body_s > start_s + SLACK_S:
        head = frames_in(source, start_s, body_s, encoding.held_s)
    if plan.tail and plan.stop is not None:
        tail = frames_in(source, float(plan.stop * time_base) - source.info.origin_s, end_s, encoding.held_s)
    first_of_head, first_of_tail = next(head, None), next(tail, None)
    head = itertools.chain([first_of_head] if first_of_head else [], head)
    tail = itertools.chain([first_of_tail] if first_of_tail else [], tail)
    begins_s = first_of_head.start_s if first_of_head else body_s
    return _Edges(head, tail, first_of_head or first_of_tail, begins_s)


class _Splice:
    """The clip while edges and copied packets are joined in it."""

    def __init__(
        self,
        stack: ExitStack,
        source: SourceFile,
        stream: Any,
        sets: ParameterSets,
        plan: _SplicePlan,
        edges: _Edges,
        form: SourceFormat,
        to: Path,
        encoding: Encoding,
        title: str,
    ) -> None:
        self._stack, self._source, self._stream, self._to = stack, source, stream, to
        self._sets, self._plan, self._edges, self._encoding = sets, plan, edges, encoding
        self._edge: EdgeEncoder | None = None
        if edges.first is not None:
            self._edge = EdgeEncoder(edges.first, sets, stream, encoding, form.rate, source.info.origin_s)
        target = stack.enter_context(create_container(to, "mp4"))
        if title:
            target.metadata["title"] = title
        self._track = PictureTrack(target, self._picture(target))
        self._sound = SoundTrack(target, form.sound)

    def _picture(self, target: Any) -> Any:
        """The picture's track, whose header holds the parameter sets of both."""
        picture = picture_like(target, self._stream)
        sps, pps = (self._edge.sps, self._edge.pps) if self._edge else ([], [])
        picture.codec_context.extradata = avcc([*self._sets.sps, *sps], [*self._sets.pps, *pps])
        return picture

    def write(self, end_s: float, on_progress: Progress) -> CopiedClip:
        """Raises CannotCopy where a packet on the way cannot be taken over."""
        stream, first_s, origin_s = self._stream, self._edges.start_s, self._source.info.origin_s
        notes = attach_sound(self._stack, self._sound, self._source, (first_s, end_s), 0.0, self._encoding)
        origin, n_frames, until_s = round((origin_s + first_s) / stream.time_base), 0, first_s
        for packet, until_s in self._packets():
            packet.pts, packet.dts = packet.pts - origin, packet.dts - origin
            self._track.add(packet)
            n_frames += 1
            self._sound.write_until(until_s)
            on_progress(Step("cutting", until_s - first_s, end_s - first_s))
        if not self._plan.tail:
            until_s = self._last_end_s(until_s, end_s)
            self._sound.write_until(until_s)
        self._track.finish(round((origin_s + until_s) / stream.time_base) - origin)
        self._sound.finish()
        size_px = stream.codec_context.width, stream.codec_context.height
        return CopiedClip(self._to, first_s, until_s, n_frames, size_px, notes)

    def _packets(self) -> Iterator[tuple[Any, float]]:
        """All packets in decode order, on the source's clock, and up to when they show something."""
        plan, edge = self._plan, self._edge
        if edge is not None:
            yield from edge.packets(self._edges.head, plan.delays[plan.body])
        yield from self._body()
        if edge is not None and plan.tail and plan.stop is not None:
            yield from edge.packets(self._edges.tail, plan.delays[plan.stop])

    def _body(self) -> Iterator[tuple[Any, float]]:
        """The packets that are taken over."""
        plan, origin_s, shown_s = self._plan, self._source.info.origin_s, 0.0
        for back_s in BACK_S:
            with self._source.open() as (container, stream):
                seek(container, stream, float(plan.body * stream.time_base) - back_s)
                run = itertools.dropwhile(
                    lambda p: p.pts != plan.body, with_dts(packets(container, stream, DecodeErrors()))
                )
                for packet in itertools.takewhile(lambda p: p.pts != plan.stop, run):
                    ends_s = float((packet.pts + (packet.duration or 0)) * packet.time_base) - origin_s
                    shown_s = max(shown_s, ends_s)
                    yield self._sets.copied(packet), shown_s
            if shown_s:
                return

    def _last_end_s(self, shown_s: float, end_s: float) -> float:
        """When the last copied frame leaves the screen: with the next one, unless it stands for so long that
        it is cut.
        """
        info, after = self._source.info, self._plan.after
        if after is None:
            next_s = max(shown_s, info.duration_s)
        else:
            next_s = float(after * self._stream.time_base) - info.origin_s
        return end_s if next_s - end_s > self._encoding.held_s else next_s
