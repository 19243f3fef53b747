"""Whose face each look shows: a prototype per person, and how close every look is to it (identity_builder
§6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.select.gate import Gate, Level, failing, measured
from momentscan.select.people import Person
from momentscan.signals import Signals
from momentscan.signals.boxes import SAME_FACE_IOU, STANDARD_POINTS, ious
from momentscan.signals.join import same_faces
from momentscan.values import Series

Embeddings = NDArray[np.float64]
"""(N, D), L2 = 1."""


class Identity(NamedTuple):
    """What Face-ID knows of one person. `vectors` (N, D) are those of the person's rows, NaN where a look was
    not identified.

    prototype  (D,) unit vector; None where nobody was identified
    level      the gate whose looks the prototype was made of: strict, or loose where none passed the strict
               one
    stable     (N,) cosine of each row with the prototype; NaN where it was not identified
    mixed      share of those looks that lie outside of the prototype's own cluster: another person may be in
               these tracks
    other      (N,) cosine of each row with the closest prototype of anybody else; -1 where there is none
    alike      numbers of other people whose prototypes are as close as if they were the same one

    Others count who were identified in some looks at least, and whose face is not this one, boxed twice.
    """

    vectors: Embeddings
    prototype: NDArray[np.float64] | None
    level: Level
    stable: Series
    mixed: float
    other: Series
    alike: tuple[int, ...] = ()


@dataclass(frozen=True)
class Identities:
    """Compares each look with a prototype, never with another look (readings I7, I8).

    The prototype is made of looks that pass the gate, upright and with points that fit a face. Of at most
    `sample` of them, spread evenly over time, the largest cluster is taken: those within `tau` of the look
    that has most such neighbours. So nothing grows with the square of the video's length, and a track that
    holds two people gives the prototype of one.
    """

    kind: Annotated[
        str,
        Knob(
            "",
            source="identity_builder §6: medoid, here of unsquared distances (readings I7); §14: or a "
            "trimmed mean",
            choices=("medoid", "trimmed_mean"),
        ),
    ] = "medoid"
    sample: Annotated[
        int, Knob("looks", source="readings I7: ≤ 512 stratified samples", low=2, high=4096)
    ] = 512
    least: Annotated[
        int,
        Knob(
            "looks",
            source="taste: so often somebody must have been identified to be told from others; a doubled "
            "box is not",
            low=1,
        ),
    ] = 10
    trim: Annotated[float, Knob("", source="readings I7: trim 20 % and repeat", low=0, high=0.9)] = 0.2
    roll_deg: Annotated[
        float,
        Knob(
            "deg",
            source="identity_builder §14: no looks with a large roll; taste: a head laid on the shoulder",
        ),
    ] = 30.0
    misfit: Annotated[
        float,
        Knob(
            "",
            source="measured on ../shared/media: points of frontal faces miss the standard ones by .03 to "
            ".08 of their spread, of full profiles by .2",
            low=0,
        ),
    ] = 0.2

    def __call__(
        self, signals: Signals, people: Sequence[Person], gate: Gate, tau: float | None
    ) -> dict[int, Identity]:
        """Person's number -> what is known of them. `tau` is the Face-ID model's own; None: nothing was
        identified.
        """
        found = {p.number: self._identity(signals, p, gate, tau) for p in people}
        counting = {
            p.number: p
            for p in people
            if p.role != "noise" and np.isfinite(found[p.number].stable).sum() >= self.least
        }
        out = {}
        for person in people:
            own = found[person.number]
            others = {
                k: found[k]
                for k, p in counting.items()
                if k != person.number and not _doubled(signals, person, p)
            }
            out[person.number] = own._replace(alike=_alike(own, others, tau), other=_nearest(own, others))
        return out

    def _identity(self, signals: Signals, person: Person, gate: Gate, tau: float | None) -> Identity:
        vectors = _vectors(signals, person)
        known = np.isfinite(vectors[:, 0])
        level, use = self._fit(signals, person, gate, known)
        if tau is None or not use.any():
            return Identity(vectors, None, level, np.full(len(known), np.nan), 0.0, np.full(len(known), -1.0))
        sample = vectors[_spread(np.flatnonzero(use), self.sample)]
        own = _largest_cluster(sample, tau)
        prototype = self._middle(sample[own])
        return Identity(
            vectors, prototype, level, vectors @ prototype, float(1 - own.mean()), np.full(len(known), -1.0)
        )

    def _fit(
        self, signals: Signals, person: Person, gate: Gate, known: NDArray[np.bool_]
    ) -> tuple[Level, NDArray[np.bool_]]:
        """The stricter gate that any look passes, and the looks that pass it."""
        steady = known & self.steady(signals, person.rows)
        strict = steady & ~failing(gate(signals, person.rows, "strict"))
        return (
            ("strict", strict)
            if strict.any()
            else ("loose", steady & ~failing(gate(signals, person.rows, "loose")))
        )

    def steady(self, signals: Signals, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(N,) looks at heads that are not laid over and whose points fit a face: alignment can be trusted
        (identity_builder §14).
        """
        roll = measured(signals, "roll", rows)
        return ~(np.abs(roll) > self.roll_deg) & (alignment_error(signals, rows) <= self.misfit)

    def _middle(self, vectors: Embeddings) -> NDArray[np.float64]:
        if self.kind == "trimmed_mean":
            return self._trimmed_mean(vectors)
        apart = np.sqrt(np.maximum(2 - 2 * vectors @ vectors.T, 0))
        return np.asarray(vectors[int(np.argmin(apart.sum(axis=1)))], np.float64)

    def _trimmed_mean(self, vectors: Embeddings) -> NDArray[np.float64]:
        """The mean, twice without the share that lies farthest from it."""
        mean = _unit(vectors.mean(axis=0))
        for _ in range(2):
            close = np.sort(vectors @ mean)[int(self.trim * len(vectors))]
            mean = _unit(vectors[vectors @ mean >= close].mean(axis=0))
        return mean


