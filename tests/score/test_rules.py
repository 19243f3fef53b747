"""highlight_rules: what a person does at a known time is found there, said in words, and nothing is found
where nothing happens.
"""

from __future__ import annotations

import csv
import io
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from momentscan.knobs import with_knobs
from momentscan.score.baselines import glitches, running_ema, running_median
from momentscan.score.impact import IMPACT, Impact
from momentscan.score.person_features import FEATURES, body_features, rate
from momentscan.score.rules import Rules, timeseries
from momentscan.signals import Signals
from momentscan.values import Verdict
from worlds import during, joined, person, poses

WHOLE = np.zeros(1000, np.int64)


def seen(columns: dict[str, np.ndarray], duration_s: float = 60.0, **more: np.ndarray) -> Signals:
    return Signals(worlds.info(duration_s), columns | {n.replace("__", "."): x for n, x in more.items()})


def judged(columns: dict[str, np.ndarray], duration_s: float = 60.0, **knobs: object) -> Verdict:
    return with_knobs(Rules, knobs).judge(seen(columns, duration_s))


def peaks(verdict: Verdict) -> list[float]:
    return sorted(m.window.peak_s for m in verdict.moments)


def without(columns: dict[str, np.ndarray], *starts: str) -> dict[str, np.ndarray]:
    return {n: x for n, x in columns.items() if not n.startswith(starts)}


STILL = person()
LAUGH = person(mouth_open=(30.0, 31.5))


def test_a_mouth_that_opens_is_a_moment_and_the_words_say_so() -> None:
    (moment,) = judged(LAUGH).moments
    assert 30 <= moment.window.peak_s <= 31.5
    assert moment.why.startswith("mouth opens ")
    assert "σ over its usual change" in moment.why
    assert moment.features["mouth_open"] == pytest.approx(0.62, abs=0.02), "in its own unit"
    assert max(moment.parts, key=lambda n: moment.parts[n]) == "mouth_open"


@pytest.mark.parametrize(
    ("act", "part", "words"),
    [
        ("head", "head_velocity", "head turns"),
        ("near", "face_size_change", "face comes closer"),
        ("lit", "exposure_change", "light on the face rises"),
    ],
)
def test_every_part_of_the_impact_is_found_and_named(act: str, part: str, words: str) -> None:
    (moment,) = judged(person(**{act: (30.0, 31.5)})).moments
    assert 29.5 <= moment.window.peak_s <= 32
    assert moment.why.startswith(words)
    assert moment.parts[part] == max(moment.parts.values())


def test_a_raised_hand_is_found_through_the_pose() -> None:
    (moment,) = judged(STILL | poses()).moments
    assert 19.5 <= moment.window.peak_s <= 22
    assert moment.why.startswith("hand goes up")
    assert moment.features["wrist_raise"] == pytest.approx((0.7 - 0.3) / 0.3, abs=0.05), (
        "face heights over the shoulder"
    )


def test_what_stays_still_has_no_contrast() -> None:
    verdict = judged(STILL)
    assert verdict.moments == ()
    assert verdict.reason is not None
    assert verdict.reason.startswith("no_contrast: nothing about the main people")
    assert len(verdict.curve.value) == 300


@pytest.mark.parametrize(
    ("signals", "reason"),
    [
        (worlds.signals(), "no_faces_looked_for"),
        (seen({n: x[:0] for n, x in STILL.items()}), "no_face: not one"),
        (
            seen({n: x[:2] if n.startswith("faces") else x for n, x in STILL.items()}),
            "no_face: no face is seen surely",
        ),
        (seen(person(1.0), 1.0), "too_short"),
    ],
)
def test_where_there_is_nobody_the_reason_says_why(signals: Signals, reason: str) -> None:
    verdict = Rules().judge(signals)
    assert verdict.moments == ()
    assert (verdict.reason or "").startswith(reason)
    assert next(iter(timeseries(signals))) == "time_s"
    assert {len(x) for x in timeseries(signals).values()} == {0}, "header only"


def test_parts_sum_to_the_value_in_every_combination() -> None:
    signals = seen(LAUGH | poses())
    for combine, norm, baseline, sign in itertools.product(
        ("product", "sum"), ("robust_z", "percentile"), ("ema", "local"), ("rise", "both")
    ):
        curve = Rules(combine=combine, impact=Impact(norm=norm, baseline=baseline, sign=sign)).curve(signals)
        np.testing.assert_allclose(sum(curve.parts.values()), curve.value, atol=1e-12)
        assert np.isfinite(curve.value).all()
        assert (curve.value >= 0).all()


