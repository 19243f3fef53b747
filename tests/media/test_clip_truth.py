"""Cut truth: which frames and what sound a clip really has, read back from a counter in the pictures and
noise that tells the time.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from media.cutting import Truth, read, sound_late_s, trimmed, video
from momentscan.media.clip import ClipDone, cut_clip

NTSC = Fraction(30000, 1001)
VARYING = np.cumsum([0.0, *np.random.default_rng(3).choice([1 / 60, 1 / 30, 1 / 24, 0.1], 149)])


def make(name: str, folder: Path) -> Truth:
    path = folder / name
    match name.rpartition(".")[0]:
        case "cfr_23.976":
            return video(path, Fraction(24000, 1001), gop=24)
        case "cfr_25":
            return video(path, 25, layout="stereo", hz=44100)
        case "cfr_29.97":
            return video(path, NTSC, gop=30)
        case "cfr_30":
            return video(path, 30, b_frames=0, sound_codec="ac3")
        case "cfr_60":
            return video(path, 60, n=300, gop=60, b_frames=3)
        case "vfr":
            return video(path, 30, times_s=VARYING)
        case "late_sound":
            return video(path, 25, sound_start_s=1.3)
        case "late_picture":
            return video(path, 25, start_s=1.3)
        case "both_late":
            return video(path, NTSC, start_s=5.0, sound_start_s=5.2)
        case "silent":
            return video(path, 25, sound_start_s=None)
        case "turned":
            return video(path, 30, turn_deg=-90, pixel_aspect=Fraction(4, 3))
        case "trimmed":
            return trimmed(video(folder / "whole.mp4", 25), 10, path)
    raise AssertionError(name)


SOURCES = [
    "cfr_23.976.mp4", "cfr_25.mp4", "cfr_29.97.mkv", "cfr_29.97.ts", "cfr_30.mp4", "cfr_60.mp4", "vfr.mp4",
    "vfr.mkv", "late_sound.mp4",
    "late_sound.mkv", "late_picture.mp4", "late_picture.ts", "both_late.mp4", "both_late.mkv", "silent.mp4",
    "turned.mp4", "trimmed.mp4",
]  # fmt: skip
WINDOWS = [(0.0, 1.0), (0.61, 3.333), (1.04, 1.08), (2.5, 99.0)]


@pytest.fixture(scope="module", params=SOURCES)
def truth(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return make(request.param, tmp_path_factory.mktemp("source"))


def wanted(truth: Truth, start_s: float, end_s: float) -> list[int]:
    """Frames that begin inside, to half a tick of the coarsest clock (Matroska's millisecond)."""
    return [i for i, t in enumerate(truth.times_s) if start_s - 5e-4 <= t < end_s - 5e-4]


def key_before(truth: Truth, frame: int) -> int:
    """The key frame at or before a frame; negative where it is hidden."""
    return (frame + truth.first) // truth.gop * truth.gop - truth.first


def copied(truth: Truth, start_s: float, end_s: float, last: int) -> list[int]:
    """Frames of a copy that goes on to `last`."""
    return list(range(key_before(truth, wanted(truth, start_s, end_s)[0]), last + 1))


def assert_true(done: ClipDone, truth: Truth, expected: list[int]) -> None:
    clip = read(done.path, truth.turn_deg)
    assert clip.numbers == [truth.first + i for i in expected]
    times = truth.times_s[expected]
    assert done.start_s == pytest.approx(times[0], abs=1.1e-3)
    ends = truth.times_s[expected[-1] + 1] if expected[-1] + 1 < len(truth.times_s) else truth.info.duration_s
    assert done.end_s == pytest.approx(ends, abs=2.1e-3)
    assert clip.times_s == pytest.approx(times - times[0], abs=2.1e-3)
    loose_s = (
        0.002 if done.how == "exact" else 0.012
    )  # the lengths of Matroska's frames are guessed where they are stored in another order
    assert clip.end_s == pytest.approx(done.end_s - done.start_s, abs=loose_s)
    assert done.n_frames == len(expected)
    frame_s = float(np.median(np.diff(truth.times_s)))
    if truth.sound_s is None or (done.how == "copy" and done.end_s < truth.sound_s):
        assert clip.sound is None
    else:
        assert abs(sound_late_s(clip, truth, float(times[0]))) < min(
            frame_s, 0.003 if done.how != "copy" else frame_s
        )


@pytest.mark.parametrize("window", WINDOWS, ids=lambda w: f"{w[0]:g}-{w[1]:g}")
@pytest.mark.parametrize("how", ["exact", "smart"])
def test_clips_show_the_frames_of_their_window_and_sound_with_them(
    how: str, window: tuple[float, float], truth: Truth, tmp_path: Path
) -> None:
    done = cut_clip(truth.info, *window, tmp_path / "clip.mp4", how)
    assert_true(done, truth, wanted(truth, *window))


@pytest.mark.parametrize("window", WINDOWS, ids=lambda w: f"{w[0]:g}-{w[1]:g}")
def test_copies_begin_at_the_key_frame_before(
    window: tuple[float, float], truth: Truth, tmp_path: Path
) -> None:
    done = cut_clip(truth.info, *window, tmp_path / "clip.mp4", "copy")
    frames = wanted(truth, *window)
    if key_before(truth, frames[0]) < 0:
        assert done.how == "exact", "what the source hides stays hidden"
        assert "trimmed away" in done.notes[0]
        assert_true(done, truth, frames)
        return
    assert done.how == "copy"
    last = read(done.path, truth.turn_deg).numbers[-1] - truth.first
    assert frames[-1] <= last <= frames[-1] + 4
    assert_true(done, truth, copied(truth, *window, last))
