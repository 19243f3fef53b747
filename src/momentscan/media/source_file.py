"""A scanned video when it is opened again: how it is read, and whether it is still the same file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentscan.errors import UnreadableInput
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits, check_file, open_container, video_stream
from momentscan.progress import Progress, Step, silent
from momentscan.values import VideoInfo


@dataclass(frozen=True)
class SourceFile:
    """A scanned video, and how it is read again. `clock` is to be the one that it was scanned with, so that
    mended clocks come out the same.
    """

    info: VideoInfo
    limits: Limits
    clock: ClockOptions

    @property
    def path(self) -> Path:
        return Path(self.info.path)

    @contextmanager
    def open(self) -> Iterator[tuple[Any, Any]]:
        """(container, video stream). Raises UnreadableInput."""
        with open_container(self.path, self.limits) as container:
            yield container, video_stream(container, self.path, self.limits)


def same_source(info: VideoInfo, limits: Limits = Limits(), on_progress: Progress = silent) -> None:
    """Checks that the file is still the one that was scanned; once per command, for it is read as a whole.

    Raises UnreadableInput where it moved or changed.
    """
    path = Path(info.path)
    if not path.exists():
        raise UnreadableInput(
            f"{path}: is not there any more, moved or deleted since the scan; put it back, or scan it "
            "where it is now"
        )
    size = check_file(path, limits)
    if size != info.size_bytes or (info.sha256 and sha256_of(path, "checking", on_progress) != info.sha256):
        raise UnreadableInput(
            f"{path}: has changed since the scan (it had {info.size_bytes} bytes, now {size}, or others); "
            "scan it again, its times may be others"
        )


def sha256_of(path: Path, stage: str = "reading", on_progress: Progress = silent) -> str:
    """The SHA-256 of a file, read once from end to end; `stage` is what the progress calls it."""
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
            done += len(block)
            on_progress(Step(stage, done, size, "B"))
    return digest.hexdigest()
