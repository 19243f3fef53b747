"""From a video to its log: one pass with every perceiver for which there is a model."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from momentscan import __version__, registry
from momentscan.assembly import build_perceivers, log_key, open_models
from momentscan.disk import LogWriter, manifest_of, read_log, write_json
from momentscan.disk.files import remove
from momentscan.disk.packs import PACKS
from momentscan.errors import UsageError
from momentscan.flows.folders import RUN, Outcome, alone, folder_for, outcome_of
from momentscan.flows.judging import engines_of, finished, judge_all, sampling_of, scorer_of, tell
from momentscan.flows.packing import choosing_of, make_packs, packed
from momentscan.media import open_video
from momentscan.media.clip import sha256_of
from momentscan.media.prefetch import prefetched
from momentscan.media.subtitles import transcript_of
from momentscan.models.chosen_models import Models
from momentscan.perceive import Perceiver, calibrations_of, process_batches
from momentscan.progress import Progress, Step, silent
from momentscan.settings import Settings
from momentscan.signals import Signals
from momentscan.signals.forgotten import forgotten_spans
from momentscan.values import Batch, Columns


def scan(video: Path, settings: Settings, force: bool = False, on_progress: Progress = silent) -> Outcome:
    """Watches a video once, logs what was seen, judges it with every engine asked for. Nothing is left that
    looks complete unless it is.

    Raises UnreadableInput, OutputError, MissingModel, UsageError or Cancelled.
    """
    started = time.perf_counter()
    engines, choosing = engines_of(settings), choosing_of(settings)
    models = open_models(settings)
    with ExitStack() as stack:
        opened = stack.enter_context(open_video(video))
        transcript = transcript_of(video, settings.transcript)
        perceivers = build_perceivers(settings, models, transcript=transcript)
        sha256 = sha256_of(video, on_progress=on_progress)
        folder = folder_for(video, sha256, settings.output)
        key = log_key(sha256, perceivers, models, settings, transcript)
        timings: dict[str, float] = {"open": time.perf_counter() - started}
        with alone(folder):
            before = None if force else finished(folder, key, engines, settings)
            before = before if before is not None and packed(before, folder, choosing, settings) else None
            if before is not None:
                return outcome_of(before, folder, "unchanged")
            manifest = manifest_of(folder / "signals")
            watched = force or manifest is None or manifest["key"] != key
            if (
                watched
                and not force
                and manifest is not None
                and forgotten_spans(read_log(folder / "signals"))
            ):
                raise UsageError(
                    f"{folder}: somebody in this video was forgotten, and this version, its models or its "
                    "settings are others than before: "
                    "watching it again would find them again; scan with --force if that is wanted"
                )
            (folder / RUN).unlink(missing_ok=True)
            if watched:
                _write_log(opened, sha256, folder, key, settings, perceivers, timings, on_progress)
                for engine in registry.names("scorers"):  # stills of another log are not kept
                    remove(folder / f"highlight_{engine}")
                remove(folder / PACKS)
            stack.close()
            signals = read_log(folder / "signals")
            run = new_run(signals, settings, models, key)
            scorers = {engine: scorer_of(engine, settings) for engine in engines}
            judged = judge_all(signals, folder, scorers, settings, run, timings, on_progress)
            if settings.identity:
                began = time.perf_counter()
                make_packs(signals, folder, judged.windows, models, choosing, run, on_progress)
                timings["packs"] = time.perf_counter() - began
            tell(signals, folder, judged, run)
            elapsed = time.perf_counter() - started
            run["timings_s"] = {name: round(seconds, 3) for name, seconds in timings.items()} | {
                "total": round(elapsed, 3)
            }
            run["x_realtime"] = round(signals.video.duration_s / elapsed, 2) if watched else None
            write_json(folder / RUN, run)
    return outcome_of(run, folder, run["status"])


def _write_log(
    opened: Any,
    sha256: str,
    folder: Path,
    key: str,
    settings: Settings,
    built: Sequence[Perceiver],
    timings: dict[str, float],
    on_progress: Progress,
) -> None:
    perceivers = [_Timed(p, timings) for p in built]
    sampling = sampling_of(settings)
    total_s = opened.info.declared_s
    log = LogWriter(folder / "signals")
    try:
        with prefetched(opened.batches(sampling, max(p.short_side_px for p in perceivers))) as batches:
            for done_s, made in process_batches(
                _timed(batches, "waiting for the decoder", timings), perceivers
            ):
                log.add(done_s, made)
                on_progress(Step("watching", done_s, max(total_s, done_s) if total_s else None))
        problems = (*opened.info.problems, *(line for p in perceivers for line in p.problems))
        video = dataclasses.replace(opened.info, sha256=sha256, video_id=folder.name, problems=problems)
        made_by = {name: version for p in perceivers for name, version in p.made_by.items()}
        log.close(video, key, made_by, calibrations_of(perceivers))
    except BaseException:
        log.abandon()
        raise


def new_run(signals: Signals, settings: Settings, models: Models, key: str) -> dict[str, Any]:
    video = signals.video
    return {
        "version": __version__,
        "status": "partial" if video.partial else "done",
        "key": key,
        "video": dataclasses.asdict(video),
        "partial": video.partial,
        "problems": list(video.problems),
        "settings": settings.model_dump(mode="json"),
        "models": models.rows(),
        "engines": {},
        "people": [],
        "packs": None,
        "pairs": 0,
        "comparisons": [],
        "warnings": models.missing(settings, sound=video.audio_codec is not None),
    }


def _timed(batches: Iterator[Batch], stage: str, timings: dict[str, float]) -> Iterator[Batch]:
    while True:
        began = time.perf_counter()
        batch = next(batches, None)
        timings[stage] = timings.get(stage, 0.0) + time.perf_counter() - began
        if batch is None:
            return
        yield batch


class _Timed:
    """A perceiver whose time is counted under `perceive.{name}`."""

    def __init__(self, perceiver: Perceiver, timings: dict[str, float]) -> None:
        self._perceiver = perceiver
        self._timings = timings
        self.name, self.version = perceiver.name, perceiver.version
        self.needs, self.writes = perceiver.needs, perceiver.writes
        self.short_side_px, self.made_by = perceiver.short_side_px, perceiver.made_by
        self.calibrations = calibrations_of([perceiver])

    def process(self, batch: Batch, seen: Columns) -> Columns:
        began = time.perf_counter()
        columns = self._perceiver.process(batch, seen)
        stage = f"perceive.{self.name}"
        self._timings[stage] = self._timings.get(stage, 0.0) + time.perf_counter() - began
        return columns

    def finish(self) -> Columns:
        return self._perceiver.finish()

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(getattr(self._perceiver, "problems", ()))
