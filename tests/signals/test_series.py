"""Arithmetic on series: the definitions, and what always holds."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from momentscan.signals import series

FLOATS = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e3, 1e3))


@pytest.mark.parametrize(
    ("frame", "hop", "samples"), [(11025, 11025, 44100), (2048, 512, 22050), (2048, 512, 2048)]
)
def test_rms_is_librosas(frame: int, hop: int, samples: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import librosa

        sound = np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32)
        expected = librosa.feature.rms(y=sound, frame_length=frame, hop_length=hop, center=False)[0]
    np.testing.assert_allclose(series.rms(sound, frame, hop), expected, atol=1e-6)


@given(FLOATS)
def test_ranks_are_those_of_the_values_with_ties_in_the_middle(x: np.ndarray) -> None:
    ranks = series.percentile_rank(x)
    assert ((ranks > 0) & (ranks < 1)).all()
    assert ranks.mean() == pytest.approx(0.5)
    for i in range(len(x)):
        assert ranks[i] == pytest.approx((np.sum(x < x[i]) + np.sum(x == x[i]) / 2) / len(x))


@given(FLOATS, st.sampled_from([0.25, 0.5, 2.0, 8.0]), st.integers(-50, 50))
def test_ranks_and_robust_z_do_not_depend_on_gain_and_ranks_not_on_offset(
    x: np.ndarray, gain: float, offset: int
) -> None:
    np.testing.assert_allclose(
        series.percentile_rank(np.round(x) * gain + offset), series.percentile_rank(np.round(x))
    )
    np.testing.assert_allclose(
        series.robust_z(x.round(3) * gain), series.robust_z(x.round(3)), rtol=1e-6, atol=1e-6
    )


@given(FLOATS)
def test_robust_z_has_median_zero_and_never_divides_by_nothing(x: np.ndarray) -> None:
    z = series.robust_z(x)
    assert np.isfinite(z).all()
    assert np.median(z) == pytest.approx(0, abs=1e-6)


def test_what_is_not_there_stays_so() -> None:
    x = np.array([1.0, np.nan, 3.0])
    for function in (series.robust_z, series.percentile_rank, series.soft_percentile):
        assert np.isnan(function(x)).tolist() == [False, True, False]
        assert np.isnan(function(np.full(3, np.nan))).all()


@given(FLOATS, st.floats(0, 5))
def test_smoothing_keeps_the_mean_of_a_constant_and_stays_within_the_values(
    x: np.ndarray, sigma: float
) -> None:
    smooth = series.gaussian(x, sigma)
    assert x.min() - 1e-9 <= smooth.min() <= smooth.max() <= x.max() + 1e-9
    assert series.gaussian(np.full(9, 2.5), sigma) == pytest.approx(2.5)


def test_smoothing_has_no_delay() -> None:
    x = np.zeros(21)
    x[10] = 1
    assert np.argmax(series.gaussian(x, 2)) == 10
    np.testing.assert_allclose(series.gaussian(x, 2), series.gaussian(x, 2)[::-1])


def test_the_median_filter_takes_out_a_single_spike() -> None:
    assert series.median_filter(np.array([0, 0, 9, 0, 0.0]), 3).tolist() == [0, 0, 0, 0, 0]
    assert series.median_filter(np.array([1.0, 2, 3]), 1).tolist() == [1, 2, 3]


def test_cosine_change_is_zero_for_the_same_one_for_orthogonal_two_for_opposite() -> None:
    change = series.cosine_change(np.array([[1, 0], [1, 0], [0, 1], [0, -1]], np.float32))
    assert np.isnan(change[0])
    assert change[1:].tolist() == [0, 1, 2]


@given(st.floats(0.01, 10), st.floats(0.01, 10))
def test_an_average_forgets_with_its_time_constant_at_any_rate(step_s: float, tau_s: float) -> None:
    """Two steps of half the length weigh as much as one."""
    half = series.ema_alpha(step_s / 2, tau_s)
    assert 1 - (1 - half) ** 2 == pytest.approx(series.ema_alpha(step_s, tau_s), abs=1e-12)
    assert series.ema_alpha(step_s, 0.0) == 1.0


def test_the_average_is_the_seeds_and_both_ways_it_moves_no_peak() -> None:
    x = np.zeros(41)
    x[20] = 1.0
    causal = series.ema(x, 0.3)
    assert causal[20:23] == pytest.approx([0.3, 0.3 * 0.7, 0.3 * 0.49])
    assert int(np.argmax(series.zero_phase_ema(x, 0.3))) == 20
    assert series.zero_phase_ema(x, 0.3)[15:20] == pytest.approx(
        series.zero_phase_ema(x, 0.3)[21:26][::-1], rel=1e-3
    )
    np.testing.assert_array_equal(series.ema(x, 1.0), x)


@given(FLOATS, st.floats(0, 100))
def test_the_quick_percentile_is_numpys(x: np.ndarray, q: float) -> None:
    assert series.percentile(x, q) == pytest.approx(float(np.percentile(x, q)), rel=1e-9, abs=1e-6)


def test_soft_percentiles_keep_how_far_it_stands_out() -> None:
    x = np.concatenate([np.linspace(0, 1, 99), [10.0]])
    soft = series.soft_percentile(x)
    assert soft[-1] > 8 * soft[-2] > 0
    assert np.median(soft) == pytest.approx(0)
    assert series.soft_percentile(np.ones(5)).tolist() == [0.0] * 5


def test_a_bump_comes_back_and_a_ramp_or_a_step_does_not() -> None:
    x = np.linspace(0, 50, 100) + 40 * (np.arange(100) >= 60)
    x[20:22] += 100
    x[80:82] -= 100
    found = series.bumps(x, 6)
    assert found[20:22].min() > 90
    assert found[80:82].max() < -90
    rest = np.delete(found, [20, 21, 80, 81])
    assert np.abs(rest).max() < 10
    assert series.bumps(np.ones(1), 6).tolist() == [0.0]
