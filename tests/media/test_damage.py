"""What is readable of a damaged file is read, and what was lost is said."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.making import (
    all_frames,
    all_sound,
    clicks,
    encode,
    indices,
    numbered,
    numbers,
    times,
    whole_pass,
    with_holes,
)
from momentscan.errors import UnreadableInput
from momentscan.media.decode import SamplingOptions


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 frames, a key frame every 12."""
    return encode(
        tmp_path_factory.mktemp("clean") / "clean.mkv", numbered(100), sound=clicks(4.0, [1.0, 3.0])
    )


@pytest.mark.parametrize("suffix", ["mkv", "ts", "avi", "flv"])
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_file_that_was_cut_off_gives_what_is_left_of_it(suffix: str, share: float, tmp_path: Path) -> None:
    codec = {"avi": "mpeg4", "flv": "flv"}.get(suffix, "libx264")
    path = encode(tmp_path / f"whole.{suffix}", numbered(200), codec=codec)
    kept = int(path.stat().st_size * share)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(path.read_bytes()[:kept])
    with av.open(
        str(path)
    ) as container:  # a packet of a transport stream is wrapped in many; its place is that of the first
        places = [p.pos for p in container.demux(video=0) if p.size]
    whole_packets = sum(after <= kept for after in places[1:])
    info, batches = whole_pass(cut)
    assert info.n_frames == pytest.approx(whole_packets, abs=2)
    assert numbers(all_frames(batches))[: whole_packets - 1] == list(range(whole_packets - 1))
    if suffix != "ts":  # a transport stream promises no length
        assert info.partial
    if suffix in ("mkv", "flv"):  # libav shortens what an AVI promises by what is missing
        assert any("promises 8.00 s" in p for p in info.problems)


