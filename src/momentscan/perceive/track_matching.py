"""Which face of a frame goes on which track: place and size, and Face-ID where these cannot tell."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from momentscan.models.face_id import FaceId, align
from momentscan.perceive.track import Track, TracksOptions, correlation, least_areas
from momentscan.signals.boxes import Corners


class Look:
    """The faces of one frame, with Face-ID vectors computed when they are asked for."""

    def __init__(
        self,
        time_s: float,
        frame: NDArray[np.uint8],
        boxes: Corners,
        points: NDArray[np.float64],
        signature: NDArray[np.float32],
        face_id: FaceId | None,
        knobs: TracksOptions,
    ) -> None:
        self.time_s, self.frame, self.boxes, self.signature, self.knobs = (
            time_s,
            frame,
            boxes,
            signature,
            knobs,
        )
        self.known: dict[int, NDArray[np.float32]] = {}
        self._points, self._face_id = points, face_id
        sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
        largest = set(np.argsort(-sides, kind="stable")[: knobs.id_faces].tolist())
        self._able = {
            i
            for i in range(len(boxes))
            if face_id is not None and i in largest and sides[i] >= knobs.id_least_px
        }

    def who(self, i: int) -> NDArray[np.float32] | None:
        """(dim,) of face i; None without a model, for faces too small for one, and in a crowd for all but the
        largest.
        """
        if i not in self._able or self._face_id is None:
            return None
        if i not in self.known:
            self.known[i] = self._face_id.embed(align(self.frame, self._points[i])[None])[0]
        return self.known[i]

    @property
    def tau(self) -> float:
        return self._face_id.tau if self._face_id is not None else 1.0


def matched(tracks: list[Track], look: Look) -> list[tuple[Track, int]]:
    """Pairs of track and face: those seen a moment ago choose first, then those that were lost."""
    from scipy.optimize import linear_sum_assignment

    pairs: list[tuple[Track, int]] = []
    newest_s = max((t.seen_s for t in tracks), default=0.0)
    for lost in (False, True):
        taken = {i for _, i in pairs}
        some = [t for t in tracks if (t.seen_s < newest_s) == lost]
        free = [i for i in range(len(look.boxes)) if i not in taken]
        if not some or not free:
            continue
        cost = _with_identity(_distances(some, look, free), some, free, look)
        rows, cols = linear_sum_assignment(np.where(np.isfinite(cost), cost, 1e6))
        pairs += [(some[r], free[c]) for r, c in zip(rows, cols, strict=True) if np.isfinite(cost[r, c])]
    return pairs


def _distances(tracks: list[Track], look: Look, faces: list[int]) -> NDArray[np.float64]:
    """(tracks, faces): how far a face is from where the track should be, in face widths, plus how much its
    size differs; infinite out of reach.
    """
    knobs, boxes = look.knobs, look.boxes[faces]
    there = np.stack([t.at(look.time_s) for t in tracks])
    here_px2, there_px2 = least_areas(boxes)[None], least_areas(there)[:, None]
    off = (there[:, None, :2] + there[:, None, 2:] - boxes[None, :, :2] - boxes[None, :, 2:]) / 2
    apart = np.hypot(off[..., 0], off[..., 1]) / (here_px2 * there_px2) ** 0.25
    ratio = np.abs(np.log(here_px2 / there_px2)) / 2
    gap_s = np.array([[look.time_s - t.seen_s] for t in tracks])
    near = apart <= np.minimum(knobs.reach + knobs.reach_per_s * gap_s, knobs.reach_most)
    return np.where(near & (ratio <= math.log(knobs.size_ratio)), apart + ratio, np.inf)


TURNED = 0.15
"""So far under the threshold it is still more likely a turned head than somebody else in the same place."""


def _with_identity(
    cost: NDArray[np.float64], tracks: list[Track], faces: list[int], look: Look
) -> NDArray[np.float64]:
    """The costs, with Face-ID asked where motion alone does not decide: rivals in reach, a gap, another
    shot.
    """
    out = cost.copy()
    reachable = np.isfinite(cost)
    contested = reachable & ((reachable.sum(axis=0) > 1) | (reachable.sum(axis=1) > 1)[:, None])
    for r, track in enumerate(tracks):
        cut_between = correlation(track.signature, look.signature) < look.knobs.same_shot
        gap = look.time_s - track.seen_s > 0.5 * look.knobs.bridge_s
        for c in np.flatnonzero(reachable[r] & (cut_between | gap | contested[r])).tolist():
            vector = look.who(faces[c])
            cos = None if vector is None else track.cos(vector)
            if cos is None:
                out[r, c] = math.inf if cut_between else cost[r, c]
            else:
                least = look.tau - (0.0 if cut_between else TURNED)
                out[r, c] = cost[r, c] + 2 * max(0.0, 1 - cos) if cos >= least else math.inf
    return out
