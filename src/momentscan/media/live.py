"""What is still coming: a file that grows, a pipe, an address. The same batches as of a file, until it ends
by itself.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import queue
import select
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from momentscan.errors import UnreadableInput
from momentscan.knobs import Knob
from momentscan.media.audio_reader import AudioReader
from momentscan.media.clock import RESTARTING, Clock
from momentscan.media.container import (
    ADDRESSES,
    Limits,
    audio_stream,
    check_head,
    open_address,
    open_stream,
    video_stream,
)
from momentscan.media.decode import (
    BatchBuilder,
    FrameDecoder,
    SamplingOptions,
    concluded,
    converter_of,
    damage_of,
    info_of,
    sample_at,
    seen_first,
)
from momentscan.media.demux import DecodeErrors, packets, shown_s
from momentscan.stopping import held_back
from momentscan.values import Batch, VideoInfo


@dataclass(frozen=True)
class LiveOptions:
    """How long is waited for what, in a feed that goes on."""

    span_s: Annotated[
        float,
        Knob("s", source="taste: a batch a second, so that moments are not kept waiting", low=0.2, high=10),
    ] = 1.0
    sound_wait_s: Annotated[
        float,
        Knob(
            "s",
            source="muxers lay sound up to 0.7 s after its picture (ffmpeg muxdelay); what is later is "
            "left out",
            low=0,
        ),
    ] = 2.0
    gap_s: Annotated[
        float,
        Knob("s", source="taste: a picture that stands for so long in the feed is told as a gap", low=0.5),
    ] = 3.0
    stall_s: Annotated[float, Knob("s", source="taste: no picture for so long is worth a word", low=0.1)] = (
        5.0
    )
    still_s: Annotated[
        float, Knob("s", source="taste: a file that has not grown for so long is finished", low=0.1)
    ] = 10.0
    open_s: Annotated[
        float, Knob("s", source="taste: how long an address or a pipe may take until it sends", low=0.1)
    ] = 15.0
    read_s: Annotated[
        float, Knob("s", source="taste: an address that is silent for so long is lost", low=0.1)
    ] = 10.0
    retry_s: Annotated[float, Knob("s", source="first wait before connecting anew", low=0.01)] = 1.0
    retry_factor: Annotated[
        float, Knob("×", source="exponential back-off: each wait is twice the one before", low=1)
    ] = 2.0
    retry_most_s: Annotated[
        float, Knob("s", source="taste: the longest wait between two tries", low=0.01)
    ] = 30.0
    give_up_s: Annotated[
        float, Knob("s", source="taste: nothing for so long, over all tries, is the end", low=0)
    ] = 120.0
    replay_s: Annotated[
        float,
        Knob(
            "s",
            source="an HLS player starts three segments back (RFC 8216 6.3.3): so much may come again "
            "after a loss",
            low=0,
        ),
    ] = 30.0
    lost_s: Annotated[
        float,
        Knob(
            "s", source="taste: a feed's clock that stands further ahead after a loss is another clock", low=0
        ),
    ] = 3600.0


POLL_S = 0.05
"""How often a file is asked whether it has grown, and how soon a stop is heard."""

QUEUE = 3
"""Batches that wait to be looked at: about 5 MB each; then the feed has to wait."""

HELD_PACKETS = 2000
"""Packets of sound kept until the first picture says where the clock stands."""


@dataclass(frozen=True)
class Note:
    """Something to tell of the feed. `kind`: stall, flowing, lost, reconnect, gap or ended; `at_s`: how far
    the picture had come.

    A gap has its span on the feed's clock; `end_s` is NaN where nobody knows how long it was: time then went
    on by one frame.
    """

    kind: str
    at_s: float
    text: str
    start_s: float = math.nan
    end_s: float = math.nan


SENT, AGAIN = "the server has sent all there is", "the server sends the same again, and nothing new"


class _Stopped(Exception):
    """Told to stop."""


class _Bytes:
    """What libav reads bytes from: waits for more, and says in `why` why there are none."""

    def __init__(self, name: str, following: LiveOptions) -> None:
        self.name, self._knobs = name, following
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
        return self._digest.hexdigest()

    def close(self) -> None:
        pass

    def _more(self, n: int) -> bytes:
        raise NotImplementedError


class _GrowingFile(_Bytes):
    def __init__(self, path: Path, following: LiveOptions) -> None:
        super().__init__(str(path), following)
        self._path = path
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
            elif time.monotonic() - since >= self._knobs.still_s:
                self.why = f"the file has not grown for {self._knobs.still_s:g} s"
            else:
                self.stopped.wait(POLL_S)
        return b""


class _Pipe(_Bytes):
    """Standard input (`path` None) or a FIFO. Before anybody writes to it, it is waited for."""

    def __init__(self, path: Path | None, following: LiveOptions) -> None:
        super().__init__("standard input" if path is None else str(path), following)
        self._fd = os.dup(sys.stdin.fileno()) if path is None else os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._patient = path is not None

    def close(self) -> None:
        os.close(self._fd)

    def _more(self, n: int) -> bytes:
        since = time.monotonic()
        while not self.stopped.is_set() and not self.why:
            waited_s = time.monotonic() - since
            ready, _, _ = select.select([self._fd], [], [], POLL_S)
            data = os.read(self._fd, n) if ready else None
            if data:
                self._patient = False
                return data
            if data == b"" and not self._patient:
                self.why = "the pipe was closed"
            elif data == b"":
                self.stopped.wait(POLL_S)
            if self._patient and waited_s >= self._knobs.open_s:
                self.why = f"nobody wrote to the pipe for {self._knobs.open_s:g} s"
            elif waited_s >= self._knobs.give_up_s:
                self.why = f"nothing came through the pipe for {self._knobs.give_up_s:g} s"
        return b""


def is_address(source: str) -> bool:
    """Whether it names a server rather than a file."""
    return source.partition("://")[0].lower() in ADDRESSES and "://" in source


def named(source: str) -> str:
    """What a source is called where others may read it: an address without its user, password and query."""
    if not is_address(source):
        return "standard input" if source == "-" else source
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class Feed:
    """An open feed: `batches` is the pass; at its end `info` says what was found, and `why` why it ended."""

    def __init__(self, source: str, following: LiveOptions, limits: Limits, most_s: float) -> None:
        self.name = named(source)
        self._source = source
        self._path = self.name if is_address(source) or source == "-" else str(Path(source).absolute())
        self._knobs, self._limits, self._most_s = following, limits, most_s
        self._bytes = None if is_address(source) else _bytes_of(source, following)
        self._stop = threading.Event() if self._bytes is None else self._bytes.stopped
        self._items: queue.Queue[Batch | Note] = queue.Queue(QUEUE)
        self.info: VideoInfo | None = None
        self.why = ""
        self._clock = Clock(restarts=False)
        self._gatherer: BatchBuilder | None = None
        self._hearing: AudioReader | None = None
        self._losses = DecodeErrors()
        self._pending: deque[Batch] = deque()
        self._early: deque[Any] = deque(maxlen=HELD_PACKETS)
        self._over = self._anew = self._clean = False
        self._start: tuple[int, bytes] | None = None
        self._lost_at: float | None = None
        self._tries = 0
        self._late: list[int] = []  # samples where batches ended that did not wait for their sound any longer

    def stop(self) -> None:
        """Reading ends as soon as it can; nothing more comes."""
        self._stop.set()

    def batches(
        self, sampling: SamplingOptions = SamplingOptions(), short_side_px: int = 256
    ) -> Iterator[Batch | Note]:
        """The pass, once, with notes between its batches; the last is `ended`. Frames and sound as
        `Video.batches` gives them.

        Raises UnreadableInput where not one picture came.
        """
        pool = ThreadPoolExecutor(1, "live")
        try:
            with held_back():
                work = pool.submit(
                    self._follow, dataclasses.replace(sampling, span_s=self._knobs.span_s), short_side_px
                )
            yield from self._told(work)
            work.result()
        finally:
            self.stop()
            pool.shutdown(wait=False)

    def found(self, until_s: float) -> VideoInfo:
        """What was found so far, for a feed of which `until_s` seconds were looked at."""
        assert self.info is not None, "a batch has come"
        if self._gatherer is None or self.info.n_frames:
            return self.info
        known = concluded(
            self.info, self._gatherer, self._clock, self._losses, damage_of(self._losses, self._clock), []
        )
        return dataclasses.replace(known, duration_s=until_s)

    def _told(self, work: Future[None]) -> Iterator[Batch | Note]:
        seen_s, since, stalled = 0.0, time.monotonic(), False
        while True:
            try:
                item = self._items.get(timeout=POLL_S)
            except queue.Empty:
                if work.done() and self._items.empty():
                    return
                if not stalled and time.monotonic() - since >= self._knobs.stall_s:
                    stalled = True
                    yield Note("stall", seen_s, f"no picture for {self._knobs.stall_s:g} s")
                continue
            if isinstance(item, Batch):
                seen_s = item.end_s
                if stalled and not self._over:
                    yield Note("flowing", seen_s, f"pictures again after {time.monotonic() - since:.1f} s")
                stalled = False
            yield item
            since = time.monotonic() if isinstance(item, Batch) else since

    # ---- in the thread ----

    def _follow(self, sampling: SamplingOptions, short_side_px: int) -> None:
        try:
            why = (
                self._read_bytes(sampling, short_side_px)
                if self._bytes is not None
                else self._read_address(sampling, short_side_px)
            )
            self._finish(why)
        except _Stopped:
            pass
        finally:
            if self._bytes is not None:
                self._bytes.close()

    def _read_bytes(self, sampling: SamplingOptions, short_side_px: int) -> str:
        assert self._bytes is not None
        _check_start(self._bytes)
        with open_stream(self._bytes, self.name) as container:
            why = self._read(container, sampling, short_side_px)
        return why or self._bytes.why or self._losses.broke_off or "there was no more"

    def _read_address(self, sampling: SamplingOptions, short_side_px: int) -> str:
        """Connects, and connects anew, until the feed ends or does not come back: why it ended."""
        while True:
            try:
                with open_address(
                    self._source, self.name, self._knobs.open_s, self._knobs.read_s
                ) as container:
                    if self._clean and container.duration:
                        return SENT
                    if self._lost_at is not None:
                        self._put(
                            Note(
                                "reconnect",
                                self._seen_s,
                                f"connected anew after {self._away_s:.1f} s, at try {self._tries}",
                            )
                        )
                    self._losses.broke_off, self._clean = "", False
                    if why := self._read(container, sampling, short_side_px):
                        return why
                    self._clean = not self._losses.broke_off
                    if self._clean and container.duration:
                        return SENT
            except UnreadableInput:
                if self._gatherer is None:
                    raise
            self._lose()
            if why := self._wait():
                return why

    def _lose(self) -> None:
        """The connection is gone: what waits for its sound is handed over as it is."""
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            told = (
                self._losses.broke_off.replace("the file", "the feed") or "the server closed the connection"
            )
            self._put(Note("lost", self._seen_s, told))
        self._hand_over(wait=False)

    def _wait(self) -> str:
        """Waits as the back-off says; or why it is of no use."""
        knobs = self._knobs
        wait_s = min(knobs.retry_s * knobs.retry_factor**self._tries, knobs.retry_most_s)
        if self._away_s + wait_s > knobs.give_up_s:
            return f"the connection was lost and did not come back within {knobs.give_up_s:g} s ({self._tries} tries)"
        self._tries += 1
        if self._stop.wait(wait_s):
            raise _Stopped
        return ""

    @property
    def _away_s(self) -> float:
        return time.monotonic() - self._lost_at if self._lost_at is not None else 0.0

    @property
    def _seen_s(self) -> float:
        return self._gatherer.end_s if self._gatherer is not None else 0.0

    def _read(self, container: Any, sampling: SamplingOptions, short_side_px: int) -> str:
        """One connection to its end; why the feed is over, if it is."""
        picture, sound = video_stream(container, self.name, self._limits), audio_stream(container)
        picture.thread_type = (
            "SLICE"  # frame threads hold frames back, and what they make of damage depends on chance
        )
        if self.info is None:
            self.info = info_of(
                container, picture, sound, Path(urlsplit(self.name).path).stem or "live", self._path, 0, None
            )
            self._clock = Clock(restarts=self.info.container in RESTARTING or self._bytes is None)
        else:
            self._clock.resume(self._knobs.replay_s, self._knobs.lost_s)
            self._anew = True
        pictures = FrameDecoder(
            picture,
            self.info.fps,
            self._losses,
            sampling.decode,
            sampling.grid_hz,
            self._gatherer.seen if self._gatherer else 0,
        )
        again, heard_at, silent_s = None, time.monotonic(), 0.0
        for packet in packets(container, picture, self._losses, sound):
            if self._stop.is_set():
                raise _Stopped
            if again is None and packet.pts is not None and packet.stream.index == picture.index:
                again = self._begins_again(packet)
            if sound is not None and packet.stream.index == sound.index:
                self._hear(packet)
            else:
                for frame, raw_s, index in pictures(packet):
                    if why := self._see(frame, raw_s, index, picture, sampling, short_side_px):
                        return why
            self._hand_over()
            if pictures.given_up:
                return self._losses.broke_off
            silent_s, heard_at = time.monotonic() - heard_at, time.monotonic()
        return AGAIN if again and self._anew and silent_s < self._knobs.read_s / 2 else ""

    def _begins_again(self, packet: Any) -> bool:
        """Whether a connection begins with the very picture that the first one began with: then all that was
        shown will come again.
        """
        start = (packet.pts, bytes(packet))
        if self._start is None:
            self._start = start
        elif start == self._start and self._anew:
            self._clock.resume(math.inf, self._knobs.lost_s)
            return True
        return False

    def _see(
        self, frame: Any, raw_s: float, index: int, stream: Any, sampling: SamplingOptions, short_side_px: int
    ) -> str:
        """One frame; why the feed is over, if it is."""
        assert self.info is not None
        step_s = shown_s(frame, self.info.fps)
        before_s, jumps = self._clock.last_s, self._clock.jumps
        time_s = self._clock(raw_s, step_s)
        if time_s is None:
            return ""
        if time_s > self._most_s:
            return f"{self._most_s:g} s were asked for"
        if self._gatherer is None:
            self.info = seen_first(self.info, stream, frame, raw_s)
            self._gatherer = BatchBuilder(sampling, converter_of(self.info, short_side_px), frame)
            if self.info.audio_codec is not None:
                self._hearing = AudioReader(iter(()), raw_s, restarts=self._clock.restarts)
            self._catch_up()
        elif before_s is not None:
            self._tell_gap(before_s, time_s, step_s, self._clock.jumps > jumps)
        if self._anew:
            if self._hearing is not None:
                self._hearing.resume(self._clock.shift_s)
            self._catch_up()
        self._anew, self._lost_at, self._tries = False, None, 0
        self._pending.extend(self._gatherer.before(time_s))
        self._gatherer.take(frame, time_s, index, step_s)
        return ""

    def _tell_gap(self, before_s: float, time_s: float, step_s: float, jumped: bool) -> None:
        away = (
            f"the connection was lost for about {self._away_s:.1f} s by the clock on the wall"
            if self._anew
            else ""
        )
        if jumped:
            text = "; ".join(
                filter(
                    None,
                    [
                        away,
                        "the feed's clock restarted: how long the gap is nobody knows, and time went on "
                        "by one frame",
                    ],
                )
            )
            self._put(Note("gap", before_s, text, before_s + step_s, math.nan))
        elif time_s - before_s > (step_s * 1.5 if self._anew else self._knobs.gap_s):
            self._put(Note("gap", before_s, away or "no picture came", before_s + step_s, time_s))

    def _hear(self, packet: Any) -> None:
        """Sound waits until a picture of its connection says where the clock stands."""
        if self._hearing is None or self._anew:
            self._early.append(packet)
        else:
            self._hearing.put(packet)

    def _catch_up(self) -> None:
        while self._early and self._hearing is not None:
            self._hearing.put(self._early.popleft())

    def _hand_over(self, wait: bool = True) -> None:
        """Batches whose sound is there, or too late."""
        while self._pending:
            batch = self._pending[0]
            if self._hearing is not None:
                first, last = sample_at(batch.start_s), sample_at(batch.end_s)
                if wait and self._hearing.reached < last:
                    if self._seen_s < batch.end_s + self._knobs.sound_wait_s:
                        return
                    self._late.append(last)
                batch = dataclasses.replace(batch, sound=self._hearing.between(first, last))
            self._pending.popleft()
            self._put(batch)

    def _put(self, item: Batch | Note) -> None:
        while not self._stop.is_set():
            try:
                self._items.put(item, timeout=POLL_S)
                return
            except queue.Full:
                continue
        raise _Stopped

    def _finish(self, why: str) -> None:
        """Hands over what is left, and says why there is no more."""
        if self.info is None or self._gatherer is None:
            raise UnreadableInput(f"{self.name}: not one picture came ({why}); check what is sending")
        self._over = True
        heard: list[str] = []
        if self._hearing is not None:
            self._hearing.close()
            heard = self._hearing.notes(self._gatherer.end_s)
            if late := sum(sample <= self._hearing.reached for sample in self._late):
                heard.append(
                    f"the sound of {late * self._knobs.span_s:g} s came more than "
                    f"{self._knobs.sound_wait_s:g} s after its picture and was left out"
                )
        self._pending.extend(self._gatherer.rest())
        self._hand_over(wait=False)
        self.info = concluded(
            self.info, self._gatherer, self._clock, self._losses, damage_of(self._losses, self._clock), heard
        )
        if self._bytes is not None:
            self.info = dataclasses.replace(self.info, sha256=self._bytes.sha256, size_bytes=self._bytes.size)
        self._put(Note("ended", self.info.duration_s, why))


def _bytes_of(source: str, following: LiveOptions) -> _Bytes:
    """The bytes of a file, a FIFO or standard input. Raises UnreadableInput."""
    try:
        if source == "-":
            return _Pipe(None, following)
        path = Path(source)
        mode = path.stat().st_mode
        if stat.S_ISFIFO(mode):
            return _Pipe(path, following)
        if stat.S_ISREG(mode):
            return _GrowingFile(path, following)
    except (OSError, ValueError, AttributeError) as error:  # AttributeError: no standard input at all
        reason = getattr(error, "strerror", None) or error
        raise UnreadableInput(
            f"{named(source)}: cannot be opened ({reason}); check the name and the permissions"
        ) from None
    raise UnreadableInput(
        f"{source}: is neither a file nor a pipe; give a file that grows, a pipe, - for standard input, "
        "or an address"
    )


def _check_start(source: _Bytes) -> None:
    """Raises UnreadableInput for what cannot be watched while it is written, by its first bytes."""
    head = source.peek(4096)[:4096] if isinstance(source, _GrowingFile) else source.peek(64)
    if not head:
        raise UnreadableInput(f"{source.name}: nothing came ({source.why}); check what is sending")
    check_head(head, source.name)
    if _index_comes_last(head):
        raise UnreadableInput(
            f"{source.name}: is an MP4 whose index (moov) comes after its pictures, so that it cannot be "
            "watched while it is written; "
            "record MPEG-TS, MKV or fragmented MP4, or scan it when it is finished"
        )


def _index_comes_last(head: bytes) -> bool:
    """Whether these first bytes are of an MP4 whose `mdat` box comes before its `moov`. (ISO 14496-12, 4.2)"""
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


@contextmanager
def open_live(
    source: str,
    following: LiveOptions = LiveOptions(),
    limits: Limits = Limits(),
    most_s: float = math.inf,
) -> Iterator[Feed]:
    """An open feed: `-`, a path of a file or a FIFO, or an address. Raises UnreadableInput in one line."""
    feed = Feed(source, following, limits, min(most_s, limits.max_duration_s))
    try:
        yield feed
    finally:
        feed.stop()
