"""A picture of two shows both surely, apart from each other, and best of all laughing together."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import faces
from faces import HZ, TAU, about, axis, held, pictures, somebody, video
from momentscan.select.packs import Packs
from momentscan.select.pairs import Pair, Pairs
from momentscan.signals import Signals

LEFT, RIGHT = (0.3, 0.5), (0.7, 0.5)
PARTS = 8
"""Each a second long and a new picture of both."""
N = PARTS * HZ


def rider(place: int, **changes: Any) -> faces.Columns:
    """Somebody of track and Face-ID `place`, on the left (0) or on the right (1) unless told otherwise."""
    usual = dict(
        track=place,
        middle=(LEFT, RIGHT)[place],
        ids=about(axis(place), N, 0.9, place),
        face=pictures(held([*range(PARTS * place, PARTS * (place + 1))], HZ)),
    )
    return somebody(N, **{**usual, **changes})


def pairs_of(
    signals: Signals, refused: Collection[tuple[int, int]] = (), tau: float | None = TAU, **knobs: Any
) -> tuple[Pair, ...]:
    return Pairs(**knobs)(signals, Packs()(signals, (), tau), refused)


def part(pair: Pair) -> int:
    return int(pair.time_s)


def in_parts(usual: float, **parts: float) -> np.ndarray:
    """A measure that is the usual one but in some parts: in_parts(0, p3=0.7)."""
    return held([parts.get(f"p{k}", usual) for k in range(PARTS)], HZ)


def test_two_riders_side_by_side_are_a_pair() -> None:
    found = pairs_of(video(rider(0), rider(1)))
    assert [p.name for p in found] == ["pair_001", "pair_002", "pair_003", "pair_004", "pair_005"]
    assert found[0].path == "pair/pair_001.jpg"
    assert all(p.overlap == 0 for p in found)
    assert all(s is not None and s >= TAU for p in found for s in p.stable)
    assert all(p.shared is None for p in found)


def test_both_rows_are_of_the_same_frame_and_of_two_people() -> None:
    signals = video(rider(0), rider(1))
    for pair in pairs_of(signals):
        assert set(signals["faces.time_s"][list(pair.rows)]) == {pair.time_s}
        assert set(signals["faces.frame_idx"][list(pair.rows)]) == {pair.frame_idx}
        assert sorted(signals["faces.track"][list(pair.rows)]) == [0, 1]


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_whatever_happens_both_are_strict_sure_apart_and_the_instants_differ(seed: int) -> None:
    """They blur, hide, come close, are taken for others, and move about."""
    rng = np.random.default_rng(seed)

    def somehow(place: int) -> faces.Columns:
        each = dict(
            middle=(held((LEFT, RIGHT)[place][0] + rng.normal(0, 0.1, PARTS), HZ), 0.5),
            sharpness=rng.choice([3, 200, 300], N),
            occlusion=held(rng.choice([0, 0.2, 0.4], PARTS), HZ),
            score=rng.uniform(0.6, 1, N),
            smile=held(rng.choice([0, 0.7], PARTS), HZ),
            ids=about(axis(place), N, rng.choice([0.2, 0.8, 0.9], N), seed % 1000 + place),
        )
        return rider(place, **each)

    signals = video(somehow(0), somehow(1))
    packs = Packs()(signals, (), TAU)
    found = Pairs()(signals, packs)
    sure = {int(r) for p in packs for r in p.samples.rows[p.sure & p.samples.strict]}
    assert all(set(p.rows) <= sure for p in found)
    assert all(p.overlap < 0.05 for p in found)
    assert all(min(s if s is not None else -1 for s in p.stable) >= TAU for p in found)
    assert np.diff(sorted(p.time_s for p in found)).min(initial=1.0) >= 1.0 - 1e-9
    assert [p.quality for p in found] == sorted((p.quality for p in found), reverse=True)
    stored = faces.shuffled(signals, seed)
    again = Pairs()(stored, Packs()(stored, (), TAU))
    assert [(p.name, p.time_s, p.people, p.quality) for p in again] == [
        (p.name, p.time_s, p.people, p.quality) for p in found
    ]


def test_a_shared_smile_comes_first() -> None:
    """Though the picture in which only one smiles is a little better."""
    one = rider(0, smile=in_parts(0, p2=0.8, p5=0.8), score=in_parts(0.9, p2=0.99))
    two = rider(1, smile=in_parts(0, p5=0.8))
    found = pairs_of(video(one, two))
    assert part(found[0]) == 5
    assert found[0].shared == "smile"
    assert found[0].expressions == ("smile", "smile")
    assert [p.shared for p in found[1:]] == [None] * 4
    assert next(p for p in found if part(p) == 2).expressions == ("smile", "neutral")


@pytest.mark.parametrize(("measure", "value"), [("eye_open", 0.05), ("smile", 0.0)])
def test_to_close_the_eyes_together_or_to_do_nothing_is_not_shared(measure: str, value: float) -> None:
    acts = {measure: in_parts(0.3 if measure == "eye_open" else 0, p3=value)}
    assert {p.shared for p in pairs_of(video(rider(0, **acts), rider(1, **acts)), count=8)} == {None}


def test_to_be_surprised_together_is_shared() -> None:
    acts = dict(mouth_open=in_parts(0.02, p3=0.7))
    found = pairs_of(video(rider(0, **acts), rider(1, **acts)))
    assert (part(found[0]), found[0].shared) == (3, "mouth_open")


@pytest.mark.parametrize("swapped", [False, True])
def test_the_left_one_is_named_first_whatever_the_numbers(swapped: bool) -> None:
    """The larger one is person 0, on whichever side."""
    places = (RIGHT, LEFT) if swapped else (LEFT, RIGHT)
    signals = video(rider(0, middle=places[0], height=0.5), rider(1, middle=places[1], height=0.4))
    for pair in pairs_of(signals):
        assert pair.people == ((1, 0) if swapped else (0, 1))
        assert tuple(signals["faces.track"][list(pair.rows)]) == pair.people
        assert pair.scale == pytest.approx(0.8 if swapped else 1.25, abs=0.01)


def test_where_they_change_places_so_do_the_names() -> None:
    x = in_parts(0.3, p4=0.7, p5=0.7, p6=0.7, p7=0.7)
    found = pairs_of(video(rider(0, middle=(x, 0.5)), rider(1, middle=(1 - x, 0.5))), count=8)
    assert len(found) == 8
    assert {(part(p) >= 4, p.people[0]) for p in found} in ({(False, 0), (True, 1)}, {(False, 1), (True, 0)})
    assert all(p.offset[0] > 0 for p in found)


@pytest.mark.parametrize(("down", "sign"), [(0.6, 1), (0.4, -1), (0.5, 0)])
def test_the_offset_points_from_the_left_face_to_the_right_one(down: float, sign: int) -> None:
    """In heights of a face of half the picture, 180 px: .4 of 640 px to the right, .1 of 360 px down."""
    for pair in pairs_of(video(rider(0), rider(1, middle=(0.7, down)))):
        assert pair.offset == pytest.approx((256 / 180, sign * 36 / 180), abs=0.01)
        assert pair.scale == pytest.approx(1)


@pytest.mark.parametrize(("overlap", "paired"), [(0.0, True), (0.045, True), (0.055, False), (0.3, False)])
def test_who_covers_the_other_is_no_pair(overlap: float, paired: bool) -> None:
    """Two boxes of one size: so much of what they fill together is shared."""
    wide = 0.75 * 0.5 * faces.PX[1] / faces.PX[0]
    found = pairs_of(video(rider(0), rider(1, middle=(0.3 + wide * (1 - 2 * overlap / (1 + overlap)), 0.5))))
    assert bool(found) == paired
    assert [p.overlap for p in found] == pytest.approx([overlap] * len(found), abs=1e-4)


@pytest.mark.parametrize("case", ["blurred", "somebody else", "not seen", "refused by the pack"])
def test_both_must_be_sure_at_that_instant(case: str) -> None:
    early = np.arange(N) < 3 * HZ
    two = rider(1)
    if case == "blurred":
        two = rider(1, sharpness=np.where(early, 3, 200))
    if case == "somebody else":
        two = rider(1, ids=np.where(early[:, None], about(axis(5), N, 0.9), about(axis(1), N, 0.9, 1)))
    if case == "not seen":
        two = faces.some(two, ~early, "faces")
    signals = video(rider(0), two)
    refused = (
        np.flatnonzero((signals["faces.track"] == 1) & (signals["faces.time_s"] < 3))
        if case == "refused by the pack"
        else ()
    )
    found = Pairs()(signals, Packs()(signals, (), TAU, refused=refused))
    assert len(found) == PARTS - 3
    assert min(p.time_s for p in found) >= 3


def test_pairs_are_no_copies() -> None:
    """Neither of them moves."""
    still = dict(face=pictures(np.zeros(N, int)))
    assert len(pairs_of(video(rider(0, **still), rider(1, **still)))) == 1
    assert len(pairs_of(video(rider(0, **still), rider(1)))) == 5


def test_a_refused_pair_is_not_chosen_again_and_another_takes_its_place() -> None:
    signals = video(rider(0), rider(1))
    first = pairs_of(signals)
    refused = {p.rows for p in first[:2]}
    again = pairs_of(signals, refused)
    assert not refused & {p.rows for p in again}
    assert len(again) == len(first)


def test_one_alone_is_no_pair() -> None:
    assert pairs_of(video(rider(0))) == ()
    assert Pairs()(video(rider(0)), ()) == ()


def test_two_who_are_never_there_together_are_no_pair() -> None:
    assert pairs_of(video(rider(0), rider(1, start_s=20))) == ()


def test_a_passenger_is_not_paired() -> None:
    three = video(
        rider(0), rider(1), rider(1, track=2, ids=about(axis(2), N, 0.9, 2), middle=(0.5, 0.12), height=0.2)
    )
    numbers = {p.person.number for p in Packs(roles="all")(three, (), TAU) if p.person.role == "main"}
    found = Pairs()(three, Packs(roles="all")(three, (), TAU))
    assert found
    assert {n for p in found for n in p.people} == numbers


def test_without_face_id_a_pair_says_nothing_of_stability() -> None:
    found = pairs_of(video(rider(0), rider(1)), tau=None)
    assert found
    assert {p.stable for p in found} == {(None, None)}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_there_are_no_more_pairs_than_asked_for(count: int) -> None:
    assert len(pairs_of(video(rider(0), rider(1)), count=count)) == count
