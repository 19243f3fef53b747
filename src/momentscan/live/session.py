"""One feed being watched: the window that is judged, what is still provisional, and what was told."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from momentscan.assembly.one_pass import made_by
from momentscan.disk.live import LiveLog
from momentscan.disk.windows import ms
from momentscan.errors import Cancelled
from momentscan.live.events import Event
from momentscan.media.feed import Feed
from momentscan.media.live_options import Note
from momentscan.perceive import Evicting, Perceiver, Snapshotting, calibrations_of
from momentscan.records.live import FeedEvent, LiveGap, LiveLine, LiveMoment, LiveNote, MomentEvent
from momentscan.records.run import GapRun, LiveRun
from momentscan.score import Scorer
from momentscan.score.finalization import Change, FinalizationOptions, Finalizer
from momentscan.signals.gaps import Gap
from momentscan.signals.sliding_window import Sliding
from momentscan.stopping import answered, held_back
from momentscan.values import Batch, Columns, Moment, Window

STOPPED = "stopped by the user"


class LiveSession:
    """One feed being watched: the window that is judged, what is still provisional, and what was told."""

    def __init__(
        self,
        feed: Feed,
        perceivers: Sequence[Perceiver],
        scorers: Mapping[str, Scorer],
        finalization: FinalizationOptions,
        log: LiveLog,
        on_event: Callable[[Event], None],
    ) -> None:
        self.feed, self.perceivers, self.scorers = feed, perceivers, scorers
        self.gaps: list[Gap] = []
        self.seen_s = 0.0
        self._why = ""
        self._log, self._on_event = log, on_event
        self._hop_s = finalization.hop_s
        self._judged_s = 0.0
        self._window = Sliding(finalization.window_s)
        self._finalizers = {engine: Finalizer(finalization) for engine in scorers}
        self._hardened = dict.fromkeys(scorers, 0)
        self._made_by = made_by(perceivers)
        self._calibrations = calibrations_of(perceivers)
        self._tellers = [p for p in perceivers if isinstance(p, Snapshotting)]
        self._whole = {name for teller in self._tellers for name in teller.snapshot()}

    @property
    def seen_ms(self) -> float:
        """How much of the feed was seen, as events say it."""
        return ms(self.seen_s)

    def tell(self, line: LiveLine) -> None:
        """To the log and to whoever listens."""
        self._log.add(line)
        self._on_event(Event(line))

    def shown(self, early: list[Batch | Note], items: Iterator[Batch | Note]) -> Iterator[Batch]:
        """The batches; notes are told. A stop comes between two batches, never within one, and ends the
        feed.
        """
        try:
            for item in itertools.chain(early, items):
                yield from self._one(item)
        except Cancelled:
            answered()
            self._why = STOPPED
            self.feed.stop()

    def _one(self, item: Batch | Note) -> Iterator[Batch]:
        if isinstance(item, Batch):
            with held_back():
                yield item
        elif item.kind == "gap":
            self.gaps.append(Gap(item.start_s, item.end_s, item.text))
            end_ms = ms(item.end_s) if math.isfinite(item.end_s) else None
            self.tell(LiveGap("gap", self.seen_ms, ms(item.start_s), end_ms, item.text))
        elif item.kind == "ended":
            self._why = item.text
        else:
            self.tell(LiveNote(cast(FeedEvent, item.kind), self.seen_ms, item.text))

    def take(self, done_s: float, made: Mapping[str, Columns]) -> dict[str, Columns]:
        """What was made of a batch; every hop the window is judged anew. Gives what perceivers hand over and
        forget: rows of the log.
        """
        columns = {name: rows for columns in made.values() for name, rows in columns.items()}
        over = any(name in columns for name in self._whole)
        self._window.add(
            self.seen_s, done_s, {name: rows for name, rows in columns.items() if name not in self._whole}
        )
        self.seen_s = done_s
        if over or done_s < self._judged_s + self._hop_s - 1e-6 or not len(columns.get("frames.time_s", ())):
            return {}  # the end, too soon, or nothing was shown: a gap is not judged second by second
        self._judge()
        return {p.name: p.evict(self._window.start_s) for p in self.perceivers if isinstance(p, Evicting)}

    def finish(self) -> None:
        """The last judgement: what is left hardens, and the end is told."""
        self._judge()
        for engine, finalizer in self._finalizers.items():
            self._tell(engine, finalizer.finish())
        self.tell(LiveNote("ended", self.seen_ms, self._why))

    def summary(self) -> LiveRun:
        """For run.json."""
        gaps = tuple(GapRun(g.start_s, g.end_s if g.known else None, g.reason) for g in self.gaps)
        return LiveRun(self.feed.name, self._why, dict(self._hardened), gaps)

    def _judge(self) -> None:
        self._judged_s = self.seen_s
        whole: Columns = {}
        for teller in self._tellers:
            whole |= teller.snapshot()
        assert self.feed.info is not None, "a batch has come"
        signals = self._window.signals(self.feed.info, whole, self._made_by, self._calibrations)
        for engine, scorer in self.scorers.items():
            moments = [_later(m, self._window.start_s) for m in scorer.judge(signals).moments]
            self._tell(engine, self._finalizers[engine].step(self.seen_s, moments))

    def _tell(self, engine: str, changes: Iterator[Change]) -> None:
        for change in changes:
            self._hardened[engine] += change.kind == "hardened"
            self.tell(_moment_line(self.seen_ms, engine, change))


def _moment_line(seen_ms: float, engine: str, change: Change) -> LiveMoment:
    moment, window = change.moment, change.moment.window
    return LiveMoment(
        event=cast(MomentEvent, change.kind),
        at_ms=seen_ms,
        id=change.number,
        engine=engine,
        start_ms=ms(window.start_s),
        end_ms=ms(window.end_s),
        peak_ms=ms(window.peak_s),
        score=round(moment.score, 6),
        why=moment.why,
    )


def _later(moment: Moment, by_s: float) -> Moment:
    """The same moment on the feed's clock rather than the window's."""
    w = moment.window
    return dataclasses.replace(moment, window=Window(w.start_s + by_s, w.end_s + by_s, w.peak_s + by_s))
