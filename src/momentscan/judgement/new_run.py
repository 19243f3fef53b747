"""run.json at its beginning, and whether it tells that this very work was done before."""

from __future__ import annotations

from collections.abc import Sequence

from momentscan import __version__
from momentscan.assembly.engines import StillChoice, build_scorer, models_within, same_knobs
from momentscan.disk.folder import VideoFolder
from momentscan.disk.stills import kept_stills
from momentscan.models.chosen_models import Models
from momentscan.records.run import EngineRun, Run
from momentscan.settings import Settings
from momentscan.signals import Signals


def new_run(signals: Signals, settings: Settings, models: Models, key: str) -> Run:
    """What is known of a video before anything judged it."""
    video = signals.video
    return Run(
        version=__version__,
        status="partial" if video.partial else "done",
        key=key,
        video=video,
        partial=video.partial,
        problems=video.problems,
        settings=settings.to_json(),
        models=tuple(models.rows()),
        engines={},
        people=(),
        packs=None,
        pairs=0,
        comparisons=(),
        warnings=tuple(models.missing(settings, sound=video.audio_codec is not None)),
    )


def finished(folder: VideoFolder, key: str, engines: Sequence[str], settings: Settings) -> Run | None:
    """run.json, which is written last, if this very work was finished and is all still there."""
    run = folder.run_or_none()
    if run is None or run.key != key or not folder.is_scanned or not folder.report.is_file():
        return None
    same = all(_same(folder, engine, run.engines.get(engine), settings) for engine in engines)
    return run if same else None


def _same(folder: VideoFolder, engine: str, known: EngineRun | None, settings: Settings) -> bool:
    scorer = build_scorer(engine, settings)
    if known is None or not same_knobs(known.knobs, scorer) or known.models != models_within(scorer):
        return False
    place = folder.engine(engine)
    there = set(kept_stills(place)) >= set(known.stills) and (place / "windows.json").is_file()
    cut = bool(known.stills) or not settings.stills or not known.picked
    return dict(known.picks) == StillChoice.of(settings).knobs() and there and cut
