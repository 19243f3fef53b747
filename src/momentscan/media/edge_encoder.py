"""Edges of a smart cut: encoded so that the source's decoder goes on from them without a seam."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.codec.context import Flags

from momentscan.media.bitstream import (
    DELIMITER,
    IDR,
    PPS,
    SPS,
    joined,
    parameter_sets,
    pps_number,
    prefix_of,
    sps_of,
    type_of,
    units,
    without_user_data,
)
from momentscan.media.encoders import Encoding, PictureFormat
from momentscan.media.filter_graph import BT709
from momentscan.media.mux import stamp
from momentscan.media.seek import TimedFrame
from momentscan.media.stream_copy import CannotCopy, like

PROFILES = {66: "baseline", 77: "main", 100: "high"}
"""profile_idc of H.264 (A.2) that x264 writes for 4:2:0 in 8 bits."""

IN_HEADER = (SPS, PPS, DELIMITER)
"""Units that the clip's header holds, or that MP4 does not carry."""


class ParameterSets:
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
        self.free_number = next((n for n in range(1, 32) if n not in numbers), None)
        if self.free_number is None:
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
        return like(packet, joined([u for u in found if type_of(u) not in IN_HEADER], 4))


class EdgeEncoder:
    """Encodes frames of an edge so that the source's decoder can go on with them: its profile, no frames
    stored in another order, sets of a number of our own.
    """

    def __init__(
        self,
        first: TimedFrame,
        sets: ParameterSets,
        stream: Any,
        encoding: Encoding,
        rate: Fraction,
        origin_s: float,
    ) -> None:
        frame = first.frame
        if frame.format.name not in ("yuv420p", "yuvj420p") or frame.interlaced_frame:
            raise CannotCopy("it is no usual progressive 4:2:0 video")
        self._picture = _edge_format(frame, sets, stream, encoding, rate)
        self._time_base, self._origin_s = stream.time_base, origin_s
        self.sps, self.pps = parameter_sets(self._opened().extradata)

    def _opened(self) -> Any:
        context = av.CodecContext.create("libx264", "w")
        self._picture.apply_to(context)
        context.time_base, context.framerate = self._time_base, self._picture.rate
        context.options = dict(self._picture.options)
        context.flags |= Flags.global_header | Flags.frame_duration
        context.open()
        return context

    def packets(self, frames: Iterator[TimedFrame], delay: int) -> Iterator[tuple[Any, float]]:
        """Packets on the source's clock, decoded `delay` ticks before they are shown, and up to when they
        show something.
        """
        context, until_s = self._opened(), deque[float]()
        for frame in frames:
            until_s.append(frame.end_s)
            stamp(frame.frame, self._time_base, frame.start_s + self._origin_s, frame.end_s + self._origin_s)
            for packet in context.encode(frame.frame):
                yield self._without_sets(packet, delay), until_s.popleft()
        for packet in context.encode(None):
            yield self._without_sets(packet, delay), until_s.popleft()

    @staticmethod
    def _without_sets(packet: Any, delay: int) -> Any:
        kept = [u for u in units(bytes(packet), 0) if type_of(u) not in IN_HEADER]
        changed = like(packet, joined(kept, 4))
        changed.dts = changed.pts - delay
        return changed


def _edge_format(
    frame: Any, sets: ParameterSets, stream: Any, encoding: Encoding, rate: Fraction
) -> PictureFormat:
    options = {
        "preset": encoding.preset,
        "crf": f"{encoding.edge_crf:g}",
        "threads": str(encoding.threads),
        "profile": PROFILES[sets.first.profile],
        "x264-params": f"sps-id={sets.free_number}:bframes=0:keyint=infinite:scenecut=0:mbtree=0",
    }
    aspect = stream.sample_aspect_ratio or None
    colours = {name: getattr(frame, name) for name in BT709}
    size = frame.width, frame.height
    return PictureFormat("libx264", options, *size, frame.format.name, rate, aspect, colours)