def test_the_score_is_quality_times_impact_and_the_weights_are_the_companions() -> None:
    series = timeseries(seen(LAUGH | poses()))
    np.testing.assert_allclose(
        series["final"], series["gate"] * series["quality"] * series["impact"], atol=1e-12
    )
    weights = {
        "mouth_open": 0.3,
        "head_velocity": 0.2,
        "wrist_raise": 0.15,
        "torso_rotation": 0.15,
        "face_size_change": 0.1,
        "exposure_change": 0.1,
    }
    expected = sum(w * np.clip(series[f"z_{n}"], 0, Impact().most) for n, w in weights.items())
    np.testing.assert_allclose(series["impact"], expected, atol=1e-9)


def test_quality_is_sharpness_size_and_frontalness() -> None:
    columns = person()
    columns["faces.yaw"][:] = 22.5
    columns["faces.sharpness"][:] = 100
    assert timeseries(seen(columns))["quality"] == pytest.approx(0.4 + 0.3 + 0.15, abs=0.01)
    columns["faces.sharpness"][100] = 60
    assert timeseries(seen(columns))["quality"][100] < 0.7


def test_without_poses_the_weights_are_shared_among_the_rest() -> None:
    series = timeseries(seen(LAUGH))
    assert np.isnan(series["wrist_raise"]).all()
    at = 152
    rest = {"mouth_open": 0.3, "head_velocity": 0.2, "face_size_change": 0.1, "exposure_change": 0.1}
    expected = sum(w * np.clip(series[f"z_{n}"][at], 0, Impact().most) for n, w in rest.items()) / 0.7
    assert series["impact"][at] == pytest.approx(expected)
    absent = judged(LAUGH).absent
    assert absent == {"wrist_raise": "was not logged", "torso_rotation": "was not logged"}


def test_without_landmarks_the_rest_still_speaks() -> None:
    columns = without(
        person(near=(30.0, 31.5)),
        "faces.mouth_open",
        "faces.yaw",
        "faces.pitch",
        "faces.roll",
        "faces.eye_open",
        "faces.occlusion",
    )
    verdict = judged(columns)
    assert 29.5 <= peaks(verdict)[0] <= 32
    assert verdict.absent["mouth_open"] == verdict.absent["head_velocity"] == "was not logged"
    assert verdict.moments[0].features["mouth_open"] is None
    columns["faces.mouth_open"] = np.full(300, np.nan, np.float32)
    assert judged(columns).absent["mouth_open"] == "was never measured"


def test_what_is_measured_at_few_instants_does_not_speak_for_all() -> None:
    columns = person(near=(30.0, 31.5), hz=5)
    for name in ("faces.mouth_open", "faces.yaw"):
        columns[name][during(columns["faces.time_s"], (29.0, 33.0))] = np.nan
    whole, gone = judged(person(near=(30.0, 31.5))), judged(columns)
    assert gone.moments[0].score <= 2 * whole.moments[0].score + 1e-9


def test_a_gap_is_absent_and_never_zero() -> None:
    columns = person(mouth_open=(30.0, 31.5))
    columns["faces.mouth_open"][during(columns["faces.time_s"], (10.0, 20.0))] = np.nan
    series = timeseries(seen(columns))
    assert np.isnan(series["z_mouth_open"][50:100]).all()
    assert 30 <= peaks(judged(columns))[0] <= 31.5


@pytest.mark.parametrize("act", ["hidden", "flash", "defocus"])
def test_what_the_gate_does_not_pass_scores_nothing(act: str) -> None:
    columns = person(mouth_open=(30.0, 30.8), **{act: (29.8, 31.0)})
    verdict = judged(columns)
    inside = during(verdict.curve.time_s, (29.8, 31.0))
    assert not verdict.curve.value[inside].any()
    assert not timeseries(seen(columns))["gate"][inside].any()
    assert verdict.moments == ()
    assert judged(columns, gate_level="off").moments


def test_a_person_who_leaves_and_comes_back_changed_is_no_moment() -> None:
    columns = person()
    away = during(columns["faces.time_s"], (20.0, 25.0))
    columns["faces.mouth_open"][columns["faces.time_s"] >= 25.0] += 0.5
    back = {n: x[~away] if n.startswith("faces.") else x for n, x in columns.items()}
    assert judged(back).moments == ()


def test_a_cut_begins_anew() -> None:
    columns = person()
    columns["faces.exposure_mean"][columns["faces.time_s"] >= 30] += 20
    assert judged(columns, baseline="ema").moments
    assert judged(columns | {"scenes.start_s": np.array([0.0, 30.0])}, baseline="ema").moments == ()


