"""Watching what goes on: moments harden, never change, and what is left is an ordinary scanned folder."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fakes
import installing
import worlds
from media.feeds import beside, cut, fifo, recording, refuses, sends, server, written
from momentscan import flows, stopping
from momentscan.disk.live import LIVE, read_live
from momentscan.errors import Cancelled, UnreadableInput
from momentscan.flows import Event, Outcome, watch
from momentscan.live.session import STOPPED, LiveSession
from momentscan.settings import Settings, load
from momentscan.signals.gaps import gaps_of

QUICK = {"still_s": 0.4, "retry_s": 0.05, "give_up_s": 0.4, "read_s": 2.0}
WARM = {"warm_up_s": 5.0}
DELAY_S = 6.0
"""From a moment's peak to its hardening, as README promises it."""


def settings(tmp_path: Path, **changes: object) -> Settings:
    return load(
        **{
            "output": str(tmp_path / "out"),
            "embedder": "descriptor",
            "live": QUICK,
            "hardening": WARM,
            **changes,
        }
    )


def watched(source: Path | str, given: Settings, **more: Any) -> tuple[Outcome, list[Event]]:
    events: list[Event] = []
    return watch(str(source), given, events.append, **more), events


@pytest.fixture(scope="module")
def ride_ts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ride of 24 s with its burst at 12 to 14 s, as a transport stream."""
    return worlds.ride(tmp_path_factory.mktemp("live") / "ride.ts")


@pytest.fixture(scope="module")
def once(ride_ts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, list[Event]]:
    return watched(ride_ts, settings(tmp_path_factory.mktemp("once")))


def of(events: list[Event], *kinds: str) -> list[Event]:
    return [e for e in events if e.kind in kinds]


def test_the_burst_hardens_where_it_is_and_in_time(once: tuple[Outcome, list[Event]]) -> None:
    (hardened,) = of(once[1], "hardened")
    assert hardened.told["engine"] == "saliency"
    assert 11_500 <= hardened.told["peak_ms"] <= 14_500
    assert hardened.at_s - hardened.told["peak_ms"] / 1000 <= DELAY_S


def test_every_moment_was_provisional_first_and_ends_once(once: tuple[Outcome, list[Event]]) -> None:
    ends: dict[tuple[str, int], str] = {}
    known: set[tuple[str, int]] = set()
    for event in of(once[1], "provisional", "moved", "withdrawn", "hardened"):
        key = (event.told["engine"], event.told["id"])
        assert key not in ends, "what has ended is never spoken of again"
        assert (event.kind == "provisional") == (key not in known)
        known.add(key)
        if event.kind in ("withdrawn", "hardened"):
            ends[key] = event.kind
    assert known
    assert set(ends) == known


def test_what_was_told_is_in_the_folder_line_by_line(once: tuple[Outcome, list[Event]]) -> None:
    outcome, events = once
    assert read_live(Path(outcome.folder)) == (tuple(e.record for e in events), 0)
    assert (events[0].kind, events[-1].kind) == ("started", "ended")
    assert events[-1].told["why"] == "the file has not grown for 0.4 s"
    assert all("\n" not in e.line() for e in events)


def test_the_log_is_that_of_a_scan_of_the_recording(
    once: tuple[Outcome, list[Event]], ride_ts: Path, tmp_path: Path
) -> None:
    ours, scanned = (
        flows.load(Path(once[0].folder)),
        flows.load(Path(flows.scan(ride_ts, settings(tmp_path)).folder)),
    )
    assert set(ours) == set(scanned)
    for name in scanned:
        np.testing.assert_array_equal(ours[name], scanned[name], err_msg=name)
    assert ours.video.duration_s == pytest.approx(scanned.video.duration_s, abs=1e-6)
    assert ours.video.sha256 == scanned.video.sha256


def test_the_folder_is_that_of_a_scan(
    once: tuple[Outcome, list[Event]], ride_ts: Path, tmp_path: Path
) -> None:
    outcome = once[0]
    folder = Path(outcome.folder)
    scanned = flows.scan(ride_ts, settings(tmp_path))
    there, theirs = (
        {p.relative_to(f).as_posix() for p in f.rglob("*")} for f in (folder, Path(scanned.folder))
    )
    assert there - theirs == {LIVE}
    assert theirs <= there
    assert outcome.engines == scanned.engines
    run = json.loads((folder / "run.json").read_text())
    assert run["live"] == {
        "source": str(ride_ts),
        "ended": "the file has not grown for 0.4 s",
        "hardened": {"rules": 0, "vector": 0, "saliency": 1},
        "gaps": [],
    }
    again = flows.find(folder, settings(tmp_path))
    assert again.engines == outcome.engines


@pytest.mark.parametrize(("n", "pause_s"), [(40, 0.01), (3, 0.0)])
def test_the_same_bytes_harden_the_same_moments_however_they_arrive(
    n: int, pause_s: float, once: tuple[Outcome, list[Event]], ride_ts: Path, tmp_path: Path
) -> None:
    pipe = fifo(tmp_path / "pipe")
    with beside(written(pipe, cut(ride_ts.read_bytes(), n), pause_s, mode="wb")):
        outcome, events = watched(pipe, settings(tmp_path))
    kinds = ("provisional", "moved", "withdrawn", "hardened")
    assert of(events, *kinds) == of(once[1], *kinds)
    assert events[-1].told["why"] == "the pipe was closed"
    assert any(w.startswith("no stills: nobody can seek in a feed") for w in outcome.warnings)


def test_people_are_seen_as_a_scan_sees_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = worlds.visit(tmp_path / "visit.ts")
    installing.install(monkeypatch, fakes.models)
    outcome, events = watched(visit, settings(tmp_path))
    scanned = flows.scan(visit, settings(tmp_path, identity=False))
    ours, theirs = flows.load(Path(outcome.folder)), flows.load(Path(scanned.folder))
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    hardened = {
        e.told["engine"]: e.told["peak_ms"] / 1000
        for e in of(events, "hardened")
        if 9 < e.told["peak_ms"] / 1000 < 12.5
    }
    assert set(hardened) >= {"rules", "vector"}, "the open mouth"


def test_a_long_feed_is_judged_by_its_last_minutes_and_people_keep_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody comes, goes, and is back after all that was seen of the first visit has been let go."""
    installing.install(monkeypatch, fakes.models)

    def there(t: float) -> list[worlds.Face]:
        who = worlds.RED if t < 20 or t >= 150 else worlds.CYAN if 40 <= t < 60 else None
        return [] if who is None else [worlds.Face(150, 95, 60, who)]

    path = tmp_path / "long.ts"
    frames = (f for b in worlds.film(170.0, there, hz=5.0) for f in b.frames)
    from momentscan.media.render import write_video

    write_video(path, frames, 5.0, None, options={"preset": "ultrafast", "qp": "20"})
    held: list[int] = []
    judged = LiveSession._judge

    def counting(self: Any) -> None:
        held.append(self._window.rows)
        judged(self)

    monkeypatch.setattr(LiveSession, "_judge", counting)
    outcome, _ = watched(
        path, settings(tmp_path, hardening={"window_s": 30.0, "warm_up_s": 5.0}, engine="vector")
    )
    signals = flows.load(Path(outcome.folder))
    assert signals["tracks.person"].tolist() == [0, 1, 0]
    assert (np.diff(signals["tracks.id"]) > 0).all()
    assert max(held[100:]) <= 1.05 * max(held[:100])


