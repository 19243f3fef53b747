"""HDR: the curves are the published ones, and clips keep it or bring it to an ordinary screen."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.cutting import scanned
from momentscan.media.clip import cut_clip
from momentscan.media.encoders import Encoding
from momentscan.media.hdr import (
    HLG,
    PEAK_NITS,
    PQ,
    WHITE_NITS,
    nits_of_hlg,
    nits_of_pq,
    pq_of_nits,
    rolled_off,
    to_sdr,
)


@given(st.floats(0, 1))
def test_pq_goes_there_and_back(signal: float) -> None:
    assert pq_of_nits(nits_of_pq(np.array(signal))) == pytest.approx(signal, abs=1e-6)


@pytest.mark.parametrize(
    ("nits", "signal"), [(0.0, 0.0), (100.0, 0.5081), (203.0, 0.5806), (1000.0, 0.7518), (10_000.0, 1.0)]
)
def test_pq_has_the_values_of_bt_2408(nits: float, signal: float) -> None:
    assert pq_of_nits(np.array(nits)) == pytest.approx(signal, abs=1e-3)


@pytest.mark.parametrize(("signal", "nits"), [(0.0, 0.0), (0.38, 26.0), (0.75, 203.0), (1.0, 1000.0)])
def test_hlg_has_the_values_of_bt_2408(signal: float, nits: float) -> None:
    assert nits_of_hlg(np.full(3, signal)) == pytest.approx(np.full(3, nits), rel=0.02, abs=0.01)


def test_light_is_rolled_off_evenly_and_never_past_white() -> None:
    nits = np.linspace(0, PEAK_NITS, 400)
    out = rolled_off(nits)
    assert np.all(np.diff(out) >= -1e-9)
    assert out[-1] == pytest.approx(WHITE_NITS, rel=1e-3)
    assert out[nits < 60] == pytest.approx(nits[nits < 60], abs=0.01)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_greys_stay_grey_from_black_to_white(transfer: int) -> None:
    out = to_sdr(np.repeat(np.linspace(0, 1, 50)[:, None], 3, axis=1), transfer)
    assert np.ptp(out, axis=1).max() < 0.01
    assert np.all(np.diff(out[:, 1]) >= -1e-9)
    assert (out[0, 1], out[-1, 1]) == (pytest.approx(0, abs=0.02), pytest.approx(1, abs=0.01))


SCREEN = (
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
)


@pytest.fixture(scope="module", params=["smpte2084", "arib-std-b67"])
def hdr(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten bits, BT.2020: half of it diffuse white, half a dark grey."""
    path = tmp_path_factory.mktemp("hdr") / "hdr.mp4"
    white = 0.5806 if request.param == "smpte2084" else 0.75
    plane = np.full((96, 160), round(64 + 876 * white), np.uint16)
    plane[:, 80:] = round(64 + 876 * 0.2)
    packed = np.concatenate([plane.reshape(-1), np.full(2 * 48 * 80, 512, np.uint16)]).reshape(144, 160)
    colours = f"colorprim=bt2020:transfer={request.param}:colormatrix=bt2020nc:range=limited"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx265", rate=25, options={"x265-params": f"log-level=none:{colours}:{SCREEN}"}
        )
        stream.height, stream.width, stream.pix_fmt = 96, 160, "yuv420p10le"
        for _ in range(15):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(packed, format="yuv420p10le")))
        container.mux(stream.encode(None))
    return path


def first_frame(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


def test_hdr_is_kept_with_all_it_says(hdr: Path, tmp_path: Path) -> None:
    done = cut_clip(scanned(hdr), 0.12, 0.4, tmp_path / "clip.mp4")
    assert (done.encoder, done.n_frames, done.notes) == ("libx265", 7, ("HDR kept: HEVC Main 10",))
    assert b"hvc1" in done.path.read_bytes()
    frame, source = first_frame(done.path), first_frame(hdr)
    for name in ("color_trc", "color_primaries", "colorspace", "color_range"):
        assert getattr(frame, name) == getattr(source, name)
    assert frame.format.name == "yuv420p10le"
    side_data = {frame.side_data[i].type.name for i in range(len(frame.side_data))}
    assert {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"} <= side_data
    assert bytes(frame.side_data["MASTERING_DISPLAY_METADATA"]) == bytes(
        source.side_data["MASTERING_DISPLAY_METADATA"]
    )


def test_hdr_on_an_ordinary_screen_has_white_where_white_was(hdr: Path, tmp_path: Path) -> None:
    done = cut_clip(scanned(hdr), 0.12, 0.4, tmp_path / "clip.mp4", encoding=Encoding(hdr="sdr"))
    assert (done.encoder, done.n_frames) == ("libx264", 7)
    assert "tone-mapped" in done.notes[0]
    frame = first_frame(done.path)
    assert (frame.color_trc, frame.color_primaries, frame.colorspace, frame.format.name) == (
        1,
        1,
        1,
        "yuv420p",
    )
    image = frame.to_ndarray(format="rgb24").astype(int)
    white, dark = image[:, 10:70].mean(axis=(0, 1)), image[:, 90:150].mean(axis=(0, 1))
    assert np.ptp(white) < 4
    assert 205 < white.mean() < 245  # BT.2390 leaves room above diffuse white for what shines
    assert 5 < dark.mean() < 70


@pytest.mark.parametrize("hdr_as", ["keep", "sdr"])
def test_the_same_hdr_gives_the_same_bytes(hdr_as: str, hdr: Path, tmp_path: Path) -> None:
    done = [
        cut_clip(scanned(hdr), 0.0, 0.6, tmp_path / name, encoding=Encoding(hdr=hdr_as))
        for name in ("a.mp4", "b.mp4")
    ]
    assert done[0].path.read_bytes() == done[1].path.read_bytes()
