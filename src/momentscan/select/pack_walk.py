"""The first walk over somebody's samples: when collecting stops (identity_builder §4, §9)."""

from __future__ import annotations

import numpy as np

from momentscan.select.face_samples import usual_change
from momentscan.select.pack_candidates import PackCandidates
from momentscan.select.pack_types import Cell, Stop


def walk(candidates: PackCandidates) -> tuple[Stop, dict[Cell, int]]:
    """When the seed's rule stops collecting, and how many images each bucket held by then."""
    state = _Walk(candidates)
    for i in _in_order(candidates):
        state.see(i)
        if state.satisfied():
            return Stop("coverage_satisfied", float(candidates.samples.time_s[i])), state.held()
    return Stop("novelty_plateau" if state.nothing_new() else "video_end", None), state.held()


def _in_order(c: PackCandidates) -> list[int]:
    """Samples in highlight windows first, each part by time."""
    rows, samples = np.flatnonzero(c.fit), c.samples
    order = np.lexsort((c.track[rows], samples.time_s[rows], ~samples.moment[rows]))
    return [int(i) for i in rows[order]]


class _Walk:
    """What the seed's loop has saved so far (identity_builder §4, §9)."""

    def __init__(self, of: PackCandidates) -> None:
        self._of = of
        self._cells: dict[Cell, list[int]] = {}
        self._anchors: list[int] = []
        self._recent: list[float] = []
        self._counted_s: list[float] = []
        self._known: list[int] = []
        self._seen: list[int] = []
        self._usual = (0.0, 0.0)
        self._usual_of = 0

    def see(self, i: int) -> None:
        of, cell = self._of, self._of.cell(i)
        saved = [j for held in self._cells.values() for j in held]
        novelty = of.novelty(i, saved)
        self._seen.append(i)
        if not self._counted_s or abs(of.samples.time_s[i] - self._counted_s[-1]) >= of.knobs.recent_apart_s:
            self._count(i, saved)
        held = self._cells.setdefault(cell, [])
        if not held or (novelty >= of.knobs.novel and len(held) < of.knobs.per_bucket):
            held.append(i)
        elif of.worth[i] > min(of.worth[j] for j in held):
            held[int(np.argmin([of.worth[j] for j in held]))] = i
        if (
            len(self._anchors) < of.knobs.anchors_least
            and of.frontal[i]
            and of.apart(i, self._anchors, of.knobs.anchor_apart_s)
            and not of.copies(i, self._anchors)
        ):
            self._anchors.append(i)

    def _count(self, i: int, saved: list[int]) -> None:
        """Novelty against what was saved at the counted sample before, so that what came in between counts as
        new.
        """
        of = self._of
        fresh = (
            of.novel_score(i, self._known)
            if of.knobs.plateau_seed
            else of.novelty(i, self._known, self._usual_so_far())
        )
        self._known = saved
        self._recent.append(fresh)
        self._counted_s.append(float(of.samples.time_s[i]))

    def _usual_so_far(self) -> tuple[float, float]:
        """Of the samples seen until now, so that nothing that comes later unsays a stop; anew for every tenth
        more of them.
        """
        if len(self._seen) >= 1.1 * self._usual_of:
            samples, at = self._of.samples, np.sort(np.array(self._seen))
            self._usual = (
                usual_change(samples.time_s[at], samples.face[at]),
                usual_change(samples.time_s[at], samples.body[at]),
            )
            self._usual_of = len(at)
        return self._usual

    def held(self) -> dict[Cell, int]:
        return {cell: len(held) for cell, held in self._cells.items()}

    def nothing_new(self) -> bool:
        """Diminishing returns: the mean novelty of the last samples is below ε."""
        knobs = self._of.knobs
        last = self._recent[-knobs.recent :]
        return len(last) == knobs.recent and float(np.mean(last)) < (knobs.plateau_seed or knobs.plateau)

    def satisfied(self) -> bool:
        knobs, cells = self._of.knobs, self._cells
        return (
            len({c[0] for c in cells}) >= knobs.stop_yaw
            and len({c[1] for c in cells}) >= knobs.stop_pitch
            and len({c[2] for c in cells if c[2] >= 0}) >= knobs.stop_expression
            and len(self._anchors) >= knobs.anchors_least
            and self.nothing_new()
        )
