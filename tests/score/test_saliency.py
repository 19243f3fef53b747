"""highlight_saliency: the readings of seed 002, and the options that bring the literal one back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import worlds
from momentscan.errors import UsageError
from momentscan.score.intervals import Intervals
from momentscan.score.saliency import Saliency
from momentscan.signals import Signals
from momentscan.values import Verdict


def changed(signals: Signals, **columns: np.ndarray) -> Signals:
    """The same signals with some columns replaced; "frames__motion" stands for frames.motion."""
    new = {n: signals[n] for n in signals} | {name.replace("__", "."): rows for name, rows in columns.items()}
    return Signals(signals.video, new, signals.made_by)


def bursts(*starts_s: int) -> Signals:
    """Five minutes of calm in which things move for four seconds from each of these starts."""
    calm = worlds.signals(duration_s=300.0, burst=None)
    motion = calm["frames.motion_local"].copy()
    for start_s in starts_s:
        motion[start_s * 10 : start_s * 10 + 40] += 0.3
    return changed(calm, frames__motion_local=motion)


def spans(verdict: Verdict) -> list[tuple[float, float]]:
    return [(m.window.start_s, m.window.end_s) for m in verdict.moments]


def test_windows_are_five_seconds_every_three_and_a_short_last_one_is_kept() -> None:
    starts, ends = Saliency()._spans(13.0)
    assert starts.tolist() == [0, 3, 6, 9]
    assert ends.tolist() == [5, 8, 11, 13]
    starts, ends = Saliency()._spans(10.5)
    assert ends.tolist() == [5, 8, 10.5], "a last window of 1.5 s is dropped"


def test_the_weights_are_those_of_the_seed_and_are_shared_when_sound_is_missing() -> None:
    whole, silent = Saliency().curve(worlds.signals()), Saliency().curve(worlds.signals(sound=False))
    assert whole.value.max() <= 1
    best = int(np.argmax(whole.value))
    ratio = whole.parts["motion"][best] / whole.parts["audio"][best]
    assert ratio == pytest.approx(2, rel=0.1)
    assert not silent.parts["audio"].any()
    assert silent.value.max() == pytest.approx(whole.value.max(), abs=0.05)


@pytest.mark.parametrize("gain", [0.5, 1.2, 4.0])
def test_gain_on_a_modality_changes_nothing(gain: float) -> None:
    calm = worlds.signals()
    loud = changed(calm, frames__motion_local=(calm["frames.motion_local"] * gain).astype(np.float32))
    assert spans(Saliency().judge(loud)) == spans(Saliency().judge(calm))


@pytest.mark.parametrize("offset_db", [-12.0, 6.0])
def test_a_constant_offset_of_the_level_changes_nothing(offset_db: float) -> None:
    signals = worlds.signals()
    shifted = changed(signals, sound__loud_db=signals["sound.loud_db"] + np.float32(offset_db))
    assert spans(Saliency().judge(shifted)) == spans(Saliency().judge(signals))


@pytest.mark.parametrize("hz", [5.0, 20.0])
def test_the_sampling_rate_changes_nothing(hz: float) -> None:
    assert spans(Saliency().judge(worlds.signals(grid_hz=hz))) == spans(Saliency().judge(worlds.signals()))


def test_motion_across_a_cut_is_not_counted() -> None:
    signals = worlds.signals(burst=None)
    motion = signals["frames.motion_local"].copy()
    cut = np.searchsorted(signals["frames.time_s"], 20.0)
    motion[cut] = 5.0
    with_cut = changed(
        signals,
        frames__motion_local=motion,
        scenes__start_s=np.array([0.0, 20.0]),
        scenes__end_s=np.array([20.0, 60.0]),
    )
    part = Saliency()._motion(with_cut)
    assert part is not None
    assert np.isnan(part.value[cut])


def test_a_burst_in_sound_alone_is_a_moment_and_the_words_say_so() -> None:
    signals = worlds.signals(burst=None)
    loud = signals["sound.loud_db"].copy()
    loud[60:66] += 25
    verdict = Saliency().judge(changed(signals, sound__loud_db=loud))
    assert [30 <= m.window.peak_s <= 33 for m in verdict.moments] == [True]
    assert verdict.moments[0].why.startswith("loudness +2")
    assert set(verdict.absent) - {"calibration"} == {"motion", "embed"}
    assert "never stands out" in verdict.absent["motion"]


def test_every_candidate_has_a_verdict_and_the_nearest_losers_stand_with_the_winner() -> None:
    verdict = Saliency().judge(worlds.signals())
    assert sum(c.verdict == "chosen" for c in verdict.candidates) == len(verdict.moments) == 1
    assert all(c.reason for c in verdict.candidates)
    assert all("not chosen: smoothed score" in r for r in verdict.moments[0].rivals)
    assert verdict.moments[0].rivals


def test_moments_beyond_the_number_asked_for_are_named_not_lost() -> None:
    verdict = Saliency(max_windows=2, w_embed=0, w_audio=0).judge(bursts(60, 120, 180, 240))
    assert len(verdict.moments) == 2
    assert any(c.verdict == "over_max" and "max_windows" in c.reason for c in verdict.candidates)


def test_two_bursts_far_apart_are_two_moments_and_a_long_one_is_cut() -> None:
    twice = Saliency(w_embed=0, w_audio=0).judge(bursts(60, 200))
    assert [round(m.window.peak_s, -1) for m in sorted(twice.moments, key=lambda m: m.window.start_s)] == [
        60,
        200,
    ]
    long = Saliency(intervals=Intervals(percentile=50, gap_s=0), w_embed=0, w_audio=0).judge(
        bursts(*range(100, 200, 4))
    )
    assert len(long.moments) > 3
    assert all(m.window.length_s <= 30 for m in long.moments)


def test_the_literal_reading_is_the_seeds_arithmetic() -> None:
    signals = worlds.signals()
    rms = np.full(len(signals["sound.time_s"]), 0.1, np.float32)
    literal = Saliency(norm="raw", aggregate="mean", camera="keep", smooth="none", contrast=0)
    curve = literal.curve(changed(signals, sound__rms=rms))
    inside = (signals["frames.time_s"] >= 3) & (signals["frames.time_s"] < 8)
    px_a_frame = signals["frames.motion"][inside].astype(float).mean() * np.hypot(640, 360) / 30
    assert curve.parts["motion"][1] == pytest.approx(0.4 * px_a_frame)
    assert curve.parts["audio"][1] == pytest.approx(0.2 * 0.1)


def test_a_video_that_is_too_short_for_a_window_says_so() -> None:
    verdict = Saliency().judge(worlds.signals(duration_s=1.5, burst=None))
    assert verdict.reason is not None
    assert verdict.reason.startswith("too_short: 1.50 s")


def test_the_peak_lies_where_it_happens() -> None:
    for start in (11.0, 23.5, 40.0):
        moment = Saliency().judge(worlds.signals(burst=(start, start + 2))).moments[0]
        assert start - 0.5 <= moment.window.peak_s <= start + 2.5


def test_moments_do_not_overlap_where_a_long_run_was_split() -> None:
    for percentile in (0, 30, 50, 80):
        moments = (
            Saliency(intervals=Intervals(percentile=percentile, gap_s=0), contrast=0)
            .judge(worlds.signals(duration_s=150.0))
            .moments
        )
        ordered = sorted((m.window.start_s, m.window.end_s) for m in moments)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(ordered))


def test_a_median_over_one_window_is_refused() -> None:
    with pytest.raises(UsageError, match="set hop_s=1"):
        Saliency(smooth="median").judge(worlds.signals())
    assert Saliency(smooth="median", hop_s=1.0).judge(worlds.signals()).moments


def test_a_gap_of_nought_is_one_hop() -> None:
    signals = worlds.signals(duration_s=150.0)
    hop = Saliency(hop_s=1.0, intervals=Intervals(percentile=40, gap_s=1.0), contrast=0)
    assert spans(
        Saliency(hop_s=1.0, intervals=Intervals(percentile=40, gap_s=0), contrast=0).judge(signals)
    ) == spans(hop.judge(signals))
    assert Saliency().intervals.gap_s == 0
