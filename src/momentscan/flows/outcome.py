"""What became of one video, as every door tells it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from momentscan.disk.folder import VideoFolder
from momentscan.records.clips import CutRow
from momentscan.records.plain import plain
from momentscan.records.run import PackRun, Run


@dataclass(frozen=True)
class EngineOutcome:
    """How many moments an engine found and, if none, why."""

    moments: int
    reason: str | None


@dataclass(frozen=True)
class Outcome:
    """`status`: done, partial, unchanged. `x_realtime`: seconds of video per second of the scan, None where none was done."""

    video: str
    video_id: str
    folder: str
    status: str
    duration_s: float
    engines: Mapping[str, EngineOutcome] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    x_realtime: float | None = None
    packs: tuple[PackRun, ...] = ()
    clips: tuple[CutRow, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As every door tells it."""
        return {**plain(self), "clips": [cut.to_json() for cut in self.clips]}


def outcome_of(
    folder: VideoFolder,
    run: Run,
    status: str | None = None,
    clips: Iterable[CutRow] = (),
    engines: Collection[str] | None = None,
) -> Outcome:
    """What run.json says of a video; `engines` where only some were asked."""
    asked = {n: e for n, e in run.engines.items() if engines is None or n in engines}
    return Outcome(
        video=run.video.path,
        video_id=folder.video_id,
        folder=str(folder.path),
        status=status or run.status,
        duration_s=run.video.duration_s,
        engines={name: EngineOutcome(e.moments, e.reason) for name, e in asked.items()},
        problems=run.problems,
        warnings=run.warnings,
        x_realtime=run.x_realtime,
        packs=run.packs or (),
        clips=tuple(clips),
    )
