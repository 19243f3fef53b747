"""`identity_builder/`: one person's pack (meta.json, manifest.json, metas of images), pairs, and what was
refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from momentscan.records.measures import (
    AnyYaw,
    Box,
    BoxPx,
    Condition,
    Cosine,
    Count,
    Cue,
    Expression,
    FrameIdx,
    FromOne,
    ImageSet,
    Lighting,
    Ms,
    Occlusion,
    Pitch,
    Share,
    VersionStamp,
    Yaw,
)
from momentscan.records.plain import Json, Meta, Record

Likeness = Annotated[
    Cosine | None,
    Meta(
        "cosine with the prototype, for challenge with the memory bank; null: no Face-ID model looked",
    ),
]
Prototype = Literal["medoid", "trimmed_mean"]
StopReason = Literal["coverage_satisfied", "novelty_plateau", "video_end"]
HowCut = Annotated[Json, Meta("how crops were made")]


@dataclass(frozen=True)
class Redetected(Record):
    """What was found again in the crop that is kept; `score` of the detector, `stable_score` a cosine."""

    face_bbox: BoxPx
    score: Share
    stable_score: Cosine | None


@dataclass(frozen=True)
class ImageStamp(VersionStamp):
    """What made an image; `cut`: the models and knobs by which it was cut."""

    cut: HowCut


@dataclass(frozen=True)
class ImageMeta(Record):
    """`person_*/*/*_meta.json`: the seed's fields (identity_builder §11), then ours. Angles in degrees."""

    type: ImageSet
    person_id: Count
    frame_idx: FrameIdx
    timestamp_ms: Ms
    yaw_bin: Annotated[AnyYaw | None, Meta("half-open [a, b); + looks to the picture's right")]
    pitch_bin: Annotated[Pitch | None, Meta("from the track's usual pitch")]
    expression_bin: Expression | None
    occlusion_bin: Occlusion | None
    lighting_bin: Lighting | None
    quality_score: Share
    novelty_score: Annotated[Share, Meta("1 - the highest cosine to the images before it; 1 for the first")]
    stable_score: Likeness
    face_bbox: BoxPx
    crop_box: BoxPx
    embed_model_version: str | None
    gate_version: str
    file: str
    video_id: str
    identity_verified: bool
    gate: Literal["strict", "loose", "blur floor"]
    yaw_deg: float | None
    pitch_deg: float | None
    in_moment: bool
    cues: tuple[Cue, ...]
    negative_prompt_hints: tuple[str, ...]
    caption: str
    why: str
    redetected: Annotated[Redetected, Meta("what was found again in the crop that is kept")]
    version_stamp: ImageStamp


@dataclass(frozen=True)
class PairSide(Record):
    """One of the two in a picture of both."""

    person_id: Count
    side: Literal["left", "right"]
    face_bbox: BoxPx
    expression_bin: Expression | None
    stable_score: Cosine | None
    redetected: Redetected


@dataclass(frozen=True)
class FaceOffset(Record):
    """From the left face to the right one, in widths and heights of a face."""

    dx_faces: float
    dy_faces: float


@dataclass(frozen=True)
class PairMeta(Record):
    """`pair/*_meta.json`: who is where, how large, and what both do (identity_builder §12); left, then
    right.
    """

    type: Literal["pair"]
    frame_idx: Count
    timestamp_ms: Ms
    quality_score: Share
    people: tuple[PairSide, PairSide]
    relative_position: FaceOffset
    relative_scale: Annotated[float, Meta("height of the left face over the right one's")]
    overlap_iou: Share
    shared_expression: Expression | None
    crop_box: BoxPx
    embed_model_version: str | None
    gate_version: str
    file: str
    video_id: str
    version_stamp: ImageStamp


@dataclass(frozen=True)
class Coverage(Record):
    """ "6/7": bins that are covered, of all there are."""

    yaw: Annotated[str, Meta(pattern="^[0-7]/7$")]
    pitch: Annotated[str, Meta(pattern="^[0-5]/5$")]
    expression: Annotated[str, Meta(pattern="^[0-4]/4$")]


@dataclass(frozen=True)
class CoarseYaw(Record):
    """The seven yaws in three: whether any of each is covered."""

    left: bool
    front: bool
    right: bool


@dataclass(frozen=True)
class CellImages(Record):
    """A cell of yaw × pitch × expression, and how many images show it."""

    yaw_bin: Yaw
    pitch_bin: Pitch
    expression_bin: Expression
    images: Count


