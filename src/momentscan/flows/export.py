"""export: moments as timelines and lists that editors and labelling tools open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from momentscan.disk import write_text
from momentscan.disk.exports import write_export
from momentscan.disk.folder import VideoFolder
from momentscan.exchange.face_labels import face_labels
from momentscan.exchange.outgoing import export_record, kept_formats, timeline_of
from momentscan.exchange.ranges import exported_engines
from momentscan.export.formats import FORMATS, parse_formats, timeline_files
from momentscan.progress import Progress, Step, silent
from momentscan.settings import Settings


@dataclass(frozen=True)
class Exported:
    """What was written for one engine of a video. `notes`: what was left out, cut to what is there, or not
    written, and why.
    """

    folder: str
    engine: str
    files: tuple[str, ...]
    moments: int
    rate: str
    notes: tuple[str, ...]


def export(
    path: Path,
    settings: Settings,
    formats: Sequence[str],
    on_progress: Progress = silent,
    clips: bool = False,
) -> tuple[Exported, ...]:
    """Writes `exports/{video_id}_{engine}.*` of the engines asked for, and beside them what was told.

    `clips`: of the clips that were cut, with their aligned edges, instead of the windows that the engine
    found. The video is needed for its timecode only: where it is not there, a note says so. Raises UsageError
    for formats or engines that there are not, UnreadableInput for what is no scanned video or one that has
    changed, OutputError.
    """
    wanted = parse_formats(",".join(formats))
    with VideoFolder.open(path) as folder:
        engines = exported_engines(folder, settings, clips)
        return tuple(_export(folder, engine, settings, wanted, on_progress, clips) for engine in engines)


def _export(
    folder: VideoFolder,
    engine: str,
    settings: Settings,
    wanted: Sequence[str],
    on_progress: Progress,
    clips: bool,
) -> Exported:
    timeline, notes = timeline_of(folder, engine, clips, settings.stage("limits"), on_progress)
    faces = face_labels(folder.signals, timeline) if "cvat" in wanted else ()
    kept, stem = kept_formats(folder, timeline), f"{folder.video_id}_{engine}"
    if not timeline.cuts:
        notes.append(f"{engine} found no moments that can be told, so no files were written")
    for number, name in enumerate(wanted if timeline.cuts else ()):
        on_progress(Step("export", number, len(wanted), "items"))
        files = timeline_files(timeline, name, faces)
        notes += [note for file in files for note in file.notes]
        made = {f"{stem}{file.suffix}": file.text for file in files if file.text is not None}
        kept[name] = tuple(made)
        for file_name, text in made.items():
            write_text(folder.exports / file_name, text)
    in_order = {name: kept[name] for name in FORMATS if kept.get(name)}
    write_export(folder.path, export_record(timeline, in_order, notes))
    written = tuple(str(folder.exports / name) for form in wanted for name in kept.get(form, ()))
    return Exported(str(folder.path), engine, written, len(timeline.cuts), str(timeline.rate), tuple(notes))
