"""From moments to clips: aligned, chosen for variety, cut out of the video, with subtitles, previews and a
reel.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from momentscan import __version__
from momentscan.disk import read_log
from momentscan.disk.clips import LIST, choice_entry, clips_folder, read_clips
from momentscan.disk.files import remove, write_tree
from momentscan.disk.results import ms, to_json
from momentscan.errors import UsageError
from momentscan.export.subtitles import Cue, cues_between, format_cues, shifted
from momentscan.flows.folders import Outcome, alone, knobs_in, outcome_of, run_in, version_of
from momentscan.flows.judging import as_before, engines_in
from momentscan.knobs import with_knobs
from momentscan.media.clip import ClipDone, ReelDone, cut_clip, cut_reel
from momentscan.media.encoders import Encoding
from momentscan.media.framing import Framing
from momentscan.media.preview import preview
from momentscan.media.segments import Segment
from momentscan.media.source_file import same_source, sha256_of
from momentscan.progress import Progress, Step, silent
from momentscan.score.align import Align
from momentscan.score.clip_selection import ClipSelection
from momentscan.select.framing import Follow, View, aspect_of
from momentscan.settings import Settings
from momentscan.signals import Signals
from momentscan.signals.forgotten import forgotten_spans
from momentscan.values import Aligned, Choice, Verdict, VideoInfo

REEL = "reel"


@dataclass(frozen=True)
class Clipping:
    """Everything that decides which clips there are and how they are cut."""

    align: Align
    delivery: ClipSelection
    follow: Follow
    encoding: Encoding
    how: str
    aspect: str | None
    reel: bool
    preview: str
    subtitles: bool

    def knobs(self) -> dict[str, Any]:
        tables = {name: knobs_in(getattr(self, name)) for name in ("align", "delivery", "follow", "encoding")}
        return tables | {
            name: getattr(self, name) for name in ("how", "aspect", "reel", "preview", "subtitles")
        }


def clipping_of(settings: Settings) -> Clipping:
    """What the settings say. Raises UsageError for knobs that are not there or out of bounds, and for what
    cannot be had together.
    """
    if settings.aspect is not None:
        aspect_of(settings.aspect)
        if settings.cut != "exact":
            raise UsageError(
                f"--aspect {settings.aspect} encodes every frame anew; leave --{settings.cut} away"
            )
    return Clipping(
        align=with_knobs(Align, settings.align),
        delivery=with_knobs(ClipSelection, settings.delivery),
        follow=with_knobs(Follow, settings.follow),
        encoding=with_knobs(Encoding, settings.clips),
        how=settings.cut,
        aspect=settings.aspect,
        reel=settings.reel,
        preview=settings.preview,
        subtitles=settings.subtitles,
    )


def clip(folder: Path, settings: Settings, on_progress: Progress = silent) -> Outcome:
    """Cuts the moments of the engines asked for (all that have judged the video) into `clips/{engine}/`. The
    video is needed.

    Raises UnreadableInput where there is no log, or the video has moved or changed; UsageError, OutputError,
    Cancelled.
    """
    clipping = clipping_of(settings)
    read_log(folder / "signals")  # what is no scanned video is told before it is locked
    with alone(folder):
        signals, run = read_log(folder / "signals"), run_in(folder)
        engines = engines_in(folder, run, settings)
        same_source(signals.video, on_progress=on_progress)
        clips: list[dict[str, Any]] = []
        for engine in engines:
            clips += _clip_engine(
                signals,
                folder,
                engine,
                as_before(engine, run["engines"][engine], folder),
                clipping,
                on_progress,
            )
    return outcome_of(run, folder, "done", clips, engines)


def choose(signals: Signals, verdict: Verdict, align: Align, delivery: ClipSelection) -> tuple[Choice, ...]:
    """The clips of one verdict: those that are delivered, by rank, then those that were left out with the
    reason.
    """

    def against(clip: Aligned) -> str:
        seen = _shows_forgotten(signals, clip.start_s, clip.end_s)
        return "somebody who was forgotten may be seen in it (gate.forgotten)" if seen else ""

    return delivery(verdict, align.of(signals), signals.video.duration_s, against)


def _shows_forgotten(signals: Signals, start_s: float, end_s: float) -> bool:
    return any(start_s <= b and end_s >= a for a, b in forgotten_spans(signals))


def _clip_engine(
    signals: Signals, folder: Path, engine: str, scorer: Any, clipping: Clipping, on_progress: Progress
) -> list[dict[str, Any]]:
    verdict: Verdict = scorer.judge(signals)
    choices = choose(signals, verdict, clipping.align, clipping.delivery)
    delivered = [c for c in choices if c.rank is not None]
    target, before = clips_folder(folder, engine), read_clips(folder, engine)
    work = target.with_name(f".{engine}.cut")
    remove(work)
    try:
        making = _Making(signals, engine, target, work, clipping, before, on_progress)
        entries = [making.clip(choice, len(delivered)) for choice in delivered]
        reel = making.reel(delivered) if clipping.reel and delivered else None
        told = {
            "video_id": signals.video.video_id,
            "sha256": signals.video.sha256,
            "engine": engine,
            "reason": verdict.reason if not delivered else None,
            "knobs": clipping.knobs(),
            "clips": entries,
            "reel": reel,
            "left_out": [choice_entry(c) for c in choices if c.rank is None],
            "_version": version_of(signals),
        }
        write_tree(target, {LIST: to_json(told), **making.texts}, _others(target, before) | making.files)
    finally:
        remove(work)
    return [{"engine": engine, **entry} for entry in entries] + (
        [{"engine": engine, "kind": REEL, **reel}] if reel else []
    )


def _others(target: Path, before: Mapping[str, Any] | None) -> dict[str, Path]:
    """What somebody else put beside the clips: files that clips.json did not tell of, by their names in the
    folder.
    """
    made = [c for c in [*(before or {}).get("clips", []), (before or {}).get("reel")] if isinstance(c, dict)]
    ours = {LIST} | {
        name for c in made for name in [c.get("file"), c.get("preview"), *c.get("subtitles", [])]
    }
    found = {p.relative_to(target).as_posix(): p for p in sorted(target.rglob("*")) if p.is_file()}
    return {name: path for name, path in found.items() if name not in ours}


class _Making:
    """The files of one engine: `files` name -> where each lies, `texts` name -> bytes."""

    def __init__(
        self,
        signals: Signals,
        engine: str,
        target: Path,
        work: Path,
        clipping: Clipping,
        before: Mapping[str, Any] | None,
        on_progress: Progress,
    ) -> None:
        self._signals, self._engine, self._target, self._work = signals, engine, target, work
        self._clipping, self._on_progress = clipping, on_progress
        self._before = {
            c["key"]: c for c in (before or {}).get("clips", []) if isinstance(c, dict) and "key" in c
        }
        self._framings: dict[int, Framing | None] = {}
        self.files: dict[str, Path] = {}
        self.texts: dict[str, bytes] = {}

    @property
    def _video(self) -> VideoInfo:
        return self._signals.video

    def clip(self, choice: Choice, of: int) -> dict[str, Any]:
        """Cuts one clip, or takes it over from before: its entry in clips.json."""
        rank, clip, knobs = choice.rank or 0, choice.clip, self._clipping
        name = _name(rank, choice.kind, clip.start_s)
        view, framing = self._framed(clip)
        self._framings[rank] = framing
        title = f"{self._video.video_id} {rank}: {choice.kind}"
        key = _key(self._video, clip, knobs, view, title)
        entry = self._kept(key, name)
        if entry is None:
            done = self._cut(clip, name, framing, title, rank, of)
            self.files[done.path.name] = done.path
            entry = _told(done)
            if knobs.preview != "none":
                shown = self._previewed(done, name, framing)
                self.files[shown.name] = shown
                entry["preview"] = shown.name
            entry["sha256"] = {part: sha256_of(self.files[entry[part]]) for part in _FILES if entry[part]}
        cues = (
            cues_between(self._signals, entry["cut_start_ms"] / 1000, entry["cut_end_ms"] / 1000)
            if knobs.subtitles
            else []
        )
        return {
            **choice_entry(choice),
            **entry,
            "key": key,
            "subtitles": self._subtitled(name, cues),
            "follows": view.who if view is not None else None,
        }

    def _framed(self, clip: Aligned) -> tuple[View | None, Framing | None]:
        if self._clipping.aspect is None:
            return None, None
        view = self._clipping.follow(
            self._signals, clip.start_s, clip.end_s, aspect_of(self._clipping.aspect)
        )
        if view is None:
            return None, None
        size = (_even(view.width * self._video.width_px), _even(view.height * self._video.height_px))
        return view, Framing(view.time_s, view.centre_x, view.centre_y, view.width, view.height, size)

    def _kept(self, key: str, name: str) -> dict[str, Any] | None:
        """The entry of the very same clip that lies there already; its files are taken over under their new
        names.
        """
        before = self._before.get(key)
        if before is None:
            return None
        there = {part: self._target / before[part] for part in _FILES if before.get(part)}
        made = before.get("sha256", {})
        if "file" not in there or not all(
            path.is_file() and sha256_of(path) == made.get(part) for part, path in there.items()
        ):
            return None
        entry = {part: before[part] for part in _TOLD if part in before}
        for part, path in there.items():
            entry[part] = name + path.suffix
            self.files[entry[part]] = path
        return entry

    def _cut(
        self, clip: Aligned, name: str, framing: Framing | None, title: str, rank: int, of: int
    ) -> ClipDone:
        def tell(step: Step) -> None:
            self._on_progress(Step(f"{self._engine}: clip {rank} of {of}", step.done, step.total, step.unit))

        self._work.mkdir(parents=True, exist_ok=True)
        to = self._work / f"{name}.mp4"
        how, encoding = self._clipping.how, self._clipping.encoding
        start_s = _first_s(clip, self._video)
        done = cut_clip(self._video, start_s, clip.end_s, to, how, encoding, framing, title, on_progress=tell)
        if not _shows_forgotten(self._signals, done.start_s, done.end_s):
            return done
        exact = cut_clip(
            self._video, start_s, clip.end_s, to, "exact", encoding, framing, title, on_progress=tell
        )
        note = "copied from its key frame it would show somebody who was forgotten; it was encoded anew"
        return replace(exact, notes=(note, *exact.notes))

    def _previewed(self, done: ClipDone, name: str, framing: Framing | None) -> Path:
        """What is in the clip as a small picture: of the source, or of a crop the clip itself, which is
        upright and starts at 0.
        """
        shown, start_s, end_s = self._video, done.start_s, done.end_s
        if framing is not None:
            width_px, height_px = done.size_px
            shown = replace(
                shown, path=str(done.path), width_px=width_px, height_px=height_px, rotation_deg=0
            )
            shown = replace(
                shown, duration_s=end_s - start_s, origin_s=0.0, mended_clock=False, partial=False
            )
            start_s, end_s = 0.0, shown.duration_s
        return preview(
            shown, start_s, end_s, self._work / name, self._clipping.preview, on_progress=self._on_progress
        )

    def _subtitled(self, name: str, cues: Sequence[Cue]) -> list[str]:
        names = [f"{name}.{form}" for form in ("srt", "vtt")] if cues else []
        for file in names:
            self.texts[file] = format_cues(cues, file.rpartition(".")[2]).encode()
        return names

    def reel(self, delivered: Sequence[Choice]) -> dict[str, Any]:
        """All clips in the order of time, each a chapter; what two of them share is shown once."""
        in_time = sorted(delivered, key=lambda c: (c.clip.start_s, c.clip.end_s))
        ends_s = [0.0, *(c.clip.end_s for c in in_time)]
        pieces = [
            Segment(
                self._video,
                max(_first_s(c.clip, self._video), before_s),
                c.clip.end_s,
                f"{c.rank}: {c.kind}",
                self._framings[c.rank or 0],
            )
            for c, before_s in zip(in_time, ends_s, strict=False)
        ]

        def tell(step: Step) -> None:
            self._on_progress(Step(f"{self._engine}: reel", step.done, step.total, step.unit))

        self._work.mkdir(parents=True, exist_ok=True)
        done: ReelDone = cut_reel(
            pieces,
            self._work / f"{REEL}.mp4",
            self._clipping.encoding,
            self._video.video_id,
            on_progress=tell,
        )
        self.files[done.path.name] = done.path
        cues: list[Cue] = []
        if self._clipping.subtitles:
            for (at_s, _, _), (start_s, end_s) in zip(done.chapters, done.segments, strict=True):
                cues += shifted(cues_between(self._signals, start_s, end_s), at_s)
        return {
            "file": done.path.name,
            "length_ms": ms(done.end_s),
            "size_px": list(done.size_px),
            "n_frames": done.n_frames,
            "encoder": done.encoder,
            "notes": list(done.notes),
            "chapters": [
                {"start_ms": ms(a), "end_ms": ms(b), "title": title, "rank": c.rank}
                for (a, b, title), c in zip(done.chapters, in_time, strict=True)
            ],
            "subtitles": self._subtitled(REEL, cues),
        }


_FILES = ("file", "preview")
"""What is cut, and taken over where it is still what was cut."""

_TOLD = (
    "file",
    "cut_start_ms",
    "cut_end_ms",
    "n_frames",
    "size_px",
    "how",
    "encoder",
    "notes",
    "preview",
    "sha256",
)
"""What the cutting itself says of a clip."""


def _told(done: ClipDone) -> dict[str, Any]:
    return {
        "file": done.path.name,
        "cut_start_ms": ms(done.start_s),
        "cut_end_ms": ms(done.end_s),
        "n_frames": done.n_frames,
        "size_px": list(done.size_px),
        "how": done.how,
        "encoder": done.encoder,
        "notes": list(done.notes),
        "preview": None,
    }


def _key(video: VideoInfo, clip: Aligned, clipping: Clipping, view: View | None, title: str) -> str:
    """What a clip was made of and how: the same key, the same file."""
    path = (
        None
        if view is None
        else {name: getattr(part, "tolist", lambda p=part: p)() for name, part in view._asdict().items()}
    )
    made_of = [
        __version__,
        video.sha256,
        clip.start_s,
        clip.end_s,
        clipping.how,
        clipping.preview,
        asdict(clipping.encoding),
        path,
        title,
    ]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]


TICK_S = 1e-3
"""Matroska and WebM round their stamps to milliseconds."""


def _first_s(clip: Aligned, video: VideoInfo) -> float:
    """From where frames are taken. A clip that begins with a word begins with the frame that is shown then:
    the next would cost its onset.
    """
    last = next((m for m in reversed(clip.moves) if m.edge == "start"), None)
    if last is None or not last.reason.startswith("speech.") or video.fps <= 0:
        return clip.start_s
    return max(0.0, clip.start_s - 1 / video.fps + TICK_S)


def _name(rank: int, kind: str, start_s: float) -> str:
    """ "03_laughter_01m12s": place, kind, and where in the video; safe in any file system."""
    at = int(start_s)
    hours = f"{at // 3600}h" if at >= 3600 else ""
    return (
        f"{rank:02d}_{re.sub(r'[^a-zA-Z0-9_-]+', '_', kind)[:40]}_{hours}{at // 60 % 60:02d}m{at % 60:02d}s"
    )


def _even(pixels: float) -> int:
    return max(2, 2 * round(pixels / 2))
