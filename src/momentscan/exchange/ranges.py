"""What is told of an engine's moments: the windows as it found them, or the clips that were cut of them."""

from __future__ import annotations

from momentscan.assembly.engines import judged_engines
from momentscan.disk.clips import read_clips
from momentscan.disk.folder import VideoFolder
from momentscan.disk.windows import read_windows
from momentscan.errors import UsageError
from momentscan.export.timeline import Range
from momentscan.registry import names
from momentscan.settings import Settings


def exported_engines(folder: VideoFolder, settings: Settings, clips: bool = False) -> list[str]:
    """The engines whose moments are asked for; of clips, where all are asked, those that some were cut of.

    Raises as `judged_engines`.
    """
    judged = judged_engines(settings, folder.run, folder.path)
    cut = [engine for engine in judged if read_clips(folder.path, engine) is not None]
    return cut if clips and cut and "all" in settings.engine.split(",") else judged


def ranges_of(folder: VideoFolder, engine: str, clips: bool = False) -> list[Range]:
    """By time: moments as the engine found them, or the clips that were cut of them, numbered by rank.

    Raises UsageError where it has not judged the video, or nothing was cut.
    """
    if engine not in names("scorers"):
        raise UsageError(f"there is no engine {engine!r}; there are {', '.join(names('scorers'))}")
    found = _clip_ranges(folder, engine) if clips else _window_ranges(folder, engine)
    return sorted(found, key=lambda r: (r.start_s, r.end_s, r.window_id))


def _window_ranges(folder: VideoFolder, engine: str) -> list[Range]:
    again = f"momentscan find {folder.path} --engine {engine}"
    windows = read_windows(folder.engine(engine), again)
    if windows is None:
        raise UsageError(f"{folder.path}: was not judged by {engine}; {again}")
    return [
        Range(w.window_id, w.start_ms / 1000, w.end_ms / 1000, w.peak_ms / 1000, w.score_rule, why=w.why)
        for w in windows
    ]


def _clip_ranges(folder: VideoFolder, engine: str) -> list[Range]:
    _window_ranges(folder, engine)  # an engine that has not judged is told so
    cut = read_clips(folder.path, engine)
    if cut is None:
        raise UsageError(
            f"{folder.path}: has no clips of {engine}; momentscan clip {folder.path} --engine {engine}"
        )
    return [
        Range(
            c.rank or 0,
            c.start_ms / 1000,
            c.end_ms / 1000,
            c.peak_ms / 1000,
            c.score,
            why=f"{c.kind}: {c.what}",
        )
        for c in cut.clips
    ]
