"""Clips: what they keep of the source, what they must not tell, and how they end when something is wrong."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from media.cutting import Truth, read, scanned, sound_late_s, video
from media.making import HW, numbered
from momentscan.errors import Cancelled, MomentscanError, OutputError, UnreadableInput, UsageError
from momentscan.media import Framing, Limits, Segment, encoders, preview, same_source
from momentscan.media.bitstream import joined, units
from momentscan.media.clip import ClipDone, cut_clip, cut_reel
from momentscan.media.clock import ClockOptions
from momentscan.media.encoders import Encoding, sound_format_of
from momentscan.media.loudness import loudness
from momentscan.media.source_file import SourceFile
from momentscan.media.stream_copy import like
from momentscan.progress import Step
from momentscan.values import VideoInfo

WAYS = ("exact", "smart", "copy")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return video(tmp_path_factory.mktemp("source") / "video.mp4")


def frames_of(path: Path, kind: str = "gray") -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [
            np.rot90(f.to_ndarray(format=kind), round(f.rotation / 90)) for f in container.decode(video=0)
        ]


def first_frame(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


def encoded(
    path: Path,
    images: Sequence[np.ndarray],
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rate: int = 25,
    **context: int | str,
) -> VideoInfo:
    """A video of these (H,W,3) pictures; `context`: attributes of the encoder, `options` apart."""
    options = dict(item.split("=", 1) for item in str(context.pop("options", "")).split(",") if item)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options={"threads": "1", **options})
        stream.height, stream.width, stream.pix_fmt = *images[0].shape[:2], pix_fmt
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        for image in images:
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pix_fmt))
            )
        container.mux(stream.encode(None))
    return scanned(path)


# ---- the same again, and nothing that should not go out ----


@pytest.mark.parametrize("how", WAYS)
def test_the_same_cut_gives_the_same_bytes(how: str, truth: Truth, tmp_path: Path) -> None:
    once, again = (
        cut_clip(truth.info, 0.6, 4.2, tmp_path / name, how, title="Titel") for name in ("a.mp4", "b.mp4")
    )
    assert once.path.read_bytes() == again.path.read_bytes()


SECRETS = {
    "location": "+37.5665+126.9780/",
    "location-eng": "+37.5665+126.9780/",
    "make": "Cameramaker",
    "model": "Cameramodel",
    "com.apple.quicktime.location.ISO6709": "+37.5665+126.9780+038.000/",
    "com.apple.quicktime.make": "Cameramaker",
    "com.apple.quicktime.model": "Cameramodel",
    "creation_time": "2026-01-02T03:04:05.000000Z",
    "comment": "Secretcomment",
    "artist": "Secretartist",
}


def with_user_data(packet: av.Packet, text: bytes) -> av.Packet:
    """An H.264 packet of MP4 that says something beside its picture (H.264 D.1.7)."""
    message = bytes([6, 5, 16 + len(text)]) + bytes(range(1, 17)) + text + b"\x80"
    return like(packet, joined([message, *units(bytes(packet), 4)], 4))


@pytest.fixture(scope="module", params=["mp4", "mov", "mkv"])
def telltale(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """A video that says where and with what it was made: in its tags, in its tracks' tags, and in user data
    inside its pictures.
    """
    folder = tmp_path_factory.mktemp("telltale")
    plain = video(folder / f"plain.{request.param}", metadata=SECRETS)
    path = folder / f"telltale.{request.param}"
    with (
        av.open(str(plain.path)) as source,
        av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as target,
    ):
        target.metadata.update(SECRETS)
        tracks = [target.add_stream_from_template(s, opaque=True) for s in source.streams]
        for track in tracks:
            track.metadata.update({"handler_name": "Cameramodel", "comment": "Secretcomment"})
        for packet in source.demux():
            if packet.size:
                out = with_user_data(packet, b"Secretplace") if packet.stream.type == "video" else packet
                out.stream = tracks[packet.stream_index]
                target.mux(out)
    assert b"Secretplace" in path.read_bytes()
    assert b"Cameramodel" in path.read_bytes()
    return dataclasses.replace(plain, path=path)


@pytest.mark.parametrize("how", WAYS)
def test_no_place_and_no_device_goes_out(how: str, telltale: Truth, tmp_path: Path) -> None:
    done = cut_clip(telltale.info, 0.6, 4.2, tmp_path / "clip.mp4", how, title="Titel")
    assert done.how == how
    data = done.path.read_bytes()
    for secret in (b"37.5665", b"Camera", b"Secret", b"quicktime", b"2026"):
        assert secret not in data
    with av.open(str(done.path)) as container:
        assert container.metadata.get("title") == "Titel"
        assert {s.type for s in container.streams} == {"video", "audio"}
    assert len(read(done.path).numbers) == done.n_frames


def test_a_title_of_any_kind_comes_back_as_it_was(truth: Truth, tmp_path: Path) -> None:
    title = "웃음 <&> \"'\n🎢 ‮abc"
    with av.open(str(cut_clip(truth.info, 0, 0.2, tmp_path / "clip.mp4", title=title).path)) as container:
        assert container.metadata["title"] == title


# ---- bad input ----


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (0.0, float("inf"))]
)
def test_an_empty_window_is_refused(start_s: float, end_s: float, truth: Truth, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is empty"):
        cut_clip(truth.info, start_s, end_s, tmp_path / "clip.mp4")


@pytest.mark.parametrize(("start_s", "end_s"), [(6.0, 7.0), (-2.0, 0.0), (99.0, 100.0)])
def test_a_window_outside_of_the_video_is_refused(
    start_s: float, end_s: float, truth: Truth, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"lies outside of video, which lasts 6\.000 s"):
        cut_clip(truth.info, start_s, end_s, tmp_path / "clip.mp4")


@pytest.mark.parametrize("how", WAYS)
def test_a_window_over_the_ends_is_cut_to_the_video_and_says_so(
    how: str, truth: Truth, tmp_path: Path
) -> None:
    done = cut_clip(truth.info, -1.0, 99.0, tmp_path / "clip.mp4", how)
    assert (done.start_s, done.end_s) == (0.0, pytest.approx(6.0))
    assert "reaches over the video" in done.notes[0]


def test_a_source_that_moved_or_changed_is_refused(truth: Truth, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    data = truth.path.read_bytes()
    path.write_bytes(data)
    info = dataclasses.replace(truth.info, path=str(path), sha256=hashlib.sha256(data).hexdigest())
    same_source(info)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(UnreadableInput, match="has changed since the scan"):
        same_source(info)
    path.write_bytes(data[:-1])
    with pytest.raises(UnreadableInput, match="has changed since the scan"):
        same_source(info)
    path.unlink()
    with pytest.raises(UnreadableInput, match="moved or deleted since the scan"):
        same_source(info)


@pytest.mark.parametrize("how", WAYS)
def test_a_stop_in_the_midst_leaves_nothing_and_keeps_what_was_there(
    how: str, truth: Truth, tmp_path: Path
) -> None:
    to = tmp_path / "clip.mp4"
    to.write_bytes(b"an older clip")

    def stop(step: Step) -> None:
        if step.done > 1.0:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        cut_clip(truth.info, 0.3, 5.0, to, how, on_progress=stop)
    with pytest.raises(Cancelled):
        cut_reel([Segment(truth.info, 0.3, 5.0)], to, on_progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]
    assert to.read_bytes() == b"an older clip"


@pytest.mark.parametrize("how", WAYS)
def test_a_folder_that_cannot_be_written_is_one_line(how: str, truth: Truth, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        cut_clip(truth.info, 0.0, 1.0, tmp_path / "file" / "clip.mp4", how)


def test_an_unknown_way_to_cut_is_refused(truth: Truth, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are exact, copy, smart"):
        cut_clip(truth.info, 0.0, 1.0, tmp_path / "clip.mp4", "quick")


@pytest.mark.parametrize("how", WAYS)
def test_progress_is_of_the_clip_and_comes_to_its_end(how: str, truth: Truth, tmp_path: Path) -> None:
    steps: list[Step] = []
    cut_clip(truth.info, 0.6, 4.2, tmp_path / "clip.mp4", how, on_progress=steps.append)
    assert all(s.total == pytest.approx(3.6, abs=0.05) for s in steps)
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert steps[-1].done >= 3.4


@pytest.mark.parametrize(
    ("encoding", "framing", "reason"),
    [
        (Encoding(max_side_px=80), None, "another size"),
        (
            Encoding(),
            Framing(np.zeros(1), np.full(1, 0.5), np.full(1, 0.5), 0.5, 1.0, (80, 96)),
            "another framing",
        ),
    ],
)
@pytest.mark.parametrize("how", ["smart", "copy"])
def test_what_changes_the_picture_is_never_copied(
    how: str, encoding: Encoding, framing: Framing | None, reason: str, truth: Truth, tmp_path: Path
) -> None:
    done = cut_clip(truth.info, 0.6, 4.2, tmp_path / "clip.mp4", how, encoding, framing)
    assert done.how == "exact"
    assert reason in done.notes[0]
    assert done.size_px[0] == 80


def test_a_copy_says_that_its_loudness_is_as_it_was(truth: Truth, tmp_path: Path) -> None:
    done = cut_clip(truth.info, 1.0, 4.0, tmp_path / "clip.mp4", "copy", Encoding(loudness_lufs=-14.0))
    assert done.notes == ("the sound was copied, its loudness left as it is",)


def test_a_copy_says_what_it_costs(truth: Truth, tmp_path: Path) -> None:
    done = cut_clip(truth.info, 1.5, 4.03, tmp_path / "clip.mp4", "copy")
    assert "it starts 0.500 s earlier than asked" in done.notes[0]
    assert f"it ends {done.end_s - 4.03:.3f} s later than asked" in done.notes[1]


# ---- frames that stand for long ----


def test_a_picture_that_stands_over_the_edges_is_cut_at_them(tmp_path: Path) -> None:
    slides = video(tmp_path / "slides.mp4", times_s=[0.0, 4.0, 8.0, 9.0], rate=1, sound_start_s=0.0)
    done = cut_clip(slides.info, 1.5, 2.5, tmp_path / "inside.mp4")
    clip = read(done.path)
    assert (clip.numbers, clip.end_s, done.start_s, done.end_s) == (
        [0],
        pytest.approx(1.0, abs=1e-3),
        1.5,
        2.5,
    )
    assert abs(sound_late_s(clip, slides, 1.5)) < 1e-3
    done = cut_clip(slides.info, 3.0, 8.5, tmp_path / "across.mp4")
    clip = read(done.path)
    assert clip.numbers == [0, 1, 2]
    assert clip.times_s == pytest.approx([0.0, 1.0, 5.0], abs=1e-3)
    assert (done.start_s, done.end_s, clip.end_s) == (3.0, 8.5, pytest.approx(5.5, abs=1e-3))


# ---- clocks that had to be mended ----


@pytest.mark.parametrize("how", WAYS)
def test_a_clip_over_the_seam_of_two_recordings_goes_on_as_the_scan_saw_it(how: str, tmp_path: Path) -> None:
    parts = [
        video(tmp_path / f"{i}.ts", start_s=start_s, sound_start_s=start_s)
        for i, start_s in enumerate((0.0, 40.0))
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.path.read_bytes() for part in parts))
    info = scanned(path)
    assert info.mended_clock
    done = cut_clip(info, 5.5, 7.02, tmp_path / "clip.mp4", how)
    assert done.how == "exact"
    clip = read(done.path)
    assert clip.numbers == [*range(138, 150), *range(26)]
    assert clip.times_s == pytest.approx(np.arange(38) / 25, abs=1e-3)
    assert clip.sound is not None
    seam = round(0.48 * clip.hz)
    before, after = (
        dataclasses.replace(clip, sound=clip.sound[:seam]),
        dataclasses.replace(clip, sound=clip.sound[seam:]),
    )
    assert abs(sound_late_s(before, parts[0], 5.52)) < 0.04
    assert abs(sound_late_s(after, parts[1], 0.0)) < 0.04


# ---- smart cuts ----


def test_a_smart_cut_copies_what_lies_between_and_encodes_finely_what_does_not(
    truth: Truth, tmp_path: Path
) -> None:
    done = cut_clip(truth.info, 0.6, 4.2, tmp_path / "clip.mp4", "smart")
    assert (done.how, done.notes) == ("smart", ())
    source, clip = frames_of(truth.path), frames_of(done.path)
    first = 15
    for i, frame in enumerate(clip):
        if 25 <= first + i < 100:  # whole groups of 25
            assert np.array_equal(frame, source[first + i]), f"frame {first + i} was not copied"
        else:
            assert cv2.PSNR(frame, source[first + i]) > 40


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"codec": "mpeg4"}, "the video is mpeg4"),
        ({"gop": 500}, "no whole group of pictures"),
        ({"options": {"x264-params": "open-gop=1"}}, "no whole group of pictures"),
        ({"options": {"x264-params": "interlaced=1"}}, "it is interlaced"),
        ({"pix_fmt": "yuv422p"}, "no usual 4:2:0"),
    ],
)
def test_a_smart_cut_that_cannot_be_is_exact_and_says_why(
    options: dict[str, object], reason: str, tmp_path: Path
) -> None:
    source = video(tmp_path / "video.mp4", **options)  # type: ignore[arg-type]
    done = cut_clip(source.info, 0.6, 3.0, tmp_path / "clip.mp4", "smart")
    assert done.how == "exact"
    assert reason in done.notes[0]
    assert read(done.path).numbers == list(range(15, 75))


def test_open_groups_of_pictures_are_copied_without_what_refers_to_before_them(tmp_path: Path) -> None:
    source = video(tmp_path / "video.mp4", b_frames=3, options={"x264-params": "open-gop=1"})
    done = cut_clip(source.info, 2.3, 4.0, tmp_path / "clip.mp4", "copy")
    clip = read(done.path)
    assert clip.numbers == list(range(clip.numbers[0], clip.numbers[0] + len(clip.numbers)))
    assert clip.numbers[0] <= 58 <= 100 <= clip.numbers[-1] + 1
    assert abs(sound_late_s(clip, source, done.start_s)) < 0.003


# ---- how it looks ----


@pytest.mark.parametrize("turn_deg", [90, 180, -90])
@pytest.mark.parametrize("how", WAYS)
def test_turned_videos_stay_upright(how: str, turn_deg: int, tmp_path: Path) -> None:
    source = video(tmp_path / "video.mp4", turn_deg=turn_deg, pixel_aspect=Fraction(4, 3))
    done = cut_clip(source.info, 1.0, 2.0, tmp_path / "clip.mp4", how)
    assert frames_of(done.path)[0].shape == frames_of(source.path)[0].shape
    assert np.abs(frames_of(done.path)[0].astype(int) - frames_of(source.path)[25]).mean() < 3
    info = scanned(done.path)
    assert info.width_px / info.height_px == pytest.approx(
        source.info.width_px / source.info.height_px, rel=0.01
    )
    assert (info.rotation_deg == 0) == (how == "exact")


def test_odd_sizes_become_even(tmp_path: Path) -> None:
    images = [np.full((97, 161, 3), 90, np.uint8)] * 10
    done = cut_clip(encoded(tmp_path / "odd.mkv", images, "ffv1", "yuv444p"), 0, 0.3, tmp_path / "clip.mp4")
    assert done.size_px == (160, 96)
    assert frames_of(done.path)[0].mean() == pytest.approx(90, abs=2)


@pytest.mark.parametrize("size", [(96, 160), (200, 80)])
def test_the_longer_side_can_be_limited(size: tuple[int, int], tmp_path: Path) -> None:
    source = encoded(tmp_path / "video.mp4", [np.full((*size, 3), 90, np.uint8)] * 5)
    done = cut_clip(source, 0, 0.2, tmp_path / "clip.mp4", encoding=Encoding(max_side_px=64))
    assert max(done.size_px) == 64
    assert done.size_px[0] / done.size_px[1] == pytest.approx(size[1] / size[0], rel=0.07)


@pytest.mark.parametrize("how", WAYS)
def test_colours_are_tagged_as_in_the_source(how: str, tmp_path: Path) -> None:
    grey = [np.full((96, 160, 3), i, np.uint8) for i in np.linspace(0, 255, 75)]
    tags = {"color_range": 2, "color_primaries": 1, "color_trc": 1, "colorspace": 1, "gop_size": 25}
    source = encoded(tmp_path / "full.mp4", grey, pix_fmt="yuvj420p", **tags)
    done = cut_clip(source, 0.4, 2.6, tmp_path / "clip.mp4", how)
    assert done.how == how
    frame = first_frame(done.path)
    assert (frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace) == (2, 1, 1, 1)
    wanted = [f.mean() for f in frames_of(source_path(source))][round(done.start_s * 25) :][: done.n_frames]
    assert [f.mean() for f in frames_of(done.path)] == pytest.approx(wanted, abs=2)


def source_path(info: VideoInfo) -> Path:
    return Path(info.path)


@pytest.mark.parametrize("pix_fmt", ["yuv422p", "yuv444p", "gray", "bgr0", "yuv420p10le"])
def test_formats_that_do_not_play_everywhere_become_one_that_does(pix_fmt: str, tmp_path: Path) -> None:
    ramp = np.repeat(
        np.repeat(np.linspace(20, 230, 160).astype(np.uint8)[None, :, None], 96, axis=0), 3, axis=2
    )
    source = encoded(tmp_path / "video.mkv", [ramp] * 5, "ffv1", pix_fmt)
    done = cut_clip(source, 0, 0.2, tmp_path / "clip.mp4")
    frame = first_frame(done.path)
    assert frame.format.name == "yuv420p"
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - ramp).mean() < 4


def test_a_picture_that_changes_its_size_is_brought_to_the_first(tmp_path: Path) -> None:
    path = tmp_path / "sizes.webm"
    images = [np.full((96, 160, 3), 90, np.uint8)] * 5 + [np.full((48, 80, 3), 90, np.uint8)] * 5
    with av.open(str(path), "w") as container:
        for i, size in enumerate([(96, 160), (48, 80)]):
            encoder = av.CodecContext.create("libvpx", "w")
            encoder.height, encoder.width, encoder.pix_fmt = *size, "yuv420p"
            encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(25)
            if i == 0:
                stream = container.add_stream("libvpx", rate=25)
                stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
            for j in range(5):
                frame = av.VideoFrame.from_ndarray(images[5 * i + j], format="rgb24").reformat(
                    format="yuv420p"
                )
                frame.pts, frame.time_base = 40 * (5 * i + j), Fraction(1, 1000)
                for packet in encoder.encode(frame):
                    packet.stream = stream
                    container.mux(packet)
            for packet in encoder.encode(None):
                packet.stream = stream
                container.mux(packet)
    done = cut_clip(scanned(path), 0, 0.4, tmp_path / "clip.mp4")
    assert [f.shape for f in frames_of(done.path)] == [(96, 160)] * 10
    assert frames_of(done.path)[-1].mean() == pytest.approx(frames_of(done.path)[0].mean(), abs=2)


# ---- framing ----


def ramp_video(path: Path) -> VideoInfo:
    """Brightness tells the place: from left to right it rises evenly."""
    ramp = (
        np.repeat(np.repeat(np.linspace(20, 230, 640)[None, :, None], 360, axis=0), 3, axis=2)
        .round()
        .astype(np.uint8)
    )
    return encoded(path, [ramp] * 50, "ffv1", "yuv420p")


def test_a_framing_moves_evenly_and_by_less_than_a_pixel(tmp_path: Path) -> None:
    source = ramp_video(tmp_path / "ramp.mkv")
    framing = Framing(
        np.array([0.0, 2.0]), np.array([0.3, 0.32]), np.array([0.5, 0.5]), 0.316, 1.0, (202, 360)
    )
    done = cut_clip(source, 0, 2, tmp_path / "clip.mp4", framing=framing, encoding=Encoding(crf=4))
    assert done.size_px == (202, 360)
    levels = np.array([f[100:260].mean() for f in frames_of(done.path)])
    assert levels[-1] - levels[0] == pytest.approx(210 * 0.02 * 219 / 255 * 49 / 50 * 255 / 219, abs=0.6)
    steps = np.diff(levels)
    assert (
        np.abs(steps - steps.mean()).max() < 0.12
    )  # 12.8 px in 50 frames: a jump of a whole pixel would be 0.33


@pytest.mark.parametrize("out_px", [(202, 360), (404, 720), (100, 178)])
def test_a_framing_shows_the_place_that_was_asked_for_at_any_size(
    out_px: tuple[int, int], tmp_path: Path
) -> None:
    source = ramp_video(tmp_path / "ramp.mkv")
    framing = Framing(np.array([0.0]), np.array([0.7]), np.array([0.5]), 0.316, 1.0, out_px)
    image = frames_of(
        cut_clip(source, 0, 0.2, tmp_path / "clip.mp4", framing=framing, encoding=Encoding(crf=4)).path,
        "rgb24",
    )[0]
    assert image.shape == (out_px[1], out_px[0], 3)
    levels = image[:, :, 1].mean(axis=0)
    assert levels[len(levels) // 2] == pytest.approx(20 + 210 * 0.7, abs=1.5)
    assert levels[0] == pytest.approx(20 + 210 * (0.7 - 0.158), abs=2)
    assert levels[-1] == pytest.approx(20 + 210 * (0.7 + 0.158), abs=2)


def test_a_framing_never_leaves_the_picture(tmp_path: Path) -> None:
    source = ramp_video(tmp_path / "ramp.mkv")
    framing = Framing(np.array([0.0]), np.array([0.0]), np.array([0.5]), 0.25, 1.0, (160, 360))
    image = frames_of(cut_clip(source, 0, 0.2, tmp_path / "clip.mp4", framing=framing).path, "rgb24")[0]
    assert image[:, 0, 1].mean() == pytest.approx(20, abs=3)


def test_a_framing_of_a_turned_picture_is_of_what_is_shown(tmp_path: Path) -> None:
    source = video(tmp_path / "turned.mp4", turn_deg=-90, sound_start_s=None)
    upright = frames_of(source.path)[0]
    framing = Framing(np.array([0.0]), np.array([0.5]), np.array([0.1]), 1.0, 0.2, (96, 32))
    image = frames_of(cut_clip(source.info, 0, 0.2, tmp_path / "clip.mp4", framing=framing).path)[0]
    assert np.abs(image.astype(int) - upright[:32]).mean() < 6


@pytest.mark.parametrize(
    "wrong", [{"width": 0.0}, {"height": 1.2}, {"out_px": (101, 200)}, {"time_s": np.zeros(0)}]
)
def test_a_framing_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    right = {
        "time_s": np.zeros(1),
        "centre_x": np.zeros(1),
        "centre_y": np.zeros(1),
        "width": 0.5,
        "height": 1.0,
        "out_px": (100, 200),
    }
    with pytest.raises(UsageError):
        Framing(**{**right, **wrong})  # type: ignore[arg-type]


# ---- sound ----


def test_the_loudness_asked_is_the_loudness_given(truth: Truth, tmp_path: Path) -> None:
    done = cut_clip(truth.info, 1.0, 5.0, tmp_path / "clip.mp4", encoding=Encoding(loudness_lufs=-24.0))
    assert loudness_of(done) == pytest.approx(-24.0, abs=0.3)
    assert "LUFS, turned" in done.notes[0]


def loudness_of(done: ClipDone) -> float:
    info = scanned(done.path)
    with av.open(str(done.path)) as container:
        sound = sound_format_of(container.streams.audio[0].codec_context, Encoding())
    return loudness(SourceFile(info, Limits(), ClockOptions()), 0.0, info.duration_s, sound).lufs


def test_peaks_keep_a_clip_from_being_turned_up(truth: Truth, tmp_path: Path) -> None:
    done = cut_clip(
        truth.info, 1.0, 5.0, tmp_path / "clip.mp4", encoding=Encoding(loudness_lufs=-1.0, true_peak_db=-6.0)
    )
    assert "its peaks would pass -6 dBTP" in done.notes[0]
    assert np.abs(read(done.path).sound).max() == pytest.approx(10 ** (-6 / 20), rel=0.1)


def test_silence_stays_silence(tmp_path: Path) -> None:
    source = video(tmp_path / "video.mp4", sound_start_s=3.0)
    done = cut_clip(source.info, 0.0, 2.0, tmp_path / "clip.mp4", encoding=Encoding(loudness_lufs=-14.0))
    assert any("silent" in note for note in done.notes)
    assert np.abs(read(done.path).sound).max() < 1e-3


@pytest.mark.parametrize(
    ("hz", "codec", "expected"), [(8000, "pcm_s16le", 8000), (44100, "mp3", 44100), (96000, "flac", 48000)]
)
def test_the_rate_of_the_sound_stays_where_players_know_it(
    hz: int, codec: str, expected: int, tmp_path: Path
) -> None:
    source = encoded_sound(tmp_path / "video.mkv", hz, codec)
    with av.open(str(cut_clip(source, 0.5, 1.5, tmp_path / "clip.mp4").path)) as container:
        assert container.streams.audio[0].rate == expected


def encoded_sound(path: Path, hz: int, codec: str, layout: str = "mono") -> VideoInfo:
    sample = {"pcm_s16le": "s16", "mp3": "fltp", "flac": "s16", "ac3": "fltp"}[codec]
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=25, options={"threads": "1"})
        picture.height, picture.width, picture.pix_fmt = *HW, "yuv420p"
        audio = container.add_stream(codec, rate=hz, layout=layout)
        for image in numbered(50):
            container.mux(picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        channels = len(audio.layout.channels)
        sound = np.repeat(
            0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * hz) / hz)[None], channels, axis=0
        ).astype(np.float32)
        data = sound if sample == "fltp" else np.round(sound * 32767).astype(np.int16).T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), format=sample, layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = hz, 0, Fraction(1, hz)
        container.mux([*picture.encode(None), *audio.encode(frame), *audio.encode(None)])
    return scanned(path)


def test_many_channels_become_two(tmp_path: Path) -> None:
    source = encoded_sound(tmp_path / "video.mkv", 48000, "ac3", "5.1")
    with av.open(str(cut_clip(source, 0.5, 1.5, tmp_path / "clip.mp4").path)) as container:
        assert container.streams.audio[0].layout.name == "stereo"
        assert np.abs(np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)).max() > 0.2


# ---- reels ----


def test_a_reel_shows_one_segment_after_the_other_with_chapters_and_sound_in_time(
    truth: Truth, tmp_path: Path
) -> None:
    windows = [(4.0, 5.0), (0.52, 2.2), (0.52, 1.0), (2.31, 2.4)]
    done = cut_reel(
        [Segment(truth.info, *w, title=f"Stück {i}") for i, w in enumerate(windows)],
        tmp_path / "reel.mp4",
        title="Alles",
    )
    clip = read(done.path)
    expected = [[i for i in range(150) if a - 1e-6 <= i / 25 < b - 1e-6] for a, b in windows]
    assert clip.numbers == [n for numbers_of_segment in expected for n in numbers_of_segment]
    assert clip.times_s == pytest.approx(np.arange(len(clip.numbers)) / 25, abs=1e-3)
    assert done.end_s == pytest.approx(len(clip.numbers) / 25)
    assert clip.sound is not None
    for (start_s, end_s, _), numbers_of_segment in zip(done.chapters, expected, strict=True):
        part = dataclasses.replace(clip, sound=clip.sound[round(start_s * clip.hz) : round(end_s * clip.hz)])
        assert abs(sound_late_s(part, truth, numbers_of_segment[0] / 25)) < 0.002
    with av.open(str(done.path)) as container:
        assert [c["metadata"]["title"] for c in container.chapters()] == [f"Stück {i}" for i in range(4)]
        assert [c["start"] * float(c["time_base"]) for c in container.chapters()] == pytest.approx(
            [c[0] for c in done.chapters], abs=1e-3
        )
        assert container.metadata["title"] == "Alles"
    assert [p.name for p in tmp_path.iterdir()] == ["reel.mp4"]


def test_a_reel_of_different_videos_has_the_shape_of_the_first(truth: Truth, tmp_path: Path) -> None:
    tall = video(tmp_path / "tall.mkv", Fraction(30000, 1001), turn_deg=-90, hz=44100, n=60)
    silent = video(tmp_path / "silent.mp4", 10, sound_start_s=None, n=20)
    done = cut_reel(
        [Segment(truth.info, 1.0, 2.0), Segment(tall.info, 0.5, 1.5), Segment(silent.info, 0.0, 1.0)],
        tmp_path / "reel.mp4",
    )
    frames = frames_of(done.path)
    assert {f.shape for f in frames} == {HW}
    assert len(frames) == 25 + 30 + 10
    middle = frames[40]
    assert middle[:, :40].max() < 30  # bars beside what is tall
    assert middle[:, 60:100].max() > 200
    clip = read(done.path)
    assert clip.sound is not None
    first_second = dataclasses.replace(clip, sound=clip.sound[: clip.hz])
    assert abs(sound_late_s(first_second, truth, 1.0)) < 0.002
    assert np.abs(clip.sound[round(2.1 * clip.hz) : round(2.9 * clip.hz)]).max() < 1e-3  # type: ignore[index]


def test_a_reel_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one window"):
        cut_reel([], tmp_path / "reel.mp4")


# ---- encoders ----


def test_without_hardware_x264_does_it_and_says_so(
    truth: Truth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "HARDWARE", {"no_such_encoder": ("nv12", {}), "h264_v4l2m2m": ("nv12", {})})
    done = cut_clip(truth.info, 0.0, 1.0, tmp_path / "clip.mp4", encoding=Encoding(encoder="hardware"))
    assert done.encoder == "libx264"
    assert any("no encoder in hardware works here" in note for note in done.notes)


@pytest.mark.parametrize(("codec", "pix_fmt"), [("libx264rgb", "bgr0"), ("libx264", "nv12")])
def test_an_encoder_that_takes_another_format_gets_it(
    codec: str, pix_fmt: str, truth: Truth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "HARDWARE", {codec: (pix_fmt, {})})
    done = cut_clip(truth.info, 0.6, 2.0, tmp_path / "clip.mp4", encoding=Encoding(encoder="hardware"))
    assert (done.encoder, done.notes) == (codec, ())
    assert read(done.path).numbers == list(range(15, 50))


# ---- previews ----


@pytest.mark.parametrize("turn_deg", [None, -90])
def test_a_gif_shows_the_window_for_ever(turn_deg: int | None, tmp_path: Path) -> None:
    source = video(tmp_path / "video.mp4", turn_deg=turn_deg, n=75)
    path = preview(source.info, 0.6, 2.1, tmp_path / "preview", "gif", width_px=80, hz=8.0)
    assert path.name == "preview.gif"
    data = path.read_bytes()
    assert b"NETSCAPE2.0\x03\x01\x00\x00" in data
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 12
    assert (frames[0].width, frames[0].height) == ((80, 48) if turn_deg is None else (80, 133))
    assert [float(f.pts * f.time_base) for f in frames] == pytest.approx(np.arange(12) / 8, abs=0.006)


def test_a_webp_shows_the_window_for_ever(tmp_path: Path) -> None:
    source = video(tmp_path / "video.mp4", n=75)
    path = preview(source.info, 0.6, 2.1, tmp_path / "preview.gif", "webp", width_px=80, hz=10.0)
    assert path.name == "preview.webp"
    done, animation = cv2.imreadanimation(str(path))
    assert done
    assert animation.loop_count == 0
    assert len(animation.frames) == 15
    assert animation.frames[0].shape[:2] == (48, 80)


def test_a_preview_of_an_unknown_kind_is_refused(truth: Truth, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are gif, webp"):
        preview(truth.info, 0, 1, tmp_path / "preview", "apng")


# ---- real files ----

REAL = [
    "formats/phone_rot90_audio.mp4", "formats/fire2_rot180_vfr.mp4", "formats/empty_edit_5s.mp4",
    "formats/delayed_start.mp4", "formats/frag_overlap.mp4",
    "formats/SAR-2by3.mp4", "formats/no_duration.webm", "formats/video_with_failing_audio.mp4",
    "formats/hlg_amve.mp4", "formats/pq_hdr10tags_rot.mkv",
    "formats/av1_video.mkv", "formats/unordered.mov", "formats/video_90.mov",
    "formats/frame_size_change.webm", "formats/bt709_full_range.mp4",
    "formats/test_yuv422p.mp4", "formats/mov_text.mp4", "formats/h265_10bits.mp4", "multi/scte20_panel.ts",
    "scenes/theatre_dissolves_dts.mkv",
    "faces/makeup_test.avi", "corrupt/brokensps.flv", "corrupt/1242-small.mkv",
    "motion/skateboarding_dog.mp4",
]  # fmt: skip


@pytest.mark.media
@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("name", REAL)
def test_real_files_are_cut_and_every_frame_of_the_clip_decodes(
    name: str, how: str, media_folder: Path, tmp_path: Path
) -> None:
    info = scanned(media_folder / name)
    length_s = min(info.duration_s, 5.0)
    done = cut_clip(
        info, 0.3 * length_s, 0.7 * length_s, tmp_path / "clip.mp4", how, Encoding(preset="superfast")
    )
    with av.open(str(done.path)) as container:
        frames = list(container.decode(video=0))
        assert len(frames) == done.n_frames
        assert not any(f.is_corrupt for f in frames)
        assert abs(frames[0].time) < 0.002
    assert done.start_s <= 0.3 * length_s + 0.25
    assert done.end_s >= 0.7 * length_s - 0.25


@pytest.mark.media
@pytest.mark.parametrize(
    "name",
    ["multi/girl_laughing_full_73s.mp4", "scenes/sunscreen_ad_27s.mp4", "motion/skateboarding_dog.mp4"],
)
def test_real_smart_cuts_look_like_the_source(name: str, media_folder: Path, tmp_path: Path) -> None:
    info = scanned(media_folder / name)
    done = cut_clip(info, 3.21, 12.34, tmp_path / "clip.mp4", "smart")
    assert done.how == "smart"
    with av.open(str(media_folder / name)) as container:
        kept = [
            f.to_ndarray(format="gray")
            for f in container.decode(video=0)
            if 3.2094 <= f.time - info.origin_s < 12.3394
        ]
    clip = frames_of(done.path)
    assert len(clip) == len(kept)
    assert min(cv2.PSNR(a, b) for a, b in zip(clip, kept, strict=True)) > 38
    assert sum(np.array_equal(a, b) for a, b in zip(clip, kept, strict=True)) > len(clip) / 4


def test_errors_of_ours_have_one_line(truth: Truth, tmp_path: Path) -> None:
    with pytest.raises(MomentscanError) as caught:
        cut_clip(
            dataclasses.replace(truth.info, path=str(tmp_path / "gone.mp4")), 0, 1, tmp_path / "clip.mp4"
        )
    assert "\n" not in str(caught.value)
