"""What is set from outside reaches every place that reads media: the clock, the limits, the transcripts'."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from media.cutting import read
from media.making import ALL, clicks, encode, number_of, numbered
from momentscan.errors import UnreadableInput
from momentscan.media import (
    Encoding,
    Limits,
    Segment,
    cut_clip,
    cut_reel,
    open_video,
    preview,
    same_source,
    stills,
)
from momentscan.media.clock import ClockOptions
from momentscan.media.decode import SamplingOptions
from momentscan.media.feed import open_live
from momentscan.media.live_options import LiveOptions
from momentscan.media.timecode import timecode_of
from momentscan.media.transcripts import TranscriptOptions, transcript_of
from momentscan.values import Batch, VideoInfo

PATIENT = ClockOptions(gap_s=1000.0)
"""Believes the 40 s between the two recordings, which the default closes."""

QUICK = Encoding(preset="ultrafast")


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings of 2 s in one transport stream, 40 s apart on its clock."""
    folder = tmp_path_factory.mktemp("joined")
    parts = [
        encode(
            folder / f"{first}.ts",
            numbered(50, first),
            start_s=start_s,
            sound=clicks(2.0, [1.0]),
            sound_start_s=start_s,
            sound_codec="mp2",
        )
        for first, start_s in ((0, 10.0), (50, 52.0))
    ]
    path = folder / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@contextmanager
def passed(path: Path, clock: ClockOptions) -> Iterator[tuple[VideoInfo, list[Batch]]]:
    with open_video(path, clock=clock) as video:
        batches = list(video.batches(ALL, 10_000))
        yield video.info, batches


def scanned(path: Path, clock: ClockOptions) -> VideoInfo:
    """As a scan leaves it."""
    with passed(path, clock) as (info, _):
        return info


def test_the_clock_of_the_pass_can_be_set(joined: Path) -> None:
    assert scanned(joined, ClockOptions()).duration_s == pytest.approx(4.0, abs=0.1)
    assert scanned(joined, PATIENT).duration_s == pytest.approx(44.0, abs=0.1)


def test_sound_stays_with_the_picture_on_a_clock_that_was_set(joined: Path) -> None:
    with passed(joined, PATIENT) as (_, batches):
        sound = np.concatenate([batch.sound for batch in batches])
    loud_s = np.flatnonzero(np.nan_to_num(np.abs(sound)) > 0.25) / 22050
    assert sorted({round(float(t), 1) for t in loud_s}) == [1.0, 43.0]


def mended(joined: Path, clock: ClockOptions) -> VideoInfo:
    """Marked so that later readings walk from the start, by the options of the clock."""
    return replace(scanned(joined, clock), mended_clock=True)


def test_stills_clips_reels_and_previews_are_found_on_the_clock_of_the_scan(
    joined: Path, tmp_path: Path
) -> None:
    info = mended(joined, PATIENT)
    second_s = 42.4
    (frame,) = stills(info, [second_s], clock=PATIENT).values()
    assert number_of(frame) == 60
    assert stills(info, [second_s]) == {}, "on another clock nothing was shown then"
    done = cut_clip(info, 42.4, 43.2, tmp_path / "clip.mp4", encoding=QUICK, clock=PATIENT)
    assert read(done.path).numbers == list(range(60, 80))
    reel = cut_reel([Segment(info, 42.4, 43.2)], tmp_path / "reel.mp4", QUICK, clock=PATIENT)
    assert read(reel.path).numbers == list(range(60, 80))
    assert preview(info, 42.4, 43.2, tmp_path / "small", clock=PATIENT).stat().st_size > 0


def test_the_clock_and_the_limits_of_a_feed_can_be_set(joined: Path) -> None:
    options = LiveOptions(still_s=0.3)

    def watched(**more: object) -> VideoInfo:
        with open_live(str(joined), options, **more) as feed:  # type: ignore[arg-type]
            list(feed.batches(SamplingOptions(), 96))
            assert feed.info is not None
            return feed.info

    assert watched(clock=PATIENT).duration_s == pytest.approx(44.0, abs=0.1)
    assert watched().duration_s == pytest.approx(4.0, abs=0.1)
    assert watched(limits=Limits(max_duration_s=1.5)).duration_s < 1.6
    with pytest.raises(UnreadableInput, match="pixels"):
        watched(limits=Limits(max_pixels=100))


SMALL = Limits(max_bytes=1000)


def _open(path: Path) -> None:
    with open_video(path, SMALL):
        pass


READERS: dict[str, Callable[[Path, VideoInfo, Path], object]] = {
    "open_video": lambda path, info, to: _open(path),
    "stills": lambda path, info, to: stills(info, [0.0], SMALL),
    "cut_clip": lambda path, info, to: cut_clip(info, 0, 1, to / "clip.mp4", limits=SMALL),
    "copy": lambda path, info, to: cut_clip(info, 0, 1, to / "clip.mp4", "copy", limits=SMALL),
    "cut_reel": lambda path, info, to: cut_reel([Segment(info, 0, 1)], to / "reel.mp4", limits=SMALL),
    "preview": lambda path, info, to: preview(info, 0, 1, to / "small", limits=SMALL),
    "same_source": lambda path, info, to: same_source(info, SMALL),
    "timecode_of": lambda path, info, to: timecode_of(path, SMALL),
    "transcript_of": lambda path, info, to: transcript_of(path, str(path), limits=SMALL),
}


@pytest.mark.parametrize("reader", READERS)
def test_the_limits_reach_every_reader_and_the_error_names_them(
    reader: str, joined: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableInput, match=r"raise limits\.max_bytes"):
        READERS[reader](joined, scanned(joined, ClockOptions()), tmp_path)


def test_the_limit_of_a_transcript_can_be_set_and_its_error_names_it(joined: Path, tmp_path: Path) -> None:
    srt = tmp_path / "long.srt"
    srt.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    with pytest.raises(UnreadableInput, match=r"raise transcripts\.max_bytes"):
        transcript_of(joined, str(srt), TranscriptOptions(max_bytes=10))
