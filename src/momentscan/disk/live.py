"""live.jsonl: what was told of a feed while it was watched, one JSON object a line, written as it happens."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from momentscan.disk.codec import decode_line, encode_line
from momentscan.disk.files import translate_os_errors
from momentscan.records.live import LiveLine

LIVE = "live.jsonl"


class LiveLog:
    """The open file. Every line is there at once; the one of `ended` comes last, so that a file without it
    was broken off.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LIVE
        with translate_os_errors(self._path):
            self._file = self._path.open("wb")

    def add(self, line: LiveLine) -> None:
        """One line more."""
        with translate_os_errors(self._path):
            self._file.write(encode_line(line))
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class LiveLines(NamedTuple):
    """The lines, in order, and how many could not be read: no JSON, broken off, or not of this version."""

    lines: tuple[LiveLine, ...]
    unreadable: int


def read_live(folder: Path) -> LiveLines:
    """What was told of a video's folder; nothing where it was not watched live."""
    try:
        data = (folder / LIVE).read_bytes()
    except OSError:
        return LiveLines((), 0)
    found = [decode_line(LiveLine, line) for line in data.split(b"\n") if line.strip()]
    lines = tuple(line for line in found if line is not None)
    return LiveLines(lines, len(found) - len(lines))