def test_windows_end_at_cuts_and_at_the_ends_of_the_video() -> None:
    cut = judged(LAUGH | {"scenes.start_s": np.array([0.0, 29.9, 31.6])})
    assert all(29.9 <= m.window.start_s < m.window.end_s <= 31.6 for m in cut.moments)
    (last,) = judged(person(mouth_open=(58.5, 60.0))).moments
    assert last.window.end_s == 60
    assert last.window.peak_s >= 58.5


def test_two_main_people_are_one_curve_and_the_words_say_who() -> None:
    both = joined(
        person(track=0, left=0.2, mouth_open=(20.0, 21.5)),
        person(seed=1, track=1, left=0.55, mouth_open=(40.0, 41.5)),
    )
    verdict = judged(both)
    assert peaks(verdict) == pytest.approx([20.7, 40.7], abs=0.8)
    assert {m.why.rpartition("(")[2] for m in verdict.moments} == {"person 0)", "person 1)"}
    assert len(verdict.curve.time_s) == 300


def test_a_passer_by_is_not_judged() -> None:
    passing = person(6.0, seed=1, track=1, left=0.0, mouth_open=(2.0, 3.0))
    passing["faces.bbox"][:] = [0.0, 0.0, 0.08, 0.13]
    assert judged(joined(STILL, passing)).moments == ()


def test_a_passenger_adds_and_never_vetoes_in_the_sum() -> None:
    other = person(seed=1, track=1, left=0.0)
    other["faces.bbox"][:] = [0.0, 0.0, 0.105, 0.105]
    alone, with_other = (
        Rules(combine="sum").curve(seen(LAUGH)),
        Rules(combine="sum").curve(seen(joined(LAUGH, other))),
    )
    assert (with_other.parts["passenger"] > 0.1).all()
    assert (with_other.value >= alone.value - 1e-9).all()
    assert not alone.parts["passenger"].any()
    assert {"quality", "passenger"} < set(judged(LAUGH, combine="sum").moments[0].features)


@pytest.mark.parametrize("hz", [10, 20])
@pytest.mark.parametrize("act", ["mouth_open", "near", "lit"])
def test_the_rate_of_the_looks_changes_no_window(hz: int, act: str) -> None:
    usual, other = (judged(person(hz=rate_hz, **{act: (30.0, 31.5)})) for rate_hz in (5, hz))
    assert peaks(other) == pytest.approx(peaks(usual), abs=0.5)


@settings(max_examples=15, deadline=None)
@given(at_s=st.floats(0, 57), times=st.floats(0.7, 1.5), plus=st.floats(-10, 10))
def test_gain_and_offset_of_what_is_measured_change_no_window(at_s: float, times: float, plus: float) -> None:
    usual = person(mouth_open=(at_s, at_s + 1.5))
    shifted = dict(usual)
    shifted["faces.mouth_open"] = usual["faces.mouth_open"] * np.float32(times) + np.float32(0.01)
    shifted["faces.exposure_mean"] = usual["faces.exposure_mean"] + np.float32(plus)
    assert peaks(judged(shifted)) == pytest.approx(peaks(judged(usual)), abs=0.5)
    assert at_s - 0.3 <= peaks(judged(usual))[0] <= at_s + 1.8


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_still_person_is_never_a_moment(seed: int) -> None:
    assert judged(person(20.0, seed=seed), 20.0).moments == ()


@pytest.mark.parametrize("knobs", [{}, {"extent": "half-prominence"}, {"distance_s": 0.5, "prominence": 0.5}])
def test_windows_do_not_overlap_and_hold_their_peaks(knobs: dict[str, object]) -> None:
    columns = person()
    columns["faces.mouth_open"][:] = 0.3 + 0.3 * np.sin(columns["faces.time_s"] ** 1.5).astype(np.float32)
    verdict = judged(columns, contrast=0, **knobs)
    windows = sorted((m.window for m in verdict.moments), key=lambda w: w.start_s)
    assert windows
    assert all(0 <= w.start_s <= w.peak_s <= w.end_s <= 60 for w in windows)
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(windows))


def test_every_candidate_has_a_verdict_and_the_nearest_losers_stand_with_the_winner() -> None:
    columns = person(mouth_open=(30.0, 31.5))
    columns["faces.mouth_open"][during(columns["faces.time_s"], (20.0, 20.5))] += 0.05
    verdict = judged(columns)
    assert sum(c.verdict == "chosen" for c in verdict.candidates) == len(verdict.moments) == 1
    assert {c.verdict for c in verdict.candidates} <= {
        "chosen",
        "below_threshold",
        "too_near",
        "not_different",
    }
    assert all(c.reason for c in verdict.candidates)
    assert all("not chosen: " in r for r in verdict.moments[0].rivals)


