"""forget: removes every trace of a person from a video's folder.

What goes        every row of the log that belongs to a track of theirs, every picture (thumbnail, still,
                 identity pack, clip) of an instant at which they may be seen, and every judgement that was
                 made of what has gone; engines judge again.
What stays       measures of the whole picture and of the sound (movement, sharpness, `vision.embedding`),
                 which name nobody, and what was logged of others, bit by bit. The numbers of people are given
                 anew.
What is noted    when they could be seen, and nothing else: `forgotten` in the log and in run.json.
What comes back  nothing by itself. The log keeps its key, so `scan` of the same video does not watch it
                 again; `scan
                 --force`, or a scan with other models or settings, does, and finds everybody in it.
Where it ends    at what was seen: a face that was never joined to the person is another person, who is
                 forgotten under another number; a back that no look knew for theirs may still be in a
                 picture.

All that was derived goes before the log changes: a kill in between leaves a folder in which the person can be
forgotten once more, and never pictures of somebody of whom the log knows nothing.
"""

from __future__ import annotations

from pathlib import Path

from momentscan.disk.folder import VideoFolder
from momentscan.disk.rewrite import LogRewriter
from momentscan.errors import MomentscanError
from momentscan.privacy.again import judge_again, scorers_as_before
from momentscan.privacy.derived import crops_of_others, remove_derived
from momentscan.privacy.forgotten import Forgotten, PersonBrief, PersonLeft, number_before, person_named
from momentscan.privacy.whereabouts import fewer_faces, noted_spans, row_counts, rows_that_stay, visible_spans
from momentscan.progress import Progress, silent
from momentscan.select.people import Person
from momentscan.settings import Settings
from momentscan.signals.forgotten import forgotten_spans
from momentscan.signals.spans import Span, as_pairs, union


def somebody(path: Path, number: int, settings: Settings) -> PersonBrief:
    """The person of that number, as the log tells. Raises UsageError where there is none, and says who is
    there.
    """
    people = settings.stage("people")(VideoFolder(path).signals)
    return PersonBrief.of(person_named(path, people, number))


def forget(path: Path, number: int, settings: Settings, on_progress: Progress = silent) -> Forgotten:
    """`settings` serve where run.json does not say how it was judged.

    Raises UsageError where nobody has that number, UnreadableInput for what is no scanned video, OutputError
    for a folder that another process holds or that cannot be written; then the log is as it was.
    """
    rule = settings.stage("people")
    with VideoFolder.open(path) as folder:
        signals, run = folder.signals, folder.run_or_none()
        before = rule(signals)
        person = person_named(path, before, number)
        spans = visible_spans(signals, person)
        every = as_pairs(union([*forgotten_spans(signals), *spans], touching=True))
        scorers = scorers_as_before(run, path, settings)
        keep = rows_that_stay(signals, person, every)
        log = LogRewriter(folder.log, keep, fewer_faces(signals, keep), noted_spans(every))
        try:
            crops = crops_of_others(folder, person, every)
            removed, notes, run = remove_derived(folder, run, scorers, every)
            log.close()
        except BaseException:
            log.abandon()
            raise
        folder.forget_read()
        removed = row_counts(keep) | removed
        _verify(folder, person, every)
        removed["packs"] -= judge_again(folder, run, scorers, settings, crops, on_progress)
        left = [PersonLeft.of(p, number_before(p, before)) for p in rule(folder.signals)]
    brief = PersonBrief.of(person)
    video = signals.video.path
    return Forgotten(
        path.name, str(path), video, brief, tuple(spans), removed, tuple(left), notes=tuple(notes)
    )


def _verify(folder: VideoFolder, person: Person, spans: list[Span]) -> None:
    """Looks for them in the log that is there now."""
    left = row_counts(rows_that_stay(folder.signals, person, spans))
    if any(left.values()):
        raise MomentscanError(
            f"{folder.path}: rows of somebody forgotten are still there ({left}), a defect; delete the "
            "folder and "
            "report it"
        )
