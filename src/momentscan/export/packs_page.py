"""The part of the report that shows identity packs: their pictures, what they cover, and what is still
missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from momentscan.export.formatting import ROLES, format_time, listed, many, percent
from momentscan.export.pack_coverage import (
    AXES,
    AxisCoverage,
    ColumnHead,
    Grid,
    MissingBin,
    axis_coverage,
    column_heads,
    grids,
    missing_bins,
)
from momentscan.export.pack_pictures import Meta, PackPicture, PairPicture, pack_picture, pair_picture
from momentscan.select.pack_types import FOLDERS, SHARES

SHOWN = 4
"""People whose packs stand open; the rest folds away."""

REASONS = 3
"""So many reasons are named where nobody got an image."""

SETS = {
    "anchor": ("Anchors", "the best and most frontal looks"),
    "coverage": ("Coverage", "the best of each angle and expression"),
    "challenge": ("Challenge", "hard to see, and the same person even so"),
}

CONDITIONS = {
    "id_drift": "the face is often blurred, hidden or unlike itself",
    "dark": "it is often dark",
    "low_variety": "few angles and expressions were seen",
}

STOPS = {
    "coverage_satisfied": "Collecting stopped{at}: enough angles and expressions were covered, and "
    "nothing new came.",
    "novelty_plateau": "Collecting went on to the end of the video: not everything was covered, and "
    "nothing new came any more.",
    "video_end": "The video ended before everything was covered.",
}

UNVERIFIED = "identity is not verified"


class PackShown(Protocol):
    """A pack as it lies on the disk: its meta.json, the metas of its images in order, and their thumbnails
    (JPEG) by file.

    Any of it may be lacking; what is, is shown as lacking. Of the pack of two, `meta` says nothing.
    """

    @property
    def meta(self) -> Meta: ...

    @property
    def images(self) -> Sequence[Meta]: ...

    @property
    def thumbs(self) -> Mapping[str, bytes]: ...


@dataclass(frozen=True)
class IdentityNote:
    """Whether somebody vouches for who this is; if not, why, and what can be done."""

    verified: bool
    reason: str = ""
    todo: str = ""


@dataclass(frozen=True)
class ImageSet:
    """Anchors, coverage or challenge."""

    name: str
    words: str
    images: list[PackPicture]


@dataclass(frozen=True)
class PackCard:
    """All that the page shows of the pack of one person; `nothing` says why there is no image, `left` counts
    the looks that were there to choose from.
    """

    id: str
    name: str
    role: str
    seen: str
    total: int
    identity: IdentityNote
    warnings: list[str]
    nothing: str
    sets: list[ImageSet]
    covered: list[AxisCoverage]
    grids: list[Grid]
    missing: list[MissingBin]
    stop: str
    mix: str
    left_out: list[tuple[str, int]]
    looks: int
    left: int


@dataclass(frozen=True)
class PacksPage:
    """`none` says why there is no pack; `tracks_only`: without Face-ID; `no_pair`: two main people and no
    picture of both.
    """

    none: str
    cards: list[PackCard]
    heads: list[ColumnHead]
    shown: int
    n_images: int
    tracks_only: bool
    pairs: list[PairPicture]
    no_pair: bool


def packs_page(people: Sequence[PackShown], pair: PackShown | None, made: bool) -> PacksPage:
    """All that the template asks for. `made`: packs were asked for, so that it must be said where there is
    none.
    """
    cards = [_card(shown) for shown in people]
    mains = [shown for shown in people if shown.meta.get("role") == "main"]
    return PacksPage(
        none="No pack was made: nobody in this video plays a part." if made and not cards else "",
        cards=cards,
        heads=column_heads(),
        shown=SHOWN if len(cards) > SHOWN + 1 else len(cards),
        n_images=sum(card.total for card in cards),
        tracks_only=any(shown.meta.get("tau_id") is None for shown in people),
        pairs=[pair_picture(meta, pair.thumbs) for meta in pair.images] if pair else [],
        no_pair=len(mains) > 1 and not pair,
    )


def _card(shown: PackShown) -> PackCard:
    meta, total = shown.meta, len(shown.images)
    return PackCard(
        id=f"pack-{meta.get('person_id', 'x')}",
        name=f"Person {meta.get('person_id', '?')}",
        role=ROLES.get(role := str(meta.get("role", "")), role),
        seen=_seen(meta),
        total=total,
        identity=_identity(meta),
        warnings=[w for w in meta.get("warnings", ()) if not w.startswith(UNVERIFIED)],
        nothing="" if total else _nothing(meta),
        sets=[_set(kind, shown) for kind in FOLDERS],
        covered=[axis_coverage(meta, axis) for axis in AXES],
        grids=grids(meta),
        missing=missing_bins(meta),
        stop=_stop(meta),
        mix=_mix(meta),
        left_out=sorted(meta.get("left_out", {}).items(), key=lambda item: (-item[1], item[0])),
        looks=meta.get("looks", 0),
        left=_left(meta),
    )


def _set(kind: str, shown: PackShown) -> ImageSet:
    name, words = SETS[kind]
    images = [pack_picture(meta, shown.thumbs) for meta in shown.images if meta.get("type") == kind]
    return ImageSet(name, words, images)


def _seen(meta: Meta) -> str:
    looks, tracks = many(meta.get("looks", 0), "look"), many(len(meta.get("tracks", ())), "track")
    start, end = (format_time(meta.get(name, 0) / 1000) for name in ("start_ms", "end_ms"))
    return f"seen {start} – {end}, {looks} in {tracks}"


def _identity(meta: Meta) -> IdentityNote:
    if meta.get("identity_verified") is True:
        return IdentityNote(verified=True)
    if meta.get("tau_id") is None:
        return IdentityNote(
            False,
            "No Face-ID model looked, so this is one track, whoever it shows.",
            "Get one with “momentscan models pull sface”, then scan the video again.",
        )
    if meta.get("prototype_type") is None:
        return IdentityNote(
            False,
            "Face-ID could identify no look at this person (too small, or blurred), so this is one track, "
            "whoever it shows.",
            "No model is missing; it takes a larger and sharper view of the face.",
        )
    if alike := meta.get("look_alikes"):
        who = listed([f"person {n}" for n in alike])
        same = f"To Face-ID {who} {'looks' if len(alike) == 1 else 'look'} the same (twins?)"
        todo = "No model is missing; look at the pictures before you use them."
        return IdentityNote(False, f"{same}, so only tracks tell them apart.", todo)
    return IdentityNote(False, "Its meta.json does not say why.", "Make the packs again.")


def _nothing(meta: Meta) -> str:
    """Why there is no image, in one sentence."""
    worst = sorted(meta.get("left_out", {}).items(), key=lambda item: (-item[1], item[0]))[:REASONS]
    counted = [f"{n} × {reason}" for reason, n in worst]
    if left := _left(meta):
        counted.append(
            f"{left} × turned or tilted too far, too dark, hidden, between two bins, or not cut out of "
            "the video"
        )
    return f"No image could be taken of {many(meta.get('looks', 0), 'look')}" + (
        f": {'; '.join(counted)}." if counted else "."
    )


def _left(meta: Meta) -> int:
    """Looks that were there to choose from."""
    return max(0, int(meta.get("looks", 0)) - int(sum(meta.get("left_out", {}).values())))


# ---- how it was collected ----


def _stop(meta: Meta) -> str:
    reason, at_ms = str(meta.get("stop_reason", "")), meta.get("stopped_at_ms")
    at = "" if at_ms is None else f" at {format_time(at_ms / 1000)}"
    return STOPS.get(
        reason, f"Collecting stopped{{at}}: {reason.replace('_', ' ') or 'meta.json does not say why'}."
    ).replace("{at}", at)


def _mix(meta: Meta) -> str:
    """How much each set weighs in training, and why: of the sets that are not empty, by the condition that
    decides (readings I15).
    """
    conditions = list(meta.get("conditions", ()))
    asked = dict(
        zip(FOLDERS, SHARES.get(conditions[0] if conditions else "default", SHARES["default"]), strict=True)
    )
    there = {kind: share for kind, share in asked.items() if meta.get(f"{kind}_count")}
    if not there:
        return ""
    shares = listed(
        [f"{percent(share / sum(there.values()))} {FOLDERS[kind]}" for kind, share in there.items()]
    )
    why = [CONDITIONS.get(c, c.replace("_", " ")) for c in conditions]
    because = (
        f", because {why[0]}" + (f" (also: {'; '.join(why[1:])})" if why[1:] else "") if why else ", as usual"
    )
    return f"Conditioning ratio: {shares}{because}."
