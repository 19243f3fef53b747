"""A live feed gives the batches of a file, notes when it stalls, breaks or comes back, and ends by itself."""

from __future__ import annotations

import math
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from media.feeds import (
    QUICK,
    SECONDS,
    Answer,
    beside,
    camera,
    cut,
    fifo,
    followed,
    fragmented,
    lagging,
    recording,
    refuses,
    sends,
    server,
    streams,
    until,
    written,
)
from media.making import ALL, all_frames, all_sound, encode, indices, numbered, numbers, times, whole_pass
from momentscan.errors import UnreadableInput
from momentscan.media.container import ADDRESSES
from momentscan.media.feed import open_live
from momentscan.media.live_batches import Outage
from momentscan.media.live_options import LiveOptions, Note
from momentscan.media.live_source import public_name
from momentscan.values import SOUND_HZ, Batch


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of MPEG-TS with sound."""
    return recording(tmp_path_factory.mktemp("six") / "six.ts")


def same(batches: list[Batch], others: list[Batch]) -> None:
    for name in ("frames", "time_s", "frame_idx", "thumbs", "thumb_s", "sound"):
        ours, theirs = (np.concatenate([getattr(b, name) for b in bs]) for bs in (batches, others))
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    assert [(b.start_s, b.end_s) for b in batches[:-1]] == [(b.start_s, b.end_s) for b in others[:-1]]
    assert batches[-1].end_s == pytest.approx(others[-1].end_s, abs=1e-6)


# ---- the same as of a file ----


@pytest.mark.parametrize("kind", ["ts", "mkv", "flv", "fmp4"])
def test_a_feed_gives_what_a_scan_of_the_recording_gives(kind: str, tmp_path: Path) -> None:
    path = fragmented(tmp_path / "f.mp4") if kind == "fmp4" else recording(tmp_path / f"f.{kind}")
    info, batches, notes = followed(path)
    of_file, expected = whole_pass(path, SECONDS)
    same(batches, expected)
    assert len(batches) == 6
    assert (info.n_frames, info.width_px, info.container) == (
        of_file.n_frames,
        of_file.width_px,
        of_file.container,
    )
    assert info.size_bytes == path.stat().st_size
    assert [n.text for n in notes if n.kind == "ended"] == ["the file has not grown for 0.4 s"]


@pytest.mark.media
@pytest.mark.parametrize(
    "name",
    [
        "multi/scte20_panel.ts",
        "formats/bbb_0_30.webm",
        "multi/girl_laughing_full_73s.mp4",
        "formats/frag_overlap.mp4",
    ],
)
def test_real_recordings_too(name: str, media_folder: Path) -> None:
    _, batches, _ = followed(media_folder / name)
    same(batches, whole_pass(media_folder / name, SECONDS)[1])


def test_a_file_that_grows_is_followed_to_its_end(six: Path, tmp_path: Path) -> None:
    growing = tmp_path / "growing.ts"
    chunks = cut(six.read_bytes(), 12)
    growing.write_bytes(chunks[0])
    with beside(written(growing, chunks[1:], 0.08)):
        info, batches, notes = followed(growing)
    same(batches, whole_pass(six, SECONDS)[1])
    assert [n.kind for n in notes] == ["ended"]
    assert not info.partial


@pytest.mark.parametrize("n", [1, 7, 400])
def test_how_the_bytes_arrive_changes_nothing(n: int, six: Path, tmp_path: Path) -> None:
    pipe = fifo(tmp_path / "pipe")
    with beside(written(pipe, cut(six.read_bytes(), n), mode="wb")):
        _, batches, notes = followed(pipe)
    same(batches, whole_pass(six, SECONDS)[1])
    assert [(n.kind, n.text) for n in notes] == [("ended", "the pipe was closed")]


def test_standard_input_is_a_pipe_too(six: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with beside(lambda: _pour(writing, six.read_bytes())):
            info, batches, notes = followed("-")
    same(batches, whole_pass(six, SECONDS)[1])
    assert notes[-1].text == "the pipe was closed"
    assert (info.video_id, info.path) == ("standard input", "standard input")


def _pour(fd: int, data: bytes) -> None:
    with os.fdopen(fd, "wb") as file:
        file.write(data)


def test_sound_and_picture_come_out_of_one_reading(six: Path, tmp_path: Path) -> None:
    _, batches, _ = followed(six)
    sound = all_sound(batches)
    assert len(sound) == round(6 * SOUND_HZ)
    assert np.isfinite(sound).mean() > 0.98
    assert np.nanstd(sound[SOUND_HZ:-SOUND_HZ]) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


def test_a_feed_without_sound_has_none(tmp_path: Path) -> None:
    info, batches, _ = followed(recording(tmp_path / "mute.ts", 2.0, sound=False))
    assert info.audio_codec is None
    assert len(all_sound(batches)) == 0


def test_sound_that_lags_is_waited_for_but_not_for_ever(six: Path, tmp_path: Path) -> None:
    """A picture that waits for its sound keeps its moment waiting too."""
    late = lagging(six, tmp_path / "late.ts", 3.0)
    (calm, patient, _), (told, hurried, _) = (
        followed(late, replace(QUICK, sound_wait_s=wait_s)) for wait_s in (5.0, 1.0)
    )
    assert not calm.problems
    assert any("came more than 1 s after its picture" in p for p in told.problems)
    np.testing.assert_array_equal(all_frames(patient), all_frames(hurried))
    np.testing.assert_array_equal(all_sound(patient), all_sound(followed(six)[1]))
    there = np.isfinite(all_sound(hurried))
    assert 0.2 < there.mean() < 0.7, "what was too late is left out"
    np.testing.assert_array_equal(all_sound(hurried)[there], all_sound(patient)[there])


def test_it_may_be_asked_to_end(six: Path) -> None:
    info, batches, notes = followed(six, most_s=2.5)
    assert info.duration_s == pytest.approx(2.5, abs=0.05)
    assert batches[-1].end_s == info.duration_s
    assert notes[-1].text == "2.5 s were asked for"


# ---- what cannot be watched ----


def test_a_plain_mp4_whose_index_comes_last_says_so(tmp_path: Path) -> None:
    path = encode(tmp_path / "plain.mp4", numbered(10))
    with pytest.raises(
        UnreadableInput, match=r"index \(moov\) comes after its pictures.*MPEG-TS, MKV or fragmented MP4"
    ):
        followed(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "nothing came"),
        (b"#EXTM3U\nfile:///etc/passwd\n" * 9, "is an HLS playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n" * 9, "is a concat script"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 99, "is a PNG picture"),
        (bytes(range(256)) * 40, "no media that can be watched as it comes"),
    ],
)
def test_what_is_no_feed_is_refused_in_one_line(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.ts"
    path.write_bytes(data)
    with pytest.raises(UnreadableInput, match=says) as told:
        followed(path)
    assert "\n" not in str(told.value)


def test_places_that_are_no_feed_are_refused(tmp_path: Path) -> None:
    for place, says in (
        (tmp_path, "neither a file nor a pipe"),
        (tmp_path / "no", "No such file"),
        ("/dev/null", "neither a file nor a pipe"),
    ):
        with pytest.raises(UnreadableInput, match=says):
            followed(place)


def test_a_pipe_to_which_nobody_writes_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"nobody wrote to the pipe for 0\.2 s"):
        followed(fifo(tmp_path / "pipe"), replace(QUICK, open_s=0.2))


def test_sound_alone_is_no_feed(tmp_path: Path) -> None:
    path = tmp_path / "s.wav"
    import wave

    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes(bytes(88200))
    with pytest.raises(UnreadableInput, match="has no video track"):
        followed(path)


# ---- what happens to feeds ----


def test_a_stall_and_its_end_are_noted(six: Path, tmp_path: Path) -> None:
    pipe = fifo(tmp_path / "pipe")
    data = six.read_bytes()
    with beside(written(pipe, [data[: len(data) // 2], data[len(data) // 2 :]], 1.2, mode="wb")):
        _, batches, notes = followed(pipe, replace(QUICK, stall_s=0.6))
    assert [n.kind for n in notes][:2] == ["stall", "flowing"]
    assert notes[-1].kind == "ended"
    assert 0 < notes[0].at_s < 6
    same(batches, whole_pass(six, SECONDS)[1])


def test_a_file_that_becomes_shorter_has_ended(six: Path, tmp_path: Path) -> None:
    path = tmp_path / "rotated.ts"
    path.write_bytes(six.read_bytes())

    def shorten() -> None:
        time.sleep(0.6)
        path.write_bytes(b"")

    with beside(shorten):
        _, batches, notes = followed(path, replace(QUICK, still_s=5.0))
    assert notes[-1].text == "the file became shorter than what was read of it"
    assert len(all_frames(batches)) == 60


def test_a_clock_that_restarts_is_closed_by_one_frame_and_noted(tmp_path: Path) -> None:
    one, two = (
        recording(tmp_path / "one.ts", 3.0, start_s=50.0),
        recording(tmp_path / "two.ts", 3.0, first=75),
    )
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    info, batches, notes = followed(joined, sampling=ALL)
    assert numbers(all_frames(batches)) == list(range(150))
    np.testing.assert_allclose(np.diff(times(batches)), 0.04, atol=1e-4)
    assert info.mended_clock
    assert any("1 jumps of the clock" in p for p in info.problems)
    (gap,) = [n for n in notes if n.kind == "gap"]
    assert math.isnan(gap.end_s)
    assert gap.start_s == pytest.approx(3.0, abs=0.05)
    assert "restarted" in gap.text
    same(batches, whole_pass(joined, replace(ALL, span_s=1.0), 10_000)[1])


def test_a_hole_in_the_feed_is_a_gap_of_known_length(tmp_path: Path) -> None:
    one, two = recording(tmp_path / "one.ts", 2.0), recording(tmp_path / "two.ts", 2.0, first=50, start_s=7.0)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    _, batches, notes = followed(joined)
    (gap,) = [n for n in notes if n.kind == "gap"]
    assert (gap.start_s, gap.end_s) == (pytest.approx(2.0, abs=0.05), pytest.approx(7.0, abs=0.05))
    assert [i for i, b in enumerate(batches) if not len(b.frames)] == [2, 3, 4, 5, 6]
    assert np.isnan(all_sound(batches)[round(2.3 * SOUND_HZ) : round(6.7 * SOUND_HZ)]).all()


def test_a_stop_is_obeyed_within_moments_and_leaves_no_thread(tmp_path: Path) -> None:
    pipe = fifo(tmp_path / "pipe")
    data = recording(tmp_path / "six.ts").read_bytes()
    hold = threading.Event()

    def write() -> None:
        with pipe.open("wb", buffering=0) as file:
            file.write(data)
            hold.wait(10)

    with beside(write):
        began = time.monotonic()
        with open_live(str(pipe), LiveOptions()) as feed:
            until(feed, lambda item: isinstance(item, Batch))
        while any(t.name.startswith("live") for t in threading.enumerate()) and time.monotonic() - began < 5:
            time.sleep(0.02)
        assert not [t for t in threading.enumerate() if t.name.startswith("live")]
        hold.set()


# ---- addresses ----


def test_a_name_tells_no_password() -> None:
    assert public_name("rtsp://me:secret@camera.local:554/live?token=abc") == "rtsp://camera.local:554/live"
    assert public_name("https://example.org/a/b.m3u8") == "https://example.org/a/b.m3u8"


def test_no_address_may_lead_to_a_file() -> None:
    assert all("file" not in protocols.split(",") for protocols in ADDRESSES.values())


def test_a_file_on_a_server_ends_when_all_is_sent(six: Path) -> None:
    with server(lambda path, _: sends(six.read_bytes())) as address:
        info, batches, notes = followed(f"{address}/six.ts")
    same(batches, whole_pass(six, SECONDS)[1])
    assert notes[-1].kind == "ended"
    assert "server" in notes[-1].text
    assert info.video_id == "six"


def test_a_server_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(UnreadableInput, match="cannot be opened"):
        followed("http://127.0.0.1:9/live.ts")


def _halves(path: Path) -> tuple[bytes, bytes]:
    """Cut between two packets of the transport stream, in the middle."""
    data = path.read_bytes()
    middle = len(data) // 2 // 188 * 188
    return data[:middle], data[middle:]


def test_a_connection_that_drops_is_made_anew_and_the_feeds_clock_goes_on(tmp_path: Path) -> None:
    before, after = (
        recording(tmp_path / "a.ts", 3.0),
        recording(tmp_path / "b.ts", 3.0, first=125, start_s=5.0),
    )

    def answers(path: str, times: int) -> Answer:
        first, second = before.read_bytes(), after.read_bytes()
        return {0: sends(first, len(first) + 999), 1: refuses, 2: sends(second)}.get(times, refuses)

    with server(answers) as address:
        _info, batches, notes = followed(f"{address}/live.ts", sampling=ALL)
    kinds = [n.kind for n in notes]
    assert kinds[:3] == ["lost", "reconnect", "gap"]
    assert kinds[-1] == "ended"
    assert "try 2" in notes[kinds.index("reconnect")].text or any("try 2" in n.text for n in notes)
    (gap,) = [n for n in notes if n.kind == "gap"]
    assert (gap.start_s, gap.end_s) == (pytest.approx(3.0, abs=0.05), pytest.approx(5.0, abs=0.05))
    assert numbers(all_frames(batches)) == [*range(75), *range(125, 200)]
    np.testing.assert_allclose(
        times(batches), np.concatenate([np.arange(75), np.arange(125, 200)]) / 25, atol=1e-4
    )
    assert (np.diff(indices(batches)) == 1).all()
    sound = all_sound(batches)
    assert np.isnan(sound[round(3.3 * SOUND_HZ) : round(4.7 * SOUND_HZ)]).all(), "no made-up sound either"
    assert np.nanstd(sound[round(5.5 * SOUND_HZ) : round(7.5 * SOUND_HZ)]) == pytest.approx(
        0.3 / np.sqrt(2), rel=0.05
    )


def test_what_comes_again_after_a_loss_is_shown_once(six: Path) -> None:
    """As an HLS player goes some segments back."""
    first, _ = _halves(six)

    def answers(path: str, times: int) -> Answer:
        return (
            sends(first, len(first) + 999)
            if times == 0
            else sends(six.read_bytes())
            if times == 1
            else refuses
        )

    with server(answers) as address:
        _info, batches, notes = followed(f"{address}/live.ts", sampling=ALL)
    assert numbers(all_frames(batches)) == list(range(150))
    np.testing.assert_allclose(times(batches), np.arange(150) / 25, atol=1e-4)
    assert "gap" not in [n.kind for n in notes]


def test_a_feed_that_comes_back_with_another_clock_goes_on_after_one_frame(tmp_path: Path) -> None:
    before, after = (
        recording(tmp_path / "a.ts", 3.0, start_s=500.0),
        recording(tmp_path / "b.ts", 3.0, first=75),
    )

    def answers(path: str, times: int) -> Answer:
        first, second = before.read_bytes(), after.read_bytes()
        return sends(first, len(first) + 999) if times == 0 else sends(second) if times == 1 else refuses

    with server(answers) as address:
        _info, batches, notes = followed(f"{address}/live.ts", sampling=ALL)
    assert numbers(all_frames(batches)) == list(range(150))
    np.testing.assert_allclose(np.diff(times(batches)), 0.04, atol=1e-4)
    (gap,) = [n for n in notes if n.kind == "gap"]
    assert math.isnan(gap.end_s)
    assert "nobody knows" in gap.text
    assert "clock on the wall" in gap.text
    assert np.nanstd(all_sound(batches)[round(4 * SOUND_HZ) :]) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


def test_a_feed_that_does_not_come_back_has_ended(six: Path) -> None:
    first, _ = _halves(six)
    with server(lambda path, times: sends(first, len(first) + 999) if times == 0 else refuses) as address:
        info, _batches, notes = followed(f"{address}/live.ts")
    assert notes[-1].kind == "ended"
    assert "did not come back within 1.5 s" in notes[-1].text
    assert 2.5 < info.duration_s < 3.5


def test_a_source_that_begins_anew_when_asked_again_has_ended(six: Path) -> None:
    with server(lambda path, times: streams(six.read_bytes())) as address:
        _info, batches, notes = followed(f"{address}/live.ts", replace(QUICK, replay_s=0.0))
    assert notes[-1].text == "the server sends the same again, and nothing new"
    same(batches, whole_pass(six, SECONDS)[1])


def test_the_wait_between_tries_doubles_up_to_its_most(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    outage = Outage(LiveOptions(retry_s=1.0, retry_most_s=8.0, give_up_s=30.0))
    monkeypatch.setattr(Outage, "length_s", property(lambda _: sum(waits)))
    while (wait_s := outage.next_wait_s()) is not None:
        waits.append(wait_s)
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert outage.tries == 5


# ---- HLS ----


def playlist(n: int, ended: bool, first: int = 0, of: str = "part{}.ts") -> bytes:
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for i in range(first, n):
        lines += ["#EXTINF:2.0,", of.format(i)]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""]).encode()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Four segments of two seconds, one clock."""
    folder = tmp_path_factory.mktemp("parts")
    return [recording(folder / f"{i}.ts", 2.0, 50 * i, 2.0 * i, sound=False).read_bytes() for i in range(4)]