def test_a_gap_is_told_logged_and_takes_no_made_up_time(tmp_path: Path) -> None:
    one, two = (
        recording(tmp_path / "one.ts", 4.0),
        recording(tmp_path / "two.ts", 4.0, first=100, start_s=9.0),
    )
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    outcome, events = watched(joined, settings(tmp_path))
    (gap,) = of(events, "gap")
    assert gap.told["start_ms"] == pytest.approx(4000, abs=50)
    assert gap.told["end_ms"] == pytest.approx(9000, abs=50)
    signals = flows.load(Path(outcome.folder))
    assert [(g.start_s * 1000, g.end_s * 1000) for g in gaps_of(signals)] == [
        (gap.told["start_ms"], gap.told["end_ms"])
    ]
    times = signals["frames.time_s"]
    assert not ((times > 4.05) & (times < 8.95)).any()
    assert outcome.duration_s == pytest.approx(13.0, abs=0.05)


def test_a_clock_that_restarts_is_a_gap_of_unknown_length(tmp_path: Path) -> None:
    one, two = (
        recording(tmp_path / "one.ts", 4.0, start_s=100.0),
        recording(tmp_path / "two.ts", 4.0, first=100),
    )
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    outcome, events = watched(joined, settings(tmp_path))
    (gap,) = of(events, "gap")
    assert gap.told["end_ms"] is None
    run = json.loads((Path(outcome.folder) / "run.json").read_text())
    assert run["live"]["gaps"][0]["end_s"] is None
    assert outcome.duration_s == pytest.approx(8.0, abs=0.1)


