"""`identity_builder/`: the seed's tree and names, field for field, with what we add (identity_builder §2,
§11, §12).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from momentscan.disk.results import ms
from momentscan.select.buckets import EXPRESSIONS, PITCHES, YAWS
from momentscan.select.pack import Chosen, Cover, IdentityPack
from momentscan.select.pairs import Pair
from momentscan.signals.boxes import Box

PACKS = "identity_builder"
THUMBS = "thumbs"
REFUSED = "refused.json"
META = "meta.json"

COARSE = {"left": (0, 1), "front": (2, 3, 4), "right": (5, 6)}
"""The seven yaws in three, which noise of the pose hardly mixes up (readings I3)."""


@dataclass(frozen=True)
class Crop:
    """An image that is written or lies somewhere already. `faces_px`, `scores`, `stable`: what was found
    again in it, face by face; `made_by`: the models and knobs by which it was cut."""

    data: bytes | Path
    thumb: bytes
    crop_px: Box
    faces_px: tuple[Box, ...]
    scores: tuple[float, ...]
    stable: tuple[float | None, ...]
    made_by: Mapping[str, Any] = field(default_factory=dict)


class ImageContext(NamedTuple):
    """What image metas say beside the image itself."""

    video_id: str
    face_px: tuple[Box, ...]
    embed_model_version: str | None
    caption: str
    negative_prompt: Sequence[str]
    version: Mapping[str, Any]


def image_meta(pack: IdentityPack, image: Chosen, crop: Crop, told: ImageContext) -> dict[str, Any]:
    """`*_meta.json`: the seed's fields (identity_builder §11), then ours."""
    return {
        "type": image.kind,
        "person_id": pack.person.number,
        "frame_idx": image.frame_idx,
        "timestamp_ms": ms(image.time_s),
        "yaw_bin": image.yaw_bin,
        "pitch_bin": image.pitch_bin,
        "expression_bin": image.expression_bin,
        "occlusion_bin": image.occlusion_bin,
        "lighting_bin": image.lighting_bin,
        "quality_score": image.quality,
        "novelty_score": image.novelty,
        "stable_score": image.stable,
        "face_bbox": list(told.face_px[0]),
        "crop_box": list(crop.crop_px),
        "embed_model_version": told.embed_model_version,
        "gate_version": "v1",
        "file": image.path,
        "video_id": told.video_id,
        "identity_verified": pack.verified,
        "gate": image.gate,
        "yaw_deg": image.yaw_deg,
        "pitch_deg": image.pitch_deg,
        "in_moment": image.moment,
        "cues": list(image.cues),
        "negative_prompt_hints": list(told.negative_prompt),
        "caption": told.caption,
        "why": image.why,
        "redetected": _redetected(crop, 0),
        "_version": {**told.version, "cut": dict(crop.made_by)},
    }


def pair_meta(pair: Pair, crop: Crop, told: ImageContext) -> dict[str, Any]:
    """`pair_001_meta.json`: who is where, how large, and what both do (identity_builder §12)."""
    sides = [
        {
            "person_id": person,
            "side": side,
            "face_bbox": list(face_px),
            "expression_bin": expression,
            "stable_score": stable,
            "redetected": _redetected(crop, n),
        }
        for n, (side, person, face_px, expression, stable) in enumerate(
            zip(("left", "right"), pair.people, told.face_px, pair.expressions, pair.stable, strict=True)
        )
    ]
    return {
        "type": "pair",
        "frame_idx": pair.frame_idx,
        "timestamp_ms": ms(pair.time_s),
        "quality_score": pair.quality,
        "people": sides,
        "relative_position": {"dx_faces": pair.offset[0], "dy_faces": pair.offset[1]},
        "relative_scale": pair.scale,
        "overlap_iou": pair.overlap,
        "shared_expression": pair.shared,
        "crop_box": list(crop.crop_px),
        "embed_model_version": told.embed_model_version,
        "gate_version": "v1",
        "file": pair.path,
        "video_id": told.video_id,
        "_version": {**told.version, "cut": dict(crop.made_by)},
    }


