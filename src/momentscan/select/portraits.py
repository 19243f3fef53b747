"""How good a photograph each face sample of the main people would be (highlight_vector §8 and §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.select.gate import Gate, Level, Reasons, measured
from momentscan.select.people import Person
from momentscan.signals import Signals
from momentscan.signals.boxes import heights
from momentscan.signals.join import rows_of_tracks, same_faces
from momentscan.signals.series import percentile_rank
from momentscan.values import Series


class Portraits(NamedTuple):
    """One person's faces, row by row: `rows` of `faces` ascending, the four measures in [0, 1] (NaN: not
    measured), and what the gate says.
    """

    person: Person
    rows: NDArray[np.int64]
    time_s: Series
    size: Series
    eyes: Series
    frontality: Series
    sharpness: Series
    reasons: Reasons


def portraits(
    signals: Signals, people: Sequence[Person], frontality: str, gate: Gate, level: Level
) -> list[Portraits]:
    """Of each main person. All measures are relative to the person's own in this video (readings H14, H15),
    but for the angles.
    """
    return [
        _portraits(signals, person, frontality, gate, level) for person in people if person.role == "main"
    ]


def _portraits(signals: Signals, person: Person, frontality: str, gate: Gate, level: Level) -> Portraits:
    rows = person.rows
    height = heights(signals["faces.bbox"][rows].astype(np.float64))
    sharp = np.log(np.maximum(signals["faces.sharpness"][rows].astype(np.float64), 1e-3))
    return Portraits(
        person,
        rows,
        signals["faces.time_s"][rows],
        np.clip(height / max(float(np.percentile(height, 95)), 1e-9), 0, 1),
        between(measured(signals, "eye_open", rows)),
        FRONTALITIES[frontality](signals, person, gate),
        between(sharp),
        gate(signals, rows, level),
    )


def between(x: Series) -> Series:
    """Where each value lies between the 5th and 95th percentile, in [0, 1]; 0.5 where nothing varies. NaN
    stays NaN.
    """
    finite = x[np.isfinite(x)]
    if not len(finite):
        return x
    low, high = np.percentile(finite, [5, 95])
    return np.where(np.isfinite(x), np.clip((x - low) / (high - low), 0, 1) if high > low else 0.5, np.nan)


# ---- frontality, by landmarks and by three methods that need none (highlight_vector §8; readings H12, H13)
# ----

REACH_S = 0.5
"""Method A looks so far to either side: k = 2 at 5 Hz."""


def _by_landmarks(signals: Signals, person: Person, gate: Gate) -> Series:
    """1 - clip(½(|yaw|/45 + |pitch|/30), 0, 1)."""
    yaw, pitch = (measured(signals, name, person.rows) for name in ("yaw", "pitch"))
    return np.asarray(1 - np.clip((np.abs(yaw) / 45 + np.abs(pitch) / 30) / 2, 0, 1), np.float64)


def _by_consistency(signals: Signals, person: Person, gate: Gate) -> Series:
    """Method A: -Var(e(t-k..t+k)), the trace of the covariance, ranked. It measures stillness: a long side
    look scores well (H12).
    """
    time_s, vectors, place = _embedded(signals, person)
    spread = np.full(len(time_s), np.nan)
    for i, t in enumerate(time_s):
        near = vectors[np.abs(time_s - t) <= REACH_S]
        spread[i] = float(near.var(axis=0).sum()) if len(near) > 1 else np.nan
    return _spread_out(percentile_rank(-spread), place, len(person.rows))


def _by_canon(signals: Signals, person: Person, gate: Gate) -> Series:
    """Method B: -‖e - e_canon‖, ranked; e_canon is the mean of the stillest fifth. It prefers the least
    expressive frame (H12).
    """
    time_s, vectors, place = _embedded(signals, person)
    if not len(time_s):
        return np.full(len(person.rows), np.nan)
    still = _by_consistency(signals, person, gate)[place]
    calm = (
        np.nan_to_num(still, nan=-1.0) >= np.nanpercentile(still, 80)
        if np.isfinite(still).any()
        else np.ones(len(time_s), np.bool_)
    )
    away = np.linalg.norm(vectors - vectors[calm].mean(axis=0), axis=1)
    return _spread_out(percentile_rank(-away), place, len(person.rows))


def _by_gate_and_canon(signals: Signals, person: Person, gate: Gate) -> Series:
    """Method C: B, but 0 where blur or occlusion fail the strict gate."""
    reasons = gate(signals, person.rows, "strict")
    hidden = reasons["gate.blur.face"] | reasons["gate.occlusion.face"]
    return np.asarray(np.where(hidden, 0.0, _by_canon(signals, person, gate)), np.float64)


FRONTALITIES = {"landmarks": _by_landmarks, "A": _by_consistency, "B": _by_canon, "C": _by_gate_and_canon}


def _embedded(signals: Signals, person: Person) -> tuple[Series, NDArray[np.float64], NDArray[np.int64]]:
    """(times, face vectors, which of the person's rows each is) of the crops that were embedded."""
    if "crops.face" not in signals:
        return np.zeros(0), np.zeros((0, 1)), np.zeros(0, np.int64)
    rows = rows_of_tracks(signals, "crops", person.tracks)
    place = same_faces(signals, ("crops", rows), ("faces", person.rows))
    rows, place = rows[place >= 0], place[place >= 0]
    return signals["crops.time_s"][rows], signals["crops.face"][rows].astype(np.float64), place


def _spread_out(values: Series, place: NDArray[np.int64], n: int) -> Series:
    out = np.full(n, np.nan)
    out[place] = values
    return out