def test_a_feed_that_is_lost_for_good_is_kept_up_to_there(tmp_path: Path) -> None:
    data = recording(tmp_path / "six.ts").read_bytes()
    with server(lambda path, asked: sends(data, len(data) + 999) if asked == 0 else refuses) as address:
        outcome, events = watched(
            address.replace("//", "//me:secret@") + "/cam/live.ts?token=abc", settings(tmp_path)
        )
    assert [e.kind for e in of(events, "lost", "reconnect", "ended")] == ["lost", "ended"]
    assert "did not come back" in events[-1].told["why"]
    assert outcome.duration_s == pytest.approx(6.0, abs=0.1)
    everything = b"".join(p.read_bytes() for p in Path(outcome.folder).rglob("*") if p.is_file())
    assert b"secret" not in everything
    assert b"abc" not in b"".join(json.dumps(e.to_json()).encode() for e in events)
    assert flows.load(Path(outcome.folder)).rows("frames.time_s") == 60


def _interrupted_at(at_s: float) -> Callable[[Any], None]:
    done: list[float] = []

    def on_progress(step: Any) -> None:
        if step.stage == "watching" and step.done >= at_s and not done:
            done.append(step.done)
            os.kill(os.getpid(), signal.SIGINT)

    return on_progress


@pytest.fixture
def listening() -> Iterator[None]:
    """SIGINT raises Cancelled, as in the command."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stopping.listen()
    yield
    stopping.answered()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_stop_is_a_clean_end(ride_ts: Path, tmp_path: Path, listening: None) -> None:
    outcome, events = watched(ride_ts, settings(tmp_path), on_progress=_interrupted_at(10.0))
    assert events[-1].told["why"] == STOPPED
    assert 10.0 <= outcome.duration_s <= 13.0
    signals = flows.load(Path(outcome.folder))
    assert len({signals.rows(n) for n in signals if n.startswith("frames.")}) == 1
    assert (Path(outcome.folder) / "report.html").is_file()
    assert flows.find(Path(outcome.folder), settings(tmp_path)).engines.keys() == outcome.engines.keys()


def test_a_second_stop_breaks_off_and_nothing_looks_complete(
    ride_ts: Path, tmp_path: Path, listening: None
) -> None:
    first = _interrupted_at(3.0)

    def on_progress(step: Any) -> None:
        first(step)

    def on_event(event: Event) -> None:
        if event.kind == "ended":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Cancelled):
        watch(str(ride_ts), settings(tmp_path), on_event, on_progress)
    (folder,) = (tmp_path / "out").iterdir()
    assert not (folder / "run.json").exists()
    assert not (folder / "signals").exists()


def test_it_may_be_asked_to_end_after_some_seconds(ride_ts: Path, tmp_path: Path) -> None:
    outcome, events = watched(ride_ts, settings(tmp_path), most_s=6.0)
    assert outcome.duration_s == pytest.approx(6.0, abs=0.1)
    assert events[-1].told["why"] == "6 s were asked for"


def test_what_cannot_be_watched_leaves_nothing_behind(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ts"
    bad.write_bytes(b"no video at all" * 1000)
    with pytest.raises(UnreadableInput):
        watched(bad, settings(tmp_path))
    assert not (tmp_path / "out").exists()


def test_each_watching_has_a_folder_of_its_own(tmp_path: Path) -> None:
    feed = recording(tmp_path / "cam.ts", 2.0)
    one, two = (watched(feed, settings(tmp_path))[0] for _ in range(2))
    assert Path(one.folder).name == "cam_live"
    assert Path(two.folder).name.startswith("cam_live-")


def test_the_warm_up_is_waited_for(ride_ts: Path, tmp_path: Path) -> None:
    _, events = watched(ride_ts, settings(tmp_path, hardening={"warm_up_s": 20.0}))
    assert next(e.at_s for e in of(events, "hardened")) == 20.0
