"""What every registered perceiver promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import worlds
from momentscan import registry
from momentscan.models.embedders import choose
from momentscan.perceive import Perceiver, ordered, watch
from momentscan.signals.schema import column
from momentscan.values import Columns

NAMES = registry.names("perceivers")


def build(name: str) -> Perceiver:
    given: dict[str, Any] = {"vision": {"embedder": choose("descriptor", None, "cpu")}}
    perceiver: Perceiver = registry.load("perceivers", name)(**given.get(name, {}))
    return perceiver


def seen(names: list[str], span_s: float, sound: bool = True, duration_s: float = 6.0) -> Columns:
    """Everything that the named perceivers write for the same little video, cut into spans of `span_s`."""
    rows: dict[str, list[np.ndarray]] = {}
    perceivers = ordered([build(n) for n in names])
    for _, made in watch(worlds.batches(span_s=span_s, sound=sound, duration_s=duration_s), perceivers):
        for columns in made.values():
            for name, chunk in columns.items():
                rows.setdefault(name, []).append(chunk)
    return {name: np.concatenate(chunks) for name, chunks in rows.items()}


@pytest.fixture(scope="module")
def everything() -> Columns:
    return seen(NAMES, 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_it_writes_what_it_says_and_the_dictionary_knows_it_as_the_maker(name: str, everything: Columns) -> None:
    for written in build(name).writes:
        assert column(written).maker == name
        assert everything[written].dtype == (object if column(written).dtype == "bytes" else np.dtype(column(written).dtype))
        assert everything[written].ndim == 1 + len(column(written).shape)


def test_every_column_of_the_dictionary_has_a_maker_that_writes_it() -> None:
    from momentscan.signals import COLUMNS

    assert {c.name for c in COLUMNS} == {w for n in NAMES for w in build(n).writes}


@pytest.mark.parametrize("span_s", [0.5, 2.3, 6.0])
def test_batch_size_changes_nothing(everything: Columns, span_s: float) -> None:
    again = seen(NAMES, span_s)
    assert set(again) == set(everything)
    for name, rows in everything.items():
        np.testing.assert_array_equal(rows, again[name], err_msg=name)


def test_rows_of_added_columns_equal_the_tables(everything: Columns) -> None:
    for table in {c.partition(".")[0] for c in everything}:
        assert len({len(rows) for name, rows in everything.items() if name.startswith(f"{table}.")}) == 1, table


def test_times_ascend(everything: Columns) -> None:
    for name, rows in everything.items():
        if name.endswith(("time_s", "start_s", "end_s", "frame_idx")):
            assert (np.diff(rows) > 0).all(), name


def test_numbers_are_finite_but_where_the_dictionary_says_otherwise(everything: Columns) -> None:
    for name, rows in everything.items():
        if column(name).dtype.startswith("float"):
            assert np.isfinite(rows[1:]).all(), name


@pytest.mark.parametrize("name", NAMES)
def test_a_video_without_frames_or_sound_is_no_reason_to_fail(name: str) -> None:
    perceiver = build(name)
    columns = perceiver.look(worlds.batches(sound=False)[0], {})
    assert set(columns) <= set(perceiver.writes)
    empty = build(name)
    nothing = worlds.batches(sound=False)[0]
    hollow = type(nothing)(
        0.0, 1.0, nothing.frames[:0], nothing.time_s[:0], nothing.frame_idx[:0], nothing.sound, nothing.thumbs[:0], nothing.thumb_s[:0]
    )
    assert all(len(rows) == 0 for rows in empty.look(hollow, {}).values())
    empty.finish()


def test_one_frame_is_enough(everything: Columns) -> None:
    one = seen(NAMES, 0.1, duration_s=0.1)
    assert len(one["frames.time_s"]) == len(one["vision.time_s"]) == len(one["strip.jpeg"]) == len(one["scenes.start_s"]) == 1
