"""What counts as found: windows against planted events, baselines, and agreement between variants."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from bench.planted import WITHOUT_CUT, agreement, baseline, bent, hits, matched, overlap, row, score
from bench.planted_make import Event, Made, Plan
from hypothesis import given
from hypothesis import strategies as st

from bench import planted
from momentscan.signals import Signals
from momentscan.values import Window
from worlds import info, signals

CALM = "calm"


def event(kind: str, centre_s: float, length_s: float = 1.0) -> Event:
    return Event(kind, centre_s - length_s / 2, centre_s + length_s / 2, kind in planted.POSITIVE)


def video(*events: Event, name: str = "made") -> Made:
    plan = Plan(name, 0, 0, "drawn/0", (0.0, 60.0), 60.0, 64, "floor", not events, events)
    return Made(Path(f"{name}.mp4"), plan)


def around(*peaks_s: float, half_s: float = 1.0) -> list[Window]:
    return [Window(p - half_s, p + half_s, p) for p in peaks_s]


# ---- hits ----


def test_a_shift_of_half_a_second_of_a_two_second_window_overlaps_by_point_six_and_of_a_second_by_a_third() -> (  # noqa: E501
    None
):
    there = Event("shake", 10, 12, True)
    assert overlap(Window(10.5, 12.5, 11.5), there) == pytest.approx(0.6)
    assert overlap(Window(11, 13, 12), there) == pytest.approx(1 / 3)
    assert overlap(Window(13, 15, 14), there) == 0


@pytest.mark.parametrize(
    ("window", "hit"),
    [
        (Window(8, 12, 11.0), True),  # the peak is a second away
        (Window(8, 16, 11.1), False),  # too far, and too long to overlap
        (Window(9.6, 11.6, 11.5), True),  # the peak is elsewhere, the window is on it: tIoU 0.9 / 2.1
        (Window(12, 14, 13), False),
    ],
)
def test_a_window_hits_by_its_peak_or_by_its_overlap(window: Window, hit: bool) -> None:
    assert hits(window, Event("shake", 9.5, 10.5, True)) is hit


many = st.lists(st.floats(2, 58), max_size=12)


@given(many, st.lists(st.floats(2, 58), max_size=6))
def test_matching_is_one_to_one_and_worse_windows_take_nothing_from_better_ones(
    peaks: list[float], centres: list[float]
) -> None:
    events = [event("zoom", c) for c in centres]
    taken = matched(around(*peaks), events)
    found = [id(e) for e in taken if e is not None]
    assert len(taken) == len(peaks)
    assert len(found) == len(set(found)) <= len(events)
    assert all(e is None or hits(w, e) for w, e in zip(around(*peaks), taken, strict=True))
    for n in range(len(peaks)):
        assert matched(around(*peaks[:n]), events) == taken[:n]


# ---- scores ----

FIVE = video(
    *(
        event(kind, 8 + 7 * i)
        for i, kind in enumerate(("expression", "flash", "shake", "zoom", "defocus", "loud", "cut"))
    )
)


def test_a_worked_example() -> None:
    """Positives at 8, 22, 29, 43, 50; distractors at 15, 36. The five best: two right, one again, a
    distractor, nothing; then one right.
    """
    said = score(around(8.2, 22.5, 9.0, 15.0, 57.0, 50.0), FIVE)
    assert said.recall_at_k == pytest.approx(2 / 5)
    assert {kind for kind, at_k, _ in said.found if at_k} == {"expression", "shake"}
    assert {kind for kind, _, ever in said.found if ever} == {"expression", "shake", "cut"}
    assert (said.windows, said.picks, said.on_distractor, said.again, said.first) == (6, 5, 1, 1, True)
    assert said.precision_mean == pytest.approx((1 + 1 + 3 / 6) / 5)
    told = row([said])
    assert (told["precision"], told["recall"]) == pytest.approx((3 / 6, 3 / 5))
    assert told["f1"] == pytest.approx(2 * 0.5 * 0.6 / 1.1)
    assert told["distractors_among_picks"] == pytest.approx(1 / 5)


def test_without_cuts_what_hits_a_cut_counts_neither_way() -> None:
    said = score(around(50.0, 8.0, 22.0, 29.0, 43.0), FIVE, WITHOUT_CUT)
    assert said.recall_at_k == 1
    assert said.windows == 4
    assert row([said])["precision"] == 1


def test_fewer_windows_than_moments_are_fewer_picks() -> None:
    said = score(around(15.0), FIVE)
    assert (said.picks, said.on_distractor, said.recall_at_k) == (1, 1, 0)
    assert score([], FIVE).picks == 0


@given(many, st.permutations(["expression", "shake", "zoom", "loud", "cut", "flash", "frozen", "black"]))
def test_rates_stay_within_their_bounds(peaks: list[float], kinds: Sequence[str]) -> None:
    made = video(*(event(kind, 6 + 6.5 * i) for i, kind in enumerate(kinds)))
    told = row([score(around(*peaks), made)])
    for name in (
        "recall_at_k",
        "distractors_among_picks",
        "mean_average_precision",
        "precision",
        "recall",
        "f1",
        "abstain_accuracy",
    ):
        assert 0 <= told[name] <= 1
    assert told["recall_at_k"] <= told["recall"]


def test_calm_videos_count_their_windows_and_silence_there_is_right() -> None:
    said = [
        score(around(8, 22), FIVE),
        score([], FIVE),
        score(around(5, 15, 25), video(name="a")),
        score([], video(name="b")),
    ]
    told = row(said)
    assert told["calm_windows_per_min"] == pytest.approx(1.5)
    assert (told["silent_on_calm"], told["silent_on_eventful"], told["abstain_accuracy"]) == (0.5, 0.5, 0.5)
    assert (told["videos"], told["calm_videos"], told["events"]) == (2, 2, 10)


def test_the_interval_holds_the_rate_and_is_the_same_every_time() -> None:
    said = [score(around(*(8 + 7 * i for i in range(n))), FIVE) for n in range(8)]
    low, high = planted.interval(said)
    assert low < row(said)["recall_at_k"] < high
    assert planted.interval(said) == [low, high]


def test_two_engines_that_do_the_same_cannot_be_told_apart_and_two_that_differ_everywhere_can() -> None:
    good, bad = [score(around(8, 22, 29), FIVE)] * 12, [score(around(8), FIVE)] * 12
    assert planted.paired_p(good, good) == 1
    assert planted.paired_p(good, bad) < 0.01


# ---- baselines ----


@pytest.mark.parametrize("name", list(planted.BASELINES))
def test_a_baseline_gives_two_seconds_around_peaks_three_seconds_apart(name: str) -> None:
    seen = signals(60.0)
    windows = baseline(name, seen, 5)
    assert len(windows) == 5
    assert windows == baseline(name, seen, 5)
    assert all(w.length_s == pytest.approx(2) and w.peak_s - w.start_s == pytest.approx(1) for w in windows)
    peaks = sorted(w.peak_s for w in windows)
    assert all(b - a >= 3 - 1e-6 for a, b in itertools.pairwise(peaks))


@pytest.mark.parametrize("name", ["loudest", "most motion"])
def test_the_loudest_and_the_most_moving_are_where_the_burst_is(name: str) -> None:
    best = baseline(name, signals(60.0, burst=(30.0, 32.0)), 5)[0]
    assert 30 <= best.peak_s <= 32


def test_without_sound_nothing_is_loudest() -> None:
    assert baseline("loudest", signals(sound=False), 5) == []


def test_a_short_video_has_room_for_few() -> None:
    assert len(baseline("most motion", signals(4.0, burst=None), 5)) <= 2
    seen = signals(4.0, burst=None)
    assert all(0 <= w.start_s < w.end_s <= 4 for name in planted.BASELINES for w in baseline(name, seen, 3))


def test_an_instant_that_was_not_measured_is_no_peak() -> None:
    time_s, value = np.arange(10.0), np.array([np.nan, 5, 1, 1, 1, 1, 4, 1, np.nan, 1])
    assert [w.peak_s for w in planted.around_peaks(time_s, value, 2, info(10.0))] == [1, 6]


# ---- invariances ----


@given(many, many)
def test_agreement_is_symmetric_and_whole_with_itself(one: list[float], other: list[float]) -> None:
    a, b = around(*one), around(*other)
    assert agreement(a, a) == 1
    assert 0 <= agreement(a, b) <= 1
    apart = around(*(100 + p for p in other))
    assert agreement(a, apart) == (1.0 if not a and not apart else 0.0)


def test_agreement_forgives_half_a_second_and_counts_both_sides() -> None:
    assert agreement(around(10, 20), around(10.5, 20.6)) == pytest.approx(2 / 4)
    assert agreement(around(10), around(10, 20, 30)) == pytest.approx(2 / 4)
    assert agreement([Window(5, 15, 6)], [Window(5.4, 14.6, 14)]) == 1
    assert agreement([Window(5, 15, 6)], [Window(5.4, 15.6, 14)]) == 0
    assert agreement([], around(10)) == 0
    assert agreement([], []) == 1


def test_bending_changes_the_columns_it_names_and_no_others() -> None:
    seen = signals()
    changed = bent(seen, "frames.motion", times=4.0, plus=1.0)
    assert changed["frames.motion_local"] == pytest.approx(4 * seen["frames.motion_local"] + 1)
    assert all(
        np.array_equal(changed[n], seen[n], equal_nan=True) for n in seen if not n.startswith("frames.motion")
    )
    assert changed.made_by == seen.made_by


# ---- engines ----


def test_an_engine_or_a_knob_that_is_not_there_is_left_out_with_a_note() -> None:
    sets, notes = planted.known(
        {
            "saliency": {},
            "saliency, longer": {"window_s": 8},
            "no_such_engine rule=x": {},
            "saliency, odd": {"oddity": 1},
        }
    )
    assert list(sets) == ["saliency", "saliency, longer"]
    assert len(notes) == 2
    assert "no_such_engine" in notes[0]
    assert "oddity" in notes[1]


def test_every_row_tells_the_same_of_engines_candidates_and_baselines() -> None:
    burst = video(event("shake", 31.5, 3.0), event("flash", 10.0))
    calm = video(name="still")
    videos: list[tuple[Made, Signals]] = [
        (burst, signals(60.0, (30.0, 33.0))),
        (calm, signals(60.0, None, seed=1)),
    ]
    rows = planted.measure(videos, {"saliency": {}, "no_such_engine": {}})
    assert [(r["name"], r["windows"]) for r in rows] == [
        ("saliency", "moments"),
        ("saliency", "candidates"),
        *((name, "baseline") for name in planted.BASELINES),
    ]
    assert rows[0]["all_kinds"]["recall_at_k"] == 1
    assert rows[0]["all_kinds"]["calm_windows_per_min"] == 0
    assert rows[0]["missed_at_k"] == {}
    assert {frozenset(r["all_kinds"]) for r in rows} == {frozenset(rows[0]["all_kinds"])}
    assert len(planted.table(rows).splitlines()) == len(rows) + 1
    assert planted.targets(rows, "saliency")[0].measured == 1
