"""Forgetting is real: faces are personal data, and a person's every trace leaves the folder.

What goes        every row of the log that belongs to a track of theirs, every picture (thumbnail, still,
                 identity pack, clip) of an instant at which they may be seen, and every judgement that was
                 made of what has gone; engines judge again.
What stays       measures of the whole picture and of the sound (movement, sharpness, `vision.embedding`),
                 which name nobody, and what was logged of others, bit by bit. The numbers of people are given
                 anew.
What is noted    when they could be seen, and nothing else: `forgotten` in the log and in run.json.
What comes back  nothing by itself. The log keeps its key, so `scan` of the same video does not watch it
                 again; `scan --force`, or a scan with other models or settings, does, and finds everybody in
                 it.
Where it ends    at what was seen: a face that was never joined to the person is another person, who is
                 forgotten under another number; a back that no look knew for theirs may still be in a
                 picture.

All that was derived goes before the log changes: a kill in between leaves a folder in which the person can be
forgotten once more, and never pictures of somebody of whom the log knows nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.disk import read_log, write_json
from momentscan.disk.clips import CLIPS
from momentscan.disk.exports import EXPORTS
from momentscan.disk.feedback import FEEDBACK
from momentscan.disk.files import remove, translate_os_errors
from momentscan.disk.packs import PACKS, kept_crops
from momentscan.disk.results import THUMBS
from momentscan.disk.rewrite import LogRewriter
from momentscan.errors import MomentscanError, UnreadableInput, UsageError
from momentscan.flows.folders import REPORT, RUN, alone, run_of
from momentscan.flows.judging import as_before, judge_all, tell
from momentscan.flows.packing import Crops, choosing_as, make_packs
from momentscan.knobs import with_knobs
from momentscan.progress import Progress, silent
from momentscan.select.gate import Gate
from momentscan.select.people import People, Person
from momentscan.select.picks import Picks
from momentscan.settings import Settings
from momentscan.signals import Signals
from momentscan.signals.boxes import whole_boxes
from momentscan.signals.forgotten import END_S, START_S, forgotten_spans
from momentscan.signals.schema import table_of
from momentscan.signals.spans import Span, as_pairs, spans_of, union, within
from momentscan.values import Columns

MARGIN_S = 0.5
"""Somebody may be seen so long before and after they were looked at, and at least until the looks beside."""

KEPT = "measures of the whole picture and of the sound, which name nobody, and what was said, as the transcript has it"

COUNTED = ("faces", "crops", "face_ids", "poses", "tracks")
"""Tables that are always told of, also where nothing was in them."""


@dataclass(frozen=True)
class Forgotten:
    """What became of somebody. `people` are those left, with the number that each had (`was`); `removed` are
    counts.
    """

    video_id: str
    folder: str
    video: str
    person: Mapping[str, Any]
    spans: tuple[Span, ...]
    removed: Mapping[str, int]
    people: tuple[Mapping[str, Any], ...]
    kept: str = KEPT
    notes: tuple[str, ...] = field(default=())


def people(folder: Path) -> dict[str, Any]:
    """Who is in a scanned video, as run.json tells: {"video_id", "folder", "people": [...], "forgotten":
    [...]}; `pack` is a folder or None.

    Raises UnreadableInput where run.json does not tell.
    """
    signals, run = read_log(folder / "signals"), run_of(folder)
    if run is None or "people" not in run:
        raise UnreadableInput(
            f"{folder}: its {RUN} is missing or does not say who was seen; momentscan scan or find it again"
        )
    packs = _packs(folder, run["people"])
    told = [{**person, "pack": packs.get(person["number"])} for person in run["people"]]
    return {
        "video_id": folder.name,
        "folder": str(folder),
        "people": told,
        "forgotten": _as_rows(forgotten_spans(signals)),
    }


def somebody(folder: Path, number: int) -> dict[str, Any]:
    """The person of that number, as the log tells. Raises UsageError where there is none, and says who is
    there.
    """
    return _told(_named(folder, People()(read_log(folder / "signals")), number))


def forget(folder: Path, number: int, settings: Settings, on_progress: Progress = silent) -> Forgotten:
    """Removes every trace of a person from a video's folder. `settings` serve where run.json does not say how
    it was judged.

    Raises UsageError where nobody has that number, UnreadableInput for what is no scanned video, OutputError
    for a folder that another process holds or that cannot be written; then the log is as it was.
    """
    read_log(folder / "signals")  # what is no scanned video is told before it is locked
    with alone(folder):
        signals, run = read_log(folder / "signals"), run_of(folder)
        before = People()(signals)
        person = _named(folder, before, number)
        spans = _visible(signals, person)
        every = as_pairs(union([*forgotten_spans(signals), *spans], touching=True))
        scorers = _as_before(run, folder)
        keep = _without(signals, person, every)
        log = LogRewriter(folder / "signals", keep, _fewer_faces(signals, keep), _noted(every))
        try:
            packs = _packs_of_others(signals, folder, person, every)
            removed, notes = _derived_gone(signals, folder, run, scorers, person, every)
            log.close()
        except BaseException:
            log.abandon()
            raise
        removed = _counts(keep) | removed
        _verify(folder, person, every)
        removed["packs"] -= _judge_again(folder, run, scorers, settings, packs, on_progress)
        after = People()(read_log(folder / "signals"))
    left = tuple(_told(p) | {"was": _number_before(p, before)} for p in after)
    return Forgotten(
        folder.name,
        str(folder),
        signals.video.path,
        _told(person),
        tuple(spans),
        removed,
        left,
        notes=tuple(notes),
    )


def _named(folder: Path, there: Sequence[Person], number: int) -> Person:
    for person in there:
        if person.number == number:
            return person
    known = ", ".join(f"{p.number} ({p.role})" for p in there)
    raise UsageError(
        f"{folder}: nobody has the number {number}; "
        + (f"there are {known}" if known else "nobody's face is in its log")
    )


def _told(person: Person) -> dict[str, Any]:
    return {
        "number": person.number,
        "role": person.role,
        "start_s": person.start_s,
        "end_s": person.end_s,
        "tracks": len(person.tracks),
        "looks": len(person.rows),
    }


def _number_before(person: Person, before: Sequence[Person]) -> int:
    """Others' tracks are what they were: the number of whom these were."""
    return next(p.number for p in before if p.tracks == person.tracks)


