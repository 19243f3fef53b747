"""The main people at each look: what each scores there, who scores most, and that in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.score.impact import IMPACT, total_of
from momentscan.score.person_features import FEATURES
from momentscan.values import Abstention, Series


class PersonScores(NamedTuple):
    """What was seen of one main person at N looks.

    raw     FEATURES -> (N,), NaN where not measured
    change  IMPACT -> (N,) how far each is from its usual, in the feature's unit (face_size_change in shares
            of its median)
    z       IMPACT -> (N,) the same over the usual change of this video, in robust standard deviations
    fit     (N,) the gate is passed
    shares  IMPACT -> (N,) what each adds to the impact: weight × max(0, normed change) / Σ weights
    """

    person: int
    time_s: Series
    raw: dict[str, Series]
    change: dict[str, Series]
    z: dict[str, Series]
    fit: NDArray[np.bool_]
    quality: Series
    shares: dict[str, Series]

    @property
    def impact(self) -> Series:
        """(N,)"""
        return total_of(self.shares, len(self.time_s))


class MainScores(NamedTuple):
    """All main people on the looks `time_s (K,)`: at each the one with the highest score, by `who` (place in
    `people`, -1: nobody) and `row`.
    """

    time_s: Series
    people: tuple[PersonScores, ...]
    who: NDArray[np.int64]
    row: NDArray[np.int64]
    parts: dict[str, Series]
    absent: dict[str, str]
    abstention: Abstention | None = None

    def of(self, name: str, kind: str) -> Series:
        """(K,) one series of the best person, NaN where there is nobody: of("mouth_open", "raw")."""
        out = np.full(len(self.time_s), np.nan)
        for p, own in enumerate(self.people):
            series = getattr(own, kind)
            mine = self.who == p
            out[mine] = (series[name] if isinstance(series, dict) else series)[self.row[mine]]
        return out


def highest_z(main: MainScores, parts: Sequence[str]) -> Series:
    """(K,) the largest z of any of the parts at each look, of whose score counts there; -inf where the gate
    is not passed.
    """
    every = np.stack(
        [
            np.full(len(main.time_s), -np.inf),
            *(np.nan_to_num(main.of(n, "z"), nan=-np.inf) for n in parts),
        ]
    )
    fit = np.nan_to_num(main.of("", "fit")) > 0
    return np.where(fit, every.max(axis=0), -np.inf)


def feature_of(main: MainScores, part: str) -> Series:
    """(K,) the feature behind a part in its own unit; of a part that is a change, the change."""
    if part == "quality":
        return main.of("", "quality")
    if part == "passenger":
        return main.parts["passenger"]
    return main.of(part, "change") if part.endswith("_change") else main.of(IMPACT[part][0], "raw")


def why_at(main: MainScores, at: int) -> str:
    """In words: the parts, the one that adds most first, how far each is over its usual change, and what was
    measured.
    """
    own = main.people[main.who[at]]
    row = main.row[at]
    phrases = []
    for part in sorted(IMPACT, key=lambda n: -own.shares[n][row]):
        z, (feature, up, down) = own.z[part][row], IMPACT[part]
        if np.isfinite(z) and z >= 1:
            value = own.raw[feature][row]
            words = up if own.change[part][row] >= 0 else down
            phrases.append(f"{words} {z:.1f} σ over its usual change ({value:.3g} {FEATURES[feature]})")
    who = f" (person {own.person})" if len(main.people) > 1 else ""
    return (
        "; ".join(phrases[:3] or ["nothing by itself, all a little"])
        + f"; quality {own.quality[row]:.2f}"
        + who
    )


def nobody(names: Sequence[str], abstention: Abstention) -> MainScores:
    """The scores of a video in which no main person can be judged."""
    none, empty = np.zeros(0), np.zeros(0, np.int64)
    parts = {n: np.zeros(0) for n in names}
    return MainScores(none, (), empty, empty, parts, {"people": str(abstention)}, abstention)


def best_at(
    looks: Series, people: Sequence[PersonScores], parts: Sequence[Mapping[str, Series]]
) -> MainScores:
    """At each of the looks (K,) the person with the highest score there; `parts` are those of each person."""
    n = len(looks)
    best, who, row = np.full(n, -np.inf), np.full(n, -1), np.zeros(n, np.int64)
    joined = {name: np.zeros(n) for name in parts[0]}
    for place, (person, own) in enumerate(zip(people, parts, strict=True)):
        at = np.searchsorted(looks, person.time_s)
        score = total_of(own, len(at))
        better = score > best[at]
        best[at[better]], who[at[better]], row[at[better]] = score[better], place, np.flatnonzero(better)
        for name, x in own.items():
            joined[name][at[better]] = x[better]
    return MainScores(looks, tuple(people), who, row, joined, {})
