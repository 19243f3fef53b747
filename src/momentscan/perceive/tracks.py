"""Which face is whose from one look to the next: a short-term tracker that bridges a few seconds, and Face-ID
where motion cannot tell.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.models.face_id import FaceId, align
from momentscan.perceive.crops import cut
from momentscan.perceive.faces import SHORT_SIDE_PX
from momentscan.signals.boxes import Corners, areas, middles, squares
from momentscan.signals.spans import overlap_s
from momentscan.values import Batch, Columns

SIGNATURE_HW = (18, 32)
"""The picture as small as this tells whether it is still the same shot."""

PORTRAIT_PX = 112


@dataclass(frozen=True)
class TracksOptions:
    """When two faces are one. The tracker needs thresholds to measure at all; what is worth looking at is
    judged later.
    """

    bridge_s: Annotated[
        float,
        Knob("s", source="identity_builder §6: the short-term tracker bridges 1 to 3 s", low=0, high=30),
    ] = 2.0
    reach: Annotated[
        float,
        Knob("face widths", source="measured on multi/: the head moves at most 0.5 within 0.2 s", low=0.1),
    ] = 0.6
    reach_per_s: Annotated[float, Knob("face widths/s", source="taste: a head shaken hard", low=0)] = 2.0
    reach_most: Annotated[
        float, Knob("face widths", source="taste: farther than this it may be anybody", low=0.1)
    ] = 2.0
    size_ratio: Annotated[float, Knob("×", source="taste: no face doubles between two looks", low=1)] = 1.8
    same_shot: Annotated[
        float,
        Knob(
            "",
            source="measured on expr/, multi/: two small pictures 0.2 s apart correlate at .45 to 1 "
            "within a shot, most cuts below .5; Face-ID decides below this",
            low=-1,
            high=1,
        ),
    ] = 0.6
    box_tau_s: Annotated[
        float, Knob("s", source="readings H2: bbox τ = .06-.09 s, the seed's α 0.3 to 0.5 at 30 fps", low=0)
    ] = 0.09
    id_every_s: Annotated[
        float,
        Knob(
            "s",
            source="identity packs choose among identified looks: every second look at 5 Hz, as often as "
            "body poses",
            low=0,
        ),
    ] = 0.4
    id_least_px: Annotated[
        float, Knob("px", source="taste: a third of the 112 px the network was trained on", low=1)
    ] = 36.0
    apart_s: Annotated[
        float,
        Knob(
            "s", source="taste: without Face-ID a face at the same place later is the same for so long", low=0
        ),
    ] = 10.0
    id_faces: Annotated[int, Knob("faces", source="taste: the largest of a crowd", low=1)] = 6


@dataclass
class _Track:
    """What is remembered of one face. `size`, `centre` are sums over its rows; `who` the sum of its Face-ID
    vectors.

    `person` is set where it can no longer change: of what stands for a person whose tracks were handed over.
    `earlier`: when those were seen.
    """

    number: int
    box: Corners
    seen_s: float
    start_s: float
    standin: NDArray[np.float32]
    first_box: Corners
    first_standin: NDArray[np.float32]
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    smooth: Corners = field(default_factory=lambda: np.zeros(4))
    n: int = 0
    size: float = 0.0
    centre: float = 0.0
    who: NDArray[np.float64] | None = None
    who_s: float = -math.inf
    portrait: tuple[float, bytes] = (0.0, b"")
    person: int | None = None
    earlier: list[tuple[float, float]] = field(default_factory=list)

    def at(self, time_s: float) -> Corners:
        """Where it should be now; a movement dies out within a second, for heads do not fly on."""
        ahead_s = 0.5 * (1 - math.exp(-(time_s - self.seen_s) / 0.5))
        return self.box + np.tile(self.velocity * ahead_s, 2)

    def cos(self, vector: NDArray[np.float32]) -> float | None:
        return None if self.who is None else float(vector @ self.who / np.linalg.norm(self.who))


class _Row(NamedTuple):
    """Of the table `tracks`."""

    number: int
    person: int
    start_s: float
    end_s: float
    n: int
    jpeg: bytes


RETIRED_IDENTITIES = 200
"""People of whom it is remembered who they were when their tracks were handed over; 4 kB each."""


def _columns(rows: Sequence[_Row]) -> Columns:
    return {
        "tracks.id": np.array([r.number for r in rows], np.int64),
        "tracks.person": np.array([r.person for r in rows], np.int64),
        "tracks.start_s": np.array([r.start_s for r in rows], np.float64),
        "tracks.end_s": np.array([r.end_s for r in rows], np.float64),
        "tracks.n_faces": np.array([r.n for r in rows], np.int64),
        "tracks.jpeg": np.array([r.jpeg for r in rows], object),
    }


class Tracks:
    """Writes the track of each face, its smoothed box and its place, Face-ID vectors now and then, and at the
    end the tracks.

    A face is joined to the track whose predicted box is nearest in place and size (Hungarian method). Where
    more than one track could be meant, after a gap, and where the picture has changed as a cut changes it,
    Face-ID decides; without a Face-ID model a cut ends all tracks.
    """

    name = "tracks"
    version = "1"
    needs: tuple[str, ...] = ("faces.time_s", "faces.bbox", "faces.points", "faces.score")
    short_side_px = SHORT_SIDE_PX
    writes: tuple[str, ...] = (
        "faces.track",
        "faces.bbox_smooth",
        "faces.place",
        "tracks.id",
        "tracks.person",
        "tracks.start_s",
        "tracks.end_s",
        "tracks.n_faces",
        "tracks.jpeg",
        "face_ids.time_s",
        "face_ids.track",
        "face_ids.embedding",
    )

    models: ClassVar[Mapping[str, str]] = {"face_id": "face_id"}
    knobs: ClassVar[type] = TracksOptions

    def __init__(self, *, face_id: FaceId | None = None, knobs: TracksOptions = TracksOptions()) -> None:
        self._face_id = face_id
        self._knobs = knobs
        self._live: list[_Track] = []
        self._done: list[_Track] = []
        self._count = 0
        self._taken: set[int] = set()  # numbers of people who were handed over, and
        self._all_taken = 0  # the number up to which all were
        self._elders: list[_Track] = []
        self._waiting: list[_Row] = []
        self._rows: list[tuple[float, int, NDArray[np.float32]]] = []
        self.made_by = {}
        if face_id is None:
            self.writes = tuple(w for w in self.writes if not w.startswith("face_ids."))
        else:
            self.made_by = {"face_ids.embedding": face_id.version}

    def process(self, batch: Batch, seen: Columns) -> Columns:
        times = seen["faces.time_s"]
        track = np.zeros(len(times), np.int64)
        place = np.zeros(len(times), np.int64)
        smooth = np.zeros((len(times), 4), np.float32)
        for time_s in np.unique(times):
            rows = np.flatnonzero(times == time_s)
            frame = batch.frames[int(np.searchsorted(batch.time_s, time_s))]
            found = self._step(float(time_s), frame, seen, rows)
            track[rows] = [t.number for t in found]
            smooth[rows] = [t.smooth / _size4(frame) for t in found]
            place[rows] = self._places(found)
        return {"faces.track": track, "faces.bbox_smooth": smooth, "faces.place": place, **self._identified()}

    def finish(self) -> Columns:
        return _columns(sorted([*self._waiting, *self._told()]))

    def snapshot(self) -> Columns:
        """What `finish` would say now, but for tracks that were handed over."""
        return _columns(sorted(self._told()))

    def evict(self, before_s: float) -> Columns:
        """Hands over the tracks that ended before `before_s` and keeps of them only who they were: for feeds
        that do not end.

        Rows come in the order of their numbers, so those of a track wait for tracks that began before it. The
        number of a person that was handed over stays theirs for as long as they are remembered: ELDERS
        people, the last seen.
        """
        told = {row.number: row for row in self._told() if row.end_s < before_s}
        gone = [t for t in (*self._done, *self._live) if t.number in told]
        self._done = [t for t in self._done if t.number not in told]
        self._live = [t for t in self._live if t.number not in told]
        self._remember([(told[t.number].person, t) for t in sorted(gone, key=lambda t: t.number)])
        self._waiting = sorted([*self._waiting, *told.values()])
        first = min((t.number for t in (*self._done, *self._live)), default=self._count)
        ready = [row for row in self._waiting if row.number < first]
        self._waiting = self._waiting[len(ready) :]
        return _columns(ready)

    def _remember(self, gone: list[tuple[int, _Track]]) -> None:
        """Of each person one track that stands for all of theirs; nobody who was never identified, for only
        Face-ID knows them again.
        """
        self._taken |= {person for person, _ in gone}
        while self._all_taken in self._taken:
            self._taken.remove(self._all_taken)
            self._all_taken += 1
        elders = {t.person: t for t in self._elders}
        for person, track in gone:
            elder = elders.get(person)
            if elder is not None and elder.who is not None:
                track.who = elder.who if track.who is None else track.who + elder.who
                track.earlier = [*elder.earlier, (elder.start_s, elder.seen_s)]
            track.person, track.portrait = person, (0.0, b"")
            elders[person] = track
        since_s = min((t.start_s for t in (*self._done, *self._live)), default=math.inf)
        known = sorted((t for t in elders.values() if t.who is not None), key=lambda t: t.seen_s)[
            -RETIRED_IDENTITIES:
        ]
        for elder in known:
            elder.earlier = [
                span for span in elder.earlier if span[1] > since_s
            ]  # nobody else could have been seen at the same time
        self._elders = known

    def _told(self) -> list[_Row]:
        """A row for each track that was not handed over."""
        every = sorted([*self._elders, *self._done, *self._live], key=lambda t: (t.start_s, t.number))
        free = (n for n in itertools.count(self._all_taken) if n not in self._taken)
        people = joined(
            every, self._knobs.apart_s, self._face_id.tau if self._face_id is not None else None, free
        )
        rows = zip(every, people.tolist(), strict=True)
        return [
            _Row(t.number, p, t.start_s, t.seen_s, t.n, t.portrait[1]) for t, p in rows if t.person is None
        ]

    def _identified(self) -> Columns:
        """The Face-ID rows gathered since the last call."""
        rows, self._rows = self._rows, []
        if self._face_id is None:
            return {}
        return {
            "face_ids.time_s": np.array([r[0] for r in rows], np.float64),
            "face_ids.track": np.array([r[1] for r in rows], np.int64),
            "face_ids.embedding": np.array([r[2] for r in rows], np.float32).reshape(
                len(rows), self._face_id.dim
            ),
        }

    def _step(
        self, time_s: float, frame: NDArray[np.uint8], seen: Columns, rows: NDArray[np.int64]
    ) -> list[_Track]:
        """The track of each of the rows, all of one frame."""
        scale = _size4(frame)
        boxes = seen["faces.bbox"][rows].astype(np.float64) * scale
        points = seen["faces.points"][rows].reshape(-1, 5, 2) * scale[:2]
        standin = _standin(frame)
        self._retire(time_s)
        look = _Look(time_s, frame, boxes, points, standin, self._face_id, self._knobs)
        found: list[_Track | None] = [None] * len(rows)
        for track, i in _matched(self._live, look):
            found[i] = track
        out = []
        for i, known in enumerate(found):
            track = known or self._born(look, i)
            self._follow(track, look, i, float(seen["faces.score"][rows[i]]))
            out.append(track)
        return out

    def _retire(self, time_s: float) -> None:
        self._done += [t for t in self._live if time_s - t.seen_s > self._knobs.bridge_s]
        self._live = [t for t in self._live if time_s - t.seen_s <= self._knobs.bridge_s]

    def _born(self, look: _Look, i: int) -> _Track:
        box = look.boxes[i]
        track = _Track(
            self._count, box, look.time_s, look.time_s, look.standin, box, look.standin, smooth=box
        )
        self._count += 1
        self._live.append(track)
        return track

    def _follow(self, track: _Track, look: _Look, i: int, score: float) -> None:
        """Takes a face into its track."""
        box, gap_s = look.boxes[i], look.time_s - track.seen_s
        if gap_s > 0:
            moved = (middles(box) - middles(track.box)) / gap_s
            keep = math.exp(-gap_s / 0.3)
            track.velocity = keep * track.velocity + (1 - keep) * moved
        tau = self._knobs.box_tau_s
        alpha = 1.0 if tau == 0 or gap_s > 1.0 or track.n == 0 else 1 - math.exp(-gap_s / tau)
        track.smooth = alpha * box + (1 - alpha) * track.smooth
        track.box, track.seen_s, track.standin = box, look.time_s, look.standin
        track.n += 1
        height, width = look.frame.shape[:2]
        track.size += (box[3] - box[1]) / height
        track.centre += 1 - math.hypot(*(middles(box) / (width, height) - 0.5)) / 0.707
        self._identify(track, look, i)
        self._portray(track, look, score)

    def _identify(self, track: _Track, look: _Look, i: int) -> None:
        """Logs a Face-ID vector where one was computed to decide, or is due."""
        due = look.time_s - track.who_s >= self._knobs.id_every_s - 1e-6
        vector = look.who(i) if due else look.known.get(i)
        if vector is None:
            return
        track.who = vector.astype(np.float64) if track.who is None else track.who + vector
        track.who_s = look.time_s
        self._rows.append((look.time_s, track.number, vector))

    def _portray(self, track: _Track, look: _Look, score: float) -> None:
        """Keeps the picture of the surest, largest look."""
        side = float(min(track.box[2:] - track.box[:2]))
        worth = score * min(side, float(PORTRAIT_PX))
        if worth > 1.05 * track.portrait[0]:
            picture = cv2.cvtColor(cut(look.frame, squares(track.box, 1.6), PORTRAIT_PX), cv2.COLOR_RGB2BGR)
            track.portrait = (
                worth,
                cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes(),
            )

    def _places(self, tracks: list[_Track]) -> list[int]:
        """Place of each by 0.4 size + 0.3 centre + 0.3 length so far (identity_builder §3), each relative to
        the highest of them.
        """
        tallest = max(t.size / t.n for t in tracks)
        longest = max(t.n for t in tracks)
        worth = [0.4 * t.size / t.n / tallest + 0.3 * t.centre / t.n + 0.3 * t.n / longest for t in tracks]
        order = sorted(range(len(tracks)), key=lambda i: (-worth[i], tracks[i].number))
        return [order.index(i) for i in range(len(tracks))]


class _Look:
    """The faces of one frame, with Face-ID vectors computed when they are asked for."""

    def __init__(
        self,
        time_s: float,
        frame: NDArray[np.uint8],
        boxes: Corners,
        points: NDArray[np.float64],
        standin: NDArray[np.float32],
        face_id: FaceId | None,
        knobs: TracksOptions,
    ) -> None:
        self.time_s, self.frame, self.boxes, self.standin, self.knobs = time_s, frame, boxes, standin, knobs
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


OVERLAP_S = 0.3
"""One person cannot be in two places, but a box may be doubled for a look or two."""


def joined(
    tracks: Sequence[_Track], apart_s: float, tau: float | None, free: Iterable[int] | None = None
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


def _alike(tracks: Sequence[_Track], some: set[int], others: set[int]) -> float:
    """Cosine of the mean Face-ID vectors of two groups; 1 where one of them has none."""
    sums = [
        sum((who for i in sorted(g) if (who := tracks[i].who) is not None), np.zeros(1))
        for g in (some, others)
    ]
    lengths = float(np.prod([np.linalg.norm(x) for x in sums]))
    return float(sums[0] @ sums[1]) / lengths if lengths > 0 else 1.0


def _by_identity(tracks: Sequence[_Track], tau: float | None) -> list[tuple[float, int, int]]:
    known = [i for i, t in enumerate(tracks) if t.who is not None]
    if tau is None or not known:
        return []
    means = np.stack([tracks[i].who / np.linalg.norm(tracks[i].who) for i in known])  # type: ignore[arg-type, operator]
    cos = means @ means.T
    return [(float(-cos[a, b]), known[a], known[b]) for a, b in np.argwhere(np.triu(cos >= tau, 1)).tolist()]


def _by_place(tracks: Sequence[_Track], apart_s: float) -> list[tuple[float, int, int]]:
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
            before, after = np.sqrt(_areas(np.stack([one.box, other.first_box]))).tolist()
            near, ratio = (
                float(np.hypot(*(middles(one.box) - middles(other.first_box)))) <= 1.5 * before,
                after / before,
            )
            if near and 2 / 3 <= ratio <= 1.5 and _correlation(one.standin, other.first_standin) >= 0.6:
                found.append((other.start_s - one.seen_s, a, b))
    return found


def _overlap_s(a: _Track, b: _Track) -> float:
    """For how long both were seen at once; negative where they were not."""
    spans = [[*t.earlier, (t.start_s, t.seen_s)] for t in (a, b)]
    return max(overlap_s(x, y) for x in spans[0] for y in spans[1])


def _matched(tracks: list[_Track], look: _Look) -> list[tuple[_Track, int]]:
    """Pairs of track and face: those seen a moment ago choose first, then those that were lost."""
    from scipy.optimize import linear_sum_assignment

    pairs: list[tuple[_Track, int]] = []
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


def _distances(tracks: list[_Track], look: _Look, faces: list[int]) -> NDArray[np.float64]:
    """(tracks, faces): how far a face is from where the track should be, in face widths, plus how much its
    size differs; infinite out of reach.
    """
    knobs, boxes = look.knobs, look.boxes[faces]
    there = np.stack([t.at(look.time_s) for t in tracks])
    here_px2, there_px2 = _areas(boxes)[None], _areas(there)[:, None]
    off = (there[:, None, :2] + there[:, None, 2:] - boxes[None, :, :2] - boxes[None, :, 2:]) / 2
    apart = np.hypot(off[..., 0], off[..., 1]) / (here_px2 * there_px2) ** 0.25
    ratio = np.abs(np.log(here_px2 / there_px2)) / 2
    gap_s = np.array([[look.time_s - t.seen_s] for t in tracks])
    near = apart <= np.minimum(knobs.reach + knobs.reach_per_s * gap_s, knobs.reach_most)
    return np.where(near & (ratio <= math.log(knobs.size_ratio)), apart + ratio, np.inf)


TURNED = 0.15
"""So far under the threshold it is still more likely a turned head than somebody else in the same place."""


def _with_identity(
    cost: NDArray[np.float64], tracks: list[_Track], faces: list[int], look: _Look
) -> NDArray[np.float64]:
    """The costs, with Face-ID asked where motion alone does not decide: rivals in reach, a gap, another
    shot.
    """
    out = cost.copy()
    reachable = np.isfinite(cost)
    contested = reachable & ((reachable.sum(axis=0) > 1) | (reachable.sum(axis=1) > 1)[:, None])
    for r, track in enumerate(tracks):
        cut_between = _correlation(track.standin, look.standin) < look.knobs.same_shot
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


def _standin(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(18,32) luma of the frame without its mean."""
    small = cv2.cvtColor(
        cv2.resize(frame, SIGNATURE_HW[::-1], interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    ).astype(np.float32)
    return np.asarray(small - small.mean(), np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Of two pictures without their means: 1 the same up to gain; 1 also where either is flat, for a flash is
    no other shot.
    """
    lengths = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    return 1.0 if lengths < 1.0 else float((a * b).sum()) / lengths


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,4) -> (N,), at least 1."""
    return np.maximum(areas(boxes), 1.0)


def _size4(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(width, height, width, height)."""
    return np.tile(np.array([frame.shape[1], frame.shape[0]], np.float64), 2)