@pytest.mark.parametrize(
    "damaged", [[40], [47], [96], [97], [98], [99], [90, 97], [30, 31, 32], list(range(48, 60))]
)
def test_damaged_packets_are_read_over_and_said(damaged: list[int], clean: Path, tmp_path: Path) -> None:
    info, batches = whole_pass(with_holes(clean, damaged, tmp_path / "holes.mkv"))
    assert info.partial
    assert "damaged" in info.problems[0]
    decoded = numbers(all_frames(batches))
    assert decoded[: damaged[0]] == list(range(damaged[0])), "nothing before the damage is lost"
    after = list(range(-(-(damaged[-1] + 1) // 12) * 12, 100))
    assert decoded[len(decoded) - len(after) :] == after, "nothing from the next key frame on is lost"
    assert times(batches)[: damaged[0]] == pytest.approx(np.arange(damaged[0]) / 25, abs=0.001)
    assert len(all_sound(batches)) == round(info.duration_s * 22050), "the sound goes on"


@pytest.mark.parametrize("damaged", [[97], [98], [90, 97]])
def test_what_follows_damage_near_the_end_is_kept(damaged: list[int], clean: Path, tmp_path: Path) -> None:
    """Frame threads drop what follows an error when the decoder is flushed."""
    path = with_holes(clean, damaged, tmp_path / "holes.mkv")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        plain = 0
        for packet in container.demux(stream):
            try:
                plain += len(packet.decode())
            except av.error.InvalidDataError:
                continue
    info, _ = whole_pass(path)
    assert info.n_frames == plain
    assert info.partial


def test_damage_is_read_the_same_way_every_time(media_folder: Path) -> None:
    """Every frame of this file is damaged; with frame threads each reading gives other pixels."""
    path = media_folder / "formats" / "empty_edit_5s.mp4"
    first_info, first = whole_pass(path)
    for _ in range(3):
        info, again = whole_pass(path)
        assert info == first_info
        assert np.array_equal(all_frames(again), all_frames(first))


@pytest.mark.parametrize("decode", ["exact", "fast"])
def test_frames_keep_their_index_and_time_up_to_the_damage(decode: str, clean: Path, tmp_path: Path) -> None:
    _, batches = whole_pass(
        with_holes(clean, [60], tmp_path / "holes.mkv"), SamplingOptions(grid_hz=240, decode=decode)
    )
    assert list(indices(batches))[:60] == list(range(60))
    assert np.all(np.diff(times(batches)) > 0)
    assert np.all(np.diff(indices(batches)) > 0)


@pytest.mark.parametrize(
    ("suffix", "said"),
    [
        ("mp4", "damaged packets were read over"),
        ("mkv", "the picture stands still 1 times"),
        ("ts", "packets are missing"),
    ],
)
def test_bytes_overwritten_in_the_middle_are_survived_and_said(
    suffix: str, said: str, tmp_path: Path
) -> None:
    """Matroska hides a hole: libav goes on with the next cluster, and only the clock shows it. So it is told,
    and not called partial.
    """
    path = encode(tmp_path / f"video.{suffix}", numbered(200))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(data)
    info, batches = whole_pass(path)
    assert said in info.problems[0]
    assert info.partial == (suffix != "mkv")
    assert 80 < info.n_frames <= 200
    decoded = numbers(all_frames(batches))
    assert decoded[:80] == list(range(80))
    if suffix != "mp4":  # its random bytes hold a parameter set that spoils all that follows, for any decoder
        assert decoded[-1] == 199


def test_a_first_key_frame_that_is_damaged_costs_only_its_group(clean: Path, tmp_path: Path) -> None:
    info, batches = whole_pass(with_holes(clean, range(12), tmp_path / "headless.mkv"))
    assert numbers(all_frames(batches)) == list(range(12, 100))
    assert times(batches)[0] == 0.0
    assert info.origin_s == pytest.approx(0.48, abs=0.001)
    assert info.partial


def test_a_file_of_which_nothing_can_be_decoded_is_refused(clean: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="not one frame could be decoded"):
        whole_pass(with_holes(clean, range(100), tmp_path / "dead.mkv"))


@given(
    seed=st.integers(0, 2**32 - 1), n_hits=st.integers(1, 40), suffix=st.sampled_from(["mkv", "mp4", "ts"])
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_damage_ends_in_an_ascending_video_or_in_one_line(
    seed: int, n_hits: int, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"video.{suffix}"
    if not path.exists():
        encode(
            path,
            numbered(60),
            sound=clicks(2.4, [1.0]),
            sound_codec="aac" if suffix != "mkv" else "pcm_s16le",
        )
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    rng = np.random.default_rng(seed)
    data[rng.integers(0, len(data), n_hits)] = rng.integers(0, 256, n_hits)
    hit = tmp_path / f"hit.{suffix}"
    hit.write_bytes(data.tobytes())
    try:
        info, batches = whole_pass(hit)
    except UnreadableInput as error:
        assert "\n" not in str(error)  # noqa: PT017  refusing is as good an end as reading
        return
    assert np.all(np.diff(times(batches)) > 0)
    assert np.all(np.diff(indices(batches)) > 0)
    left_out = sum(int(p.split()[0]) for p in info.problems if "repeat a time" in p)
    assert info.n_frames == sum(len(b.thumbs) for b in batches) + left_out
    assert batches[-1].end_s == info.duration_s
    for b in batches:
        assert b.sound.shape in ((0,), (round(b.end_s * 22050) - round(b.start_s * 22050),))
    assert not any("the file promises" in p for p in info.problems) or info.partial


@pytest.mark.parametrize("second_start_s", [0.0, 500.0])
def test_two_recordings_joined_byte_by_byte_follow_on_each_other(
    second_start_s: float, tmp_path: Path
) -> None:
    """The clock of a transport stream restarts, or jumps, where the second begins."""
    first = encode(
        tmp_path / "first.ts",
        numbered(100),
        start_s=10.0,
        sound=clicks(4.0, [2.0]),
        sound_start_s=10.0,
        sound_codec="mp2",
    )
    second = encode(
        tmp_path / "second.ts", numbered(75, 100), start_s=second_start_s, sound=clicks(3.0, [1.0]),
        sound_start_s=second_start_s,
        sound_codec="mp2",
    )  # fmt: skip
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    info, batches = whole_pass(joined)
    assert numbers(all_frames(batches)) == list(range(175))
    assert times(batches) == pytest.approx(np.arange(175) / 25, abs=0.001)
    assert info.duration_s == pytest.approx(7.0, abs=0.05)
    assert info.mended_clock
    assert not info.partial, "nothing of the picture is missing"
    assert "1 jumps of the clock were closed" in info.problems
    loud = np.flatnonzero(np.nan_to_num(np.abs(all_sound(batches))) > 0.25) / 22050
    assert loud.min() == pytest.approx(2.0, abs=0.06)
    assert loud.max() == pytest.approx(5.0, abs=0.06)


def test_a_track_that_appears_on_the_way_is_left_alone(tmp_path: Path) -> None:
    """A broadcast that adds tracks in mid-file; what PyAV makes of them at the end depends on what lies in
    memory.
    """
    first = encode(tmp_path / "first.ts", numbered(50))
    second = encode(
        tmp_path / "second.ts",
        numbered(50, 50),
        start_s=2.0,
        sound=clicks(2.0, [1.0]),
        sound_start_s=2.0,
        sound_codec="mp2",
    )
    joined = tmp_path / "joined.ts"
    joined.write_bytes(
        first.read_bytes() * 40 + second.read_bytes()
    )  # too far in for libav to see it when it opens the file
    for _ in range(5):
        info, batches = whole_pass(joined, SamplingOptions(grid_hz=5.0))
        assert info.n_frames == 41 * 50
        assert numbers(all_frames(batches))[-1] == 95


def test_subtitles_that_outlast_the_picture_do_not_make_it_partial(media_folder: Path) -> None:
    """The container declares 8.07 s, where its last subtitle fades; picture and sound end at 6.97 s."""
    info, _ = whole_pass(media_folder / "scenes/theatre_dissolves_dts.mkv", SamplingOptions(), 64)
    assert info.n_frames == 207
    assert not info.partial
