"""A prototype is one person's, made of good looks only, whoever and whatever else is in the track."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import faces
from faces import TAU, about, axis, somebody, video
from momentscan.select import identity as module
from momentscan.select.gate import Gate
from momentscan.select.identity import Identities, Identity, alignment_error
from momentscan.select.people import People
from momentscan.signals import Signals
from momentscan.signals.boxes import STANDARD_POINTS as STANDARD

SEEDS = st.integers(0, 2**32 - 1)
KINDS = pytest.mark.parametrize("kind", ["medoid", "trimmed_mean"])
OWN = axis(0)


def everybody(signals: Signals, tau: float | None = TAU, **knobs: Any) -> dict[tuple[int, ...], Identity]:
    """Tracks -> what is known of the person in them."""
    people = People()(signals)
    found = Identities(**knobs)(signals, people, Gate(), tau)
    return {p.tracks: found[p.number] for p in people}


def of(signals: Signals, tau: float | None = TAU, **knobs: Any) -> Identity:
    (found,) = everybody(signals, tau, **knobs).values()
    return found


def proto(found: Identity) -> np.ndarray:
    assert found.prototype is not None
    return found.prototype


def alone(n: int = 100, **changes: Any) -> Signals:
    return video(somebody(n, **{"ids": about(OWN, n), **changes}))


# ---- the prototype ----


@given(SEEDS)
def test_the_medoid_is_one_of_the_looks(seed: int) -> None:
    found = of(alone(40, ids=about(OWN, 40, np.random.default_rng(seed).uniform(0.5, 0.95, 40), seed)))
    assert (found.vectors == proto(found)).all(axis=1).sum() == 1


@KINDS
@given(seed=SEEDS, share=st.floats(0, 0.3))
@settings(max_examples=40)
def test_outliers_do_not_move_the_prototype(kind: str, seed: int, share: float) -> None:
    """Badly aligned looks lie anywhere."""
    odd = np.random.default_rng(seed).random(100) < share
    ids = np.where(odd[:, None], about(axis(1), 100, 0.0, seed), about(OWN, 100, 0.7, seed))
    found = of(alone(100, ids=ids), kind=kind)
    assert proto(found) @ OWN >= (0.69 if kind == "medoid" else 0.97)
    assert found.mixed == pytest.approx(odd.mean(), abs=0.12)


@KINDS
def test_nor_do_outliers_that_are_alike(kind: str) -> None:
    """A poster on the wall that was taken for the same person now and then."""
    ids = np.concatenate([about(OWN, 70), about(axis(1), 30, 0.99)])[
        np.random.default_rng(0).permutation(100)
    ]
    found = of(alone(ids=ids), kind=kind)
    assert proto(found) @ OWN > 0.69
    assert abs(proto(found) @ axis(1)) < 0.2


def test_a_track_of_two_people_gives_the_one_who_is_there_longer() -> None:
    found = of(alone(ids=np.concatenate([about(OWN, 70, 0.8), about(axis(1), 30, 0.8)])))
    assert proto(found) @ OWN > 0.75
    assert found.mixed == pytest.approx(0.3, abs=0.02)
    assert (found.stable[:70] >= TAU).all()
    assert (found.stable[70:] < TAU).all()


@KINDS
@given(seed=SEEDS)
@settings(max_examples=25)
def test_the_order_of_rows_changes_nothing(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    both = video(
        somebody(60, ids=about(OWN, 60, rng.uniform(0.4, 0.9, 60), seed), sharpness=rng.choice([3, 200], 60)),
        somebody(50, track=1, start_s=1, middle=(0.2, 0.5), ids=about(axis(1), 50, 0.7, seed + 1)),
    )
    stored = faces.shuffled(both, seed)
    one, other = (everybody(s, kind=kind) for s in (both, stored))
    for tracks in ((0,), (1,)):
        assert np.array_equal(proto(one[tracks]), proto(other[tracks]))
        assert np.array_equal(one[tracks].stable, other[tracks].stable)


@KINDS
@given(seed=SEEDS)
@settings(max_examples=25)
def test_bad_looks_never_enter_the_prototype(kind: str, seed: int) -> None:
    """A head laid over, points that fit no face, a gate that fails: whatever Face-ID says of them."""
    rng = np.random.default_rng(seed)
    reason = rng.integers(0, 8, 80)
    measures = dict(
        roll=np.where(reason == 0, rng.choice([-40, 40], 80), 0),
        misfit=reason == 1,
        sharpness=np.where(reason == 2, 2, 200),
        occlusion=np.where(reason == 3, 0.35, 0),
        exposure_mean=np.where(reason == 4, 20, 120),
        score=np.where(reason == 5, 0.6, 0.9),
    )
    ids = about(OWN, 80, 0.7, seed)
    poison = np.where((reason < 6)[:, None], about(axis(1), 80, 0.95, seed), ids)
    clean, poisoned = (of(alone(80, ids=x, **measures), kind=kind) for x in (ids, poison))
    assert clean.level == "strict"
    assert np.array_equal(proto(clean), proto(poisoned))
    assert clean.mixed == poisoned.mixed


@pytest.mark.parametrize(
    ("roll", "used"), [(29.9, True), (-29.9, True), (30.1, False), (-30.1, False), (np.nan, True)]
)
def test_a_head_laid_on_the_shoulder_is_not_used(roll: float, used: bool) -> None:
    assert (of(alone(roll=roll)).prototype is not None) == used


def test_where_no_look_is_strict_loose_ones_are_used_and_it_says_so() -> None:
    found = of(alone(sharpness=3))
    assert found.level == "loose"
    assert proto(found) @ OWN == pytest.approx(0.7, abs=0.01)


def test_one_strict_look_is_enough_to_be_strict() -> None:
    found = of(alone(sharpness=np.where(np.arange(100) == 40, 200, 3)))
    assert found.level == "strict"
    assert np.array_equal(proto(found), found.vectors[40])


def test_where_nothing_passes_nobody_is_known() -> None:
    found = of(alone(sharpness=1))
    assert found.prototype is None
    assert np.isnan(found.stable).all()
    assert found.mixed == 0


@pytest.mark.parametrize("case", ["no model", "no vectors"])
def test_without_face_id_nobody_is_known(case: str) -> None:
    found = of(alone(), tau=None) if case == "no model" else of(video(somebody(50)))
    assert found.prototype is None
    assert np.isnan(found.stable).all()
    assert found.alike == ()


def test_looks_that_were_not_identified_have_no_stability() -> None:
    """As every second one is."""
    found = of(video(faces.some(somebody(60, ids=about(OWN, 60)), np.arange(60) % 2 == 0, "face_ids")))
    assert (np.isnan(found.stable) == (np.arange(60) % 2 == 1)).all()
    assert found.stable[::2] == pytest.approx(found.vectors[::2] @ proto(found))


def test_a_look_is_matched_with_the_vector_of_its_own_track() -> None:
    """Two in one frame."""
    both = video(
        somebody(30, ids=about(OWN, 30)), somebody(30, track=1, middle=(0.2, 0.5), ids=about(axis(1), 30))
    )
    found = everybody(both)
    assert proto(found[(0,)]) @ OWN == pytest.approx(0.7, abs=1e-6)
    assert proto(found[(1,)]) @ axis(1) == pytest.approx(0.7, abs=1e-6)


@KINDS
def test_a_single_look_is_its_own_prototype_however_strict_the_threshold(kind: str) -> None:
    """In float32 a vector's cosine with itself may be a little below 1."""
    for seed in range(20):
        found = of(
            alone(5, ids=about(OWN, 5, 0.7, seed), sharpness=[200, 1, 1, 1, 1], score=0.9), tau=1.0, kind=kind
        )
        assert proto(found) @ found.vectors[0] == pytest.approx(1)


