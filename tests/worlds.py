"""Small worlds that tests build for themselves: rendered videos, and signals without any video."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from momentscan.media.render import write_video
from momentscan.records.run import Run
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
    duration_s: float,
    at: Callable[[float], tuple[float, float]],
    fps: float = FPS,
    hw: tuple[int, int] = HW,
    seed: int = 0,
) -> Iterator[np.ndarray]:
    """A window of `hw` moving over a texture: `at(time_s)` is its corner (x, y) in px."""
    big = texture(seed)
    for i in range(round(duration_s * fps)):
        x, y = at(i / fps)
        shift = np.array([[1, 0, -x], [0, 1, -y]], np.float64)
        yield cv2.warpAffine(
            big, shift, (hw[1], hw[0]), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )


def tone(duration_s: float, level: Callable[[np.ndarray], np.ndarray], rate: int = 44100) -> np.ndarray:
    """(M,) float32 noise whose amplitude is `level(time_s)`."""
    time_s = np.arange(round(duration_s * rate)) / rate
    return (level(time_s) * np.random.default_rng(7).uniform(-1, 1, len(time_s))).astype(np.float32)


def ride(
    path: Path,
    duration_s: float = 24.0,
    burst: tuple[float, float] = (12.0, 14.0),
    fps: float = FPS,
    sound: bool = True,
) -> Path:
    """A slow drift; during `burst` the camera shakes and a bright shape crosses, with loud noise."""
    rng = np.random.default_rng(3)

    def shown() -> Iterator[np.ndarray]:
        for i, frame in enumerate(frames(duration_s, lambda t: (20 + 2 * t, 20 + np.sin(t)), fps)):
            time_s = i / fps
            if burst[0] <= time_s < burst[1]:
                dx, dy = rng.normal(0, 10, 2)
                frame = cv2.warpAffine(
                    frame, np.array([[1, 0, dx], [0, 1, dy]]), (HW[1], HW[0]), borderMode=cv2.BORDER_REFLECT
                )
                cv2.circle(frame, (int(60 + 100 * (time_s - burst[0])), 90), 50, (250, 240, 60), -1)
            yield frame

    heard = (
        tone(duration_s, lambda t: np.where((t >= burst[0]) & (t < burst[1]), 0.5, 0.01)) if sound else None
    )
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
        video_id="made", path="/nowhere/made.mp4", sha256="0" * 64, size_bytes=1, duration_s=duration_s, declared_s=duration_s, width_px=640,  # noqa: E501
        height_px=360, rotation_deg=0, fps=30.0, n_frames=round(duration_s * 30), video_codec="h264", audio_codec="aac", container="mov",  # noqa: E501
    )  # fmt: skip
    return VideoInfo(**{**known, **changes})  # type: ignore[arg-type]


def run(**changes: object) -> Run:
    """A run.json of a video that is not there, in which nothing ran."""
    known = dict(
        version="0", status="done", key="", video=info(), partial=False, problems=(), settings={}, models=(), engines={}, people=None,  # noqa: E501
        packs=None, pairs=0, comparisons=None, warnings=(),
    )  # fmt: skip
    return Run(**{**known, **changes})  # type: ignore[arg-type]


# ---- faces that tests/fakes.py can see

RED, YELLOW, GREEN, CYAN, BLUE, MAGENTA = range(6)
"""Six people: the k-th has hue k / 6. The blue one is too dark for the gate."""


class Face(NamedTuple):
    """A face of `size_px` whose middle is at (x, y) px; `mouth` 0 to 1 is how far it is open, `light` how
    bright it is.
    """

    x: float
    y: float
    size_px: float = 50.0
    who: int = RED
    mouth: float = 0.0
    light: float = 1.0


def draw(frame: np.ndarray, face: Face) -> None:
    """Paints a disc of one pure hue with two eyes and a mouth, in place, at fractions of a pixel."""
    colour = [255 * face.light * 0.9 * c for c in colorsys.hsv_to_rgb(face.who / 6, 1, 1)]

    def ellipse(x: float, y: float, wide: float, high: float, fill: Sequence[float]) -> None:
        middle = (round(16 * (face.x + x * face.size_px)), round(16 * (face.y + y * face.size_px)))
        axes = (max(1, round(16 * wide * face.size_px / 2)), max(1, round(16 * high * face.size_px / 2)))
        cv2.ellipse(frame, middle, axes, 0, 0, 360, fill, -1, cv2.LINE_AA, 4)

    ellipse(0, 0, 1, 1, colour)
    for side in (-0.2, 0.2):
        ellipse(side, -0.1, 0.12, 0.08, (0, 0, 0))
    ellipse(0, 0.25, 0.3, 0.04 + 0.3 * face.mouth, (0, 0, 0))


def backdrop(seed: int = 0, hw: tuple[int, int] = HW) -> np.ndarray:
    """(H,W,3) uint8 texture without any pure colour, so that no part of it is taken for a face."""
    return (60 + 0.7 * texture(seed, hw, 16.0)).astype(np.uint8)


def batch(
    frames: Sequence[np.ndarray],
    time_s: np.ndarray,
    start_s: float,
    end_s: float,
    sound: np.ndarray | None = None,
) -> Batch:
    """What a decode pass would hand over of these frames."""
    shown = np.stack(frames)
    thumbs = shown[:, ::8, ::8].mean(-1).astype(np.uint8)
    voice = np.zeros(0, np.float32) if sound is None else sound
    return Batch(
        float(start_s),
        float(end_s),
        shown,
        time_s,
        np.round(time_s * 30).astype(np.int64),
        voice,
        thumbs,
        time_s,
    )


def film(
    duration_s: float,
    there: Callable[[float], Sequence[Face]],
    hz: float = 5.0,
    cuts: Sequence[float] = (),
    hw: tuple[int, int] = HW,
    edit: Callable[[float, np.ndarray], np.ndarray] = lambda _, frame: frame,
    noise: float = 2.0,
    span_s: float = 2.0,
) -> list[Batch]:
    """Faces (the last is nearest) before a noisy backdrop that is another one after each cut; `edit` changes
    a frame at the end.
    """
    time_s = np.arange(round(duration_s * hz)) / hz
    rng = np.random.default_rng(11)
    grain = [np.round(noise * rng.standard_normal((*hw, 3))).astype(np.int16) for _ in range(7)]
    scenes = [backdrop(seed, hw) for seed in range(len(cuts) + 1)]

    def frame(i: int, t: float) -> np.ndarray:
        shown = np.clip(scenes[int(np.searchsorted(cuts, t + 1e-9))] + grain[i % 7], 0, 255).astype(np.uint8)
        for face in there(t):
            draw(shown, face)
        return edit(t, shown)

    out = []
    for start_s in np.arange(0, duration_s - 1e-9, span_s):
        end_s = min(start_s + span_s, duration_s)
        rows = np.flatnonzero((time_s >= start_s - 1e-9) & (time_s < end_s - 1e-9))
        if len(rows):
            out.append(batch([frame(int(i), float(time_s[i])) for i in rows], time_s[rows], start_s, end_s))
    return out


VISIT = {"expression": (10.0, 11.5), "passer-by": (16.0, 18.5), "shake": (24.0, 25.5)}
"""What happens in `visit`, in seconds."""


def visit(path: Path, fps: float = 10.0) -> Path:
    """32 s of somebody who opens the mouth wide once; somebody else passes; once all shakes and is loud. For
    fakes.models().
    """
    rng = np.random.default_rng(5)

    def inside(event: str, t: float) -> bool:
        return VISIT[event][0] <= t < VISIT[event][1]

    def there(t: float) -> list[Face]:
        passing = [Face(330 - 140 * (t - 16), 50, 44, CYAN)] if inside("passer-by", t) else []
        return [
            *passing,
            Face(
                150 + 3 * np.sin(t),
                95 + 2 * np.sin(1.7 * t),
                64,
                RED,
                mouth=0.1 + 0.9 * inside("expression", t),
            ),
        ]

    def shaken(t: float, frame: np.ndarray) -> np.ndarray:
        dx, dy = rng.normal(0, 12, 2) if inside("shake", t) else (0.0, 0.0)
        return cv2.warpAffine(
            frame, np.array([[1, 0, dx], [0, 1, dy]]), HW[::-1], borderMode=cv2.BORDER_REFLECT
        )

    frames = [f for b in film(32.0, there, fps, edit=shaken) for f in b.frames]
    heard = tone(32.0, lambda t: np.where((t >= 24) & (t < 25.5), 0.5, 0.01))
    write_video(
        path, frames, fps, heard, options={"preset": "ultrafast", "qp": "12"}
    )  # with crf no two files are the same
    return path


def riders(path: Path, fps: float = 10.0, apart_px: float = 130.0) -> Path:
    """24 s of two people side by side who open their mouths, now one, now both (12 to 15 s); light and size
    change. For fakes.models().
    """

    def there(t: float) -> list[Face]:
        both, left, right = 12 <= t < 15, 4 <= t < 6, 18 <= t < 20
        light = 1.0 - 0.25 * (int(t / 3) % 2)
        size = 60 + 12 * np.sin(t / 2)
        return [
            Face(225 + 2 * np.sin(t), 90, size, CYAN, mouth=0.9 * (both or right), light=light),
            Face(225 - apart_px + 2 * np.cos(t), 90, size - 8, RED, mouth=0.9 * (both or left), light=light),
        ]

    frames = [f for b in film(24.0, there, fps) for f in b.frames]
    write_video(path, frames, fps, None, options={"preset": "ultrafast", "qp": "12"})
    return path


# ---- signals of people, without any picture

FINE_HZ = 20


def during(time_s: np.ndarray, *spans: tuple[float, float]) -> np.ndarray:
    """(N,) True inside any span."""
    return np.any([(time_s >= a) & (time_s < b) for a, b in spans], axis=0)


def person(
    duration_s: float = 60.0,
    hz: int = 5,
    seed: int = 0,
    track: int = 0,
    left: float = 0.4,
    **acts: tuple[float, float],
) -> dict[str, np.ndarray]:
    """Columns of one person who is nearly still, but opens the mouth, turns the head, … during a span:
    mouth_open=(30, 31.5).

    The little that varies is the same at every rate.
    """
    fine_s = np.arange(round(duration_s * FINE_HZ)) / FINE_HZ
    rng = np.random.default_rng(seed)
    small = {
        n: rng.standard_normal(len(fine_s))
        for n in ("mouth", "yaw", "pitch", "roll", "light", "sharp", "x", "y")
    }
    every = FINE_HZ // hz
    time_s = fine_s[::every]
    n = {name: x[::every] for name, x in small.items()}

    def act(name: str) -> np.ndarray:
        return during(time_s, acts[name]) if name in acts else np.zeros(len(time_s), bool)

    turned = 40 * np.sin(2 * np.pi * time_s) * act("head")
    size = 0.2 * (1 + 0.3 * act("near"))
    box = np.stack([left + 0.001 * n["x"], 0.3 + 0.001 * n["y"]], axis=1)
    return {
        "faces.time_s": time_s,
        "faces.frame_idx": np.round(time_s * 30).astype(np.int64),
        "faces.score": np.full(len(time_s), 0.9, np.float32),
        "faces.bbox": np.concatenate([box, box + size[:, None] * [1.0, 1.5]], axis=1).astype(np.float32),
        "faces.track": np.full(len(time_s), track),
        "faces.sharpness": (200 * np.exp(0.1 * n["sharp"]) * np.where(act("defocus"), 0.05, 1)).astype(
            np.float32
        ),
        "faces.exposure_mean": (120 + 0.5 * n["light"] + 90 * act("flash") + 15 * act("lit")).astype(
            np.float32
        ),
        "faces.contrast": np.full(len(time_s), 0.4, np.float32),
        "faces.clipped": np.zeros(len(time_s), np.float32),
        "faces.crushed": np.zeros(len(time_s), np.float32),
        "faces.yaw": (0.3 * n["yaw"] + turned).astype(np.float32),
        "faces.pitch": (0.3 * n["pitch"]).astype(np.float32),
        "faces.roll": (0.3 * n["roll"]).astype(np.float32),
        "faces.mouth_open": (0.02 + 0.003 * n["mouth"] + 0.6 * act("mouth_open")).astype(np.float32),
        "faces.eye_open": np.full(len(time_s), 0.3, np.float32),
        "faces.occlusion": (0.9 * act("hidden")).astype(np.float32),
        "tracks.id": np.array([track]),
        "tracks.person": np.array([track]),
    }


def poses(
    duration_s: float = 60.0, raised: tuple[float, float] = (20.0, 21.5), track: int = 0
) -> dict[str, np.ndarray]:
    """A body at 2.5 Hz under the face of `person`, that raises a hand during a span."""
    time_s = np.arange(round(duration_s * 2.5)) / 2.5
    points = np.zeros((len(time_s), 17, 3), np.float32)
    points[..., 2] = 0.9
    for place, (x, y) in {
        5: (0.65, 0.7),
        6: (0.35, 0.7),
        7: (0.68, 0.85),
        8: (0.32, 0.85),
        9: (0.66, 0.97),
        10: (0.34, 0.97),
    }.items():
        points[:, place, :2] = x, y
    points[during(time_s, raised), 9, 1] = 0.3
    return {
        "poses.time_s": time_s,
        "poses.track": np.full(len(time_s), track),
        "poses.points": points.reshape(-1, 51),
    }


def joined(*people: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Several persons in one video: rows by time, tracks one after the other."""
    out = {name: np.concatenate([p[name] for p in people]) for name in people[0]}
    order = np.argsort(out["faces.time_s"], kind="stable")
    return {name: rows[order] if name.startswith("faces.") else rows for name, rows in out.items()}


