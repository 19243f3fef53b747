"""`write_video` puts frames and sound where it was told."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from media.making import all_frames, clicks, numbered, numbers, times, whole_pass
from momentscan.media.render import DEMO_EVENTS, DEMO_S, write_video


@pytest.mark.parametrize("fps", [10.0, 23.976, 25.0, 29.97, 60.0])
def test_frames_are_shown_at_the_rate_asked(fps: float, tmp_path: Path) -> None:
    write_video(tmp_path / "video.mp4", numbered(60), fps)
    info, batches = whole_pass(tmp_path / "video.mp4")
    assert info.fps == pytest.approx(fps, rel=1e-3)
    assert times(batches) == pytest.approx(np.arange(60) / fps, abs=0.002)
    assert numbers(all_frames(batches)) == list(range(60))


def test_frames_stop_when_their_times_do(tmp_path: Path) -> None:
    write_video(tmp_path / "video.mp4", numbered(60), 25.0, pts_s=[0.0, 0.5, 0.6])
    assert times(whole_pass(tmp_path / "video.mp4")[1]) == pytest.approx([0.0, 0.5, 0.6], abs=1e-4)


def test_sound_is_written_whole_even_where_it_outlasts_the_picture(tmp_path: Path) -> None:
    write_video(tmp_path / "video.mkv", numbered(25), 25.0, clicks(3.0, [2.5]))
    with av.open(str(tmp_path / "video.mkv")) as container:
        assert max(f.time + f.samples / f.sample_rate for f in container.decode(audio=0)) == pytest.approx(
            3.0, abs=0.06
        )


def test_the_same_frames_give_the_same_pictures(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, numbered(30), 25.0, clicks(1.2, [0.5]))
    (_, a), (_, b) = whole_pass(tmp_path / "a.mp4"), whole_pass(tmp_path / "b.mp4")
    assert np.array_equal(all_frames(a), all_frames(b))


def test_the_events_of_the_demo_lie_within_it() -> None:
    assert all(0 < start < end < DEMO_S for start, end in DEMO_EVENTS.values())
