"""Files that tests of `media` make for themselves: pictures that carry their own number, clicks, turned and
damaged files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.values import Batch, VideoInfo

HW = (96, 160)
BLOCK = 32
ALL = SamplingOptions(grid_hz=240.0)
"""A grid so fine that it lets every frame pass."""


def numbered(n: int, first: int = 0) -> Iterator[np.ndarray]:
    """n frames (96,160,3); frame i carries `first + i` as fifteen black and white squares."""
    for number in range(first, first + n):
        bits = (number >> np.arange(15)) & 1
        squares = np.where(bits, 235, 16).astype(np.uint8).reshape(HW[0] // BLOCK, HW[1] // BLOCK)
        yield np.repeat(np.kron(squares, np.ones((BLOCK, BLOCK), np.uint8))[:, :, None], 3, axis=2)


def number_of(frame: np.ndarray) -> int:
    """What a frame of `numbered` says its number is."""
    middles = frame[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK, 1].reshape(-1)
    return int(((middles > 128).astype(int) << np.arange(15)).sum())


def numbers(frames: Iterable[np.ndarray]) -> list[int]:
    return [number_of(f) for f in frames]


def clicks(duration_s: float, at_s: Iterable[float], rate: int = 44100) -> np.ndarray:
    """(M,) float32 silence with a loud millisecond at each instant."""
    sound = np.zeros(round(duration_s * rate), np.float32)
    for click_s in at_s:
        sound[round(click_s * rate) : round((click_s + 0.001) * rate)] = 0.9
    return sound


def encode(
    path: Path,
    frames: Iterable[np.ndarray],
    fps: float = 25.0,
    start_s: float = 0.0,
    sound: np.ndarray | None = None,
    sound_start_s: float = 0.0,
    sound_codec: str = "pcm_s16le",
    sound_hz: int = 44100,
    turn_deg: int | None = None,
    pixel_aspect: Fraction | None = None,
    codec: str = "libx264",
    gop: int = 12,
    b_frames: int = 0,
) -> Path:
    """What `write_video` does not make: late pictures, late sound, turned pictures, pixels that are not
    square, other codecs.
    """
    rate = Fraction(fps).limit_denominator(1001)
    ticks = Fraction(1, 90_000)
    with av.open(str(path), "w") as container:
        picture = container.add_stream(codec, rate=rate, options={"threads": "1"})
        picture.height, picture.width = HW
        picture.pix_fmt = "yuv420p"
        picture.codec_context.gop_size, picture.codec_context.max_b_frames = gop, b_frames
        if codec == "libx264":
            picture.codec_context.time_base = ticks
        else:
            ticks = 1 / rate
        if pixel_aspect is not None:
            picture.codec_context.sample_aspect_ratio = pixel_aspect
        if turn_deg is not None:
            picture.set_display_rotation(turn_deg)
        audio = container.add_stream(sound_codec, rate=sound_hz, layout="mono") if sound is not None else None
        for i, frame in enumerate(frames):
            video_frame = av.VideoFrame.from_ndarray(frame, format="rgb24")
            video_frame.pts, video_frame.time_base = round((start_s + i / rate) / ticks), ticks
            container.mux(picture.encode(video_frame))
        container.mux(picture.encode(None))
        if audio is not None:
            audio_frame = av.AudioFrame.from_ndarray(
                np.round(sound[None] * 32767).astype(np.int16), format="s16", layout="mono"
            )
            audio_frame.sample_rate, audio_frame.pts, audio_frame.time_base = (
                sound_hz,
                round(sound_start_s * sound_hz),
                Fraction(1, sound_hz),
            )
            container.mux(audio.encode(audio_frame))
            container.mux(audio.encode(None))
    return path


def streamed(path: Path, frames: Iterable[np.ndarray], fps: int = 25) -> Path:
    """A Matroska file as a live recorder leaves it: no length, no index, written without going back."""

    class _Pipe:
        def __init__(self) -> None:
            self.data = bytearray()

        def write(self, data: bytes) -> int:
            self.data += data
            return len(data)

    pipe = _Pipe()
    with av.open(pipe, "w", format="matroska") as container:
        picture = container.add_stream("libx264", rate=fps, options={"threads": "1"})
        picture.height, picture.width = HW
        picture.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(picture.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(picture.encode(None))
    path.write_bytes(pipe.data)
    return path


def whole_pass(
    path: Path, sampling: SamplingOptions = ALL, short_side_px: int = 10_000
) -> tuple[VideoInfo, list[Batch]]:
    """The whole pass, at full size and with every frame unless asked otherwise: what is known of it at its
    end, and its batches.
    """
    with open_video(path) as video:
        batches = list(video.batches(sampling, short_side_px))
        return video.info, batches


def all_frames(batches: list[Batch]) -> np.ndarray:
    return np.concatenate([b.frames for b in batches])


def times(batches: list[Batch]) -> np.ndarray:
    return np.concatenate([b.time_s for b in batches])


def indices(batches: list[Batch]) -> np.ndarray:
    return np.concatenate([b.frame_idx for b in batches])


def all_sound(batches: list[Batch]) -> np.ndarray:
    return np.concatenate([b.sound for b in batches])


def packet_bytes(path: Path) -> list[tuple[int, int]]:
    """(offset, size) in the file of each packet of the first video track, in file order; for containers that
    store packets whole.
    """
    data, places, after = path.read_bytes(), [], 0
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                after = data.index(bytes(packet), after)
                places.append((after, packet.size))
    return places


def with_holes(path: Path, damaged: Iterable[int], to: Path) -> Path:
    """A copy in which these packets are all ones (the container's own bytes are left alone)."""
    data = bytearray(path.read_bytes())
    places = packet_bytes(path)
    for number in damaged:
        offset, size = places[number]
        data[offset : offset + size] = b"\xff" * size
    to.write_bytes(data)
    return to


def mp4_matrix(path: Path) -> tuple[float, ...]:
    """(a, b, c, d) of the track header's matrix, straight from the bytes: (x, y) is shown at (a x + c y, b x
    + d y). (ISO 14496-12, 8.3.2)
    """
    data = path.read_bytes()
    at = data.index(b"tkhd") + 4
    assert data[at] == 0, "a version 1 header has longer fields"
    matrix = struct.unpack(">9i", data[at + 40 : at + 76])
    return tuple(m / 65536 for m in (matrix[0], matrix[1], matrix[3], matrix[4]))
