"""Signals and their dictionary."""

from __future__ import annotations

import numpy as np
import pytest

import worlds
from momentscan.errors import IncomparableVectors, MissingSignal
from momentscan.signals import COLUMNS, Signals, column
from momentscan.signals.schema import field_of, table_of


def test_an_absent_column_names_its_maker() -> None:
    with pytest.raises(MissingSignal, match="made by 'vision'"):
        Signals(worlds.info(), {})["vision.embedding"]


def test_a_name_that_nobody_knows_is_refused() -> None:
    with pytest.raises(MissingSignal, match="no column is called"):
        column("frames.nonsense")


def test_columns_are_read_when_asked_for_and_only_once() -> None:
    read: list[int] = []

    def loader() -> np.ndarray:
        read.append(1)
        return np.arange(3)

    signals = Signals(worlds.info(), {"frames.time_s": loader})
    assert not read
    assert "frames.time_s" in signals
    assert signals["frames.time_s"].tolist() == signals["frames.time_s"].tolist() == [0, 1, 2]
    assert len(read) == 1


def test_the_dictionary_has_no_column_twice_and_says_what_each_means() -> None:
    assert len({c.name for c in COLUMNS}) == len(COLUMNS)
    assert all(c.meaning and c.maker and table_of(c.name) and field_of(c.name) for c in COLUMNS)


def test_vectors_of_two_embedders_are_never_compared() -> None:
    mine, other = worlds.signals(), worlds.signals()
    assert mine.vectors("vision.embedding").cosine(other.vectors("vision.embedding")).shape == (120, 120)
    foreign = Signals(other.video, {n: other[n] for n in other}, {"vision.embedding": "another-v1"})
    with pytest.raises(IncomparableVectors, match=r"made-v1.*another-v1"):
        mine.vectors("vision.embedding").cosine(foreign.vectors("vision.embedding"))
