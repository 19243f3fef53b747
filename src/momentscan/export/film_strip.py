"""Thumbnails of a video along its time axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from momentscan.export.formatting import data_uri, format_time
from momentscan.signals import Signals

STRIP = 16
"""Thumbnails under a curve."""


@dataclass(frozen=True)
class Thumbnail:
    """A small picture as a data URI, and when it is from."""

    src: str
    at: str


def film_strip(signals: Signals) -> list[Thumbnail]:
    """Thumbnails at even distances in time: a picture that stands is shown as long as it stood."""
    if not signals.rows("thumbnails.jpeg"):
        return []
    middles = (np.arange(STRIP) + 0.5) / STRIP * max(signals.video.duration_s, 1e-6)
    chosen = np.clip(np.searchsorted(signals["thumbnails.time_s"], middles, "right") - 1, 0, None)
    return [_thumbnail(int(i), signals) for i in chosen]


def nearest_thumbnail(time_s: float, signals: Signals) -> Thumbnail | None:
    """The one nearest to an instant, if there are any."""
    if not signals.rows("thumbnails.jpeg"):
        return None
    return _thumbnail(int(np.argmin(np.abs(signals["thumbnails.time_s"] - time_s))), signals)


def _thumbnail(row: int, signals: Signals) -> Thumbnail:
    at_s = float(signals["thumbnails.time_s"][row])
    return Thumbnail(data_uri(signals["thumbnails.jpeg"][row]), format_time(at_s))
