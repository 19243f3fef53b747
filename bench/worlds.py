"""The videos and weights that the figures are measured on; made once, kept in bench/.cache (ignored by
git).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.media.render import write_video

CACHE = Path(__file__).parent / ".cache"
REPOSITORY = Path(__file__).parents[1]

FPS, PIECE_S, LENGTH_S = 30.0, 24.0, 120.0
SOUND_HZ = 48_000
"""24 s of it are 1125 AAC frames of 1024 samples to the sample, so that pieces join without a gap."""

Image = NDArray[np.uint8]


def camera_video(height_px: int = 1080) -> Path:
    """Two minutes of H.264 (x264 medium) with AAC sound, as a camera would give: a piece of 24 s, five times
    over by packet copy.
    """
    path = CACHE / f"camera_{height_px}p.mp4"
    if not path.is_file():
        CACHE.mkdir(exist_ok=True)
        piece = CACHE / f"piece_{height_px}p.mp4"
        bits = round(
            10e6 * (height_px / 1080) ** 1.5
        )  # 10 Mbit/s at 1080p; smaller pictures need more per pixel
        options = {"preset": "medium", "b": str(bits), "maxrate": str(2 * bits), "bufsize": str(4 * bits)}
        write_video(piece, _filmed(height_px), FPS, _heard(), SOUND_HZ, options=options)
        repeated(piece, path, round(LENGTH_S / PIECE_S), PIECE_S)
        piece.unlink()
    return path


def hour_video(height_px: int) -> Path:
    """The same video thirty times over, by packet copy: 60 minutes."""
    path = CACHE / f"camera_{height_px}p_60min.mp4"
    if not path.is_file():
        repeated(camera_video(height_px), path, 30, LENGTH_S)
    return path


def repeated(source: Path, target: Path, times: int, length_s: float) -> None:
    """The packets of `source`, `times` over, each turn `length_s` later; what reaches over the ends of a turn
    is left out.
    """
    part = target.with_name(f".part_{target.name}")
    with av.open(str(part), "w") as out:
        streams: dict[int, av.stream.Stream] = {}
        for turn in range(times):
            with av.open(str(source)) as container:
                for stream in container.streams:
                    if stream.index not in streams:
                        streams[stream.index] = out.add_stream_from_template(stream)
                for packet in container.demux():
                    if packet.pts is None or packet.dts is None:
                        continue
                    length = round(Fraction(length_s) / packet.time_base)
                    if (
                        packet.stream.type == "audio"
                        and not (-1 if turn == 0 else 0) * length <= packet.pts < length
                    ):
                        continue
                    packet.pts += turn * length
                    packet.dts += turn * length
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
    part.replace(target)


def clip_weights() -> Path:
    """A folder with a network of CLIP ViT-B/32's architecture and random weights, under the catalogue's name:
    same cost, no meaning.
    """
    path = CACHE / "models" / "clip-vit-b32-openai-vision.onnx"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        spec = importlib.util.spec_from_file_location("nets", REPOSITORY / "tests" / "nets.py")
        assert spec is not None
        assert spec.loader is not None
        nets = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(nets)
        nets.build_vit(path, "clip", **nets.FULL["clip"])
    return path.parent


def texture(height_px: int, width_px: int, seed: int) -> Image:
    """(H,W,3) uint8 with detail at all scales, as natural pictures have (amplitude falls with frequency)."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height_px, width_px, 3), np.float32)
    for octave in range(2, 8):
        cell = 2**octave
        coarse = rng.standard_normal((height_px // cell + 2, width_px // cell + 2, 3)).astype(np.float32)
        total += cell**0.8 * cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(128 + 45 * total / total.std(), 0, 255), np.uint8)


def view(scene: Image, x_px: float, y_px: float, height_px: int, width_px: int) -> Image:
    """The window of a scene whose corner lies at (x, y), to a fraction of a pixel."""
    moved = cv2.warpAffine(
        scene,
        np.array([[1, 0, -x_px], [0, 1, -y_px]], np.float64),
        (width_px, height_px),
        flags=cv2.INTER_CUBIC,
    )
    return np.asarray(moved, np.uint8)


def noise_bank(
    rng: np.random.Generator, height_px: int, width_px: int, sigma: float, n: int = 6
) -> list[NDArray[np.int16]]:
    """Sensor noise, (H,W,3) each, to be added to frames in turn."""
    return [
        np.round(sigma * rng.standard_normal((height_px, width_px, 3), np.float32)).astype(np.int16)
        for _ in range(n)
    ]


def noisy(image: Image, noise: NDArray[np.int16]) -> Image:
    return np.asarray(cv2.add(image.astype(np.int16), noise).clip(0, 255), np.uint8)


def _filmed(height_px: int) -> Iterator[Image]:
    """A hand-held pan over a textured scene, things crossing it, a shake, a cut, and sensor noise."""
    rng = np.random.default_rng(5)
    width_px = height_px * 16 // 9
    unit = height_px / 1080
    scenes = [texture(round(height_px * 1.3), round(width_px * 1.3), seed) for seed in (1, 2)]
    things = [texture(round(260 * unit), round(200 * unit), seed) for seed in (3, 4, 5)]
    noise = noise_bank(rng, height_px, width_px, sigma=2.5)
    for i in range(round(PIECE_S * FPS)):
        time_s = i / FPS
        shake = (30 if 9 <= time_s < 11 else 4) * unit
        x = 250 * unit * (1 + np.sin(time_s / 4)) + shake * _tremor(time_s, 0.0)
        y = 140 * unit * (1 + np.cos(time_s / 5)) + shake * _tremor(time_s, 1.0)
        frame = view(scenes[time_s >= 15], x, y, height_px, width_px)
        for k, thing in enumerate(things):
            left = round((width_px - thing.shape[1]) * (0.5 + 0.5 * np.sin(time_s * (0.4 + 0.5 * k) + k)))
            top = round((0.12 + 0.27 * k) * height_px)
            frame[top : top + thing.shape[0], left : left + thing.shape[1]] = thing
        yield noisy(frame, noise[i % len(noise)])


def _tremor(time_s: float, phase: float) -> float:
    """A hand's movement, about 1 in size, 1.7 to 6.1 Hz."""
    return float(
        sum(
            np.sin(2 * np.pi * hz * time_s + phase * hz) * size
            for hz, size in ((1.7, 1.0), (3.9, 0.6), (6.1, 0.3))
        )
    )


def _heard() -> NDArray[np.float32]:
    """A voice-like tone that comes and goes, room noise, a bang at 10 s."""
    rng = np.random.default_rng(6)
    time_s = np.arange(round(PIECE_S * SOUND_HZ)) / SOUND_HZ
    sound = 0.05 * np.sin(2 * np.pi * 180 * time_s) * (np.sin(time_s) > 0) + 0.01 * rng.standard_normal(
        len(time_s)
    )
    sound += 0.4 * np.exp(-4 * np.abs(time_s - 10)) * rng.standard_normal(len(time_s))
    return np.clip(sound, -1, 1).astype(np.float32)
