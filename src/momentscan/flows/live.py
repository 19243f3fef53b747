"""Watching what is still coming: moments that are provisional, then final; at the end the same folder as of a
scan.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentscan.assembly import build_perceivers, log_key, open_models
from momentscan.disk import LogWriter, read_log, write_json
from momentscan.disk.live import LiveLog
from momentscan.disk.results import ms
from momentscan.errors import Cancelled
from momentscan.flows.folders import RUN, Outcome, alone, folder_for, outcome_of
from momentscan.flows.judging import engines_of, judge_all, sampling_of, scorer_of, tell
from momentscan.flows.watching import new_run
from momentscan.knobs import with_knobs
from momentscan.media.live import Feed, LiveOptions, Note, open_live
from momentscan.models.chosen_models import Models
from momentscan.perceive import Evicting, Perceiver, Snapshotting, calibrations_of, process_batches
from momentscan.progress import Progress, Step, silent
from momentscan.score.finalization import Change, FinalizationOptions, Finalizer
from momentscan.settings import Settings
from momentscan.signals.gaps import Gap, columns_of
from momentscan.signals.sliding import Sliding
from momentscan.stopping import answered, held_back
from momentscan.values import Batch, Columns, Moment, Window

STOPPED = "stopped by the user"


@dataclass(frozen=True)
class Event:
    """Something that happened while watching, when `at_s` of the feed had been seen. `told`: plain values.

    started; provisional, moved, withdrawn, hardened (a moment); stall, flowing, lost, reconnect, gap (the
    feed); ended, which comes last.
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
            what = f"{told['engine']} #{told['id']} {span}, peak {told['peak_ms'] / 1000:.1f} s, score {told['score']:.3f}: {told['why']}"
        else:
            what = str(told.get("why") or told.get("folder", ""))
        return f"{self.at_s:9.1f} s  {self.kind:<11}  {what}"


def unheard(event: Event) -> None:
    """For those who do not listen."""


def watch(
    source: str,
    settings: Settings,
    on_event: Callable[[Event], None] = unheard,
    on_progress: Progress = silent,
    most_s: float | None = None,
) -> Outcome:
    """Watches a growing file, a pipe (`-`, or the path of a FIFO) or an address until it ends, is stopped, or
    `most_s` of it were seen.

    A stop (Ctrl-C) is a clean end like any other: what was seen until then is kept and judged as a scan
    would. One that comes while that is done breaks it off, and then nothing looks complete. Raises
    UnreadableInput, OutputError, MissingModel, UsageError or Cancelled.
    """
    started = time.perf_counter()
    engines = engines_of(settings)
    following = with_knobs(LiveOptions, settings.live)
    hardening = with_knobs(FinalizationOptions, settings.hardening)
    models = open_models(settings)
    perceivers = build_perceivers(settings, models)
    scorers = {engine: scorer_of(engine, settings) for engine in engines}
    with open_live(source, following, most_s=math.inf if most_s is None else most_s) as feed:
        items = feed.batches(sampling_of(settings), max(p.short_side_px for p in perceivers))
        early = _until_first(items)
        assert feed.info is not None, "a batch has come"
        token = hashlib.sha256(f"{source} {time.time_ns()}".encode()).hexdigest()
        folder = folder_for(Path(f"{feed.info.video_id}_live.feed"), token, settings.output)
        with alone(folder):
            with LiveLog(folder) as told:
                session = _Session(feed, perceivers, scorers, hardening, told, on_event)
                session.tell("started", source=feed.name, folder=str(folder))
                key = log_key(token, perceivers, models, settings)
                _watch(session, [*early], items, folder, key, on_progress)
            return _conclude(session, folder, key, settings, models, started, on_progress)


def _until_first(items: Iterator[Batch | Note]) -> list[Batch | Note]:
    """What comes up to the first batch, so that a feed without a picture leaves nothing behind."""
    early: list[Batch | Note] = []
    for item in items:
        early.append(item)
        if isinstance(item, Batch):
            break
    return early


def _watch(
    session: _Session,
    early: list[Batch | Note],
    items: Iterator[Batch | Note],
    folder: Path,
    key: str,
    on_progress: Progress,
) -> None:
    log = LogWriter(folder / "signals")
    try:
        for done_s, made in process_batches(session.shown(early, items), session.perceivers):
            log.add(done_s, made)
            log.add(done_s, session.take(done_s, made))
            on_progress(Step("watching", done_s, None))
        session.finish()
        if session.gaps:
            log.add(session.seen_s, {"live": columns_of(session.gaps)})
        video = dataclasses.replace(session.feed.found(session.seen_s), video_id=folder.name)
        made_by = {name: version for p in session.perceivers for name, version in p.made_by.items()}
        log.close(video, key, made_by, calibrations_of(session.perceivers))
    except BaseException:
        log.abandon()
        raise


