"""Which instants show two people together, each sure and well seen: the pair pack (identity_builder §12;
readings I16).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.select.buckets import EXPRESSIONS, label
from momentscan.select.pack_types import IdentityPack
from momentscan.signals import Signals
from momentscan.signals.boxes import boxes_px, heights, ious, middles


@dataclass(frozen=True)
class Pair:
    """One picture of two. `rows` are those of `faces`, `people` their numbers, both the one on the picture's
    left first.

    offset        (x, y) from the left face's middle to the other's, in mean face heights; + is to the right
                  and down
    scale         height of the left face over the other's
    overlap       intersection over union of the two face boxes
    stable        cosine of each with its prototype; None where Face-ID did not look
    """

    name: str
    time_s: float
    frame_idx: int
    rows: tuple[int, int]
    people: tuple[int, int]
    offset: tuple[float, float]
    scale: float
    overlap: float
    expressions: tuple[str | None, str | None]
    shared: str | None
    quality: float
    stable: tuple[float | None, float | None]

    @property
    def path(self) -> str:
        """Within `identity_builder/`."""
        return f"pair/{self.name}.jpg"


@dataclass(frozen=True)
class Pairs:
    """Chooses instants at which both main people pass the strict gate, are stable and do not cover each
    other; a shared smile counts more.
    """

    count: Annotated[
        int,
        Knob(
            "images", source="identity_builder §12 names no number; taste: as many as anchors", low=0, high=40
        ),
    ] = 5
    overlap: Annotated[float, Knob("IoU", source="readings I16: IoU < .05", low=0, high=1)] = 0.05
    apart_s: Annotated[float, Knob("s", source="readings I13: temporal NMS ≥ 1 s", low=0)] = 1.0
    max_cos: Annotated[
        float,
        Knob(
            "cos",
            source="issue 4: no two images above 0.9; a pair is a copy where both faces are",
            low=-1,
            high=1,
        ),
    ] = 0.9
    shared: Annotated[
        float,
        Knob(
            "0-1",
            source="identity_builder §12: simultaneous expressions are worth most; taste: so much quality",
            low=0,
            high=1,
        ),
    ] = 0.3

    def __call__(
        self, signals: Signals, packs: Sequence[IdentityPack], refused: Collection[tuple[int, int]] = ()
    ) -> tuple[Pair, ...]:
        """Best first; nothing where fewer than two main people were seen. `refused`: rows of `faces` that
        could not be cut together.
        """
        mains = [p for p in packs if p.person.role == "main"][:2]
        if len(mains) < 2:
            return ()
        rows = [_best_rows(p) for p in mains]
        at = [(rows[0][t], rows[1][t]) for t in sorted(rows[0].keys() & rows[1].keys())]
        beside = _beside(signals, mains, at)
        found = [self._pair(signals, mains, at[k], beside, k) for k in range(len(at))]
        order = sorted(range(len(found)), key=lambda k: (-found[k].quality, found[k].time_s))
        chosen: list[int] = []
        for k in order:
            fits = (
                found[k].overlap < self.overlap and found[k].rows not in refused and len(chosen) < self.count
            )
            if fits and not any(self._alike(mains, found, at, k, c) for c in chosen):
                chosen.append(k)
        return tuple(_numbered(found[k], n) for n, k in enumerate(chosen, 1))

    def _alike(
        self, mains: list[IdentityPack], found: list[Pair], at: Sequence[tuple[int, int]], k: int, c: int
    ) -> bool:
        if abs(found[k].time_s - found[c].time_s) < self.apart_s:
            return True
        cosines = [
            float(p.samples.face[i] @ p.samples.face[j]) for p, i, j in zip(mains, at[k], at[c], strict=True)
        ]
        return min(cosines) > self.max_cos

    def _pair(
        self, signals: Signals, mains: list[IdentityPack], both: tuple[int, int], beside: _Beside, k: int
    ) -> Pair:
        order = (1, 0) if beside.swapped[k] else (0, 1)
        packs, at = [mains[n] for n in order], [both[n] for n in order]
        seen = [(p.samples, k) for p, k in zip(packs, at, strict=True)]
        rows = [int(own.rows[k]) for own, k in seen]
        expressions = [label(EXPRESSIONS, int(own.bins.expression[k])) for own, k in seen]
        shared = (
            expressions[0]
            if expressions[0] == expressions[1] and expressions[0] not in (None, "neutral", "eyes_closed")
            else None
        )
        quality = float(np.mean([own.quality[k] for own, k in seen]))
        stable = [float(own.stable[k]) if np.isfinite(own.stable[k]) else None for own, k in seen]
        return Pair(
            "",
            float(seen[0][0].time_s[at[0]]),
            int(signals["faces.frame_idx"][rows[0]]),
            (rows[0], rows[1]),
            (packs[0].person.number, packs[1].person.number),
            (float(beside.offset[k, 0]), float(beside.offset[k, 1])),
            float(beside.scale[k]),
            float(beside.overlap[k]),
            (expressions[0], expressions[1]),
            shared,
            quality + (1 - quality) * self.shared * (shared is not None),
            (stable[0], stable[1]),
        )


class _Beside(NamedTuple):
    """How two people's faces stand beside each other at K instants: `swapped` (K,) the second of them is on
    the picture's left; `offset` (K, 2), `scale` and `overlap` (K,) as in Pair.
    """

    swapped: NDArray[np.bool_]
    offset: NDArray[np.float64]
    scale: NDArray[np.float64]
    overlap: NDArray[np.float64]


def _beside(signals: Signals, mains: Sequence[IdentityPack], at: Sequence[tuple[int, int]]) -> _Beside:
    places = np.array(at, np.int64).reshape(-1, 2)
    one, two = (boxes_px(signals, p.samples.rows[places[:, n]]) for n, p in enumerate(mains))
    swapped = middles(two)[:, 0] < middles(one)[:, 0]
    left, right = (np.where(swapped[:, None], *boxes) for boxes in ((two, one), (one, two)))
    usual_px = (heights(left) + heights(right)) / 2
    return _Beside(
        swapped,
        (middles(right) - middles(left)) / usual_px[:, None],
        heights(left) / np.maximum(heights(right), 1e-9),
        ious(left, right),
    )


def _best_rows(pack: IdentityPack) -> dict[float, int]:
    """time -> the person's best sure look then; a box may be doubled for a look or two."""
    sure = np.flatnonzero(pack.sure)
    order = sure[np.argsort(pack.samples.quality[sure], kind="stable")]
    return {float(pack.samples.time_s[i]): int(i) for i in order}  # the best of an instant comes last


def _numbered(pair: Pair, number: int) -> Pair:
    return replace(pair, name=f"pair_{number:03d}")
