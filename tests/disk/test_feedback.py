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


def lines(sha256: str = "a" * 64, n: int = 3, engine: str = "rules", **more: Any) -> list[dict[str, Any]]:
    return [
        {"engine": engine, "kind": "kept", "n": i, "source": {"file": "e.otio", "sha256": sha256}, **more}
        for i in range(n)
    ]


def kinds(folder: Path) -> list[tuple[Any, Any]]:
    return [(line["source"]["sha256"][0], line["n"]) for line in read_feedback(folder).lines]


def test_where_nothing_was_said_there_is_nothing(tmp_path: Path) -> None:
    assert read_feedback(tmp_path) == ((), 0)


def test_what_was_appended_is_read_in_that_order(tmp_path: Path) -> None:
    assert append_feedback(tmp_path, lines()) == 3
    assert append_feedback(tmp_path, lines("b" * 64, 2)) == 2
    assert kinds(tmp_path) == [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1)]
    assert [line["part"] for line in read_feedback(tmp_path).lines[:3]] == [
        {"number": i, "of": 3} for i in (1, 2, 3)
    ]
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
    strange = b'not json\n[1]\n\xff\xfe\n{"engine": 1, "source": [], "part": 7}\n'
    (tmp_path / FEEDBACK).write_bytes(strange)
    assert append_feedback(tmp_path, lines()) == 3
    assert (tmp_path / FEEDBACK).read_bytes().startswith(strange)
    found = read_feedback(tmp_path)
    assert (len(found.lines), found.unreadable) == (4, 3)


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
        assert [line["n"] for line in found.lines if line["source"]["sha256"] == f"{i:064x}"] == list(
            range(20)
        )


def test_names_and_numbers_that_json_has_not_are_written_so_that_all_can_read_them(tmp_path: Path) -> None:
    append_feedback(tmp_path, lines(n=1, label="라이드 \udcff \u2028 \n", score=float("nan")))
    data = (tmp_path / FEEDBACK).read_bytes()
    assert data.count(b"\n") == 1
    assert json.loads(data.decode())["score"] is None


def test_what_the_disk_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match="No space left"):
        append_feedback(tmp_path, lines())


def test_what_was_exported_is_read_back(tmp_path: Path) -> None:
    assert exported(tmp_path) == []
    write_export(tmp_path, "rules", {"rate": "25"})
    write_export(tmp_path, "vector", {"rate": "30"})
    (tmp_path / "exports" / "ride_rules.labelstudio.json").write_text("[]")
    (tmp_path / "exports" / "half.json").write_text("{")
    assert exported(tmp_path) == ["rules", "vector"]
    assert (read_export(tmp_path, "rules") or {})["rate"] == "25"
    assert read_export(tmp_path, "saliency") is None
