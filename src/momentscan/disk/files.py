"""Writing so that a file is either whole or not there: temporary name, fsync, rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from momentscan.errors import OutputError


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path to write to; on leaving it becomes `path`, on an error it is gone. Raises OutputError for what the disk refuses."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with refused(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """The bytes, whole or not at all."""
    with writing(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def refused(path: Path) -> Iterator[None]:
    """Turns what the disk refuses into one line that names the place."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}); free space, or choose another folder with -o") from None


def remove(folder: Path) -> None:
    """Deletes a folder, if it is there."""
    with refused(folder):
        if folder.exists():
            shutil.rmtree(folder)


def swap(new: Path, folder: Path) -> None:
    """Puts the finished folder `new`, synced as a whole, in the place of `folder`. A kill in between leaves `new` whole."""
    with refused(folder):
        for path in (*new.rglob("*"), new):
            _sync(path)
        remove(folder)
        new.replace(folder)
        _sync(folder.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