# ---- where somebody is ----


def _visible(signals: Signals, person: Person) -> list[Span]:
    """When somebody may be seen: each track from the look before it to the look after it, and at least the
    margin.
    """
    own = np.isin(signals["tracks.id"], person.tracks)
    looks = signals["frames.time_s"][np.isfinite(signals["frames.n_faces"])]
    ends = as_pairs(spans_of(signals, "tracks")[own])
    wide = (_widened(start_s, end_s, looks, signals.video.duration_s) for start_s, end_s in ends)
    return as_pairs(union(wide, touching=True))


def _widened(start_s: float, end_s: float, looks: NDArray[np.float64], duration_s: float) -> Span:
    before = looks[np.searchsorted(looks, start_s) - 1] if (looks < start_s).any() else 0.0
    after = looks[np.searchsorted(looks, end_s, "right")] if (looks > end_s).any() else duration_s
    return max(0.0, min(float(before), start_s - MARGIN_S)), min(
        max(float(after), end_s + MARGIN_S), max(duration_s, end_s)
    )


def _without(signals: Signals, person: Person, spans: list[Span]) -> dict[str, NDArray[np.bool_]]:
    """table -> which of its rows stay: not those of the person's tracks, and no picture of an instant at
    which they may be seen.
    """
    tables = sorted({table_of(name) for name in signals})
    keep = {t: ~np.isin(signals[f"{t}.track"], person.tracks) for t in tables if f"{t}.track" in signals}
    keep["tracks"] = ~np.isin(signals["tracks.id"], person.tracks)
    shown = {
        t: ~within(spans, signals[f"{t}.time_s"], closed=True)
        for t in tables
        if t not in keep and _has_pictures(signals, t)
    }
    return keep | shown


def _has_pictures(signals: Signals, table: str) -> bool:
    """Whether a table holds bytes of instants: `strip`, and whatever a plug-in has logged so."""
    names = [name for name in signals if table_of(name) == table]
    return f"{table}.time_s" in names and any(signals[name].dtype == object for name in names)


