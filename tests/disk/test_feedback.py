"""feedback.jsonl only ever grows, line by line, and nothing that was in it is lost."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from momentscan.disk.exports import exported, read_export, write_export
from momentscan.disk.feedback import FEEDBACK, TORN, append_feedback, read_feedback
from momentscan.errors import OutputError
from momentscan.records.exports import ExportedWindow, ExportRecord
from momentscan.records.feedback import EditSource, FeedbackLine, Order, PartOf


def lines(sha256: str = "a" * 64, n: int = 3, engine: str = "rules", **more: Any) -> list[FeedbackLine]:
    """What one edit says of so many moments, of which each was kept."""
    given: dict[str, Any] = {"at": "2026-11-28T12:00:00+00:00", "score": 0.5, "file": "e.otio", **more}
    return [
        FeedbackLine(
            version=1,
            at=given["at"],
            video_id="ride",
            sha256="f" * 64,
            engine=engine,
            told_as="window",
            kind="kept",
            window=ExportedWindow(i + 1, 0.0, 2000.0, 1000.0, given["score"]),
            edited=None,
            moved_start_ms=None,
            moved_end_ms=None,
            order=Order(i, i),
            piece=None,
            source=EditSource(given["file"], sha256, "otio"),
            part=PartOf(i + 1, n),
        )
        for i in range(n)
    ]


def kinds(folder: Path) -> list[tuple[str, int]]:
    return [(line.source.sha256[0], line.part.number - 1) for line in read_feedback(folder).lines]


def test_where_nothing_was_said_there_is_nothing(tmp_path: Path) -> None:
    assert read_feedback(tmp_path) == ((), 0)


def test_what_was_appended_is_read_in_that_order(tmp_path: Path) -> None:
    assert append_feedback(tmp_path, lines()) == 3
    assert append_feedback(tmp_path, lines("b" * 64, 2)) == 2
    assert kinds(tmp_path) == [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1)]
    assert read_feedback(tmp_path).lines == (*lines(), *lines("b" * 64, 2))
    assert [p.name for p in tmp_path.iterdir()] == [FEEDBACK]


def test_the_same_edit_adds_nothing_but_the_same_for_another_engine_does(tmp_path: Path) -> None:
    append_feedback(tmp_path, lines())
    before = (tmp_path / FEEDBACK).read_bytes()
    assert append_feedback(tmp_path, lines(at="later")) == 0
    assert (tmp_path / FEEDBACK).read_bytes() == before
    assert append_feedback(tmp_path, lines(engine="vector")) == 3


def test_after_a_crash_in_the_midst_the_rest_is_appended_and_what_broke_off_is_kept_aside(
    tmp_path: Path,
) -> None:
    append_feedback(tmp_path, lines("b" * 64, 1))
    append_feedback(tmp_path, lines())
    whole = (tmp_path / FEEDBACK).read_bytes()
    for cut in range(len(whole.split(b"\n")[0]) + 1, len(whole)):
        (tmp_path / FEEDBACK).write_bytes(whole[:cut])
        (tmp_path / TORN).unlink(missing_ok=True)
        append_feedback(tmp_path, lines())
        assert kinds(tmp_path) == [("b", 0), ("a", 0), ("a", 1), ("a", 2)], cut
        torn = (tmp_path / TORN).read_bytes() if (tmp_path / TORN).exists() else b""
        assert not torn or torn.rstrip(b"\n") in whole
        assert read_feedback(tmp_path).unreadable == 0


def test_lines_that_cannot_be_read_stay_and_are_counted(tmp_path: Path) -> None:
    append_feedback(tmp_path, lines())
    ours = json.loads((tmp_path / FEEDBACK).read_bytes().split(b"\n")[0])
    later, foreign = {**ours, "version": 2}, {**ours, "mood": "good"}
    strange = [b"not json", b"[1]", b"\xff\xfe", b'{"engine": 1, "source": [], "part": 7}', b"[" * 5000]
    strange += [json.dumps(line).encode() for line in (later, foreign)]
    (tmp_path / FEEDBACK).write_bytes(b"\n".join(strange) + b"\n")
    assert append_feedback(tmp_path, lines("b" * 64)) == 3
    assert (tmp_path / FEEDBACK).read_bytes().startswith(b"\n".join(strange))
    found = read_feedback(tmp_path)
    assert found == (tuple(lines("b" * 64)), len(strange))


def test_many_who_append_at_once_lose_nothing(tmp_path: Path) -> None:
    told = [lines(f"{i:064x}", 20) for i in range(12)]
    threads = [threading.Thread(target=append_feedback, args=(tmp_path, t)) for t in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_feedback(tmp_path)
    assert len(found.lines) == 240
    assert found.unreadable == 0
    for i in range(12):
        own = [line.part.number for line in found.lines if line.source.sha256 == f"{i:064x}"]
        assert own == list(range(1, 21))


def test_names_that_are_no_text_and_line_ends_come_back_as_they_were(tmp_path: Path) -> None:
    name = "라이드 \udcff \u2028 \n\\udcfe.otio"
    append_feedback(tmp_path, lines(n=1, file=name))
    data = (tmp_path / FEEDBACK).read_bytes()
    assert data.count(b"\n") == 1
    assert json.loads(data.decode())["source"]["file"] == name
    assert read_feedback(tmp_path).lines[0].source.file == name


def test_what_the_disk_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match="No space left"):
        append_feedback(tmp_path, lines())


def export(engine: str, rate: str) -> ExportRecord:
    return ExportRecord(1, engine, "ride", "window", "f" * 64, rate, False, 0, 250, (), {}, ())


def test_what_was_exported_is_read_back(tmp_path: Path) -> None:
    assert exported(tmp_path) == []
    write_export(tmp_path, export("rules", "25"))
    write_export(tmp_path, export("vector", "30000/1001"))
    (tmp_path / "exports" / "ride_rules.labelstudio.json").write_text("[]")
    (tmp_path / "exports" / "half.json").write_text("{")
    (tmp_path / "exports" / "deep.json").write_text("[" * 20_000)
    (tmp_path / "exports" / "other.json").write_bytes((tmp_path / "exports/rules.json").read_bytes())
    assert exported(tmp_path) == ["rules", "vector"]
    assert read_export(tmp_path, "vector") == export("vector", "30000/1001")
    assert read_export(tmp_path, "saliency") is None
