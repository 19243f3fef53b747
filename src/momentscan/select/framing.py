"""Which part of a wide picture a narrow clip shows: the main person, followed by a virtual camera that
stands, glides, but never shakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import UsageError
from momentscan.knobs import Knob
from momentscan.select.people import People, Person
from momentscan.signals import Signals
from momentscan.signals.spans import cuts_of
from momentscan.values import Series

ASPECTS = {"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1.0}

JUMP_S = 1e-4
"""The view stays until so shortly before a cut, and is elsewhere from the cut on."""


class View(NamedTuple):
    """What is shown when: `time_s` (N,) ascending; `centre_x`, `centre_y` (N,), `width`, `height` as shares
    of the picture, always inside it.

    `who` says whom it follows, in words.
    """

    time_s: Series
    centre_x: Series
    centre_y: Series
    width: float
    height: float
    who: str


@dataclass(frozen=True)
class Follow:
    """A crop of another aspect that follows the main person: an L1-optimal camera path (Grundmann, Kwatra &
    Essa, CVPR 2011), shot by shot.

    The path that stays near the face with the least sum of |velocity|, |acceleration| and |jerk|: of its own
    it consists of stretches that stand, glide evenly, or start and stop softly. Two main people are both
    shown where they fit; nobody seen: the middle.
    """

    grid_hz: Annotated[float, Knob("Hz", source="as often as faces are looked for", low=1, high=60)] = 5.0
    w_velocity: Annotated[float, Knob("", source="Grundmann et al. 2011: 10", low=0)] = 10.0
    w_acceleration: Annotated[float, Knob("", source="Grundmann et al. 2011: 1", low=0)] = 1.0
    w_jerk: Annotated[float, Knob("", source="Grundmann et al. 2011: 100", low=0)] = 100.0
    w_outside: Annotated[float, Knob("", source="taste: a face at the rim is worse than a move", low=0)] = (
        300.0
    )
    w_centre: Annotated[
        float, Knob("", source="taste: where nothing else decides, the face is in the middle", low=0)
    ] = 0.5
    slack: Annotated[
        float,
        Knob(
            "× crop",
            source="taste: so far from the middle the face may be without the camera moving",
            low=0,
            high=0.5,
        ),
    ] = 0.15
    face_high: Annotated[
        float, Knob("0-1", source="rule of thirds: eyes at a third of the height", low=0, high=1)
    ] = 0.38
    apart_s: Annotated[
        float, Knob("s", source="tracks.bridge_s: a face unseen for longer pulls no more", low=0, high=60)
    ] = 2.0

    def __call__(
        self, signals: Signals, start_s: float, end_s: float, aspect: float, people: People = People()
    ) -> View | None:
        """The view of one clip at width : height = `aspect`; None where the picture has that already."""
        picture = signals.video.width_px / signals.video.height_px
        if abs(aspect / picture - 1) < 0.01:
            return None
        width, height = (aspect / picture, 1.0) if aspect < picture else (1.0, picture / aspect)
        size = width if width < 1 else height
        mains = [p for p in people(signals) if p.role == "main"]
        seen = self._seen(signals, mains, start_s, end_s, 0 if width < 1 else 1, size)
        times, places = [], []
        for a, b in _shots(signals, start_s, end_s):
            grid = np.unique(np.append(np.arange(a, b, 1 / self.grid_hz), b))
            path = self._path(grid, seen, size)
            times.append(grid)
            places.append(np.clip(path, size / 2, 1 - size / 2))
        time_s, place = np.concatenate(times), np.concatenate(places)
        middle = np.full(len(time_s), 0.5)
        x, y = (place, middle) if width < 1 else (middle, place)
        return View(time_s, x, y, width, height, seen.who)

    def _seen(
        self, signals: Signals, mains: list[Person], start_s: float, end_s: float, axis: int, size: float
    ) -> _Seen:
        """The places of the middle that show the main person best, where somebody is seen."""
        around = [(p, _rows(signals, p, start_s - self.apart_s, end_s + self.apart_s)) for p in mains]
        shown = [(p, rows) for p, rows in around if len(rows)]
        if not shown:
            return _Seen(np.zeros(0), np.zeros(0), "nobody was seen: the middle")
        first, rows = max(shown, key=lambda one: (len(one[1]), -one[0].number))
        together = np.concatenate([r for _, r in shown])
        both = len(shown) > 1 and _span(signals, together, axis) <= size * (1 - self.slack)
        chosen = together if both else rows
        times = np.unique(signals["faces.time_s"][chosen])
        place = np.array(
            [self._place(signals, chosen[signals["faces.time_s"][chosen] == t], axis, size) for t in times]
        )
        return _Seen(times, place, "both main people" if both else f"person {first.number}")

    def _place(self, signals: Signals, rows: NDArray[np.int64], axis: int, size: float) -> float:
        """The middle of the crop for the faces of one instant; in the height they stand at a third."""
        boxes = signals["faces.bbox"][rows].astype(np.float64)
        middle = float((boxes[:, axis].min() + boxes[:, axis + 2].max()) / 2)
        return middle if axis == 0 else middle + (0.5 - self.face_high) * size

    def _path(self, grid: Series, seen: _Seen, size: float) -> Series:
        near = (seen.time_s >= grid[0] - 1e-6) & (seen.time_s <= grid[-1] + 1e-6)
        times, places = seen.time_s[near], np.clip(seen.place[near], size / 2, 1 - size / 2)
        if not len(times):
            return np.full(len(grid), 0.5)
        target = np.interp(grid, times, places)
        apart = np.abs(grid[:, None] - times[None]).min(axis=1)
        return self._smoothest(target, apart <= self.apart_s, self.slack * size)

    def _smoothest(self, target: Series, sure: NDArray[np.bool_], slack: float) -> Series:
        """(N,) the path by a linear programme; `sure` (N,) says where the face pulls at all."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, diags_array, eye_array, vstack

        n = len(target)
        if n < 5 or float(np.ptp(target[sure], axis=0) if sure.any() else 0.0) <= 2 * slack:
            return np.full(n, float(np.median(target[sure] if sure.any() else target)))
        blocks: list[Any] = []
        bounds: list[Series] = []
        costs = [np.zeros(n)]
        pulls = [(self.w_centre, 0.0), (self.w_outside, slack)]
        steps = [
            (order, w)
            for order, w in ((1, self.w_velocity), (2, self.w_acceleration), (3, self.w_jerk))
            if w > 0
        ]
        sizes = [n, *[n - order for order, _ in steps], *[n for _ in pulls]]
        at = 1
        for order, weight in steps:
            difference = eye_array(n, format="csr")
            for k in range(order):
                difference = diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - k - 1, n - k)) @ difference
            blocks += _absolute(csr_array(difference), sizes, at)
            bounds += [np.zeros(n - order)] * 2
            costs.append(np.full(n - order, weight))
            at += 1
        for weight, free in pulls:
            blocks += _absolute(eye_array(n, format="csr"), sizes, at)
            bounds += [target + free, free - target]
            costs.append(np.where(sure, weight, 0.0))
            at += 1
        limits = [(0.0, 1.0)] * n + [(0.0, None)] * (sum(sizes) - n)
        found = linprog(
            np.concatenate(costs), vstack(blocks), np.concatenate(bounds), bounds=limits, method="highs-ds"
        )
        return np.asarray(found.x[:n] if found.x is not None else target, np.float64)


