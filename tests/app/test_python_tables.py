"""Tables of a scanned video: by name, by mask, as Arrow and as pandas."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import momentscan as ms
import worlds
from momentscan.app.dataframes import SHOWN, DataTable, Scanned
from momentscan.errors import MissingModel, MissingSignal
from momentscan.signals import Signals
from momentscan.signals.calibration import Calibration

EVIL = "<b>&amp;"


@pytest.fixture
def frames(scanned: Path) -> DataTable:
    return ms.load(scanned).table("frames")


@pytest.fixture
def mixed() -> DataTable:
    """Two words, with a vector and a picture each."""
    columns = {
        "text": np.array(["so", EVIL], np.dtypes.StringDType()),
        "prob": np.array([0.5, np.nan], np.float32),
        "bbox": np.arange(8, dtype=np.float32).reshape(2, 4),
        "embedding": np.zeros((2, 64), np.float32),
        "jpeg": np.array([b"abc", b""], object),
    }
    return DataTable("words", columns)


def test_a_table_has_every_column_of_its_name(scanned: Path, frames: DataTable) -> None:
    signals = ms.load(scanned)
    assert [f"frames.{name}" for name in frames] == [name for name in signals if name.startswith("frames.")]
    assert len(frames) == len(signals["frames.time_s"])
    np.testing.assert_array_equal(frames["motion"], signals["frames.motion"])


def test_a_mask_gives_a_table_of_the_same_kind(frames: DataTable) -> None:
    late = frames[frames["time_s"] > 20]
    assert isinstance(late, DataTable)
    assert 0 < len(late) < len(frames)
    assert late["time_s"].min() > 20
    assert len(frames[:3].to_pandas()) == 3


def test_pandas_gets_every_row_and_a_vector_in_each_cell(mixed: DataTable) -> None:
    data = mixed.to_pandas()
    assert list(data.columns) == ["text", "prob", "bbox", "embedding", "jpeg"]
    assert list(data["text"]) == ["so", EVIL]
    assert data["prob"].dtype == np.float32
    np.testing.assert_array_equal(data["bbox"][1], [4, 5, 6, 7])
    assert data["jpeg"][0] == b"abc"


def test_what_is_done_to_the_data_frame_is_not_done_to_the_log(frames: DataTable) -> None:
    before = frames["time_s"].copy()
    data = frames.to_pandas()
    data.loc[0, "time_s"] = -1.0
    np.testing.assert_array_equal(frames["time_s"], before)


def test_arrow_gets_types_units_and_meanings(mixed: DataTable, frames: DataTable) -> None:
    table = mixed.to_arrow()
    assert [str(field.type) for field in table.schema] == [
        "string", "float", "fixed_size_list<item: float>[4]", "fixed_size_list<item: float>[64]", "binary",
    ]  # fmt: skip
    described = frames.to_arrow().schema.field("motion").metadata
    assert described[b"unit"] == b"diagonals/s"
    assert described[b"meaning"].startswith(b"mean length of the optical flow")
    assert DataTable("of_a_plugin", {"x": np.zeros(2)}).to_arrow().num_rows == 2


def test_without_pandas_one_line_says_what_to_install(
    frames: DataTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        MissingModel, match=r'needs pandas, which is not installed; pip install "momentscan\[notebook\]"'
    ):
        frames.to_pandas()
    assert frames.to_arrow().num_rows == len(frames)


def test_a_table_shows_shapes_types_and_units(mixed: DataTable) -> None:
    assert repr(mixed).splitlines() == [
        "Table words: 2 rows",
        "  text           (2,)           str",
        "  prob           (2,)           float32  0-1",
        "  bbox           (2, 4)         float32",
        "  embedding      (2, 64)        float32",
        "  jpeg           (2,)           bytes",
    ]


def test_a_notebook_shows_the_first_rows_escaped(mixed: DataTable, frames: DataTable) -> None:
    page = mixed._repr_html_()
    assert EVIL not in page
    assert "&lt;b&gt;&amp;amp;" in page
    assert "<td>[4, 5, 6, 7]</td><td>(64,) float32</td><td>0 B</td>" in page
    assert frames._repr_html_().count("<tr>") == SHOWN + 1
    assert f"<p>and {len(frames) - SHOWN} more</p>" in frames._repr_html_()


def test_what_is_not_there_is_told_with_what_is(scanned: Path, frames: DataTable) -> None:
    with pytest.raises(MissingSignal, match="no table is called 'face'"):
        ms.load(scanned).table("face")
    with pytest.raises(MissingSignal, match="ride has no table faces; it is made by 'faces' and 'tracks'"):
        ms.load(scanned).table("faces")
    with pytest.raises(MissingSignal, match=r"table frames has no column 'movement'; it has .*motion"):
        frames["movement"]


def test_an_empty_table_can_be_shown_and_handed_on() -> None:
    empty = Scanned(
        Signals(worlds.info(), {"faces.time_s": np.zeros(0), "faces.bbox": np.zeros((0, 4), np.float32)}),
        Path(),
    ).table("faces")
    assert len(empty) == len(empty.to_pandas()) == empty.to_arrow().num_rows == 0
    assert "0 rows" in repr(empty)
    assert "0 rows" in empty._repr_html_()


def test_what_is_loaded_keeps_what_its_embedder_declared(tmp_path: Path) -> None:
    lab = Calibration(change_floor=0.5)
    signals = Signals(worlds.info(), {}, {"vision.change": "lab-7"}, {"vision.change": lab})
    assert Scanned(signals, tmp_path).calibration("vision.change") == lab