@dataclass(frozen=True)
class PackImage(Record):
    """An image of a pack as its meta.json names it; `file` within the person's folder."""

    file: str
    type: ImageSet
    bucket: str
    stable_score: Cosine | None


@dataclass(frozen=True)
class PersonMeta(Record):
    """`person_*/meta.json`: the seed's fields (identity_builder §2), then ours.

    `tau_id`: the cosine from which two faces are one person's, None where no Face-ID model looked;
    `left_out`: reason -> samples.
    """

    person_id: Count
    track_score: Share
    prototype_type: Prototype | None
    anchor_count: Count
    coverage_buckets_filled: Coverage
    challenge_count: Count
    total_saved: Count
    stop_reason: StopReason
    stopped_at_ms: float | None
    coverage_count: Count
    coverage_buckets_achievable: Annotated[Coverage, Meta("what fit looks of this video could cover at most")]
    coverage_coarse_yaw: CoarseYaw
    cells: tuple[CellImages, ...]
    role: Literal["main", "passenger"]
    tracks: tuple[int, ...]
    looks: Count
    start_ms: Ms
    end_ms: Ms
    identity_verified: bool
    face_id_version: str | None
    tau_id: Cosine | None
    prototype_gate: Literal["strict", "loose"] | None
    mixed_share: Share
    look_alikes: tuple[int, ...]
    conditions: tuple[Condition, ...]
    left_out: Mapping[str, Count]
    warnings: tuple[str, ...]
    missing: tuple[str, ...]
    images: tuple[PackImage, ...]
    version_stamp: VersionStamp

    def count(self, kind: ImageSet) -> int:
        """How many images a set has."""
        counts = {
            "anchor": self.anchor_count,
            "coverage": self.coverage_count,
            "challenge": self.challenge_count,
        }
        return counts[kind]


@dataclass(frozen=True)
class SetRatio(Record):
    """Parts of a ratio."""

    anchor: int
    coverage: int
    challenge: int


@dataclass(frozen=True)
class SetShares(Record):
    """Shares of the sets that sum to 1."""

    anchor: float
    coverage: float
    challenge: float


@dataclass(frozen=True)
class RepeatedShares(Record):
    """What shares become in tools that only repeat; `error`: the largest difference of a set; `most`: times
    at most.
    """

    shares: SetShares
    error: float
    most: int


@dataclass(frozen=True)
class ManifestImage(Record):
    """An image as a trainer takes it; weights of a pack sum to 1."""

    path: str
    set_: ImageSet
    weight: Share
    repeats: FromOne
    caption: str
    stable_score: Cosine | None
    quality_score: Share
    cues: tuple[str, ...]
    negative_prompt: tuple[str, ...]


@dataclass(frozen=True)
class PackManifest(Record):
    """`person_*/manifest.json`: what the pack is and how much of each image to take.

    ratios    all that identity_builder §10 knows, anchor : coverage : challenge
    ratio     the one in force, that of the first condition
    shares    the same over the sets that are not empty (readings I15); they sum to 1, or are 0 where nothing
              is there
    """

    token: str
    class_: str
    empty: bool
    identity_verified: bool
    conditions: tuple[Condition, ...]
    ratio: Literal["default", "id_drift", "dark", "low_variety"]
    ratios: Mapping[str, SetRatio]
    shares: SetShares
    repeats: RepeatedShares
    images: tuple[ManifestImage, ...]


@dataclass(frozen=True)
class Refusal(Record):
    """One entry of refused.json, which is a list: faces that were chosen and could not be used, and why."""

    frame_idx: int
    face_bbox: tuple[Box, ...]
    reason: str


@dataclass(frozen=True)
class ShownImage:
    """An image as a page shows it: how meta.json names it, its own meta (None where that is damaged or gone),
    and its small JPEG (empty where it is gone)."""

    entry: PackImage
    meta: ImageMeta | None
    thumb: bytes


@dataclass(frozen=True)
class ShownPack:
    """One person's pack as it lies on the disk."""

    meta: PersonMeta
    images: tuple[ShownImage, ...]


@dataclass(frozen=True)
class ShownPair:
    """A picture of two, and its small JPEG (empty where it is gone)."""

    meta: PairMeta
    thumb: bytes


@dataclass(frozen=True)
class ShownPacks:
    """All that `identity_builder/` has that can be read; people by number."""

    people: tuple[ShownPack, ...] = ()
    pairs: tuple[ShownPair, ...] = ()
