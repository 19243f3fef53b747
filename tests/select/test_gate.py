"""The gate tells every reason against a face, and none for what was not measured."""

from __future__ import annotations

import numpy as np
import pytest

import worlds
from momentscan.select.gate import Gate, failing
from momentscan.signals import Signals

GOOD = dict(
    score=0.9,
    sharpness=100.0,
    exposure_mean=120.0,
    contrast=0.4,
    clipped=0.0,
    crushed=0.0,
    occlusion=0.0,
    bbox=(0.4, 0.3, 0.6, 0.6),
)
ROW = np.array([0])


def face(**changes: object) -> Signals:
    """One face; a measure that is None was not logged."""
    measures = {n: x for n, x in {**GOOD, **changes}.items() if x is not None}
    return Signals(worlds.info(), {f"faces.{n}": np.array([x], np.float32) for n, x in measures.items()})


def reasons(level: str = "strict", **changes: object) -> set[str]:
    return {name for name, bad in Gate()(face(**changes), ROW, level).items() if bad[0]}  # type: ignore[arg-type]


CASES = [
    ("score", 0.69, 0.71, 0.49, "gate.detect.confidence"),
    ("bbox", (0.4, 0.4, 0.49, 0.51), (0.4, 0.4, 0.51, 0.5), (0.4, 0.4, 0.49, 0.51), "gate.detect.area"),
    ("sharpness", 4.9, 5.1, 2.4, "gate.blur.face"),
    ("exposure_mean", 39.0, 41.0, 39.0, "gate.exposure.black"),
    ("exposure_mean", 221.0, 219.0, 221.0, "gate.exposure.white"),
    ("contrast", 0.049, 0.051, 0.049, "gate.exposure.contrast"),
    ("clipped", 0.31, 0.29, 0.31, "gate.exposure.clipped"),
    ("crushed", 0.31, 0.29, 0.31, "gate.exposure.crushed"),
    ("occlusion", 0.31, 0.29, 0.51, "gate.occlusion.face"),
]


def test_a_good_face_passes() -> None:
    assert reasons() == reasons("loose") == set()


@pytest.mark.parametrize(("measure", "bad", "good", "bad_loose", "reason"), CASES, ids=[c[4] for c in CASES])
def test_each_threshold_stands_where_the_seed_put_it(
    measure: str, bad: object, good: object, bad_loose: object, reason: str
) -> None:
    assert reasons(**{measure: bad}) == {reason}
    assert reasons(**{measure: good}) == set()
    assert reasons("loose", **{measure: bad_loose}) == {reason}


@pytest.mark.parametrize(("measure", "value"), [("score", 0.6), ("sharpness", 3.0), ("occlusion", 0.4)])
def test_the_loose_gate_asks_less(measure: str, value: float) -> None:
    assert reasons(**{measure: value})
    assert not reasons("loose", **{measure: value})


def test_all_reasons_are_told_none_left_out() -> None:
    worst = dict(
        score=0.1,
        bbox=(0, 0, 0.01, 0.01),
        sharpness=0.0,
        exposure_mean=1.0,
        contrast=0.0,
        crushed=1.0,
        clipped=1.0,
        occlusion=1.0,
    )
    assert reasons(**worst) == {c[4] for c in CASES} - {"gate.exposure.white"}
    assert set(Gate()(face(), ROW)) == {c[4] for c in CASES}


@pytest.mark.parametrize(
    "measure", ["sharpness", "exposure_mean", "contrast", "clipped", "crushed", "occlusion"]
)
@pytest.mark.parametrize("value", [None, float("nan")], ids=["not logged", "NaN"])
def test_what_was_not_measured_passes(measure: str, value: float | None) -> None:
    assert reasons(**{measure: value}) == set()


def test_the_photograph_alone_knows_no_landmarks() -> None:
    found = Gate().photograph(face(occlusion=1.0), ROW, "strict")
    assert set(found) == {c[4] for c in CASES} - {"gate.occlusion.face"}
    assert not failing(found).any()


def test_rows_are_judged_one_by_one() -> None:
    two = Signals(worlds.info(), {f"faces.{n}": np.array([x, x], np.float32) for n, x in GOOD.items()})
    two["faces.sharpness"][1] = 0
    assert failing(Gate()(two, np.array([0, 1]))).tolist() == [False, True]
    assert failing(Gate()(two, np.array([1]))).tolist() == [True]
