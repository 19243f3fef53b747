"""Forgetting somebody: no byte of theirs is left, every byte of others is, and at any instant the folder is
whole.
"""

from __future__ import annotations

import base64
import dataclasses
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import fakes
import installing
import worlds
from momentscan import flows
from momentscan.disk import manifest_of, rewrite
from momentscan.disk.clips import CLIPS
from momentscan.disk.codec import encode
from momentscan.disk.files import lock
from momentscan.disk.folder import CLAIM, VideoFolder
from momentscan.errors import MomentscanError, OutputError, UnreadableInput, UsageError
from momentscan.judgement import stills as judged_stills
from momentscan.privacy.derived_files import _frame_idx
from momentscan.privacy.person_rows import visible_spans
from momentscan.records.measures import VersionStamp
from momentscan.records.packs import CoarseYaw, Coverage, PersonMeta
from momentscan.select.people import People
from momentscan.settings import Settings, load
from momentscan.signals import Signals
from momentscan.signals.forgotten import forgotten_spans
from momentscan.signals.spans import as_pairs, union, within

MAIN, PASSER_BY = 0, 1
VECTORS = (
    "crops.face",
    "crops.body",
    "face_ids.embedding",
    "poses.points",
    "faces.bbox",
    "faces.bbox_smooth",
    "faces.points",
)


def settings(folder: Path, **changes: object) -> Settings:
    return load(**{"output": str(folder), "embedder": "fake-embedder", **changes})


@pytest.fixture(autouse=True)
def _with_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    installing.install(monkeypatch, fakes.models)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worlds.visit(tmp_path_factory.mktemp("visit") / "visit.mp4")


