"""Which face is whose from one look to the next: a short-term tracker that bridges a few seconds, and Face-ID
where motion cannot tell.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.models.face_id import FaceId
from momentscan.perceive.crops import cut
from momentscan.perceive.faces import SHORT_SIDE_PX
from momentscan.perceive.track import Track, TracksOptions, frame_signature
from momentscan.perceive.track_matching import Look, matched
from momentscan.perceive.track_people import joined
from momentscan.signals.boxes import middles, squares
from momentscan.values import Batch, Columns

PORTRAIT_PX = 112


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
        self._live: list[Track] = []
        self._done: list[Track] = []
        self._count = 0
        self._taken: set[int] = set()  # numbers of people who were handed over, and
        self._all_taken = 0  # the number up to which all were
        self._retired: list[Track] = []
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
        number of a person that was handed over stays theirs for as long as they are remembered: the last
        RETIRED_IDENTITIES people that were seen.
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

    def _remember(self, gone: list[tuple[int, Track]]) -> None:
        """Of each person one track that stands for all of theirs; nobody who was never identified, for only
        Face-ID knows them again.
        """
        self._taken |= {person for person, _ in gone}
        while self._all_taken in self._taken:
            self._taken.remove(self._all_taken)
            self._all_taken += 1
        retired = {t.person: t for t in self._retired}
        for person, track in gone:
            one = retired.get(person)
            if one is not None and one.who is not None:
                track.who = one.who if track.who is None else track.who + one.who
                track.earlier = [*one.earlier, (one.start_s, one.seen_s)]
            track.person, track.portrait = person, (0.0, b"")
            retired[person] = track
        since_s = min((t.start_s for t in (*self._done, *self._live)), default=math.inf)
        known = sorted((t for t in retired.values() if t.who is not None), key=lambda t: t.seen_s)[
            -RETIRED_IDENTITIES:
        ]
        for one in known:
            one.earlier = [
                span for span in one.earlier if span[1] > since_s
            ]  # nobody else could have been seen at the same time
        self._retired = known

    def _told(self) -> list[_Row]:
        """A row for each track that was not handed over."""
        every = sorted([*self._retired, *self._done, *self._live], key=lambda t: (t.start_s, t.number))
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
    ) -> list[Track]:
        """The track of each of the rows, all of one frame."""
        scale = _size4(frame)
        boxes = seen["faces.bbox"][rows].astype(np.float64) * scale
        points = seen["faces.points"][rows].reshape(-1, 5, 2) * scale[:2]
        signature = frame_signature(frame)
        self._let_go(time_s)
        look = Look(time_s, frame, boxes, points, signature, self._face_id, self._knobs)
        found: list[Track | None] = [None] * len(rows)
        for track, i in matched(self._live, look):
            found[i] = track
        out = []
        for i, known in enumerate(found):
            track = known or self._born(look, i)
            self._follow(track, look, i, float(seen["faces.score"][rows[i]]))
            out.append(track)
        return out

    def _let_go(self, time_s: float) -> None:
        self._done += [t for t in self._live if time_s - t.seen_s > self._knobs.bridge_s]
        self._live = [t for t in self._live if time_s - t.seen_s <= self._knobs.bridge_s]

    def _born(self, look: Look, i: int) -> Track:
        box = look.boxes[i]
        track = Track(
            self._count, box, look.time_s, look.time_s, look.signature, box, look.signature, smooth=box
        )
        self._count += 1
        self._live.append(track)
        return track

    def _follow(self, track: Track, look: Look, i: int, score: float) -> None:
        """Takes a face into its track."""
        box, gap_s = look.boxes[i], look.time_s - track.seen_s
        if gap_s > 0:
            moved = (middles(box) - middles(track.box)) / gap_s
            keep = math.exp(-gap_s / 0.3)
            track.velocity = keep * track.velocity + (1 - keep) * moved
        tau = self._knobs.box_tau_s
        alpha = 1.0 if tau == 0 or gap_s > 1.0 or track.n == 0 else 1 - math.exp(-gap_s / tau)
        track.smooth = alpha * box + (1 - alpha) * track.smooth
        track.box, track.seen_s, track.signature = box, look.time_s, look.signature
        track.n += 1
        height, width = look.frame.shape[:2]
        track.size += (box[3] - box[1]) / height
        track.centre += 1 - math.hypot(*(middles(box) / (width, height) - 0.5)) / 0.707
        self._identify(track, look, i)
        self._portray(track, look, score)

    def _identify(self, track: Track, look: Look, i: int) -> None:
        """Logs a Face-ID vector where one was computed to decide, or is due."""
        due = look.time_s - track.who_s >= self._knobs.id_every_s - 1e-6
        vector = look.who(i) if due else look.known.get(i)
        if vector is None:
            return
        track.who = vector.astype(np.float64) if track.who is None else track.who + vector
        track.who_s = look.time_s
        self._rows.append((look.time_s, track.number, vector))

    def _portray(self, track: Track, look: Look, score: float) -> None:
        """Keeps the picture of the surest, largest look."""
        side = float(min(track.box[2:] - track.box[:2]))
        worth = score * min(side, float(PORTRAIT_PX))
        if worth > 1.05 * track.portrait[0]:
            picture = cv2.cvtColor(cut(look.frame, squares(track.box, 1.6), PORTRAIT_PX), cv2.COLOR_RGB2BGR)
            track.portrait = (
                worth,
                cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes(),
            )

    def _places(self, tracks: list[Track]) -> list[int]:
        """Place of each by 0.4 size + 0.3 centre + 0.3 length so far (identity_builder §3), each relative to
        the highest of them.
        """
        tallest = max(t.size / t.n for t in tracks)
        longest = max(t.n for t in tracks)
        worth = [0.4 * t.size / t.n / tallest + 0.3 * t.centre / t.n + 0.3 * t.n / longest for t in tracks]
        order = sorted(range(len(tracks)), key=lambda i: (-worth[i], tracks[i].number))
        return [order.index(i) for i in range(len(tracks))]


def _size4(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(width, height, width, height)."""
    return np.tile(np.array([frame.shape[1], frame.shape[0]], np.float64), 2)
