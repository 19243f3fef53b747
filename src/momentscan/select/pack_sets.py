"""The three sets of a pack: which samples are anchors, coverage and challenge (identity_builder §8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.select.buckets import PITCHES, YAWS
from momentscan.select.face_samples import Mask
from momentscan.select.pack_candidates import PackCandidates
from momentscan.select.pack_types import Cell


class Sets(NamedTuple):
    """Positions among the samples, each set best first."""

    anchors: list[int]
    coverage: list[int]
    challenge: list[int]


def sets_of(candidates: PackCandidates, held: Mapping[Cell, int], own: Mask) -> Sets:
    """`held`: how many images each bucket had when collecting stopped. `own` (N,): samples that the memory
    bank knows, which may be challenge.
    """
    anchors = _anchors(candidates)
    coverage = _coverage(candidates, held, anchors)
    return Sets(anchors, coverage, _challenge(candidates, own, anchors + coverage))


# ---- anchors ----


def _anchors(c: PackCandidates) -> list[int]:
    """The best frontal samples that differ. Where the best of all leaves too few others, the second best is
    tried as the first, and so on.
    """
    knobs = c.knobs
    calm = np.isin(c.samples.bins.expression, (0, 1))
    worth = (1 - knobs.w_frontal) * c.worth + knobs.w_frontal * c.samples.frontal + knobs.calm * calm
    order = c.best_first(np.flatnonzero(c.frontal), worth)
    best: list[int] = []
    for first in order[: 4 * knobs.anchors]:
        taken = [first]
        for i in order:
            if (
                len(taken) < knobs.anchors
                and c.apart(i, taken, knobs.anchor_apart_s)
                and not c.copies(i, taken)
            ):
                taken.append(i)
        best = taken if len(taken) > len(best) else best
        if len(best) >= min(knobs.anchors_least, knobs.anchors):
            break
    return best


# ---- coverage ----


def _coverage(c: PackCandidates, held: Mapping[Cell, int], anchors: list[int]) -> list[int]:
    """Each bucket's best sample that is no copy, then a second where one is novel."""
    groups: dict[Cell, list[int]] = {}
    for i in c.best_first(np.flatnonzero(c.fit), c.worth):
        if c.cell(i) in held:
            groups.setdefault(c.cell(i), []).append(i)

    def free(cell: Cell) -> Iterator[int]:
        return (i for i in groups[cell] if not c.elsewhere(i, anchors))

    first: dict[Cell, int] = {}
    for cell in sorted(groups, key=lambda cell: (len(groups[cell]), cell)):
        best = next((i for i in free(cell) if not c.copies(i, list(first.values()))), None)
        if best is not None:
            first[cell] = best
    second: dict[Cell, int] = {}
    for cell in (cell for cell in sorted(first) if min(held[cell], c.knobs.per_bucket) > 1):
        taken = [*first.values(), *second.values()]
        best = next((i for i in free(cell) if _adds(c, i, taken, first[cell])), None)
        if best is not None:
            second[cell] = best
    return [i for cell in sorted(first) for i in (first[cell], second.get(cell)) if i is not None]


def _adds(c: PackCandidates, i: int, taken: Sequence[int], mate: int) -> bool:
    """Whether a sample may be the second of its bucket: novel, and a copy of none but perhaps the first."""
    differs = i not in taken and c.novelty(i, taken) >= c.knobs.novel
    return differs and not c.copies(i, [j for j in taken if j != mate])


# ---- challenge ----


def _challenge(c: PackCandidates, own: Mask, taken: list[int]) -> list[int]:
    """Kinds in turn, each the most extreme tier first and then the best, for variety of conditions."""
    able = np.flatnonzero(c.able & own).tolist()
    queues = [
        sorted((i for i in able if tier[i] > 0), key=lambda i: (-tier[i], -c.worth[i], i))
        for tier in tiers_of(c).values()
    ]
    chosen: list[int] = []
    while any(queues) and len(chosen) < c.knobs.challenge:
        for queue in queues:
            found = next((i for i in queue if _challenges(c, i, chosen, taken)), None)
            queue[:] = queue[queue.index(found) + 1 :] if found is not None else []
            if found is not None and len(chosen) < c.knobs.challenge:
                chosen.append(found)
    return chosen


def _challenges(c: PackCandidates, i: int, chosen: list[int], taken: list[int]) -> bool:
    free = not c.elsewhere(i, taken) and c.apart(i, chosen, c.knobs.challenge_apart_s)
    return free and i not in chosen and not c.copies(i, chosen)


def tiers_of(c: PackCandidates) -> dict[str, NDArray[np.int64]]:
    """How hard each sample is, by kind: 2 beyond what coverage takes, 1 at its edge, 0 not at all."""
    bins = c.samples.bins
    aside, nod = np.nan_to_num(np.abs(bins.yaw_deg)), np.nan_to_num(np.abs(bins.pitch_deg))
    outside = (bins.yaw == -1) | (bins.yaw == len(YAWS))
    edge = (bins.pitch == 0) | (bins.pitch == len(PITCHES) - 1)
    return {
        "yaw": np.where(outside, 2, np.where(aside >= 30, 1, 0)),
        "pitch": np.where(nod >= c.knobs.extreme_pitch_deg, 2, np.where(edge, 1, 0)),
        "dark": np.where(bins.lighting == 1, 2, 0),
        "occluded": np.where(bins.occlusion == 2, 2, 0),
        "bright": np.where(bins.lighting == 2, 2, 0),
    }
