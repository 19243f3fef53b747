"""Units of H.264 and HEVC: what is taken apart goes together again, and what cameras hide is taken out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.cutting import video
from momentscan.media.bitstream import (
    X264_UUID,
    _escaped,
    _unescaped,
    avcc,
    joined,
    parameter_sets,
    prefix_of,
    sps_of,
    units,
    without_user_data,
)

UNIT = st.binary(min_size=1, max_size=40).map(lambda b: b"\x65" + _escaped(b) + b"\x80")


@given(st.lists(UNIT, max_size=5), st.sampled_from([0, 2, 4]))
def test_units_come_back_as_they_were(found: list[bytes], prefix: int) -> None:
    assert units(joined(found, prefix), prefix) == found


@given(st.binary(max_size=60))
def test_escaping_keeps_start_codes_out_and_can_be_undone(data: bytes) -> None:
    escaped = _escaped(data)
    assert _unescaped(escaped) == data
    assert not any(code in escaped for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))


def sei(*messages: tuple[int, bytes], hevc: bool = False) -> bytes:
    body = b"".join(
        bytes([kind]) + b"\xff" * (len(data) // 255) + bytes([len(data) % 255]) + data
        for kind, data in messages
    )
    return (b"\x4e\x01" if hevc else b"\x06") + _escaped(body + b"\x80")


CAMERA = (5, bytes(range(1, 17)) + b"place and name")
ENCODER = (5, X264_UUID + b"x264 - core 165")
CAPTIONS = (4, b"\xb5\x00\x31GA94")
SLICE = b"\x65\x88\x84\x00\x10"


@pytest.mark.parametrize("prefix", [0, 4])
@pytest.mark.parametrize("hevc", [False, True])
def test_only_foreign_user_data_is_taken_out(hevc: bool, prefix: int) -> None:
    codec = "hevc" if hevc else "h264"
    picture = b"\x26\x01\x99" if hevc else SLICE

    def clean(*found: bytes) -> list[bytes]:
        return units(without_user_data(joined(found, prefix), codec, prefix), prefix)

    assert clean(sei(CAMERA, hevc=hevc), picture) == [picture]
    assert clean(sei(CAPTIONS, CAMERA, hevc=hevc), picture) == [sei(CAPTIONS, hevc=hevc), picture]
    assert clean(sei(CAMERA, ENCODER, hevc=hevc), picture) == [sei(ENCODER, hevc=hevc), picture]
    assert clean(sei((5, bytes(300)), hevc=hevc), picture) == [picture]
    data = joined([sei(CAPTIONS, hevc=hevc), picture], prefix)
    assert without_user_data(data, codec, prefix) is data


@given(st.binary(max_size=60), st.sampled_from([0, 4]), st.sampled_from(["h264", "hevc"]))
def test_nonsense_is_read_without_an_error(data: bytes, prefix: int, codec: str) -> None:
    without_user_data(joined([b"\x06" + data, b"\x4e\x01" + data], prefix), codec, prefix)


@pytest.mark.parametrize(("profile", "number"), [("baseline", 66), ("main", 77), ("high", 100)])
@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_parameter_sets_are_read_from_either_form(
    suffix: str, profile: str, number: int, tmp_path: Path
) -> None:
    source = video(
        tmp_path / f"video.{suffix}",
        b_frames=0,
        n=10,
        options={"profile": profile, "x264-params": "sps-id=3"},
    )
    with av.open(str(source.path)) as container:
        context = container.streams.video[0].codec_context
        extradata = context.extradata
        assert prefix_of("h264", extradata) == (4 if suffix == "mp4" else 0)
    sps, pps = parameter_sets(extradata)
    read = sps_of(sps[0])
    assert (read.profile, read.number, read.chroma, read.bits, read.frames_only) == (number, 3, 1, 8, True)
    assert parameter_sets(avcc(sps, pps)) == (sps, pps)


def test_an_interlaced_video_says_so(tmp_path: Path) -> None:
    source = video(tmp_path / "video.mp4", Fraction(25), n=10, options={"x264-params": "interlaced=1"})
    with av.open(str(source.path)) as container:
        assert not sps_of(
            parameter_sets(container.streams.video[0].codec_context.extradata)[0][0]
        ).frames_only
