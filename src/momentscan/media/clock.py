"""The only clock: PTS, rebased to the first frame and kept ascending."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from momentscan.knobs import Knob


@dataclass(frozen=True)
class ClockOptions:
    """When a time stamp is believed."""

    overlap_s: Annotated[
        float,
        Knob(
            "s",
            source="longest step back read as an overlap (frames dropped), not a restart; MPEG reorder "
            "delay is < 1 s",
            low=0.0,
        ),
    ] = 1.0
    gap_s: Annotated[
        float,
        Knob(
            "s",
            source="longest step forward believed in containers whose clock may restart (ffmpeg "
            "-dts_delta_threshold 10 s)",
            low=0.1,
        ),
    ] = 10.0


RESTARTING = ("mpegts", "mpeg", "flv", "asf", "avi")
"""Containers whose clock may jump in mid-file; elsewhere a gap of any length is what the author meant."""


@dataclass
class Clock:
    """Raw seconds -> seconds from the first frame, ascending.

    Small steps back (overlapping fragments) drop the frame; larger ones, and huge steps forward in containers
    whose clock may restart, are closed by one frame's duration and counted.
    """

    restarts: bool
    options: ClockOptions = field(default_factory=ClockOptions)
    origin_s: float | None = None
    shift_s: float = 0.0
    last_s: float | None = None
    dropped: int = 0
    jumps: int = 0
    back_most_s: float = 0.0
    ahead_most_s: float = 0.0

    def resume(self, replay_s: float, lost_s: float) -> None:
        """The next frames come over a new connection: up to `replay_s` of what was shown may come again, up
        to `lost_s` may be missing.
        """
        self.back_most_s, self.ahead_most_s = replay_s, lost_s

    def __call__(self, raw_s: float, step_s: float) -> float | None:
        """The time of a frame whose container time is `raw_s`; None where it repeats what was shown.
        `step_s`: a usual step.
        """
        if self.origin_s is None or self.last_s is None:
            self.origin_s, self.last_s = raw_s, 0.0
            return 0.0
        time_s = raw_s - self.origin_s + self.shift_s
        back_s = self.last_s - time_s
        if 0 <= back_s <= max(self.options.overlap_s, self.back_most_s):
            self.dropped += 1
            return None
        if back_s > 0 or (self.restarts and -back_s > max(self.options.gap_s, self.ahead_most_s)):
            self.shift_s += self.last_s + step_s - time_s
            self.jumps += 1
            time_s = self.last_s + step_s
        self.last_s, self.back_most_s, self.ahead_most_s = time_s, 0.0, 0.0
        return time_s
