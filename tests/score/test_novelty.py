"""Baselines over time: the same at any rate, anew after a gap, and never against what lies beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.score.novelty import ema_delta, knn_novelty, local_delta, pooled, stale
from momentscan.signals.series import ema_alpha


def walk(time_s: np.ndarray, dim: int = 6) -> np.ndarray:
    """(N, dim) unit vectors that wander smoothly and jump at 10 s."""
    angles = np.outer(time_s, np.linspace(0.05, 0.3, dim)) + (time_s >= 10)[:, None] * np.linspace(0, 1, dim)
    vectors = np.cos(angles) + 2
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def once(n: int) -> np.ndarray:
    """Only the first sample starts anew."""
    return np.arange(n) == 0


def at(time_s: np.ndarray, values: np.ndarray, when: float) -> float:
    return float(values[int(np.argmin(np.abs(time_s - when)))])


# ---- the exponential moving average (highlight_vector §4)


@given(st.sampled_from([0.5, 1.4, 3.0]), st.integers(0, 9))
def test_it_is_the_seeds_distance_over_one_minus_alpha(tau_s: float, seed: int) -> None:
    """d = ‖e - ema‖ where ema already holds e, divided by (1 - α); the average begins as the median of the
    first 2τ.
    """
    rng = np.random.default_rng(seed)
    time_s = np.arange(60) * 0.5
    vectors = rng.standard_normal((60, 4))
    alpha = ema_alpha(0.5, tau_s)
    ema = np.median(vectors[time_s < 2 * tau_s], axis=0)
    literal = [float(np.linalg.norm(vectors[0] - ema))]
    for e in vectors[1:]:
        ema = alpha * e + (1 - alpha) * ema
        literal.append(float(np.linalg.norm(e - ema)) / (1 - alpha))
    np.testing.assert_allclose(ema_delta(time_s, vectors, tau_s, once(60)), literal, rtol=1e-9)


def test_the_seeds_own_alpha_is_a_time_constant_of_1_4_seconds_at_its_own_stride() -> None:
    assert ema_alpha(0.5, 1.40) == pytest.approx(0.3, abs=0.001)


@pytest.mark.parametrize("baseline", ["ema", "local", "knn"])
def test_the_rate_of_the_samples_does_not_change_the_curve(baseline: str) -> None:
    curves = {}
    for hz in (5.0, 10.0):
        time_s = np.arange(round(20 * hz)) / hz
        vectors, start = walk(time_s), once(len(time_s))
        made = {
            "ema": lambda t=time_s, v=vectors, s=start: ema_delta(t, v, 1.4, s),
            "local": lambda t=time_s, v=vectors, s=start: local_delta(t, v, 8.0, s),
            "knn": lambda t=time_s, v=vectors: knn_novelty(t, v, 1, 2.0),
        }[baseline]()
        curves[hz] = np.array([at(time_s, made, t) for t in np.arange(4, 19.5, 0.2)])
    assert curves[5.0].max() > 0.05
    np.testing.assert_allclose(curves[5.0], curves[10.0], atol=0.12 * curves[5.0].max())


def test_after_a_gap_the_average_starts_anew() -> None:
    """Held over the gap, the average would call whoever comes back a sensation."""
    time_s = np.concatenate([np.arange(0, 10, 0.5), np.arange(20, 30, 0.5)])
    vectors = np.repeat(np.eye(2), 20, axis=0)
    restart = once(40) | (np.arange(40) == 20)
    assert ema_delta(time_s, vectors, 1.4, restart).max() < 1e-12
    assert local_delta(time_s, vectors, 8.0, restart).max() < 1e-12
    assert ema_delta(time_s, vectors, 1.4, once(40)).max() > 1


def test_a_first_vector_that_is_odd_does_not_make_all_others_odd() -> None:
    vectors = np.tile([1.0, 0.0], (40, 1))
    vectors[0] = [0.0, 1.0]
    delta = ema_delta(np.arange(40) * 0.5, vectors, 1.4, once(40))
    assert delta[0] > 1
    assert delta[1:].max() < 1e-12


# ---- nearest neighbours


def test_neighbours_beside_it_in_time_do_not_count() -> None:
    """An event that lasts as long as the exclusion is alike within itself, and new all the same."""
    time_s = np.arange(120) * 0.5
    vectors = np.tile([1.0, 0.0, 0.0], (120, 1))
    vectors[60:63] = [0.0, 1.0, 0.0]
    novelty = knn_novelty(time_s, vectors, 1, 2.0)
    assert novelty[60:63] == pytest.approx(np.sqrt(2))
    assert np.delete(novelty, [60, 61, 62]).max() < 1e-6
    assert knn_novelty(time_s, vectors, 1, 0.5)[61] < 1e-6, (
        "with hardly any exclusion it is like its neighbour"
    )


def test_what_comes_again_is_not_new() -> None:
    time_s = np.arange(120) * 0.5
    vectors = np.tile([1.0, 0.0], (120, 1))
    vectors[[20, 80]] = [0.0, 1.0]
    assert knn_novelty(time_s, vectors, 1, 2.0)[[20, 80]].max() < 1e-6


def test_where_nothing_is_far_enough_nothing_is_known() -> None:
    assert np.isnan(knn_novelty(np.arange(3) * 0.5, np.eye(3), 1, 2.0)).all()


@given(st.integers(1, 40), st.integers(0, 9))
def test_more_neighbours_than_there_are_change_nothing(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((20, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    novelty = knn_novelty(np.arange(20) * 1.0, vectors, k, 2.0)
    assert np.isfinite(novelty).all()
    assert (novelty >= knn_novelty(np.arange(20) * 1.0, vectors, 1, 2.0) - 1e-9).all()


# ---- clips


def test_a_clip_is_the_mean_of_what_it_holds_brought_back_to_length_one() -> None:
    time_s = np.arange(50) / 5
    vectors = np.where((time_s < 5)[:, None], [1.0, 0.0], [0.0, 1.0])
    clips, valid = pooled(time_s, vectors, np.array([2.0, 5.0, 8.0]), 1.0, 5, 0.6)
    assert valid.all()
    np.testing.assert_allclose(np.linalg.norm(clips, axis=1), 1)
    assert clips[0] == pytest.approx([1, 0])
    assert clips[1] == pytest.approx(np.array([2, 3]) / np.sqrt(13), abs=0.02)


@pytest.mark.parametrize(("kept", "valid"), [(5, True), (3, True), (2, False), (0, False)])
def test_a_clip_with_less_than_three_fifths_of_its_samples_is_not_valid(kept: int, valid: bool) -> None:
    time_s = np.arange(50) / 5
    there = np.ones(50, bool)
    there[10 + kept : 15] = False
    _, known = pooled(
        time_s[there], np.tile([1.0, 0.0], (50, 1))[there], np.array([0.5, 2.5, 5.5]), 1.0, 5, 0.6
    )
    assert known.tolist() == [True, valid, True]


def test_no_more_frames_are_pooled_than_asked_for() -> None:
    rng = np.random.default_rng(0)
    time_s, vectors = np.arange(100) / 50, rng.standard_normal((100, 8))
    (few,), _ = pooled(time_s, vectors, np.array([0.5]), 1.0, 3, 0.6)
    chosen = vectors[[0, 24, 49]].mean(axis=0)
    assert few == pytest.approx(chosen / np.linalg.norm(chosen))


# ---- the same frame again


def test_a_frame_that_is_shown_again_is_stale_and_a_slow_one_is_not() -> None:
    rng = np.random.default_rng(0)
    vectors = 1 + 0.05 * rng.standard_normal((30, 8))
    vectors[10:15] = vectors[10]
    assert np.flatnonzero(stale(vectors, 0.35)).tolist() == [11, 12, 13, 14]
    assert not stale(np.ones((2, 4)), 0.35).any()
