"""compare: two engines side by side on the same videos, from what they wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from momentscan import registry
from momentscan.disk.folder import VideoFolder
from momentscan.disk.windows import read_engine
from momentscan.errors import UsageError
from momentscan.records.plain import Json
from momentscan.records.run import ComparisonRun
from momentscan.score.compare import Side, Summary, compare, summary


@dataclass(frozen=True)
class VideoComparison:
    """One video's."""

    video_id: str
    comparison: ComparisonRun


@dataclass(frozen=True)
class Compared:
    """Video by video, and over all of them."""

    videos: tuple[VideoComparison, ...]
    summary: Summary

    def to_json(self) -> Json:
        """{"videos": [...], "summary": {...}}."""
        videos = [{"video_id": v.video_id, **vars(v.comparison)} for v in self.videos]
        return {"videos": videos, "summary": self.summary.to_json()}


def compare_engines(paths: Sequence[Path], a: str, b: str) -> Compared:
    """Raises UsageError where an engine has not judged a video, or there is no such engine."""
    known = registry.names("scorers")
    if not paths:
        raise UsageError("compare wants at least one scanned video, got none")
    if a == b:
        raise UsageError(f"compare wants two engines, got {a} twice; there are {', '.join(known)}")
    for engine in (a, b):
        if engine not in known:
            raise UsageError(f"there is no engine {engine!r}; there are {', '.join(known)}")
    told = [compare(_side(VideoFolder(path), a), _side(VideoFolder(path), b)) for path in paths]
    videos = tuple(VideoComparison(path.name, row) for path, row in zip(paths, told, strict=True))
    return Compared(videos, summary(told))


def _side(folder: VideoFolder, engine: str) -> Side:
    found = read_engine(folder.engine(engine))
    if found is None:
        raise UsageError(
            f"{folder.path}: was not judged by {engine}; momentscan find {folder.path} --engine {engine}"
        )
    time_s, value = np.asarray(found.time_s, np.float64), np.asarray(found.value, np.float64)
    return Side(engine, found.windows, found.scores, found.qualities, time_s, value)
