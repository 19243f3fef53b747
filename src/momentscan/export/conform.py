"""What an editor did to the moments that were told: kept, trimmed, split, dropped, reordered, added; matched
by the source's time.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from pathlib import PurePosixPath
from typing import Annotated, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from momentscan.export.edited_timeline import EditedClip, EditedTimeline
from momentscan.export.formats import reel
from momentscan.export.timeline import Timeline, TimelineRange
from momentscan.knobs import Knob

Kind = Literal["kept", "trimmed", "split", "retimed", "dropped", "reordered", "added"]
KINDS: tuple[Kind, ...] = ("kept", "trimmed", "split", "retimed", "dropped", "reordered", "added")


@dataclass(frozen=True)
class ConformOptions:
    """When a piece of an edit is a moment that was told."""

    share: Annotated[
        float,
        Knob(
            "",
            source="taste, to be swept: half of the shorter one; trims keep all of it, slips most",
            low=0.01,
            high=1.0,
        ),
    ] = 0.5
    slack_frames: Annotated[
        int,
        Knob(
            "frames",
            source="edits keep frames; more than 0 for editors that round to another rate",
            low=0,
            high=10,
        ),
    ] = 0


@dataclass(frozen=True)
class Feedback:
    """One thing that an editor did. `edited` is in seconds of the source, `moved_*` how far an edge went (+
    is later).

    window     what was told; None for a range that was added
    edited     None for what was dropped; of a retimed piece what the edit says, which is not what was seen
    told_at, edited_at   places on the timeline, from 0; for `reordered` among the moments that are in both
    piece      of a moment that was split, from 1, and how many there are
    """

    kind: Kind
    window: TimelineRange | None
    edited: tuple[float, float] | None = None
    moved_start_s: float | None = None
    moved_end_s: float | None = None
    told_at: int | None = None
    edited_at: int | None = None
    piece: tuple[int, int] | None = None


class Conformed(NamedTuple):
    """`unchanged`: every moment was kept in its place and nothing was added. `foreign`: the sources of an
    edit of other media only.
    """

    lines: tuple[Feedback, ...]
    notes: tuple[str, ...]
    foreign: tuple[str, ...] = ()

    @property
    def unchanged(self) -> bool:
        return all(line.kind == "kept" for line in self.lines)


class _Piece(NamedTuple):
    """A piece of our source in frames of the nominal rate, and its place on the edited timeline."""

    first: int
    end: int
    at: int
    clip: EditedClip


def conform(
    timeline: Timeline, edit: EditedTimeline, matching: ConformOptions = ConformOptions()
) -> Conformed:
    """A line per moment that was told, one per moment that changed its place, and one per range that was not
    told.
    """
    pieces, notes = _ours(timeline, edit)
    owners = _owners(timeline, pieces, matching)
    lines: list[Feedback] = []
    order: list[tuple[int, int]] = []
    for number, cut in enumerate(timeline.cuts):
        own = [p for p, owner in zip(pieces, owners, strict=True) if owner == number] or _swallowed(
            timeline, cut, pieces, owners
        )
        lines += _fate(timeline, cut, number, own, matching)
        order += [(number, min(p.at for p in own))] if own else []
    lines += _reordered(timeline, order)
    added = [p for p, owner in zip(pieces, owners, strict=True) if owner is None]
    lines += [_line("retimed" if p.clip.retimed else "added", timeline, None, p) for p in added]
    if any(p.clip.retimed for p in pieces):
        notes.append(
            "some pieces play at another speed; what they show is not known to the frame, and no trim was "
            "read from them"
        )
    return Conformed(tuple(lines), (*edit.notes, *notes), _foreign(timeline, edit, owners))


def _foreign(timeline: Timeline, edit: EditedTimeline, owners: Sequence[int | None]) -> tuple[str, ...]:
    """The sources of an edit in which nothing has our name, and most of what was taken for ours shows no
    moment.
    """
    if not edit.pieces or any(_is_ours(timeline, piece) for piece in edit.pieces):
        return ()
    matched = sum(owner is not None for owner in owners)
    return (
        ()
        if matched and 2 * matched >= len(owners)
        else tuple(sorted({_source(piece) for piece in edit.pieces}))
    )


def _fate(
    timeline: Timeline, cut: TimelineRange, number: int, own: Sequence[_Piece], matching: ConformOptions
) -> list[Feedback]:
    if not own:
        return [Feedback("dropped", cut, told_at=number)]
    whole = _joined(own)
    if any(p.clip.retimed for p in own):
        return [replace(_line("retimed", timeline, cut, p), told_at=number) for p in own]
    if len(whole) == 1:
        piece = whole[0]
        moved = (
            abs(piece.first - cut.first) > matching.slack_frames
            or abs(piece.end - cut.end) > matching.slack_frames
        )
        line = _line("trimmed" if moved else "kept", timeline, cut, piece)
        start_s, end_s = _s(piece.first - cut.first, timeline), _s(piece.end - cut.end, timeline)
        return [replace(line, told_at=number, moved_start_s=start_s, moved_end_s=end_s)]
    lines = [
        replace(_line("split", timeline, cut, p), told_at=number, piece=(i, len(whole)))
        for i, p in enumerate(whole, 1)
    ]
    lines[0] = replace(lines[0], moved_start_s=_s(whole[0].first - cut.first, timeline))
    lines[-1] = replace(lines[-1], moved_end_s=_s(max(p.end for p in whole) - cut.end, timeline))
    return lines


def _swallowed(
    timeline: Timeline, cut: TimelineRange, pieces: Sequence[_Piece], owners: Sequence[int | None]
) -> list[_Piece]:
    """The piece of another moment that was stretched over this one: still shown, so not dropped."""
    for piece, owner in zip(pieces, owners, strict=True):
        covers = piece.first <= cut.first and cut.end <= piece.end
        if (
            covers
            and owner is not None
            and not (timeline.cuts[owner].first <= cut.first and cut.end <= timeline.cuts[owner].end)
        ):
            return [piece]
    return []


def _line(kind: Kind, timeline: Timeline, cut: TimelineRange | None, piece: _Piece) -> Feedback:
    edited = _s(piece.first, timeline), _s(piece.end, timeline)
    return Feedback(kind, cut, edited, edited_at=piece.at)


def _s(frames: int, timeline: Timeline) -> float:
    return float(frames / timeline.rate)


def _joined(own: Sequence[_Piece]) -> list[_Piece]:
    """By source time; pieces that go on where another ends, or repeat it, are one: a blade alone changes
    nothing.
    """
    joined: list[_Piece] = []
    for piece in sorted(own, key=lambda p: (p.first, p.end)):
        if joined and piece.first <= joined[-1].end:
            last = joined[-1]
            joined[-1] = last._replace(end=max(last.end, piece.end), at=min(last.at, piece.at))
        else:
            joined.append(piece)
    return joined


def _reordered(timeline: Timeline, order: Sequence[tuple[int, int]]) -> list[Feedback]:
    """The fewest moments whose moves explain the new order: those outside of a longest row that kept it."""
    ranks = {number: rank for rank, (number, _) in enumerate(sorted(order, key=lambda o: (o[1], o[0])))}
    kept = _longest_rising([ranks[number] for number, _ in order])
    return [
        Feedback("reordered", timeline.cuts[number], told_at=place, edited_at=ranks[number])
        for place, (number, _) in enumerate(order)
        if place not in kept
    ]


def _longest_rising(values: Sequence[int]) -> set[int]:
    """Places of a longest rising subsequence."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int | None] = []
    for place, value in enumerate(values):
        i = bisect_left(ends, value)
        ends[i:], places[i:] = [value, *ends[i + 1 :]], [place, *places[i + 1 :]]
        before.append(places[i - 1] if i else None)
    kept: set[int] = set()
    at = places[-1] if places else None
    while at is not None:
        kept.add(at)
        at = before[at]
    return kept


