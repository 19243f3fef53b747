"""From the log to identity packs: chosen by `select`, cut out of the video, looked at again, written as a
whole.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.assembly import open_models
from momentscan.disk import read_log, write_json
from momentscan.disk.files import remove, write_tree
from momentscan.disk.packs import (
    META,
    PACKS,
    REFUSED,
    THUMBS,
    Box,
    Crop,
    ImageContext,
    all_there,
    image_meta,
    kept_crops,
    pair_meta,
    person_meta,
)
from momentscan.disk.results import to_json
from momentscan.errors import MissingModel, UnreadableInput, UsageError
from momentscan.export.contact_sheet import contact_sheet
from momentscan.export.trainer_layouts import Link, caption, cues, layouts, manifest, subject
from momentscan.flows.cutting import Cut, Cutting, Wanted, cut
from momentscan.flows.folders import RUN, Outcome, alone, knobs_in, outcome_of, run_in, version_of
from momentscan.flows.judging import as_before, judge_all, tell
from momentscan.knobs import with_knobs
from momentscan.media import stills
from momentscan.models.chosen_models import Models
from momentscan.progress import Progress, Step, silent
from momentscan.select.buckets import Buckets
from momentscan.select.face_samples import ReferenceQuality
from momentscan.select.gate import Gate
from momentscan.select.identity import Identities
from momentscan.select.memory import MemoryOptions
from momentscan.select.pack import Chosen, IdentityPack
from momentscan.select.packs import Packs
from momentscan.select.pairs import Pair, Pairs
from momentscan.settings import Settings
from momentscan.signals import Signals
from momentscan.signals.boxes import boxes_px
from momentscan.values import Window

Rows = tuple[int, ...]
"""Rows of `faces` that one crop shows: one, or two for a pair."""

ROUNDS = 12
"""So often other looks are chosen for those that could not be cut; then what is left out is said. No video
has needed more than 4.
"""


NOT_CUT = "was not cut before, and nothing can be cut now"


@dataclass(frozen=True)
class Choosing:
    """Everything that decides which images are chosen and how they are cut."""

    packs: Packs
    pairs: Pairs
    buckets: Buckets
    references: ReferenceQuality
    identities: Identities
    memory: MemoryOptions
    cutting: Cutting
    gate: Gate
    token: str
    klass: str

    def knobs(self) -> dict[str, Any]:
        return {name: knobs_in(getattr(self, name)) for name in _PARTS} | {
            "token": self.token,
            "class": self.klass,
        }


_PARTS: dict[str, Any] = {
    "packs": Packs,
    "pairs": Pairs,
    "buckets": Buckets,
    "references": ReferenceQuality,
    "identities": Identities,
    "memory": MemoryOptions,
    "cutting": Cutting,
    "gate": Gate,
}
"""The tables of settings that hold the knobs of Choosing."""


Crops = Mapping[tuple[int, tuple[Box, ...]], Crop]
"""(frame_idx, boxes of the faces) -> a crop that is there already."""


def choosing_as(run: Mapping[str, Any]) -> Choosing | None:
    """The knobs that run.json remembers; None where it remembers none, or those of another version."""
    told = run.get("pack_knobs")
    if not isinstance(told, dict):
        return None
    try:
        parts = {name: with_knobs(cls, told[name]) for name, cls in _PARTS.items()}
        return Choosing(**parts, token=told["token"], klass=told["class"])
    except (KeyError, UsageError):
        return None


def choosing_of(settings: Settings) -> Choosing:
    """The knobs in force. Raises UsageError for one that is not there, or out of bounds, and for words that
    no folder can be named by.
    """
    subject(settings.token, settings.token_class)
    parts = {name: with_knobs(cls, getattr(settings, name)) for name, cls in _PARTS.items()}
    return Choosing(**parts, token=settings.token, klass=settings.token_class)


def pack(folder: Path, settings: Settings, on_progress: Progress = silent) -> Outcome:
    """Identity packs again from the log. The video is needed for images that were not cut before, and then
    the detector.

    Raises UnreadableInput where there is no log, MissingModel where images must be cut and no detector is
    here.
    """
    choosing = choosing_of(settings)
    read_log(folder / "signals")  # what is no scanned video is told before it is locked
    models = open_models(settings)
    with alone(folder):
        signals, run = read_log(folder / "signals"), run_in(folder)
        if models.detector is None and signals.rows("faces.time_s"):
            raise MissingModel(
                f"{folder}: no face detector is here to look at the crops again; `momentscan models pull "
                "faces`, or --models"
            )
        began = time.perf_counter()
        for word in (
            "packs",
            "pack_knobs",
        ):  # a kill from here on must not leave new packs under the old word
            run.pop(word, None)
        write_json(folder / RUN, run)
        scorers = {name: as_before(name, engine, folder) for name, engine in run["engines"].items()}
        judged = judge_all(signals, folder, scorers, settings, run, {}, on_progress)
        make_packs(signals, folder, judged.windows, models, choosing, run, on_progress)
        tell(signals, folder, judged, run)
        run["pack_s"] = round(time.perf_counter() - began, 3)
        write_json(folder / RUN, run)
    return outcome_of(run, folder, run["status"])


def make_packs(
    signals: Signals,
    folder: Path,
    windows: Sequence[Window],
    models: Models | None,
    choosing: Choosing,
    run: dict[str, Any],
    on_progress: Progress = silent,
    before: Crops | None = None,
) -> None:
    """Writes `identity_builder/` anew, or removes it where nobody plays a part. `run` is told how many images
    there are.

    models  may be None where nothing is cut
    before  the only crops there are; None: those that the folder holds, and what the video gives for the rest
    """
    made = _Making(signals, folder, windows, models, choosing, before, _tau(signals, run))
    chosen, pairs = made.settled(on_progress)
    run["packs"] = [_told(p) for p in chosen]
    run["pairs"] = len(pairs)
    run["pack_knobs"] = choosing.knobs()
    run["warnings"] = [w for w in run["warnings"] if not w.startswith("packs: ")] + made.warnings(chosen)
    if not chosen:
        remove(folder / PACKS)
        return
    write_tree(folder / PACKS, *made.tree(chosen, pairs))


def _tau(signals: Signals, run: Mapping[str, Any]) -> float | None:
    """The cosine from which the model that made the log's Face-ID vectors takes two faces for one person's,
    as run.json says of it.
    """
    version = signals.made_by.get("face_ids.embedding")
    if version is None:
        return None
    for model in run["models"]:
        if model["version"] == version and "tau" in model:
            return float(model["tau"])
    raise UnreadableInput(
        f"{RUN} does not know the threshold of {version!r}, which made the log's Face-ID vectors; scan "
        "the video again"
    )


def packed(run: Mapping[str, Any], folder: Path, choosing: Choosing, settings: Settings) -> bool:
    """Whether the packs that run.json tells of were chosen by these knobs and are all there."""
    if not settings.identity:
        return True
    told = run.get("packs")
    return (
        told is not None
        and run.get("pack_knobs") == choosing.knobs()
        and {p["person"] for p in told} == all_there(folder)
    )


def _told(pack: IdentityPack) -> dict[str, Any]:
    return {
        "person": pack.person.number,
        "anchors": len(pack.of("anchor")),
        "coverage": len(pack.of("coverage")),
        "challenge": len(pack.of("challenge")),
        "identity_verified": pack.verified,
        "stop_reason": pack.stop.reason,
        "warnings": list(pack.warnings),
    }


class _Making:
    """The packs of one video while they are made: what was cut, and what was refused."""

    def __init__(
        self,
        signals: Signals,
        folder: Path,
        windows: Sequence[Window],
        models: Models | None,
        choosing: Choosing,
        before: Crops | None,
        tau: float | None,
    ) -> None:
        self._signals, self._folder, self._windows, self._choosing = signals, folder, windows, choosing
        self._detector = models.detector if models is not None else None
        self._face_id = models.face_id if models is not None else None
        self._face_id_version = signals.made_by.get("face_ids.embedding")
        self._tau = tau
        self._cuts: dict[Rows, Crop] = {}
        self._refused: dict[Rows, str] = {}
        self._lost = 0
        self._given_up = 0
        self._made_by = self._how()
        source = Path(signals.video.path)
        self._there = source.is_file() and source.stat().st_size == signals.video.size_bytes
        self._cuts_anew = before is None and self._detector is not None and self._there
        crops = kept_crops(folder) if before is None else before
        self._before = {k: c for k, c in crops.items() if not self._cuts_anew or c.made_by == self._made_by}
        self._given = before is not None

    def _how(self) -> dict[str, Any]:
        """What a crop depends on beside its frame: crops that were cut otherwise are not taken over."""
        detector, face_id = self._detector, self._asked_face_id()
        return {
            "detector": detector.version if detector is not None else None,
            "face_id": face_id.version if face_id is not None else None,
            **knobs_in(self._choosing.cutting),
        }

    def _asked_face_id(self) -> Any:
        """The model that made the log's vectors, if it is here: others' cannot be compared."""
        model = self._face_id
        return model if model is not None and model.version == self._face_id_version else None

    # ---- choosing until everything chosen can be cut ----

    def settled(self, on_progress: Progress) -> tuple[tuple[IdentityPack, ...], tuple[Pair, ...]]:
        """The packs and pairs of which every image is cut, found again by the detector, and not refused."""
        if not self._cuts_anew:
            self._only_what_is_there()
        for _ in range(ROUNDS):
            packs, pairs = self._choose()
            wanted = self._wanted(packs, pairs)
            missing = {rows: known for rows, known in wanted.items() if rows not in self._cuts}
            if not missing or not self._cut(missing, on_progress):
                break
        packs, pairs = self._choose()
        self._given_up = sum(rows not in self._cuts for rows in self._wanted(packs, pairs))
        kept = tuple(replace(p, images=tuple(i for i in p.images if (i.row,) in self._cuts)) for p in packs)
        return kept, tuple(p for p in pairs if p.rows in self._cuts)

    def _only_what_is_there(self) -> None:
        """Where nothing can be cut, looks without a crop are out; told is how many of them would have been
        chosen.
        """
        packs, pairs = self._choose()
        self._lost = sum(not self._taken_over(rows) for rows in self._wanted(packs, pairs))
        faces = range(len(self._signals["faces.time_s"])) if self._lost else range(0)
        self._refused |= {(row,): NOT_CUT for row in faces if not self._taken_over((row,))}

    def _choose(self) -> tuple[tuple[IdentityPack, ...], tuple[Pair, ...]]:
        c = self._choosing
        alone_ = {rows[0] for rows in self._refused if len(rows) == 1}
        packs = c.packs(
            self._signals,
            self._windows,
            self._tau,
            c.gate,
            c.buckets,
            c.references,
            c.identities,
            c.memory,
            refused=alone_,
        )
        return packs, c.pairs(self._signals, packs, {(r[0], r[1]) for r in self._refused if len(r) == 2})

    def _wanted(
        self, packs: Sequence[IdentityPack], pairs: Sequence[Pair]
    ) -> dict[Rows, list[NDArray[np.float64] | None]]:
        """What must be cut, with the vectors that each face must be like."""
        of = {p.person.number: p for p in packs}
        single = {(i.row,): [_vectors(p, i)] for p in packs for i in p.images}
        return single | {pair.rows: [_prototype(of[n]) for n in pair.people] for pair in pairs}

    def _cut(self, missing: Mapping[Rows, list[NDArray[np.float64] | None]], on_progress: Progress) -> bool:
        """Takes over or cuts; whether anything was refused, so that others must be chosen."""
        left = {rows: known for rows, known in missing.items() if not self._taken_over(rows)}
        if not left:
            return False
        if not self._cuts_anew:
            self._refused |= dict.fromkeys(left, NOT_CUT)
            return True
        by_time: dict[float, list[Rows]] = {}
        for rows in left:
            by_time.setdefault(float(self._signals["faces.time_s"][rows[0]]), []).append(rows)
        before, done = len(self._refused), 0

        def keep(time_s: float, frame: NDArray[np.uint8]) -> None:
            nonlocal done
            done += 1
            on_progress(Step("cutting references", done, len(by_time), "items"))
            for rows in by_time[time_s]:
                self._keep(rows, frame, left[rows])

        stills(self._signals.video, list(by_time), keep=keep)
        for rows in left:
            if rows not in self._cuts:
                self._refused.setdefault(rows, "its frame could not be reached")
        return len(self._refused) > before

    def _keep(
        self, rows: Rows, frame: NDArray[np.uint8], known: Sequence[NDArray[np.float64] | None]
    ) -> None:
        detector = self._detector
        assert detector is not None
        wanted = [
            Wanted(box, vectors) for box, vectors in zip(whole_boxes(self._signals, rows), known, strict=True)
        ]
        found = cut(
            frame,
            wanted,
            self._others(rows),
            detector,
            self._asked_face_id(),
            self._tau or -1.0,
            self._choosing.cutting,
        )
        if isinstance(found, Cut):
            self._cuts[rows] = Crop(*found, self._made_by)
        else:
            self._refused[rows] = found

    def _others(self, rows: Rows) -> tuple[Box, ...]:
        """Everybody else's faces in the same frame."""
        times = self._signals["faces.time_s"]
        a, b = np.searchsorted(times, times[rows[0]], "left"), np.searchsorted(times, times[rows[0]], "right")
        return whole_boxes(self._signals, [r for r in range(int(a), int(b)) if r not in rows])

    def _taken_over(self, rows: Rows) -> bool:
        crop = self._before.get(
            (int(self._signals["faces.frame_idx"][rows[0]]), whole_boxes(self._signals, rows))
        )
        if crop is not None:
            self._cuts[rows] = crop
        return crop is not None

    # ---- telling ----

    def warnings(self, packs: Sequence[IdentityPack]) -> list[str]:
        told = []
        if packs and self._tau is None:
            told.append(
                "packs: no Face-ID model looked, so each track has a pack of its own and no identity is "
                "verified; "
                "`momentscan models pull sface`, then scan again"
            )
        if self._lost and not self._given:
            told.append(
                f"packs: {self._lost} images could not be cut, {self._signals.video.path} is not there or "
                "has changed; "
                "images that were cut before were chosen in their place"
            )
        if self._given_up:
            told.append(
                f"packs: {self._given_up} images were given up after {ROUNDS} rounds of choosing others; "
                "refused.json says why"
            )
        if self._cuts_anew and self._face_id_version is not None and self._asked_face_id() is None:
            told.append(
                "packs: crops were not identified again, as the Face-ID model of the log "
                f"({self._face_id_version}) is not here"
            )
        return told + [
            f"packs: person {p.person.number}: {w}"
            for p in packs
            if self._tau is not None
            for w in p.warnings
        ]

    def tree(
        self, packs: Sequence[IdentityPack], pairs: Sequence[Pair]
    ) -> tuple[dict[str, bytes], dict[str, Path], dict[str, str]]:
        """What `write_tree` takes: bytes, files that lie elsewhere already, and second names of the same; by
        path in `identity_builder/`.
        """
        files: dict[str, bytes] = {REFUSED: to_json(self._refusals())}
        links: dict[str, Path] = {}
        same: dict[str, str] = {}
        for one in packs:
            self._person(one, files, links, same)
        for pair in pairs:
            crop = self._cuts[pair.rows]
            told = self._told(pair.rows, "", {"negative_prompt": []})
            _put(pair.path, crop.data, files, links)
            files[f"pair/{THUMBS}/{pair.name}.jpg"] = crop.thumb
            files[pair.path.replace(".jpg", "_meta.json")] = to_json(pair_meta(pair, crop, told))
        return files, links, same

    def _person(
        self, pack: IdentityPack, files: dict[str, bytes], links: dict[str, Path], same: dict[str, str]
    ) -> None:
        home, c = f"person_{pack.person.number}", self._choosing
        for image in pack.images:
            crop = self._cuts[image.row,]
            told = self._told((image.row,), caption(image, c.token, c.klass), cues(image))
            _put(f"{home}/{image.path}", crop.data, files, links)
            files[f"{home}/{image.path.replace('.jpg', '_meta.json')}"] = to_json(
                image_meta(pack, image, crop, told)
            )
            files[f"{home}/{THUMBS}/{image.name}.jpg"] = crop.thumb
        prototype = c.identities.kind
        files[f"{home}/{META}"] = to_json(
            person_meta(pack, prototype, self._face_id_version, version_of(self._signals))
        )
        files[f"{home}/manifest.json"] = to_json(manifest(pack, c.token, c.klass))
        if pack.bank is not None:
            files[f"{home}/memory_bank.json"] = to_json(pack.bank.to_json())
        if pack.images:
            files[f"{home}/contact_sheet.jpg"] = contact_sheet(
                pack, {i.name: self._cuts[i.row,].thumb for i in pack.images}
            )
        for path, content in layouts(pack, c.token, c.klass).items():
            if isinstance(content, Link):
                same[f"{home}/{path}"] = f"{home}/{content.path}"
            else:
                files[f"{home}/{path}"] = content

    def _told(self, rows: Rows, words: str, hints: Mapping[str, Any]) -> ImageContext:
        signals = self._signals
        made_by = signals.made_by.get("crops.face")
        return ImageContext(
            signals.video.video_id, whole_boxes(signals, rows), made_by, words, hints, version_of(signals)
        )

    def _refusals(self) -> list[dict[str, Any]]:
        signals = self._signals
        return [
            {
                "frame_idx": int(signals["faces.frame_idx"][rows[0]]),
                "face_bbox": [list(box) for box in whole_boxes(self._signals, rows)],
                "reason": reason,
            }
            for rows, reason in sorted(self._refused.items())
            if reason != NOT_CUT
        ]


def _put(path: str, data: bytes | Path, files: dict[str, bytes], links: dict[str, Path]) -> None:
    if isinstance(data, Path):
        links[path] = data
    else:
        files[path] = data


def _prototype(pack: IdentityPack) -> NDArray[np.float64] | None:
    """(1, D) what a face must be like."""
    return None if pack.identity.prototype is None else pack.identity.prototype[None]


def _vectors(pack: IdentityPack, image: Chosen) -> NDArray[np.float64] | None:
    """The prototype; for challenge every node of the memory bank."""
    if image.kind != "challenge" or pack.bank is None:
        return _prototype(pack)
    return np.stack([node.vec for node in pack.bank.nodes])


def whole_boxes(signals: Signals, rows: Sequence[int] | NDArray[np.int64]) -> tuple[Box, ...]:
    """Boxes of these rows of `faces` in whole px of the video, within the picture."""
    size = np.tile([signals.video.width_px, signals.video.height_px], 2)
    boxes = np.clip(boxes_px(signals, np.asarray(rows, np.int64)), 0, size).round().astype(int)
    return tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in boxes)
