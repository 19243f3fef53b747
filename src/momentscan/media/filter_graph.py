"""Decoded frames made ready for an encoder: upright, even in size, of a format that plays, colours as they
were.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.filter import Graph

from momentscan.media.encoders import Encoding, PictureFormat, x264, x265
from momentscan.media.frame import rotation_of
from momentscan.media.hdr import is_hdr, said_of_screen
from momentscan.media.seek import TimedFrame

BT709 = {"color_primaries": 1, "color_trc": 1, "colorspace": 1, "color_range": 1}
"""Colours of pictures that we convert (ITU-R BT.709, studio range; numbers of ISO/IEC 23091-2)."""

TURNS = {
    0: (),
    90: (("transpose", "clock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "cclock"),),
}

MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020"}
"""Colour matrices by the names that libswscale's filter has for them."""

Steps = tuple[tuple[str, str], ...]
"""Filters of libavfilter and their arguments, one after the other."""


def format_of(frame: Any, pixel_aspect: Fraction | None, rate: Fraction, encoding: Encoding) -> PictureFormat:
    """What a clip that begins with `frame` looks like: x264 in 8 bits, but for HDR that is kept."""
    width, height = _upright(frame)
    scale = min(1.0, encoding.max_side_px / max(width, height)) if encoding.max_side_px else 1.0
    if pixel_aspect is not None and rotation_of(frame) in (90, 270):
        pixel_aspect = 1 / pixel_aspect
    size = _even(width * scale), _even(height * scale)
    if is_hdr(frame) and encoding.hdr == "keep":
        return PictureFormat(
            "libx265",
            x265(encoding, rate, said_of_screen(frame)),
            *size,
            "yuv420p10le",
            rate,
            pixel_aspect,
            _colours(frame),
        )
    if is_hdr(frame) or frame.format.is_rgb:
        return PictureFormat("libx264", x264(encoding, rate), *size, "yuv420p", rate, pixel_aspect, BT709)
    full = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    return PictureFormat(
        "libx264",
        x264(encoding, rate),
        *size,
        "yuvj420p" if full else "yuv420p",
        rate,
        pixel_aspect,
        _colours(frame),
    )


def _colours(frame: Any) -> dict[str, int]:
    return {name: getattr(frame, name) for name in BT709}


def _upright(frame: Any) -> tuple[int, int]:
    return (frame.height, frame.width) if rotation_of(frame) in (90, 270) else (frame.width, frame.height)


