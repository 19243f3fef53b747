"""Perceivers of a feed that does not end: they say what they know, and let go of what is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

import fakes
import worlds
from momentscan.perceive import Evicting, Snapshotting
from momentscan.perceive import process_batches as perceive
from momentscan.perceive.crops import Crops
from momentscan.perceive.tracks import Tracks
from momentscan.values import Columns
from worlds import CYAN, GREEN, MAGENTA, RED, YELLOW, Face

VISITS = [
    (RED, 0, 6),
    (CYAN, 4, 10),
    (GREEN, 14, 17),
    (RED, 20, 26),
    (MAGENTA, 30, 33),
    (CYAN, 34, 40),
    (YELLOW, 44, 47),
    (RED, 45, 50),
]
"""Who is there from when to when, each at a place of their own."""


def there(t: float) -> Sequence[Face]:
    return [Face(40 + 45 * who, 90, 40, who) for who, start, end in VISITS if start <= t < end]


def run(
    forget_s: float | None, film: Callable[[float], Sequence[Face]] = there, duration_s: float = 52.0
) -> tuple[Tracks, Columns, list[int]]:
    """(the tracker, its `tracks` rows in the order of the log, how many tracks it held after each batch)."""
    perceivers = [fakes.perceiver(n) for n in fakes.PEOPLE]
    tracks = perceivers[-1]
    assert isinstance(tracks, Tracks)
    rows: list[Columns] = []
    held = []
    for done_s, made in perceive(worlds.film(duration_s, film), perceivers):
        if "tracks.id" in made["tracks"]:
            rows.append({n: r for n, r in made["tracks"].items() if n.startswith("tracks.")})
        elif forget_s is not None:
            rows.append(tracks.evict(done_s - forget_s))
        held.append(len(tracks._done) + len(tracks._live))
    rows = sorted(rows, key=lambda columns: columns["tracks.id"].min(initial=10_000))
    return tracks, {name: np.concatenate([r[name] for r in rows]) for name in rows[0]}, held


@pytest.fixture(scope="module")
def whole() -> Columns:
    return run(None)[1]


@pytest.mark.parametrize("forget_s", [3.0, 10.0, 100.0])
def test_who_was_let_go_is_known_again_and_every_track_is_told_once(forget_s: float, whole: Columns) -> None:
    _, rows, held = run(forget_s)
    for name in ("tracks.id", "tracks.start_s", "tracks.end_s", "tracks.n_faces", "tracks.person"):
        np.testing.assert_array_equal(rows[name], whole[name], err_msg=name)
    assert all(len(jpeg) for jpeg in rows["tracks.jpeg"])
    assert max(held) <= (4 if forget_s < 20 else 8)


def test_what_is_told_so_far_is_what_the_end_would_tell() -> None:
    perceivers = [fakes.perceiver(n) for n in ("frame_times", "faces", "tracks", "scenes")]
    telling = [p for p in perceivers if isinstance(p, Snapshotting)]
    assert [p.name for p in telling] == ["tracks", "scenes"]
    for _ in perceive(worlds.film(8.0, there, cuts=[5.0]), perceivers):
        for one in telling:
            first, again = one.snapshot(), one.snapshot()
            for name, rows in one.finish().items():
                np.testing.assert_array_equal(rows, first[name])
                np.testing.assert_array_equal(rows, again[name])


def test_numbers_of_people_who_were_let_go_are_not_given_again() -> None:
    """Without Face-ID nobody is known again, and each visit is somebody new."""
    perceivers = [fakes.perceiver(n, **({"face_id": None} if n == "tracks" else {})) for n in fakes.PEOPLE]
    tracks = perceivers[-1]
    assert isinstance(tracks, Evicting)
    people: list[int] = []
    for done_s, made in perceive(worlds.film(52.0, there), perceivers):
        told = made["tracks"] if "tracks.person" in made["tracks"] else tracks.evict(done_s - 12.0)
        people += told["tracks.person"].tolist()
    assert sorted(people) == list(range(len(VISITS)))


def test_crops_and_bodies_let_go_of_tracks_that_ended() -> None:
    def crowd(t: float) -> Sequence[Face]:
        """Somebody else every four seconds."""
        return [Face(60 + 40 * (int(t / 4) % 5), 90, 50, int(t / 4) % 4)] if t % 4 < 2 else []

    perceivers = [fakes.perceiver(n) for n in ("frame_times", "faces", "tracks", "body", "crops")]
    body, crops = perceivers[3:]
    memories = (crops._last, crops._steady, crops._poses) if isinstance(crops, Crops) else ()
    held = [
        (*map(len, memories), len(body._next_cell))
        for _ in perceive(worlds.film(160.0, crowd, hz=2.0), perceivers)
    ]  # type: ignore[attr-defined]
    assert max(held[40:]) <= tuple(1.2 * n for n in max(held[:40]))
    assert held[-1][0] > 5
