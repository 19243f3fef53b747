"""The verbs, one file each. Here, and only here, files meet the pure core; looked up on first use."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentscan.flows.clip import clip
    from momentscan.flows.compare import Compared, compare_engines
    from momentscan.flows.export import Exported, export
    from momentscan.flows.find import find
    from momentscan.flows.forget import forget, somebody
    from momentscan.flows.import_edit import Imported, import_edit
    from momentscan.flows.judge import judge
    from momentscan.flows.load import load, video_folders
    from momentscan.flows.outcome import EngineOutcome, Outcome
    from momentscan.flows.pack import pack
    from momentscan.flows.people import SeenPeople, people
    from momentscan.flows.scan import scan
    from momentscan.flows.watch import watch
    from momentscan.flows.windows import windows_of
    from momentscan.live.events import Event
    from momentscan.privacy.outcome import Forgotten

_HOMES = {
    "clip": "clip",
    "compare_engines": "compare",
    "Compared": "compare",
    "export": "export",
    "Exported": "export",
    "find": "find",
    "forget": "forget",
    "Forgotten": "forget",
    "somebody": "forget",
    "import_edit": "import_edit",
    "Imported": "import_edit",
    "judge": "judge",
    "load": "load",
    "video_folders": "load",
    "EngineOutcome": "outcome",
    "Outcome": "outcome",
    "pack": "pack",
    "people": "people",
    "SeenPeople": "people",
    "scan": "scan",
    "watch": "watch",
    "Event": "watch",
    "windows_of": "windows",
}

__all__ = [
    "Compared",
    "EngineOutcome",
    "Event",
    "Exported",
    "Forgotten",
    "Imported",
    "Outcome",
    "SeenPeople",
    "clip",
    "compare_engines",
    "export",
    "find",
    "forget",
    "import_edit",
    "judge",
    "load",
    "pack",
    "people",
    "scan",
    "somebody",
    "video_folders",
    "watch",
    "windows_of",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"momentscan.flows.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'momentscan.flows' has no attribute {name!r}")


class _Verbs(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        """Importing the file of a verb would put the file in the place of the verb."""
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Verbs