def test_the_companions_own_reading_is_reachable() -> None:
    literal = judged(
        LAUGH,
        baseline="ema",
        sign="both",
        most=1e9,
        smooth="causal",
        rule="seed",
        contrast=0,
        glitch_light=255,
        glitch_blur=0,
    )
    assert 30 <= literal.moments[0].window.peak_s <= 32.5


def test_the_time_series_has_a_row_per_look_even_where_nobody_is_in_the_picture() -> None:
    away = during(STILL["faces.time_s"], (20.0, 25.0))
    columns = {n: x[~away] if n.startswith("faces.") else x for n, x in STILL.items()}
    looks = {
        "frames.time_s": np.arange(600) / 10,
        "frames.n_faces": np.where(np.arange(600) % 2 == 0, 1.0, np.nan).astype(np.float32),
    }
    series = timeseries(seen(columns | looks))
    assert {len(x) for x in series.values()} == {300}
    assert (np.diff(series["time_s"]) > 0).all()
    gone = during(series["time_s"], (20.0, 25.0))
    assert (series["person"] == np.where(gone, -1, 0)).all()
    assert np.isnan(series["mouth_open"][gone]).all()
    assert not series["final"][gone].any()


def test_the_time_series_can_be_written_and_holds_what_the_curve_does() -> None:
    signals = seen(LAUGH | poses())
    series = timeseries(signals, Rules())
    assert list(series) == [
        "time_s",
        "person",
        *FEATURES,
        *(f"z_{n}" for n in IMPACT),
        "gate",
        "quality",
        "impact",
        "final",
    ]
    np.testing.assert_array_equal(series["final"], Rules().curve(signals).value)
    text = io.StringIO()
    csv.writer(text).writerows([list(series), *zip(*series.values(), strict=True)])
    assert len(text.getvalue().splitlines()) == 301


# ---- the arithmetic ----


def test_a_rate_is_that_of_the_line_at_any_sampling() -> None:
    for hz in (4, 5, 10):
        time_s = np.arange(0, 4, 1 / hz)
        np.testing.assert_allclose(rate(time_s, 30 * time_s, 0.4, WHOLE[: len(time_s)]), 30, rtol=1e-9)
    broken = rate(np.arange(4.0), np.array([0, 1, np.nan, 100.0]), 1.0, np.array([0, 0, 0, 1]))
    assert np.isnan(broken[2:]).all(), "nothing is known across a cut, nor where it was not measured"


def test_the_usual_forgets_with_its_time_constant_at_any_rate() -> None:
    for hz in (5, 50):
        time_s = np.arange(0, 10, 1 / hz)
        step = (time_s >= 5).astype(float)
        usual = running_ema(time_s, step, 1.0, WHOLE[: len(time_s)])
        assert np.interp(6.0, time_s, usual) == pytest.approx(1 - np.exp(-1), abs=0.08)
    assert running_ema(np.arange(3.0), np.array([1.0, 1.0, 5.0]), 1.0, np.array([0, 0, 1]))[2] == 5, (
        "a new stretch begins anew"
    )


def test_the_running_median_does_not_see_what_is_short_or_beyond_a_cut() -> None:
    time_s = np.arange(0, 20, 0.2)
    x = during(time_s, (9.0, 11.0)).astype(float)
    assert not running_median(time_s, x, 8.0, WHOLE[:100]).any()
    cut = (time_s >= 10).astype(np.int64)
    np.testing.assert_array_equal(running_median(time_s, cut * 5.0, 8.0, cut), cut * 5.0)


def test_flashes_and_defocus_are_glitches_and_slow_light_is_none() -> None:
    time_s = np.arange(0, 20, 0.2)
    light, sharp = 100 + 3 * time_s, np.full(100, 50.0)
    assert not glitches(time_s, light, sharp, 25, 0.35).any()
    light[40] += 60
    sharp[70:72] = 5
    assert np.flatnonzero(glitches(time_s, light, sharp, 25, 0.35)).tolist() == [40, 70, 71]


def test_a_body_is_measured_in_face_heights_and_degrees() -> None:
    points = np.full((1, 17, 2), np.nan)
    points[0, [5, 6, 7, 9]] = [[200, 300], [100, 200], [200, 400], [100, 400]]
    body = body_features(points, np.array([[100.0, 50.0, 200.0, 150.0]]))
    assert body["wrist_raise"] == pytest.approx(-1.0)
    assert body["elbow_angle"] == pytest.approx(90.0)
    assert body["torso_rotation"] == pytest.approx(45.0)
    assert body["hand_near_face"] == pytest.approx(0.0)
    assert all(np.isnan(x).all() for x in body_features(points * np.nan, np.ones((1, 4))).values())
