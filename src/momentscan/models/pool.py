"""What is open: a model is opened once in a process and handed to every video that wants the same one."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from momentscan.models.slots import Slot, weight_of
from momentscan.models.weights import locate

LOG = logging.getLogger(__name__)


class Pool:
    """Open models by slot, kind, device and options. A file of weights that has changed is opened anew, and
    the old one is let go.

    `opened` counts how often each kind was opened, by "slot.kind".
    """

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()
        self._held: dict[Hashable, tuple[Hashable, Any]] = {}
        self._lock = threading.Lock()

    def open(
        self, slot: Slot[Any], name: str, folder: Path | None, device: str = "auto", **options: Any
    ) -> Any | None:
        """As `Slot.open`, but that what is open already is given again."""
        chosen = slot.choose(name, folder)
        if chosen is None:
            return None
        kind = slot.kind(chosen) if slot.by_name is None or chosen in slot.names() else None
        place = (slot.name, chosen, kind, device, tuple(sorted(options.items())))
        state = _state(chosen, kind, folder)
        with self._lock:  # two threads that want the same one wait for the same one
            held = self._held.get(place)
            if held is not None and held[0] == state:
                return held[1]
            LOG.debug("opening %s %s on %s", slot.what, chosen, device)
            self._held.pop(place, None)
            model = slot.open(chosen, folder, device, **options)
            self.opened[f"{slot.name}.{chosen}"] += 1
            self._held[place] = state, model
            return model

    def clear(self) -> None:
        """Lets go of all of them."""
        with self._lock:
            self._held.clear()


POOL = Pool()
"""Of this process."""


def _state(chosen: str, kind: type[Any] | None, folder: Path | None) -> Hashable:
    """What tells whether the files behind a model are those that were opened: place, size and time."""
    if kind is None:
        named = Path(chosen)
        return tuple(_stamp(path) for path in sorted(named.iterdir())) if named.is_dir() else ()
    weight = weight_of(kind)
    path = locate(weight, folder) if weight is not None else None
    return _stamp(path) if path is not None else ()


def _stamp(path: Path) -> Hashable:
    found = path.stat()
    return str(path.resolve()), found.st_size, found.st_mtime_ns