def crops(
    duration_s: float = 60.0, hz: float = 5.0, seed: int = 0, track: int = 0, **acts: tuple[float, float]
) -> dict[str, np.ndarray]:
    """Face and body vectors of `person`: nearly the same all the time, but of another look during face=(30,
    31.5) or body=(…).
    """
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * FINE_HZ))[:: round(FINE_HZ / hz)] / FINE_HZ

    def vectors(name: str) -> np.ndarray:
        inside = during(time_s, acts[name]) if name in acts else np.zeros(len(time_s), bool)
        look = np.eye(64)[0] + inside[:, None] * np.eye(64)[1]
        moved = look + 0.01 * rng.standard_normal((len(time_s), 64))
        return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)

    return {
        "crops.time_s": time_s,
        "crops.track": np.full(len(time_s), track),
        "crops.face": vectors("face"),
        "crops.body": vectors("body"),
        "crops.body_box": np.tile(np.array([0.2, 0.2, 0.8, 1.0], np.float32), (len(time_s), 1)),
        "crops.fresh": np.ones(len(time_s), np.bool_),
    }


def signals(
    duration_s: float = 60.0,
    burst: tuple[float, float] | None = (30.0, 33.0),
    seed: int = 0,
    sound: bool = True,
    grid_hz: float = 10.0,
    people: bool = False,
) -> Signals:
    """Signals of a calm video with, if asked, one burst of movement, picture change and loudness.

    With `people` somebody is in it, who opens the mouth, turns the head and changes in look during the burst.
    """
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
    if people:
        acts = dict(mouth_open=burst, head=burst) if burst else {}
        moved = dict(face=burst, body=burst) if burst else {}
        columns |= (
            person(duration_s, seed=seed, **acts)
            | crops(duration_s, seed=seed, **moved)
            | poses(duration_s, burst or (-1, -1))
        )
    if sound:
        columns |= {
            "sound.time_s": at,
            "sound.loud_db": (-30 + 0.5 * rng.standard_normal(len(at)) + 20 * loud).astype(np.float32),
        }
    return Signals(info(duration_s), columns, {"vision.embedding": "made-v1", "vision.change": "made-v1"})


