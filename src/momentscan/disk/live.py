"""live.jsonl: what was told of a feed while it was watched, one JSON object a line, written as it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from momentscan.disk.files import translate_os_errors

LIVE = "live.jsonl"


class LiveLog:
    """The open file. Every line is there at once; the one of `ended` comes last, so that a file without it
    was broken off.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LIVE
        with translate_os_errors(self._path):
            self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace")

    def add(self, event: Mapping[str, Any]) -> None:
        """One line more."""
        with translate_os_errors(self._path):
            self._file.write(json.dumps(event, ensure_ascii=False, allow_nan=False) + "\n")
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read_live(folder: Path) -> list[dict[str, Any]]:
    """The events of a video's folder, in order; none where it was not watched live. A line that was broken
    off is left out.
    """
    try:
        lines = (folder / LIVE).read_text(encoding="utf-8").split("\n")[:-1]
    except (OSError, ValueError):
        return []
    return [json.loads(line) for line in lines]