@pytest.fixture(scope="module")
def seen(visit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The visit, scanned with fakes; to be read, not written."""
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        return Path(flows.scan(visit, settings(tmp_path_factory.mktemp("seen"))).folder)


@pytest.fixture
def folder(seen: Path, tmp_path: Path) -> Path:
    """A copy of the scanned visit, with a still of the passer-by, an identity pack of each, a clip, and what
    kills have left.
    """
    copy = tmp_path / "visit"
    shutil.copytree(seen, copy)
    some = next((copy / "highlight_saliency" / "frames").glob("*.jpg")).read_bytes()
    index = frame_at(flows.load(copy), 17.0)
    for name in (f"frames/window_001_f{index}.jpg", f"thumbs/f{index}.jpg"):
        (copy / "highlight_saliency" / name).write_bytes(some + b"passer-by")
    put(copy / "identity_builder/person_0/meta.json", encode(pack_of(0)))
    put(copy / "identity_builder/person_1/meta.json", encode(pack_of(1)))
    put(copy / "identity_builder/person_1/anchors/anchor_001.jpg", some)
    put(copy / "clips/rules/001.mp4", b"moving pictures")
    put(copy / "exports/visit_rules.cvat.json", b"boxes of faces")
    put(copy / "feedback.jsonl", b"{}\n")
    put(copy / ".stills.part/f3.jpg", some)
    put(copy / ".highlight_vector.part/frames/window_001_f3.jpg", some)
    put(copy / "signals.part/faces.faces.00000.parquet", b"half of a log")
    return copy


def pack_of(number: int) -> PersonMeta:
    """The meta.json of a pack without images."""
    none = Coverage("0/7", "0/5", "0/4")
    return PersonMeta(
        person_id=number, track_score=0.5, prototype_type=None, anchor_count=0,
        coverage_buckets_filled=none, challenge_count=0, total_saved=0, stop_reason="video_end",
        stopped_at_ms=None, coverage_count=0, coverage_buckets_achievable=none,
        coverage_coarse_yaw=CoarseYaw(False, False, False), cells=(), role="main", tracks=(), looks=0,
        start_ms=0.0, end_ms=0.0, identity_verified=False, face_id_version=None, tau_id=None,
        prototype_gate=None, mixed_share=0.0, look_alikes=(), conditions=(), left_out={}, warnings=(),
        missing=(), images=(), version_stamp=VersionStamp("momentscan", "0", None, "v1"),
    )  # fmt: skip


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def frame_at(signals: Signals, time_s: float) -> int:
    return int(signals["frames.frame_idx"][np.searchsorted(signals["frames.time_s"], time_s)])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return found


def all_of(signals: Signals) -> Signals:
    """The same with everything read, for the files may go."""
    return Signals(signals.video, {name: signals[name] for name in signals}, signals.made_by)


def stills(folder: Path) -> list[Path]:
    return sorted(folder.glob("highlight_*/frames/*.jpg"))


def secrets(
    signals: Signals, tracks: tuple[int, ...], spans: list[tuple[float, float]]
) -> tuple[set[bytes], set[bytes]]:
    """(vectors, pictures) of a person: rows of theirs as raw bytes; portraits and thumbnails."""
    vectors: set[bytes] = set()
    for name in VECTORS:
        own = np.isin(signals[f"{name.partition('.')[0]}.track"], tracks)
        theirs = {row.tobytes() for row in signals[name][own]}
        vectors |= theirs - {row.tobytes() for row in signals[name][~own]}
    portraits = {bytes(b) for b in signals["tracks.jpeg"][np.isin(signals["tracks.id"], tracks)] if len(b)}
    shown = within(spans, signals["thumbnails.time_s"], closed=True)
    return vectors, portraits | {bytes(b) for b in signals["thumbnails.jpeg"][shown]}


def assert_gone(folder: Path, vectors: set[bytes], pictures: set[bytes]) -> None:
    """No file of the folder has any of it: as it is, in base64, or in a column."""
    needles = pictures | {base64.b64encode(p) for p in pictures}
    for name, data in contents(folder).items():
        assert not [n for n in needles if n in data], name
        assert not [v for v in vectors if v in data], name
    for path in folder.rglob("*.parquet"):
        for field, column in zip(pq.read_schema(path).names, pq.read_table(path).columns, strict=True):
            for row in column.to_pylist():
                assert row not in pictures if isinstance(row, bytes) else True, (path.name, field)
                if isinstance(row, list):
                    assert np.array(row, np.float32).tobytes() not in vectors, (path.name, field)


def assert_gone_from_pages(folder: Path, pictures: set[bytes]) -> None:
    page = (folder / "report.html").read_bytes() if (folder / "report.html").is_file() else b""
    assert not [p for p in pictures if base64.b64encode(p) in page]


def assert_rows_of_others_are_what_they_were(
    before: Signals, after: Signals, tracks: tuple[int, ...]
) -> None:
    for name in before:
        table = name.partition(".")[0]
        key = "tracks.id" if table == "tracks" else f"{table}.track"
        if table == "thumbnails" or name == "frames.n_faces":
            continue
        rows = before[name][~np.isin(before[key], tracks)] if key in before else before[name]
        same = (
            list(rows) == list(after[name])
            if rows.dtype == object
            else rows.tobytes() == after[name].tobytes()
        )
        assert same, name
        assert rows.dtype == after[name].dtype


def test_the_world_has_what_is_to_be_forgotten(seen: Path) -> None:
    """Otherwise the others would test nothing."""
    signals = flows.load(seen)
    main, other = People()(signals)
    for person in (main, other):
        vectors, pictures = secrets(signals, person.tracks, visible_spans(signals, person))
        assert len(vectors) > 30
        assert len(pictures) > 1
        with pytest.raises(AssertionError):
            assert_gone(seen, vectors, set())
        with pytest.raises(AssertionError):
            assert_gone(seen, set(), pictures)
    assert stills(seen)


@pytest.mark.parametrize("number", [MAIN, PASSER_BY])
def test_no_byte_of_somebody_forgotten_is_left_and_every_row_of_others_is(number: int, folder: Path) -> None:
    before = all_of(flows.load(folder))
    person = People()(before)[number]
    spans = visible_spans(before, person)
    vectors, pictures = secrets(before, person.tracks, spans)
    shown = {
        p.read_bytes()
        for p in stills(folder)
        if within(spans, np.array([time_of(before, p)]), closed=True)[0]
    }
    smalls = {
        (p.parents[1] / "thumbs" / f"f{_frame_idx(p)}.jpg").read_bytes()
        for p in stills(folder)
        if p.read_bytes() in shown
    }
    assert shown
    done = flows.forget(folder, number, settings(folder.parent))
    assert_gone(folder, vectors, pictures | shown | smalls)
    after = flows.load(folder)
    assert_rows_of_others_are_what_they_were(before, after, person.tracks)
    assert after.video == before.video
    assert done.removed["faces"] == len(person.rows)
    assert [p.was for p in done.people] == [1 - number]


def time_of(signals: Signals, still: Path) -> float:
    at = np.flatnonzero(signals["frames.frame_idx"] == _frame_idx(still))
    return float(signals["frames.time_s"][at[0]])


def test_what_was_removed_is_counted(folder: Path) -> None:
    signals = flows.load(folder)
    person = People()(signals)[PASSER_BY]
    own = {
        t: int(np.isin(signals[f"{t}.track"], person.tracks).sum())
        for t in ("faces", "crops", "face_ids", "poses")
    }
    shown = int(within([(15.5, 19.0)], signals["thumbnails.time_s"], closed=True).sum())
    n_stills = sum(15.5 <= time_of(signals, p) <= 19.0 for p in stills(folder))
    removed = flows.forget(folder, PASSER_BY, settings(folder.parent)).removed
    assert removed == {
        **own,
        "tracks": len(person.tracks),
        "thumbnails": shown,
        "stills": n_stills,
        "packs": 2,
        "clips": 1,
        "exports": 1,
    }
    assert all(removed.values())


def test_a_frame_has_as_many_faces_as_are_left_in_it(folder: Path) -> None:
    before = all_of(flows.load(folder))
    flows.forget(folder, PASSER_BY, settings(folder.parent))
    after = flows.load(folder)
    counts, times = after["frames.n_faces"], after["frames.time_s"]
    assert np.array_equal(np.isnan(counts), np.isnan(before["frames.n_faces"]))
    assert [int((after["faces.time_s"] == t).sum()) for t in times[np.isfinite(counts)]] == counts[
        np.isfinite(counts)
    ].astype(int).tolist()
    assert before["frames.n_faces"][np.isfinite(counts)].sum() > counts[np.isfinite(counts)].sum()


def test_stills_and_findings_of_other_instants_stay(folder: Path) -> None:
    before = {p.relative_to(folder): p.read_bytes() for p in stills(folder)}
    flows.forget(folder, PASSER_BY, settings(folder.parent))
    after = {p.relative_to(folder): p.read_bytes() for p in stills(folder)}
    assert after
    assert set(after.values()) <= set(before.values()), "no picture was made"
    assert set(told(folder)["engines"]) == {"rules", "vector", "saliency"}
    assert (folder / "report.html").is_file()
    assert not [name for name in contents(folder) if ".part" in name or name.startswith(CLIPS)]


def test_packs_of_others_stay_but_for_pictures_of_instants_at_which_somebody_forgotten_may_be_seen(
    folder: Path,
) -> None:
    before = {p.name: p.read_bytes() for p in (folder / "identity_builder/person_0").glob("*/*.jpg")}
    flows.forget(folder, PASSER_BY, settings(folder.parent))
    after = {p.name: p.read_bytes() for p in (folder / "identity_builder/person_0").glob("*/*.jpg")}
    assert after
    assert set(after.values()) <= set(before.values()), "no picture was made"
    assert not (folder / "identity_builder/person_1").exists()
    assert_no_pack_shows(folder, [(15.5, 19.0)])


def assert_no_pack_shows(folder: Path, spans: list[tuple[float, float]]) -> None:
    metas = [json.loads(p.read_text()) for p in (folder / "identity_builder").rglob("*_meta.json")]
    assert not within(spans, np.array([m["timestamp_ms"] / 1000 for m in metas]), closed=True).any()


def test_files_that_hold_nothing_of_them_are_not_touched(folder: Path) -> None:
    files = (
        "frames.motion.parquet",
        "frames.frame_quality.parquet",
        "vision.vision.parquet",
        "sound.sound.parquet",
        "scenes.scenes.parquet",
    )
    before = [(folder / "signals" / name).stat() for name in files]
    claim = (folder / "video.json").stat()
    flows.forget(folder, PASSER_BY, settings(folder.parent))
    after = [(folder / "signals" / name).stat() for name in files]
    assert [(s.st_ino, s.st_mtime_ns) for s in before] == [(s.st_ino, s.st_mtime_ns) for s in after]
    assert (folder / "video.json").stat().st_mtime_ns == claim.st_mtime_ns


def test_the_log_keeps_its_key_its_makers_and_tells_the_spans(folder: Path) -> None:
    before = manifest_of(folder / "signals")
    done = flows.forget(folder, PASSER_BY, settings(folder.parent))
    after = manifest_of(folder / "signals")
    assert before is not None
    assert after is not None
    assert replace(before, files={}) == replace(after, files={})
    for name, content in after.files.items():
        assert content.rows == pq.read_metadata(folder / "signals" / name).num_rows
    [(start_s, end_s)] = forgotten_spans(flows.load(folder))
    assert (start_s, end_s) == done.spans[0]
    assert 15.4 <= start_s <= 15.8, "half a second before their face is there as a whole"
    assert 18.6 <= end_s <= 19.1
    assert told(folder)["forgotten"] == [{"start_s": start_s, "end_s": end_s}]
    assert told(folder)["people"][0]["role"] == "main"
    assert len(told(folder)["people"]) == 1


def test_find_and_list_work_afterwards(folder: Path) -> None:
    flows.forget(folder, PASSER_BY, settings(folder.parent))
    before = {
        n: b
        for n, b in contents(folder).items()
        if n != "run.json" and ".jpg" not in n and "_meta" not in n and n != "report.html"
    }
    flows.find(folder, settings(folder.parent, stills=False))
    after = contents(folder)
    assert {name for name in before if before[name] != after[name]} == set(), "it was judged as find judges"
    assert [p.number for p in flows.people(folder).people] == [0]
    assert [vars(span) for span in flows.people(folder).forgotten] == told(folder)["forgotten"]


def test_turned_knobs_stay_turned(folder: Path) -> None:
    turned = settings(
        folder.parent,
        stills=False,
        saliency={"percentile": 30.0},
        picks={"count": 2},
        gate={"confidence": 0.55},
    )
    flows.find(folder, turned)
    before = {name: (e["knobs"], e["picks"]) for name, e in told(folder)["engines"].items()}
    flows.forget(folder, PASSER_BY, settings(folder.parent))
    assert {name: (e["knobs"], e["picks"]) for name, e in told(folder)["engines"].items()} == before


def test_a_scan_of_the_same_video_does_not_bring_them_back_and_force_does(
    visit: Path, seen: Path, tmp_path: Path
) -> None:
    shutil.copytree(seen, tmp_path / "visit")
    flows.forget(tmp_path / "visit", PASSER_BY, settings(tmp_path))
    assert flows.scan(visit, settings(tmp_path)).status == "unchanged"
    flows.scan(visit, settings(tmp_path, saliency={"percentile": 30.0}))
    assert len(told(tmp_path / "visit")["people"]) == 1
    assert forgotten_spans(flows.load(tmp_path / "visit"))
    flows.scan(visit, settings(tmp_path), force=True)
    assert len(told(tmp_path / "visit")["people"]) == 2
    assert not forgotten_spans(flows.load(tmp_path / "visit"))


@pytest.mark.parametrize("again", ["find", "scan"])
def test_no_picture_of_them_is_cut_later_either(again: str, visit: Path, seen: Path, tmp_path: Path) -> None:
    shutil.copytree(seen, tmp_path / "visit")
    flows.forget(tmp_path / "visit", MAIN, settings(tmp_path))
    spans = forgotten_spans(flows.load(tmp_path / "visit"))
    if again == "find":
        flows.find(tmp_path / "visit", settings(tmp_path))
    else:
        flows.scan(visit, settings(tmp_path))
    signals = flows.load(tmp_path / "visit")
    assert not [
        p.name
        for p in stills(tmp_path / "visit")
        if within(spans, np.array([time_of(signals, p)]), closed=True)[0]
    ]


# ---- numbers


def test_those_left_are_numbered_anew_and_the_second_time_it_is_the_next(folder: Path) -> None:
    first = flows.forget(folder, MAIN, settings(folder.parent))
    assert [(p.number, p.was) for p in first.people] == [(0, 1)]
    second = flows.forget(folder, MAIN, settings(folder.parent))
    assert second.people == ()
    assert second.person.looks < first.person.looks
    with pytest.raises(UsageError, match="nobody has the number 0; nobody's face is in its log"):
        flows.forget(folder, MAIN, settings(folder.parent))


def test_a_folder_without_anybody_is_whole(folder: Path) -> None:
    for _ in range(2):
        flows.forget(folder, MAIN, settings(folder.parent))
    signals = flows.load(folder)
    assert all(
        signals.rows(name) == 0
        for name in signals
        if name.startswith(("faces.", "tracks.", "crops.", "poses.", "face_ids."))
    )
    assert np.nansum(signals["frames.n_faces"]) == 0
    outcome = flows.find(folder, settings(folder.parent, stills=False))
    assert outcome.engines["vector"].reason.startswith("no_face")
    assert outcome.engines["saliency"].moments > 0
    assert flows.people(folder).people == ()
    assert "image/jpeg" not in (folder / "report.html").read_text(), "the one was there all the time"


def test_spans_of_two_who_were_forgotten_are_kept_as_one_list(folder: Path) -> None:
    first = flows.forget(folder, PASSER_BY, settings(folder.parent)).spans
    second = flows.forget(folder, MAIN, settings(folder.parent)).spans
    assert forgotten_spans(flows.load(folder)) == as_pairs(union([*first, *second], touching=True))


# ---- what is odd


def test_a_number_that_nobody_has_says_who_is_there(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(UsageError, match=r"nobody has the number 7; there are 0 \(main\), 1 \(transient\)"):
        flows.forget(folder, 7, settings(folder.parent))
    assert contents(folder) == before


@pytest.mark.parametrize("manifest", ['{"format": 1, "key": "k", "video": {}, "files": {}}', "{", None])
def test_a_log_of_another_version_or_none_is_told(manifest: str | None, folder: Path) -> None:
    shutil.rmtree(folder / "signals.part")
    (folder / "signals" / "manifest.json").unlink()
    if manifest is not None:
        (folder / "signals" / "manifest.json").write_text(manifest)
    before = contents(folder)
    for act in (lambda: flows.forget(folder, 0, settings(folder.parent)), lambda: flows.people(folder)):
        with pytest.raises(UnreadableInput, match="scan the video again"):
            act()
    assert contents(folder) == before


def test_a_folder_that_another_process_holds_is_left_alone(folder: Path) -> None:
    before = contents(folder)
    with (
        lock(folder / CLAIM),
        pytest.raises(OutputError, match="another momentscan is working on it"),
    ):
        flows.forget(folder, PASSER_BY, settings(folder.parent))
    assert contents(folder) == before


class _Full:
    """A writer on a disk that takes `room` more row groups."""

    def __init__(self, writer: Any, room: list[int]) -> None:
        self._writer, self._room = writer, room

    def __enter__(self) -> _Full:
        self._writer.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.__exit__(*error)

    def write_table(self, table: Any) -> None:
        self._room[0] -= 1
        if self._room[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._writer.write_table(table)


@pytest.mark.parametrize("room", [0, 3, 8])
def test_a_full_disk_is_one_line_and_nothing_is_lost(
    room: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(folder / "signals.part")
    before, left, real = contents(folder), [room], rewrite.writer_of
    monkeypatch.setattr(rewrite, "writer_of", lambda *args: _Full(real(*args), left))
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
        flows.forget(folder, PASSER_BY, settings(folder.parent))
    assert left[0] < 0
    assert contents(folder) == before


def test_a_damaged_file_is_told_before_anything_is_lost(folder: Path) -> None:
    shutil.rmtree(folder / "signals.part")
    (folder / "signals" / "faces.face_quality.parquet").write_bytes(b"PAR1")
    before = contents(folder)
    with pytest.raises(UnreadableInput, match=r"faces.face_quality.parquet: is damaged"):
        flows.forget(folder, PASSER_BY, settings(folder.parent))
    assert contents(folder) == before


def test_a_log_that_was_never_judged_forgets_too(folder: Path) -> None:
    (folder / "run.json").unlink()
    done = flows.forget(folder, PASSER_BY, settings(folder.parent))
    assert len(done.people) == 1
    assert not list(folder.glob("highlight_*")), "nobody knows how to judge them again"
    assert sum("was removed as a whole" in note for note in done.notes) == 3
    with pytest.raises(UnreadableInput, match="scan or find it again"):
        flows.people(folder)


@pytest.mark.parametrize("how", ["knobs", "plug-in"])
def test_what_cannot_be_judged_again_goes_as_a_whole(how: str, folder: Path) -> None:
    run = told(folder)
    if how == "knobs":
        run["engines"]["rules"]["knobs"] = {"of_another_version": 1}
    else:
        run["engines"]["gone"] = run["engines"].pop("rules")
        (folder / "highlight_rules").rename(folder / "highlight_gone")
    (folder / "run.json").write_text(json.dumps(run))
    done = flows.forget(folder, PASSER_BY, settings(folder.parent))
    assert set(told(folder)["engines"]) == {"vector", "saliency"}
    assert not (folder / "highlight_rules").exists()
    assert not (folder / "highlight_gone").exists()
    assert [n for n in done.notes if "cannot be judged again" in n]


def test_packs_are_told_of_whom_they_are(folder: Path) -> None:
    packs = {p.number: p.pack for p in flows.people(folder).people}
    assert packs == {
        0: str(folder / "identity_builder/person_0"),
        1: str(folder / "identity_builder/person_1"),
    }


def test_pictures_that_a_plug_in_logged_go_too(folder: Path) -> None:
    """Tables with a `track` by it, tables of pictures by their instants."""
    at = np.arange(32.0)
    pictures = np.array([f"picture {t}".encode() for t in at.tolist()], object)
    signals = flows.load(folder)
    own = {"moods.track": signals["faces.track"].copy(), "moods.joy": signals["faces.score"].copy()}
    log = rewrite.LogRewriter(
        folder / "signals", {}, {}, {"plug": {"shots.time_s": at, "shots.png": pictures, **own}}
    )
    log.close()
    removed = flows.forget(folder, PASSER_BY, settings(folder.parent)).removed
    after = flows.load(folder)
    assert removed["shots"] >= 3
    assert removed["moods"] == removed["faces"]
    assert b"picture 17.0" not in after["shots.png"].tolist()
    assert b"picture 10.0" in after["shots.png"].tolist()
    assert len(after["moods.joy"]) == len(after["faces.score"])


# ---- killed


@pytest.fixture
def instants(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """A copy of the folder after everything that forgetting does to it: what a kill at that instant would
    leave.
    """
    taken: list[Path] = []

    def noted(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **more: Any) -> Any:
            done = real(*args, **more)
            taken.append(tmp_path / "instants" / f"{len(taken):04d}" / "visit")
            with pytest.MonkeyPatch.context() as patched:
                for name, before in originals.items():
                    patched.setattr(os, name, before)
                shutil.copytree(folder, taken[-1])
            return done

        return act

    originals = {
        name: getattr(os, name) for name in ("unlink", "rmdir", "rename", "replace", "link", "mkdir")
    }
    with monkeypatch.context() as patched:
        for name, real in originals.items():
            patched.setattr(os, name, noted(real))
        flows.forget(folder, PASSER_BY, settings(folder.parent))
    yield taken
    shutil.rmtree(tmp_path / "instants")


def test_killed_at_any_instant_it_is_the_old_log_or_the_new_one_and_no_picture_outlives_its_log(
    seen: Path, instants: list[Path]
) -> None:
    before = flows.load(seen)
    person = People()(before)[PASSER_BY]
    spans = visible_spans(before, person)
    vectors, pictures = secrets(before, person.tracks, spans)
    n_old, n_new, states = (
        before.rows("faces.track"),
        int((~np.isin(before["faces.track"], person.tracks)).sum()),
        [],
    )
    assert len(instants) > 80
    for at in instants:
        signals = flows.load(at)
        rows = {name: signals.rows(name) for name in signals if name.startswith("faces.")}
        assert set(rows.values()) in ({n_old}, {n_new}), at
        states.append(set(rows.values()) == {n_new})
        if states[-1]:
            assert not [
                p for p in stills(at) if within(spans, np.array([time_of(signals, p)]), closed=True)[0]
            ]
            assert_no_pack_shows(at, spans)
            assert not (at / CLIPS).exists()
            assert signals.rows("thumbnails.jpeg") < before.rows("thumbnails.jpeg")
            assert len(told(at).get("people", [])) <= 1
            assert_gone_from_pages(at, pictures)
    assert states == sorted(states), "first all old, then all new"
    assert not states[0]
    first = instants[states.index(True)]
    with VideoFolder.open(first):
        assert_gone(first, vectors, pictures)
    assert_gone(instants[-1], vectors, pictures)


def test_after_a_kill_it_can_be_forgotten_again_found_and_scanned(
    visit: Path, seen: Path, instants: list[Path]
) -> None:
    new = [flows.load(at).rows("tracks.id") < flows.load(seen).rows("tracks.id") for at in instants]
    swapped = new.index(True)
    for i in sorted({*range(5, len(instants), 25), swapped - 1, swapped, len(instants) - 1}):
        output = instants[i].parent
        quiet = settings(output, stills=False)
        if new[i]:
            with pytest.raises(UsageError, match="nobody has the number 1"):
                flows.forget(instants[i], PASSER_BY, quiet)
        else:
            flows.forget(instants[i], PASSER_BY, quiet)
        assert flows.find(instants[i], quiet).status == "done"
        assert len(flows.people(instants[i]).people) == 1
        assert flows.scan(visit, quiet).status in ("done", "unchanged")
        assert len(flows.people(instants[i]).people) == 1
        assert (instants[i] / "report.html").is_file()


def test_stopped_where_the_manifest_is_written_the_new_log_is_not_thrown_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(new: Path, place: Path) -> None:
        shutil.rmtree(place)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rewrite, "swap", stopped)
        with pytest.raises(KeyboardInterrupt):
            flows.forget(folder, PASSER_BY, settings(folder.parent))
    assert len(People()(flows.load(folder))) == 1


def test_a_log_in_which_somebody_is_left_is_a_defect_that_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rewrite, "_filtered", lambda path, target, mask, changed: shutil.copy(path, target) and 0
    )
    with pytest.raises(MomentscanError, match="still there"):
        flows.forget(folder, PASSER_BY, settings(folder.parent))


def test_what_was_forgotten_is_a_plain_value(folder: Path) -> None:
    done = flows.forget(folder, PASSER_BY, settings(folder.parent))
    assert json.loads(json.dumps(dataclasses.asdict(done)))["removed"]["faces"] > 0


def test_judging_is_what_find_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture is asked for: the video is not opened."""
    monkeypatch.setattr(judged_stills, "stills", lambda *args, **more: pytest.fail("the video was opened"))
    flows.forget(folder, MAIN, settings(folder.parent))