def _redetected(crop: Crop, n: int) -> dict[str, Any]:
    return {"face_bbox": list(crop.faces_px[n]), "score": crop.scores[n], "stable_score": crop.stable[n]}


def person_meta(
    pack: IdentityPack, prototype_type: str, face_id: str | None, version: Mapping[str, Any]
) -> dict[str, Any]:
    """`person_k/meta.json`: the seed's fields (identity_builder §2), then ours."""
    person, known = pack.person, pack.identity
    return {
        "person_id": person.number,
        "track_score": person.track_score,
        "prototype_type": prototype_type if known.prototype is not None else None,
        "anchor_count": len(pack.of("anchor")),
        "coverage_buckets_filled": _shares(pack.filled),
        "challenge_count": len(pack.of("challenge")),
        "total_saved": len(pack.images),
        "stop_reason": pack.stop.reason,
        "stopped_at_ms": None if pack.stop.at_s is None else ms(pack.stop.at_s),
        "coverage_count": len(pack.of("coverage")),
        "coverage_buckets_achievable": _shares(pack.achievable),
        "coverage_coarse_yaw": {name: bool(pack.filled.yaw & set(bins)) for name, bins in COARSE.items()},
        "cells": _cells(pack),
        "role": person.role,
        "tracks": list(person.tracks),
        "looks": len(person.rows),
        "start_ms": ms(person.start_s),
        "end_ms": ms(person.end_s),
        "identity_verified": pack.verified,
        "face_id_version": face_id,
        "tau_id": pack.tau,
        "prototype_gate": known.level if known.prototype is not None else None,
        "mixed_share": known.mixed,
        "look_alikes": list(known.alike),
        "conditions": list(pack.conditions),
        "left_out": dict(pack.left_out),
        "warnings": list(pack.warnings),
        "missing": list(pack.missing),
        "images": [
            {"file": i.path, "type": i.kind, "bucket": i.bucket, "stable_score": i.stable}
            for i in pack.images
        ],
        "_version": dict(version),
    }


def _shares(cover: Cover) -> dict[str, str]:
    """ "6/7": bins that are covered, of all there are."""
    return {
        "yaw": f"{len(cover.yaw)}/{len(YAWS)}",
        "pitch": f"{len(cover.pitch)}/{len(PITCHES)}",
        "expression": f"{len(cover.expression)}/{len(EXPRESSIONS)}",
    }


def _cells(pack: IdentityPack) -> list[dict[str, Any]]:
    """Every cell of yaw × pitch × expression that has images, or could have had some."""
    count: dict[tuple[int, int, int], int] = dict.fromkeys(
        sorted(pack.achievable.cells | pack.filled.cells), 0
    )
    for image in (i for i in pack.images if i.kind != "challenge"):
        if image.yaw_bin in YAWS and image.pitch_bin in PITCHES and image.expression_bin in EXPRESSIONS:
            cell = (
                YAWS.index(image.yaw_bin),
                PITCHES.index(image.pitch_bin),
                EXPRESSIONS.index(image.expression_bin),
            )
            count[cell] = count.get(cell, 0) + 1
    return [
        {"yaw_bin": YAWS[y], "pitch_bin": PITCHES[p], "expression_bin": EXPRESSIONS[e], "images": n}
        for (y, p, e), n in count.items()
    ]


def kept_crops(folder: Path) -> dict[tuple[int, tuple[Box, ...]], Crop]:
    """(frame_idx, boxes of the faces) -> the crops that a folder has already. What is damaged or half deleted
    is passed by.
    """
    found = {}
    for path, told in _metas(folder):
        with suppress(KeyError, TypeError, ValueError, IndexError):
            crop = _kept(path, told)
            if crop is not None:
                faces = told["people"] if told["type"] == "pair" else [told]
                found[int(told["frame_idx"]), tuple(_box(face["face_bbox"]) for face in faces)] = crop
    return found


