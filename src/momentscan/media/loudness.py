"""How loud a clip is, and by how much it may be turned up or down (EBU R 128, ITU-R BS.1770-4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.filter import Graph

from momentscan.media.container import Limits
from momentscan.media.encoders import Encoding, SoundFormat
from momentscan.media.seek import sound_from
from momentscan.values import VideoInfo

SILENT_LUFS = -70.0
"""The absolute gate of BS.1770: what is below is silence."""

STEP_S = 1.0
"""Sound is measured in steps of this length, so that memory does not grow with the clip."""


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness, and the highest true peak of any channel."""

    lufs: float
    true_peak_db: float


def loudness(info: VideoInfo, start_s: float, end_s: float, voice: SoundFormat, limits: Limits) -> Loudness:
    """Of what a clip will sound like, silence where the source has none."""
    meter = _Meter(voice)
    with sound_from(info, start_s, voice.hz, voice.layout, limits) as hearing:
        at, end = round(start_s * voice.hz), round(end_s * voice.hz)
        while at < end:
            until = min(end, at + round(STEP_S * voice.hz))
            meter.hear(np.nan_to_num(hearing.channels_between(at, until)))
            at = until
    return meter.read()


def gain_db(found: Loudness, encoding: Encoding) -> tuple[float, str]:
    """How much the clip is turned up to come to the loudness asked, as far as its peaks allow, and what to
    say of it.
    """
    if found.lufs <= SILENT_LUFS:
        return 0.0, "it is silent, or too short to tell how loud it is: the sound is as it was"
    wanted = encoding.loudness_lufs - found.lufs
    allowed = encoding.true_peak_db - found.true_peak_db
    gain = min(wanted, allowed)
    told = f"sound {found.lufs:.1f} LUFS, turned {'up' if gain >= 0 else 'down'} by {abs(gain):.1f} dB"
    if gain < wanted - 0.05:
        told += f" and no more, for its peaks would pass {encoding.true_peak_db:g} dBTP; {encoding.loudness_lufs:g} LUFS were asked"
    return gain, told


class _Meter:
    """libavfilter's ebur128, fed with blocks."""

    def __init__(self, voice: SoundFormat) -> None:
        self._voice, self._n = voice, 0
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=voice.hz, format="fltp", layout=voice.layout, time_base=Fraction(1, voice.hz)
        )
        meter = self._graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
        self._graph.link_nodes(source, meter, self._graph.add("abuffersink"))
        self._graph.configure()
        self._last: dict[str, str] = {}

    def hear(self, sound: Any) -> None:
        """(channels, n) float32."""
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound), format="fltp", layout=self._voice.layout
        )
        frame.sample_rate, frame.pts, frame.time_base = self._voice.hz, self._n, Fraction(1, self._voice.hz)
        self._n += sound.shape[1]
        self._graph.push(frame)
        self._drain()

    def read(self) -> Loudness:
        self._graph.push(None)
        self._drain()
        peaks = [float(v) for k, v in self._last.items() if k.startswith("lavfi.r128.true_peaks_ch")]
        lufs = float(self._last.get("lavfi.r128.I", SILENT_LUFS))
        peak = max(peaks, default=0.0)
        return Loudness(
            lufs if math.isfinite(lufs) else SILENT_LUFS, 20 * math.log10(peak) if peak > 0 else -120.0
        )

    def _drain(self) -> None:
        while True:
            try:
                self._last = self._graph.pull().metadata or self._last
            except (BlockingIOError, av.error.EOFError):
                return
