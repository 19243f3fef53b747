"""Rows of two tables meet where they tell of the same face at the same instant."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import worlds
from momentscan.signals import Signals
from momentscan.signals.join import rows_of_tracks, same_faces

LOOKS = st.lists(st.tuples(st.integers(0, 5).map(lambda i: i / 5), st.integers(-1, 3)), max_size=12)


def logged(faces: list[tuple[float, int]], crops: list[tuple[float, int]]) -> Signals:
    columns = {}
    for table, rows in (("faces", faces), ("crops", crops)):
        columns[f"{table}.time_s"] = np.array([t for t, _ in rows], np.float64)
        columns[f"{table}.track"] = np.array([k for _, k in rows], np.int64)
    return Signals(worlds.info(), columns)


@given(LOOKS, LOOKS, st.data())
def test_each_row_finds_the_last_that_has_its_time_and_track(
    faces: list[tuple[float, int]], crops: list[tuple[float, int]], data: st.DataObject
) -> None:
    signals = logged(faces, crops)
    here = data.draw(st.lists(st.sampled_from(range(len(faces))), unique=True)) if faces else []
    there = data.draw(st.lists(st.sampled_from(range(len(crops))), unique=True)) if crops else []
    last = {crops[row]: at for at, row in enumerate(there)}
    found = same_faces(signals, ("faces", np.array(here, np.int64)), ("crops", np.array(there, np.int64)))
    assert found.tolist() == [last.get(faces[row], -1) for row in here]


def test_rows_of_tracks_ascend_and_there_are_none_of_a_table_that_is_not_there() -> None:
    signals = logged([(0, 1), (0, 2), (1, 1), (1, 3)], [])
    assert rows_of_tracks(signals, "faces", (1, 3)).tolist() == [0, 2, 3]
    assert not len(rows_of_tracks(signals, "poses", (1, 3)))
