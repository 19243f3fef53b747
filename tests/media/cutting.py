"""Videos that say of every frame and sample when it is, and what is read back of clips of them."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from scipy.signal import correlate, firwin, lfilter

from media.making import HW, number_of, numbered
from momentscan.media import open_video
from momentscan.values import VideoInfo

NOISE_S = 12.0


@cache
def noise(hz: int) -> np.ndarray:
    """(M,) float32: every stretch of it is like no other, so that sound tells its time to the sample."""
    white = np.random.default_rng(7).standard_normal(round(NOISE_S * hz))
    soft = lfilter(firwin(63, 3000, fs=hz), 1.0, white)
    return (0.25 * soft / np.abs(soft).max()).astype(np.float32)


@dataclass(frozen=True)
class Truth:
    """A video of ours: frame i is shown at `times_s[i]` of the video's own clock, until the next one (the
    last until `end_s`); the noise begins at `sound_s` of that clock, None where there is no sound. `first`:
    the number on frame 0.
    """

    path: Path
    times_s: np.ndarray
    end_s: float
    sound_s: float | None
    hz: int
    gop: int
    turn_deg: int
    first: int = 0

    @property
    def info(self) -> VideoInfo:
        """As a scan leaves it."""
        return scanned(self.path)


@cache
def scanned(path: Path) -> VideoInfo:
    """What is known of a video after the pass."""
    with open_video(path) as video:
        for _ in video.batches(short_side_px=16):
            pass
        return video.info


def video(
    path: Path,
    rate: Fraction | float = 25,
    times_s: Sequence[float] | None = None,
    n: int = 150,
    start_s: float = 0.0,
    sound_start_s: float | None = 0.0,
    hz: int = 48000,
    sound_codec: str = "aac",
    layout: str = "mono",
    gop: int = 25,
    b_frames: int = 2,
    turn_deg: int | None = None,
    pixel_aspect: Fraction | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    pix_fmt: str = "yuv420p",
) -> Truth:
    """Writes one. `start_s`, `sound_start_s`: where picture and sound begin on the container's clock."""
    rate = Fraction(rate).limit_denominator(1001)
    at = np.arange(n) / float(rate) if times_s is None else np.asarray(times_s, float)
    end_s = float(at[-1] + 1 / rate)
    ticks = Fraction(1, 90_000) if codec == "libx264" else 1 / rate
    with av.open(str(path), "w", options=container_options or {}) as container:
        container.metadata.update(metadata or {})
        preset = (
            {"preset": "superfast", "bf": str(b_frames), "sc_threshold": "0"} if codec == "libx264" else {}
        )
        picture = container.add_stream(
            codec, rate=rate, options={"threads": "1", "g": str(gop), **preset, **(options or {})}
        )
        picture.height, picture.width = HW
        picture.pix_fmt = pix_fmt
        picture.codec_context.time_base = ticks
        if pixel_aspect is not None:
            picture.codec_context.sample_aspect_ratio = pixel_aspect
        if turn_deg is not None:
            picture.set_display_rotation(turn_deg)
        audio = (
            container.add_stream(sound_codec, rate=hz, layout=layout) if sound_start_s is not None else None
        )
        for i, frame in enumerate(numbered(len(at))):
            video_frame = av.VideoFrame.from_ndarray(frame, format="rgb24")
            video_frame.pts, video_frame.time_base = round((start_s + at[i]) / ticks), ticks
            container.mux(picture.encode(video_frame))
        container.mux(picture.encode(None))
        if audio is not None:
            length = round((start_s + end_s - sound_start_s) * hz)
            sound = np.repeat(noise(hz)[None, :length], 2 if layout == "stereo" else 1, axis=0)
            for first in range(0, length, 4800):
                chunk = np.ascontiguousarray(sound[:, first : first + 4800])
                audio_frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout=layout)
                audio_frame.sample_rate, audio_frame.pts, audio_frame.time_base = (
                    hz,
                    round(sound_start_s * hz) + first,
                    Fraction(1, hz),
                )
                container.mux(audio.encode(audio_frame))
            container.mux(audio.encode(None))
    return Truth(
        path, at, end_s, None if sound_start_s is None else sound_start_s - start_s, hz, gop, turn_deg or 0
    )


