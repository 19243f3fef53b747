"""Each real file ends in the class that a careful reader would give it.

The expected values were not taken from momentscan: they are the container's own words (MEDIA.md), the packets
counted and the frames decoded one by one with plain PyAV without threads, and the pictures looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from media.making import times, whole_pass
from momentscan.errors import UnreadableInput
from momentscan.media.decode import SamplingOptions


@dataclass(frozen=True)
class Reading:
    """What a careful reader says of a file. `said`: words that must be among the problems; `frame_s`: how
    long one frame is.
    """

    file: str
    duration_s: float
    n_frames: int
    size: tuple[int, int]
    frame_s: float
    turned_deg: int = 0
    partial: bool = False
    said: str = ""
    origin_s: float = 0.0


READINGS = [
    # damaged: what is readable is processed, and what was lost is said
    Reading("corrupt/1242-small.mkv", 0.54, 12, (1280, 718), 0.042, partial=True, said="promises 1331.04 s"),
    Reading(
        "corrupt/corrupted_decord.mp4", 5.0, 49, (1280, 720), 0.1, partial=True, said="1 damaged packets"
    ),
    Reading(
        "formats/displaymatrix_rot_truncated.mp4",
        1.09,
        33,
        (240, 80),
        0.034,
        90,
        partial=True,
        said="promises 23.61 s",
    ),
    Reading(
        "formats/empty_edit_5s.mp4",
        10.0,
        100,
        (320, 240),
        0.1,
        partial=True,
        said="frames are damaged",
        origin_s=5.0,
    ),
    # odd, but whole
    Reading("corrupt/brokensps.flv", 6.04, 79, (192, 144), 0.067, said="size of the picture changes 1 times"),
    Reading(
        "formats/frame_size_change.webm", 9.97, 300, (1920, 1080), 0.034, said="size of the picture changes"
    ),
    Reading("formats/frag_overlap.mp4", 4.0, 96, (640, 360), 0.042),
    Reading("formats/unordered.mov", 0.125, 4, (50, 50), 0.032),
    Reading("formats/no_duration.webm", 4.94, 74, (1280, 720), 0.067),
    Reading("formats/delayed_start.mp4", 0.96, 24, (480, 320), 0.04, origin_s=1.075),
    Reading("formats/video_with_failing_audio.mp4", 11.2, 280, (640, 360), 0.04),
    Reading("formats/testsrc_with_attachment.mkv", 2.0, 60, (640, 360), 0.034, origin_s=0.023),
    Reading("formats/h264-png-cover.mp4", 2.0, 60, (640, 360), 0.034),
    Reading("formats/mov_text.mp4", 2.0, 40, (300, 200), 0.05),
    Reading("scenes/theatre_dissolves_dts.mkv", 6.97, 207, (720, 480), 0.034, origin_s=0.067),
    Reading("scenes/nasa_13013_multistream.mp4", 13.0, 325, (320, 180), 0.04),
    # turned, or with pixels that are not square
    Reading("formats/video_90.mov", 0.1, 3, (320, 568), 0.034, 90),
    Reading("formats/video_180.mov", 0.1, 3, (568, 320), 0.034, 180),
    Reading("formats/phone_rot90_audio.mp4", 3.49, 105, (272, 480), 0.034, 90),
    Reading("formats/fire2_rot180_vfr.mp4", 2.38, 25, (1280, 720), 0.1, 180),
    Reading("formats/pq_hdr10tags_rot.mkv", 0.4, 10, (320, 560), 0.04, 90, said="without tone mapping"),
    Reading("formats/SAR-2by3.mp4", 2.0, 60, (427, 360), 0.034),
    Reading("motion/pool_handheld.mp4", 10.0, 300, (455, 256), 0.034),
    Reading("multi/scte20_panel.ts", 6.74, 202, (640, 480), 0.034, origin_s=1.72),
    Reading("scenes/snowtubing_152s.mp4", 152.0, 1824, (177, 144), 0.084),
    Reading(
        "motion/skateboarding_dog.mp4", 14.18, 421, (576, 1024), 0.034, origin_s=0.033
    ),  # its last PTS lies behind the end that its track declares
    # every usual codec and colour
    Reading("formats/av1_video.mkv", 5.0, 125, (640, 360), 0.04),
    Reading("formats/bbb_0_30.webm", 30.0, 720, (1280, 720), 0.042, origin_s=0.003),
    Reading("formats/bt709_full_range.mp4", 1.0, 30, (1280, 720), 0.034),
    Reading("formats/h265_10bits.mp4", 1.0, 30, (200, 200), 0.034),
    Reading("formats/hlg_amve.mp4", 0.8, 24, (640, 360), 0.034, said="without tone mapping"),
    Reading("formats/test_yuv422p.mp4", 2.0, 60, (640, 360), 0.034),
    Reading("faces/makeup_test.avi", 6.56, 164, (320, 240), 0.04, origin_s=0.04),
    Reading("faces/asl_yes.mkv", 2.17, 65, (640, 480), 0.034, origin_s=0.033),
    Reading("motion/flipping_a_pancake.mkv", 10.33, 310, (426, 240), 0.034),
    Reading("audio/drummer_portrait.mp4", 36.3, 1090, (204, 360), 0.034),
]

REFUSED = {
    "corrupt/empty_0byte.webm": "is empty",
    "corrupt/encrypted.mp4": "not one frame could be decoded",
    "formats/aac.m4a": "no video track (found sound)",
    "formats/alac.m4a": "no video track (found sound)",
    "formats/mono.mp3": "no video track (found sound)",
    "formats/with-attached-pic.mp3": "found sound and a cover picture",
    "audio/jfk.flac": "no video track (found sound)",
    "audio/crowd_laugh_1.wav": "no video track (found sound)",
    "audio/diarizationExample.segments": "no media file",
    "MEDIA.md": "no media file",
    "labels.json": "no media file",
}


@pytest.mark.media
@pytest.mark.parametrize("expected", READINGS, ids=[r.file for r in READINGS])
def test_a_readable_file_is_read_for_what_it_is(expected: Reading, media_folder: Path) -> None:
    info, batches = whole_pass(media_folder / expected.file, SamplingOptions(grid_hz=5.0), 64)
    assert info.duration_s == pytest.approx(expected.duration_s, abs=expected.frame_s)
    assert info.n_frames == expected.n_frames
    assert (info.width_px, info.height_px) == expected.size
    assert info.rotation_deg == expected.turned_deg
    assert info.origin_s == pytest.approx(expected.origin_s, abs=0.001)
    assert (info.partial, info.problems) == (expected.partial, info.problems)
    assert expected.said in " / ".join(info.problems)
    at = times(batches)
    assert at[0] == 0.0
    assert np.all(np.diff(at) > 0)
    assert at[-1] < info.duration_s


@pytest.mark.media
@pytest.mark.parametrize("file", REFUSED)
def test_what_holds_no_picture_is_refused_in_one_line(file: str, media_folder: Path) -> None:
    with pytest.raises(UnreadableInput) as refused:
        whole_pass(media_folder / file)
    assert REFUSED[file] in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.media
def test_every_corrupt_and_odd_file_has_a_class(media_folder: Path) -> None:
    """A file that is added to the folders must be looked at."""
    there = {
        f"{p.parent.name}/{p.name}"
        for folder in ("corrupt", "formats")
        for p in (media_folder / folder).iterdir()
    }
    assert there <= {r.file for r in READINGS} | set(REFUSED)
