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


@pytest.mark.parametrize(("frame", "hop", "samples"), [(11025, 11025, 44100), (2048, 512, 22050), (2048, 512, 2048)])
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
def test_ranks_and_robust_z_do_not_depend_on_gain_and_ranks_not_on_offset(x: np.ndarray, gain: float, offset: int) -> None:
    np.testing.assert_allclose(series.percentile_rank(np.round(x) * gain + offset), series.percentile_rank(np.round(x)))
    np.testing.assert_allclose(series.robust_z(x.round(3) * gain), series.robust_z(x.round(3)), rtol=1e-6, atol=1e-6)


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
def test_smoothing_keeps_the_mean_of_a_constant_and_stays_within_the_values(x: np.ndarray, sigma: float) -> None:
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
