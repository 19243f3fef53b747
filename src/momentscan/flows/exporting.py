"""Moments out to editors and other programs, and an editor's timeline back in, as feedback."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from momentscan.disk import read_log, write_text
from momentscan.disk.clips import read_clips
from momentscan.disk.exports import EXPORTS, exported, read_export, read_windows, write_export
from momentscan.disk.feedback import append_feedback, read_feedback
from momentscan.disk.files import translate_os_errors
from momentscan.disk.results import ms
from momentscan.errors import UnreadableInput, UsageError
from momentscan.export.conform import KINDS, ConformOptions, Feedback, conform
from momentscan.export.edited_timeline import EditedTimeline
from momentscan.export.edits import read_edit
from momentscan.export.formats import FORMATS, parse_formats, timeline_files
from momentscan.export.labels import FaceLabel
from momentscan.export.timeline import Range, Timeline, clean, frame_at, frame_of, nominal_rate, to_timeline
from momentscan.flows.folders import alone
from momentscan.flows.judging import judged_by
from momentscan.media.source_file import same_source
from momentscan.media.timecode import timecode_of
from momentscan.progress import Progress, Step, silent
from momentscan.registry import names
from momentscan.settings import Settings
from momentscan.signals import Signals
from momentscan.signals.boxes import boxes_px
from momentscan.values import VideoInfo

LOST_S = 1.0
"""A track that is not seen for so long is drawn no further; faces are looked for some 5 times a second."""


@dataclass(frozen=True)
class Exported:
    """What was written for one video. `notes`: what was left out, cut to what is there, or not written, and
    why.
    """

    folder: str
    engine: str
    files: tuple[str, ...]
    moments: int
    rate: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TakenBack:
    """What an edit says of the moments. `known`: that very file was taken back before, and nothing was added."""

    folder: str
    engine: str
    file: str
    format: str
    lines: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    known: bool


def told_by(folder: Path, settings: Settings, clips: bool = False) -> list[str]:
    """The engines whose moments are asked for; of clips, where all are asked, those that some were cut of.
    Raises as `judged_by`.
    """
    judged = judged_by(folder, settings)
    cut = [engine for engine in judged if read_clips(folder, engine) is not None]
    return cut if clips and cut and "all" in settings.engine.split(",") else judged


def ranges_of(folder: Path, engine: str, clips: bool = False) -> list[Range]:
    """What is told of an engine's moments, by time: as it found them, or the clips that were cut of them,
    numbered by rank.

    Raises UsageError where it has not judged the video, or nothing was cut.
    """
    if engine not in names("scorers"):
        raise UsageError(f"there is no engine {engine!r}; there are {', '.join(names('scorers'))}")
    windows = read_windows(folder, engine)
    if windows is None:
        raise UsageError(f"{folder}: was not judged by {engine}; momentscan find {folder} --engine {engine}")
    if clips:
        cut = read_clips(folder, engine)
        if cut is None:
            raise UsageError(
                f"{folder}: has no clips of {engine}; momentscan clip {folder} --engine {engine}"
            )
        entries = [
            {**c, "window_id": c["rank"], "score_rule": c["score"], "why": f"{c['kind']}: {c['what']}"}
            for c in cut["clips"]
        ]
        windows = entries
    told = [
        Range(
            int(w["window_id"]),
            w["start_ms"] / 1000,
            w["end_ms"] / 1000,
            w["peak_ms"] / 1000,
            w["score_rule"],
            why=str(w["why"]),
        )
        for w in windows
    ]
    return sorted(told, key=lambda r: (r.start_s, r.end_s, r.window_id))


def export(
    folder: Path, engine: str, formats: Sequence[str], on_progress: Progress = silent, clips: bool = False
) -> Exported:
    """Writes `exports/{video_id}_{engine}.*`, and beside them what was told. All files of an engine there
    tell the same ranges. `clips`: of the clips that were cut, with their aligned edges, instead of the
    windows that the engine found.

    The video is needed for its timecode only: where it is not there, a note says so. Raises UsageError for
    formats or engines that there are not, UnreadableInput for what is no scanned video or a video that has
    changed, OutputError.
    """
    wanted = parse_formats(",".join(formats))
    read_log(folder / "signals")  # what is no scanned video is told before it is locked
    with alone(folder):
        signals = read_log(folder / "signals")
        told, notes = _told(signals.video, folder, engine, clips, on_progress)
        faces = _faces(signals, told) if "cvat" in wanted else ()
        place = folder / EXPORTS
        stem = f"{folder.name}_{engine}"
        kept = _kept(folder, engine, told)
        if not told.cuts:
            notes.append(f"{engine} found no moments that can be told, so no files were written")
        for number, name in enumerate(wanted if told.cuts else ()):
            on_progress(Step("export", number, len(wanted), "items"))
            files = timeline_files(told, name, faces)
            notes += [note for file in files for note in file.notes]
            made = {f"{stem}{file.suffix}": file.text for file in files if file.text is not None}
            kept[name] = list(made)
            for file_name, text in made.items():
                write_text(place / file_name, text)
        write_export(
            folder, engine, _as_json(told, {name: kept[name] for name in FORMATS if kept.get(name)}, notes)
        )
    files_now = tuple(str(place / name) for f in wanted for name in kept.get(f, ()))
    return Exported(str(folder), engine, files_now, len(told.cuts), str(told.rate), tuple(notes))


def take_back(
    folder: Path, file: Path, engine: str | None = None, at: str | None = None, on_progress: Progress = silent
) -> TakenBack:
    """Compares an edited timeline with what was exported and appends what it says to feedback.jsonl; the same
    file twice adds nothing.

    `engine`: whose moments they are; None: those the edit names, else the only ones exported. `at`: ISO time
    of the feedback, now if None. Raises UsageError where nothing was exported, UnreadableInput for what is no
    edit, OutputError.
    """
    video = read_log(folder / "signals").video
    with alone(folder):
        on_progress(Step("take back", 0, 1, "items"))
        edit, told = _edit_of(folder, file, video, engine)
        compared = conform(told, edit, ConformOptions())
        if compared.foreign:
            sources = ", ".join(clean(name, 60) or "no name" for name in compared.foreign[:3])
            raise UsageError(
                f"{file}: is an edit of other media ({sources}), not of {folder.name}; name the video "
                "that it shows"
            )
        source = {"file": clean(file.name), "sha256": edit.sha256, "format": edit.format}
        moment = at or datetime.now(UTC).isoformat(timespec="seconds")
        who = {
            "at": moment,
            "video_id": folder.name,
            "sha256": video.sha256,
            "engine": told.engine,
            "told_as": told.told_as,
        }
        lines = [{**who, **_line(told, line), "source": source} for line in compared.lines]
        added = append_feedback(folder, lines)
        on_progress(Step("take back", 1, 1, "items"))
    notes = [*compared.notes, *_of_the_log(folder)]
    if any(
        edit.sha256 == hashlib.sha256(p.read_bytes()).hexdigest()
        for p in (folder / EXPORTS).iterdir()
        if p.is_file()
    ):
        notes.append(f"{file}: is what was exported, byte for byte; nobody has edited it")
    if lines and not added:
        notes.append(f"{file}: was taken back before; nothing was added")
    found = Counter(line.kind for line in compared.lines)
    counts: dict[str, int] = {kind: found[kind] for kind in KINDS}
    return TakenBack(
        str(folder),
        told.engine,
        str(file),
        edit.format,
        tuple(lines),
        counts,
        tuple(notes),
        bool(lines) and not added,
    )


# ---- out ----


def _told(
    video: VideoInfo, folder: Path, engine: str, clips: bool, on_progress: Progress
) -> tuple[Timeline, list[str]]:
    rate, notes = nominal_rate(video), []
    code = None
    ranges = ranges_of(folder, engine, clips)
    if Path(video.path).exists():
        same_source(video, on_progress=on_progress)
        code = timecode_of(Path(video.path))
    else:
        notes.append(
            f"{video.path} is not there; the timelines name it, and count from 0 as its timecode is not known"
        )
    start, drops = 0, None
    if code is not None:
        try:
            start, drops = frame_of(code, rate)
        except ValueError:
            notes.append(
                f"its timecode {clean(code, 40)!r} is none at {float(rate):.6g} frames per second; the "
                "timelines count from 0"
            )
    named = [
        Range(r.window_id, r.start_s, r.end_s, r.peak_s, r.score, f"{folder.name} #{r.window_id}", r.why)
        for r in ranges
    ]
    told, more = to_timeline(
        video, engine, named, folder.name, rate, drops, start, "clip" if clips else "window"
    )
    if abs(float(rate) - video.fps) > 0.01 * float(rate):
        notes.append(
            f"{video.fps:.6g} frames per second on average; the timelines have {float(rate):.6g}, each "
            "edge at the frame shown then"
        )
    return told, notes + list(more)


def _kept(folder: Path, engine: str, told: Timeline) -> dict[str, list[str]]:
    """Files of other formats that tell the same; those that tell something else are removed."""
    before = read_export(folder, engine)
    if before is None:
        return {}
    now = _as_json(told, {}, [])
    if all(before.get(name) == now[name] for name in now if name not in ("formats", "notes")):
        return {name: list(files) for name, files in before.get("formats", {}).items()}
    for name in itertools.chain.from_iterable(before.get("formats", {}).values()):
        path = folder / EXPORTS / Path(str(name)).name
        with translate_os_errors(path):
            path.unlink(missing_ok=True)
    return {}


def _as_json(told: Timeline, formats: Mapping[str, Sequence[str]], notes: Sequence[str]) -> dict[str, Any]:
    return {
        "video_id": told.title,
        "told_as": told.told_as,
        "sha256": told.video.sha256,
        "rate": str(told.rate),
        "drop_frame": told.drop_frame,
        "start_frame": told.start_frame,
        "n_frames": told.n_frames,
        "ranges": [
            {
                **_window(cut.range),
                "why": cut.range.why,
                "first_frame": cut.first,
                "end_frame": cut.end,
                "peak_frame": cut.peak,
            }
            for cut in told.cuts
        ],
        "formats": {name: list(files) for name, files in formats.items()},
        "notes": list(notes),
    }


def _window(found: Range) -> dict[str, Any]:
    return {
        "window_id": found.window_id,
        "start_ms": ms(found.start_s),
        "end_ms": ms(found.end_s),
        "peak_ms": ms(found.peak_s),
        "score": round(found.score, 6),
    }


def _faces(signals: Signals, told: Timeline) -> tuple[FaceLabel, ...]:
    """The faces of tracks in the frames of the moments; where a track is lost, its last box is told to end."""
    if "faces.track" not in signals or "faces.bbox" not in signals:
        return ()
    frames = np.array([frame_at(t, told.rate) for t in signals["faces.time_s"].tolist()], np.int64)
    inside = np.zeros(len(frames), bool)
    for cut in told.cuts:
        inside |= (frames >= cut.first) & (frames < cut.end)
    rows = np.flatnonzero(inside & (signals["faces.track"] >= 0))
    found: list[FaceLabel] = []
    for track in np.unique(signals["faces.track"][rows]).tolist():
        own = rows[signals["faces.track"][rows] == track]
        boxes = [
            FaceLabel(int(frames[r]), track, tuple(box))
            for r, box in zip(own, boxes_px(signals, own).tolist(), strict=True)
        ]
        found += _ended(boxes, max(1, math.ceil(LOST_S * told.rate)), told.n_frames)
    return tuple(found)


def _ended(boxes: Sequence[FaceLabel], lost: int, n_frames: int) -> list[FaceLabel]:
    """One box a frame; after each that no other follows within `lost` frames, one that ends it."""
    single = list({face.frame: face for face in boxes}.values())
    found: list[FaceLabel] = []
    for face, after in itertools.zip_longest(single, single[1:]):
        found.append(face)
        if (after is None or after.frame - face.frame > lost) and face.frame + 1 < n_frames:
            found.append(FaceLabel(face.frame + 1, face.track, face.box_px, outside=True))
    return found


# ---- back in ----


def _edit_of(
    folder: Path, file: Path, video: VideoInfo, engine: str | None
) -> tuple[EditedTimeline, Timeline]:
    there = exported(folder)
    if not there or (engine is not None and engine not in there):
        what = f"moments of {engine} were" if engine else "nothing was"
        raise UsageError(
            f"{folder}: {what} {'not ' if engine else ''}exported, so there is nothing to compare with; "
            f"momentscan export {folder}"
        )
    told = {name: _told_before(folder, name, video) for name in ([engine] if engine else there)}
    first = next(iter(told.values()))
    edit = read_edit(file, first.rate)
    if engine is None and len(there) > 1:
        named = Counter(
            piece.hint.engine for piece in edit.pieces if piece.hint is not None and piece.hint.engine in told
        )
        if len(named) != 1:
            raise UsageError(
                f"{file}: does not say whose moments it has, and {', '.join(there)} were exported; name "
                "one with --engine"
            )
        first = told[next(iter(named))]
    numbers = {
        piece.hint.told_as
        for piece in edit.pieces
        if piece.hint is not None and piece.hint.engine == first.engine
    }
    if numbers and first.told_as not in numbers:
        again = f"momentscan export {folder} --engine {first.engine}{'' if first.told_as == 'clip' else ' --clips'} first"
        raise UsageError(f"{file}: is of {numbers.pop()}s, and {first.told_as}s were exported last; {again}")
    return edit, first


def _told_before(folder: Path, engine: str, video: VideoInfo) -> Timeline:
    """What was exported. Raises UnreadableInput where the record does not say."""
    before = read_export(folder, engine) or {}
    if before.get("sha256") != video.sha256:
        raise UnreadableInput(
            f"{folder}: the video was scanned anew since its export; momentscan export {folder} --engine "
            f"{engine}"
        )
    try:
        ranges = [
            Range(
                r["window_id"],
                r["start_ms"] / 1000,
                r["end_ms"] / 1000,
                r["peak_ms"] / 1000,
                r["score"],
                why=r["why"],
            )
            for r in before["ranges"]
        ]
        rate, drops, start = Fraction(before["rate"]), before["drop_frame"], before["start_frame"]
        return to_timeline(
            video, engine, ranges, folder.name, rate, drops, start, before.get("told_as", "window")
        )[0]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        raise UnreadableInput(
            f"{folder}: {EXPORTS}/{engine}.json cannot be read; momentscan export {folder} --engine {engine}"
        ) from None


def _line(told: Timeline, line: Feedback) -> dict[str, Any]:
    edited, order, piece = line.edited, (line.told_at, line.edited_at), line.piece
    return {
        "kind": line.kind,
        "window": _window(line.window.range) if line.window is not None else None,
        "edited": {"start_ms": ms(edited[0]), "end_ms": ms(edited[1])} if edited is not None else None,
        "moved_start_ms": ms(line.moved_start_s) if line.moved_start_s is not None else None,
        "moved_end_ms": ms(line.moved_end_s) if line.moved_end_s is not None else None,
        "order": {"told": order[0], "edited": order[1]},
        "piece": {"number": piece[0], "of": piece[1]} if piece is not None else None,
    }


def _of_the_log(folder: Path) -> list[str]:
    lost = read_feedback(folder).unreadable
    return [f"{lost} lines of feedback.jsonl cannot be read and were left as they are"] if lost else []
