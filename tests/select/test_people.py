"""Who the video is about: size, place and time in the picture, never what a face shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import worlds
from momentscan.select.people import People
from momentscan.signals import Signals

Box = tuple[float, float, float]
"""Middle x, middle y and height, in shares of the picture."""


def cast(
    *people: tuple[float, float, Box], score: float = 0.9, joined: bool = False, duration_s: float = 60.0
) -> Signals:
    """Signals of people who are there from, until, and where; each in one track, seen five times a second."""
    rows = []
    for track, (start_s, end_s, (x, y, high)) in enumerate(people):
        box = (x - high / 3, y - high / 2, x + high / 3, y + high / 2)
        rows += [(round(t * 5) / 5, track, box) for t in np.arange(start_s, end_s - 1e-9, 0.2).tolist()]
    rows.sort(key=lambda r: (r[0], r[1]))
    columns = {
        "faces.time_s": np.array([r[0] for r in rows]),
        "faces.track": np.array([r[1] for r in rows], np.int64),
        "faces.bbox": np.array([r[2] for r in rows], np.float32).reshape(-1, 4),
        "faces.score": np.full(len(rows), score, np.float32),
        "tracks.id": np.arange(len(people)),
        "tracks.person": np.zeros(len(people), np.int64) if joined else np.arange(len(people)),
    }
    return Signals(worlds.info(duration_s), columns)


MIDDLE: Box = (0.5, 0.5, 0.3)
BESIDE: Box = (0.8, 0.5, 0.25)


def roles(signals: Signals, **knobs: float) -> dict[tuple[int, ...], str]:
    """Tracks -> role."""
    return {p.tracks: p.role for p in People(**knobs)(signals)}  # type: ignore[arg-type]


def test_the_one_who_is_there_is_main() -> None:
    (person,) = People()(cast((0, 60, MIDDLE)))
    assert (person.role, person.number, person.length, person.size) == ("main", 0, 1.0, 1.0)
    assert person.centre == pytest.approx(1.0, abs=0.01)
    assert person.track_score == pytest.approx(1.0, abs=0.01)
    assert (person.start_s, person.end_s) == (0.0, pytest.approx(59.8))


def test_nobody_where_no_face_was_seen() -> None:
    assert People()(cast()) == ()
    assert People()(worlds.signals()) == ()


def test_a_large_face_for_a_second_is_not_what_the_video_is_about() -> None:
    assert roles(cast((0, 60, MIDDLE), (30, 31, (0.5, 0.5, 0.9)))) == {(0,): "main", (1,): "transient"}


def test_nor_does_it_make_the_main_person_small() -> None:
    """Sizes are relative to those who stay."""
    assert People()(cast((0, 60, MIDDLE), (30, 31, (0.5, 0.5, 0.9))))[0].size == 1.0


def test_a_second_main_person_is_half_as_good_and_there_together() -> None:
    assert roles(cast((0, 60, MIDDLE), (10, 50, BESIDE))) == {(0,): "main", (1,): "main"}


def test_one_who_is_never_there_with_the_first_is_no_second() -> None:
    assert roles(cast((0, 40, MIDDLE), (40, 60, MIDDLE))) == {(0,): "main", (1,): "passenger"}


@pytest.mark.parametrize(("seconds", "role"), [(11, "passenger"), (13, "main")])
def test_together_is_a_fifth_of_the_firsts_looks(seconds: float, role: str) -> None:
    assert roles(cast((0, 60, MIDDLE), (60 - seconds, 60, (*MIDDLE[:2], 0.29))))[(1,)] == role


@pytest.mark.parametrize(("share", "role"), [(0.4, "main"), (0.95, "passenger")])
def test_the_second_must_be_good_enough_beside_the_first(share: float, role: str) -> None:
    assert roles(cast((0, 60, MIDDLE), (0, 60, (0.9, 0.9, 0.1))), second_share=share)[(1,)] == role


def test_there_are_no_more_main_people_than_asked_for() -> None:
    three = cast((0, 60, (0.3, 0.5, 0.3)), (0, 60, MIDDLE), (0, 60, (0.7, 0.5, 0.28)))
    assert sorted(roles(three).values()) == ["main", "main", "passenger"]
    assert sorted(roles(three, mains=1).values()) == ["main", "passenger", "passenger"]


def test_a_passer_by_is_transient_and_a_glimpse_is_noise() -> None:
    found = roles(cast((0, 60, MIDDLE), (20, 23, BESIDE), (40, 40.4, BESIDE)))
    assert found == {(0,): "main", (1,): "transient", (2,): "noise"}


@pytest.mark.parametrize("score", [0.5, 0.59])
def test_one_who_is_never_surely_seen_is_noise_however_long(score: float) -> None:
    assert roles(cast((0, 60, MIDDLE), score=score)) == {(0,): "noise"}


def test_three_looks_of_which_one_is_sure_are_noise() -> None:
    """motion/skateboarding_dog: the detector took the dog for a face three times, once with 0.61."""
    glimpse = cast((4.0, 4.6, MIDDLE))
    glimpse["faces.score"][:] = [0.61, 0.54, 0.55]
    assert roles(glimpse) == {(0,): "noise"}


def test_in_a_video_of_passers_by_the_best_of_them_is_main() -> None:
    found = roles(
        cast(*((6.0 * i, 6.0 * i + 5, (*MIDDLE[:2], 0.1 + 0.01 * i)) for i in range(10)), duration_s=60)
    )
    assert found[(9,)] == "main"
    assert sum(r == "main" for r in found.values()) == 1


def test_tracks_of_one_person_count_together() -> None:
    (person,) = People()(cast((0, 20, MIDDLE), (30, 60, BESIDE), joined=True))
    assert person.tracks == (0, 1)
    assert person.length == 1.0
    assert (np.diff(person.rows) > 0).all()


@given(
    st.lists(
        st.tuples(st.floats(0, 50), st.floats(0.2, 20), st.floats(0.1, 0.9), st.floats(0.05, 0.8)),
        min_size=1,
        max_size=6,
    ),
    st.floats(0.3, 1),
)
def test_everybody_has_one_role_and_the_main_come_first(
    people: list[tuple[float, ...]], score: float
) -> None:
    signals = cast(
        *((start, start + length, (x, 0.5, high)) for start, length, x, high in people), score=score
    )
    found = People()(signals)
    assert [p.number for p in found] == list(range(len(found)))
    assert sorted(np.concatenate([p.rows for p in found]).tolist()) == list(
        range(len(signals["faces.time_s"]))
    )
    order = [("main", "passenger", "transient", "noise").index(p.role) for p in found]
    assert order == sorted(order)
    assert order.count(0) <= 2
    assert all(0 <= x <= 1 for p in found for x in (p.size, p.centre, p.length, p.track_score))
