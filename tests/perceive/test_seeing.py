"""Motion, picture and scenes against what was rendered."""

from __future__ import annotations

import numpy as np
import pytest

import worlds
from momentscan.perceive import Perceiver, process_batches
from momentscan.perceive.frame_quality import FrameQuality
from momentscan.perceive.motion import Motion, MotionOptions
from momentscan.perceive.scenes import Scenes
from momentscan.values import Batch, Columns


def batch(frames: list[np.ndarray], hz: float = 10.0, start_s: float = 0.0) -> Batch:
    shown = np.stack(frames)
    time_s = start_s + np.arange(len(shown)) / hz
    thumbs = shown[:, ::8, ::8].mean(-1).astype(np.uint8)
    return Batch(
        start_s,
        start_s + len(shown) / hz,
        shown,
        time_s,
        np.arange(len(shown)),
        np.zeros(0, np.float32),
        thumbs,
        time_s,
    )


def seen(perceiver: Perceiver, *batches: Batch) -> Columns:
    rows: dict[str, list[np.ndarray]] = {}
    for _, made in process_batches(batches, [perceiver]):
        for name, chunk in made[perceiver.name].items():
            rows.setdefault(name, []).append(chunk)
    return {name: np.concatenate(chunks) for name, chunks in rows.items()}


@pytest.mark.parametrize("speed_px", [0.5, 2.0, 6.0])
def test_motion_is_the_true_speed_in_diagonals_a_second(speed_px: float) -> None:
    frames = list(worlds.frames(1.0, lambda t: (20 + speed_px * 10 * t, 30.0), 10.0))
    columns = seen(Motion(), batch(frames))
    true = speed_px * 10 / np.hypot(*worlds.HW)
    assert columns["frames.motion"][1:] == pytest.approx(true, rel=0.35)
    assert columns["frames.motion_camera"][1:] == pytest.approx(true, rel=0.35)
    assert (columns["frames.motion_local"][1:] < 0.3 * true).all(), "all of it is the camera's"


def test_motion_does_not_depend_on_the_sampling_rate_or_on_size() -> None:
    def path(t: float) -> tuple[float, float]:
        return 20 + 40 * t, 30.0

    def typical(frames: list[np.ndarray], hz: float) -> float:
        return float(np.nanmedian(seen(Motion(), batch(frames, hz))["frames.motion"]))

    slow, fast = (
        typical(list(worlds.frames(2.0, path, 5.0)), 5.0),
        typical(list(worlds.frames(2.0, path, 20.0)), 20.0),
    )
    half = typical([f[::2, ::2] for f in worlds.frames(2.0, path, 10.0)], 10.0)
    assert fast == pytest.approx(slow, rel=0.15)
    assert half == pytest.approx(slow, rel=0.2)


def test_the_first_frame_has_no_motion_and_a_still_picture_none_at_all() -> None:
    columns = seen(Motion(), batch([worlds.texture()] * 4))
    assert np.isnan(columns["frames.motion"][0])
    assert columns["frames.motion"][1:].max() < 1e-3


def test_farneback_is_there_by_name_at_full_size() -> None:
    perceiver = Motion(knobs=MotionOptions("farneback"))
    assert perceiver.short_side_px > 10_000
    frames = list(worlds.frames(0.3, lambda t: (20 + 20 * t, 30.0), 10.0))
    assert seen(perceiver, batch(frames))["frames.motion"][1:] == pytest.approx(
        2 * 10 / np.hypot(*worlds.HW), rel=0.5
    )


@pytest.mark.parametrize("hw", [(2, 2), (16, 300), (400, 20)])
def test_tiny_and_narrow_frames_are_measured_too(hw: tuple[int, int]) -> None:
    frames = [np.random.default_rng(i).integers(0, 255, (*hw, 3)).astype(np.uint8) for i in range(3)]
    for perceiver in (Motion(), FrameQuality(), Scenes()):
        assert all(np.isfinite(rows[1:]).all() for rows in seen(perceiver, batch(frames)).values())


def test_blur_lowers_sharpness_and_darkness_exposure() -> None:
    sharp, soft = worlds.texture(blur=1.0), worlds.texture(blur=6.0)
    columns = seen(FrameQuality(), batch([sharp, soft, sharp // 3, np.full_like(sharp, 128)]))
    assert columns["frames.sharpness"][0] > 3 * columns["frames.sharpness"][1]
    assert columns["frames.exposure_mean"][2] == pytest.approx(
        columns["frames.exposure_mean"][0] / 3, abs=1.5
    )
    assert columns["frames.contrast"][3] == pytest.approx(0, abs=1e-6)
    assert columns["frames.sharpness"][3] == 0


def shots(cut_s: float, duration_s: float = 6.0, fps: float = 30.0) -> tuple[list[np.ndarray], np.ndarray]:
    """Every frame of a video that cuts from one drifting texture to another at `cut_s`, and their times."""
    a = list(worlds.frames(duration_s, lambda t: (20 + 10 * t, 30.0), fps, seed=0))
    b = list(worlds.frames(duration_s, lambda t: (20 + 10 * t, 30.0), fps, seed=5))
    time_s = np.arange(len(a)) / fps
    return [b[i] if t >= cut_s - 1e-9 else a[i] for i, t in enumerate(time_s)], time_s


@pytest.mark.parametrize("frame", [60, 61, 62, 89, 100])
def test_a_cut_is_dated_to_the_frame_though_only_every_third_is_looked_at(frame: int) -> None:
    every, time_s = shots(frame / 30)
    shown = np.arange(0, len(every), 3)
    thumbs = np.stack([f[::10, ::10].mean(-1).astype(np.uint8) for f in every])
    whole = Batch(
        0.0,
        6.0,
        np.stack([every[i] for i in shown]),
        time_s[shown],
        shown,
        np.zeros(0, np.float32),
        thumbs,
        time_s,
    )
    columns = seen(Scenes(), whole)
    assert columns["scenes.start_s"] == pytest.approx([0.0, frame / 30])
    assert columns["scenes.end_s"] == pytest.approx([frame / 30, 6.0])


def test_a_pan_is_no_cut() -> None:
    frames = list(worlds.frames(4.0, lambda t: (20 + 60 * t, 30.0), 10.0))
    assert seen(Scenes(), batch(frames))["scenes.start_s"].tolist() == [0.0]
