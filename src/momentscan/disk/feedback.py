"""feedback.jsonl: what people did to the moments of a video, one JSON object a line, only ever appended to."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from momentscan.disk.codec import decode_line, encode_line
from momentscan.disk.files import translate_os_errors
from momentscan.records.feedback import FeedbackLine

FEEDBACK = "feedback.jsonl"

TORN = "feedback.jsonl.torn"
"""What crashes of others have left of a last line: kept, as it may say something to somebody."""


class FeedbackLines(NamedTuple):
    """The lines, oldest first, and how many could not be read: no JSON, or not of this version."""

    lines: tuple[FeedbackLine, ...]
    unreadable: int


def read_feedback(folder: Path) -> FeedbackLines:
    """All feedback of a video's folder; nothing where there is none yet."""
    try:
        data = (folder / FEEDBACK).read_bytes()
    except FileNotFoundError:
        return FeedbackLines((), 0)
    found = [decode_line(FeedbackLine, line) for line in data.split(b"\n") if line.strip()]
    lines = tuple(line for line in found if line is not None)
    return FeedbackLines(lines, len(found) - len(lines))


def append_feedback(folder: Path, lines: Sequence[FeedbackLine]) -> int:
    """Appends what one edit says, and gives how many lines were new: none where that very file (its sha256,
    the same engine) is in it.

    Each line has its `part`, from 1 of how many: after a crash in the midst the rest is appended. The file
    is held, written and synced; a last line that broke off is kept aside. Raises OutputError for what the
    disk refuses.
    """
    told = [encode_line(line) for line in lines]
    path = folder / FEEDBACK
    with translate_os_errors(path), path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # goes with the file
        _mend(file, folder)
        file.seek(0)
        there = {_key(line) for line in map(_parsed, file.read().split(b"\n")) if line is not None}
        new = [line for line in told if _key(json.loads(line)) not in there]
        if new:
            file.write(b"".join(new))
            file.flush()
            os.fsync(file.fileno())
            _sync(folder)
    return len(new)


def _mend(file: Any, folder: Path) -> None:
    """Ends a last line that lacks only its end; puts one that broke off aside."""
    file.seek(0)
    data = file.read()
    tail = data[data.rfind(b"\n") + 1 :]
    if not tail:
        return
    if _parsed(tail) is not None:
        file.write(b"\n")
        return
    with (folder / TORN).open("ab") as aside:
        aside.write(tail + b"\n")
        aside.flush()
        os.fsync(aside.fileno())
    file.truncate(len(data) - len(tail))


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _key(line: Mapping[str, Any]) -> tuple[Any, ...]:
    source, part = line.get("source"), line.get("part")
    said = (source if isinstance(source, dict) else {}, part if isinstance(part, dict) else {})
    return (
        str(line.get("engine")),
        str(said[0].get("sha256")),
        str(said[1].get("number")),
        str(said[1].get("of")),
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
