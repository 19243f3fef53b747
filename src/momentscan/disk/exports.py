"""exports/: timelines for other programs, and beside them what was told, so that an edit that comes back can
be compared with it."""

from __future__ import annotations

import json
from pathlib import Path

from momentscan.disk.codec import encode, read_or_none, read_record
from momentscan.disk.files import write_bytes
from momentscan.records.exports import ExportRecord

EXPORTS = "exports"


def write_export(folder: Path, record: ExportRecord) -> None:
    """`exports/{engine}.json` of a video's folder."""
    write_bytes(folder / EXPORTS / f"{record.engine}.json", encode(record))


def read_export(folder: Path, engine: str) -> ExportRecord | None:
    """What was told last of that engine's moments; None where nothing was that can be read."""
    record = read_or_none(ExportRecord, folder / EXPORTS / f"{engine}.json")
    return record if record is not None and record.engine == engine else None


def export_before(folder: Path, engine: str, remedy: str) -> ExportRecord:
    """What was told last of that engine's moments. Raises UnreadableInput where that cannot be read."""
    return read_record(ExportRecord, folder / EXPORTS / f"{engine}.json", remedy)


def exported(folder: Path) -> list[str]:
    """Engines whose moments were exported, whether or not the record fits."""
    return [path.stem for path in sorted((folder / EXPORTS).glob("*.json")) if _names_engine(path)]


def _names_engine(path: Path) -> bool:
    """Whether it is a record of an export, and none of the exported files."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError):
        return False
    return isinstance(record, dict) and record.get("engine") == path.stem
