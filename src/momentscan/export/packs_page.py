"""The part of the report that shows identity packs: their pictures, what they cover, and what is still
missing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Protocol

from momentscan.export.formatting import ROLES, clock, data_uri, listed, many, percent
from momentscan.select.buckets import EXPRESSIONS, PITCHES, YAWS
from momentscan.select.pack import FOLDERS, SHARES

Meta = Mapping[str, Any]

SHOWN = 4
"""People whose packs stand open; the rest folds away."""

REASONS = 3
"""So many reasons are named where nobody got an image."""

SETS = {
    "anchor": ("Anchors", "the best and most frontal looks"),
    "coverage": ("Coverage", "the best of each angle and expression"),
    "challenge": ("Challenge", "hard to see, and the same person even so"),
}

YAW_HEADS = ("−30", "−15", "−5", "0", "5", "15", "30")
PITCH_HEADS = ("down 20°", "down 8°", "level", "up 8°", "up 20°")
"""Each bin by its edge nearest 0, as in file names (readings D13)."""

YAW_WORDS = (
    "looking 30° to 45° to the picture's left",
    "looking 15° to 30° to the picture's left",
    "looking 5° to 15° to the picture's left",
    "looking straight ahead, within 5°",
    "looking 5° to 15° to the picture's right",
    "looking 15° to 30° to the picture's right",
    "looking 30° to 45° to the picture's right",
)
PITCH_WORDS = (
    "head down by 20° or more",
    "head down by 8° to 20°",
    "head level, within 8°",
    "head up by 8° to 20°",
    "head up by 20° or more",
)
EXPRESSION_WORDS = ("neutral", "smiling", "mouth open", "eyes closed")

MISSING = {f"{axis} {label}": words for axis, labels, said in (
    ("yaw", YAWS, YAW_WORDS), ("pitch", PITCHES, PITCH_WORDS), ("expression", EXPRESSIONS, EXPRESSION_WORDS)
) for label, words in zip(labels, said, strict=True)}  # fmt: skip
"""What select says is missing -> in words; anything else is shown as it is."""

CUES = {
    "yaw": "far aside",
    "pitch": "far up or down",
    "dark": "dark",
    "occluded": "partly hidden",
    "bright": "glaring",
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


def packs_page(people: Sequence[PackShown], pair: PackShown | None, made: bool) -> dict[str, Any]:
    """All that the template asks for. `made`: packs were asked for, so that it must be said where there is
    none.
    """
    cards = [_card(shown) for shown in people]
    mains = [shown for shown in people if shown.meta.get("role") == "main"]
    return {
        "none": "No pack was made: nobody in this video plays a part." if made and not cards else "",
        "cards": cards,
        "heads": [{"word": word, "title": title} for word, title in zip(YAW_HEADS, YAW_WORDS, strict=True)],
        "shown": SHOWN if len(cards) > SHOWN + 1 else len(cards),
        "n_images": sum(card["total"] for card in cards),
        "tracks_only": any(shown.meta.get("tau_id") is None for shown in people),
        "pairs": [_pair(meta, pair.thumbs) for meta in pair.images] if pair else [],
        "no_pair": len(mains) > 1 and not pair,
    }


# ---- one person ----


def _card(shown: PackShown) -> dict[str, Any]:
    meta = shown.meta
    total = len(shown.images)
    return {
        "id": f"pack-{meta.get('person_id', 'x')}",
        "name": f"Person {meta.get('person_id', '?')}",
        "role": ROLES.get(meta.get("role", ""), meta.get("role", "")),
        "seen": _seen(meta),
        "total": total,
        "identity": _identity(meta),
        "warnings": [w for w in meta.get("warnings", ()) if not w.startswith(UNVERIFIED)],
        "nothing": "" if total else _nothing(meta),
        "sets": [_set(kind, shown) for kind in FOLDERS],
        "covered": [_covered(meta, axis) for axis in ("yaw", "pitch", "expression")],
        "grids": _grids(meta),
        "missing": _missing(meta),
        "stop": _stop(meta),
        "mix": _mix(meta),
        "left_out": sorted(meta.get("left_out", {}).items(), key=lambda item: (-item[1], item[0])),
        "looks": meta.get("looks", 0),
        "left": _left(meta),
    }


def _seen(meta: Meta) -> str:
    looks, tracks = many(meta.get("looks", 0), "look"), many(len(meta.get("tracks", ())), "track")
    return f"seen {clock(meta.get('start_ms', 0) / 1000)} – {clock(meta.get('end_ms', 0) / 1000)}, {looks} in {tracks}"


def _identity(meta: Meta) -> dict[str, Any]:
    """{verified, reason, todo}: why nobody vouches for who this is, and what can be done."""
    reason = todo = ""
    if meta.get("identity_verified") is True:
        return {"verified": True, "reason": "", "todo": ""}
    if meta.get("tau_id") is None:
        reason = "No Face-ID model looked, so this is one track, whoever it shows."
        todo = "Get one with “momentscan models pull sface”, then scan the video again."
    elif meta.get("prototype_type") is None:
        reason = "Face-ID could identify no look at this person (too small, or blurred), so this is one track, whoever it shows."
        todo = "No model is missing; it takes a larger and sharper view of the face."
    elif alike := meta.get("look_alikes"):
        who = listed([f"person {n}" for n in alike])
        reason = f"To Face-ID {who} {'looks' if len(alike) == 1 else 'look'} the same (twins?), so only tracks tell them apart."
        todo = "No model is missing; look at the pictures before you use them."
    return {
        "verified": False,
        "reason": reason or "Its meta.json does not say why.",
        "todo": todo or "Make the packs again.",
    }


def _nothing(meta: Meta) -> str:
    """Why there is no image, in one sentence."""
    worst = sorted(meta.get("left_out", {}).items(), key=lambda item: (-item[1], item[0]))[:REASONS]
    said = [f"{n} × {reason}" for reason, n in worst]
    if left := _left(meta):
        said.append(
            f"{left} × turned or tilted too far, too dark, hidden, between two bins, or not cut out of "
            "the video"
        )
    return f"No image could be taken of {many(meta.get('looks', 0), 'look')}" + (
        f": {'; '.join(said)}." if said else "."
    )


def _left(meta: Meta) -> int:
    """Looks that were there to choose from."""
    return max(0, int(meta.get("looks", 0)) - int(sum(meta.get("left_out", {}).values())))


# ---- the pictures ----


def _set(kind: str, shown: PackShown) -> dict[str, Any]:
    name, words = SETS[kind]
    images = [_picture(meta, shown.thumbs) for meta in shown.images if meta.get("type") == kind]
    return {"name": name, "words": words, "images": images}


def _picture(meta: Meta, thumbs: Mapping[str, bytes]) -> dict[str, Any]:
    """One figure; `why` is its tooltip, and what is read out in its place."""
    file = str(meta.get("file", ""))
    jpeg = thumbs.get(file, b"")
    frame = f"frame {meta['frame_idx']}" if "frame_idx" in meta else ""
    return {
        "src": data_uri(jpeg) if jpeg else "",
        "name": PurePosixPath(file).stem,
        "at": clock(meta["timestamp_ms"] / 1000) if "timestamp_ms" in meta else "–",
        "quality": _number(meta.get("quality_score")),
        "stable": _number(meta.get("stable_score")),
        "words": ", ".join(_looks(meta)),
        "why": "; ".join(w for w in (meta.get("why", ""), frame) if w),
    }


def _looks(meta: Meta) -> list[str]:
    """["smiling", "14° right", "dark"]: what is to be seen, and what makes it hard."""
    cues = meta.get("cues", ())
    words = [
        _expression(meta.get("expression_bin")),
        _turned(meta.get("yaw_deg"), 5, "left", "right"),
        _turned(meta.get("pitch_deg"), 8, "down", "up"),
        *(CUES.get(cue, cue) for cue in cues if cue not in ("yaw", "pitch")),
    ]
    return [w for w in words if w]


def _expression(label: Any) -> str:
    return EXPRESSION_WORDS[EXPRESSIONS.index(label)] if label in EXPRESSIONS else ""


def _turned(degrees: Any, least: float, below: str, above: str) -> str:
    """(-20, 5, "left", "right") -> "20° left"; nothing where it is less than `least`."""
    if not isinstance(degrees, int | float) or not abs(degrees) >= least:
        return ""
    return f"{abs(degrees):.0f}° {below if degrees < 0 else above}"


def _number(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) and math.isfinite(value) else "–"


def _pair(meta: Meta, thumbs: Mapping[str, bytes]) -> dict[str, Any]:
    """A picture of two: who is on the picture's left, who on its right, and what both do."""
    sides = [
        {
            "side": side.get("side", "?"),
            "who": f"Person {side.get('person_id', '?')}",
            "words": _expression(side.get("expression_bin")),
            "stable": _number(side.get("stable_score")),
        }
        for side in meta.get("people", ())
    ]
    shared = meta.get("shared_expression")
    said = f"both {_expression(shared) or shared}" if shared else "no expression shared"
    who = ", ".join(f"{s['side']} {s['who']}" for s in sides)
    return {**_picture({**meta, "why": f"{who}; {said}"}, thumbs), "sides": sides, "shared": said}