def _hls(parts: list[bytes], lists: list[bytes]) -> Answer:
    def answers(path: str, times: int) -> Answer:
        return (
            sends(lists[min(times, len(lists) - 1)]) if path.endswith("m3u8") else sends(parts[int(path[5])])
        )

    return answers  # type: ignore[return-value]


def test_a_finished_playlist_is_seen_whole_and_ends(parts: list[bytes]) -> None:
    with server(_hls(parts, [playlist(4, True)])) as address:  # type: ignore[arg-type]
        info, batches, notes = followed(f"{address}/live.m3u8", sampling=ALL)
    assert numbers(all_frames(batches)) == list(range(200))
    assert [n.kind for n in notes] == ["ended"]
    assert info.container == "hls"


def test_a_playlist_that_grows_is_followed_until_its_end(parts: list[bytes]) -> None:
    lists = [playlist(2, False), playlist(2, False), playlist(3, False), playlist(4, True)]
    with server(_hls(parts, lists)) as address:  # type: ignore[arg-type]
        _info, batches, notes = followed(f"{address}/live.m3u8", replace(QUICK, read_s=8.0), ALL)
    assert numbers(all_frames(batches)) == list(range(200))
    assert notes[-1].kind == "ended"
    assert (
        "reconnect" not in [n.kind for n in notes]
        or "begins anew" in notes[-1].text
        or "sent all" in notes[-1].text
    )


def test_a_playlist_cannot_reach_a_file_of_this_machine(parts: list[bytes], tmp_path: Path) -> None:
    secret = tmp_path / "part0.ts"
    secret.write_bytes(parts[0])
    with (
        server(lambda path, _: sends(playlist(1, True, of=f"file://{secret}"))) as address,
        pytest.raises(UnreadableInput),
    ):
        followed(f"{address}/live.m3u8")


# ---- RTSP ----


def test_a_camera_is_watched_until_it_hangs_up(six: Path) -> None:
    with camera(six.read_bytes(), 0.0005) as address:
        _info, batches, notes = followed(address, replace(QUICK, give_up_s=0.3), ALL)
    assert notes[-1].kind == "ended"
    assert set(range(10, 140)) <= set(numbers(all_frames(batches)))
    assert (np.diff(times(batches)) > 0).all()
    assert [n for n in notes if isinstance(n, Note) and n.kind == "lost"]
