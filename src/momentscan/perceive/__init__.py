"""Frames and sound to columns. Perceivers only measure; memory between batches lives only here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import cv2
import numpy as np

from momentscan.perceive.protocol import Evicting, Perceiver, Snapshotting
from momentscan.signals.calibration import Calibration
from momentscan.stopping import held_back
from momentscan.values import Batch, Columns

__all__ = [
    "Evicting",
    "Perceiver",
    "Snapshotting",
    "calibrations_of",
    "ordered",
    "process_batches",
    "shrunk",
]

HANDS = 2
"""Perceivers that look at the same time: the whole frame's embedding beside the chain of the faces; both
leave the interpreter's lock.
"""


def process_batches(
    batches: Iterable[Batch], perceivers: Sequence[Perceiver]
) -> Iterator[tuple[float, dict[str, Columns]]]:
    """Shows every batch to every perceiver, once: (seconds done, perceiver -> columns), the last time with
    what `finish` gave.

    Each sees the columns it needs and no others; those that do not wait for each other look at the same time,
    which changes nothing.
    """
    done_s = 0.0
    with ThreadPoolExecutor(HANDS, "perceive") as pool:
        for batch in batches:
            made = _shown(pool, batch, perceivers)
            done_s = batch.end_s
            yield done_s, made
    yield done_s, {p.name: p.finish() for p in perceivers}


def _shown(pool: ThreadPoolExecutor, batch: Batch, perceivers: Sequence[Perceiver]) -> dict[str, Columns]:
    """What each perceiver makes of the batch, in their order; every one starts as soon as what it needs is
    there.
    """
    waiting, running = list(perceivers), dict[Future[Columns], Perceiver]()
    made: dict[str, Columns] = {}
    seen: Columns = {}
    while waiting or running:
        for perceiver in [p for p in waiting if seen.keys() >= set(p.needs)]:
            waiting.remove(perceiver)
            with held_back():
                running[
                    pool.submit(perceiver.process, batch, {name: seen[name] for name in perceiver.needs})
                ] = perceiver
        if not running:
            raise ValueError(
                f"{waiting[0].name} needs {sorted(set(waiting[0].needs) - seen.keys())}, which no "
                "perceiver before it made"
            )
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            perceiver = running.pop(future)
            made[perceiver.name] = future.result()
            seen.update(made[perceiver.name])
    return {p.name: made[p.name] for p in perceivers}


def ordered(perceivers: Sequence[Perceiver]) -> list[Perceiver]:
    """Perceivers in an order in which each finds what it needs. Raises ValueError where that cannot be."""
    waiting, done, written = list(perceivers), [], set[str]()
    while waiting:
        ready = next((p for p in waiting if set(p.needs) <= written), None)
        if ready is None:
            raise ValueError(
                f"{waiting[0].name} needs {sorted(set(waiting[0].needs) - written)}, which no perceiver "
                "before it writes"
            )
        waiting.remove(ready)
        written |= set(ready.writes)
        done.append(ready)
    return done


def calibrations_of(perceivers: Sequence[Perceiver]) -> dict[str, Calibration]:
    """Column -> what its embedder declared, of all perceivers."""
    told = (getattr(p, "calibrations", {}) for p in perceivers)
    return {name: value for each in told for name, value in each.items()}


def shrunk(
    frame: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], short_side_px: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """(H,W,...) uint8 scaled down so that its shorter side is `short_side_px` (area averaging); smaller
    frames stay as they are.
    """
    scale = short_side_px / min(frame.shape[:2])
    if scale >= 1:
        return frame
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
