"""Moments come, move, go and harden; what has hardened never changes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from momentscan.score.finalization import Change, FinalizationOptions, Finalizer
from momentscan.values import Moment, Window

EARLY = FinalizationOptions(warm_up_s=0.0)


def moment(peak_s: float, half_s: float = 1.0, score: float = 1.0) -> Moment:
    return Moment(
        Window(max(0.0, peak_s - half_s), peak_s + half_s, peak_s), score, "made", "because", {}, {}
    )


def told(hardener: Finalizer, now_s: float, *peaks_s: float) -> list[tuple[str, int, float]]:
    return plain(list(hardener.step(now_s, [moment(p) for p in peaks_s])))


def plain(changes: Sequence[Change]) -> list[tuple[str, int, float]]:
    return [(c.kind, c.number, c.moment.window.peak_s) for c in changes]


def test_a_moment_is_provisional_and_hardens_after_its_delay() -> None:
    hardener = Finalizer(EARLY)
    assert told(hardener, 10, 9.5) == [("provisional", 0, 9.5)]
    assert told(hardener, 11, 9.5) == []
    assert told(hardener, 13, 9.5) == []
    assert told(hardener, 14, 9.5) == [("hardened", 0, 9.5)]
    assert told(hardener, 15, 9.5) == []


def test_a_moment_that_moves_keeps_its_number_and_waits_from_its_new_peak() -> None:
    hardener = Finalizer(EARLY)
    told(hardener, 10, 9.5)
    assert told(hardener, 11, 10.2) == [("moved", 0, 10.2)]
    assert told(hardener, 14, 10.2) == []
    assert told(hardener, 15, 10.2) == [("hardened", 0, 10.2)]


def test_a_moment_that_is_found_no_more_is_withdrawn() -> None:
    hardener = Finalizer(EARLY)
    told(hardener, 10, 9.5)
    assert told(hardener, 11) == [("withdrawn", 0, 9.5)]
    assert told(hardener, 12, 9.5) == [("provisional", 1, 9.5)]


def test_what_has_hardened_is_not_touched_by_later_verdicts() -> None:
    hardener = Finalizer(EARLY)
    told(hardener, 10, 9.5)
    told(hardener, 14, 9.5)
    assert told(hardener, 15) == []
    assert told(hardener, 16, 9.9, 11.0) == []
    assert told(hardener, 17, 15.0) == [("provisional", 1, 15.0)]


def test_what_comes_up_too_late_is_not_told() -> None:
    hardener = Finalizer(EARLY)
    told(hardener, 20)
    assert told(hardener, 21, 15.0) == []
    assert told(hardener, 22, 19.0) == [("provisional", 0, 19.0)]


def test_a_moment_that_moves_back_too_far_stays_as_it_was() -> None:
    hardener = Finalizer(EARLY)
    long = Moment(Window(2.0, 12.0, 11.0), 1.0, "made", "", {}, {})
    assert [c.kind for c in hardener.step(12, [long])] == ["provisional"]
    back = Moment(Window(2.0, 13.0, 3.0), 1.0, "made", "", {}, {})
    assert list(hardener.step(13, [back])) == []
    assert plain(list(hardener.step(15, [back]))) == [("hardened", 0, 11.0)]


def test_nothing_hardens_before_it_is_known_what_is_usual() -> None:
    hardener = Finalizer(FinalizationOptions(warm_up_s=30.0))
    told(hardener, 10, 5.0)
    assert told(hardener, 29, 5.0) == []
    assert told(hardener, 30, 5.0, 20.0) == [
        ("provisional", 1, 20.0),
        ("hardened", 0, 5.0),
        ("hardened", 1, 20.0),
    ]


def test_at_the_end_everything_left_hardens() -> None:
    hardener = Finalizer(EARLY)
    told(hardener, 10, 9.5)
    assert plain(list(hardener.finish())) == [("hardened", 0, 9.5)]
    assert plain(list(hardener.finish())) == []


@given(st.lists(st.lists(st.floats(0, 60), max_size=4), min_size=1, max_size=40))
def test_each_number_is_provisional_once_and_ends_once_within_the_delay(verdicts: list[list[float]]) -> None:
    hardener, knobs = Finalizer(EARLY), EARLY
    state: dict[int, str] = {}
    hard: list[float] = []  # in earlier verdicts; those of one verdict are as far apart as the engine wants
    for now_s, peaks_s in enumerate(verdicts, 1):
        seen, fresh = sorted({p for p in peaks_s if p < now_s}), list[float]()
        for change in hardener.step(float(now_s), [moment(p) for p in seen]):
            before = state.get(change.number)
            assert (before is None) == (change.kind == "provisional")
            assert before in (None, "provisional", "moved")
            state[change.number] = change.kind
            if change.kind == "hardened":
                peak_s = change.moment.window.peak_s
                assert knobs.delay_s <= now_s - peak_s <= knobs.delay_s + 1.0 + 1e-9
                assert all(abs(peak_s - other) >= knobs.apart_s for other in hard)
                fresh.append(peak_s)
        hard += fresh
    left = {n for n, kind in state.items() if kind in ("provisional", "moved")}
    assert {c.number for c in hardener.finish()} == left
