"""PTS is the only clock, the grid takes the first frame of each cell, and what is shown stands as a person
sees it.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from media.making import (
    ALL,
    HW,
    all_frames,
    encode,
    indices,
    mp4_matrix,
    number_of,
    numbered,
    numbers,
    times,
    whole_pass,
)
from momentscan.media import decode, open_video
from momentscan.media.decode import SamplingOptions
from momentscan.media.frame import display_size, fitted
from momentscan.media.render import write_video

VARIABLE_S = np.cumsum(np.random.default_rng(1).choice([0.01, 0.02, 0.033, 0.1, 0.7], 60)).round(3)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_times_are_the_pts_not_the_index_over_the_rate(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"variable.{suffix}"
    write_video(path, numbered(60), 25.0, pts_s=VARIABLE_S)
    info, batches = whole_pass(path)
    assert times(batches) == pytest.approx(
        VARIABLE_S - VARIABLE_S[0], abs=0.0011
    )  # Matroska counts milliseconds
    assert numbers(all_frames(batches)) == list(range(60))
    assert info.n_frames == 60
    assert not info.problems


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "flv"])
def test_a_late_start_is_rebased_to_the_first_frame(suffix: str, tmp_path: Path) -> None:
    codec = {"avi": "mpeg4", "flv": "flv"}.get(suffix, "libx264")
    path = encode(
        tmp_path / f"late.{suffix}", numbered(30), start_s=0.0 if suffix == "avi" else 4.0, codec=codec
    )
    info, batches = whole_pass(path)
    assert times(batches) == pytest.approx(np.arange(30) / 25, abs=0.0011)
    assert info.duration_s == pytest.approx(1.2, abs=0.0011)
    assert not info.partial


@pytest.mark.parametrize("b_frames", [0, 3])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mpeg2video", "libvpx"])
def test_frames_come_in_the_order_in_which_they_are_shown(codec: str, b_frames: int, tmp_path: Path) -> None:
    path = encode(
        tmp_path / "video.mkv", numbered(40), codec=codec, b_frames=b_frames if codec != "libvpx" else 0
    )
    info, batches = whole_pass(path)
    assert numbers(all_frames(batches)) == list(range(40))
    assert list(indices(batches)) == list(range(40))
    assert np.all(np.diff(times(batches)) > 0)
    assert not info.problems


@pytest.mark.parametrize("fps", [12.0, 29.97, 60.0])
@pytest.mark.parametrize("grid_hz", [1.0, 10.0, 25.0])
def test_each_cell_of_the_grid_gives_its_first_frame(fps: float, grid_hz: float, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    write_video(path, numbered(round(3 * fps)), fps)
    every = times(whole_pass(path)[1])
    expected = [
        i
        for i in range(len(every))
        if i == 0 or int(every[i] * grid_hz + 1e-6) > int(every[i - 1] * grid_hz + 1e-6)
    ]
    batches = whole_pass(path, SamplingOptions(grid_hz=grid_hz))[1]
    assert list(indices(batches)) == expected
    assert list(times(batches)) == list(every[expected])
    assert numbers(all_frames(batches)) == expected


@pytest.mark.parametrize("fps", [12.0, 29.97, 60.0])
def test_a_grid_finer_than_the_video_gives_every_frame_once(fps: float, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    write_video(path, numbered(round(2 * fps)), fps)
    assert numbers(all_frames(whole_pass(path, SamplingOptions(grid_hz=120.0))[1])) == list(
        range(round(2 * fps))
    )


def test_thumbnails_are_of_every_frame_whatever_the_grid(tmp_path: Path) -> None:
    path = encode(tmp_path / "video.mp4", numbered(50))
    info, batches = whole_pass(path, SamplingOptions(grid_hz=2.0))
    assert np.concatenate([b.thumb_s for b in batches]) == pytest.approx(np.arange(50) / 25)
    thumbs = np.concatenate([b.thumbs for b in batches])
    assert thumbs.shape == (50, 18, 32)
    first = next(iter(numbered(1, first=37)))
    assert (
        np.abs(
            thumbs[37].astype(int)
            - first[np.ix_(np.arange(18) * 96 // 18, np.arange(32) * 160 // 32)][:, :, 0]
        ).max()
        < 30
    )
    assert info.n_frames == 50


@pytest.mark.parametrize("span_s", [1.0, 5.0, 7.3])
def test_the_span_of_a_batch_changes_nothing(span_s: float, tmp_path: Path) -> None:
    path = tmp_path / "ride.mp4"
    worlds.ride(path, duration_s=9.0, burst=(4.0, 5.0))
    whole_info, whole = whole_pass(path, SamplingOptions(span_s=60.0), 90)
    info, batches = whole_pass(path, SamplingOptions(span_s=span_s), 90)
    assert info == whole_info
    for name in ("frames", "time_s", "frame_idx", "sound", "thumbs", "thumb_s"):
        joined = np.concatenate([getattr(b, name) for b in batches])
        assert np.array_equal(joined, getattr(whole[0], name), equal_nan=name == "sound"), name
    assert [b.start_s for b in batches] == pytest.approx([i * span_s for i in range(len(batches))])
    assert [b.end_s for b in batches[:-1]] == [b.start_s for b in batches[1:]]
    assert batches[-1].end_s == info.duration_s
    for b in batches:
        assert np.all((b.time_s >= b.start_s) & (b.time_s < b.end_s))
        assert np.all((b.thumb_s >= b.start_s) & (b.thumb_s < b.end_s))
        assert len(b.sound) == round(b.end_s * 22050) - round(b.start_s * 22050)


def test_a_pause_longer_than_a_batch_gives_empty_batches(tmp_path: Path) -> None:
    path = tmp_path / "pause.mp4"
    write_video(path, numbered(4), 25.0, pts_s=[0.0, 0.04, 20.0, 20.04])
    info, batches = whole_pass(path)
    assert [len(b.frames) for b in batches] == [2, 0, 0, 0, 2]
    assert batches[1].frames.shape == (0, *HW, 3)
    assert info.duration_s == pytest.approx(20.08, abs=0.001)
    assert "stands still 1 times" in info.problems[0]
    assert not info.partial


def test_batches_are_made_when_they_are_asked_for(tmp_path: Path) -> None:
    """Not more than one span and what the decoder holds is read ahead."""
    path = encode(tmp_path / "long.mkv", numbered(1000))
    with open_video(path) as video:
        batches = video.batches(SamplingOptions(span_s=1.0))
        first = next(batches)
        assert len(first.thumb_s) == 25
        assert video.info.n_frames == 0, "what was found is known at the end only"
        batches.close()


@pytest.mark.parametrize("turn_deg", [0, 90, 180, -90])
def test_a_corner_lands_where_the_file_says_that_it_is_shown(turn_deg: int, tmp_path: Path) -> None:
    """The truth is the matrix in the bytes of the track header, read by ISO 14496-12, not by libav."""
    height, width = HW
    frame = np.full((height, width, 3), 40, np.uint8)
    frame[:32, :32] = (230, 30, 30)
    path = encode(tmp_path / "turned.mp4", [frame] * 5, turn_deg=turn_deg)
    a, b, c, d = mp4_matrix(path)

    def place(x: float, y: float) -> np.ndarray:
        return np.array([a * x + c * y, b * x + d * y])

    corners = np.array([place(0, 0), place(width, 0), place(0, height), place(width, height)])
    origin, far = corners.min(0), corners.max(0)
    x, y = place(16, 16) - origin
    info, batches = whole_pass(path)
    seen = all_frames(batches)[0]
    assert seen.shape == (*(far - origin)[::-1].astype(int), 3)
    assert (info.width_px, info.height_px) == tuple((far - origin).astype(int))
    red = np.argwhere((seen[:, :, 0] > 150) & (seen[:, :, 1] < 100)).mean(0)
    assert red == pytest.approx([y, x], abs=3)


def test_a_phone_held_upright_turns_the_sensor_clockwise(tmp_path: Path) -> None:
    """By hand, without any matrix: frame.rotation is counter-clockwise (av_display_rotation_get), so -90
    brings the top left to the top right.
    """
    frame = np.full((*HW, 3), 40, np.uint8)
    frame[:32, :32] = (230, 30, 30)
    info, batches = whole_pass(encode(tmp_path / "phone.mp4", [frame] * 5, turn_deg=-90))
    assert info.rotation_deg == 90
    seen = all_frames(batches)[0]
    assert seen.shape == (160, 96, 3)
    assert seen[8, -8, 0] > 150
    assert seen[8, 8, 0] < 100


@pytest.mark.parametrize(("name", "light"), [("video_90.mov", None), ("phone_rot90_audio.mp4", "top")])
def test_real_phone_videos_stand_upright(name: str, light: str | None, media_folder: Path) -> None:
    """Looked at: keys of a keyboard that can be read; a white wall above a dark floor."""
    info, batches = whole_pass(media_folder / "formats" / name)
    assert info.rotation_deg == 90
    assert info.height_px > info.width_px
    if light:
        frame = all_frames(batches)[50].astype(float).mean(-1)
        assert frame[: len(frame) // 3, frame.shape[1] // 2 :].mean() > frame[-len(frame) // 6 :].mean() + 30


@pytest.mark.parametrize(
    ("aspect", "turn_deg", "size"),
    [
        (Fraction(2, 3), None, (107, 96)),
        (Fraction(4, 3), None, (213, 96)),
        (Fraction(1, 2), -90, (96, 80)),
        (Fraction(2), 180, (320, 96)),
    ],
)
def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are(
    aspect: Fraction, turn_deg: int | None, size: tuple[int, int], tmp_path: Path
) -> None:
    info, batches = whole_pass(
        encode(tmp_path / "wide.mp4", numbered(5), pixel_aspect=aspect, turn_deg=turn_deg)
    )
    assert (info.width_px, info.height_px) == size
    height, width = all_frames(batches)[0].shape[:2]
    assert (width, height) == pytest.approx(size, abs=1)


def test_frames_are_scaled_down_and_never_up(tmp_path: Path) -> None:
    path = encode(tmp_path / "video.mp4", numbered(5))
    assert all_frames(whole_pass(path, ALL, 48)[1]).shape == (5, 48, 80, 3)
    assert all_frames(whole_pass(path, ALL, 4000)[1]).shape == (5, 96, 160, 3)


@given(st.integers(1, 8192), st.integers(1, 8192), st.integers(1, 1080))
@settings(max_examples=200)
def test_a_fitted_size_is_even_and_about_as_asked(width: int, height: int, short_px: int) -> None:
    fit = fitted(width, height, short_px)
    assert all(side >= 2 and side % 2 == 0 for side in fit)
    assert abs(min(fit) - min(short_px, width, height)) <= 2


@given(st.integers(1, 4000), st.integers(1, 4000), st.floats(0.2, 5.0), st.sampled_from([0, 90, 180, 270]))
def test_a_turn_swaps_the_sides_and_nothing_else(
    width: int, height: int, aspect: float, turn_deg: int
) -> None:
    flat = display_size(width, height, aspect, 0)
    assert display_size(width, height, aspect, turn_deg) == (flat[::-1] if turn_deg in (90, 270) else flat)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mpeg2video"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_fast_decoding_shows_some_of_the_same_frames_at_the_same_times(
    codec: str, b_frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "SKIP_FROM", 0.0)
    path = encode(tmp_path / "video.mkv", numbered(100), codec=codec, b_frames=b_frames, start_s=1.0)
    exact_info, exact = whole_pass(path)
    info, fast = whole_pass(path, SamplingOptions(grid_hz=240.0, decode="fast"))
    place_of = dict(zip(times(exact).round(6), indices(exact), strict=True))
    assert [place_of[t] for t in times(fast).round(6)] == list(indices(fast))
    assert numbers(all_frames(fast)) == list(indices(fast)), "the frame is the one its index names"
    assert info.duration_s == pytest.approx(exact_info.duration_s, abs=3 / 25)
    assert len(indices(fast)) >= 100 // (b_frames + 1) - 1
    if b_frames:
        assert len(indices(fast)) < 100
    assert not info.partial


@pytest.mark.parametrize(
    "name",
    ["frag_overlap.mp4", "phone_rot90_audio.mp4", "unordered.mov", "bbb_0_30.webm", "fire2_rot180_vfr.mp4"],
)
def test_fast_decoding_counts_frames_of_real_files_as_exact_decoding_does(
    name: str, media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "SKIP_FROM", 0.0)
    exact = whole_pass(media_folder / "formats" / name, short_side_px=64)[1]
    fast = whole_pass(media_folder / "formats" / name, SamplingOptions(grid_hz=240.0, decode="fast"), 64)[1]
    place_of = dict(zip(times(exact).round(6), indices(exact), strict=True))
    assert [place_of[t] for t in times(fast).round(6)] == list(indices(fast))


def test_fast_decoding_leaves_no_cell_of_the_grid_empty_at_low_frame_rates(tmp_path: Path) -> None:
    path = encode(tmp_path / "video.mkv", numbered(100), b_frames=2)
    assert (
        len(indices(whole_pass(path, SamplingOptions(decode="fast"))[1]))
        == len(indices(whole_pass(path, SamplingOptions())[1]))
        == 40
    )


def test_a_number_survives_encoding(tmp_path: Path) -> None:
    """The world these tests stand on."""
    assert numbers(numbered(200)) == list(range(200))
    assert (
        number_of(all_frames(whole_pass(encode(tmp_path / "v.mp4", numbered(1, first=12345)))[1])[0]) == 12345
    )
