"""exports/: timelines for other programs, and beside them what was told, so that an edit that comes back can
be compared with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from momentscan.disk.results import write_json

EXPORTS = "exports"

FORMAT = 1


def write_export(folder: Path, engine: str, told: Mapping[str, Any]) -> None:
    """`exports/{engine}.json` of a video's folder."""
    write_json(folder / EXPORTS / f"{engine}.json", {"version": FORMAT, "engine": engine, **told})


def read_export(folder: Path, engine: str) -> dict[str, Any] | None:
    """What was told last of that engine's moments; None where nothing was that can be read."""
    try:
        told = json.loads((folder / EXPORTS / f"{engine}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return (
        told
        if isinstance(told, dict) and told.get("version") == FORMAT and told.get("engine") == engine
        else None
    )


def exported(folder: Path) -> list[str]:
    """Engines whose moments were exported."""
    names = sorted(p.stem for p in (folder / EXPORTS).glob("*.json"))
    return [name for name in names if read_export(folder, name) is not None]


def read_windows(folder: Path, engine: str) -> list[dict[str, Any]] | None:
    """windows.json of an engine, best first; None where it has written none that can be read."""
    try:
        windows = json.loads((folder / f"highlight_{engine}" / "windows.json").read_text(encoding="utf-8"))
        return [
            {**w, **{name: float(w[name]) for name in ("start_ms", "end_ms", "peak_ms", "score_rule")}}
            for w in windows
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return None
