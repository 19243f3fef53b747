"""people: who is in a scanned video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from momentscan.disk.folder import RUN, VideoFolder
from momentscan.disk.packs import pack_folders
from momentscan.errors import UnreadableInput
from momentscan.records.run import ForgottenSpan, PersonRun
from momentscan.signals.forgotten import forgotten_spans


@dataclass(frozen=True)
class SeenPerson(PersonRun):
    """Somebody, and the folder of their identity pack, if they have one."""

    pack: str | None = None


@dataclass(frozen=True)
class SeenPeople:
    """`forgotten`: spans in which somebody who was forgotten may be seen."""

    video_id: str
    folder: str
    people: tuple[SeenPerson, ...]
    forgotten: tuple[ForgottenSpan, ...]


def people(path: Path) -> SeenPeople:
    """As run.json tells. Raises UnreadableInput where it does not."""
    folder = VideoFolder(path)
    signals, run = folder.signals, folder.run_or_none()
    if run is None or run.people is None:
        raise UnreadableInput(
            f"{path}: its {RUN} is missing or does not say who was seen; momentscan scan or find it again"
        )
    packs = pack_folders(path, {track: p.number for p in run.people for track in p.tracks})
    seen = tuple(SeenPerson(**vars(p), pack=packs.get(p.number)) for p in run.people)
    spans = tuple(ForgottenSpan(*span) for span in forgotten_spans(signals))
    return SeenPeople(path.name, str(path), seen, spans)
