"""What every registered perceiver promises."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import fakes
import worlds
from momentscan import registry
from momentscan.perceive import Perceiver
from momentscan.signals.schema import column
from momentscan.values import Batch, Columns

NAMES = registry.names("perceivers")

TYPES = {"bytes": np.dtype(object), "str": np.dtypes.StringDType()}
"""Of the dictionary's, those that numpy calls otherwise."""


def build(name: str) -> Perceiver:
    return fakes.perceiver(name)


def seen(names: list[str], span_s: float, sound: bool = True, duration_s: float = 6.0) -> Columns:
    """Everything that the named perceivers write for the same little video, cut into spans of `span_s`."""
    return fakes.columns(
        worlds.batches(span_s=span_s, sound=sound, duration_s=duration_s), [build(n) for n in names]
    )


@pytest.fixture(scope="module")
def everything() -> Columns:
    return seen(NAMES, 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_it_writes_what_it_says_and_the_dictionary_knows_it_as_the_maker(
    name: str, everything: Columns
) -> None:
    for written in build(name).writes:
        assert column(written).maker == name
        assert everything[written].dtype == TYPES.get(column(written).dtype, column(written).dtype)
        assert everything[written].ndim == 1 + len(column(written).shape)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_is_built_from_is_what_it_declares(name: str) -> None:
    """Assembly builds it from this alone: no table says what which perceiver wants."""
    cls = registry.load("perceivers", name)
    declared = {*getattr(cls, "models", {}), *getattr(cls, "resources", ())}
    declared |= {"knobs"} if getattr(cls, "knobs", None) else set()
    taken = inspect.signature(cls).parameters.values()
    assert {p.name for p in taken} == declared
    assert all(p.kind is p.KEYWORD_ONLY for p in taken)
    assert set(getattr(cls, "models", {}).values()) <= set(registry.names("models"))
    required = {n for r in getattr(cls, "requires", ()) for n in ((r,) if isinstance(r, str) else r)}
    assert required <= declared
    assert {p.name for p in taken if p.default is p.empty} <= required
    assert cls.version


VERBS = ("watch", "forgetting")
"""They note what no perceiver can see."""


def test_every_column_of_the_dictionary_has_a_maker_that_writes_it() -> None:
    from momentscan.signals import COLUMNS

    assert {c.name for c in COLUMNS if c.maker not in VERBS} == {w for n in NAMES for w in build(n).writes}


def test_what_verbs_note_is_in_the_dictionary() -> None:
    from momentscan.signals import COLUMNS, forgotten, gaps

    noted = {*gaps.columns_of([]), forgotten.START_S, forgotten.END_S}
    assert {c.name for c in COLUMNS if c.maker in VERBS} == noted
    assert {name: rows.dtype for name, rows in gaps.columns_of([]).items()} == {
        name: np.dtype(TYPES.get(column(name).dtype, column(name).dtype)) for name in gaps.columns_of([])
    }


@pytest.mark.parametrize("span_s", [0.5, 2.3, 6.0])
def test_batch_size_changes_nothing(everything: Columns, span_s: float) -> None:
    again = seen(NAMES, span_s)
    assert set(again) == set(everything)
    for name, rows in everything.items():
        np.testing.assert_array_equal(rows, again[name], err_msg=name)


def test_rows_of_added_columns_equal_the_tables(everything: Columns) -> None:
    for table in {c.partition(".")[0] for c in everything}:
        assert len({len(rows) for name, rows in everything.items() if name.startswith(f"{table}.")}) == 1, (
            table
        )


def test_times_ascend_or_at_least_never_descend(everything: Columns) -> None:
    for name, rows in everything.items():
        if column(name).sign == "ascending":
            assert (np.diff(rows) > 0).all(), name
        if column(name).sign == "never descending":
            assert (np.diff(rows) >= 0).all(), name
        if name.endswith((".time_s", "frame_idx")):
            assert column(name).sign in ("ascending", "never descending"), name


def test_numbers_are_finite_but_where_the_dictionary_says_otherwise(everything: Columns) -> None:
    for name, rows in everything.items():
        if column(name).dtype.startswith("float") and "NaN where" not in column(name).meaning:
            assert np.isfinite(rows[1:]).all(), name


def test_there_is_something_of_everything_to_see(everything: Columns) -> None:
    """A contract that holds for no rows at all says nothing."""
    assert {name for name, rows in everything.items() if not len(rows)} == set()
    assert len(np.unique(everything["tracks.person"])) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_video_without_frames_or_sound_is_no_reason_to_fail(name: str) -> None:
    silent, empty = worlds.batches(sound=False)[0], hollow()
    for batch in (silent, empty):
        perceiver = build(name)
        before = [build(n) for n in ordered_before(perceiver)]
        columns = fakes.columns([batch], [*before, perceiver])
        assert set(columns) <= {w for p in (*before, perceiver) for w in p.writes}
        if batch is empty:
            assert all(
                len(columns.get(w, ())) == 0
                for w in perceiver.writes
                if not w.startswith(("scenes.", "words."))
            )


def hollow() -> Batch:
    """A second in which nothing was shown."""
    full = worlds.batches(sound=False)[0]
    return Batch(
        0.0,
        1.0,
        full.frames[:0],
        full.time_s[:0],
        full.frame_idx[:0],
        full.sound,
        full.thumbs[:0],
        full.thumb_s[:0],
    )


def ordered_before(perceiver: Perceiver) -> list[str]:
    """The names of those whose columns it needs, and whose those need."""
    makers = {column(n).maker for n in perceiver.needs}
    return [n for n in NAMES if n in makers | {m for maker in makers for m in ordered_before(build(maker))}]


def test_one_frame_is_enough() -> None:
    one = seen(NAMES, 0.1, duration_s=0.1)
    assert (
        len(one["frames.time_s"])
        == len(one["vision.time_s"])
        == len(one["thumbnails.jpeg"])
        == len(one["scenes.start_s"])
        == 1
    )
    assert len(one["faces.time_s"]) == len(one["crops.face"]) == len(one["tracks.id"]) == 2