def trimmed(truth: Truth, first: int, path: Path) -> Truth:
    """An MP4 whose edit lists hide everything before frame `first`, as the trimming of a phone leaves it."""
    data = bytearray(truth.path.read_bytes())
    hidden_s, at = truth.times_s[first], 0
    while (at := data.find(b"elst", at + 1)) > 0:
        timescale = _timescale_after(data, at)
        assert data[at + 4 : at + 12] == b"\0\0\0\0\0\0\0\1", "one edit, version 0"
        duration, media_time = struct.unpack(">Ii", data[at + 12 : at + 20])
        struct.pack_into(
            ">Ii", data, at + 12, duration - round(hidden_s * 1000), media_time + round(hidden_s * timescale)
        )
    path.write_bytes(data)
    left = truth.times_s[first:] - truth.times_s[first]
    sound_s = None if truth.sound_s is None else truth.sound_s - hidden_s
    return dataclasses.replace(
        truth, path=path, times_s=left, end_s=truth.end_s - hidden_s, sound_s=sound_s, first=first
    )


def _timescale_after(data: bytes, at: int) -> int:
    """Ticks per second of the track whose edit list lies at `at`: its media header follows (ISO 14496-12,
    8.4.2).
    """
    return int(struct.unpack_from(">I", data, data.index(b"mdhd", at) + 16)[0])


@dataclass(frozen=True)
class Clip:
    """What a clip shows: numbers of its frames, their times, when the last one ends; its sound `(M,)` from 0
    on, None without.
    """

    numbers: list[int]
    times_s: np.ndarray
    end_s: float
    sound: np.ndarray | None
    hz: int
    size_px: tuple[int, int]


def read(path: Path, turn_deg: int = 0) -> Clip:
    """Decodes a clip of a video that was turned by so much; an error of the decoder is an error here."""
    numbers, times, end_s, size = [], [], 0.0, (0, 0)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            assert not frame.is_corrupt
            image = frame.to_ndarray(format="rgb24")
            image = np.rot90(image, round(frame.rotation / 90))
            numbers.append(number_of(np.rot90(image, -round(turn_deg / 90))))
            times.append(float(frame.pts * frame.time_base))
            size = image.shape[1], image.shape[0]
        end_s = (
            float(stream.duration * stream.time_base)
            if stream.duration
            else container.duration / av.time_base
        )
    sound, hz = _sound(path)
    return Clip(numbers, np.asarray(times), end_s, sound, hz, size)


def _sound(path: Path) -> tuple[np.ndarray | None, int]:
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None, 0
        hz, chunks = container.streams.audio[0].rate, []
        for frame in container.decode(audio=0):
            array = frame.to_ndarray()
            array = array.reshape(-1, frame.layout.nb_channels).T if not frame.format.is_planar else array
            chunks.append((round(float(frame.pts * frame.time_base) * hz), array[0].astype(np.float32)))
    sound = np.zeros(max((at + len(a) for at, a in chunks), default=0), np.float32)
    for at, array in chunks:
        sound[max(0, at) : at + len(array)] = array[max(0, -at) :]
    return sound, hz


def sound_late_s(clip: Clip, truth: Truth, first_s: float) -> float:
    """By how much the clip's sound comes after its picture; its picture begins at `first_s` of the video."""
    assert clip.sound is not None
    assert truth.sound_s is not None
    resampled = noise(truth.hz) if clip.hz == truth.hz else noise(clip.hz)
    wanted = np.zeros(len(clip.sound), np.float32)
    first = round((first_s - truth.sound_s) * clip.hz)
    low = max(0, -first)
    high = max(low, min(len(wanted), len(resampled) - first))
    wanted[low:high] = resampled[first + low : first + high]
    if not wanted.any():
        assert np.abs(clip.sound).max() < 1e-3, "there should be silence"
        return 0.0
    likeness = correlate(clip.sound, wanted, mode="full")
    best = int(np.argmax(likeness))
    strength = likeness[best] / np.sqrt(np.sum(clip.sound**2) * np.sum(wanted**2))
    assert strength > 0.8, f"the sound is another ({strength:.2f})"
    return (best - (len(wanted) - 1)) / clip.hz
