"""Cuts the clips and the reel of one engine into a working folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from momentscan.clips.choose import shows_forgotten
from momentscan.clips.naming import clip_key, clip_name, first_s
from momentscan.clips.plan import ClipPlan
from momentscan.disk.clips import choice_row
from momentscan.disk.windows import ms
from momentscan.export.subtitles import Cue, cues_between, format_cues, shifted
from momentscan.media.clip import ClipDone, ReelDone, cut_clip, cut_reel
from momentscan.media.framing import Framing
from momentscan.media.preview import preview
from momentscan.media.segments import Segment
from momentscan.media.source_file import sha256_of
from momentscan.progress import Progress, Step
from momentscan.records.clips import ChapterRow, ClipList, ClipRow, How, ReelRow
from momentscan.select.framing import View, aspect_of
from momentscan.signals import Signals
from momentscan.values import Aligned, Choice, VideoInfo

REEL = "reel"


class _Job(NamedTuple):
    """One clip to be cut."""

    choice: Choice
    name: str
    title: str
    framing: Framing | None
    of: int


class ClipCutter:
    """`files` name -> where each lies, `texts` name -> bytes: what `write_tree` puts in place.

    `target`: where clips of before lie, `before`: their list; `work`: where new ones are cut.
    """

    def __init__(
        self,
        signals: Signals,
        engine: str,
        target: Path,
        work: Path,
        plan: ClipPlan,
        before: ClipList | None,
        on_progress: Progress,
    ) -> None:
        self._signals, self._engine, self._target, self._work = signals, engine, target, work
        self._plan, self._on_progress = plan, on_progress
        self._before = {c.key: c for c in before.clips} if before is not None else {}
        self._framings: dict[int, Framing | None] = {}
        self.files: dict[str, Path] = {}
        self.texts: dict[str, bytes] = {}

    @property
    def _video(self) -> VideoInfo:
        return self._signals.video

    def clip(self, choice: Choice, of: int) -> ClipRow:
        """Cuts one clip of so many, or takes it over from before: its row in clips.json."""
        rank, clip = choice.rank or 0, choice.clip
        view, framing = self._framed(clip)
        self._framings[rank] = framing
        title = f"{self._video.video_id} {rank}: {choice.kind}"
        job = _Job(choice, clip_name(rank, choice.kind, clip.start_s), title, framing, of)
        key = clip_key(self._video, clip, self._plan, view, title)
        row = self._kept(key, job.name) or self._cut(job)
        cues: Sequence[Cue] = ()
        if self._plan.subtitles:
            cues = cues_between(self._signals, row.cut_start_ms / 1000, row.cut_end_ms / 1000)
        return replace(
            row,
            **vars(choice_row(choice)),
            key=key,
            subtitles=self._subtitled(job.name, cues),
            follows=view.who if view is not None else None,
        )

    def reel(self, delivered: Sequence[Choice]) -> ReelRow:
        """All clips in the order of time, each a chapter; what two of them share is shown once."""
        in_time = sorted(delivered, key=lambda c: (c.clip.start_s, c.clip.end_s))
        ends_s = [0.0, *(c.clip.end_s for c in in_time)]
        segments = [self._segment(c, before_s) for c, before_s in zip(in_time, ends_s, strict=False)]
        self._work.mkdir(parents=True, exist_ok=True)
        to, encoding, title = self._work / f"{REEL}.mp4", self._plan.encoding, self._video.video_id
        tell = self._telling(f"{self._engine}: reel")
        reading = self._reading(tell)
        done = cut_reel(segments, to, encoding, title, **reading)
        self.files[done.path.name] = done.path
        return self._reel_row(done, in_time)

    # ---- one clip ----

    def _framed(self, clip: Aligned) -> tuple[View | None, Framing | None]:
        if self._plan.aspect is None:
            return None, None
        view = self._plan.follow(
            self._signals, clip.start_s, clip.end_s, aspect_of(self._plan.aspect), self._plan.people
        )
        if view is None:
            return None, None
        size = (_even(view.width * self._video.width_px), _even(view.height * self._video.height_px))
        return view, Framing(view.time_s, view.centre_x, view.centre_y, view.width, view.height, size)

    def _kept(self, key: str, name: str) -> ClipRow | None:
        """The row of the very same clip that lies there already; its files are taken over under their new
        names.
        """
        before = self._before.get(key)
        if before is None:
            return None
        there = {"file": self._target / before.file}
        if before.preview:
            there["preview"] = self._target / before.preview
        if not all(p.is_file() and sha256_of(p) == before.sha256.get(part) for part, p in there.items()):
            return None
        names = {part: name + path.suffix for part, path in there.items()}
        self.files |= {names[part]: path for part, path in there.items()}
        return replace(before, file=names["file"], preview=names.get("preview"))

    def _cut(self, job: _Job) -> ClipRow:
        done = self._cut_unforgotten(job)
        made = {"file": done.path}
        if self._plan.preview != "none":
            made["preview"] = self._previewed(done, job)
        self.files |= {path.name: path for path in made.values()}
        return ClipRow(
            **vars(choice_row(job.choice)),
            file=done.path.name,
            cut_start_ms=ms(done.start_s),
            cut_end_ms=ms(done.end_s),
            n_frames=done.n_frames,
            size_px=done.size_px,
            how=cast(How, done.how),
            encoder=done.encoder,
            notes=done.notes,
            preview=made["preview"].name if "preview" in made else None,
            sha256={part: sha256_of(path) for part, path in made.items()},
            key="",
            subtitles=(),
            follows=None,
        )

    def _cut_unforgotten(self, job: _Job) -> ClipDone:
        """The clip; encoded anew where a copy would reach back to somebody who was forgotten."""
        done = self._cut_by(job, self._plan.how)
        if not shows_forgotten(self._signals, done.start_s, done.end_s):
            return done
        exact = self._cut_by(job, "exact")
        note = "copied from its key frame it would show somebody who was forgotten; it was encoded anew"
        return replace(exact, notes=(note, *exact.notes))

    def _cut_by(self, job: _Job, how: str) -> ClipDone:
        self._work.mkdir(parents=True, exist_ok=True)
        clip, to = job.choice.clip, self._work / f"{job.name}.mp4"
        start_s, encoding = first_s(clip, self._video), self._plan.encoding
        tell = self._telling(f"{self._engine}: clip {job.choice.rank} of {job.of}")
        edges = (start_s, clip.end_s)
        look = (job.framing, job.title)
        return cut_clip(self._video, *edges, to, how, encoding, *look, **self._reading(tell))

    def _reading(self, on_progress: Progress) -> dict[str, Any]:
        """How the source is read, as it was scanned."""
        return {"limits": self._plan.limits, "clock": self._plan.clock, "on_progress": on_progress}

    def _previewed(self, done: ClipDone, job: _Job) -> Path:
        """What is in the clip as a small picture: of the source, or of a crop the clip itself, which is
        upright and starts at 0."""
        shown, start_s, end_s = self._video, done.start_s, done.end_s
        if job.framing is not None:
            width_px, height_px = done.size_px
            shown = replace(
                shown, path=str(done.path), width_px=width_px, height_px=height_px, rotation_deg=0
            )
            shown = replace(
                shown, duration_s=end_s - start_s, origin_s=0.0, mended_clock=False, partial=False
            )
            start_s, end_s = 0.0, shown.duration_s
        to, kind = self._work / job.name, self._plan.preview
        return preview(shown, start_s, end_s, to, kind, **self._reading(self._on_progress))

    def _subtitled(self, name: str, cues: Sequence[Cue]) -> tuple[str, ...]:
        names = tuple(f"{name}.{form}" for form in ("srt", "vtt")) if cues else ()
        for file in names:
            self.texts[file] = format_cues(cues, file.rpartition(".")[2]).encode()
        return names

    def _telling(self, stage: str) -> Progress:
        def tell(step: Step) -> None:
            self._on_progress(replace(step, stage=stage))

        return tell

    # ---- the reel ----

    def _segment(self, choice: Choice, before_s: float) -> Segment:
        start_s, title = max(first_s(choice.clip, self._video), before_s), f"{choice.rank}: {choice.kind}"
        return Segment(self._video, start_s, choice.clip.end_s, title, self._framings[choice.rank or 0])

    def _reel_row(self, done: ReelDone, in_time: Sequence[Choice]) -> ReelRow:
        cues: list[Cue] = []
        if self._plan.subtitles:
            for (at_s, _, _), (start_s, end_s) in zip(done.chapters, done.segments, strict=True):
                cues += shifted(cues_between(self._signals, start_s, end_s), at_s)
        return ReelRow(
            file=done.path.name,
            length_ms=ms(done.end_s),
            size_px=done.size_px,
            n_frames=done.n_frames,
            encoder=done.encoder,
            notes=done.notes,
            chapters=tuple(
                ChapterRow(ms(a), ms(b), title, c.rank or 1)
                for (a, b, title), c in zip(done.chapters, in_time, strict=True)
            ),
            subtitles=self._subtitled(REEL, cues),
        )


def _even(pixels: float) -> int:
    return max(2, 2 * round(pixels / 2))
