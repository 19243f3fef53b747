"""Which face samples of one person may be images of a pack, what each is worth, and which are copies of which
(identity_builder §5 to §7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from momentscan.select.buckets import YAWS
from momentscan.select.face_samples import FaceSamples, Mask
from momentscan.select.identity import Identity
from momentscan.select.pack_knobs import PackKnobs
from momentscan.select.pack_types import Cell
from momentscan.signals import Signals
from momentscan.values import Series

NOISE = 1e-3
"""1 - cos below this is no unit of novelty: a frozen picture would make anything new. Taste."""


@dataclass(frozen=True)
class PackCandidates:
    """One person's samples; masks and numbers are (N,), one for each.

    tau       cosine from which a sample is this person's; -1 where Face-ID did not look
    able      they can be references at all; `left_out` counts the others by reason
    own       Face-ID gives them to this person
    posed     yaw and pitch were measured, and lie in the bins of coverage
    fit       they may be coverage
    frontal   they may be anchors; `turned`: nobody looked ahead, and these are the least turned
    worth     quality, and a bit more in highlight windows
    """

    knobs: PackKnobs
    samples: FaceSamples
    identity: Identity
    tau: float
    track: NDArray[np.int64]
    able: Mask
    own: Mask
    posed: Mask
    fit: Mask
    frontal: Mask
    turned: bool
    worth: Series
    left_out: Mapping[str, int]

    @property
    def known(self) -> bool:
        """Whether Face-ID knows the person."""
        return self.identity.prototype is not None

    def cell(self, i: int) -> Cell:
        """The bins of one sample."""
        bins = self.samples.bins
        return int(bins.yaw[i]), int(bins.pitch[i]), int(bins.expression[i])

    def copies(self, i: int, taken: Sequence[int], max_cos: float | None = None) -> bool:
        """Whether a sample is a copy of one that was taken: above `max_cos`, of one set that of the knobs."""
        most = self.knobs.max_cos if max_cos is None else max_cos
        face = self.samples.face
        return bool(len(taken)) and float((face[list(taken)] @ face[i]).max()) > most

    def elsewhere(self, i: int, others: Sequence[int]) -> bool:
        """Whether another set has this sample already, or all but the same picture."""
        return i in others or self.copies(i, others, self.knobs.max_cos_across)

    def apart(self, i: int, taken: Sequence[int], apart_s: float) -> bool:
        """Whether a sample is that far in time from all that were taken."""
        time_s = self.samples.time_s
        return all(abs(time_s[i] - time_s[j]) >= apart_s for j in taken)

    def novelty(self, i: int, taken: Sequence[int], usual: tuple[float, float] | None = None) -> float:
        """min over what was taken of 1 - cos, each of face and body in its usual distance; of the two the
        larger, where both count.
        """
        unit = np.maximum(self.samples.usual if usual is None else usual, NOISE)
        return self._larger(self._distances(i, taken) / unit)

    def novel_score(self, i: int, taken: Sequence[int]) -> float:
        """The same in [0, 1], not in units of what is usual; 1 for the first (readings I9)."""
        return self._larger(np.clip(self._distances(i, taken), 0, 1))

    def _larger(self, distances: NDArray[np.float64]) -> float:
        face, body = distances
        return float({"dual": max(face, body), "face": face, "body": body}[self.knobs.novelty])

    def _distances(self, i: int, taken: Sequence[int]) -> NDArray[np.float64]:
        """(face, body): 1 - the highest cosine; (1, 1) for the first (readings I9)."""
        if not len(taken):
            return np.ones(2)
        at = list(taken)
        return np.array([1 - float((of[at] @ of[i]).max()) for of in (self.samples.face, self.samples.body)])

    def best_first(self, rows: NDArray[np.int64], worth: Series) -> list[int]:
        """Strict before loose, then by worth, then by time."""
        samples = self.samples
        order = np.lexsort((samples.time_s[rows], -worth[rows], ~samples.strict[rows]))
        return [int(i) for i in rows[order]]


def candidates_of(
    knobs: PackKnobs,
    signals: Signals,
    identity: Identity,
    samples: FaceSamples,
    tau: float | None,
    usable: Mask,
) -> PackCandidates:
    """What may be taken. `usable` (N,): their crops can be cut."""
    track = signals["faces.track"][samples.rows]
    floor = tau if tau is not None else -1.0
    able, left_out = _able(samples, identity, track, usable)
    own = own_of(samples.stable, identity, floor)
    if (able & ~own).any():
        left_out["not like the prototype"] = int((able & ~own).sum())
    bins = samples.bins
    clear = (bins.lighting != 1) & (bins.occlusion != 2)
    posed = (bins.yaw >= 0) & (bins.yaw < len(YAWS)) & (bins.pitch >= 0)
    level = (bins.pitch >= 1) & (bins.pitch <= 3) & (bins.expression != 3)
    ahead = able & own & samples.strict & level & clear
    turned = not (ahead & (np.abs(bins.yaw_deg) <= knobs.anchor_yaw_deg)).any()
    most_deg = knobs.anchor_turned_deg if turned else knobs.anchor_yaw_deg
    return PackCandidates(
        knobs,
        samples,
        identity,
        floor,
        track,
        able,
        own,
        posed,
        able & own & samples.loose & posed & bins.inside & clear,
        ahead & (np.abs(bins.yaw_deg) <= most_deg),
        turned,
        samples.quality + knobs.priority * samples.moment,
        left_out,
    )


def own_of(cosines: Series, identity: Identity, tau: float) -> Mask:
    """(N,) which samples are this person's: a cosine of at least tau; all where Face-ID knows nothing."""
    if identity.prototype is None:
        return np.ones(len(cosines), np.bool_)
    return np.nan_to_num(cosines, nan=-1.0) >= tau


def _able(
    samples: FaceSamples, identity: Identity, track: NDArray[np.int64], usable: Mask
) -> tuple[Mask, dict[str, int]]:
    """Samples that can be references at all; how many of the others were left out for which reason."""
    able = np.ones(len(samples.rows), np.bool_)
    left_out = {}
    for reason, bad in _reasons(samples, identity, track, usable).items():
        if (able & bad).any():
            left_out[reason] = int((able & bad).sum())
        able &= ~bad
    return able, left_out


def _reasons(
    samples: FaceSamples, identity: Identity, track: NDArray[np.int64], usable: Mask
) -> dict[str, Mask]:
    """In the order in which they count."""
    reasons = {
        "could not be cut": ~usable,
        "somebody who was forgotten may be in the picture": ~samples.allowed,
        "cut off by the edge of the picture": ~samples.whole,
        "head laid over, or points that fit no face": ~samples.upright,
        "blurred, small or unsure": ~samples.visible,
        "not compared with others (no vision vector)": ~samples.pictured,
    }
    if identity.prototype is not None:
        reasons |= {
            "not identified": ~np.isfinite(samples.stable),
            "closer to somebody else": samples.other >= np.nan_to_num(samples.stable, nan=-1.0),
        }
    elif len(np.unique(track)) > 1:  # nobody knows whether these are one person: the longest track alone
        reasons["in another track, and nobody was identified"] = track != np.bincount(track).argmax()
    return reasons
