"""What happens while a feed is watched, as it is told to whoever listens and to live.jsonl."""

from __future__ import annotations

from dataclasses import dataclass

from momentscan.records.live import LiveLine, LiveMoment, LiveStarted
from momentscan.records.plain import Json, plain


@dataclass(frozen=True)
class Event:
    """Something that happened: started; provisional, moved, withdrawn, hardened (a moment); stall, flowing,
    lost, reconnect, gap (the feed); ended, which comes last. `record`: as live.jsonl has it."""

    record: LiveLine

    @property
    def kind(self) -> str:
        """Which of those it is."""
        return self.record.event

    @property
    def at_s(self) -> float:
        """How much of the feed had been seen."""
        return self.record.at_ms / 1000

    @property
    def told(self) -> Json:
        """What is said of it, as plain values."""
        return {name: value for name, value in self.to_json().items() if name not in ("event", "at_ms")}

    def to_json(self) -> Json:
        """One line of live.jsonl."""
        told: Json = plain(self.record)
        return told

    def line(self) -> str:
        """For people."""
        one = self.record
        if isinstance(one, LiveMoment):
            span = f"{one.start_ms / 1000:.1f}-{one.end_ms / 1000:.1f} s"
            peak = f"peak {one.peak_ms / 1000:.1f} s, score {one.score:.3f}: {one.why}"
            what = f"{one.engine} #{one.id} {span}, {peak}"
        else:
            what = one.folder if isinstance(one, LiveStarted) else one.why
        return f"{self.at_s:9.1f} s  {self.kind:<11}  {what}"


def unheard(event: Event) -> None:
    """For those who do not listen."""
