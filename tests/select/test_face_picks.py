"""Stills of a main person: the expression at its peak, a good photograph, and none like another."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import worlds
from momentscan.knobs import with_knobs
from momentscan.select.gate import Gate
from momentscan.select.people import People
from momentscan.select.picks import Picked, Picks
from momentscan.signals import Signals
from momentscan.values import Window
from worlds import during

WINDOW = Window(29.0, 33.0, 31.0)


def somebody(**changes: np.ndarray) -> Signals:
    """A minute of one person whose look changes slowly, so that no two looks are quite the same."""
    film = worlds.signals(burst=None, people=True)
    columns = {n: film[n] for n in film}
    angle = columns["crops.time_s"][:, None] * np.linspace(0, 0.5, 64)
    vectors = np.cos(angle)
    columns["crops.face"] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return Signals(
        film.video, columns | {n.replace("__", "."): x for n, x in changes.items()}, {"crops.face": "made-v1"}
    )


TIME_S = somebody()["faces.time_s"]


def picked(signals: Signals, gate: Gate = Gate(), window: Window = WINDOW, **knobs: object) -> Picked:
    return with_knobs(Picks, knobs)(signals, [window], gate)[0]


def times(found: Picked) -> list[float]:
    return sorted(p.time_s for p in found.picks)


def test_a_portrait_says_whose_face_it_is_and_where() -> None:
    for pick in picked(somebody()).picks:
        assert pick.face_px is not None
        left, top, right, bottom = pick.face_px
        assert 0 < left < right < 640
        assert 0 < top < bottom < 360
        assert pick.measures["person"] == 0
        assert {"face_size_norm", "eye_open_norm", "frontality", "sharpness_norm", "yaw", "sharpness"} <= set(
            pick.measures
        )
        assert pick.why == "passed the strict gate"


def test_the_best_still_keeps_the_expression() -> None:
    """readings, default pipeline: all else equal it is the look at the peak."""
    level = somebody(faces__sharpness=np.full(len(TIME_S), 200, np.float32))
    assert picked(level).picks[0].time_s == pytest.approx(31.0, abs=0.2)


def test_closed_eyes_at_the_peak_are_not_the_best_still() -> None:
    eyes = np.where(during(TIME_S, (30.9, 31.3)), 0.05, 0.3).astype(np.float32)
    best = picked(somebody(faces__eye_open=eyes)).picks[0]
    assert not 30.9 <= best.time_s < 31.3
    assert abs(best.time_s - 31.0) <= 0.6, "but it is still the same expression"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("sharpness", 0.1, "gate.blur.face"),
        ("occlusion", 0.9, "gate.occlusion.face"),
        ("clipped", 0.9, "gate.exposure.clipped"),
    ],
)
def test_what_fails_the_gate_is_never_a_still(column: str, value: float, reason: str) -> None:
    bad = during(TIME_S, (30.5, 31.5))
    measure = np.where(bad, value, somebody()[f"faces.{column}"]).astype(np.float32)
    found = picked(somebody(**{f"faces__{column}": measure}))
    assert found.picks
    assert not [t for t in times(found) if 30.5 <= t < 31.5]
    assert found.failed == {reason: int(bad.sum())}
    assert {f.verdict for f in found.frames if reason in f.reasons} == {"failed the gate"}


def test_a_window_whose_looks_all_fail_keeps_its_words() -> None:
    found = picked(somebody(faces__occlusion=np.full(len(TIME_S), 0.4, np.float32)))
    assert found.picks == ()
    assert found.reason == "all 20 frames failed the gate: gate.occlusion.face 20 times"
    assert len(found.frames) == found.considered == 20


def test_the_loose_fallback_is_taken_only_where_asked_and_says_so() -> None:
    """readings D29."""
    hidden = somebody(faces__occlusion=np.full(len(TIME_S), 0.4, np.float32))
    found = picked(hidden, fallback="loose")
    assert found.picks
    assert {p.why for p in found.picks} == {"passed the loose gate"}
    assert found.reason == ""
    assert {p.why for p in picked(somebody(), fallback="loose").picks} == {"passed the strict gate"}, (
        "where the strict gate gives some"
    )
    worse = somebody(faces__occlusion=np.full(len(TIME_S), 0.6, np.float32))
    assert picked(worse, fallback="loose").picks == ()


def test_a_gate_that_was_turned_is_the_one_that_counts() -> None:
    hidden = somebody(faces__occlusion=np.full(len(TIME_S), 0.4, np.float32))
    assert picked(hidden, Gate(occlusion=0.5)).picks


@pytest.mark.parametrize("dedupe", ["percentile", "cosine", "mmr"])
def test_stills_are_apart_in_time_whatever_tells_them_apart_in_look(dedupe: str) -> None:
    assert all(b - a >= 0.5 for a, b in itertools.pairwise(times(picked(somebody(), dedupe=dedupe, count=5))))


def two_looks() -> np.ndarray:
    """Two looks in turn, for a second each."""
    vectors = np.zeros((len(TIME_S), 64), np.float32)
    vectors[np.arange(len(TIME_S)), (TIME_S.astype(int) % 2)] = 1
    return vectors


@pytest.mark.parametrize(("dedupe", "knobs"), [("percentile", {"same": 60.0}), ("cosine", {})])
def test_looks_that_are_the_same_are_one_still(dedupe: str, knobs: dict[str, float]) -> None:
    found = picked(somebody(crops__face=two_looks()), dedupe=dedupe, count=5, **knobs)
    assert len(found.picks) == 2
    assert len({int(p.time_s) % 2 for p in found.picks}) == 2
    assert "looks like a chosen one" in {f.verdict for f in found.frames}


def test_mmr_takes_a_lesser_still_that_differs_before_a_better_one_that_does_not() -> None:
    film = somebody(crops__face=two_looks(), faces__sharpness=np.full(len(TIME_S), 200, np.float32))
    first, second = picked(film, dedupe="mmr", count=2, mmr_quality=0.3).picks
    assert int(first.time_s) % 2 != int(second.time_s) % 2
    narrow = picked(film, dedupe="mmr", count=2, mmr_quality=1.0)
    assert abs(narrow.picks[0].time_s - narrow.picks[1].time_s) <= 1.0, "quality alone stays at the peak"


def test_a_second_face_may_only_add() -> None:
    """companions §2.3."""
    other = worlds.person(seed=1, track=1, left=0.55)
    both = worlds.joined(worlds.person(), other)
    base = somebody()
    pair = Signals(
        base.video, {n: base[n] for n in base if not n.startswith(("faces.", "tracks."))} | both, base.made_by
    )
    alone = {f.time_s: f.quality for f in picked(base, w_other=0.15).frames}
    together = {f.time_s: f.quality for f in picked(pair, w_other=0.15).frames}
    without = {f.time_s: f.quality for f in picked(pair, w_other=0.0).frames}
    assert set(together) == set(without) == set(alone)
    assert all(together[t] >= without[t] - 1e-12 for t in together)
    assert any(together[t] > without[t] + 1e-3 for t in together)


def test_qualities_lie_between_0_and_1_and_the_best_comes_first() -> None:
    found = picked(somebody(), count=5)
    assert all(0 <= f.quality <= 1 for f in found.frames)
    assert [p.quality for p in found.picks] == sorted((p.quality for p in found.picks), reverse=True)


def test_a_window_in_which_no_main_face_is_seen_gets_frames_of_the_whole() -> None:
    film = somebody()
    there = ~during(TIME_S, (28.0, 34.0))
    gone = {n.replace(".", "__"): film[n][there] for n in film if n.startswith(("faces.", "crops."))}
    found = picked(somebody(**gone))
    assert found.picks
    assert {p.face_px for p in found.picks} == {None}
    assert {p.why for p in found.picks} == {"passed the frame gate"}


def test_whose_face_counts_is_for_the_knobs_of_people_to_say() -> None:
    nobody = People(noise_rows=10_000)
    assert {p.face_px for p in Picks()(somebody(), [WINDOW], people=nobody)[0].picks} == {None}


@pytest.mark.parametrize("frontality", ["landmarks", "A", "B", "C"])
def test_every_frontality_gives_stills(frontality: str) -> None:
    assert picked(somebody(), frontality=frontality).picks