def batches(
    seed: int = 0,
    duration_s: float = 6.0,
    span_s: float = 1.0,
    hw: tuple[int, int] = (128, 228),
    sound: bool = True,
) -> list[Batch]:
    """What a decode pass would hand over: a texture that drifts, jumps to another at 3 s, and noise that
    grows. Cut into spans of `span_s`.

    Before it two people cross, and one of them opens the mouth.
    """
    rng = np.random.default_rng(seed)
    shown = list(frames(duration_s, lambda t: (30 + 8 * t, 30.0), 10.0, hw, seed))
    other = list(frames(duration_s, lambda t: (30 + 8 * t, 30.0), 10.0, hw, seed + 1))
    every = (
        60 + 0.7 * np.stack([other[i] if i >= len(shown) // 2 else f for i, f in enumerate(shown)])
    ).astype(np.uint8)
    time_s = np.arange(len(every)) / 10.0
    for frame, t in zip(every, time_s.tolist(), strict=True):
        draw(frame, Face(190 - 25 * t, 60, 40, CYAN))
        draw(frame, Face(40 + 25 * t, 66, 44, RED, mouth=float(2 <= t < 3)))
    thumbs = every[:, ::8, ::8].mean(-1).astype(np.uint8)
    heard = (
        np.linspace(0.01, 0.6, round(duration_s * 22050)) * rng.uniform(-1, 1, round(duration_s * 22050))
    ).astype(np.float32)
    out = []
    for start_s in np.arange(0, duration_s, span_s):
        end_s = min(start_s + span_s, duration_s)
        inside = (time_s >= start_s - 1e-9) & (time_s < end_s - 1e-9)
        voice = heard[round(start_s * 22050) : round(end_s * 22050)] if sound else np.zeros(0, np.float32)
        out.append(
            Batch(
                float(start_s),
                float(end_s),
                every[inside],
                time_s[inside],
                np.flatnonzero(inside),
                voice,
                thumbs[inside],
                time_s[inside],
            )
        )
    return out
