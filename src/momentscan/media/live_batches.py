"""Frames and sound of a live feed, over all its connections, to batches on one clock; gaps are noted."""

from __future__ import annotations

import dataclasses
import math
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from momentscan.media.audio_reader import AudioReader
from momentscan.media.batches import BatchBuilder, sample_at
from momentscan.media.clock import RESTARTING, Clock, ClockOptions
from momentscan.media.decode import FrameDecoder, SamplingOptions
from momentscan.media.demux import DecodeErrors, shown_s
from momentscan.media.live_options import LiveOptions, Note
from momentscan.media.video_info import (
    converter_of,
    damage_notes,
    declared_info,
    with_first_frame,
    with_pass_results,
)
from momentscan.values import Batch, VideoInfo

HELD_PACKETS = 2000
"""Packets of sound kept until the first picture says where the clock stands."""

CLOCK_RESTARTED = (
    "the feed's clock restarted: how long the gap is nobody knows, and time went on by one frame"
)


class Outage:
    """How long a feed has been away, and when to try again: exponential back-off."""

    def __init__(self, options: LiveOptions) -> None:
        self._options = options
        self._since: float | None = None
        self.tries = 0

    @property
    def lasts(self) -> bool:
        return self._since is not None

    @property
    def length_s(self) -> float:
        return time.monotonic() - self._since if self._since is not None else 0.0

    def begin(self) -> None:
        self._since = time.monotonic()

    def end(self) -> None:
        self._since, self.tries = None, 0

    def next_wait_s(self) -> float | None:
        """How long to wait before the next try, which is counted; None where it is given up."""
        options = self._options
        wait_s = min(options.retry_s * options.retry_factor**self.tries, options.retry_most_s)
        if self.length_s + wait_s > options.give_up_s:
            return None
        self.tries += 1
        return wait_s