def _fewer_faces(signals: Signals, keep: Mapping[str, NDArray[np.bool_]]) -> Columns:
    counts = signals["frames.n_faces"].copy()
    rows = np.searchsorted(signals["frames.frame_idx"], signals["faces.frame_idx"][~keep["faces"]])
    np.subtract.at(counts, rows, 1)
    return {"frames.n_faces": counts}


def _noted(spans: list[Span]) -> dict[str, Columns]:
    ends = np.array(spans, np.float64).reshape(-1, 2)
    return {"forgetting": {START_S: ends[:, 0].copy(), END_S: ends[:, 1].copy()}}


def _as_rows(spans: Sequence[Span]) -> list[dict[str, float]]:
    return [{"start_s": start_s, "end_s": end_s} for start_s, end_s in spans]


def _counts(keep: Mapping[str, NDArray[np.bool_]]) -> dict[str, int]:
    """How many rows go from which table, in the words of the report."""
    gone = {table: int((~rows).sum()) for table, rows in keep.items()}
    others = {t: n for t, n in gone.items() if t not in (*COUNTED, "thumbnails") and n}
    return {t: gone.get(t, 0) for t in COUNTED} | others | {"thumbnails": gone.get("thumbnails", 0)}


def _verify(folder: Path, person: Person, spans: list[Span]) -> None:
    """Looks for them in the log that is there now."""
    signals = read_log(folder / "signals")
    left = _counts(_without(signals, person, spans))
    if any(left.values()):
        raise MomentscanError(
            f"{folder}: rows of somebody forgotten are still there ({left}), a defect; delete the folder "
            "and report it"
        )


# ---- what was made of the log ----


def _derived_gone(
    signals: Signals,
    folder: Path,
    run: dict[str, Any] | None,
    scorers: Mapping[str, Any],
    person: Person,
    spans: list[Span],
) -> tuple[dict[str, int], list[str]]:
    """Removes everything that was made of the log and may show or describe them: (counts, what there is to
    say of it).
    """
    notes, stills = [], 0
    if run is not None:  # a kill from here on must not leave a word of them
        had = run.pop("packs", None)
        run["packs"], run["pairs"] = None if had is None else [], 0
        run["warnings"] = [w for w in run["warnings"] if not w.startswith("packs: ")]
        write_json(folder / RUN, {k: v for k, v in run.items() if k not in ("people", "comparisons")})
        if had is not None and choosing_as(run) is None:
            run["packs"] = None
            notes.append(
                "identity packs of the others were removed too, their knobs are of another version; "
                "momentscan pack makes them again"
            )
        elif had:
            notes.append(
                "identity packs of the others keep only images of instants at which nobody who was "
                "forgotten may be seen"
            )
    with translate_os_errors(folder):
        for name in (REPORT, f".{REPORT}.part", f".{RUN}.part"):
            (folder / name).unlink(missing_ok=True)
    for work in folder.glob(".*.part"):
        remove(work)
    for engine in sorted(p for p in folder.glob("highlight_*") if p.is_dir()):
        name = engine.name.removeprefix("highlight_")
        stills += _pictures_gone(engine, signals, spans if name in scorers else None)
        if name not in scorers:
            remove(engine)
            notes.append(f"{engine.name} was removed as a whole: it cannot be judged again as it was before")
    if (folder / FEEDBACK).is_file():
        notes.append(
            f"{FEEDBACK} stays: it has the times of moments and what editors did to them, and names nobody"
        )
    folders = {"packs": PACKS, "clips": CLIPS, "exports": EXPORTS}
    gone = {"stills": stills, **{what: _folder_gone(folder / name) for what, name in folders.items()}}
    return gone, notes


def _pictures_gone(engine: Path, signals: Signals, spans: list[Span] | None) -> int:
    """Leaves nothing in an engine's folder but the stills, full and small, of instants outside of the spans:
    how many stills went.
    """
    at = dict(zip(signals["frames.frame_idx"].tolist(), signals["frames.time_s"].tolist(), strict=True))
    count = 0
    for path in [p for p in engine.rglob("*") if p.is_file()]:
        time_s = (
            at.get(_frame_idx(path))
            if path.parent.name in ("frames", THUMBS) and path.suffix == ".jpg"
            else None
        )
        if spans is None or time_s is None or within(spans, np.array([time_s]), closed=True)[0]:
            count += path.parent.name == "frames" and path.suffix == ".jpg"
            with translate_os_errors(path):
                path.unlink()
    return count