# ---- what is covered ----


def _covered(meta: Meta, axis: str) -> dict[str, str]:
    """ "4/7" filled and "5/7" achievable -> {axis, filled, achievable, all}."""
    filled, _, every = str(meta.get("coverage_buckets_filled", {}).get(axis, "?")).partition("/")
    achievable = str(meta.get("coverage_buckets_achievable", {}).get(axis, "?")).partition("/")[0]
    return {"axis": axis, "filled": filled, "achievable": achievable, "all": every or "?"}


def _grids(meta: Meta) -> list[dict[str, Any]]:
    """A table for each expression, up at the top and the picture's left at the left; none where no cell could
    be filled.
    """
    count = {
        (c["yaw_bin"], c["pitch_bin"], c["expression_bin"]): int(c["images"]) for c in meta.get("cells", ())
    }
    if not count:
        return []
    grids = []
    for e, expression in enumerate(EXPRESSIONS):
        own = [n for (_, _, of), n in count.items() if of == expression]
        rows = [
            {
                "head": PITCH_HEADS[p],
                "title": PITCH_WORDS[p],
                "cells": [
                    _cell(count.get((yaw, PITCHES[p], expression)), YAW_WORDS[y], PITCH_WORDS[p])
                    for y, yaw in enumerate(YAWS)
                ],
            }
            for p in reversed(range(len(PITCHES)))
        ]
        said = f"{sum(n > 0 for n in own)} of {len(own)} achievable" if own else "never seen"
        grids.append({"name": EXPRESSION_WORDS[e], "said": said, "rows": rows})
    return grids


