"""Which tracks are of one person: by Face-ID, and without it by place."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from momentscan.perceive.track import Track, correlation, least_areas
from momentscan.signals.boxes import middles
from momentscan.signals.spans import overlap_s

OVERLAP_S = 0.3
"""One person cannot be in two places, but a box may be doubled for a look or two."""


def joined(
    tracks: Sequence[Track], apart_s: float, tau: float | None, free: Iterable[int] | None = None
) -> NDArray[np.int64]:
    """(N,) the person of each track, numbered in order of appearance; two tracks that are seen at the same
    time are never one person.

    With `tau`, tracks whose mean Face-ID vectors have at least that cosine are joined, the closest first, and
    so are the groups that come of it, so that no chain of likenesses makes one of two people; a track that
    was never identified, or any without a Face-ID model, goes on where another ended in the same shot, soon
    before and at the same place. Who has a number already keeps it, and is nobody else who has; others take
    the `free` numbers (0, 1, …) one by one. Tracks come by their start.
    """
    pairs = sorted([*_by_identity(tracks, tau), *_by_place(tracks, apart_s)])
    group = [{i} for i in range(len(tracks))]
    for _, a, b in pairs:
        if group[a] is group[b] or any(
            _overlap_s(tracks[i], tracks[j]) > OVERLAP_S for i in group[a] for j in group[b]
        ):
            continue
        if len({tracks[i].person for i in group[a] | group[b]} - {None}) > 1:
            continue
        if tau is None or _alike(tracks, group[a], group[b]) >= tau:
            group[a] |= group[b]
            for i in group[b]:
                group[i] = group[a]
    numbers = iter(itertools.count() if free is None else free)
    firsts: dict[int, int] = {}
    for members in sorted({tuple(sorted(g)) for g in group}):
        own = next((p for i in members if (p := tracks[i].person) is not None), None)
        firsts[members[0]] = next(numbers) if own is None else own
    return np.array([firsts[min(g)] for g in group], np.int64)


def _alike(tracks: Sequence[Track], some: set[int], others: set[int]) -> float:
    """Cosine of the mean Face-ID vectors of two groups; 1 where one of them has none."""
    sums = [
        sum((who for i in sorted(g) if (who := tracks[i].who) is not None), np.zeros(1))
        for g in (some, others)
    ]
    lengths = float(np.prod([np.linalg.norm(x) for x in sums]))
    return float(sums[0] @ sums[1]) / lengths if lengths > 0 else 1.0


def _by_identity(tracks: Sequence[Track], tau: float | None) -> list[tuple[float, int, int]]:
    known = [i for i, t in enumerate(tracks) if t.who is not None]
    if tau is None or not known:
        return []
    means = np.stack([tracks[i].who / np.linalg.norm(tracks[i].who) for i in known])  # type: ignore[arg-type, operator]
    cos = means @ means.T
    return [(float(-cos[a, b]), known[a], known[b]) for a, b in np.argwhere(np.triu(cos >= tau, 1)).tolist()]


def _by_place(tracks: Sequence[Track], apart_s: float) -> list[tuple[float, int, int]]:
    """After all pairs that Face-ID gives: those whose order is how long nobody was seen."""
    found = []
    starts = [t.start_s for t in tracks]  # ascending, as tracks are numbered
    for a, one in enumerate(tracks):
        for b in range(
            bisect.bisect_right(starts, one.seen_s), bisect.bisect_right(starts, one.seen_s + apart_s)
        ):
            other = tracks[b]
            if one.who is not None and other.who is not None:
                continue
            before, after = np.sqrt(least_areas(np.stack([one.box, other.first_box]))).tolist()
            near, ratio = (
                float(np.hypot(*(middles(one.box) - middles(other.first_box)))) <= 1.5 * before,
                after / before,
            )
            if near and 2 / 3 <= ratio <= 1.5 and correlation(one.signature, other.first_signature) >= 0.6:
                found.append((other.start_s - one.seen_s, a, b))
    return found


def _overlap_s(a: Track, b: Track) -> float:
    """For how long both were seen at once; negative where they were not."""
    spans = [[*t.earlier, (t.start_s, t.seen_s)] for t in (a, b)]
    return max(overlap_s(x, y) for x in spans[0] for y in spans[1])