def _frame_idx(path: Path) -> int:
    """`window_001_f1234.jpg`, `f1234.jpg` -> 1234; -1 for another name."""
    index = path.stem.rpartition("f")[2]
    return int(index) if index.isdigit() else -1


def _packs_of_others(signals: Signals, folder: Path, person: Person, spans: list[Span]) -> Crops:
    """The images of everybody else's packs, read, without those of instants at which the person may be seen."""
    at = dict(zip(signals["frames.frame_idx"].tolist(), signals["frames.time_s"].tolist(), strict=True))
    rows = person.rows
    own = set(zip(signals["faces.frame_idx"][rows].tolist(), whole_boxes(signals, rows), strict=True))
    found = {}
    for (frame_idx, boxes), crop in kept_crops(folder).items():
        theirs = any((frame_idx, box) in own for box in boxes)
        if not theirs and frame_idx in at and not within(spans, np.array([at[frame_idx]]), closed=True)[0]:
            found[frame_idx, boxes] = replace(
                crop, data=crop.data if isinstance(crop.data, bytes) else crop.data.read_bytes()
            )
    return found


def _packs(folder: Path, people: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """number of a person -> the folder of their identity pack; where a pack is made of one track, of whoever
    has that track.
    """
    owner = {track: person["number"] for person in people for track in person["tracks"]}
    found: dict[int, str] = {}
    for meta in sorted((folder / PACKS).glob("person_*/meta.json")):
        try:
            told = json.loads(meta.read_text(encoding="utf-8"))
            number = owner.get(told["tracks"][0]) if told.get("tracks") else told["person_id"]
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            continue
        if isinstance(number, int):
            found.setdefault(number, str(meta.parent))
    return found


def _folder_gone(place: Path) -> int:
    """Deletes a folder, if it is there: how many files were in it."""
    count = sum(p.is_file() for p in place.rglob("*")) if place.is_dir() else 0
    remove(place)
    return count


# ---- judging again ----


def _as_before(run: Mapping[str, Any] | None, folder: Path) -> dict[str, Any]:
    """Every engine that run.json remembers, with its knobs; without those that are not here any more or have
    other knobs now.
    """
    found = {}
    for name, engine in (run or {"engines": {}})["engines"].items():
        with suppress(UnreadableInput):
            found[name] = as_before(name, engine, folder)
    return found


def _judge_again(
    folder: Path,
    run: dict[str, Any] | None,
    scorers: Mapping[str, Any],
    settings: Settings,
    before: Crops,
    on_progress: Progress,
) -> int:
    """Findings, packs, report and run.json of what is left: how many files of packs there are. No picture is
    made; crops of others are taken over. A folder that was never judged is left to `scan`."""
    if run is None:
        return 0
    signals = read_log(folder / "signals")
    chosen, choosing = _choosing(run, settings), choosing_as(run)
    run["engines"] = {name: engine for name, engine in run["engines"].items() if name in scorers}
    judged = judge_all(signals, folder, scorers, chosen, run, {}, on_progress)
    if run.get("packs") is not None and choosing is not None:
        make_packs(signals, folder, judged.windows, None, choosing, run, on_progress, before)
    tell(signals, folder, judged, run)
    write_json(folder / RUN, run)
    return sum(p.is_file() for p in (folder / PACKS).rglob("*"))


def _choosing(run: Mapping[str, Any], settings: Settings) -> Settings:
    """The settings by which frames were chosen before, with no new stills; those in force where they cannot
    be had any more.
    """
    picks = dict(next((e["picks"] for e in run["engines"].values() if "picks" in e), {}))
    gate = picks.pop("gate", {})
    try:
        with_knobs(Picks, picks), with_knobs(Gate, gate)
    except UsageError:
        picks, gate = settings.picks, settings.gate
    return settings.model_copy(update={"stills": False, "picks": picks, "gate": gate})
