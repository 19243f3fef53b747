"""A table's columns are of one length, and rows of it are a table of the same kind."""

from __future__ import annotations

import numpy as np
import pytest

import worlds
from momentscan.errors import MissingSignal
from momentscan.signals import Signals, Table


class Named(Table):
    """A kind of its own."""


def faces() -> Named:
    return Named("faces", {"time_s": np.array([0.0, 0.2, 0.4]), "bbox": np.arange(12.0).reshape(3, 4)})


def test_columns_of_several_lengths_are_refused_with_got_and_expected() -> None:
    with pytest.raises(ValueError, match=r"got \{'time_s': 3, 'track': 2\}, expected 3 rows"):
        Table("faces", {"time_s": np.zeros(3), "track": np.zeros(2)})


@pytest.mark.parametrize("rows", [np.array([False, True, True]), np.array([1, 2]), slice(1, None)])
def test_rows_of_a_table_are_a_table_of_the_same_kind(rows: np.ndarray | slice) -> None:
    late = faces()[rows]
    assert type(late) is Named
    assert (late.name, len(late), list(late)) == ("faces", 2, ["time_s", "bbox"])
    assert late["time_s"].tolist() == [0.2, 0.4]
    assert late["bbox"].tolist() == faces().columns["bbox"][1:].tolist()


def test_it_shows_shapes() -> None:
    assert repr(faces()).splitlines() == [
        "Table faces: 3 rows",
        "  time_s         (3,)           float64",
        "  bbox           (3, 4)         float64",
    ]


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(MissingSignal, match=r"table faces has no column 'smile'; it has time_s, bbox"):
        faces()["smile"]


def test_signals_give_every_column_of_a_table() -> None:
    signals = worlds.signals()
    frames = signals.table("frames")
    assert {f"frames.{field}" for field in frames} == {name for name in signals if name.startswith("frames.")}
    assert frames["time_s"] is signals["frames.time_s"]


def test_a_table_that_nobody_logged_names_its_makers() -> None:
    nothing = Signals(worlds.info(), {})
    with pytest.raises(MissingSignal, match=r"no table voice; it is made by 'speech': scan again"):
        nothing.table("voice")
    with pytest.raises(MissingSignal, match="no table is called 'nonsense'"):
        nothing.table("nonsense")


def test_a_table_without_columns_has_no_rows() -> None:
    assert len(Table("empty", {})) == 0