class LiveBatches:
    """Takes frames and packets of sound as they come; `ready` gives the batches whose sound is there.

    `ended_by` says why the feed is over as soon as enough of it was seen.
    """

    def __init__(
        self,
        options: LiveOptions,
        sampling: SamplingOptions,
        short_side_px: int,
        most_s: float,
        clock: ClockOptions,
    ) -> None:
        self._options, self._clock_options = options, clock
        self._sampling = dataclasses.replace(sampling, span_s=options.span_s)
        self._short_side_px, self._most_s = short_side_px, most_s
        self.info: VideoInfo | None = None
        self.errors = DecodeErrors()
        self.outage = Outage(options)
        self.ended_by = ""
        self.reconnected = False  # over a new connection, and no frame of it was placed yet
        self._clock = Clock(False, clock)
        self._builder: BatchBuilder | None = None
        self._audio: AudioReader | None = None
        self._pending: deque[Batch] = deque()
        self._early_sound: deque[Any] = deque(maxlen=HELD_PACKETS)
        self._first_packet: tuple[int, bytes] | None = None
        self._late: list[int] = []  # samples where batches ended that did not wait for their sound any longer

    @property
    def begun(self) -> bool:
        """Whether a picture has come."""
        return self._builder is not None

    @property
    def end_s(self) -> float:
        """How far the picture has come."""
        return self._builder.end_s if self._builder is not None else 0.0

    def connect(
        self, container: Any, picture: Any, sound: Any | None, name: str, path: str, restarts: bool
    ) -> FrameDecoder:
        """Begins a connection; the first one says what video it is. `restarts`: whether the clock of such a
        feed may.
        """
        if self.info is None:
            video_id = Path(urlsplit(name).path).stem or "live"
            self.info = declared_info(container, picture, sound, video_id, path)
            self._clock = Clock(restarts or self.info.container in RESTARTING, self._clock_options)
        else:
            self._clock.resume(self._options.replay_s, self._options.lost_s)
            self.reconnected = True
        first_index = self._builder.n_frames if self._builder is not None else 0
        return FrameDecoder(picture, self.info.fps, self.errors, self._sampling, first_index)

    def repeats_start(self, packet: Any) -> bool:
        """Whether a connection begins with the very picture that the first one began with: then all that was
        shown will come again.
        """
        start = (packet.pts, bytes(packet))  # PTS alone come again after many a restart
        if self._first_packet is None:
            self._first_packet = start
        elif start == self._first_packet and self.reconnected:
            self._clock.resume(math.inf, self._options.lost_s)
            return True
        return False

    def add_frame(self, frame: Any, raw_s: float, index: int, stream: Any) -> Note | None:
        """Places a frame; the gap before it, where there is one to note."""
        assert self.info is not None, "a connection has begun"
        step_s = shown_s(frame, self.info.fps)
        before_s, jumps = self._clock.last_s, self._clock.jumps
        time_s = self._clock(raw_s, step_s)
        if time_s is None:
            return None
        if time_s > self._most_s:
            self.ended_by = f"{self._most_s:g} s were asked for"
            return None
        builder = self._builder or self._begin(frame, raw_s, stream)
        gap = None
        if before_s is not None:
            gap = self._gap(before_s, time_s, step_s, self._clock.jumps > jumps)
        if self.reconnected:
            self._resume_sound()
        self.outage.end()
        self._pending.extend(builder.before(time_s))
        builder.add(frame, time_s, index, step_s)
        return gap

    def _begin(self, frame: Any, raw_s: float, stream: Any) -> BatchBuilder:
        assert self.info is not None, "a connection has begun"
        self.info = with_first_frame(self.info, stream, frame, raw_s)
        self._builder = BatchBuilder(self._sampling, converter_of(self.info, self._short_side_px), frame)
        if self.info.audio_codec is not None:
            self._audio = AudioReader(
                iter(()), raw_s, restarts=self._clock.restarts, clock=self._clock_options
            )
            self._decode_early_sound()
        return self._builder

    def _gap(self, before_s: float, time_s: float, step_s: float, jumped: bool) -> Note | None:
        away = ""
        if self.reconnected:
            away = f"the connection was lost for about {self.outage.length_s:.1f} s by the clock on the wall"
        if jumped:
            text = "; ".join(filter(None, [away, CLOCK_RESTARTED]))
            return Note("gap", before_s, text, before_s + step_s, math.nan)
        if time_s - before_s > (step_s * 1.5 if self.reconnected else self._options.gap_s):
            return Note("gap", before_s, away or "no picture came", before_s + step_s, time_s)
        return None

    def add_sound(self, packet: Any) -> None:
        """Sound waits until a picture of its connection says where the clock stands."""
        if self._audio is None or self.reconnected:
            self._early_sound.append(packet)
        else:
            self._audio.put(packet)

    def _resume_sound(self) -> None:
        """The first picture over a new connection has just said where the clock stands."""
        if self._audio is not None:
            self._audio.resume(self._clock.shift_s)
            self._decode_early_sound()
        self.reconnected = False

    def _decode_early_sound(self) -> None:
        while self._early_sound and self._audio is not None:
            self._audio.put(self._early_sound.popleft())

    def ready(self, wait: bool = True) -> Iterator[Batch]:
        """Batches whose sound is there, or too late; all there are where none is waited for."""
        while self._pending:
            batch = self._pending[0]
            if self._audio is not None:
                first, last = sample_at(batch.start_s), sample_at(batch.end_s)
                if wait and self._audio.reached < last:
                    if self.end_s < batch.end_s + self._options.sound_wait_s:
                        return
                    self._late.append(last)
                batch = dataclasses.replace(batch, sound=self._audio.between(first, last))
            self._pending.popleft()
            yield batch

    def finish(self) -> Iterator[Batch]:
        """What is left; `info` then says what was found."""
        assert self.info is not None, "a picture has come"
        assert self._builder is not None, "a picture has come"
        sound_notes = self._close_sound()
        self._pending.extend(self._builder.rest())
        yield from self.ready(wait=False)
        self.info = self._with_results(self.info, self._builder, sound_notes)

    def _close_sound(self) -> list[str]:
        if self._audio is None:
            return []
        self._audio.close()
        notes = self._audio.notes(self.end_s)
        if n_late := sum(sample <= self._audio.reached for sample in self._late):
            notes.append(
                f"the sound of {n_late * self._options.span_s:g} s came more than "
                f"{self._options.sound_wait_s:g} s after its picture and was left out"
            )
        return notes

    def info_until(self, until_s: float) -> VideoInfo:
        """What was found so far, for a feed of which `until_s` seconds were looked at."""
        assert self.info is not None, "a batch has come"
        if self._builder is None or self.info.n_frames:
            return self.info
        return dataclasses.replace(self._with_results(self.info, self._builder, []), duration_s=until_s)

    def _with_results(self, info: VideoInfo, builder: BatchBuilder, sound_notes: list[str]) -> VideoInfo:
        damage = damage_notes(self.errors, self._clock)
        return with_pass_results(info, builder, self._clock, self.errors, damage, sound_notes)
