"""Writing so that a file is either whole or not there: temporary name, fsync, rename."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from momentscan.errors import OutputError


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path to write to; on leaving it becomes `path`, on an error it is gone. Raises OutputError
    for what the disk refuses.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with translate_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
    finally:
        # A folder that could not be made, a disk that takes nothing any more: the first error is told.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """The bytes, whole or not at all."""
    with writing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """UTF-8 text, whole or not at all."""
    write_bytes(path, text.encode(errors="backslashreplace"))  # names that are not UTF-8


@contextmanager
def translate_os_errors(path: Path) -> Iterator[None]:
    """Turns what the disk refuses into one line that names the place."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); free space, or choose another folder "
            "with -o"
        ) from None


def create(path: Path, data: bytes) -> bool:
    """Writes a file that is not there yet; False where it is. Of two processes that try, one succeeds."""
    with translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(name, path)
            return True
        except FileExistsError:
            return False
        finally:
            Path(name).unlink()


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Holds a file for this process; a kill lets go of it. Raises OutputError where another process
    holds it.
    """
    with translate_os_errors(path), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"{path.parent}: another momentscan is working on it; wait for it, or choose another "
                "folder with -o"
            ) from None
        yield


def release(folder: Path, claim: str) -> None:
    """Removes a folder that holds nothing but its claim, and the folder above it if that is then empty."""
    with suppress(OSError):
        if {p.name for p in folder.iterdir()} == {claim}:
            (folder / claim).unlink()
            folder.rmdir()
            folder.parent.rmdir()


def remove(folder: Path) -> None:
    """Deletes a folder, if it is there."""
    with translate_os_errors(folder):
        if folder.exists():
            shutil.rmtree(folder)


def swap(new: Path, folder: Path) -> None:
    """Puts the finished folder `new`, synced as a whole, in the place of `folder`. A kill in between leaves
    `new` whole.
    """
    with translate_os_errors(folder):
        for path in (*new.rglob("*"), new):
            _sync(path)
        remove(folder)
        new.replace(folder)
        _sync(folder.parent)


def write_tree(
    folder: Path,
    files: Mapping[str, bytes],
    links: Mapping[str, Path],
    same: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """A folder as a whole, in the place of an older one: `files` are written, `links` name files that lie
    elsewhere and are not copied.

    `same`: further names of files that are in this very folder.
    """
    work = folder.with_name(f".{folder.name}.part")
    recover(folder)
    remove(work)
    try:
        with translate_os_errors(folder):
            for name in (*files, *links, *same):
                (work / name).parent.mkdir(parents=True, exist_ok=True)
            for name, data in files.items():
                (work / name).write_bytes(data)
            for name, path in links.items():
                (work / name).hardlink_to(path)
            for name, other in same.items():
                (work / name).hardlink_to(work / other)
        _exchange(work, folder)
    finally:
        remove(work)


def _exchange(new: Path, folder: Path) -> None:
    """As `swap`, but the old folder steps aside until the new one is there, so that whatever happens one of
    them is whole.
    """
    aside = _aside(folder)
    with translate_os_errors(folder):
        for path in (*new.rglob("*"), new):
            _sync(path)
        try:
            if folder.exists():
                folder.replace(aside)
            new.replace(folder)
        finally:
            recover(folder)
        _sync(folder.parent)


def recover(folder: Path) -> None:
    """After a kill in the midst of an exchange: the old folder comes back where the new one did not arrive,
    else it goes.
    """
    aside = _aside(folder)
    with translate_os_errors(folder):
        if aside.exists() and not folder.exists():
            aside.replace(folder)
    remove(aside)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
