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
from momentscan.media.hdr import is_hdr, mastering_of
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

Filters = tuple[tuple[str, str], ...]
"""Filters of libavfilter and their arguments, one after the other."""


def picture_format_of(
    frame: Any, pixel_aspect: Fraction | None, rate: Fraction, encoding: Encoding
) -> PictureFormat:
    """The picture of a clip that begins with `frame`: x264 in 8 bits, but for HDR that is kept."""
    width, height = _upright(frame)
    scale = min(1.0, encoding.max_side_px / max(width, height)) if encoding.max_side_px else 1.0
    if pixel_aspect is not None and rotation_of(frame) in (90, 270):
        pixel_aspect = 1 / pixel_aspect
    size = _even(width * scale), _even(height * scale)
    if is_hdr(frame) and encoding.hdr == "keep":
        options = x265(encoding, rate, mastering_of(frame))
        return PictureFormat("libx265", options, *size, "yuv420p10le", rate, pixel_aspect, _colours(frame))
    if is_hdr(frame) or frame.format.is_rgb:
        pix_fmt, colours = "yuv420p", BT709
    else:
        full_range = frame.color_range == 2 or frame.format.name.startswith("yuvj")
        pix_fmt, colours = "yuvj420p" if full_range else "yuv420p", _colours(frame)
    return PictureFormat("libx264", x264(encoding, rate), *size, pix_fmt, rate, pixel_aspect, colours)


def _colours(frame: Any) -> dict[str, int]:
    return {name: getattr(frame, name) for name in BT709}


def _upright(frame: Any) -> tuple[int, int]:
    return (frame.height, frame.width) if rotation_of(frame) in (90, 270) else (frame.width, frame.height)


def _even(px: float) -> int:
    return max(2, int(px + 1e-6) // 2 * 2)


def filtered(
    frames: Iterable[TimedFrame],
    picture: PictureFormat,
    pixel_aspect: Fraction | None,
    cube: Path | None = None,
) -> Iterator[TimedFrame]:
    """The same frames at the same times, as the encoder of `picture` wants them; those of another shape stand
    between black bars.

    `pixel_aspect`: of the source. `cube`: a table that brings HDR to an ordinary screen.
    """
    chain: _FilterChain | None = None
    for frame in frames:
        if chain is None or not chain.accepts(frame.frame):
            if chain is not None:
                yield from chain.rest()
            chain = _FilterChain(frame.frame, filters_to(picture, frame.frame, pixel_aspect, cube))
        yield from chain(frame)
    if chain is not None:
        yield from chain.rest()


def filters_to(
    picture: PictureFormat, frame: Any, pixel_aspect: Fraction | None, cube: Path | None
) -> Filters:
    """What has to be done to frames like this one; nothing for most."""
    filters: list[tuple[str, str]] = []
    if frame.interlaced_frame:
        filters.append(("bwdif", "mode=send_frame:deint=interlaced"))
    filters += TURNS[rotation_of(frame)]
    tone_mapped = is_hdr(frame) and cube is not None and picture.pix_fmt != "yuv420p10le"
    if tone_mapped and cube is not None:
        filters += _tone_mapping(cube)
    width, height = _upright(frame)
    resized = list(_resized(picture, width, height, _turned(pixel_aspect, frame)))
    filters += resized
    # Straight out of the table pictures are RGB, whatever format they came in.
    left_rgb = tone_mapped and not resized
    if frame.format.name != picture.pix_fmt or left_rgb or _other_colours(picture, frame):
        filters.append(("scale", f"flags=bicubic+accurate_rnd+full_chroma_int{_colours_out(picture)}"))
        filters.append(("format", picture.pix_fmt))
    return tuple(filters)


def _tone_mapping(cube: Path) -> Filters:
    return (
        ("scale", "in_color_matrix=bt2020"),
        ("format", "gbrp10le"),
        ("lut3d", f"file={_quoted(cube)}:interp=tetrahedral"),
    )


def _turned(pixel_aspect: Fraction | None, frame: Any) -> Fraction:
    aspect = pixel_aspect or Fraction(1)
    return 1 / aspect if rotation_of(frame) in (90, 270) else aspect


def _resized(picture: PictureFormat, width: int, height: int, aspect: Fraction) -> Iterator[tuple[str, str]]:
    """Crops what is odd, scales what is larger or smaller, puts bars around what has another shape."""
    if (width - width % 2, height - height % 2) == (picture.width_px, picture.height_px):
        if (width, height) != (picture.width_px, picture.height_px):
            yield "crop", f"{picture.width_px}:{picture.height_px}:0:0"
        return
    stretch = aspect / (picture.pixel_aspect or Fraction(1))
    fit = min(picture.width_px / float(width * stretch), picture.height_px / height)
    inner = (
        min(picture.width_px, _even(width * float(stretch) * fit + 1)),
        min(picture.height_px, _even(height * fit + 1)),
    )
    yield "scale", f"{inner[0]}:{inner[1]}:flags=bicubic+accurate_rnd+full_chroma_int"
    if inner != (picture.width_px, picture.height_px):
        left, top = (picture.width_px - inner[0]) // 4 * 2, (picture.height_px - inner[1]) // 4 * 2
        yield "pad", f"{picture.width_px}:{picture.height_px}:{left}:{top}:black"


def _other_colours(picture: PictureFormat, frame: Any) -> bool:
    wanted = picture.colours.get("colorspace", 2)
    return frame.colorspace != wanted and 2 not in (frame.colorspace, wanted)


def _colours_out(picture: PictureFormat) -> str:
    matrix = MATRICES.get(picture.colours["colorspace"])
    full = picture.colours["color_range"] == 2 or picture.pix_fmt.startswith("yuvj")
    return f":out_range={'full' if full else 'limited'}" + (f":out_color_matrix={matrix}" if matrix else "")


def _quoted(path: Path) -> str:
    """A path as an argument of a filter: quoted twice over, once for the filter's options, once for the
    graph's.
    """
    return str(path).replace("\\", "\\\\").replace(":", "\\:").replace("'", "\\'")


class _FilterChain:
    """Filters for frames of one size and format; as many frames come out as go in, some of them later."""

    def __init__(self, first: Any, filters: Filters) -> None:
        self._kind = _kind(first)
        self._waiting: deque[TimedFrame] = deque()
        self._n_pushed = 0
        self._graph: Graph | None = None
        if filters:
            self._graph = _graph_of(first, filters)

    def accepts(self, frame: Any) -> bool:
        return _kind(frame) == self._kind

    def __call__(self, frame: TimedFrame) -> Iterator[TimedFrame]:
        if self._graph is None:
            yield frame
            return
        self._waiting.append(frame)
        frame.frame.pts, frame.frame.time_base = self._n_pushed, Fraction(1, 1000)
        self._n_pushed += 1
        self._graph.push(frame.frame)
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


def _graph_of(first: Any, filters: Filters) -> Graph:
    """Pictures like the first one in at the front, filtered ones out at the end."""
    graph = Graph()
    nodes = [
        graph.add(
            "buffer",
            video_size=f"{first.width}x{first.height}",
            pix_fmt=first.format.name,
            time_base="1/1000",
            pixel_aspect="1/1",
            colorspace=str(first.colorspace),
            range=str(first.color_range),
        )
    ]
    nodes += [graph.add(name, arguments or None) for name, arguments in filters]
    graph.link_nodes(*nodes, graph.add("buffersink"))
    graph.configure()
    return graph


def _kind(frame: Any) -> tuple[Any, ...]:
    return frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range
