"""Videos that momentscan makes itself: for the demo, the tests and the benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Sound = NDArray[np.float32]

TICK = Fraction(1, 90_000)
"""The clock of the pictures (MPEG's)."""


def write_video(
    path: Path,
    frames: Iterable[Image],
    fps: float = 25.0,
    sound: Sound | None = None,
    sound_hz: int = 44100,
    pts_s: Iterable[float] | None = None,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
) -> None:
    """Encodes (H,W,3) uint8 RGB frames, and (M,) float32 mono sound in [-1, 1] as AAC beside them.

    `pts_s` gives each frame a time of its own (variable frame rate); otherwise frame i is shown at i / fps.
    """
    rate = Fraction(fps).limit_denominator(1001)
    times = iter(pts_s) if pts_s is not None else (i / float(rate) for i in range(1 << 40))
    with av.open(str(path), "w") as container:
        picture = audio = None
        n_samples = 0
        for frame, time_s in zip(frames, times, strict=False):
            if picture is None:
                picture = _picture_stream(container, frame, rate, codec, options or {})
                if sound is not None:
                    audio = container.add_stream("aac", rate=sound_hz, layout="mono")
            container.mux(picture.encode(_video_frame(frame, time_s)))
            if audio is not None and sound is not None:
                until = min(len(sound), round((time_s + 1 / float(rate)) * sound_hz))
                n_samples = _encode_sound(container, audio, sound, n_samples, until, sound_hz)
        if audio is not None and sound is not None:
            _encode_sound(container, audio, sound, n_samples, len(sound), sound_hz)
        for stream in (picture, audio):
            if stream is not None:
                container.mux(stream.encode(None))


def _picture_stream(
    container: av.container.OutputContainer,
    first: Image,
    rate: Fraction,
    codec: str,
    options: Mapping[str, str],
) -> av.VideoStream:
    stream = container.add_stream(codec, rate=rate, options={"threads": "2", **options})
    stream.height, stream.width = first.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = TICK
    return stream


def _video_frame(image: Image, time_s: float) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    frame.pts, frame.time_base = round(time_s / TICK), TICK
    return frame


def _encode_sound(
    container: av.container.OutputContainer,
    stream: av.AudioStream,
    sound: Sound,
    start: int,
    end: int,
    rate: int,
) -> int:
    if end > start:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound[None, start:end]), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    return max(start, end)


DEMO_S = 72.0
DEMO_EVENTS = {"drop": (11.0, 14.5), "splash": (34.0, 37.0), "fireworks": (58.0, 62.0)}
"""What happens in the demo ride, in seconds: what a scan of it should find."""

DEMO_HW = (360, 640)
DEMO_FPS = 25.0


def demo_video(path: Path, seed: int = 0) -> None:
    """A ride through hills, 72 s: calm, with a steep drop, a splash and fireworks."""
    write_video(path, _ride(seed), DEMO_FPS, _ride_sound(seed), options={"preset": "veryfast", "crf": "23"})


def _inside(event: str, time_s: float) -> float:
    """0 outside of an event, rising to 1 in its middle."""
    start, end = DEMO_EVENTS[event]
    return float(np.sin(np.pi * (time_s - start) / (end - start))) if start < time_s < end else 0.0


def _ride(seed: int) -> Iterator[Image]:
    rng = np.random.default_rng(seed)
    height, width = DEMO_HW
    bank = [rng.integers(-5, 6, (height, width, 3), dtype=np.int16) for _ in range(8)]
    sparks = [_burst(rng) for _ in range(6)]
    travelled = 0.0
    for i in range(int(DEMO_S * DEMO_FPS)):
        time_s = i / DEMO_FPS
        drop, splash, works = (_inside(e, time_s) for e in ("drop", "splash", "fireworks"))
        travelled += (1.2 + 9 * drop) * 25 / DEMO_FPS
        image = _landscape(travelled, dusk=float(np.clip((time_s - 46) / 8, 0, 1)))
        if drop:
            image = _shaken(image, 9 * drop, rng)
        _cart(image, time_s, drop)
        if splash:
            _splash(image, splash, rng)
        if works:
            for k, spark in enumerate(sparks):
                _firework(image, spark, time_s - DEMO_EVENTS["fireworks"][0] - 0.55 * k)
        yield np.clip(image.astype(np.int16) + bank[i % 8], 0, 255).astype(np.uint8)


def _shaken(image: Image, by_px: float, rng: np.random.Generator) -> Image:
    dx, dy = (by_px * rng.standard_normal(2)).tolist()
    matrix = np.array([[1, 0, dx], [0, 1, dy]])
    size = image.shape[1], image.shape[0]
    return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


