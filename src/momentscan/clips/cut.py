"""The clips of one engine: what lies there already is taken over, the rest is cut, and the folder is put in
place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from momentscan.assembly.version_stamp import version_stamp
from momentscan.clips.choose import choose_clips
from momentscan.clips.cutter import ClipCutter
from momentscan.clips.plan import ClipPlan
from momentscan.disk.clips import LIST, choice_row, clips_folder, read_clips
from momentscan.disk.codec import encode
from momentscan.disk.files import remove, write_tree
from momentscan.disk.folder import VideoFolder
from momentscan.progress import Progress
from momentscan.records.clips import ClipList, CutRow
from momentscan.score import Scorer
from momentscan.values import Choice, Verdict


def cut_engine(
    folder: VideoFolder, engine: str, scorer: Scorer, plan: ClipPlan, on_progress: Progress
) -> list[CutRow]:
    """`clips/{engine}/` as a whole, from the moments of that engine: what was cut. The video is needed."""
    verdict = scorer.judge(folder.signals)
    choices = choose_clips(folder.signals, verdict, plan.align, plan.selection)
    delivered = [c for c in choices if c.rank is not None]
    target, before = clips_folder(folder.path, engine), read_clips(folder.path, engine)
    work = target.with_name(f".{engine}.cut")
    remove(work)
    try:
        cutter = ClipCutter(folder.signals, engine, target, work, plan, before, on_progress)
        clips = tuple(cutter.clip(choice, len(delivered)) for choice in delivered)
        reel = cutter.reel(delivered) if plan.reel and delivered else None
        listed = replace(_list(folder, engine, plan, verdict, choices), clips=clips, reel=reel)
        files = _others(target, before) | cutter.files
        write_tree(target, {LIST: encode(listed), **cutter.texts}, files)
    finally:
        remove(work)
    return [CutRow(engine, clip=c) for c in clips] + ([CutRow(engine, reel=reel)] if reel else [])


def _list(
    folder: VideoFolder, engine: str, plan: ClipPlan, verdict: Verdict, choices: Sequence[Choice]
) -> ClipList:
    """clips.json before anything was cut."""
    video, left_out = folder.signals.video, [c for c in choices if c.rank is None]
    return ClipList(
        video_id=video.video_id,
        sha256=video.sha256,
        engine=engine,
        reason=verdict.reason if len(left_out) == len(choices) else None,
        knobs=plan.knobs(),
        clips=(),
        reel=None,
        left_out=tuple(choice_row(c) for c in left_out),
        version_stamp=version_stamp(folder.signals),
    )


def _others(target: Path, before: ClipList | None) -> dict[str, Path]:
    """What somebody else put beside the clips: files that clips.json did not tell of, by their names in the
    folder.
    """
    ours = {LIST} | (before.files() if before is not None else set())
    found = {p.relative_to(target).as_posix(): p for p in sorted(target.rglob("*")) if p.is_file()}
    return {name: path for name, path in found.items() if name not in ours}
