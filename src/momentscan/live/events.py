"""What happens while a feed is watched, as it is told to whoever listens and to live.jsonl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from momentscan.disk.results import ms


@dataclass(frozen=True)
class Event:
    """Something that happened when `at_s` of the feed had been seen. `told`: plain values.

    started; provisional, moved, withdrawn, hardened (a moment); stall, flowing, lost, reconnect, gap (the feed); ended,
    which comes last.
    """

    kind: str
    at_s: float
    told: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """One line of live.jsonl."""
        return {"event": self.kind, "at_ms": ms(self.at_s), **self.told}

    def line(self) -> str:
        """For people."""
        told = self.told
        if "peak_ms" in told:
            span = f"{told['start_ms'] / 1000:.1f}-{told['end_ms'] / 1000:.1f} s"
            peak = f"peak {told['peak_ms'] / 1000:.1f} s, score {told['score']:.3f}: {told['why']}"
            what = f"{told['engine']} #{told['id']} {span}, {peak}"
        else:
            what = str(told.get("why") or told.get("folder", ""))
        return f"{self.at_s:9.1f} s  {self.kind:<11}  {what}"


def unheard(event: Event) -> None:
    """For those who do not listen."""
