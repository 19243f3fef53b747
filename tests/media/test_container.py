"""One guarded door: what is no video is refused in one line, before it can hang, follow or fill anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import momentscan
from media.making import clicks, encode, numbered, streamed, whole_pass
from momentscan.errors import UnreadableInput
from momentscan.media import Limits, open_video
from momentscan.media.decode import SamplingOptions


def refusal(path: Path, limits: Limits = Limits()) -> str:
    """Why a file is refused, wherever on the way that is noticed; fails where it is not."""
    with pytest.raises(UnreadableInput) as caught, open_video(path, limits) as video:
        list(video.batches(SamplingOptions()))
    line = str(caught.value)
    assert "\n" not in line
    assert path.name in line, "the line names the file"
    return line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\0" * 100_000, "zero bytes"),
        (b"Dear diary, today I saw a video.\n" * 200, "no media file"),
        (b"#EXTM3U\n#EXTINF:10,\nother.mp4\n", "playlist"),
        (b"\xef\xbb\xbf\n#EXTM3U\nother.mp4\n", "playlist"),
        (b"ffconcat version 1.0\nfile other.mp4\n", "concat script"),
        (b"file other.mp4\n", "no media file"),
        (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "XML"),
        (b"<SMIL><video src='other.mp4'/></SMIL>", "no media file"),
        (
            b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 "
            b"RTP/AVP 96\r\n",
            "no media file",
        ),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "no media file"),
        (os.urandom(50_000), "no media file"),
    ],
    ids=[
        "empty",
        "zeros",
        "text",
        "hls",
        "hls-bom",
        "ffconcat",
        "concat",
        "dash",
        "smil",
        "sdp",
        "mp4-head-only",
        "noise",
    ],
)
def test_what_is_no_video_is_refused_in_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    assert said in refusal(path)


@pytest.mark.parametrize("suffix", ["m3u8", "ffconcat", "txt", "mpd", "sdp", "mp4", "mkv"])
@pytest.mark.parametrize(
    "script",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"],
)
def test_a_script_does_not_open_its_sibling(script: str, suffix: str, tmp_path: Path) -> None:
    """The sibling is a real video: were the script followed, it would be watched."""
    sibling = encode(tmp_path / "sibling.ts", numbered(10))
    path = tmp_path / f"script.{suffix}"
    for named in (sibling.name, str(sibling), f"file:{sibling}"):
        path.write_text(" \n" + script.format(named))
        refusal(path)


def test_a_script_behind_a_long_preamble_is_not_followed_either(tmp_path: Path) -> None:
    encode(tmp_path / "sibling.ts", numbered(10))
    path = tmp_path / "late.m3u8"
    path.write_text("\n" * 5000 + "#EXTM3U\n#EXTINF:1,\nsibling.ts\n")
    refusal(path)


@pytest.mark.parametrize("kind", [".png", ".jpg"])
def test_a_picture_that_calls_itself_a_video_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(cv2.imencode(kind, np.full((40, 60, 3), 200, np.uint8))[1].tobytes())
    assert "picture" in refusal(path)


@pytest.mark.parametrize(
    "name", ["clip-%03d.mp4", "100%.mp4", "a:b.mp4", "-i.mp4", "concat:x.mp4", "päßwort 视频 'q\".mp4"]
)
def test_odd_names_are_only_names(name: str, tmp_path: Path) -> None:
    made = encode(tmp_path / "made.mp4", numbered(5))
    path = made.rename(tmp_path / name)
    assert whole_pass(path)[0].n_frames == 5


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "gone.mp4")


def test_a_link_to_nowhere_is_refused_and_a_link_to_a_video_is_read(tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(tmp_path / "target.mp4")
    refusal(link)
    encode(tmp_path / "target.mp4", numbered(5))
    assert whole_pass(link)[0].n_frames == 5


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "mine.mp4", numbered(5))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "permission" in refusal(path).lower()


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    """In a process of its own, so that a hang ends as a failure."""
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    program = (
        "import sys; from pathlib import Path; from momentscan.media import open_video\n"
        "with open_video(Path(sys.argv[1])): pass"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(pipe)], capture_output=True, text=True, timeout=20
    )
    assert "is not a regular file" in done.stderr


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(device: str) -> None:
    assert "is not a regular file" in refusal(Path(device))


def test_limits_of_bytes_pixels_and_duration_are_kept(tmp_path: Path) -> None:
    path = encode(tmp_path / "small.mp4", numbered(50))
    assert "the limit is 1000" in refusal(path, Limits(max_bytes=1000))
    assert "160 × 96 pixels" in refusal(path, Limits(max_pixels=160 * 96 - 1))
    assert "lasts 2 s" in refusal(path, Limits(max_duration_s=1.0))
    with open_video(
        path, Limits(max_bytes=path.stat().st_size, max_pixels=160 * 96, max_duration_s=2.0)
    ) as video:
        assert sum(len(b.frames) for b in video.batches(SamplingOptions(grid_hz=240))) == 50


def test_a_file_that_hides_its_length_is_stopped_at_the_limit(tmp_path: Path) -> None:
    """A live recording declares no length that could be refused at the door."""
    path = streamed(tmp_path / "live.mkv", numbered(100))
    with open_video(path, Limits(max_duration_s=2.0)) as video:
        assert video.info.declared_s is None
        list(video.batches(SamplingOptions()))
    assert video.info.duration_s == pytest.approx(2.04, abs=0.041)
    assert video.info.partial
    assert "stopped at the limit" in video.info.problems[0]


def test_sound_without_a_picture_is_refused_and_says_what_there_is(tmp_path: Path) -> None:
    import av

    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        audio = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(clicks(1.0, [0.5])[None], format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    assert "no video track (found sound)" in refusal(path)


def test_a_song_with_a_cover_is_no_video(media_folder: Path) -> None:
    assert "found sound and a cover picture" in refusal(media_folder / "formats" / "with-attached-pic.mp3")


def test_a_video_without_its_index_is_refused_in_one_line(tmp_path: Path) -> None:
    """An MP4 whose writer was killed: all the pictures, no moov."""
    path = encode(tmp_path / "killed.mp4", numbered(50))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    assert "no media file that can be opened" in refusal(path)


def test_no_other_place_opens_media() -> None:
    """Readers only; `render` writes."""
    source = Path(momentscan.__file__).parent
    found = {
        str(file.relative_to(source)): match.group()
        for file in source.rglob("*.py")
        for match in re.finditer(
            r"av\.open\((?!.*\"w\")|VideoCapture\(|av\.container\.open\(|\bffmpeg\b.*(?:run|Popen)",
            file.read_text(),
        )
    }
    assert found == {"media/container.py": "av.open("}
