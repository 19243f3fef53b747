"""clip: cuts the moments of engines into clips that start and end where a person would cut."""

from __future__ import annotations

from pathlib import Path

from momentscan.assembly.engines import judged_engines, scorer_as_before
from momentscan.clips import ClipPlan, cut_engine
from momentscan.disk.folder import VideoFolder
from momentscan.flows.outcome import Outcome, outcome_of
from momentscan.media.source_file import same_source
from momentscan.progress import Progress, silent
from momentscan.records.clips import CutRow
from momentscan.settings import Settings


def clip(path: Path, settings: Settings, on_progress: Progress = silent) -> Outcome:
    """Into `clips/{engine}/`, of the engines asked for (all that have judged the video). The video is needed.

    Raises UnreadableInput where there is no log, or the video has moved or changed; UsageError, OutputError,
    Cancelled.
    """
    plan = ClipPlan.of(settings)
    with VideoFolder.open(path) as folder:
        run = folder.run
        engines = judged_engines(settings, run, path)
        same_source(folder.signals.video, plan.limits, on_progress)
        clips: list[CutRow] = []
        for engine in engines:
            scorer = scorer_as_before(engine, run.engines[engine], path, settings)
            clips += cut_engine(folder, engine, scorer, plan, on_progress)
    return outcome_of(folder, run, "done", clips, engines)
