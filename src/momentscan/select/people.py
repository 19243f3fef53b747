"""Who is in the video, and which of them it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.signals import Signals
from momentscan.signals.boxes import heights, middles
from momentscan.signals.join import rows_of_tracks
from momentscan.values import Series

Role = Literal["main", "passenger", "transient", "noise"]


@dataclass(frozen=True)
class Person:
    """`rows` are those of `faces`, ascending. `size`, `centre`, `length` in [0, 1]; `track_score` is their
    weighted sum.
    """

    number: int
    role: Role
    track_score: float
    size: float
    centre: float
    length: float
    tracks: tuple[int, ...]
    rows: NDArray[np.int64]
    start_s: float
    end_s: float


@dataclass(frozen=True)
class People:
    """Gives each person a role (identity_builder §3; readings I1).

    main       the one with the highest track_score; a second one who is at least half as good and often in
               the picture with the first
    passenger  seen together with a main person for long enough, or for a good part of the video
    transient  a passer-by
    noise      surely seen a time or two at most
    """

    shared: ClassVar[bool] = True

    w_size: Annotated[float, Knob("", source="identity_builder §3: 0.4 avg_face_size", low=0)] = 0.4
    w_centre: Annotated[float, Knob("", source="identity_builder §3: 0.3 center_proximity", low=0)] = 0.3
    w_length: Annotated[float, Knob("", source="identity_builder §3: 0.3 track_length", low=0)] = 0.3
    second_share: Annotated[
        float, Knob("× first", source="readings I1: second rider only if ≥ .5 × first", low=0, high=1)
    ] = 0.5
    together: Annotated[float, Knob("", source="readings I1: co-visible ≥ 20 %", low=0, high=1)] = 0.2
    mains: Annotated[int, Knob("people", source="highlight_vector §2: 1-2 main people", low=1, high=2)] = 2
    passenger_length: Annotated[
        float, Knob("", source="taste: a tenth of the looks with faces", low=0, high=1)
    ] = 0.1
    noise_rows: Annotated[int, Knob("looks", source="taste: half a second at 5 Hz", low=1)] = 3
    noise_score: Annotated[
        float, Knob("0-1", source="QualityGate loose: conf ≥ 0.5, with a margin", low=0, high=1)
    ] = 0.6

    reads: ClassVar[tuple[str, ...]] = (
        "faces.time_s",
        "faces.track",
        "faces.bbox",
        "faces.score",
        "tracks.id",
        "tracks.person",
    )

    def __call__(self, signals: Signals) -> tuple[Person, ...]:
        """Everybody, main people first, then by track_score. Nobody where no face was logged."""
        if not signals.rows("faces.time_s"):
            return ()
        numbers, persons = signals["tracks.id"], signals["tracks.person"]
        groups = [tuple(numbers[persons == p].tolist()) for p in np.unique(persons)]
        measured = [
            self._measured(signals, tracks)
            for tracks in groups
            if np.isin(signals["faces.track"], tracks).any()
        ]
        instants = len(np.unique(signals["faces.time_s"]))
        lasting = [m for m in measured if self._lasts(m, instants)] or measured
        tallest = max(m.size for m in lasting)
        scored = [self._scored(m, tallest, instants) for m in measured]
        scored.sort(key=lambda p: (-p.track_score, p.start_s))
        able = [p for p in scored if self._lasts(p, instants)] or [p for p in scored if p.role != "noise"]
        mains = self._mains(signals["faces.time_s"], able)
        named = [(p, self._role(p, mains)) for p in scored]
        order = {"main": 0, "passenger": 1, "transient": 2, "noise": 3}
        named.sort(key=lambda n: order[n[1]])
        return tuple(_named(p, i, role) for i, (p, role) in enumerate(named))

    def _measured(self, signals: Signals, tracks: tuple[int, ...]) -> Person:
        rows = rows_of_tracks(signals, "faces", tracks)
        rows = rows[np.lexsort((signals["faces.track"][rows], signals["faces.time_s"][rows]))]
        boxes, times = signals["faces.bbox"][rows].astype(np.float64), signals["faces.time_s"][rows]
        height, off = float(heights(boxes).mean()), middles(boxes) - 0.5
        centre = float(np.clip(1 - np.hypot(off[:, 0], off[:, 1]) / 0.707, 0, 1).mean())
        sure = (
            "noise"
            if (signals["faces.score"][rows] >= self.noise_score).sum() < self.noise_rows
            else "transient"
        )
        return Person(0, sure, 0.0, height, centre, 0.0, tracks, rows, float(times[0]), float(times[-1]))  # type: ignore[arg-type]

    def _scored(self, person: Person, tallest: float, instants: int) -> Person:
        size, length = min(1.0, person.size / max(tallest, 1e-9)), min(1.0, len(person.rows) / instants)
        score = (self.w_size * size + self.w_centre * person.centre + self.w_length * length) / (
            self.w_size + self.w_centre + self.w_length
        )
        return Person(
            0,
            person.role,
            score,
            size,
            person.centre,
            length,
            person.tracks,
            person.rows,
            person.start_s,
            person.end_s,
        )

    def _lasts(self, person: Person, instants: int) -> bool:
        """Whether somebody is there for long enough to be main; a close-up of a second in a film about others
        is not.
        """
        return person.role != "noise" and len(person.rows) >= self.passenger_length * instants

    def _mains(self, times: Series, able: list[Person]) -> list[Person]:
        if not able:
            return []
        first = able[0]
        close = [
            p
            for p in able[1:]
            if p.track_score >= self.second_share * first.track_score
            and _together(times, first, p) >= self.together
        ]
        return [first, *close[: self.mains - 1]]

    def _role(self, person: Person, mains: list[Person]) -> Role:
        if any(person is m for m in mains):
            return "main"
        if person.role == "noise":
            return "noise"
        return "passenger" if person.length >= self.passenger_length else "transient"


def _together(times: Series, first: Person, other: Person) -> float:
    """Share of the looks at the first in which the other is seen too."""
    return len(np.intersect1d(times[first.rows], times[other.rows])) / max(1, len(first.rows))


def _named(person: Person, number: int, role: Role) -> Person:
    p = person
    return Person(
        number, role, p.track_score, p.size, p.centre, p.length, p.tracks, p.rows, p.start_s, p.end_s
    )
