"""Stills are the very frames that the pass saw, found again by their time."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

import worlds
from media.making import all_frames, encode, number_of, numbered, times, whole_pass, with_holes
from momentscan.media import jpeg, stills
from momentscan.media.decode import SamplingOptions
from momentscan.media.render import write_video


def assert_stills_are_the_frames(path: Path, every: int = 7, grid_hz: float = 240.0) -> None:
    info, batches = whole_pass(path, SamplingOptions(grid_hz=grid_hz))
    frames, at = all_frames(batches), times(batches)
    chosen = [*range(0, len(at), every), len(at) - 1]
    cut = stills(info, [float(at[i]) for i in chosen])
    assert sorted(cut) == sorted({float(at[i]) for i in chosen})
    for i in chosen:
        still = cut[float(at[i])]
        assert still.shape == (info.height_px, info.width_px, 3)
        seen = frames[i]
        if seen.shape != still.shape:  # the pass shows even sizes only
            seen = cv2.resize(seen, still.shape[1::-1])
            assert np.abs(seen.astype(int) - still).mean() < 12
        else:
            assert np.array_equal(seen, still), f"frame {i}"


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "flv"])
def test_stills_are_the_frames_that_the_pass_saw(suffix: str, tmp_path: Path) -> None:
    codec = {"avi": "mpeg4", "flv": "flv"}.get(suffix, "libx264")
    assert_stills_are_the_frames(encode(tmp_path / f"video.{suffix}", numbered(100), codec=codec))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_stills_of_frames_stored_in_another_order(suffix: str, tmp_path: Path) -> None:
    assert_stills_are_the_frames(encode(tmp_path / f"video.{suffix}", numbered(100), b_frames=3))


@pytest.mark.parametrize("turn_deg", [90, 180, -90])
def test_stills_of_turned_videos(turn_deg: int, tmp_path: Path) -> None:
    assert_stills_are_the_frames(encode(tmp_path / "turned.mp4", numbered(50), turn_deg=turn_deg))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv"])
def test_stills_of_a_video_that_starts_late(suffix: str, tmp_path: Path) -> None:
    codec = "flv" if suffix == "flv" else "libx264"
    assert_stills_are_the_frames(
        encode(tmp_path / f"late.{suffix}", numbered(100), start_s=7.32, codec=codec)
    )


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_stills_of_a_variable_frame_rate(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"variable.{suffix}"
    pts_s = np.cumsum(np.random.default_rng(5).choice([0.004, 0.01, 0.033, 0.9], 80))
    write_video(path, numbered(80), 30.0, pts_s=pts_s.round(3), options={"g": "10"})
    assert_stills_are_the_frames(path)


def test_stills_of_a_file_whose_clock_was_mended(tmp_path: Path) -> None:
    first = encode(tmp_path / "first.ts", numbered(60), start_s=9.0)
    second = encode(tmp_path / "second.ts", numbered(60, 60))
    path = tmp_path / "joined.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    assert_stills_are_the_frames(path)


def test_stills_of_a_damaged_file(tmp_path: Path) -> None:
    clean = encode(tmp_path / "clean.mkv", numbered(100))
    assert_stills_are_the_frames(with_holes(clean, [30, 55], tmp_path / "holes.mkv"))


def test_stills_of_a_moving_texture_are_exact_to_the_pixel(tmp_path: Path) -> None:
    path = tmp_path / "ride.mp4"
    worlds.ride(path, duration_s=3.0, burst=(1.0, 2.0))
    assert_stills_are_the_frames(path, every=5)


@pytest.mark.parametrize(
    "name",
    [
        "formats/fire2_rot180_vfr.mp4", "formats/phone_rot90_audio.mp4", "formats/delayed_start.mp4",
        "formats/frag_overlap.mp4",
        "formats/bbb_0_30.webm", "formats/no_duration.webm", "formats/video_90.mov", "formats/unordered.mov",
        "formats/SAR-2by3.mp4",
        "formats/pq_hdr10tags_rot.mkv", "formats/h265_10bits.mp4", "formats/av1_video.mkv",
        "formats/empty_edit_5s.mp4",
        "multi/scte20_panel.ts", "corrupt/corrupted_decord.mp4", "corrupt/brokensps.flv",
        "faces/makeup_test.avi",
    ],
)  # fmt: skip
def test_stills_of_real_files_are_the_frames_that_the_pass_saw(name: str, media_folder: Path) -> None:
    assert_stills_are_the_frames(media_folder / name, every=3, grid_hz=2.0)


def test_an_instant_at_which_nothing_was_shown_is_left_out(tmp_path: Path) -> None:
    info, _ = whole_pass(encode(tmp_path / "video.mp4", numbered(50)))
    assert set(stills(info, [0.4, 0.417, 99.0])) == {0.4}


def test_nothing_asked_is_nothing_given(tmp_path: Path) -> None:
    assert stills(whole_pass(encode(tmp_path / "video.mp4", numbered(5)))[0], []) == {}


def test_stills_need_no_length_and_no_index(tmp_path: Path) -> None:
    from media.making import streamed

    info, batches = whole_pass(streamed(tmp_path / "live.mkv", numbered(100)))
    assert number_of(stills(info, [float(times(batches)[77])])[float(times(batches)[77])]) == 77


def test_a_still_shows_the_frame_of_its_time_after_fast_decoding(tmp_path: Path) -> None:
    info, batches = whole_pass(
        encode(tmp_path / "video.mkv", numbered(100), b_frames=2),
        SamplingOptions(grid_hz=240.0, decode="fast"),
    )
    at = [float(t) for t in times(batches)[::9]]
    indices = [int(i) for b in batches for i in b.frame_idx][::9]
    assert [number_of(stills(info, at)[t]) for t in at] == indices


def test_a_still_is_of_the_display_size_whatever_the_pass_used(tmp_path: Path) -> None:
    info, _ = whole_pass(encode(tmp_path / "video.mp4", numbered(5)), short_side_px=32)
    assert stills(info, [0.0])[0.0].shape == (96, 160, 3)
    assert dataclasses.replace(info).width_px == 160


def test_jpeg_gives_the_same_bytes_for_the_same_pixels_and_keeps_their_colour() -> None:
    frame = np.zeros((64, 64, 3), np.uint8)
    frame[:] = (200, 40, 90)
    assert jpeg(frame) == jpeg(frame.copy())
    back = cv2.imdecode(np.frombuffer(jpeg(frame), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.abs(back.astype(int) - frame).max() <= 3
