"""scan: watches a video once, logs what was seen, judges it, builds identity packs."""

from __future__ import annotations

import dataclasses
import time
from contextlib import ExitStack
from pathlib import Path

from momentscan import registry
from momentscan.assembly.engines import StillChoice, asked_engines, build_scorer
from momentscan.assembly.one_pass import Pass, open_pass
from momentscan.disk.files import remove
from momentscan.disk.folder import VideoFolder
from momentscan.disk.log import manifest_of
from momentscan.errors import UsageError
from momentscan.flows.outcome import Outcome, outcome_of
from momentscan.judgement import judge_all, write_report
from momentscan.judgement.new_run import finished, new_run
from momentscan.packs import PackChoice, make_packs, same_packs
from momentscan.progress import Progress, silent
from momentscan.records.run import Run
from momentscan.settings import Settings
from momentscan.signals.forgotten import forgotten_spans


def scan(video: Path, settings: Settings, force: bool = False, on_progress: Progress = silent) -> Outcome:
    """Nothing is left that looks complete unless it is; the same work is not done twice but by `force`.

    Raises UnreadableInput, OutputError, MissingModel, UsageError or Cancelled.
    """
    started = time.perf_counter()
    engines, choice, packing = asked_engines(settings), StillChoice.of(settings), PackChoice.of(settings)
    with ExitStack() as stack:
        seen = stack.enter_context(open_pass(video, settings, on_progress))
        folder = VideoFolder.claim(settings.output, video, seen.sha256)
        timings: dict[str, float] = {"open": time.perf_counter() - started}
        with folder.locked():
            before = None if force else finished(folder, seen.key, engines, settings)
            if before is not None and same_packs(before, folder, packing, settings):
                return outcome_of(folder, before, "unchanged")
            watched = _is_due(folder, seen.key, force)
            folder.unmark()
            if watched:
                _process(seen, folder, timings, on_progress)
            stack.close()
            run = new_run(folder.signals, settings, seen.models, seen.key)
            scorers = {engine: build_scorer(engine, settings) for engine in engines}
            judged, run = judge_all(folder, scorers, choice, run, settings.stills, timings, on_progress)
            if settings.identity:
                began = time.perf_counter()
                run = make_packs(folder, judged.windows, seen.models, packing, run, on_progress)
                timings["packs"] = time.perf_counter() - began
            write_report(folder, judged, run)
            run = _timed(run, timings, time.perf_counter() - started, watched)
            folder.commit(run)
    return outcome_of(folder, run)


def _is_due(folder: VideoFolder, key: str, force: bool) -> bool:
    """Whether the video must be watched. Raises UsageError where that would find again who was forgotten."""
    manifest = manifest_of(folder.log)
    due = force or manifest is None or manifest.key != key
    if due and not force and manifest is not None and forgotten_spans(folder.signals):
        raise UsageError(
            f"{folder.path}: somebody in this video was forgotten, and this version, its models or its "
            "settings "
            "are others than before: watching it again would find them again; scan with --force if that "
            "is wanted"
        )
    return due


def _process(seen: Pass, folder: VideoFolder, timings: dict[str, float], on_progress: Progress) -> None:
    seen.write(folder, timings, on_progress)
    for engine in registry.names("scorers"):  # stills of another log are not kept
        remove(folder.engine(engine))
    remove(folder.packs)


def _timed(run: Run, timings: dict[str, float], elapsed_s: float, watched: bool) -> Run:
    seconds = {name: round(s, 3) for name, s in timings.items()} | {"total": round(elapsed_s, 3)}
    rate = round(run.video.duration_s / elapsed_s, 2) if watched else None
    return dataclasses.replace(run, timings_s=seconds, x_realtime=rate)
