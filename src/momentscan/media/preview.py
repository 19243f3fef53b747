"""A small moving picture of a window, without sound, that any page and chat shows: GIF or WebP, repeated for
ever.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.filter import Graph

from momentscan.errors import UnreadableInput, UsageError
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits, create_container
from momentscan.media.frame import FrameConverter
from momentscan.media.seek import frames_in
from momentscan.media.segments import within_video
from momentscan.media.source_file import SourceFile
from momentscan.progress import Progress, Step, silent
from momentscan.values import VideoInfo

KINDS = {
    "gif": ("gif", "gif", "pal8", {"loop": "0"}),
    "webp": ("webp", "libwebp_anim", "yuv420p", {"loop": "0"}),
}
"""Kind -> muxer, encoder, format of its pictures, options."""

CENTISECOND = Fraction(1, 100)
"""GIF's clock (GIF89a, 23)."""


def preview(
    info: VideoInfo,
    start_s: float,
    end_s: float,
    to: Path,
    kind: str = "gif",
    width_px: int = 320,
    hz: float = 10.0,
    limits: Limits = Limits(),
    on_progress: Progress = silent,
    clock: ClockOptions = ClockOptions(),
) -> Path:
    """Writes what is on the screen at `hz` instants a second, `width_px` wide; the path with its own suffix.
    `clock`: as the video was scanned with.

    Raises UsageError, UnreadableInput or OutputError; nothing is left after an error.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no preview of kind {kind!r}; there are {', '.join(KINDS)}")
    start_s, end_s, _ = within_video(info, start_s, end_s)
    size = width_px, max(2, round(width_px * info.height_px / info.width_px))
    frames = _sampled(SourceFile(info, limits, clock), start_s, end_s, hz, size, on_progress)
    if kind == "gif":
        frames = _paletted(frames, size)
    first = next(frames, None)
    if first is None:
        raise UnreadableInput(
            f"{info.path}: no frame can be decoded from {start_s:.3f} to {end_s:.3f} s; choose another window"
        )
    to = to.with_suffix(f".{kind}")
    _write(to, kind, itertools.chain([first], frames), size, hz)
    return to


def _write(to: Path, kind: str, frames: Iterable[Any], size: tuple[int, int], hz: float) -> None:
    muxer, codec, pix_fmt, options = KINDS[kind]
    with create_container(to, muxer, options) as container:
        stream = container.add_stream(codec, rate=Fraction(hz).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.time_base = CENTISECOND
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = round(number / hz / CENTISECOND), CENTISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _sampled(
    source: SourceFile,
    start_s: float,
    end_s: float,
    hz: float,
    size: tuple[int, int],
    on_progress: Progress,
) -> Iterator[Any]:
    """What is on the screen at start + k / hz, as RGB frames."""
    converter, k = FrameConverter(size, source.info.rotation_deg), 0
    for frame in frames_in(source, start_s, end_s, 0.0):
        rgb = None
        while start_s + k / hz < min(frame.end_s, end_s) - 1e-6:
            rgb = rgb if rgb is not None else converter.rgb(frame.frame)
            k += 1
            yield av.VideoFrame.from_ndarray(rgb, format="rgb24")
        on_progress(Step("cutting", min(frame.end_s, end_s) - start_s, end_s - start_s))


def _paletted(frames: Iterator[Any], size: tuple[int, int]) -> Iterator[Any]:
    """The same in 256 colours, chosen for all of them together; they are all held until the last has come."""
    graph = _palette_graph(size)
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number, CENTISECOND
        graph.push(frame)
    graph.push(None)
    while True:
        try:
            yield graph.vpull()
        except (BlockingIOError, av.error.EOFError):
            return


def _palette_graph(size: tuple[int, int]) -> Graph:
    """Pictures in, the same in colours of one palette out once all have come."""
    graph = Graph()
    source = graph.add(
        "buffer", video_size=f"{size[0]}x{size[1]}", pix_fmt="rgb24", time_base="1/100", pixel_aspect="1/1"
    )
    split, palette, sink = graph.add("split"), graph.add("palettegen"), graph.add("buffersink")
    use = graph.add("paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph
