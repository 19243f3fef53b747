"""`identity_builder/`: the seed's tree and names, field for field, with what we add (identity_builder §2,
§11, §12).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from momentscan.disk.codec import read_or_none
from momentscan.disk.windows import ms
from momentscan.records.measures import (
    AnyYaw,
    Condition,
    Cue,
    Expression,
    Lighting,
    Occlusion,
    Pitch,
    VersionStamp,
    Yaw,
)
from momentscan.records.packs import (
    CellImages,
    CoarseYaw,
    Coverage,
    FaceOffset,
    ImageMeta,
    ImageStamp,
    PackImage,
    PairMeta,
    PairSide,
    PersonMeta,
    Prototype,
    Redetected,
    ShownImage,
    ShownPack,
    ShownPacks,
    ShownPair,
    StopReason,
)
from momentscan.records.plain import Json, plain
from momentscan.select.buckets import EXPRESSIONS, PITCHES, YAWS
from momentscan.select.pack_types import Chosen, Cover, IdentityPack
from momentscan.select.pairs import Pair
from momentscan.values import Box

PACKS = "identity_builder"
THUMBS = "thumbs"
REFUSED = "refused.json"
META = "meta.json"
GATE_VERSION = "v1"

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
    made_by: Json = field(default_factory=dict)


class ImageContext(NamedTuple):
    """What image metas say beside the image itself."""

    video_id: str
    face_px: tuple[Box, ...]
    embed_model_version: str | None
    caption: str
    negative_prompt: Sequence[str]
    stamp: VersionStamp


def image_meta(pack: IdentityPack, image: Chosen, crop: Crop, context: ImageContext) -> ImageMeta:
    """`*_meta.json`: the seed's fields (identity_builder §11), then ours."""
    return ImageMeta(
        type=image.kind,
        person_id=pack.person.number,
        frame_idx=image.frame_idx,
        timestamp_ms=ms(image.time_s),
        yaw_bin=cast("AnyYaw | None", image.yaw_bin),
        pitch_bin=cast("Pitch | None", image.pitch_bin),
        expression_bin=cast("Expression | None", image.expression_bin),
        occlusion_bin=cast("Occlusion | None", image.occlusion_bin),
        lighting_bin=cast("Lighting | None", image.lighting_bin),
        quality_score=image.quality,
        novelty_score=image.novelty,
        stable_score=image.stable,
        face_bbox=context.face_px[0],
        crop_box=crop.crop_px,
        embed_model_version=context.embed_model_version,
        gate_version=GATE_VERSION,
        file=image.path,
        video_id=context.video_id,
        identity_verified=pack.verified,
        gate=cast(Literal["strict", "loose", "blur floor"], image.gate),
        yaw_deg=_known(image.yaw_deg),
        pitch_deg=_known(image.pitch_deg),
        in_moment=image.moment,
        cues=cast(tuple[Cue, ...], image.cues),
        negative_prompt_hints=tuple(context.negative_prompt),
        caption=context.caption,
        why=image.why,
        redetected=_redetected(crop, 0),
        version_stamp=_image_stamp(context, crop),
    )


def pair_meta(pair: Pair, crop: Crop, context: ImageContext) -> PairMeta:
    """`pair_001_meta.json`: who is where, how large, and what both do (identity_builder §12)."""
    return PairMeta(
        type="pair",
        frame_idx=pair.frame_idx,
        timestamp_ms=ms(pair.time_s),
        quality_score=pair.quality,
        people=(_side(pair, crop, context, 0), _side(pair, crop, context, 1)),
        relative_position=FaceOffset(*pair.offset),
        relative_scale=pair.scale,
        overlap_iou=pair.overlap,
        shared_expression=cast("Expression | None", pair.shared),
        crop_box=crop.crop_px,
        embed_model_version=context.embed_model_version,
        gate_version=GATE_VERSION,
        file=pair.path,
        video_id=context.video_id,
        version_stamp=_image_stamp(context, crop),
    )


def _side(pair: Pair, crop: Crop, context: ImageContext, n: Literal[0, 1]) -> PairSide:
    return PairSide(
        person_id=pair.people[n],
        side="left" if n == 0 else "right",
        face_bbox=context.face_px[n],
        expression_bin=cast("Expression | None", pair.expressions[n]),
        stable_score=pair.stable[n],
        redetected=_redetected(crop, n),
    )


