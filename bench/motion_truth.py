"""The Motion perceiver against rendered motion whose displacement is known."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.stats import spearmanr

from bench.measure import Target, write_result
from bench.worlds import Image, noise_bank, noisy, texture, view
from momentscan.perceive.frame_quality import SHORT_SIDE_PX
from momentscan.perceive.motion import Motion, MotionOptions
from momentscan.values import Batch

HEIGHT_PX, WIDTH_PX = 1080, 1920
MARGIN_PX = 230
NOISE = 6.0
"""Standard deviation in grey levels: an indoor phone video."""

PAIRS, LITERAL_PAIRS = 240, 60
STEP_S = 1 / 30

Warp = Callable[[float, np.random.Generator], np.ndarray]
"""(size of the motion, rng) -> (2,3) affine matrix from the second frame to the scene."""


@dataclass(frozen=True)
class Kind:
    """A kind of motion: `sizes` low to high in `unit`, and the matrix that makes one."""

    name: str
    low: float
    high: float
    unit: str
    warp: Warp


def _shift(size: float, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([[1, 0, MARGIN_PX + size * np.cos(angle)], [0, 1, MARGIN_PX + size * np.sin(angle)]])


def _about_centre(linear: np.ndarray) -> np.ndarray:
    centre = np.array([WIDTH_PX / 2, HEIGHT_PX / 2])
    return np.column_stack([linear, centre + MARGIN_PX - linear @ centre])


def _zoom(size: float, rng: np.random.Generator) -> np.ndarray:
    return _about_centre(np.eye(2) * (1 + rng.choice([-1, 1]) * size / 100))


def _turn(size: float, rng: np.random.Generator) -> np.ndarray:
    angle = np.deg2rad(rng.choice([-1, 1]) * size)
    return _about_centre(np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


KINDS = (
    Kind("translation", 0.3, 70, "px a frame", _shift),
    Kind("translation between frames sampled at 10 Hz", 0.9, 210, "px a step of three frames", _shift),
    Kind("zoom", 0.05, 8, "% a frame", _zoom),
    Kind("rotation", 0.03, 5, "degrees a frame", _turn),
)


def main() -> None:
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        pairs = LITERAL_PAIRS if kind.name == "translation" else 0
        rows += _compared(kind, PAIRS if kind.name == "translation" else PAIRS // 2, pairs)
        print(*rows[-2 if pairs else -1 :], sep="\n", flush=True)
    first = rows[0]
    targets = [
        Target(
            "motion against true displacement, 0.3 to 70 px a frame, Spearman",
            0.97,
            first["spearman"],
            "",
            at_most=False,
        ),
        Target("motion, a frame", 2.0, first["cpu_ms"], "CPU-ms"),
    ]
    notes = (
        f"{WIDTH_PX}x{HEIGHT_PX} textured scenes, sizes log-uniform, random directions, sensor noise of "
        f"{NOISE:g} levels. dis sees the frames "
        f"of the pass ({SHORT_SIDE_PX} px short side) and its time is that of Motion.process, gray and "
        "resize included; farneback (the seed's) "
        "sees full size. Truth is the mean displacement over the picture; `scale` the median of measured "
        "over true."
    )
    write_result("motion_truth", targets, notes, rows=rows)


def _compared(kind: Kind, n: int, n_literal: int) -> list[dict[str, Any]]:
    """One row per method; farneback sees only the first `n_literal` pairs."""
    rng = np.random.default_rng(11)
    scenes = [texture(HEIGHT_PX + 2 * MARGIN_PX, WIDTH_PX + 2 * MARGIN_PX, seed) for seed in range(4)]
    noise = noise_bank(rng, HEIGHT_PX, WIDTH_PX, NOISE)
    sizes = np.exp(rng.uniform(np.log(kind.low), np.log(kind.high), n))
    truth, found = np.zeros(n), {"dis": np.zeros(n), "farneback": np.zeros(n_literal)}
    cpu = {"dis": np.zeros(n), "farneback": np.zeros(n_literal)}
    for i, size in enumerate(sizes):
        scene = scenes[i % len(scenes)]
        matrix = kind.warp(float(size), rng)
        truth[i] = _mean_shift(matrix)
        after = cv2.warpAffine(
            scene, matrix, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        )
        pair = [
            noisy(view(scene, MARGIN_PX, MARGIN_PX, HEIGHT_PX, WIDTH_PX), noise[i % 3]),
            noisy(np.asarray(after, np.uint8), noise[3 + i % 3]),
        ]
        found["dis"][i], cpu["dis"][i] = _measured("dis", [_as_passed(f) for f in pair])
        if i < n_literal:
            found["farneback"][i], cpu["farneback"][i] = _measured("farneback", pair)
    return [_row(kind, m, truth, found[m], cpu[m]) for m in found if len(found[m])]


def _row(kind: Kind, method: str, truth: np.ndarray, found: np.ndarray, cpu: np.ndarray) -> dict[str, Any]:
    true = truth[: len(found)]
    return {
        "motion": f"{kind.name}, {kind.low:g} to {kind.high:g} {kind.unit}",
        "method": method,
        "pairs": len(found),
        "spearman": float(spearmanr(true, found).statistic),
        "spearman_by_size": {
            f"{low:g}-{high:g} px": float(spearmanr(true[inside], found[inside]).statistic)
            for low, high in ((0.3, 2), (2, 10), (10, 30), (30, 70), (70, 210))
            if (inside := (true >= low) & (true < high)).sum() > 5
        },
        "scale": float(np.median(found / true)),
        "cpu_ms": float(np.median(cpu) * 1000),
    }


def _mean_shift(matrix: np.ndarray) -> float:
    """Mean length of the displacement over the picture, px."""
    x, y = np.meshgrid(np.arange(0, WIDTH_PX, 20) + 0.5, np.arange(0, HEIGHT_PX, 20) + 0.5)
    there = matrix @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    return float(np.hypot(there[0] - MARGIN_PX - x.ravel(), there[1] - MARGIN_PX - y.ravel()).mean())


def _as_passed(frame: Image) -> Image:
    size = (round(WIDTH_PX * SHORT_SIDE_PX / HEIGHT_PX), SHORT_SIDE_PX)
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _measured(method: str, pair: list[Image]) -> tuple[float, float]:
    """(px of the full-size picture, CPU-seconds of the look at the second frame)."""
    motion = Motion(knobs=MotionOptions(method))
    motion.process(_batch(pair[0], 0.0), {})
    began = time.process_time()
    columns = motion.process(_batch(pair[1], STEP_S), {})
    cpu = time.process_time() - began
    return float(columns["frames.motion"][0]) * STEP_S * float(np.hypot(WIDTH_PX, HEIGHT_PX)), cpu


def _batch(frame: Image, time_s: float) -> Batch:
    none = np.zeros((0, 18, 32), np.uint8)
    return Batch(
        time_s,
        time_s + STEP_S,
        frame[None],
        np.array([time_s]),
        np.array([0]),
        np.zeros(0, np.float32),
        none,
        np.zeros(0),
    )


if __name__ == "__main__":
    main()
