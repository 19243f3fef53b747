"""Log lines of `momentscan.*`: quiet until somebody listens; worker processes write where their parent does.

What is logged names files by their name alone, and never tells what was seen, said or typed.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from momentscan.errors import OutputError

ROOT = "momentscan"

LAYOUT = "%(asctime)s %(levelname)-5s %(process)d %(name)s: %(message)s"


@dataclass(frozen=True)
class Listening:
    """Who listens, and from which level on. Plain values, so that it travels to worker processes.

    `stderr_level`: None = nobody at standard error; `file`: None = no file.
    """

    stderr_level: int | None = None
    file: str | None = None
    file_level: int = logging.INFO


class _Now:
    listening = Listening()
    handlers: tuple[logging.Handler, ...] = ()


def listen(wanted: Listening) -> None:
    """From now on log lines go there, and nowhere else. Raises OutputError for a file that cannot be written."""
    handlers: list[logging.Handler] = []
    if wanted.file is not None:
        handlers.append(_levelled(_file(wanted.file), wanted.file_level))
    if wanted.stderr_level is not None:
        handlers.append(_levelled(_Stderr(), wanted.stderr_level))
    logger = logging.getLogger(ROOT)
    for old in _Now.handlers:
        logger.removeHandler(old)
        old.close()
    for new in handlers:
        logger.addHandler(new)
    logger.setLevel(min((h.level for h in handlers), default=logging.NOTSET))
    _Now.listening, _Now.handlers = wanted, tuple(handlers)


def listening() -> Listening:
    """Who listens now; for a worker process, whose initializer is `listen`."""
    return _Now.listening


class _Stderr(logging.Handler):
    """Writes to what is standard error at that moment: a progress bar puts itself in front of it."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):  # gone or closed: it stops no work
            if sys.stderr is not None:
                sys.stderr.write(self.format(record) + "\n")


class _File(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """A disk that is full stops no work, and is told by the results."""


def _levelled(handler: logging.Handler, level: int) -> logging.Handler:
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter(LAYOUT))
    return handler


def _file(name: str) -> logging.Handler:
    """Lines are added at the end, those of several processes one after the other."""
    try:
        return _File(Path(name), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(
            f"--log-file {name}: cannot be written ({error.strerror}); name a file in a folder that is there"
        ) from None