def _redetected(crop: Crop, n: int) -> Redetected:
    return Redetected(crop.faces_px[n], crop.scores[n], crop.stable[n])


def _image_stamp(context: ImageContext, crop: Crop) -> ImageStamp:
    return ImageStamp(**vars(context.stamp), cut=dict(crop.made_by))


def person_meta(
    pack: IdentityPack,
    prototype_type: str,
    face_id: str | None,
    stamp: VersionStamp,
) -> PersonMeta:
    """`person_k/meta.json`: the seed's fields (identity_builder §2), then ours."""
    person, known = pack.person, pack.identity
    return PersonMeta(
        person_id=person.number,
        track_score=person.track_score,
        prototype_type=cast(Prototype, prototype_type) if known.prototype is not None else None,
        anchor_count=len(pack.of("anchor")),
        coverage_buckets_filled=_coverage(pack.filled),
        challenge_count=len(pack.of("challenge")),
        total_saved=len(pack.images),
        stop_reason=cast(StopReason, pack.stop.reason),
        stopped_at_ms=None if pack.stop.at_s is None else ms(pack.stop.at_s),
        coverage_count=len(pack.of("coverage")),
        coverage_buckets_achievable=_coverage(pack.achievable),
        coverage_coarse_yaw=CoarseYaw(
            **{name: bool(pack.filled.yaw & set(bins)) for name, bins in COARSE.items()}
        ),
        cells=_cells(pack),
        role=cast(Literal["main", "passenger"], person.role),
        tracks=person.tracks,
        looks=len(person.rows),
        start_ms=ms(person.start_s),
        end_ms=ms(person.end_s),
        identity_verified=pack.verified,
        face_id_version=face_id,
        tau_id=pack.tau,
        prototype_gate=known.level if known.prototype is not None else None,
        mixed_share=known.mixed,
        look_alikes=known.alike,
        conditions=cast(tuple[Condition, ...], pack.conditions),
        left_out=dict(pack.left_out),
        warnings=pack.warnings,
        missing=pack.missing,
        images=tuple(PackImage(i.path, i.kind, i.bucket, i.stable) for i in pack.images),
        version_stamp=stamp,
    )


def _coverage(cover: Cover) -> Coverage:
    """ "6/7": bins that are covered, of all there are."""
    return Coverage(
        yaw=f"{len(cover.yaw)}/{len(YAWS)}",
        pitch=f"{len(cover.pitch)}/{len(PITCHES)}",
        expression=f"{len(cover.expression)}/{len(EXPRESSIONS)}",
    )


