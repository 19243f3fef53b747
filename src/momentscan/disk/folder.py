"""A video's folder in the output: its layout, who works in it, and what says that everything is there.

    with VideoFolder.open(path) as folder:      # locked; what a kill left half done is recovered
        folder.signals, folder.run              # the log and run.json, read once
        folder.unmark(without=("packs",))       # a kill from here on leaves no word of what is being made
        anew
        folder.commit(run)                      # written last

Readers take `VideoFolder(path)` and never write. Whatever lies in the folder is found through this class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Self

from momentscan.disk.clips import CLIPS
from momentscan.disk.codec import encode, read_or_none, read_record
from momentscan.disk.exports import EXPORTS
from momentscan.disk.feedback import FEEDBACK
from momentscan.disk.files import create, lock, recover, release, translate_os_errors, write_bytes
from momentscan.disk.log import is_log, read_log, recover_log
from momentscan.disk.packs import PACKS
from momentscan.errors import OutputError, UnreadableInput, UsageError
from momentscan.records.run import Run
from momentscan.records.video import Claim
from momentscan.signals import Signals

CLAIM = "video.json"
"""Says whose folder it is; written first."""

RUN = "run.json"
"""Says that everything is there; written last."""

REPORT = "report.html"

ENGINES = {"tension": "tension", "highlights": "highlights"}
"""Engines whose folder is not `highlight_{engine}`."""

NAME_LONGEST = 100


class VideoFolder:
    """One video's folder. Nothing is read before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def claim(cls, output: Path, video: Path, sha256: str) -> Self:
        """`output/{video_id}`: the file's name made safe; digits of its hash where another video has that
        name.

        Raises OutputError where all its names belong to other videos.
        """
        safe = (re.sub(r"[^\w.-]+", "_", video.stem).strip("._") or "video")[:NAME_LONGEST]
        claim = Claim(video.name, sha256)
        for name in (safe, f"{safe}-{sha256[:8]}", f"{safe}-{sha256}"):
            folder = cls(output / name)
            if create(folder.path / CLAIM, encode(claim)) or folder._owner() == sha256:
                return folder
        raise OutputError(
            f"{output / safe}: belongs to another video, and so do its other names; choose another folder "
            "with -o"
        )

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """The folder of a scanned video, for one process alone.

        Raises UnreadableInput for what is no scanned video, before anything is locked, and OutputError where
        another process works in it.
        """
        folder = cls(path)
        _ = folder.signals  # what is no scanned video is told before it is locked
        with folder.locked():
            yield folder

    @contextmanager
    def locked(self) -> Iterator[Self]:
        """Holds the folder for one process; on an error gives back a folder in which nothing came to be."""
        with lock(self.path / CLAIM):
            recover_log(self.log)
            for aside in (*self.path.glob(".*.old"), *self.path.glob(f"{CLIPS}/.*.old")):
                recover(aside.with_name(aside.name.removeprefix(".").removesuffix(".old")))
            self.forget_read()
            try:
                yield self
            except BaseException:
                release(self.path, CLAIM)
                raise

    # ---- what is in it ----

    @property
    def video_id(self) -> str:
        """The folder's own name."""
        return self.path.name

    @cached_property
    def signals(self) -> Signals:
        """What was seen. Raises UnreadableInput where there is no complete log."""
        return read_log(self.log)

    @cached_property
    def run(self) -> Run:
        """run.json. Raises UnreadableInput where there is none, or none of this version."""
        if not (self.path / RUN).is_file():
            raise UnreadableInput(f"{self.path}: has a signal log but no {RUN}; scan the video again")
        return read_record(Run, self.path / RUN, "scan the video again, or delete the file")

    def run_or_none(self) -> Run | None:
        """run.json, or None where there is none that can be read."""
        return read_or_none(Run, self.path / RUN)

    def forget_read(self) -> None:
        """What was read is read anew when it is asked for."""
        for name in ("signals", "run"):
            self.__dict__.pop(name, None)

    @property
    def is_scanned(self) -> bool:
        """Whether a complete log is in it."""
        return is_log(self.log)

    # ---- where it is ----

    @property
    def log(self) -> Path:
        """The signal log."""
        return self.path / "signals"

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.path / REPORT

    @property
    def packs(self) -> Path:
        """Identity packs."""
        return self.path / PACKS

    @property
    def exports(self) -> Path:
        """What `export` wrote."""
        return self.path / EXPORTS

    @property
    def clips(self) -> Path:
        """What `clip` cut, a folder per engine."""
        return self.path / CLIPS

    @property
    def feedback(self) -> Path:
        """What people did to the moments."""
        return self.path / FEEDBACK

    def engine(self, name: str) -> Path:
        """What an engine found."""
        return self.path / ENGINES.get(name, f"highlight_{name}")

    def engines(self) -> dict[str, Path]:
        """name -> folder of every engine that has one, by name."""
        own = {p.name.removeprefix("highlight_"): p for p in self.path.glob("highlight_*") if p.is_dir()}
        others = {name: self.path / place for name, place in ENGINES.items() if (self.path / place).is_dir()}
        return dict(sorted((own | others).items()))

    # ---- what says that it is there ----

    def commit(self, run: Run) -> None:
        """Writes run.json, whole or not at all: the last thing of every verb that changes the folder."""
        write_bytes(self.path / RUN, encode(run))
        self.__dict__["run"] = run

    def unmark(self) -> None:
        """Removes run.json: a kill from here on leaves nothing that looks complete."""
        with translate_os_errors(self.path):
            (self.path / RUN).unlink(missing_ok=True)
        self.__dict__.pop("run", None)

    def write_report(self, html: str) -> None:
        """report.html, whole or not at all."""
        write_bytes(self.report, html.encode(errors="backslashreplace"))

    def _owner(self) -> str | None:
        """The sha256 of the video whose folder this is, or None."""
        claim = read_or_none(Claim, self.path / CLAIM)
        return None if claim is None else claim.sha256


def video_folders(places: Iterator[str] | list[str] | tuple[str, ...], output: Path) -> list[Path]:
    """Folders with a log for ids, folders of one video, or folders of many. Raises UsageError for a place
    that has none.
    """
    found: list[Path] = []
    for place in places:
        folder = Path(place) if Path(place).is_dir() else output / place
        if _has_log(folder):
            found.append(folder)
            continue
        inside = sorted(p.parent for p in folder.glob("*/signals") if p.is_dir()) if folder.is_dir() else []
        if not inside:
            raise UsageError(
                f"{place}: is no scanned video and holds none (looked in {folder}); scan one first, "
                "or name its output folder"
            )
        found += inside
    return found


def _has_log(folder: Path) -> bool:
    """Whether something of a log is there, damaged or not; also after a kill before the last rename."""
    return (folder / "signals").is_dir() or (folder / "signals.part/manifest.json").is_file()