def _even(px: float) -> int:
    return max(2, int(px + 1e-6) // 2 * 2)


def filtered(
    shown: Iterable[TimedFrame], look: PictureFormat, pixel_aspect: Fraction | None, cube: Path | None = None
) -> Iterator[TimedFrame]:
    """The same frames at the same times, as the encoder of `look` wants them; those of another shape stand
    between black bars.

    `pixel_aspect`: of the source. `cube`: a table that brings HDR to an ordinary screen.
    """
    chain: _Chain | None = None
    for one in shown:
        if chain is None or not chain.takes(one.frame):
            if chain is not None:
                yield from chain.rest()
            chain = _Chain(one.frame, steps_to(look, one.frame, pixel_aspect, cube))
        yield from chain(one)
    if chain is not None:
        yield from chain.rest()


def steps_to(look: PictureFormat, frame: Any, pixel_aspect: Fraction | None, cube: Path | None) -> Steps:
    """What has to be done to frames like this one; nothing for most."""
    steps: list[tuple[str, str]] = (
        [("bwdif", "mode=send_frame:deint=interlaced")] if frame.interlaced_frame else []
    )
    steps += TURNS[rotation_of(frame)]
    if is_hdr(frame) and cube is not None and look.pix_fmt != "yuv420p10le":
        steps += [
            ("scale", "in_color_matrix=bt2020"),
            ("format", "gbrp10le"),
            ("lut3d", f"file={_quoted(cube)}:interp=tetrahedral"),
        ]
    width, height = _upright(frame)
    steps += _sized(look, width, height, _turned(pixel_aspect, frame))
    if (
        frame.format.name != look.pix_fmt
        or (len(steps) and steps[-1][0] == "lut3d")
        or _other_colours(look, frame)
    ):
        steps.append(("scale", f"flags=bicubic+accurate_rnd+full_chroma_int{_colours_out(look)}"))
        steps.append(("format", look.pix_fmt))
    return tuple(steps)


def _turned(pixel_aspect: Fraction | None, frame: Any) -> Fraction:
    aspect = pixel_aspect or Fraction(1)
    return 1 / aspect if rotation_of(frame) in (90, 270) else aspect


def _sized(look: PictureFormat, width: int, height: int, aspect: Fraction) -> Iterator[tuple[str, str]]:
    """Crops what is odd, scales what is larger or smaller, puts bars around what has another shape."""
    if (width - width % 2, height - height % 2) == (look.width_px, look.height_px):
        if (width, height) != (look.width_px, look.height_px):
            yield "crop", f"{look.width_px}:{look.height_px}:0:0"
        return
    stretch = aspect / (look.pixel_aspect or Fraction(1))
    fit = min(look.width_px / float(width * stretch), look.height_px / height)
    inner = (
        min(look.width_px, _even(width * float(stretch) * fit + 1)),
        min(look.height_px, _even(height * fit + 1)),
    )
    yield "scale", f"{inner[0]}:{inner[1]}:flags=bicubic+accurate_rnd+full_chroma_int"
    if inner != (look.width_px, look.height_px):
        left, top = (look.width_px - inner[0]) // 4 * 2, (look.height_px - inner[1]) // 4 * 2
        yield "pad", f"{look.width_px}:{look.height_px}:{left}:{top}:black"


def _other_colours(look: PictureFormat, frame: Any) -> bool:
    told = look.colours.get("colorspace", 2)
    return frame.colorspace != told and 2 not in (frame.colorspace, told)


def _colours_out(look: PictureFormat) -> str:
    matrix = MATRICES.get(look.colours["colorspace"])
    full = look.colours["color_range"] == 2 or look.pix_fmt.startswith("yuvj")
    return f":out_range={'full' if full else 'limited'}" + (f":out_color_matrix={matrix}" if matrix else "")


def _quoted(path: Path) -> str:
    """A path as an argument of a filter: quoted twice over, once for the filter's options, once for the
    graph's.
    """
    return str(path).replace("\\", "\\\\").replace(":", "\\:").replace("'", "\\'")


class _Chain:
    """Filters for frames of one size and format; as many frames come out as go in, some of them later."""

    def __init__(self, first: Any, steps: Steps) -> None:
        self._kind = _kind(first)
        self._waiting: deque[TimedFrame] = deque()
        self._taken = 0
        self._graph: Graph | None = None
        if not steps:
            return
        self._graph = Graph()
        nodes = [
            self._graph.add(
                "buffer",
                video_size=f"{first.width}x{first.height}",
                pix_fmt=first.format.name,
                time_base="1/1000",
                pixel_aspect="1/1",
                colorspace=str(first.colorspace),
                range=str(first.color_range),
            )
        ]
        nodes += [self._graph.add(name, arguments or None) for name, arguments in steps]
        self._graph.link_nodes(*nodes, self._graph.add("buffersink"))
        self._graph.configure()

    def takes(self, frame: Any) -> bool:
        return _kind(frame) == self._kind

    def __call__(self, shown: TimedFrame) -> Iterator[TimedFrame]:
        if self._graph is None:
            yield shown
            return
        self._waiting.append(shown)
        shown.frame.pts, shown.frame.time_base = self._taken, Fraction(1, 1000)
        self._taken += 1
        self._graph.push(shown.frame)
        yield from self._done()

    def rest(self) -> Iterator[TimedFrame]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._done()

    def _done(self) -> Iterator[TimedFrame]:
        while self._waiting and self._graph is not None:
            try:
                frame = self._graph.vpull()
            except (BlockingIOError, av.error.EOFError):
                return
            yield dataclasses.replace(self._waiting.popleft(), frame=frame)


def _kind(frame: Any) -> tuple[Any, ...]:
    return frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range
