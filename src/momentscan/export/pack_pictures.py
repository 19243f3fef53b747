"""The pictures of a pack on the page: one person, and two together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from momentscan.export.formatting import data_uri, format_time
from momentscan.select.buckets import EXPRESSIONS

Meta = Mapping[str, Any]
"""A meta.json as it lies on the disk: any of it may be lacking."""

EXPRESSION_WORDS = ("neutral", "smiling", "mouth open", "eyes closed")

CUES = {
    "yaw": "far aside",
    "pitch": "far up or down",
    "dark": "dark",
    "occluded": "partly hidden",
    "bright": "glaring",
}


@dataclass(frozen=True)
class PackPicture:
    """One figure; `why` is its tooltip, and what is read out in its place; `src` is "" where it is
    missing.
    """

    src: str
    name: str
    at: str
    quality: str
    stable: str
    words: str
    why: str


@dataclass(frozen=True)
class PictureSide:
    """One of two: `side` of the picture, who it is, and what they do."""

    side: str
    who: str
    words: str
    stable: str


@dataclass(frozen=True)
class PairPicture(PackPicture):
    """A picture of two; `shared`: what both do."""

    sides: list[PictureSide]
    shared: str


def pack_picture(meta: Meta, thumbs: Mapping[str, bytes]) -> PackPicture:
    """`thumbs` file -> JPEG."""
    return PackPicture(**_figure(meta, thumbs, str(meta.get("why", ""))))


def pair_picture(meta: Meta, thumbs: Mapping[str, bytes]) -> PairPicture:
    """Who is on the picture's left, who on its right, and what both do."""
    sides = [
        PictureSide(
            side=side.get("side", "?"),
            who=f"Person {side.get('person_id', '?')}",
            words=expression_word(side.get("expression_bin")),
            stable=_number(side.get("stable_score")),
        )
        for side in meta.get("people", ())
    ]
    both = meta.get("shared_expression")
    shared = f"both {expression_word(both) or both}" if both else "no expression shared"
    why = f"{', '.join(f'{s.side} {s.who}' for s in sides)}; {shared}"
    return PairPicture(**_figure(meta, thumbs, why), sides=sides, shared=shared)


def _figure(meta: Meta, thumbs: Mapping[str, bytes], why: str) -> dict[str, str]:
    file = str(meta.get("file", ""))
    jpeg = thumbs.get(file, b"")
    frame = f"frame {meta['frame_idx']}" if "frame_idx" in meta else ""
    return {
        "src": data_uri(jpeg) if jpeg else "",
        "name": PurePosixPath(file).stem,
        "at": format_time(meta["timestamp_ms"] / 1000) if "timestamp_ms" in meta else "–",
        "quality": _number(meta.get("quality_score")),
        "stable": _number(meta.get("stable_score")),
        "words": ", ".join(_looks(meta)),
        "why": "; ".join(w for w in (why, frame) if w),
    }


def _looks(meta: Meta) -> list[str]:
    """["smiling", "14° right", "dark"]: what is to be seen, and what makes it hard."""
    cues = meta.get("cues", ())
    words = [
        expression_word(meta.get("expression_bin")),
        _turned(meta.get("yaw_deg"), 5, "left", "right"),
        _turned(meta.get("pitch_deg"), 8, "down", "up"),
        *(CUES.get(cue, cue) for cue in cues if cue not in ("yaw", "pitch")),
    ]
    return [w for w in words if w]


def expression_word(label: object) -> str:
    """The bin of an expression in words, "" where it is not known."""
    return EXPRESSION_WORDS[EXPRESSIONS.index(label)] if label in EXPRESSIONS else ""


def _turned(degrees: object, least: float, below: str, above: str) -> str:
    """(-20, 5, "left", "right") -> "20° left"; nothing where it is less than `least`."""
    if not isinstance(degrees, int | float) or not abs(degrees) >= least:
        return ""
    return f"{abs(degrees):.0f}° {below if degrees < 0 else above}"


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) and math.isfinite(value) else "–"
