"""Small worlds that tests build for themselves: rendered videos, and signals without any video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from momentscan.media.render import write_video
from momentscan.signals import Signals
from momentscan.signals.series import cosine_change
from momentscan.values import Batch, VideoInfo

HW = (180, 320)
FPS = 20.0


def texture(seed: int = 0, hw: tuple[int, int] = (400, 700), blur: float = 4.0) -> np.ndarray:
    """(H,W,3) uint8 smooth random texture that optical flow can follow."""
    noise = np.random.default_rng(seed).integers(0, 256, (*hw, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), blur)
    return cv2.normalize(soft, None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8)


def frames(
    duration_s: float, at: Callable[[float], tuple[float, float]], fps: float = FPS, hw: tuple[int, int] = HW, seed: int = 0
) -> Iterator[np.ndarray]:
    """A window of `hw` moving over a texture: `at(time_s)` is its corner (x, y) in px."""
    big = texture(seed)
    for i in range(round(duration_s * fps)):
        x, y = at(i / fps)
        shift = np.array([[1, 0, -x], [0, 1, -y]], np.float64)
        yield cv2.warpAffine(big, shift, (hw[1], hw[0]), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def tone(duration_s: float, level: Callable[[np.ndarray], np.ndarray], rate: int = 44100) -> np.ndarray:
    """(M,) float32 noise whose amplitude is `level(time_s)`."""
    time_s = np.arange(round(duration_s * rate)) / rate
    return (level(time_s) * np.random.default_rng(7).uniform(-1, 1, len(time_s))).astype(np.float32)


def ride(path: Path, duration_s: float = 24.0, burst: tuple[float, float] = (12.0, 14.0), fps: float = FPS, sound: bool = True) -> Path:
    """A slow drift; during `burst` the camera shakes and a bright shape crosses, with loud noise."""
    rng = np.random.default_rng(3)

    def shown() -> Iterator[np.ndarray]:
        for i, frame in enumerate(frames(duration_s, lambda t: (20 + 2 * t, 20 + np.sin(t)), fps)):
            time_s = i / fps
            if burst[0] <= time_s < burst[1]:
                dx, dy = rng.normal(0, 10, 2)
                frame = cv2.warpAffine(frame, np.array([[1, 0, dx], [0, 1, dy]]), (HW[1], HW[0]), borderMode=cv2.BORDER_REFLECT)
                cv2.circle(frame, (int(60 + 100 * (time_s - burst[0])), 90), 50, (250, 240, 60), -1)
            yield frame

    heard = tone(duration_s, lambda t: np.where((t >= burst[0]) & (t < burst[1]), 0.5, 0.01)) if sound else None
    write_video(path, shown(), fps, heard, options={"preset": "ultrafast", "crf": "20"})
    return path


def still(path: Path, duration_s: float = 12.0) -> Path:
    write_video(
        path,
        frames(duration_s, lambda t: (20.0, 20.0)),
        FPS,
        np.zeros(round(duration_s * 44100), np.float32),
        options={"preset": "ultrafast"},
    )
    return path


def info(duration_s: float = 60.0, **changes: object) -> VideoInfo:
    """A VideoInfo of a video that is not there."""
    known = dict(
        video_id="made", path="/nowhere/made.mp4", sha256="0" * 64, size_bytes=1, duration_s=duration_s, declared_s=duration_s, width_px=640,
        height_px=360, rotation_deg=0, fps=30.0, n_frames=round(duration_s * 30), video_codec="h264", audio_codec="aac", container="mov",
    )  # fmt: skip
    return VideoInfo(**{**known, **changes})  # type: ignore[arg-type]


def signals(
    duration_s: float = 60.0, burst: tuple[float, float] | None = (30.0, 33.0), seed: int = 0, sound: bool = True, grid_hz: float = 10.0
) -> Signals:
    """Signals of a calm video with, if asked, one burst of movement, picture change and loudness."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * grid_hz)) / grid_hz
    inside = (time_s >= burst[0]) & (time_s < burst[1]) if burst else np.zeros(len(time_s), bool)
    motion = 0.02 + 0.002 * rng.random(len(time_s)) + 0.3 * inside
    at = np.arange(round(duration_s * 2)) / 2
    loud = (at >= burst[0]) & (at < burst[1]) if burst else np.zeros(len(at), bool)
    steps = 0.02 * rng.standard_normal((len(at), 16)) + loud[:, None] * rng.standard_normal((len(at), 16))
    vectors = np.array([1.0] + [0.0] * 15) + steps
    columns = {
        "frames.time_s": time_s,
        "frames.frame_idx": np.arange(len(time_s)) * 3,
        "frames.sharpness": (100 + 20 * rng.random(len(time_s))).astype(np.float32),
        "frames.exposure_mean": np.full(len(time_s), 120, np.float32),
        "frames.contrast": np.full(len(time_s), 0.4, np.float32),
        "frames.motion": motion.astype(np.float32),
        "frames.motion_local": motion.astype(np.float32),
        "frames.motion_camera": np.zeros(len(time_s), np.float32),
        "scenes.start_s": np.array([0.0]),
        "scenes.end_s": np.array([duration_s]),
        "vision.time_s": at,
        "vision.embedding": (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
    }
    columns["vision.change"] = cosine_change(columns["vision.embedding"]).astype(np.float32)
    if sound:
        columns |= {"sound.time_s": at, "sound.loud_db": (-30 + 0.5 * rng.standard_normal(len(at)) + 20 * loud).astype(np.float32)}
    return Signals(info(duration_s), columns, {"vision.embedding": "made-v1", "vision.change": "made-v1"})


def batches(
    seed: int = 0, duration_s: float = 6.0, span_s: float = 1.0, hw: tuple[int, int] = (128, 228), sound: bool = True
) -> list[Batch]:
    """What a decode pass would hand over: a texture that drifts, jumps to another at 3 s, and noise that grows. Cut into spans of `span_s`."""
    rng = np.random.default_rng(seed)
    shown = list(frames(duration_s, lambda t: (30 + 8 * t, 30.0), 10.0, hw, seed))
    other = list(frames(duration_s, lambda t: (30 + 8 * t, 30.0), 10.0, hw, seed + 1))
    every = np.stack([other[i] if i >= len(shown) // 2 else f for i, f in enumerate(shown)])
    time_s = np.arange(len(every)) / 10.0
    thumbs = every[:, ::8, ::8].mean(-1).astype(np.uint8)
    heard = (np.linspace(0.01, 0.6, round(duration_s * 22050)) * rng.uniform(-1, 1, round(duration_s * 22050))).astype(np.float32)
    out = []
    for start_s in np.arange(0, duration_s, span_s):
        end_s = min(start_s + span_s, duration_s)
        inside = (time_s >= start_s - 1e-9) & (time_s < end_s - 1e-9)
        voice = heard[round(start_s * 22050) : round(end_s * 22050)] if sound else np.zeros(0, np.float32)
        out.append(
            Batch(
                float(start_s), float(end_s), every[inside], time_s[inside], np.flatnonzero(inside), voice, thumbs[inside], time_s[inside]
            )
        )
    return out
