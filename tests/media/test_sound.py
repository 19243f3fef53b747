"""Sound stays on its own PTS, sample by sample on the picture's clock; where there is none, it is NaN or not
there at all.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from media.making import all_sound, clicks, encode, numbered, whole_pass
from momentscan.media.decode import SamplingOptions
from momentscan.media.render import write_video
from momentscan.values import SOUND_HZ

NEAR_S = 0.005


def clicks_heard(sound: np.ndarray) -> list[float]:
    """Seconds of each click, from the first frame."""
    loud = np.flatnonzero(np.nan_to_num(np.abs(sound)) > 0.25)
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-SOUND_HZ) > SOUND_HZ // 20)]
    return [float(s / SOUND_HZ) for s in starts]


def carried(sound: np.ndarray) -> tuple[float, float]:
    """Seconds of the first and after the last sample that is there."""
    there = np.flatnonzero(np.isfinite(sound))
    return float(there[0] / SOUND_HZ), float((there[-1] + 1) / SOUND_HZ)


def test_a_video_without_sound_has_no_samples_at_all(tmp_path: Path) -> None:
    info, batches = whole_pass(encode(tmp_path / "mute.mp4", numbered(100)), SamplingOptions(span_s=1.0))
    assert [b.sound.shape for b in batches] == [(0,)] * 4
    assert info.audio_codec is None
    assert not info.problems


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_click_is_where_it_was_put(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"video.{suffix}"
    write_video(path, numbered(150), 25.0, clicks(6.0, [0.5, 2.0, 5.25]))
    assert clicks_heard(all_sound(whole_pass(path)[1])) == pytest.approx([0.5, 2.0, 5.25], abs=NEAR_S)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_a_click_is_where_it_was_put_at_any_rate(rate: int, tmp_path: Path) -> None:
    path = encode(tmp_path / "video.mkv", numbered(150), sound=clicks(6.0, [0.5, 5.25], rate), sound_hz=rate)
    sound = all_sound(whole_pass(path)[1])
    assert clicks_heard(sound) == pytest.approx([0.5, 5.25], abs=0.001)
    assert len(sound) == 6 * SOUND_HZ
    assert np.isfinite(sound[: -SOUND_HZ // 100]).all()


@pytest.mark.parametrize("picture_s", [0.0, 3.0])
@pytest.mark.parametrize("sound_s", [0.0, 1.5, 3.5])
def test_late_sound_and_late_pictures_stay_in_step(picture_s: float, sound_s: float, tmp_path: Path) -> None:
    """The click is 2.2 s into the sound; on the picture's clock that is 2.2 + sound start - picture start."""
    path = encode(
        tmp_path / "late.mkv",
        numbered(150),
        start_s=picture_s,
        sound=clicks(4.0, [2.2, 3.4]),
        sound_start_s=sound_s,
    )
    sound = all_sound(whole_pass(path, SamplingOptions(span_s=1.0))[1])
    shift_s = sound_s - picture_s
    expected = [t + shift_s for t in (2.2, 3.4) if 0 <= t + shift_s < 6]
    assert clicks_heard(sound) == pytest.approx(expected, abs=0.002)
    assert len(sound) == 6 * SOUND_HZ
    first_s, last_s = carried(sound)
    assert first_s == pytest.approx(max(0.0, shift_s), abs=0.002)
    assert last_s == pytest.approx(min(6.0, 4.0 + shift_s), abs=0.002)


def test_sound_that_ends_early_is_nan_after_and_said_so(tmp_path: Path) -> None:
    info, batches = whole_pass(
        encode(tmp_path / "short.mkv", numbered(150), sound=clicks(2.0, [1.0])), SamplingOptions(span_s=1.0)
    )
    assert carried(all_sound(batches)) == pytest.approx((0.0, 2.0), abs=0.002)
    assert np.isnan(batches[-1].sound).all()
    assert info.problems == ("the sound ends 4.0 s before the picture",)
    assert not info.partial


def test_sound_longer_than_the_picture_is_cut(tmp_path: Path) -> None:
    info, batches = whole_pass(encode(tmp_path / "long.mkv", numbered(50), sound=clicks(9.0, [1.0, 8.0])))
    assert len(all_sound(batches)) == 2 * SOUND_HZ
    assert info.duration_s == pytest.approx(2.0)
    assert not info.partial
    assert not info.problems