def _cell(images: int | None, *where: str) -> dict[str, Any]:
    """None: no look of the video would fit; 0: one would, and none was taken."""
    looks = "never" if images is None else "open" if images == 0 else f"h{min(images, 3)}"
    said = (
        "never seen"
        if images is None
        else "seen, but no image taken"
        if images == 0
        else many(images, "image")
    )
    return {
        "look": looks,
        "word": "·" if images is None else str(images),
        "title": f"{', '.join(where)}: {said}",
    }


def _missing(meta: Meta) -> list[dict[str, Any]]:
    """What a better pack needs, and whether this very video showed it."""
    seen = {
        f"{axis} {cell[f'{axis}_bin']}"
        for cell in meta.get("cells", ())
        for axis in ("yaw", "pitch", "expression")
    }
    return [{"words": MISSING.get(m, m), "seen": m in seen} for m in meta.get("missing", ())]


# ---- how it was collected ----


def _stop(meta: Meta) -> str:
    reason, at_ms = str(meta.get("stop_reason", "")), meta.get("stopped_at_ms")
    at = "" if at_ms is None else f" at {clock(at_ms / 1000)}"
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
    told = (
        f", because {why[0]}" + (f" (also: {'; '.join(why[1:])})" if why[1:] else "") if why else ", as usual"
    )
    return f"Conditioning ratio: {shares}{told}."
