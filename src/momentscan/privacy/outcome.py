"""What became of somebody who was forgotten, and who is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from momentscan.errors import UsageError
from momentscan.records.plain import Json, plain
from momentscan.select.people import Person
from momentscan.signals.spans import Span

KEPT = (
    "measures of the whole picture and of the sound, which name nobody, and what was said, as the "
    "transcript has it"
)


@dataclass(frozen=True)
class PersonBrief:
    """Somebody by number, with how often and when they were seen."""

    number: int
    role: str
    start_s: float
    end_s: float
    tracks: int
    looks: int

    @classmethod
    def of(cls, person: Person) -> PersonBrief:
        """As the log tells."""
        span = (person.start_s, person.end_s)
        return cls(person.number, person.role, *span, len(person.tracks), len(person.rows))


@dataclass(frozen=True)
class PersonLeft(PersonBrief):
    """Somebody who is left, and the number that they had."""

    was: int = 0

    @classmethod
    def of(cls, person: Person, was: int = 0) -> PersonLeft:
        """As the log tells now."""
        return cls(**vars(PersonBrief.of(person)), was=was)


@dataclass(frozen=True)
class Forgotten:
    """`people`: those left; `removed`: counts by what it was."""

    video_id: str
    folder: str
    video: str
    person: PersonBrief
    spans: tuple[Span, ...]
    removed: Mapping[str, int]
    people: tuple[PersonLeft, ...]
    kept: str = KEPT
    notes: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """As every door tells it; the video itself was not touched."""
        spans = [{"start_s": start_s, "end_s": end_s} for start_s, end_s in self.spans]
        return {**plain(self), "spans": spans, "video": {"path": self.video, "touched": False}}


def person_named(path: Path, there: Sequence[Person], number: int) -> Person:
    """The person of that number. Raises UsageError where there is none, and says who is there."""
    for person in there:
        if person.number == number:
            return person
    known = ", ".join(f"{p.number} ({p.role})" for p in there)
    who = f"there are {known}" if known else "nobody's face is in its log"
    raise UsageError(f"{path}: nobody has the number {number}; {who}")


def number_before(person: Person, before: Sequence[Person]) -> int:
    """Others' tracks are what they were: the number of whom these were."""
    return next(p.number for p in before if p.tracks == person.tracks)
