"""How loud a clip is, and by how much it may be turned up or down (EBU R 128, ITU-R BS.1770-4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.filter import Graph

from momentscan.media.encoders import Encoding, SoundFormat
from momentscan.media.seek import sound_from
from momentscan.media.source_file import SourceFile

SILENT_LUFS = -70.0
"""The absolute gate of BS.1770: what is below is silence."""

STEP_S = 1.0
"""Sound is measured in steps of this length, so that memory does not grow with the clip."""


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness, and the highest true peak of any channel."""

    lufs: float
    true_peak_db: float


def loudness(source: SourceFile, start_s: float, end_s: float, sound: SoundFormat) -> Loudness:
    """Of what a clip will sound like, silence where the source has none."""
    meter = _LoudnessMeter(sound)
    with sound_from(source, start_s, sound.hz, sound.layout) as audio:
        at, end = round(start_s * sound.hz), round(end_s * sound.hz)
        while at < end:
            until = min(end, at + round(STEP_S * sound.hz))
            meter.add(np.nan_to_num(audio.channels_between(at, until)))
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
    note = f"sound {found.lufs:.1f} LUFS, turned {'up' if gain >= 0 else 'down'} by {abs(gain):.1f} dB"
    if gain < wanted - 0.05:
        note += (
            f" and no more, for its peaks would pass {encoding.true_peak_db:g} dBTP; "
            f"{encoding.loudness_lufs:g} LUFS were asked"
        )
    return gain, note


class _LoudnessMeter:
    """libavfilter's ebur128, fed with blocks."""

    def __init__(self, sound_format: SoundFormat) -> None:
        self._format, self._n_samples = sound_format, 0
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=sound_format.hz,
            format="fltp",
            layout=sound_format.layout,
            time_base=Fraction(1, sound_format.hz),
        )
        meter = self._graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
        self._graph.link_nodes(source, meter, self._graph.add("abuffersink"))
        self._graph.configure()
        self._last: dict[str, str] = {}

    def add(self, sound: Any) -> None:
        """(channels, n) float32."""
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound), format="fltp", layout=self._format.layout
        )
        frame.sample_rate, frame.pts = self._format.hz, self._n_samples
        frame.time_base = Fraction(1, self._format.hz)
        self._n_samples += sound.shape[1]
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
