"""What engines say of themselves, asked of the registry, and the colours that a page gives them and their
parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from momentscan import registry
from momentscan.presentation import Presentation
from momentscan.values import Abstention, AbstentionCode

ENGINE_COLOURS = 5
PART_COLOURS = 10
"""Sizes of the palettes: .e0 to .e4 and .c0 to .c9 of the page. Of parts rose is the face, blue what moves,
green the body, yellow sound and light.
"""

ABSTENTIONS: dict[AbstentionCode, str] = {
    "no_face": "There is nobody here whose face is seen well enough, and this engine watches faces.",
    "no_faces_looked_for": "Faces were not looked for, and this engine watches faces.",
    "no_contrast": "Nothing rises clearly above what is usual in this video, so nothing is claimed.",
    "no_peak": "The score rises and falls, but nowhere clearly over its surroundings.",
    "too_short": "The video is too short for this engine.",
}
"""The codes that engines share, in a sentence; an engine may say it better in its presentation."""


def presentation_of(engine: str) -> Presentation:
    """As its class declares it; an empty one where it declares none, or is not installed here."""
    if engine not in registry.names("scorers"):
        return Presentation()
    found = getattr(registry.load("scorers", engine), "presentation", None)
    return found if isinstance(found, Presentation) else Presentation()


def sentence_of(abstention: Abstention, presentation: Presentation) -> str:
    """Why there is no moment, for people: the engine's own sentence, the common one, or the code as it is."""
    common: Mapping[str, str] = {str(code): words for code, words in ABSTENTIONS.items()}
    as_it_is = f"{abstention.code.replace('_', ' ')}." if abstention.words else ""
    return {**common, **presentation.abstentions}.get(abstention.code, as_it_is)


def engine_colours(engines: Iterable[str]) -> dict[str, int]:
    """Engine -> its place in the palette: the one it declares, the same on every page."""
    return _coloured({name: presentation_of(name).colour for name in engines}, ENGINE_COLOURS)


def part_colours(parts: Iterable[str], presentation: Presentation) -> dict[str, int]:
    """Part -> its place in the palette."""
    known = presentation.parts
    return _coloured({n: known[n].colour if n in known else None for n in parts}, PART_COLOURS)


def _coloured(wanted: Mapping[str, int | None], size: int) -> dict[str, int]:
    """What is wanted; who wants nothing gets what is left, in order."""
    taken = {colour % size for colour in wanted.values() if colour is not None}
    left = itertools.cycle([c for c in range(size) if c not in taken] or range(size))
    return {name: next(left) if colour is None else colour % size for name, colour in wanted.items()}
