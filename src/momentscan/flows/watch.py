"""watch: moments of what is still coming in; at the end the same folder as of a scan."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import time
from collections.abc import Callable
from pathlib import Path

from momentscan.assembly.engines import StillChoice, asked_engines, build_scorer
from momentscan.assembly.log_key import log_key
from momentscan.assembly.models import open_models
from momentscan.assembly.perceivers import build_perceivers
from momentscan.disk.folder import VideoFolder
from momentscan.disk.live import LiveLog
from momentscan.flows.outcome import Outcome, outcome_of
from momentscan.judgement import judge_all, write_report
from momentscan.judgement.new_run import new_run
from momentscan.live.events import Event, unheard
from momentscan.live.log import until_first, write_log
from momentscan.live.session import LiveSession
from momentscan.media.feed import open_live
from momentscan.progress import Progress, silent
from momentscan.records.live import LiveStarted
from momentscan.records.run import Run
from momentscan.settings import Settings


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
    scorers = {engine: build_scorer(engine, settings) for engine in asked_engines(settings)}
    finalization, choice = settings.stage("finalization"), StillChoice.of(settings)
    models = open_models(settings)
    perceivers = build_perceivers(settings, models)
    limits, clock = settings.stage("limits"), settings.stage("clock")
    until_s = math.inf if most_s is None else most_s
    with open_live(source, settings.stage("live"), limits, until_s, clock) as feed:
        items = feed.batches(settings.stage("sampling"), max(p.short_side_px for p in perceivers))
        early = until_first(items)
        assert feed.info is not None, "a batch has come"
        token = hashlib.sha256(f"{source} {time.time_ns()}".encode()).hexdigest()
        name = Path(f"{feed.info.video_id}_live.feed")
        folder = VideoFolder.claim(settings.output, name, token)
        key = log_key(token, perceivers, models, settings)
        with folder.locked():
            with LiveLog(folder.path) as told:
                session = LiveSession(feed, perceivers, scorers, finalization, told, on_event)
                session.tell(LiveStarted("started", session.seen_ms, feed.name, str(folder.path)))
                write_log(session, early, items, folder, key, on_progress)
            run = dataclasses.replace(new_run(folder.signals, settings, models, key), live=session.summary())
            run = _conclude(session, folder, settings, choice, run, started, on_progress)
    return outcome_of(folder, run)


def _conclude(
    session: LiveSession,
    folder: VideoFolder,
    settings: Settings,
    choice: StillChoice,
    run: Run,
    started: float,
    on_progress: Progress,
) -> Run:
    """The folder as a scan of the whole would leave it, but that the packs are left to `pack`."""
    sought = Path(folder.signals.video.path).is_file()
    if settings.stills and not sought:
        why = "no stills: nobody can seek in a feed; record it, and scan the recording"
        run = dataclasses.replace(run, warnings=(*run.warnings, why))
    timings: dict[str, float] = {"watching": time.perf_counter() - started}
    stills = settings.stills and sought
    judged, run = judge_all(folder, session.scorers, choice, run, stills, timings, on_progress)
    write_report(folder, judged, run)
    seconds = {name: round(s, 3) for name, s in timings.items()}
    total = round(time.perf_counter() - started, 3)
    run = dataclasses.replace(run, timings_s=seconds | {"total": total}, x_realtime=None)
    folder.commit(run)
    return run