# ---- whose is a piece ----


def _owners(timeline: Timeline, pieces: Sequence[_Piece], matching: ConformOptions) -> list[int | None]:
    """The moment of each piece: one each by the greatest overlap over all, then further pieces of the same;
    None: nobody's.
    """
    from scipy.optimize import linear_sum_assignment

    if not pieces or not timeline.cuts:
        return [None] * len(pieces)
    likely = _likeness(timeline, pieces, matching)
    # among equals the one at its own place: ties must not make an untouched timeline look shuffled
    near = np.abs(np.arange(len(pieces))[:, None] - np.arange(len(timeline.cuts)))
    owners: list[int | None] = [None] * len(pieces)
    for i, j in zip(*linear_sum_assignment(likely - 1e-9 * near, maximize=True), strict=True):
        owners[i] = int(j) if likely[i, j] > 0 else None
    return [
        int(row.argmax()) if o is None and row.max() > 0 else o for o, row in zip(owners, likely, strict=True)
    ]


def _likeness(timeline: Timeline, pieces: Sequence[_Piece], matching: ConformOptions) -> NDArray[np.float64]:
    """(pieces, cuts). 0: not this moment. Else the overlap over what both cover, and 1 more where the piece
    says whose it is.
    """
    first, end = (np.array([getattr(p, name) for p in pieces])[:, None] for name in ("first", "end"))
    cut_first, cut_end = (np.array([getattr(c, name) for c in timeline.cuts]) for name in ("first", "end"))
    overlap = np.minimum(end, cut_end) - np.maximum(first, cut_first)
    hints = [
        h.number if (h := p.clip.hint) is not None and h[:2] == (timeline.engine, timeline.told_as) else -1
        for p in pieces
    ]
    hinted = np.array(hints)[:, None] == np.array([c.range.window_id for c in timeline.cuts])
    enough = hinted | (overlap >= matching.share * np.minimum(end - first, cut_end - cut_first))
    either = np.maximum(end, cut_end) - np.minimum(first, cut_first)
    return np.where((overlap > 0) & enough, hinted + overlap / either, 0.0)


