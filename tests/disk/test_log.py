"""The signal log gives back what was put in, is lazy, and is complete or not there."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import worlds
from momentscan.disk import LogWriter, manifest_of, read_log
from momentscan.disk import log as log_module
from momentscan.errors import MissingSignal, MomentscanError, OutputError, UnreadableInput

TEXT = np.dtypes.StringDType()
RNG = np.random.default_rng(0)
N = 600


def world(seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    """maker -> columns, ten minutes of them: numbers with NaN, vectors, bytes, text, and a table with
    no row.
    """
    rng = np.random.default_rng(seed)
    motion = rng.random(N).astype(np.float32)
    motion[0] = np.nan
    vectors = rng.standard_normal((N // 2, 7)).astype(np.float32)
    vectors[3, 2] = np.nan
    pictures = np.empty(N // 3, object)
    pictures[:] = [bytes(rng.bytes(int(rng.integers(0, 40)))) for _ in range(N // 3)]
    return {
        "frame_times": {"frames.time_s": np.arange(N) * 1.0, "frames.frame_idx": np.arange(N) * 30},
        "motion": {"frames.motion": motion},
        "scenes": {
            "scenes.start_s": np.zeros(0),
            "scenes.end_s": np.zeros(0),
            "frames.content_change": motion * 2,
        },
        "vision": {"vision.time_s": np.arange(N // 2) * 2.0, "vision.embedding": vectors},
        "thumbnails": {"thumbnails.time_s": np.arange(N // 3) * 3.0, "thumbnails.jpeg": pictures},
        "words": {
            "words.start_s": np.arange(N) * 1.0,
            "words.text": np.array(["말", "", "a b", "👋🏽"] * (N // 4), TEXT),
        },
    }


def write(folder: Path, batch_s: float = 5.0, seed: int = 0, key: str = "k") -> Path:
    """A whole log, handed over in batches of `batch_s`; the flush times are the same for all of them."""
    log = LogWriter(folder)
    spent = 0.0
    made = world(seed)
    while spent < N:
        end = min(spent + batch_s, N)
        log.add(
            end,
            {
                maker: {name: _between(name, rows, spent, end) for name, rows in columns.items()}
                for maker, columns in made.items()
            },
        )
        spent = end
    log.close(worlds.info(float(N)), key, {"vision.embedding": "made-v1"})
    return folder


def _between(name: str, rows: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    step = {"vision": 2, "thumbnails": 3}.get(name.partition(".")[0], 1)
    return rows[-(-int(start_s) // step) : -(-int(end_s) // step)]


def parquet_bytes(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.glob("*.parquet")}


def test_text_of_no_rows_is_still_text(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "signals")
    log.add(1.0, {"words": {"words.text": np.zeros(0, TEXT)}})
    log.close(worlds.info(1.0), "k", {})
    back = read_log(tmp_path / "signals")["words.text"]
    assert (back.dtype, back.tolist()) == (TEXT, [])


def test_what_was_logged_comes_back(tmp_path: Path) -> None:
    signals = read_log(write(tmp_path / "signals"))
    logged = {name: rows for columns in world().values() for name, rows in columns.items()}
    assert set(signals) == set(logged)
    for name, rows in logged.items():
        back = signals[name]
        assert back.dtype == rows.dtype, name
        if rows.dtype == object:
            assert list(back) == list(rows)
        else:
            assert np.array_equal(back, rows, equal_nan=True), name
    assert signals.video == worlds.info(float(N))
    assert signals.made_by == {"vision.embedding": "made-v1"}


def test_a_table_without_rows_is_there_and_empty(tmp_path: Path) -> None:
    signals = read_log(write(tmp_path / "signals"))
    assert "scenes.start_s" in signals
    assert signals.rows("scenes.start_s") == 0


def test_vectors_without_rows_come_back_empty(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "signals")
    log.add(1.0, {"vision": {"vision.time_s": np.zeros(0), "vision.embedding": np.zeros((0, 5), np.float32)}})
    log.close(worlds.info(), "k", {})
    assert len(read_log(tmp_path / "signals")["vision.embedding"]) == 0


def test_a_log_of_nothing_is_a_log(tmp_path: Path) -> None:
    LogWriter(tmp_path / "signals").close(worlds.info(), "k", {})
    assert list(read_log(tmp_path / "signals")) == []


def test_problems_of_a_video_stay_a_tuple(tmp_path: Path) -> None:
    video = worlds.info(problems=("a", "b"), partial=True, audio_codec=None, declared_s=None)
    LogWriter(tmp_path / "signals").close(video, "k", {})
    assert read_log(tmp_path / "signals").video == video


@pytest.mark.parametrize("batch_s", [1.0, 2.0, 12.0, 20.0, 30.0, 60.0])
def test_the_size_of_batches_changes_no_byte(batch_s: float, tmp_path: Path) -> None:
    """Batches that divide the 60 s of a part end their parts at the same times."""
    one, other = write(tmp_path / "one"), write(tmp_path / "other", batch_s)
    assert parquet_bytes(one) == parquet_bytes(other)


@pytest.mark.parametrize("batch_s", [7.0, 300.0, 1000.0])
def test_the_size_of_batches_changes_no_row(batch_s: float, tmp_path: Path) -> None:
    one, other = read_log(write(tmp_path / "one")), read_log(write(tmp_path / "other", batch_s))
    for name in one:
        same = (
            list(one[name]) == list(other[name])
            if one[name].dtype == object
            else np.array_equal(one[name], other[name], equal_nan=True)
        )
        assert same, name


def test_there_is_one_file_per_table_and_maker_and_the_manifest_names_each(tmp_path: Path) -> None:
    folder = write(tmp_path / "signals")
    files = {
        "frames.frame_times",
        "frames.motion",
        "frames.scenes",
        "scenes.scenes",
        "thumbnails.thumbnails",
        "vision.vision",
        "words.words",
    }
    assert {p.name for p in folder.iterdir()} == {f"{f}.parquet" for f in files} | {"manifest.json"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == {f"{f}.parquet" for f in files}
    assert manifest["files"]["frames.frame_times.parquet"] == {
        "rows": N,
        "columns": ["frames.time_s", "frames.frame_idx"],
    }
    assert [p.name for p in tmp_path.iterdir()] == ["signals"], "nothing is left beside it"


def test_memory_holds_one_part(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "signals")
    for second in range(1, 200):
        log.add(float(second), {"frame_times": {"frames.time_s": np.array([float(second)])}})
    parts = sorted((tmp_path / "signals.part").glob("*.parquet"))
    assert len(parts) == 3
    assert sum(pq.read_metadata(p).num_rows for p in parts) == 180


def test_a_column_that_nobody_logged_names_its_maker(tmp_path: Path) -> None:
    signals = read_log(write(tmp_path / "signals"))
    with pytest.raises(MissingSignal, match="made by 'sound'"):
        signals["sound.rms"]
    with pytest.raises(MissingSignal, match="no column is called"):
        signals["frames.happiness"]


def test_reading_one_column_opens_one_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "signals")
    signals = read_log(folder)
    for path in folder.glob("*.parquet"):
        if path.name != "frames.motion.parquet":
            path.unlink()
    assert len(signals["frames.motion"]) == N
    with pytest.raises(UnreadableInput, match=r"vision\.vision\.parquet"):
        signals["vision.embedding"]


def test_a_column_is_read_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "signals")
    signals = read_log(folder)
    first = signals["frames.motion"]
    (folder / "frames.motion.parquet").unlink()
    assert signals["frames.motion"] is first


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"\0" * 4000, b"not parquet at all, but long enough to have a footer"]
)
def test_a_damaged_file_is_one_line_that_names_it(content: bytes, tmp_path: Path) -> None:
    folder = write(tmp_path / "signals")
    (folder / "frames.motion.parquet").write_bytes(content)
    with pytest.raises(UnreadableInput) as damaged:
        read_log(folder)["frames.motion"]
    assert "frames.motion.parquet" in str(damaged.value)
    assert "--force" in str(damaged.value)


@pytest.mark.parametrize("where", [0.05, 0.3, 0.6, 0.95])
def test_bytes_that_flipped_are_noticed_or_harmless(where: float, tmp_path: Path) -> None:
    """No crash and no other kind of error; a column is as long as it was or unreadable."""
    folder = write(tmp_path / "signals")
    data = bytearray((folder / "vision.vision.parquet").read_bytes())
    at = int(len(data) * where)
    data[at : at + 20] = bytes(255 - b for b in data[at : at + 20])
    (folder / "vision.vision.parquet").write_bytes(data)
    try:
        rows = len(read_log(folder)["vision.embedding"])
    except UnreadableInput:
        return
    assert rows == N // 2


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '{"format": 99, "files": {}}',
        '{"files": {}}',
        '{"format": 1, "files": {"gone.parquet": {}}}',
    ],
)
def test_a_manifest_that_is_none_is_no_log(manifest: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "signals")
    (folder / "manifest.json").write_text(manifest)
    assert manifest_of(folder) is None
    with pytest.raises(UnreadableInput, match="no complete signal log"):
        read_log(folder)


@pytest.mark.parametrize(
    "manifest",
    ['{"format": 1}', '{"format": 1, "files": {}}', '{"format": 1, "files": {}, "video": {"a": 1}}'],
)
def test_a_manifest_that_lacks_its_parts_is_one_line(manifest: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "signals")
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(UnreadableInput):
        read_log(folder)


def test_a_folder_that_is_not_there_holds_no_log(tmp_path: Path) -> None:
    assert manifest_of(tmp_path / "nowhere") is None


@pytest.mark.parametrize("manifest", ["{", '{"format": 999}', ""])
def test_a_log_that_cannot_be_read_takes_no_place_of_a_whole_one(manifest: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "signals")
    before = parquet_bytes(folder)
    beside = tmp_path / "signals.part"
    beside.mkdir()
    (beside / "manifest.json").write_text(manifest)
    log_module.recover_log(folder)
    assert parquet_bytes(folder) == before
    assert manifest_of(folder) is not None


def test_abandoning_leaves_nothing_and_keeps_the_older_log(tmp_path: Path) -> None:
    folder = write(tmp_path / "signals")
    before = parquet_bytes(folder)
    log = LogWriter(folder)
    log.add(100.0, world(1))
    log.abandon()
    assert [p.name for p in tmp_path.iterdir()] == ["signals"]
    assert parquet_bytes(folder) == before


def test_a_log_that_was_never_closed_is_none(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "signals")
    log.add(100.0, world())
    assert manifest_of(tmp_path / "signals") is None


class Killed(BaseException):
    """What a power cut is to the code: nothing after it runs."""


TOUCHES = (
    (os, "fsync"),
    (Path, "replace"),
    (Path, "unlink"),
    (Path, "mkdir"),
    (Path, "write_bytes"),
    (shutil, "rmtree"),
    (log_module, "_write"),
)
"""Everything by which the room of disks touches a disk."""


class Cut:
    """Counts what reaches the disk, and from the n-th on lets nothing through."""

    def __init__(
        self, patch: pytest.MonkeyPatch, at: int = 1 << 30, raising: Callable[[], BaseException] = Killed
    ) -> None:
        self.count = 0
        for owner, name in TOUCHES:
            real = (lambda descriptor: None) if name == "fsync" else getattr(owner, name)
            patch.setattr(owner, name, self._counted(real, at, raising))

    def _counted(
        self, real: Callable[..., Any], at: int, raising: Callable[[], BaseException]
    ) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self.count += 1
            if self.count >= at:
                raise raising()
            return real(*args, **options)

        return counted


def write_small(folder: Path, seed: int = 0, key: str = "old") -> Path:
    """A log of two parts, by two makers."""
    log = LogWriter(folder)
    for end_s in (60, 90):
        rows = np.random.default_rng(seed + end_s).random(end_s)
        log.add(
            end_s,
            {
                "frame_times": {"frames.time_s": rows},
                "vision": {"vision.embedding": rows.astype(np.float32).reshape(-1, 5)},
            },
        )
    log.close(worlds.info(90.0), key, {})
    return folder


@pytest.fixture
def states(tmp_path: Path) -> dict[str, dict[str, bytes]]:
    """The bytes of the older log and of the newer."""
    return {
        "old": parquet_bytes(write_small(tmp_path / "a" / "signals")),
        "new": parquet_bytes(write_small(tmp_path / "b" / "signals", 1, "new")),
    }


@pytest.fixture
def n_touches(tmp_path: Path) -> int:
    """How many times writing a log over an older one touches the disk."""
    folder = write_small(tmp_path / "counted" / "signals")
    with pytest.MonkeyPatch.context() as patch:
        cut = Cut(patch)
        write_small(folder, 1, "new")
    assert cut.count > 20
    return cut.count


def standing(folder: Path, states: dict[str, dict[str, bytes]]) -> str | None:
    """Which log stands there; one that says it is complete must be, byte for byte."""
    manifest = manifest_of(folder)
    if manifest is None:
        return None
    assert parquet_bytes(log_module.place_of(folder)) == states[manifest.key]
    assert len(read_log(folder)["vision.embedding"]) == 30
    return manifest.key


def test_a_kill_at_any_instant_leaves_the_old_log_or_the_new(
    states: dict[str, dict[str, bytes]], n_touches: int, tmp_path: Path
) -> None:
    seen = []
    for at in range(1, n_touches + 1):
        folder = write_small(tmp_path / str(at) / "signals")
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            Cut(patch, at)
            write_small(folder, 1, "new")
        seen.append(standing(folder, states))
        write_small(folder, 1, "new")
        assert standing(folder, states) == "new", "the next scan is as if nothing had been"
        assert [p.name for p in folder.parent.iterdir()] == ["signals"]
    assert seen == sorted(seen, key=["old", "new"].index), "once the newer log is complete it stays"
    assert set(seen) == {"old", "new"}


def test_a_kill_in_the_middle_of_deleting_the_older_log_leaves_the_newer(
    states: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    """rmtree is many steps of its own: here it stops after each file."""
    for n_deleted in range(4):
        folder = write_small(tmp_path / str(n_deleted) / "signals")
        for first in ("manifest.json", "frames.frame_times.parquet"):

            def half(path: Path, first: str = first, n: int = n_deleted) -> None:
                for victim in sorted(path.iterdir(), key=lambda p: p.name != first)[:n]:
                    victim.unlink()
                raise Killed

            with pytest.MonkeyPatch.context() as patch, suppress(Killed):
                patch.setattr(shutil, "rmtree", half)
                write_small(folder, 1, "new")
            if (folder.parent / "signals.part").exists():
                log_module.recover_log(folder)
                assert standing(folder, states) == "new"


def test_a_kill_at_any_instant_of_a_first_scan_leaves_a_whole_log_or_none(
    states: dict[str, dict[str, bytes]], n_touches: int, tmp_path: Path
) -> None:
    seen = []
    for at in range(1, n_touches + 1):
        folder = tmp_path / str(at) / "signals"
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            Cut(patch, at)
            write_small(folder, 1, "new")
        seen.append(standing(folder, states))
    assert set(seen) == {"new", None}


def test_a_disk_that_is_full_from_any_instant_on_is_one_line_and_loses_nothing(
    states: dict[str, dict[str, bytes]], n_touches: int, tmp_path: Path
) -> None:
    for at in range(1, n_touches + 1):
        folder = write_small(tmp_path / str(at) / "signals")
        with pytest.MonkeyPatch.context() as patch:
            Cut(patch, at, lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            with pytest.raises(OutputError) as refused:
                write_small(folder, 1, "new")
        assert "No space left" in str(refused.value)
        assert str(folder) in str(refused.value)
        assert standing(folder, states) in ("old", "new")


def test_every_error_of_this_room_has_an_exit_code() -> None:
    assert {e.exit_code for e in (OutputError, UnreadableInput, MissingSignal)} == {2, 3}
    assert issubclass(OutputError, MomentscanError)


def test_two_logs_of_the_same_columns_have_the_same_bytes(tmp_path: Path) -> None:
    assert parquet_bytes(write(tmp_path / "a")) == parquet_bytes(write(tmp_path / "b"))


def test_the_dates_of_a_run_stand_in_the_manifest_alone(tmp_path: Path) -> None:
    one, other = (json.loads((write(tmp_path / name) / "manifest.json").read_text()) for name in ("a", "b"))
    del one["created_at"], other["created_at"]
    assert one == other
    assert one["video"] == json.loads(json.dumps(dataclasses.asdict(worlds.info(float(N)))))


def test_a_few_rows_are_those_of_the_whole_column(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "signals")
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    for start in range(0, 300, 100):
        log.add(60.0 * (start / 100 + 1), {"vision": {"vision.embedding": vectors[start : start + 100]}})
    log.close(worlds.info(), "key", {"vision.embedding": "made-v1"})
    rows = np.array([0, 5, 99, 100, 250, 299])
    np.testing.assert_array_equal(
        read_log(tmp_path / "signals").vectors("vision.embedding", rows).rows, vectors[rows]
    )
    whole = read_log(tmp_path / "signals")
    np.testing.assert_array_equal(whole["vision.embedding"], vectors)
    np.testing.assert_array_equal(whole.vectors("vision.embedding", rows).rows, vectors[rows])