@pytest.mark.parametrize("span_s", [0.5, 1.0, 2.7, 60.0])
def test_the_span_of_a_batch_changes_no_sample(span_s: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.9, 0.9, 5 * 44100).astype(np.float32)
    path = encode(tmp_path / "noise.mkv", numbered(125), sound=noise, sound_start_s=0.31)
    whole = all_sound(whole_pass(path, SamplingOptions(span_s=5.0))[1])
    assert np.array_equal(
        all_sound(whole_pass(path, SamplingOptions(span_s=span_s))[1]), whole, equal_nan=True
    )


def test_the_level_of_sound_is_kept(tmp_path: Path) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(5 * 44100) / 44100)).astype(np.float32)
    sound = all_sound(whole_pass(encode(tmp_path / "tone.mkv", numbered(125), sound=tone))[1])
    assert float(np.sqrt(np.nanmean(sound[2000:-2000] ** 2))) == pytest.approx(0.5 / np.sqrt(2), abs=0.002)


def test_a_hole_in_the_sound_is_nan_and_what_follows_is_in_place(tmp_path: Path) -> None:
    """Two takes of one second, at 0 s and at 3 s, each with a click in its middle."""
    path = tmp_path / "hole.mkv"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=25, options={"threads": "1"})
        picture.height, picture.width, picture.pix_fmt = 96, 160, "yuv420p"
        voice = container.add_stream("pcm_s16le", rate=44100, layout="mono")
        for frame in numbered(100):
            container.mux(picture.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(picture.encode(None))
        for start_s in (0, 3):
            take = np.round(clicks(1.0, [0.5]) * 32767).astype(np.int16)
            for at in range(0, 44100, 4410):
                frame = av.AudioFrame.from_ndarray(take[None, at : at + 4410], format="s16", layout="mono")
                frame.sample_rate, frame.pts = 44100, start_s * 44100 + at
                container.mux(voice.encode(frame))
        container.mux(voice.encode(None))
    sound = all_sound(whole_pass(path, SamplingOptions(span_s=1.0))[1])
    assert clicks_heard(sound) == pytest.approx([0.5, 3.5], abs=0.002)
    assert np.isnan(sound[round(1.05 * SOUND_HZ) : round(2.95 * SOUND_HZ)]).all()
    assert np.isfinite(sound[: round(0.99 * SOUND_HZ)]).all()
    assert np.isfinite(sound[round(3.01 * SOUND_HZ) : round(3.98 * SOUND_HZ)]).all()


def test_stereo_and_surround_become_one_channel(media_folder: Path) -> None:
    for name, codec in (("formats/bbb_0_30.webm", "vorbis"), ("scenes/theatre_dissolves_dts.mkv", "dts")):
        info, batches = whole_pass(media_folder / name, SamplingOptions(grid_hz=1.0), 32)
        assert info.audio_codec == codec
        sound = all_sound(batches)
        assert len(sound) == round(info.duration_s * SOUND_HZ)
        assert np.isfinite(sound).mean() > 0.95
        assert 0 < np.nanmax(np.abs(sound)) <= 1.5


def test_damaged_sound_does_not_cost_the_picture(media_folder: Path) -> None:
    info, _ = whole_pass(
        media_folder / "formats/video_with_failing_audio.mp4", SamplingOptions(grid_hz=1.0), 32
    )
    assert info.n_frames == 280
    assert not info.partial


def test_the_speech_of_a_real_file_is_where_a_plain_decoder_has_it(media_folder: Path) -> None:
    """Truth: the frames of PyAV put down by their own PTS, without any of our code."""
    path = media_folder / "audio" / "baby_book_speech.mp4"
    with av.open(str(path)) as container:
        origin_s = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        frames = [(f.time, f.to_ndarray().mean(0), f.sample_rate) for f in container.decode(audio=0)]
    truth = np.zeros(12 * 100)
    for time_s, samples, rate in frames:
        for at in range(0, len(samples), 256):
            place = int((time_s - origin_s + at / rate) * 100)
            if 0 <= place < len(truth):
                truth[place] += float(np.abs(samples[at : at + 256]).sum())
    sound = np.nan_to_num(all_sound(whole_pass(path, SamplingOptions(grid_hz=1.0), 32)[1]))
    bins = np.abs(sound[: len(sound) // 220 * 220]).reshape(-1, 220).sum(1)
    ours = np.interp(np.arange(len(truth)) / 100, np.arange(len(bins)) * 220 / SOUND_HZ, bins)
    lags = range(-10, 11)
    best = max(lags, key=lambda lag: float(np.dot(np.roll(ours, lag), truth)))
    assert abs(best) <= 1