# ---- what is ours ----


def _ours(timeline: Timeline, edit: EditedTimeline) -> tuple[list[_Piece], list[str]]:
    """The pieces of our source by their place on the timeline, each picture once, and what there is to say of
    the others.
    """
    notes: list[str] = []
    mine = [p for p in edit.pieces if _is_ours(timeline, p)]
    others = [p for p in edit.pieces if not _is_ours(timeline, p)]
    if others and not mine and len({_source(p) for p in others}) == 1:
        mine, others = others, []
        notes.append(
            f"its only source has another name ({_source(mine[0])[:100] or 'none'}) and was taken for "
            "this video"
        )
    if others:
        notes.append(
            f"{len(others)} pieces of other media were ignored ({len({_source(p) for p in others})} sources)"
        )
    pieces = [p for p in _in_frames(timeline, mine, edit) if p.first < timeline.n_frames and p.end > 0]
    if len(pieces) < len(mine):
        notes.append(f"{len(mine) - len(pieces)} pieces lie outside of the video and were ignored")
    pieces = [p._replace(first=max(0, p.first), end=min(p.end, timeline.n_frames)) for p in pieces]
    ordered = sorted(_each_once(pieces), key=lambda p: (p.clip.at_s, p.first, p.end))
    return [p._replace(at=at) for at, p in enumerate(ordered)], notes


def _is_ours(timeline: Timeline, clip: EditedClip) -> bool:
    file = PurePosixPath(timeline.video.path.replace("\\", "/"))
    own = {_plain(file.name), _plain(timeline.file_name)}
    if clip.urls:
        return any(_plain(_base(url)) in own for url in clip.urls)
    return any(_plain(_base(n)) in own | {_plain(file.stem), _plain(reel(timeline))} for n in clip.names)


def _source(clip: EditedClip) -> str:
    return _base((*clip.urls, *clip.names, "")[0])


def _base(url: str) -> str:
    """The file's name of an address or a path of any system."""
    try:
        path = urlsplit(url).path if "://" in url else url
    except ValueError:
        path = url
    return unquote(path).replace("\\", "/").rstrip("/").rpartition("/")[2]


def _plain(name: str) -> str:
    """macOS decomposes Hangul and accents; other systems do not."""
    return unicodedata.normalize("NFC", name).casefold().strip()


def _in_frames(timeline: Timeline, mine: Sequence[EditedClip], edit: EditedTimeline) -> list[_Piece]:
    """Counts from the source's first frame: from where the edit says that it begins, else by its timecode or
    by 0, as most pieces fit.
    """
    code_s, length_s = timeline.start_frame / timeline.rate, timeline.n_frames / timeline.rate
    unsaid = [p for p in mine if p.media_start_s is None]
    one_s = 1 / timeline.rate

    def fitting(zero_s: Fraction) -> int:
        return sum(zero_s - one_s <= p.start_s and p.end_s <= zero_s + length_s + one_s for p in unsaid)

    guess_s = max((code_s, Fraction(0)), key=fitting)
    found = []
    for clip in mine:
        zero_s = guess_s if clip.media_start_s is None else clip.media_start_s
        first = round((clip.start_s - zero_s) * timeline.rate)
        found.append(_Piece(first, max(first + 1, round((clip.end_s - zero_s) * timeline.rate)), 0, clip))
    return found


def _each_once(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Sound counts only where no picture of the same instants is: it lies under it, or laps over its
    edges.
    """
    shown = sorted((p for p in pieces if p.clip.kind == "video"), key=lambda p: p.first)
    starts = [p.first for p in shown]
    reach = list(accumulate((p.end for p in shown), max, initial=-1))  # how far the first n pictures go
    heard = sorted((p for p in pieces if p.clip.kind == "audio"), key=lambda p: (p.clip.at_s, p.first, p.end))
    alone = {(p.first, p.end, p.clip.at_s): p for p in heard if reach[bisect_left(starts, p.end)] <= p.first}
    return [*shown, *alone.values()]
