"""windows: what engines wrote of the moments of a video, best first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from momentscan.disk.folder import VideoFolder
from momentscan.flows.outcome import Outcome


def windows_of(outcome: Outcome) -> dict[str, Any]:
    """engine -> its windows.json, of the engines that an outcome tells of."""
    folder = VideoFolder(Path(outcome.folder))
    places = {engine: folder.engine(engine) / "windows.json" for engine in outcome.engines}
    return {engine: json.loads(place.read_text(encoding="utf-8")) for engine, place in places.items()}