def _nearest(own: Identity, others: Mapping[int, Identity]) -> Series:
    """(N,) cosine of each look with the closest prototype of anybody else; -1 where there is none."""
    prototypes = [one.prototype for one in others.values() if one.prototype is not None]
    if not prototypes:
        return np.full(len(own.vectors), -1.0)
    return np.asarray(np.nan_to_num((own.vectors @ np.stack(prototypes).T).max(axis=1), nan=-1.0), np.float64)


def _doubled(signals: Signals, person: Person, other: Person) -> bool:
    """Whether the other is seen together with the person, and then mostly in the same place: one face, boxed
    twice.
    """
    times = signals["faces.time_s"]
    both, mine, theirs = np.intersect1d(times[person.rows], times[other.rows], return_indices=True)
    if not len(both):
        return False
    a, b = (
        signals["faces.bbox"][rows].astype(np.float64) for rows in (person.rows[mine], other.rows[theirs])
    )
    return bool(np.mean(ious(a, b) > SAME_FACE_IOU) > 0.5)


def alignment_error(signals: Signals, rows: NDArray[np.int64]) -> Series:
    """(N,) how far the five points are from a turned, scaled and shifted frontal face: root of the share of
    their variance that is left over.
    """
    if not len(rows):
        return np.zeros(0)
    points = signals["faces.points"][rows].astype(np.float64).reshape(-1, 5, 2) * (
        signals.video.width_px,
        signals.video.height_px,
    )
    here, there = points @ (1, 1j), STANDARD_POINTS @ (1, 1j)
    here, there = here - here.mean(axis=1, keepdims=True), there - there.mean()
    variance = np.maximum((np.abs(here) ** 2).sum(axis=1), 1e-12)
    shared = np.abs(here.conj() @ there) ** 2 / variance / float((np.abs(there) ** 2).sum())
    return np.asarray(np.sqrt(np.maximum(1 - shared, 0)), np.float64)


def _vectors(signals: Signals, person: Person) -> Embeddings:
    """(N, D) the Face-ID vector of each of the person's rows, NaN where there is none."""
    if not signals.rows("face_ids.time_s"):
        return np.full((len(person.rows), 1), np.nan)
    rows = np.arange(signals.rows("face_ids.time_s"))
    place = same_faces(signals, ("faces", person.rows), ("face_ids", rows))
    found = signals["face_ids.embedding"][np.maximum(place, 0)].astype(np.float64)
    found[place < 0] = np.nan
    return found


def _spread(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most so many of them, evenly."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.int64))]


def _largest_cluster(vectors: Embeddings, tau: float) -> NDArray[np.bool_]:
    """(N,) the look with most others within tau of it, and these others; the earliest of equals."""
    near = vectors @ vectors.T >= tau
    np.fill_diagonal(near, True)
    return np.asarray(near[int(np.argmax(near.sum(axis=1)))], np.bool_)


def _alike(own: Identity, others: Mapping[int, Identity], tau: float | None) -> tuple[int, ...]:
    if own.prototype is None or tau is None:
        return ()
    return tuple(
        k
        for k, one in others.items()
        if one.prototype is not None and float(own.prototype @ one.prototype) >= tau
    )


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float64)