class _Seen(NamedTuple):
    time_s: Series
    place: Series
    who: str


def aspect_of(text: str) -> float:
    """ "9:16" -> 0.5625. Raises UsageError for one that is not offered."""
    if text not in ASPECTS:
        raise UsageError(f"--aspect wants one of {', '.join(ASPECTS)}, got {text!r}")
    return ASPECTS[text]


def _rows(signals: Signals, person: Person, start_s: float, end_s: float) -> NDArray[np.int64]:
    times = signals["faces.time_s"][person.rows]
    return np.asarray(person.rows[(times >= start_s) & (times <= end_s)], np.int64)


def _span(signals: Signals, rows: NDArray[np.int64], axis: int) -> float:
    """How wide everybody is together, usually: median over the instants of outer edge to outer edge."""
    boxes, times = signals["faces.bbox"][rows].astype(np.float64), signals["faces.time_s"][rows]
    return float(np.median([np.ptp(boxes[times == t][:, [axis, axis + 2]]) for t in np.unique(times)]))


def _shots(signals: Signals, start_s: float, end_s: float) -> Iterator[tuple[float, float]]:
    """The stretches of a clip that lie in one shot, each up to shortly before the next."""
    cuts = cuts_of(signals)
    inside = cuts[(cuts > start_s + JUMP_S) & (cuts < end_s - JUMP_S)].tolist()
    for a, b in zip([start_s, *inside], [*inside, end_s + JUMP_S], strict=True):
        yield a, b - JUMP_S


def _absolute(rows: Any, sizes: list[int], at: int) -> list[Any]:
    """|rows @ p| ≤ e as two blocks of a linear programme whose variables are p and, at place `at`, the e."""
    from scipy.sparse import csr_array, eye_array, hstack

    m = sizes[at]
    out = []
    for sign in (1.0, -1.0):
        columns = [
            sign * rows if i == 0 else -eye_array(m, format="csr") if i == at else csr_array((m, k))
            for i, k in enumerate(sizes)
        ]
        out.append(hstack(columns, format="csr"))
    return out