# ---- others ----


def twins(cosine: float = 0.6) -> Signals:
    other = cosine * OWN + np.sqrt(1 - cosine**2) * axis(1)
    return video(
        somebody(60, middle=(0.3, 0.5), ids=about(OWN, 60, 0.95)),
        somebody(60, track=1, middle=(0.7, 0.5), ids=about(other, 60, 0.95, seed=1)),
        somebody(60, track=2, middle=(0.9, 0.5), ids=about(axis(2), 60, 0.95, seed=2)),
    )


def test_twins_are_alike_and_strangers_are_not() -> None:
    people = {p.tracks: p.number for p in People()(twins())}
    found = everybody(twins())
    assert found[(0,)].alike == (people[(1,)],)
    assert found[(1,)].alike == (people[(0,)],)
    assert found[(2,)].alike == ()


@given(st.floats(-0.5, 0.95), st.floats(0, 1))
def test_to_be_alike_is_mutual(cosine: float, tau: float) -> None:
    people = {p.number: p.tracks for p in People()(twins(cosine))}
    found = everybody(twins(cosine), tau=tau)
    alike = {(tracks, people[k]) for tracks, one in found.items() for k in one.alike}
    assert alike == {(b, a) for a, b in alike}
    assert all(a != b for a, b in alike)


