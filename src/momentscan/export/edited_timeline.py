"""Pieces of sources on an editor's timeline, whatever the format it came in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from momentscan.export.timeline import RATES


class Hint(NamedTuple):
    """What we wrote beside a cut: whose moment it is, what its number is of, and the number."""

    engine: str
    told_as: str
    number: int


SAME_RATE = Fraction(1, 5000)
"""So near a decimal rate is the standard one: 23.98 is 24000/1001, and 24 is not."""


@dataclass(frozen=True)
class EditedClip:
    """A piece of a source: `[start_s, end_s)` in the source's own time, shown from `at_s` of the timeline on.

    `urls` and `names` say of what; `media_start_s` is the source's first instant where the edit knows it.
    Retimed pieces play at another speed: their range is what the edit says, and not what was seen.
    """

    start_s: Fraction
    end_s: Fraction
    at_s: Fraction
    kind: Literal["video", "audio"]
    urls: tuple[str, ...]
    names: tuple[str, ...]
    hint: Hint | None = None
    media_start_s: Fraction | None = None
    retimed: bool = False


@dataclass(frozen=True)
class EditedTimeline:
    """A timeline read back: `format` is otio, edl, premiere or fcpxml; pieces by their place; what there is
    to say of the reading.
    """

    format: str
    sha256: str
    pieces: tuple[EditedClip, ...]
    notes: tuple[str, ...] = ()


def exact_rate(rate: float) -> Fraction:
    """29.97 -> 30000/1001. Raises ValueError for what is no rate."""
    if not 0 < rate < 1e9:
        raise ValueError(f"a rate of {rate} frames per second")
    found = Fraction(rate)
    best = min(RATES, key=lambda r: abs(r - found))
    return best if abs(best - found) <= SAME_RATE * best else found.limit_denominator(1_000_000)


def hint_in(texts: Sequence[str]) -> Hint | None:
    """What the first comment says that is ours."""
    for text in texts:
        if ours := re.search(r"momentscan (\S{1,100}) (window|clip) (\d{1,9})\b", text, re.ASCII):
            return Hint(ours[1], ours[2], int(ours[3]))
    return None
