"""A live feed, read in a thread of its own: the same batches as of a file, until it ends by itself."""

from __future__ import annotations

import dataclasses
import math
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from momentscan.errors import UnreadableInput
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits, audio_stream, open_address, open_stream, video_stream
from momentscan.media.decode import FrameDecoder, SamplingOptions
from momentscan.media.demux import packets
from momentscan.media.live_batches import LiveBatches
from momentscan.media.live_options import LiveOptions, Note
from momentscan.media.live_source import POLL_S, check_start, is_address, open_bytes, public_name
from momentscan.stopping import held_back
from momentscan.values import Batch, VideoInfo

QUEUE = 3
"""Batches that wait to be looked at: about 5 MB each; then the feed has to wait."""

SENT_ALL = "the server has sent all there is"
SENT_AGAIN = "the server sends the same again, and nothing new"


class _Stopped(Exception):
    """The feed is to stop."""


class Feed:
    """An open feed: `batches` is the pass; at its end `info` says what was found."""

    def __init__(
        self, source: str, options: LiveOptions, limits: Limits, clock: ClockOptions, most_s: float
    ) -> None:
        self.name = public_name(source)
        self._source = source
        self._path = self.name if is_address(source) or source == "-" else str(Path(source).absolute())
        self._options, self._limits, self._clock, self._most_s = options, limits, clock, most_s
        self._bytes = None if is_address(source) else open_bytes(source, options)
        self._stop = threading.Event() if self._bytes is None else self._bytes.stopped
        self._items: queue.Queue[Batch | Note] = queue.Queue(QUEUE)
        self._live: LiveBatches | None = None
        self._over = self._sent_whole = False

    def stop(self) -> None:
        """Reading ends as soon as it can; nothing more comes."""
        self._stop.set()

    @property
    def info(self) -> VideoInfo | None:
        """What is known of the feed; None until it is connected."""
        return self._live.info if self._live is not None else None

    def info_until(self, until_s: float) -> VideoInfo:
        """What was found so far, for a feed of which `until_s` seconds were looked at."""
        assert self._live is not None, "a batch has come"
        return self._live.info_until(until_s)

    def batches(
        self, sampling: SamplingOptions = SamplingOptions(), short_side_px: int = 256
    ) -> Iterator[Batch | Note]:
        """The pass, once, with notes between its batches; the last is `ended`. Frames and sound as
        `Video.batches` gives them, in spans of LiveOptions' `span_s`.

        Raises UnreadableInput where not one picture came.
        """
        live = LiveBatches(self._options, sampling, short_side_px, self._most_s, self._clock)
        self._live = live
        pool = ThreadPoolExecutor(1, "live")
        try:
            with held_back():
                work = pool.submit(self._read_feed, live)
            yield from self._received(work)
            work.result()
        finally:
            self.stop()
            pool.shutdown(wait=False)

    def _received(self, work: Future[None]) -> Iterator[Batch | Note]:
        """What the thread hands over, and a word where no picture comes for a while."""
        seen_s, since, stalled = 0.0, time.monotonic(), False
        while True:
            try:
                item = self._items.get(timeout=POLL_S)
            except queue.Empty:
                if work.done() and self._items.empty():
                    return
                if not stalled and time.monotonic() - since >= self._options.stall_s:
                    stalled = True
                    yield Note("stall", seen_s, f"no picture for {self._options.stall_s:g} s")
                continue
            if isinstance(item, Batch):
                seen_s = item.end_s
                if stalled and not self._over:
                    yield Note("flowing", seen_s, f"pictures again after {time.monotonic() - since:.1f} s")
                stalled = False
            yield item
            since = time.monotonic() if isinstance(item, Batch) else since

    # ---- in the thread ----

    def _read_feed(self, live: LiveBatches) -> None:
        try:
            why = self._read_address(live) if self._bytes is None else self._read_bytes(live)
            self._finish(live, why)
        except _Stopped:
            pass
        finally:
            if self._bytes is not None:
                self._bytes.close()

    def _read_bytes(self, live: LiveBatches) -> str:
        """A file or a pipe to its end: why it ended."""
        assert self._bytes is not None
        check_start(self._bytes)
        with open_stream(self._bytes, self.name) as container:
            why = self._read_connection(container, live)
        return why or self._bytes.why or live.errors.broke_off or "there was no more"

    def _read_address(self, live: LiveBatches) -> str:
        """Connects, and connects anew, until the feed ends or does not come back: why it ended."""
        while True:
            try:
                with self._connected() as container:
                    if why := self._read_answer(container, live):
                        return why
            except UnreadableInput:
                if not live.begun:
                    raise
            self._lose(live)
            wait_s = live.outage.next_wait_s()
            if wait_s is None:
                within = f"within {self._options.give_up_s:g} s ({live.outage.tries} tries)"
                return f"the connection was lost and did not come back {within}"
            if self._stop.wait(wait_s):
                raise _Stopped

    def _connected(self) -> AbstractContextManager[Any]:
        return open_address(self._source, self.name, self._options.open_s, self._options.read_s)

    def _read_answer(self, container: Any, live: LiveBatches) -> str:
        """One answer of a server to its end; why the feed is over, if it is. A server that tells a length and
        sent all of it has no more to send.
        """
        if self._sent_whole and container.duration:
            return SENT_ALL
        if live.outage.lasts:
            away = f"connected anew after {live.outage.length_s:.1f} s, at try {live.outage.tries}"
            self._put(Note("reconnect", live.end_s, away))
        live.errors.broke_off, self._sent_whole = "", False
        if why := self._read_connection(container, live):
            return why
        self._sent_whole = not live.errors.broke_off
        return SENT_ALL if self._sent_whole and container.duration else ""

    def _lose(self, live: LiveBatches) -> None:
        """The connection is gone: what waits for its sound is handed over as it is."""
        if not live.outage.lasts:
            live.outage.begin()
            reason = live.errors.broke_off.replace("the file", "the feed")
            self._put(Note("lost", live.end_s, reason or "the server closed the connection"))
        self._hand_over(live.ready(wait=False))

    def _read_connection(self, container: Any, live: LiveBatches) -> str:
        """One connection to its end; why the feed is over, if it is."""
        picture, sound = video_stream(container, self.name, self._limits), audio_stream(container)
        # Frame threads hold frames back, and what they make of damage depends on chance.
        picture.thread_type = "SLICE"
        decoder = live.connect(container, picture, sound, self.name, self._path, self._bytes is None)
        repeats, received_at, silent_s = None, time.monotonic(), 0.0
        for packet in packets(container, picture, live.errors, sound):
            if self._stop.is_set():
                raise _Stopped
            if repeats is None and packet.pts is not None and packet.stream.index == picture.index:
                repeats = live.repeats_start(packet)
            if sound is not None and packet.stream.index == sound.index:
                live.add_sound(packet)
            elif why := self._decode(packet, decoder, picture, live):
                return why
            self._hand_over(live.ready())
            if decoder.given_up:
                return live.errors.broke_off
            silent_s, received_at = time.monotonic() - received_at, time.monotonic()
        return SENT_AGAIN if repeats and live.reconnected and silent_s < self._options.read_s / 2 else ""

    def _decode(self, packet: Any, decoder: FrameDecoder, picture: Any, live: LiveBatches) -> str:
        """The frames of a packet; why the feed is over, if it is."""
        for frame, raw_s, index in decoder(packet):
            gap = live.add_frame(frame, raw_s, index, picture)
            if gap is not None:
                self._put(gap)
            if live.ended_by:
                break
        return live.ended_by

    def _hand_over(self, items: Iterator[Batch]) -> None:
        for batch in items:
            self._put(batch)

    def _put(self, item: Batch | Note) -> None:
        while not self._stop.is_set():
            try:
                self._items.put(item, timeout=POLL_S)
                return
            except queue.Full:
                continue
        raise _Stopped

    def _finish(self, live: LiveBatches, why: str) -> None:
        """Hands over what is left, and says why there is no more."""
        if not live.begun:
            raise UnreadableInput(f"{self.name}: not one picture came ({why}); check what is sending")
        self._over = True
        self._hand_over(live.finish())
        assert live.info is not None, "a picture has come"
        if self._bytes is not None:
            live.info = dataclasses.replace(live.info, sha256=self._bytes.sha256, size_bytes=self._bytes.size)
        self._put(Note("ended", live.info.duration_s, why))


@contextmanager
def open_live(
    source: str,
    options: LiveOptions = LiveOptions(),
    limits: Limits = Limits(),
    most_s: float = math.inf,
    clock: ClockOptions = ClockOptions(),
) -> Iterator[Feed]:
    """An open feed: `-`, a path of a file or a FIFO, or an address. `options` says how long is waited,
    `limits` what is refused, `clock` when a time stamp is believed; it ends after `most_s`.

    Raises UnreadableInput in one line.
    """
    feed = Feed(source, options, limits, clock, min(most_s, limits.max_duration_s))
    try:
        yield feed
    finally:
        feed.stop()
