"""find: judges again from the signal log; the video is needed only for stills that were not cut before."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

from momentscan.assembly.engines import StillChoice, asked_engines, build_scorer, scorer_as_before
from momentscan.disk.folder import VideoFolder
from momentscan.flows.outcome import Outcome, outcome_of
from momentscan.judgement import judge_all, write_report
from momentscan.progress import Progress, silent
from momentscan.settings import Settings


def find(path: Path, settings: Settings, on_progress: Progress = silent) -> Outcome:
    """Judges by the engines asked for; those that judged before are judged as before, as the report shows
    them all.

    Raises UnreadableInput for what is no scanned video, UsageError, OutputError, Cancelled.
    """
    started = time.perf_counter()
    engines, choice = asked_engines(settings), StillChoice.of(settings)
    with VideoFolder.open(path) as folder:
        run = folder.run
        others = {
            n: scorer_as_before(n, e, path, settings) for n, e in run.engines.items() if n not in engines
        }
        scorers = others | {engine: build_scorer(engine, settings) for engine in engines}
        run = dataclasses.replace(run, engines={n: e for n, e in run.engines.items() if n not in engines})
        folder.commit(run)  # a kill from here on must not leave new moments under the old word
        judged, run = judge_all(folder, scorers, choice, run, settings.stills, {}, on_progress)
        write_report(folder, judged, run)
        run = dataclasses.replace(run, find_s=round(time.perf_counter() - started, 3))
        folder.commit(run)
    return outcome_of(folder, run)
