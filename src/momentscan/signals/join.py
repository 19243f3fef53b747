"""Which rows of two tables tell of one face: faces, crops, face_ids and poses meet in (time_s, track)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.signals.signals import Signals


def rows_of_tracks(signals: Signals, table: str, tracks: Collection[int]) -> NDArray[np.int64]:
    """(N,) rows of a table that tell of these tracks, ascending; none where it was not logged."""
    if f"{table}.track" not in signals:
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.isin(signals[f"{table}.track"], list(tracks)))


def same_faces(
    signals: Signals, here: tuple[str, NDArray[np.int64]], there: tuple[str, NDArray[np.int64]]
) -> NDArray[np.int64]:
    """(N,) for each of the rows of table `here` the position, among the rows of table `there`, of that which
    tells of the same face at the same instant: the last where there are several, -1 where there is none.

    same_faces(signals, ("faces", rows), ("crops", crops))   # crops[that] are the crops of these faces
    """
    at_s, tracks = _keys(signals, *here)
    there_s, there_tracks = _keys(signals, *there)
    instants, numbers = np.unique(there_s), np.unique(there_tracks)
    if not len(instants):
        return np.full(len(at_s), -1, np.int64)
    known = _cells(there_s, there_tracks, instants, numbers)
    order = np.argsort(known, kind="stable")
    wanted = _cells(at_s, tracks, instants, numbers)
    last = np.searchsorted(known[order], wanted, "right") - 1
    found = order[np.maximum(last, 0)]
    return np.asarray(np.where((wanted >= 0) & (known[found] == wanted), found, -1), np.int64)


def _keys(signals: Signals, table: str, rows: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    return signals[f"{table}.time_s"][rows], signals[f"{table}.track"][rows]


def _cells(
    time_s: NDArray[Any], tracks: NDArray[Any], instants: NDArray[Any], numbers: NDArray[Any]
) -> NDArray[np.int64]:
    """(N,) one number for each pair of a known instant and a known track; -1 for any other."""
    at = np.searchsorted(instants, time_s).clip(max=len(instants) - 1)
    number = np.searchsorted(numbers, tracks).clip(max=len(numbers) - 1)
    known = (instants[at] == time_s) & (numbers[number] == tracks)
    return np.where(known, at * len(numbers) + number, -1)
