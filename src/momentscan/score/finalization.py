"""When a moment of something that goes on is final: a pure state machine, from verdict after verdict to what
has changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from momentscan.knobs import Knob
from momentscan.score.compare import iou
from momentscan.values import Moment, Window


@dataclass(frozen=True)
class FinalizationOptions:
    """When a moment of a feed that goes on is final, and what it is judged by."""

    window_s: Annotated[
        float,
        Knob(
            "s",
            source="taste: what is usual is asked of the last three minutes, rounded up to whole ones; "
            "memory",
            low=30,
            high=3600,
        ),
    ] = 180.0
    hop_s: Annotated[float, Knob("s", source="taste: judged anew every second", low=0.2, high=10)] = 1.0
    delay_s: Annotated[
        float,
        Knob(
            "s",
            source="peaks are 3 s apart at least (highlight_vector §6), and a second for what is seen "
            "after them",
            low=0,
        ),
    ] = 4.0
    warm_up_s: Annotated[
        float,
        Knob(
            "s",
            source="of less nothing is usual, and what comes before hardens then: of 10 to 40 s best on "
            "planted videos",
            low=0,
        ),
    ] = 30.0
    same_s: Annotated[
        float, Knob("s", source="evaluation.md, protocol 1: peaks within 1 s are the same moment", low=0)
    ] = 1.0
    same_iou: Annotated[
        float, Knob("", source="evaluation.md, protocol 1: tIoU ≥ .3 is the same moment", low=0, high=1)
    ] = 0.3
    apart_s: Annotated[
        float, Knob("s", source="companions §2.2: at least 2.5 s apart, the least of the engines'", low=0)
    ] = 2.5


class Change(NamedTuple):
    """`kind`: provisional, moved, withdrawn or hardened; `number` is the moment's, for good."""

    kind: str
    number: int
    moment: Moment


class Finalizer:
    """Keeps what is provisional of one engine, and where it has hardened. What has hardened never changes.

    Only the feed's own time counts, so that the same feed gives the same moments however fast it arrives.
    """

    def __init__(self, hardening: FinalizationOptions = FinalizationOptions()) -> None:
        self._knobs = hardening
        self._open: dict[int, Moment] = {}
        self._hard: list[Window] = []
        self._count = 0
        self._before_s = -math.inf

    def step(self, now_s: float, moments: Sequence[Moment]) -> Iterator[Change]:
        """What changes when the feed was seen up to `now_s` and these are the moments found in it. `now_s`
        ascends.

        A moment that only comes up when it should have been final is too late and not told; one whose peak
        moves there stays as it was.
        """
        warm = self._before_s >= self._knobs.warm_up_s
        late_s = self._before_s - self._knobs.delay_s if warm else -math.inf
        known = dict(self._open)
        self._open = {}
        for moment in sorted(moments, key=lambda m: m.window.peak_s):
            if self._taken(moment.window):
                continue
            number = self._same(known, moment.window)
            late = moment.window.peak_s < late_s
            if number is not None:
                before = known[number]
                if late and self._taken(before.window):
                    continue
                self._open[number] = before if late else moment
                del known[number]
                if not late and before.window != moment.window:
                    yield Change("moved", number, moment)
            elif not late:
                self._open[self._count] = moment
                yield Change("provisional", self._count, moment)
                self._count += 1
        for number, moment in known.items():
            yield Change("withdrawn", number, moment)
        self._before_s = now_s
        yield from self._finalize(
            now_s - self._knobs.delay_s if now_s >= self._knobs.warm_up_s else -math.inf
        )

    def finish(self) -> Iterator[Change]:
        """At the end of the feed everything that is left hardens."""
        yield from self._finalize(math.inf)

    def _finalize(self, before_s: float) -> Iterator[Change]:
        ready = [number for number, m in self._open.items() if m.window.peak_s <= before_s]
        for number in ready:
            moment = self._open.pop(number)
            self._hard.append(moment.window)
            yield Change("hardened", number, moment)
        self._hard = [w for w in self._hard if w.end_s > self._before_s - self._knobs.window_s - 60.0]

    def _taken(self, window: Window) -> bool:
        """Whether a moment that has hardened is this one, or too near."""
        knobs = self._knobs
        return any(
            abs(w.peak_s - window.peak_s) < knobs.apart_s
            or w.start_s <= window.peak_s < w.end_s
            or iou(w, window) >= knobs.same_iou
            for w in self._hard
        )

    def _same(self, known: dict[int, Moment], window: Window) -> int | None:
        """The number of the provisional moment that this is, the nearest first."""
        knobs = self._knobs
        near = sorted((abs(m.window.peak_s - window.peak_s), number) for number, m in known.items())
        for apart_s, number in near:
            if apart_s <= knobs.same_s or iou(known[number].window, window) >= knobs.same_iou:
                return number
        return None
