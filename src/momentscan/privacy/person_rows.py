"""Where in a log somebody is, and what of it stays when they are forgotten."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from momentscan.select.people import Person
from momentscan.signals import Signals
from momentscan.signals.forgotten import END_S, START_S
from momentscan.signals.schema import table_of
from momentscan.signals.spans import Span, as_pairs, spans_of, union, within
from momentscan.values import Columns

MARGIN_S = 0.5
"""Somebody may be seen so long before and after they were looked at, and at least until the looks beside."""

COUNTED = ("faces", "crops", "face_ids", "poses", "tracks")
"""Tables that are always told of, also where nothing was in them."""

Keep = Mapping[str, NDArray[np.bool_]]
"""table -> (N,) which of its rows stay."""


def visible_spans(signals: Signals, person: Person) -> list[Span]:
    """When somebody may be seen: each track from the look before it to the look after it, and at least the
    margin.
    """
    own = np.isin(signals["tracks.id"], person.tracks)
    looks = signals["frames.time_s"][np.isfinite(signals["frames.n_faces"])]
    ends = as_pairs(spans_of(signals, "tracks")[own])
    wide = (_widened(start_s, end_s, looks, signals.video.duration_s) for start_s, end_s in ends)
    return as_pairs(union(wide, touching=True))


def _widened(start_s: float, end_s: float, looks: NDArray[np.float64], duration_s: float) -> Span:
    before = looks[np.searchsorted(looks, start_s) - 1] if (looks < start_s).any() else 0.0
    after = looks[np.searchsorted(looks, end_s, "right")] if (looks > end_s).any() else duration_s
    latest = min(max(float(after), end_s + MARGIN_S), max(duration_s, end_s))
    return max(0.0, min(float(before), start_s - MARGIN_S)), latest


def rows_that_stay(signals: Signals, person: Person, spans: list[Span]) -> Keep:
    """Not those of the person's tracks, and no picture of an instant at which they may be seen; of other
    tables all.
    """
    tables = sorted({table_of(name) for name in signals})
    tracked = [t for t in tables if f"{t}.track" in signals]
    keep = {t: ~np.isin(signals[f"{t}.track"], person.tracks) for t in tracked}
    keep["tracks"] = ~np.isin(signals["tracks.id"], person.tracks)
    pictured = [t for t in tables if t not in keep and _has_pictures(signals, t)]
    return keep | {t: ~within(spans, signals[f"{t}.time_s"], closed=True) for t in pictured}


def fewer_faces(signals: Signals, keep: Keep) -> Columns:
    """`frames.n_faces` without the faces that go."""
    counts = signals["frames.n_faces"].copy()
    gone = signals["faces.frame_idx"][~keep["faces"]]
    np.subtract.at(counts, np.searchsorted(signals["frames.frame_idx"], gone), 1)
    return {"frames.n_faces": counts}


def noted_spans(spans: list[Span]) -> dict[str, Columns]:
    """The table of the log that says when somebody who was forgotten may be seen, and nothing else of
    them.
    """
    ends = np.array(spans, np.float64).reshape(-1, 2)
    return {"forgetting": {START_S: ends[:, 0].copy(), END_S: ends[:, 1].copy()}}


def row_counts(keep: Keep) -> dict[str, int]:
    """How many rows go from which table, in the words of the report."""
    gone = {table: int((~rows).sum()) for table, rows in keep.items()}
    others = {t: n for t, n in gone.items() if t not in (*COUNTED, "thumbnails") and n}
    return {t: gone.get(t, 0) for t in COUNTED} | others | {"thumbnails": gone.get("thumbnails", 0)}


def _has_pictures(signals: Signals, table: str) -> bool:
    """Whether a table holds bytes of instants: `thumbnails`, and whatever a plug-in has logged so."""
    names = [name for name in signals if table_of(name) == table]
    return f"{table}.time_s" in names and any(signals[name].dtype == object for name in names)
