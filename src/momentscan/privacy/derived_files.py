"""What was made of a log and may show or describe somebody: removed before the log changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from pathlib import Path

import numpy as np

from momentscan.disk.files import remove, translate_os_errors
from momentscan.disk.folder import REPORT, RUN, VideoFolder
from momentscan.disk.packs import kept_crops
from momentscan.disk.stills import THUMBS
from momentscan.packs.choice import PackChoice
from momentscan.packs.crops import CropsBefore
from momentscan.records.run import Run
from momentscan.select.people import Person
from momentscan.signals import Signals
from momentscan.signals.boxes import whole_boxes
from momentscan.signals.spans import Span, within


def remove_derived(
    folder: VideoFolder, run: Run | None, engines: Collection[str], spans: list[Span]
) -> tuple[dict[str, int], list[str], Run | None]:
    """(counts of what went, what there is to say of it, run.json as it is then).

    `engines`: those that will judge again as before; the folders of others go as a whole.
    """
    notes: list[str] = []
    if run is not None:
        run, notes = _without_packs(folder, run)
    with translate_os_errors(folder.path):
        for name in (REPORT, f".{REPORT}.part", f".{RUN}.part"):
            (folder.path / name).unlink(missing_ok=True)
    for work in folder.path.glob(".*.part"):
        remove(work)
    stills = 0
    for name, place in folder.engines().items():
        stills += _remove_pictures(place, folder.signals, spans if name in engines else None)
        if name not in engines:
            remove(place)
            notes.append(f"{place.name} was removed as a whole: it cannot be judged again as it was before")
    if folder.feedback.is_file():
        notes.append(
            f"{folder.feedback.name} stays: it has the times of moments and what editors did to them, and "
            "names nobody"
        )
    places = {"packs": folder.packs, "clips": folder.clips, "exports": folder.exports}
    gone = {"stills": stills, **{what: _remove_folder(place) for what, place in places.items()}}
    return gone, notes, run


def crops_of_others(folder: VideoFolder, person: Person, spans: list[Span]) -> CropsBefore:
    """The images of everybody else's packs, read, without those of instants at which the person may be
    seen.
    """
    signals = folder.signals
    at = _times(signals)
    boxes = whole_boxes(signals, person.rows)
    own = set(zip(signals["faces.frame_idx"][person.rows].tolist(), boxes, strict=True))
    found = {}
    for (frame_idx, faces), crop in kept_crops(folder.path).items():
        theirs = any((frame_idx, box) in own for box in faces)
        if not theirs and frame_idx in at and not within(spans, np.array([at[frame_idx]]), closed=True)[0]:
            data = crop.data if isinstance(crop.data, bytes) else crop.data.read_bytes()
            found[frame_idx, faces] = dataclasses.replace(crop, data=data)
    return found


def _without_packs(folder: VideoFolder, run: Run) -> tuple[Run, list[str]]:
    """run.json without a word of them, written; a kill from here on must not leave one."""
    had, notes = run.packs, []
    packs = None if had is None else ()
    run = dataclasses.replace(run, packs=packs, pairs=0, warnings=run.without_warnings("packs"))
    folder.commit(dataclasses.replace(run, people=None, comparisons=None))
    if had is not None and PackChoice.as_before(run) is None:
        run = dataclasses.replace(run, packs=None)
        notes.append(
            "identity packs of the others were removed too, their knobs are of another version; "
            "momentscan pack makes them again"
        )
    elif had:
        notes.append(
            "identity packs of the others keep only images of instants at which nobody who was forgotten may "
            "be seen"
        )
    return run, notes


def _remove_pictures(engine: Path, signals: Signals, spans: list[Span] | None) -> int:
    """Leaves nothing in an engine's folder but the stills, full and small, of instants outside of the spans:
    how many stills went."""
    at, count = _times(signals), 0
    for path in [p for p in engine.rglob("*") if p.is_file()]:
        is_still = path.parent.name in ("frames", THUMBS) and path.suffix == ".jpg"
        time_s = at.get(_frame_idx(path)) if is_still else None
        if spans is None or time_s is None or within(spans, np.array([time_s]), closed=True)[0]:
            count += path.parent.name == "frames" and path.suffix == ".jpg"
            with translate_os_errors(path):
                path.unlink()
    return count


def _times(signals: Signals) -> dict[int, float]:
    """frame_idx -> its time."""
    frames = zip(signals["frames.frame_idx"].tolist(), signals["frames.time_s"].tolist(), strict=True)
    return dict(frames)


def _frame_idx(path: Path) -> int:
    """`window_001_f1234.jpg`, `f1234.jpg` -> 1234; -1 for another name."""
    index = path.stem.rpartition("f")[2]
    return int(index) if index.isdigit() else -1


def _remove_folder(place: Path) -> int:
    """How many files it had."""
    count = sum(p.is_file() for p in place.rglob("*"))
    remove(place)
    return count
