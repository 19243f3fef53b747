"""What is delivered: variety first, a floor, no repeats, and a slider from the best moments to the whole
story.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.score.clip_selection import ClipSelection, kind_of
from momentscan.values import Abstention, Aligned, Candidate, Choice, Curve, Moment, Reaction, Verdict, Window

LONG_S = 120.0


def verdict(
    *found: tuple[float, float, str],
    spare: tuple[tuple[float, float, str], ...] = (),
    chance: tuple[float, ...] = (),
) -> Verdict:
    """Moments (peak, score, kind), weaker candidates, and candidates that are mere chance."""

    def at(peak: float) -> Window:
        return Window(peak - 1, peak + 1, peak)

    moments = tuple(
        Moment(at(p), s, "made", "moved", {k: s}, {k: s}) for p, s, k in sorted(found, key=lambda f: -f[1])
    )
    candidates = [Candidate(m.window, m.score, m.parts, "chosen", "") for m in moments]
    candidates += [Candidate(at(p), s, {k: s}, "below_threshold", "lower than asked") for p, s, k in spare]
    candidates += [Candidate(at(p), 9.0, {"flash": 9.0}, "not_different", "chance") for p in chance]
    curve = Curve(np.zeros(1), np.zeros(1), {"part": np.zeros(1)})
    return Verdict(
        "made",
        curve,
        np.zeros(1),
        None,
        moments,
        tuple(candidates),
        None if moments else Abstention("no_contrast", "calm"),
        {},
    )


def plain(window: Window) -> Aligned:
    return Aligned(window, window.start_s, window.end_s, (), (), None)


def delivered(told: Verdict, **knobs: float) -> list[Choice]:
    return [c for c in ClipSelection(**knobs)(told, plain, LONG_S) if c.rank is not None]  # type: ignore[arg-type]


def peaks(chosen: list[Choice]) -> list[float]:
    return [c.clip.window.peak_s for c in chosen]


def test_no_two_of_a_kind_while_another_kind_exists() -> None:
    told = verdict((10, 9, "face"), (20, 8, "face"), (30, 7, "face"), (40, 2, "motion"), (50, 1, "sound"))
    assert [c.kind for c in delivered(told)] == ["face", "motion", "sound", "face", "face"]
    assert peaks(delivered(told)) == [10, 40, 50, 20, 30]


def test_the_floor_is_filled_with_the_next_best_and_that_is_said() -> None:
    told = verdict(
        (10, 9, "face"),
        spare=((30, 2, "face"), (50, 3, "face"), (70, 1, "face"), (90, 0.5, "face")),
        chance=(100.0,),
    )
    chosen = delivered(told)
    assert peaks(chosen) == [10, 50, 30, 70]
    assert [c.below for c in chosen] == [False, True, True, True]
    assert "not call it a moment" in chosen[1].why
    assert peaks(delivered(told, floor=0)) == [10]


def test_weaker_candidates_fill_the_floor_and_not_the_places_of_moments_that_repeat_others() -> None:
    moments = [(10.0 * i, 9.0 - i, "face") for i in range(1, 6)] + [
        (10.0 * i + 0.2, 8.5 - i, "face") for i in range(1, 4)
    ]
    chosen = delivered(verdict(*moments, spare=((80, 1, "face"), (90, 0.5, "face"))))
    assert peaks(chosen) == [10, 20, 30, 40, 50], "five are more than the floor of four"
    few = delivered(
        verdict(*moments[:2], *moments[5:7], spare=((80, 1, "face"), (90, 0.5, "face"), (100, 0.4, "face")))
    )
    assert peaks(few) == [10, 20, 80, 90]


def test_where_the_engine_found_nothing_nothing_is_delivered() -> None:
    assert delivered(verdict(spare=((30, 2, "face"),))) == []


def test_clips_that_repeat_each_other_are_left_out_with_the_reason() -> None:
    told = verdict((10.0, 9, "face"), (10.3, 8, "motion"), (11.0, 7, "sound"))
    choices = ClipSelection(floor=0)(told, plain, LONG_S)
    assert [(c.rank, c.clip.window.peak_s) for c in choices] == [(1, 10.0), (2, 11.0), (None, 10.3)]
    assert choices[2].why == "shares 1.7 s with clip 1"


def test_a_short_clip_that_lies_in_another_is_left_out() -> None:
    told = verdict((10.0, 9, "face"), (10.1, 8, "motion"))

    def align(window: Window) -> Aligned:
        half_s = 4.0 if window.peak_s == 10 else 0.6
        return Aligned(window, window.peak_s - half_s, window.peak_s + half_s, (), (), None)

    choices = ClipSelection(floor=0)(told, align, LONG_S)
    assert [(c.rank, c.why) for c in choices][1] == (None, "shares 1.2 s with clip 1")


def test_no_more_than_asked_are_delivered() -> None:
    told = verdict(*[(10.0 * i, float(i), "face") for i in range(1, 12)])
    choices = ClipSelection(most=5)(told, plain, LONG_S)
    assert [c.rank for c in choices] == [1, 2, 3, 4, 5] + [None] * 6
    assert all("5 are delivered" in c.why for c in choices[5:])


def test_the_slider_moves_from_the_best_moments_to_the_whole_story() -> None:
    told = verdict(*[(10.0 + i * 3, 100.0 - i, "face") for i in range(6)], (60, 5, "face"), (110, 4, "face"))
    best, story = delivered(told, most=4, floor=0), delivered(told, most=4, floor=0, story=1.0)
    assert sorted(peaks(best)) == [10, 13, 16, 19]
    assert {60, 110} <= set(peaks(story))
    assert np.ptp(peaks(story)) > np.ptp(peaks(best))


def test_a_reaction_names_the_kind() -> None:
    clip = Aligned(Window(0, 1, 0.5), 0, 1, (), (), Reaction("laughter", 0.2, 0.7))
    assert kind_of(clip, {"motion": 3.0}) == "laughter"
    assert kind_of(plain(Window(0, 1, 0.5)), {"motion": 3.0, "face": 4.0}) == "face"


found = st.lists(
    st.tuples(st.floats(2, LONG_S - 2), st.floats(0.01, 10), st.sampled_from("abc")),
    min_size=1,
    max_size=15,
    unique_by=lambda f: f[0],
)


@given(found, st.floats(0, 1), st.randoms())
def test_ranks_are_whole_kinds_take_turns_and_order_of_moments_does_not_matter(
    moments: list[tuple[float, float, str]], story: float, random: object
) -> None:
    chosen = delivered(verdict(*moments), story=story)
    assert [c.rank for c in chosen] == list(range(1, len(chosen) + 1))
    for i, c in enumerate(chosen):
        before = [x.kind for x in chosen[:i]]
        rivals = [x for x in chosen[i:] if before.count(x.kind) < before.count(c.kind)]
        assert not rivals, "a kind with fewer turns was there"
        for other in chosen[:i]:
            shared = min(c.clip.end_s, other.clip.end_s) - max(c.clip.start_s, other.clip.start_s)
            assert shared <= 1.5 + 1e-9
    shuffled = list(moments)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    if len({s for _, s, _ in moments}) == len(moments):
        assert peaks(delivered(verdict(*shuffled), story=story)) == pytest.approx(peaks(chosen))
