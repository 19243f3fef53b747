"""pack: identity packs again from the log."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

from momentscan.assembly.engines import StillChoice, scorer_as_before
from momentscan.assembly.models import open_models
from momentscan.disk.folder import VideoFolder
from momentscan.errors import MissingModel
from momentscan.flows.outcome import Outcome, outcome_of
from momentscan.judgement import judge_all, write_report
from momentscan.packs import PackChoice, make_packs
from momentscan.progress import Progress, silent
from momentscan.settings import Settings


def pack(path: Path, settings: Settings, on_progress: Progress = silent) -> Outcome:
    """The video is needed for images that were not cut before, and then the detector.

    Raises UnreadableInput where there is no log, MissingModel where images must be cut and no detector is
    here.
    """
    packing, choice = PackChoice.of(settings), StillChoice.of(settings)
    _ = VideoFolder(path).signals  # what is no scanned video is told before models are opened
    models = open_models(settings)
    with VideoFolder.open(path) as folder:
        run = folder.run
        if models.detector is None and folder.signals.rows("faces.time_s"):
            raise MissingModel(
                f"{path}: no face detector is here to look at the crops again; `momentscan models pull "
                "faces`, "
                "or --models"
            )
        began = time.perf_counter()
        run = dataclasses.replace(run, packs=None, pack_knobs=None)
        folder.commit(run)  # a kill from here on must not leave new packs under the old word
        scorers = {
            name: scorer_as_before(name, engine, path, settings) for name, engine in run.engines.items()
        }
        judged, run = judge_all(folder, scorers, choice, run, settings.stills, {}, on_progress)
        run = make_packs(folder, judged.windows, models, packing, run, on_progress)
        write_report(folder, judged, run)
        run = dataclasses.replace(run, pack_s=round(time.perf_counter() - began, 3))
        folder.commit(run)
    return outcome_of(folder, run)
