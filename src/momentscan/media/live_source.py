"""Where the bytes of a live feed come from: a file that grows, a pipe, standard input; and how a source is
named.
"""

from __future__ import annotations

import hashlib
import os
import select
import stat
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from momentscan.errors import UnreadableInput
from momentscan.media.container import ADDRESSES, check_head
from momentscan.media.live_options import LiveOptions

POLL_S = 0.05
"""How often a source is asked whether there is more, and how soon a stop is noticed."""


def is_address(source: str) -> bool:
    """Whether it names a server rather than a file."""
    return source.partition("://")[0].lower() in ADDRESSES and "://" in source


def public_name(source: str) -> str:
    """What a source is called where others may read it: an address without its user, password and query."""
    if not is_address(source):
        return "standard input" if source == "-" else source
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class ByteSource:
    """What libav reads bytes from: `read` waits for more, and `why` says why there are none."""

    def __init__(self, name: str, options: LiveOptions) -> None:
        self.name, self._options = name, options
        self.stopped = threading.Event()
        self.why = ""
        self.size = 0
        self._digest = hashlib.sha256()
        self._head = b""

    def peek(self, least: int) -> bytes:
        """The first bytes, at least so many unless there are no more; they are read again."""
        while len(self._head) < least and (more := self._more(65536)):
            self._head += more
        return self._head

    def read(self, n: int) -> bytes:
        """At most n bytes, as soon as there are any; none at the end."""
        data, self._head = (self._head[:n], self._head[n:]) if self._head else (self._more(n), b"")
        self._digest.update(data)
        self.size += len(data)
        return data

    @property
    def sha256(self) -> str:
        """Of all bytes that were read."""
        return self._digest.hexdigest()

    def close(self) -> None:
        pass

    def _more(self, n: int) -> bytes:
        raise NotImplementedError


class GrowingFile(ByteSource):
    """A file that somebody still writes; finished once it has not grown for `still_s`."""

    def __init__(self, path: Path, options: LiveOptions) -> None:
        super().__init__(str(path), options)
        self._file = path.open("rb", buffering=0)

    def close(self) -> None:
        self._file.close()

    def _more(self, n: int) -> bytes:
        since = time.monotonic()
        while not self.stopped.is_set() and not self.why:
            if data := self._file.read(n):
                return data
            if os.fstat(self._file.fileno()).st_size < self._file.tell():
                self.why = "the file became shorter than what was read of it"
            elif time.monotonic() - since >= self._options.still_s:
                self.why = f"the file has not grown for {self._options.still_s:g} s"
            else:
                self.stopped.wait(POLL_S)
        return b""


class Pipe(ByteSource):
    """Standard input (`path` None) or a FIFO. Before anybody writes to it, it is waited for."""

    def __init__(self, path: Path | None, options: LiveOptions) -> None:
        super().__init__("standard input" if path is None else str(path), options)
        self._fd = os.dup(sys.stdin.fileno()) if path is None else os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._awaits_writer = path is not None

    def close(self) -> None:
        os.close(self._fd)

    def _more(self, n: int) -> bytes:
        since = time.monotonic()
        while not self.stopped.is_set() and not self.why:
            waited_s = time.monotonic() - since
            ready, _, _ = select.select([self._fd], [], [], POLL_S)
            data = os.read(self._fd, n) if ready else None
            if data:
                self._awaits_writer = False
                return data
            self._check_end(data, waited_s)
        return b""

    def _check_end(self, data: bytes | None, waited_s: float) -> None:
        """Sets `why` where no more will come. `data` is empty where nobody has the other end open, None where
        somebody has and is silent.
        """
        if data == b"" and not self._awaits_writer:
            self.why = "the pipe was closed"
        elif data == b"":
            self.stopped.wait(POLL_S)
        if self._awaits_writer and waited_s >= self._options.open_s:
            self.why = f"nobody wrote to the pipe for {self._options.open_s:g} s"
        elif waited_s >= self._options.give_up_s:
            self.why = f"nothing came through the pipe for {self._options.give_up_s:g} s"


def open_bytes(source: str, options: LiveOptions) -> ByteSource:
    """The bytes of a file, a FIFO or standard input. Raises UnreadableInput."""
    try:
        if source == "-":
            return Pipe(None, options)
        path = Path(source)
        mode = path.stat().st_mode
        if stat.S_ISFIFO(mode):
            return Pipe(path, options)
        if stat.S_ISREG(mode):
            return GrowingFile(path, options)
    except (OSError, ValueError, AttributeError) as error:  # AttributeError: no standard input at all
        reason = getattr(error, "strerror", None) or error
        raise UnreadableInput(
            f"{public_name(source)}: cannot be opened ({reason}); check the name and the permissions"
        ) from None
    raise UnreadableInput(
        f"{source}: is neither a file nor a pipe; give a file that grows, a pipe, - for standard input, "
        "or an address"
    )


def check_start(source: ByteSource) -> None:
    """Raises UnreadableInput for what cannot be watched while it is written, by its first bytes."""
    head = source.peek(4096)[:4096] if isinstance(source, GrowingFile) else source.peek(64)
    if not head:
        raise UnreadableInput(f"{source.name}: nothing came ({source.why}); check what is sending")
    check_head(head, source.name)
    if _index_comes_last(head):
        raise UnreadableInput(
            f"{source.name}: is an MP4 whose index (moov) comes after its pictures, so that it cannot be "
            "watched while it is written; record MPEG-TS, MKV or fragmented MP4, or scan it when it is "
            "finished"
        )


def _index_comes_last(head: bytes) -> bool:
    """Whether they are the first bytes of an MP4 whose `mdat` box precedes its `moov` (ISO 14496-12, 4.2)."""
    at = 0
    while at + 8 <= len(head):
        size, kind = int.from_bytes(head[at : at + 4], "big"), head[at + 4 : at + 8]
        if at == 0 and kind not in (b"ftyp", b"mdat", b"wide", b"free", b"skip"):
            return False
        if kind in (b"moov", b"moof"):
            return False
        if kind == b"mdat":
            return True
        at += max(size, 8)
    return False