def test_each_look_is_held_against_everybody_else() -> None:
    ids = np.concatenate([about(OWN, 50, 0.9), about(axis(1), 10, 0.9, seed=5)])
    both = video(
        somebody(60, ids=ids), somebody(60, track=1, middle=(0.2, 0.5), ids=about(axis(1), 60, 0.9, seed=1))
    )
    people = People()(both)
    found = Identities()(both, people, Gate(), TAU)
    number = next(p.number for p in people if p.tracks == (0,))
    others = found[number].other
    assert (others[50:] > found[number].stable[50:]).all()
    assert (others[:50] < found[number].stable[:50]).all()


def test_who_is_alone_is_like_nobody_else() -> None:
    assert (of(alone()).other == -1).all()


# ---- the five points ----


@given(st.floats(-180, 180), st.floats(0.01, 2), st.floats(-1, 1), st.floats(-1, 1))
def test_turning_scaling_and_shifting_a_face_is_no_misfit(
    roll: float, scale: float, x: float, y: float
) -> None:
    turned = (STANDARD @ (1, 1j)) * scale * np.exp(1j * np.radians(roll))
    shares = (np.stack([turned.real, turned.imag], axis=-1) / faces.PX + (x, y)).astype(np.float32)
    signals = Signals(alone(1).video, {"faces.points": shares.reshape(1, 10)})
    assert alignment_error(signals, np.array([0]))[0] < 0.02


def test_points_that_are_no_face_are_a_misfit() -> None:
    signals = alone(20, misfit=np.arange(20) >= 10)
    found = alignment_error(signals, np.arange(20))
    assert found[:10].max() < 0.1
    assert found[10:].min() > 0.5


def test_a_face_in_a_mirror_is_a_misfit() -> None:
    """Left and right changed places: alignment would turn it over."""
    px = STANDARD[[1, 0, 2, 4, 3]] / faces.PX
    assert (
        alignment_error(Signals(alone(1).video, {"faces.points": px.reshape(1, 10)}), np.array([0]))[0] > 0.5
    )


def test_points_in_one_place_are_a_misfit() -> None:
    assert alignment_error(Signals(alone(1).video, {"faces.points": np.full((1, 10), 0.5)}), np.array([0]))[
        0
    ] == pytest.approx(1)
    assert len(alignment_error(alone(1), np.zeros(0, np.int64))) == 0


# ---- an hour of looks ----


def test_a_long_video_is_sampled_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    squared: list[np.ndarray] = []
    whole = module._largest_cluster
    monkeypatch.setattr(module, "_largest_cluster", lambda x, tau: squared.append(x) or whole(x, tau))
    n = 3000
    ids = about(OWN, n)
    found = of(alone(n, ids=ids), sample=100)
    (sample,) = squared
    place = np.flatnonzero((found.vectors[:, None, :3] == sample[None, :, :3]).all(axis=2).any(axis=1))
    assert len(sample) == len(place) == 100
    assert np.diff(place).max() <= 2 * n / 100
    assert (place[0], place[-1]) == (0, n - 1)


def test_memory_does_not_grow_with_the_square_of_the_video() -> None:
    """Twenty thousand looks, more than an hour at 5 Hz: their square would be 3 GB."""
    n = 20_000
    signals = alone(n, ids=about(OWN, n))
    people = People()(signals)
    tracemalloc.start()
    try:
        found = Identities()(signals, people, Gate(), TAU)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found[0].prototype is not None
    assert peak < 60e6