def _cells(pack: IdentityPack) -> tuple[CellImages, ...]:
    """Every cell of yaw × pitch × expression that has images, or could have had some."""
    count = dict.fromkeys(sorted(pack.achievable.cells | pack.filled.cells), 0)
    for image in (i for i in pack.images if i.kind != "challenge"):
        if image.yaw_bin in YAWS and image.pitch_bin in PITCHES and image.expression_bin in EXPRESSIONS:
            yaw, pitch = YAWS.index(image.yaw_bin), PITCHES.index(image.pitch_bin)
            cell = (yaw, pitch, EXPRESSIONS.index(image.expression_bin))
            count[cell] = count.get(cell, 0) + 1
    return tuple(
        CellImages(cast(Yaw, YAWS[y]), cast(Pitch, PITCHES[p]), cast(Expression, EXPRESSIONS[e]), images)
        for (y, p, e), images in count.items()
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


# ---- reading ----


def kept_crops(folder: Path) -> dict[tuple[int, tuple[Box, ...]], Crop]:
    """(frame_idx, boxes of the faces) -> the crops that a folder has already. What is damaged or half deleted
    is passed by.
    """
    found: dict[tuple[int, tuple[Box, ...]], Crop] = {}
    for path, image in _image_metas(folder):
        crop = _kept(path, path.parent.parent, image, (image.redetected,))
        if crop is not None:
            found[image.frame_idx, (image.face_bbox,)] = crop
    for path, pair in _pair_metas(folder):
        crop = _kept(path, path.parent, pair, tuple(side.redetected for side in pair.people))
        if crop is not None:
            found[pair.frame_idx, tuple(side.face_bbox for side in pair.people)] = crop
    return found


def _kept(path: Path, home: Path, meta: ImageMeta | PairMeta, again: Sequence[Redetected]) -> Crop | None:
    image = path.with_name(path.name.removesuffix("_meta.json") + ".jpg")
    thumb = home / THUMBS / image.name
    if not image.is_file() or not thumb.is_file():
        return None
    return Crop(
        image,
        thumb.read_bytes(),
        meta.crop_box,
        tuple(a.face_bbox for a in again),
        tuple(a.score for a in again),
        tuple(a.stable_score for a in again),
        dict(meta.version_stamp.cut),
    )


def all_there(folder: Path) -> set[int]:
    """Numbers of the people whose packs have every image that their meta.json names."""
    return {
        meta.person_id
        for home, meta in _people(folder)
        if all((home / image.file).is_file() for image in meta.images)
    }


def pack_folders(folder: Path, owner: Mapping[int, int]) -> dict[int, str]:
    """number of a person -> the folder of their identity pack; where a pack is made of one track, of whoever
    has that track (`owner`: track -> number)."""
    found: dict[int, str] = {}
    for home, meta in _people(folder):
        number = owner.get(meta.tracks[0]) if meta.tracks else meta.person_id
        if number is not None:
            found.setdefault(number, str(home))
    return found


def read_shown_packs(folder: Path) -> ShownPacks:
    """What `identity_builder/` holds, for a page: the people by number, and the pairs. What is damaged or
    half deleted is passed by."""
    people = [ShownPack(meta, _shown_images(home, meta)) for home, meta in _people(folder)]
    pairs = [ShownPair(meta, _thumb(folder / PACKS / "pair", meta.file)) for _, meta in _pair_metas(folder)]
    return ShownPacks(tuple(sorted(people, key=lambda p: p.meta.person_id)), tuple(pairs))


def _shown_images(home: Path, meta: PersonMeta) -> tuple[ShownImage, ...]:
    return tuple(
        ShownImage(
            i, read_or_none(ImageMeta, home / i.file.replace(".jpg", "_meta.json")), _thumb(home, i.file)
        )
        for i in meta.images
    )


def _people(folder: Path) -> list[tuple[Path, PersonMeta]]:
    """Folder and meta.json of every person whose meta.json can be read."""
    found = [
        (p.parent, read_or_none(PersonMeta, p)) for p in sorted((folder / PACKS).glob(f"person_*/{META}"))
    ]
    return [(home, meta) for home, meta in found if meta is not None]


def _image_metas(folder: Path) -> list[tuple[Path, ImageMeta]]:
    found = [(p, read_or_none(ImageMeta, p)) for p in sorted((folder / PACKS).glob("person_*/*/*_meta.json"))]
    return [(path, meta) for path, meta in found if meta is not None]


def _pair_metas(folder: Path) -> list[tuple[Path, PairMeta]]:
    found = [(p, read_or_none(PairMeta, p)) for p in sorted((folder / PACKS).glob("pair/*_meta.json"))]
    return [(path, meta) for path, meta in found if meta is not None]


def _thumb(home: Path, file: str) -> bytes:
    """The small picture of an image; nothing where it is gone."""
    path = home / THUMBS / Path(file).name
    return path.read_bytes() if path.is_file() else b""


# ---- as the report reads them: plain values, of which any may be lacking ----


class PackRecord(NamedTuple):
    """A pack as a page shows it: its meta.json, the metas of its images in order, and their thumbnails by
    file.
    """

    meta: dict[str, Any]
    images: list[dict[str, Any]]
    thumbs: dict[str, bytes]


def read_packs(folder: Path) -> tuple[list[PackRecord], PackRecord | None]:
    """As `read_shown_packs`, as plain values (the meta of pairs is {})."""
    shown = read_shown_packs(folder)
    people = [
        PackRecord(
            plain(one.meta),
            [{**plain(i.entry), **(plain(i.meta) if i.meta is not None else {})} for i in one.images],
            {i.entry.file: i.thumb for i in one.images},
        )
        for one in shown.people
    ]
    thumbs = {pair.meta.file: pair.thumb for pair in shown.pairs}
    pairs = PackRecord({}, [plain(pair.meta) for pair in shown.pairs], thumbs)
    return people, pairs if shown.pairs else None
