"""The peaks that every engine looks for, and the windows around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.score.peaks import Peak, Peaks
from momentscan.score.rules import Rules
from momentscan.score.vector import Vector
from momentscan.score.verdicts import verdict_of
from momentscan.values import Abstention, Candidate, Curve, Moment, Window

NO_CUTS = np.zeros(0)


def bumps(
    *centres_s: float, duration_s: float = 60.0, hz: float = 5.0, width_s: float = 0.5, noise: float = 0.01
) -> tuple[np.ndarray, np.ndarray]:
    """(time_s, value): a quiet curve with a bump of height 1 at each centre."""
    time_s = np.arange(round(duration_s * hz)) / hz
    value = noise * np.random.default_rng(1).random(len(time_s))
    for centre_s in centres_s:
        value += np.exp(-0.5 * ((time_s - centre_s) / width_s) ** 2)
    return time_s, value


def peak_times(finder: Peaks, time_s: np.ndarray, value: np.ndarray) -> list[float]:
    return [float(time_s[p.at]) for p in finder.find(time_s, value)[0]]


def test_bumps_are_peaks_and_noise_is_none() -> None:
    time_s, value = bumps(12.0, 40.0)
    peaks, others, bar = Peaks(prominence=6.0).find(time_s, value)
    assert [float(time_s[p.at]) for p in peaks] == pytest.approx([12, 40], abs=0.2)
    assert len(others) > 20
    assert all(p.prominence < bar for p in others)


def test_the_ends_of_the_video_may_be_peaks() -> None:
    time_s, value = bumps(0.0, 30.0, 59.8)
    assert peak_times(Peaks(prominence=6.0), time_s, value) == pytest.approx([0, 30, 59.8], abs=0.2)


@pytest.mark.parametrize("hz", [1.0, 2.0, 5.0, 25.0])
def test_the_distance_is_in_seconds_at_any_rate(hz: float) -> None:
    time_s, value = bumps(20.0, 22.0, 30.0, hz=hz, width_s=0.4)
    value[time_s < 21] *= 0.8
    assert peak_times(Peaks(prominence=6.0), time_s, value) == pytest.approx([22, 30], abs=0.2)
    assert len(peak_times(Peaks(prominence=6.0, distance_s=1.0), time_s, value)) == 3


def test_the_seeds_rule_asks_for_the_level_itself_and_finds_nothing_on_a_raised_curve() -> None:
    time_s, value = bumps(12.0, 40.0)
    raised = value + 5.0
    assert Peaks(rule="seed").bar(raised) == np.percentile(raised, 95)
    assert peak_times(Peaks(rule="seed"), time_s, raised) == []
    assert peak_times(Peaks(prominence=6.0), time_s, raised) == pytest.approx([12, 40], abs=0.2)


def test_the_mad_rule_is_so_many_robust_standard_deviations() -> None:
    value = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
    assert Peaks(prominence=3.0).bar(value) == pytest.approx(3 * 1.4826)


@given(st.floats(0.1, 50), st.floats(-100, 100))
def test_gain_and_offset_move_no_peak(gain: float, offset: float) -> None:
    time_s, value = bumps(12.0, 40.0)
    assert peak_times(Peaks(prominence=6.0), time_s, gain * value + offset) == peak_times(
        Peaks(prominence=6.0), time_s, value
    )


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_instants_have_no_peak(n: int) -> None:
    assert Peaks().find(np.arange(n, dtype=float), np.ones(n)) == ([], [], 0.0)


def test_what_never_varies_has_no_peak() -> None:
    peaks, others, _ = Peaks().find(np.arange(50) / 5, np.full(50, 0.3))
    assert not peaks
    assert not others


def test_a_window_is_a_second_to_both_sides_and_stays_within_the_video() -> None:
    peak = Peak(0, 1.0, 0.0, 0.0)
    assert Peaks().window(peak, 30.0, 60.0, NO_CUTS) == Window(29, 31, 30)
    assert Peaks().window(peak, 0.2, 60.0, NO_CUTS) == Window(0, 1.2, 0.2)
    assert Peaks().window(peak, 59.8, 60.0, NO_CUTS) == Window(58.8, 60, 59.8)


def test_a_window_ends_where_its_shot_does() -> None:
    peak, cuts = Peak(0, 1.0, 0.0, 0.0), np.array([10.0, 29.5, 30.4])
    assert Peaks().window(peak, 30.0, 60.0, cuts) == Window(29.5, 30.4, 30)
    assert Peaks().window(peak, 29.5, 60.0, cuts) == Window(29.5, 30.4, 29.5), (
        "a shot begins with its first instant"
    )


@pytest.mark.parametrize(("width_s", "low", "high"), [(0.2, 2.0, 2.0), (1.5, 3.0, 4.0), (10.0, 8.0, 8.0)])
def test_half_prominence_windows_are_as_long_as_the_bump_within_two_to_eight_seconds(
    width_s: float, low: float, high: float
) -> None:
    time_s, value = bumps(30.0, width_s=width_s, noise=0.0)
    finder = Peaks(prominence=1.0, extent="half-prominence")
    (peak,) = finder.find(time_s, value)[0]
    window = finder.window(peak, float(time_s[peak.at]), 60.0, NO_CUTS)
    assert low - 1e-6 <= window.length_s <= high + 1e-6
    assert window.peak_s == pytest.approx(30, abs=0.2)


@given(
    peak_s=st.floats(0, 20),
    left=st.floats(0, 15),
    right=st.floats(0, 15),
    cuts=st.lists(st.floats(0, 20), max_size=4),
    extent=st.sampled_from(["fixed", "half-prominence"]),
)
def test_every_window_holds_its_peak_and_lies_in_the_video(
    peak_s: float, left: float, right: float, cuts: list[float], extent: str
) -> None:
    peak = Peak(0, 1.0, max(peak_s - left, 0.0), peak_s + right)
    window = Peaks(extent=extent).window(peak, peak_s, 20.5, np.sort(np.array(cuts, float)))
    assert 0 <= window.start_s <= window.peak_s <= window.end_s <= 20.5
    assert window.length_s <= 8 + 1e-9


def moment(at_s: float, score: float) -> Moment:
    return Moment(
        Window(at_s - 1, at_s + 1, at_s), score, "made", "it is high", {"all": score}, {"all": score}
    )


NOTHING = Abstention("no_peak", "nothing rises")
CURVE = Curve(np.zeros(0), np.zeros(0), {})


def test_moments_are_ranked_cut_to_the_number_asked_for_and_know_who_lost_beside_them() -> None:
    lost = Candidate(Window(13, 15, 14), 0.1, {"all": 0.1}, "below_threshold", "too low")
    verdict = verdict_of(
        "made",
        CURVE,
        CURVE.value,
        None,
        [moment(10, 1), moment(20, 3), moment(30, 2)],
        [lost],
        {},
        2,
        NOTHING,
    )
    assert [m.window.peak_s for m in verdict.moments] == [20, 30]
    assert verdict.reason is None
    assert [c.verdict for c in verdict.candidates] == ["over_max", "below_threshold", "chosen", "chosen"]
    assert "13.0-15.0 s" in verdict.moments[0].rivals[0]
    assert "too low" in verdict.moments[0].rivals[0]


def test_a_verdict_without_moments_says_why() -> None:
    verdict = verdict_of("made", CURVE, CURVE.value, None, [], [], {}, 2, NOTHING)
    assert verdict.abstention == NOTHING
    assert verdict.reason == "no_peak: nothing rises"


def test_the_seeds_rule_of_the_rule_engine_asks_for_less_than_that_of_the_others() -> None:
    _, value = bumps(12.0, 40.0)
    rules, vector = (replace(engine.peaks, rule="seed") for engine in (Rules(), Vector()))
    assert rules.bar(value) == np.percentile(value, 90)
    assert vector.bar(value) == np.percentile(value, 95)


def test_the_bounds_of_the_bar_are_in_the_unit_of_the_score() -> None:
    _, value = bumps(12.0, 40.0)
    free = Peaks().bar(value)
    assert Peaks(least_bar=2 * free).bar(value) == 2 * free
    assert Peaks(most_bar=free / 2).bar(value) == free / 2
