"""The one pass: batches of a video to every perceiver, and what they make of them to the log."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from momentscan.assembly.log_key import log_key
from momentscan.assembly.models import open_models
from momentscan.assembly.perceivers import build_perceivers
from momentscan.disk import LogWriter
from momentscan.disk.folder import VideoFolder
from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.media.prefetch import prefetched
from momentscan.media.source_file import sha256_of
from momentscan.media.transcripts import transcript_of
from momentscan.media.video import Video
from momentscan.models.chosen_models import Models
from momentscan.perceive import Perceiver, calibrations_of, process_batches
from momentscan.progress import Progress, Step
from momentscan.settings import Settings
from momentscan.values import Batch, Columns, VideoInfo


@dataclass(frozen=True)
class Pass:
    """A video that is open and about to be watched: its hash, who looks at it, and the key of the log that
    comes of it.
    """

    video: Video
    sha256: str
    key: str
    models: Models
    perceivers: Sequence[Perceiver]
    sampling: SamplingOptions

    def write(self, folder: VideoFolder, timings: dict[str, float], on_progress: Progress) -> None:
        """The log, whole or not at all. `timings` gets the seconds of each perceiver and of waiting for the
        decoder.
        """
        log = LogWriter(folder.log)
        try:
            info = self._watched(log, timings, on_progress)
            log.close(
                dataclasses.replace(info, sha256=self.sha256, video_id=folder.video_id),
                self.key,
                made_by(self.perceivers),
                calibrations_of(self.perceivers),
            )
        except BaseException:
            log.abandon()
            raise
        folder.forget_read()

    def _watched(self, log: LogWriter, timings: dict[str, float], on_progress: Progress) -> VideoInfo:
        """Every batch to every perceiver, and what they make of it to the log: what is known of the video
        then.
        """
        timed = [_Timed(p, timings) for p in self.perceivers]
        total_s = self.video.info.declared_s
        short_side_px = max(p.short_side_px for p in self.perceivers)
        with prefetched(self.video.batches(self.sampling, short_side_px)) as batches:
            waited = _timed(batches, "waiting for the decoder", timings)
            for done_s, made in process_batches(waited, timed):
                log.add(done_s, made)
                on_progress(Step("watching", done_s, max(total_s, done_s) if total_s else None))
        problems = (*self.video.info.problems, *(line for p in timed for line in p.problems))
        return dataclasses.replace(self.video.info, problems=problems)


@contextmanager
def open_pass(path: Path, settings: Settings, on_progress: Progress) -> Iterator[Pass]:
    """Opens models, video and transcript, and reads the video's hash.

    Raises UnreadableInput, MissingModel, UsageError or Cancelled.
    """
    models = open_models(settings)
    limits = settings.stage("limits")
    with open_video(path, limits, settings.stage("clock")) as video:
        options = settings.stage("transcripts")
        transcript = transcript_of(path, settings.transcript, options, limits)
        perceivers = build_perceivers(settings, models, transcript=transcript)
        sha256 = sha256_of(path, on_progress=on_progress)
        key = log_key(sha256, perceivers, models, settings, transcript)
        yield Pass(video, sha256, key, models, perceivers, settings.stage("sampling"))


def made_by(perceivers: Iterable[Perceiver]) -> dict[str, str]:
    """column -> version of the model that made it."""
    return {name: version for p in perceivers for name, version in p.made_by.items()}


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
