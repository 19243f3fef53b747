"""import: an edit of an exported timeline comes back as feedback."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from momentscan.disk.feedback import append_feedback, read_feedback
from momentscan.disk.folder import VideoFolder
from momentscan.errors import UsageError
from momentscan.exchange.incoming import edit_against, feedback_line, source_of
from momentscan.export.conform import KINDS, conform
from momentscan.export.timeline import clean
from momentscan.progress import Progress, Step, silent
from momentscan.records.feedback import FeedbackLine, PartOf
from momentscan.settings import Settings


@dataclass(frozen=True)
class Imported:
    """What an edit says of the moments. `known`: that very file was imported before, and nothing was
    added.
    """

    folder: str
    engine: str
    file: str
    format: str
    lines: tuple[FeedbackLine, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    known: bool


def import_edit(
    path: Path,
    file: Path,
    settings: Settings,
    engine: str | None = None,
    at: str | None = None,
    on_progress: Progress = silent,
) -> Imported:
    """Compares an edited timeline with what was exported and appends what it says to feedback.jsonl, once.

    `engine`: whose moments they are; None: those the edit names, else the only ones exported. `at`: ISO time
    of the feedback, now if None. Raises UsageError where nothing was exported, UnreadableInput for what is no
    edit, OutputError.
    """
    with VideoFolder.open(path) as folder:
        on_progress(Step("import", 0, 1, "items"))
        edit, timeline = edit_against(folder, file, engine, settings.stage("parsing_limits"))
        compared = conform(timeline, edit, settings.stage("conform"))
        if compared.foreign:
            sources = ", ".join(clean(name, 60) or "no name" for name in compared.foreign[:3])
            raise UsageError(
                f"{file}: is an edit of other media ({sources}), not of {path.name}; name the video that "
                "it shows"
            )
        moment, source = at or datetime.now(UTC).isoformat(timespec="seconds"), source_of(file, edit)
        parts = [PartOf(number, len(compared.lines)) for number in range(1, len(compared.lines) + 1)]
        told = zip(compared.lines, parts, strict=True)
        lines = tuple(feedback_line(timeline, line, moment, source, part) for line, part in told)
        added = append_feedback(path, lines)
        on_progress(Step("import", 1, 1, "items"))
    notes = [*compared.notes, *_notes(folder, file, edit.sha256, bool(lines) and not added)]
    found = Counter(line.kind for line in compared.lines)
    counts: dict[str, int] = {kind: found[kind] for kind in KINDS}
    known = bool(lines) and not added
    return Imported(str(path), timeline.engine, str(file), edit.format, lines, counts, tuple(notes), known)


def _notes(folder: VideoFolder, file: Path, sha256: str, known: bool) -> list[str]:
    notes, lost = [], read_feedback(folder.path).unreadable
    if lost:
        notes.append(f"{lost} lines of feedback.jsonl cannot be read and were left as they are")
    own = [p for p in folder.exports.iterdir() if p.is_file()]
    if any(sha256 == hashlib.sha256(p.read_bytes()).hexdigest() for p in own):
        notes.append(f"{file}: is what was exported, byte for byte; nobody has edited it")
    if known:
        notes.append(f"{file}: was taken back before; nothing was added")
    return notes