def _kept(path: Path, told: Mapping[str, Any]) -> Crop | None:
    image = path.with_name(path.name.removesuffix("_meta.json") + ".jpg")
    home = path.parent if told["type"] == "pair" else path.parent.parent
    thumb = home / THUMBS / image.name
    if not image.is_file() or not thumb.is_file():
        return None
    again = [face["redetected"] for face in (told["people"] if told["type"] == "pair" else [told])]
    return Crop(
        image,
        thumb.read_bytes(),
        _box(told["crop_box"]),
        tuple(_box(a["face_bbox"]) for a in again),
        tuple(float(a["score"]) for a in again),
        tuple(a["stable_score"] for a in again),
        dict(told["_version"]["cut"]),
    )


def all_there(folder: Path) -> set[int]:
    """Numbers of the people whose packs have every image that their meta.json names."""
    found = set()
    for path in (folder / PACKS).glob(f"person_*/{META}"):
        told = _read(path)
        entries = told.get("images")
        if isinstance(entries, list) and all(
            (path.parent / str(e.get("file"))).is_file() for e in entries if isinstance(e, dict)
        ):
            found.add(told.get("person_id"))
    return {number for number in found if isinstance(number, int)}


def _metas(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The metas of all images that can be read and say what we need of them."""
    for path in sorted((folder / PACKS).glob("*/*/*_meta.json")) + sorted(
        (folder / PACKS).glob("pair/*_meta.json")
    ):
        told = _read(path)
        if {"type", "file", "frame_idx", "crop_box", "_version"} <= set(told):
            yield path, told


def _box(numbers: Sequence[float]) -> Box:
    left, top, right, bottom = (int(x) for x in numbers)
    return left, top, right, bottom


class PackRecord(NamedTuple):
    """A pack as a page shows it: its meta.json, the metas of its images in order, and their thumbnails by
    file.
    """

    meta: dict[str, Any]
    images: list[dict[str, Any]]
    thumbs: dict[str, bytes]


def read_packs(folder: Path) -> tuple[list[PackRecord], PackRecord | None]:
    """What `identity_builder/` holds: the people by number, and the pairs (their meta is {}). What is damaged
    or half deleted is passed by.
    """
    homes = [(path.parent, _read(path)) for path in sorted((folder / PACKS).glob(f"person_*/{META}"))]
    people = [_shown(home, meta) for home, meta in homes if isinstance(meta.get("person_id"), int)]
    pairs = [meta for _, meta in _metas(folder) if meta["type"] == "pair"]
    shown = PackRecord({}, pairs, {m["file"]: _thumb(folder / PACKS / "pair", m["file"]) for m in pairs})
    return sorted(people, key=lambda s: int(s.meta["person_id"])), shown if pairs else None


def _shown(home: Path, meta: dict[str, Any]) -> PackRecord:
    entries = [e for e in meta.get("images", []) if isinstance(e, dict) and isinstance(e.get("file"), str)]
    metas = [{**entry, **_read(home / entry["file"].replace(".jpg", "_meta.json"))} for entry in entries]
    return PackRecord(meta, metas, {e["file"]: _thumb(home, e["file"]) for e in entries})


def _thumb(home: Path, file: str) -> bytes:
    """The small picture of an image; nothing where it is gone."""
    path = home / THUMBS / Path(file).name
    return path.read_bytes() if path.is_file() else b""


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; {} where there is none that can be read."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def pack_folders(folder: Path, owner: Mapping[int, int]) -> dict[int, str]:
    """number of a person -> the folder of their identity pack; where a pack is made of one track, of whoever has that
    track (`owner`: track -> number)."""
    found: dict[int, str] = {}
    for meta in sorted((folder / PACKS).glob(f"person_*/{META}")):
        told = _read(meta)
        tracks = told.get("tracks")
        number = owner.get(tracks[0]) if isinstance(tracks, list) and tracks else told.get("person_id")
        if isinstance(number, int):
            found.setdefault(number, str(meta.parent))
    return found
