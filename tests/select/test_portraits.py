"""How good a photograph a look would be, by landmarks and by three methods that need none."""

from __future__ import annotations

import numpy as np
import pytest

import worlds
from momentscan.select.gate import Gate
from momentscan.select.people import People
from momentscan.select.portraits import Portraits, portraits
from momentscan.signals import Signals
from worlds import during


def of(signals: Signals, method: str = "landmarks") -> Portraits:
    (found,) = portraits(signals, People()(signals), method, Gate(), "strict")
    return found


def somebody(**changes: np.ndarray) -> Signals:
    columns = worlds.person(20.0) | worlds.crops(20.0)
    return Signals(worlds.info(20.0), columns | {n.replace("__", "."): x for n, x in changes.items()})


TIME_S = somebody()["faces.time_s"]


@pytest.mark.parametrize(
    ("yaw", "pitch", "value"),
    [(0, 0, 1.0), (45, 0, 0.5), (-45, 0, 0.5), (0, 30, 0.5), (45, 30, 0.0), (90, 60, 0.0), (22.5, 15, 0.5)],
)
def test_frontality_by_landmarks_falls_with_the_angles(yaw: float, pitch: float, value: float) -> None:
    found = of(
        somebody(
            faces__yaw=np.full(len(TIME_S), yaw, np.float32),
            faces__pitch=np.full(len(TIME_S), pitch, np.float32),
        )
    )
    assert found.frontality == pytest.approx(value, abs=1e-6)


def looks(unsettled: tuple[float, float]) -> np.ndarray:
    """Face vectors that hardly change, but wander during a span."""
    rng = np.random.default_rng(0)
    vectors = np.eye(64)[0] + 0.01 * rng.standard_normal((len(TIME_S), 64))
    vectors[during(TIME_S, unsettled)] += 0.3 * rng.standard_normal(
        (int(during(TIME_S, unsettled).sum()), 64)
    )
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_method_a_likes_what_holds_still() -> None:
    found = of(somebody(crops__face=looks((8.0, 10.0))), "A")
    inside = during(TIME_S, (8.0, 10.0))
    assert found.frontality[inside].max() < np.median(found.frontality[~inside])


def aside(noise: float) -> Signals:
    """Somebody who looks elsewhere from 8 to 11 s, more or less still."""
    span = during(TIME_S, (8.0, 11.0))
    vectors = looks((15.0, 16.0))
    turned = np.eye(64)[7] + noise * np.random.default_rng(1).standard_normal((int(span.sum()), 64))
    vectors[span] = turned / np.linalg.norm(turned, axis=1, keepdims=True)
    return somebody(crops__face=vectors)


INSIDE, ELSEWHERE = during(TIME_S, (8.8, 10.2)), during(TIME_S, (1.0, 7.0))


def test_method_a_takes_a_long_look_aside_for_frontal() -> None:
    """readings H12: stillness is not frontality."""
    assert of(aside(0.001), "A").frontality[INSIDE].min() > 0.9


def test_method_b_likes_what_is_usual() -> None:
    found = of(aside(0.01), "B").frontality
    assert found[INSIDE].max() < found[ELSEWHERE].min()


def test_method_c_gives_nothing_to_what_is_blurred_or_hidden() -> None:
    hidden = np.where(during(TIME_S, (8.0, 10.0)), 0.9, 0).astype(np.float32)
    blurred = np.where(during(TIME_S, (12.0, 13.0)), 1.0, 200).astype(np.float32)
    found = of(somebody(faces__occlusion=hidden, faces__sharpness=blurred), "C").frontality
    bad = during(TIME_S, (8.0, 10.0), (12.0, 13.0))
    assert found[bad].max() == 0
    assert found[~bad].min() > 0


@pytest.mark.parametrize("method", ["landmarks", "A", "B", "C"])
def test_every_method_lies_between_0_and_1(method: str) -> None:
    found = of(somebody(), method).frontality
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("method", ["A", "B", "C"])
def test_without_crops_they_say_nothing(method: str) -> None:
    signals = Signals(worlds.info(20.0), worlds.person(20.0))
    assert np.isnan(of(signals, method).frontality).all()


def test_without_landmarks_frontality_and_eyes_are_unknown() -> None:
    columns = {
        n: x
        for n, x in worlds.person(20.0).items()
        if n not in ("faces.yaw", "faces.pitch", "faces.eye_open")
    }
    found = of(Signals(worlds.info(20.0), columns))
    assert np.isnan(found.frontality).all()
    assert np.isnan(found.eyes).all()


def test_eyes_and_sharpness_are_relative_to_the_person() -> None:
    """A narrow-eyed person has wide open eyes, too."""
    for usual in (0.2, 0.35):
        eyes = np.full(len(TIME_S), usual, np.float32)
        eyes[50:60] = 0.1 * usual
        found = of(somebody(faces__eye_open=eyes)).eyes
        assert found[50:60].max() < 0.1
        assert np.delete(found, np.arange(50, 60)).min() > 0.9


def test_only_main_people_are_portrayed() -> None:
    passing = worlds.person(20.0, track=1, left=0.1, seed=1)
    rows = during(passing["faces.time_s"], (5.0, 6.0))
    passing = {n: x[rows] if n.startswith("faces.") else x for n, x in passing.items()}
    signals = Signals(worlds.info(20.0), worlds.joined(worlds.person(20.0), passing))
    assert [
        p.person.tracks for p in portraits(signals, People()(signals), "landmarks", Gate(), "strict")
    ] == [(0,)]


def test_method_c_asks_the_gate_that_is_in_force() -> None:
    soft = somebody(faces__sharpness=np.where(during(TIME_S, (12.0, 13.0)), 50.0, 200.0).astype(np.float32))
    people = People()(soft)
    (strict,) = portraits(soft, people, "C", Gate(sharpness=100.0), "strict")
    assert strict.frontality[during(TIME_S, (12.0, 13.0))].max() == 0
    assert of(soft, "C").frontality.min() > 0