def _splash(image: Image, strength: float, rng: np.random.Generator) -> None:
    for x, y, radius in zip(
        rng.integers(120, 520, 90), rng.integers(60, 330, 90), rng.integers(3, 15, 90), strict=True
    ):
        at, size_px = (int(x), int(y)), int(radius * strength) + 1
        cv2.circle(image, at, size_px, (205, 228, 245), -1, cv2.LINE_AA)


def _landscape(travelled: float, dusk: float) -> Image:
    height, width = DEMO_HW
    day, night = np.array([[150, 190, 235], [235, 225, 200]]), np.array([[18, 20, 52], [70, 50, 90]])
    top, bottom = day * (1 - dusk) + night * dusk
    rise = np.linspace(0, 1, height)[:, None, None]
    image = np.ascontiguousarray(
        np.broadcast_to(top * (1 - rise) + bottom * rise, (height, width, 3)).astype(np.uint8)
    )
    x = np.arange(width)
    for depth, (base, swing, colour) in enumerate(
        [(190, 28, (120, 140, 150)), (235, 34, (92, 128, 96)), (285, 24, (64, 100, 62))], 1
    ):
        at = x + travelled * depth * 0.6
        ridge = base + swing * np.sin(at / (70 + 25 * depth)) + 6 * np.sin(at / 17)
        shade = tuple(int(c * (1 - 0.65 * dusk)) for c in colour)
        outline = np.concatenate([np.stack([x, ridge], 1), [[width, height], [0, height]]]).astype(np.int32)
        cv2.fillPoly(image, [outline], shade)
        for tree in np.arange(-(travelled * depth * 0.6) % 90, width, 90).astype(int).tolist():
            foot = int(ridge[min(tree, width - 1)])
            cv2.line(
                image, (tree, foot), (tree, foot - 9 * depth), tuple(int(c * 0.6) for c in shade), 2 * depth
            )
    return image


def _cart(image: Image, time_s: float, drop: float) -> None:
    x, y = 320 + int(6 * np.sin(time_s * 0.9)), 268 + int(3 * np.sin(time_s * 2.1) + 26 * drop)
    cv2.ellipse(image, (x, y + 34), (92, 26), 0, 0, 360, (178, 52, 38), -1, cv2.LINE_AA)
    for dx, skin in ((-34, (226, 180, 150)), (34, (176, 126, 96))):
        cv2.circle(image, (x + dx, y - 14), 24, skin, -1, cv2.LINE_AA)
        for eye in (-8, 8):
            cv2.circle(image, (x + dx + eye, y - 18), 3, (30, 25, 25), -1, cv2.LINE_AA)
        cv2.ellipse(image, (x + dx, y - 4), (9, 2 + int(9 * drop)), 0, 0, 360, (120, 30, 40), -1, cv2.LINE_AA)
        if drop > 0.3:
            cv2.line(image, (x + dx, y + 14), (x + dx + (dx // 2), y - 60), skin, 9, cv2.LINE_AA)


def _burst(rng: np.random.Generator) -> tuple[int, int, NDArray[np.float64], tuple[int, int, int]]:
    colour = tuple(int(c) for c in rng.integers(140, 256, 3))
    return (
        int(rng.integers(90, 550)),
        int(rng.integers(40, 150)),
        rng.normal(0, 1, (70, 2)),
        (colour[0], colour[1], colour[2]),
    )


def _firework(
    image: Image, spark: tuple[int, int, NDArray[np.float64], tuple[int, int, int]], age_s: float
) -> None:
    x, y, directions, colour = spark
    if 0 < age_s < 1.4:
        for dx, dy in directions * 75 * np.sqrt(age_s) + np.array([0, 25 * age_s**2]):
            cv2.circle(image, (int(x + dx), int(y + dy)), 3 if age_s < 0.8 else 2, colour, -1, cv2.LINE_AA)


def _ride_sound(seed: int, rate: int = 44100) -> Sound:
    rng = np.random.default_rng(seed + 1)
    time_s = np.arange(int(DEMO_S * rate)) / rate
    wheels = 0.02 * np.sin(2 * np.pi * 90 * time_s) * (1 + 0.3 * np.sin(2 * np.pi * 3 * time_s))
    sound = wheels + 0.006 * rng.standard_normal(len(time_s))
    for event, gain in (("drop", 0.22), ("splash", 0.3), ("fireworks", 0.2)):
        start, end = DEMO_EVENTS[event]
        inside = (time_s > start) & (time_s < end)
        envelope = np.sin(np.pi * (time_s[inside] - start) / (end - start))
        scream = (
            np.sin(2 * np.pi * 620 * time_s[inside] + 6 * np.sin(2 * np.pi * 5 * time_s[inside]))
            if event == "drop"
            else 0.0
        )
        sound[inside] += gain * envelope * (0.6 * rng.standard_normal(int(inside.sum())) + scream)
    return np.asarray(np.clip(sound, -1, 1), np.float32)