def _conclude(
    session: _Session,
    folder: Path,
    key: str,
    settings: Settings,
    models: Models,
    started: float,
    on_progress: Progress,
) -> Outcome:
    """The folder as a scan of the whole would leave it, but that the packs are left to `pack`."""
    signals = read_log(folder / "signals")
    sought = Path(signals.video.path).is_file()
    run = new_run(signals, settings, models, key)
    if settings.stills and not sought:
        run["warnings"].append("no stills: nobody can seek in a feed; record it, and scan the recording")
    run["live"] = session.summary()
    timings: dict[str, float] = {"watching": time.perf_counter() - started}
    kept = settings if sought else settings.model_copy(update={"stills": False})
    judged = judge_all(signals, folder, session.scorers, kept, run, timings, on_progress)
    tell(signals, folder, judged, run)
    run["timings_s"] = {name: round(seconds, 3) for name, seconds in timings.items()} | {
        "total": round(time.perf_counter() - started, 3)
    }
    run["x_realtime"] = None
    write_json(folder / RUN, run)
    return outcome_of(run, folder, run["status"])


class _Session:
    """One feed being watched: the window that is judged, what is still provisional, and what was told."""

    def __init__(
        self,
        feed: Feed,
        perceivers: Sequence[Perceiver],
        scorers: Mapping[str, Any],
        hardening: FinalizationOptions,
        log: LiveLog,
        on_event: Callable[[Event], None],
    ) -> None:
        self.feed, self.perceivers, self.scorers = feed, perceivers, scorers
        self.gaps: list[Gap] = []
        self.seen_s = 0.0
        self._why = ""
        self._log, self._on_event = log, on_event
        self._hop_s = hardening.hop_s
        self._judged_s = 0.0
        self._window = Sliding(hardening.window_s)
        self._hardeners = {engine: Finalizer(hardening) for engine in scorers}
        self._hardened = dict.fromkeys(scorers, 0)
        self._made_by = {name: version for p in perceivers for name, version in p.made_by.items()}
        self._calibrations = calibrations_of(perceivers)
        self._tellers = [p for p in perceivers if isinstance(p, Snapshotting)]
        self._whole = {name for teller in self._tellers for name in teller.snapshot()}

    def tell(self, kind: str, **told: Any) -> None:
        """To the log and to whoever listens."""
        event = Event(kind, self.seen_s, told)
        self._log.add(event.to_json())
        self._on_event(event)

    def shown(self, early: list[Batch | Note], items: Iterator[Batch | Note]) -> Iterator[Batch]:
        """The batches; notes are told. A stop comes between two batches, never within one, and ends the feed."""
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
            self.tell("gap", start_ms=ms(item.start_s), end_ms=end_ms, why=item.text)
        elif item.kind == "ended":
            self._why = item.text
        else:
            self.tell(item.kind, why=item.text)

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
        for engine, hardener in self._hardeners.items():
            self._tell(engine, hardener.finish())
        self.tell("ended", why=self._why)

    def summary(self) -> dict[str, Any]:
        """For run.json."""
        gaps = [
            {"start_s": g.start_s, "end_s": g.end_s if g.known else None, "reason": g.reason}
            for g in self.gaps
        ]
        return {"source": self.feed.name, "ended": self._why, "hardened": dict(self._hardened), "gaps": gaps}

    def _judge(self) -> None:
        self._judged_s = self.seen_s
        whole: Columns = {}
        for teller in self._tellers:
            whole |= teller.snapshot()
        assert self.feed.info is not None, "a batch has come"
        signals = self._window.signals(self.feed.info, whole, self._made_by, self._calibrations)
        for engine, scorer in self.scorers.items():
            moments = [_later(m, self._window.start_s) for m in scorer.judge(signals).moments]
            self._tell(engine, self._hardeners[engine].step(self.seen_s, moments))

    def _tell(self, engine: str, changes: Iterator[Change]) -> None:
        for change in changes:
            self._hardened[engine] += change.kind == "hardened"
            window, moment = change.moment.window, change.moment
            span = {"start_ms": ms(window.start_s), "end_ms": ms(window.end_s), "peak_ms": ms(window.peak_s)}
            self.tell(
                change.kind,
                id=change.number,
                engine=engine,
                **span,
                score=round(moment.score, 6),
                why=moment.why,
            )


def _later(moment: Moment, by_s: float) -> Moment:
    """The same moment on the feed's clock rather than the window's."""
    w = moment.window
    return dataclasses.replace(moment, window=Window(w.start_s + by_s, w.end_s + by_s, w.peak_s + by_s))
