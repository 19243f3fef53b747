"""How an engine is shown to people: it says so itself, and every page and chart asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """A part of a score.

    words   what a legend calls it
    unit    of the feature behind it, as `Moment.features` has it; "" where there is none
    colour  place in the palette of parts (0 to 9), the same on every page; None: one that is free
    """

    words: str
    unit: str = ""
    colour: int | None = None


@dataclass(frozen=True)
class Presentation:
    """All that an engine says of itself.

    title        what it is called in a heading; "": its name
    meaning      a sentence on what its curve means
    colour       place in the palette of engines (0 to 4); None: one that is free
    parts        name of a part, of the curve or of what is absent -> how it is shown
    abstentions  code -> a sentence for people, where the common ones do not fit or the code is its own
    """

    title: str = ""
    meaning: str = ""
    colour: int | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    abstentions: Mapping[str, str] = field(default_factory=dict)

    def word_of(self, part: str) -> str:
        """What a part is called; one that was not declared by its name, with spaces."""
        return self.parts[part].words if part in self.parts else part.replace("_", " ")

    def unit_of(self, part: str) -> str:
        """The unit of the feature behind a part, "" where it is not known."""
        return self.parts[part].unit if part in self.parts else ""
