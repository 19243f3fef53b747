"""Names of before, until their callers have moved: see `disk.codec`, `disk.windows`, `disk.engines` and `disk.stills`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from momentscan.disk.codec import encode
from momentscan.disk.files import write_bytes
from momentscan.disk.stills import THUMBS, Still, keep_still, kept_stills, take_over
from momentscan.disk.windows import EngineResult, ms, read_engine, window_records
from momentscan.records.plain import plain
from momentscan.values import Verdict

__all__ = [
    "THUMBS", "EngineResult", "Still", "keep_still", "kept_stills", "ms", "read_engine", "take_over", "to_json",
    "windows_json", "write_json", "write_text",
]  # fmt: skip

to_json = encode


def write_json(path: Path, value: Any) -> None:
    """JSON, whole or not at all; numbers that are not finite become null."""
    write_bytes(path, encode(value))


def write_text(path: Path, text: str) -> None:
    """UTF-8 text, whole or not at all."""
    write_bytes(path, text.encode(errors="backslashreplace"))  # names that are not UTF-8


def windows_json(verdict: Verdict) -> list[dict[str, Any]]:
    """As `window_records`, as plain values."""
    found: list[dict[str, Any]] = plain(window_records(verdict))
    return found
