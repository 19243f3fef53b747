"""Videos with planted moments: the same seed plants the same, and what the labels say is what the video
shows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.planted_make import Change, Event, Host, Made, Plan, make, make_all, plans, read, variant
from hypothesis import given
from hypothesis import strategies as st

from bench import planted_make
from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.values import SOUND_HZ

TINY = dict(length_s=16.0, size_px=64)


def bytes_of(made: Sequence[Made]) -> list[bytes]:
    return [file.read_bytes() for m in made for file in (m.video, m.video.with_suffix(".json"))]


def test_the_same_seed_makes_the_same_bytes_and_labels(tmp_path: Path) -> None:
    once, again, other = (
        make(tmp_path / name, 2, seed, **TINY) for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert bytes_of(once) == bytes_of(again)
    assert bytes_of(once) != bytes_of(other)


def test_what_is_read_back_is_what_was_made_and_nothing_is_made_twice(tmp_path: Path) -> None:
    made = make(tmp_path, 1, 0, **TINY)
    before = made[0].video.stat().st_mtime_ns
    assert read(tmp_path) == make(tmp_path, 1, 0, **TINY) == made
    assert made[0].video.stat().st_mtime_ns == before
    changed = replace(made[0].plan, seed=1)
    assert make_all([changed], tmp_path)[0].video.stat().st_mtime_ns > before


def test_a_host_that_is_not_there_is_not_used(tmp_path: Path) -> None:
    assert {p.host.split("/")[0] for p in plans(10, 0, tmp_path)} == {"drawn"}


@given(st.integers(0, 1000))
def test_five_positives_and_three_distractors_lie_apart_and_away_from_the_ends(seed: int) -> None:
    made = plans(10, seed)
    assert [p.calm for p in made] == [False] * 8 + [True] * 2
    for plan in made[:8]:
        assert [e.positive for e in plan.events].count(True) == 5
        assert [e.positive for e in plan.events].count(False) == 3
        assert all(b.centre_s - a.centre_s >= 6 for a, b in itertools.pairwise(plan.events))
        assert plan.events[0].start_s >= 3
        assert plan.events[-1].end_s <= plan.length_s - 3
        assert plan.sound == "floor" or "loud" not in {e.kind for e in plan.events} or plan.sound == "silence"
        assert {e.kind for e in plan.events if e.positive} <= set(planted_make.POSITIVE)


def test_plans_of_real_hosts_use_each_clips_own_expressions_and_other_hosts_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted_make, "EXPRESSIVE", (Host("a.mp4", (0, 2), (3.0, 5.0)),))
    monkeypatch.setattr(planted_make, "PLAIN", (Host("b.mp4", (0, 2)),))
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    events = [(p.host, e) for p in plans(12, 0, tmp_path) for e in p.events if e.source]
    assert {e.source for _, e in events if e.kind == "expression"} == {("a.mp4", 3.0), ("a.mp4", 5.0)}
    assert all(e.source is not None and e.source[0] != host for host, e in events if e.kind == "cut")


# ---- the video shows what the labels say ----

EVENTS = (
    Event("black", 2.0, 2.04, False),
    Event("flash", 4.0, 4.2, False),
    Event("frozen", 6.0, 7.0, False),
    Event("loud", 9.0, 9.4, True),
    Event("shake", 11.04, 11.84, True),
    Event("cut", 13.04, 14.24, True, ("drawn/3", 0.0)),
    Event("expression", 16.0, 17.2, True, ("drawn/0", 0.0)),
    Event("defocus", 18.0, 18.48, False),
    Event("zoom", 20.0, 21.0, True),
)
PLAN = Plan("shown", 0, 0, "drawn/0", (0.0, 24.0), 24.0, 96, "floor", False, EVENTS)


class Shown:
    """A video with all its frames and sound."""

    def __init__(self, made: Made) -> None:
        with open_video(made.video) as opened:
            batches = list(opened.batches(SamplingOptions(grid_hz=made.plan.fps), 256))
        self.frames = np.concatenate([b.frames for b in batches]).astype(np.float32)
        self.time_s = np.concatenate([b.time_s for b in batches])
        self.sound = np.concatenate([b.sound for b in batches])

    def at(self, time_s: float) -> np.ndarray:
        return self.frames[np.abs(self.time_s - time_s).argmin()]

    def change(self, start_s: float, end_s: float) -> float:
        """Mean change from frame to frame."""
        inside = (self.time_s >= start_s - 1e-6) & (self.time_s < end_s - 1e-6)
        return float(np.abs(np.diff(self.frames[inside], axis=0)).mean())

    def level_db(self, start_s: float, end_s: float) -> float:
        heard = self.sound[round(start_s * SOUND_HZ) : round(end_s * SOUND_HZ)]
        return float(20 * np.log10(np.sqrt(np.mean(heard**2))))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_all([PLAN], tmp_path_factory.mktemp("made"))[0]


@pytest.fixture(scope="module")
def shown(made: Made) -> Shown:
    return Shown(made)


def test_every_event_is_seen_or_heard_at_its_time(shown: Shown) -> None:
    usual = shown.change(0.0, 1.9)
    assert len(shown.frames) == 600
    assert shown.at(2.0).mean() < 10 < shown.at(2.04).mean()
    assert shown.at(4.1).mean() > shown.at(3.9).mean() + 40
    assert shown.change(6.0, 7.0) < 0.7 * usual
    assert shown.change(11.04, 11.84) > 3 * usual
    assert np.abs(shown.at(13.6) - shown.at(12.9)).mean() > 20
    assert shown.change(13.1, 14.2) < 2 * usual
    assert np.abs(shown.at(16.6) - shown.at(15.9)).mean() > np.abs(shown.at(15.3) - shown.at(15.9)).mean()
    assert (
        np.abs(np.diff(shown.at(18.2), axis=1)).mean() < 0.85 * np.abs(np.diff(shown.at(17.6), axis=1)).mean()
    )
    assert shown.level_db(9.05, 9.35) == pytest.approx(-12, abs=1)
    assert shown.level_db(10.0, 11.0) == pytest.approx(-30, abs=1)


@pytest.mark.parametrize("name", list(planted_make.CHANGES))
def test_a_variant_shows_the_same_at_the_same_time(
    name: str, made: Made, shown: Shown, tmp_path: Path
) -> None:
    varied = variant(made, name, tmp_path)
    other = Shown(varied)
    assert varied.events == made.events
    assert len(other.frames) == round(600 * varied.plan.change.fps)
    for time_s in (1.0, 6.8, 13.6, 16.64, 20.48):
        one, two = shown.at(time_s).mean(axis=(0, 1)), other.at(time_s).mean(axis=(0, 1))
        assert two - one == pytest.approx(np.full(3, varied.plan.change.brightness), abs=4)
    assert other.level_db(9.05, 9.35) - shown.level_db(9.05, 9.35) == pytest.approx(
        20 * np.log10(varied.plan.change.sound), abs=0.5
    )


def test_a_variant_changes_one_thing() -> None:
    for change in planted_make.CHANGES.values():
        assert sum(a != b for a, b in zip(vars(change).values(), vars(Change()).values(), strict=True)) == 1


def test_without_sound_there_is_no_track(tmp_path: Path) -> None:
    silent = make_all([replace(PLAN, sound="none", length_s=2.0, events=())], tmp_path)[0]
    with open_video(silent.video) as opened:
        assert opened.info.audio_codec is None
