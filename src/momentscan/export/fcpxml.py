"""FCPXML 1.8, both ways, in exact fractions: the adapter of OpenTimelineIO has whole rates only
(docs/decisions/0011).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from momentscan.errors import UnreadableInput
from momentscan.export.edited_timeline import EditedClip, hint_in
from momentscan.export.safe_parsing import ParsingLimits
from momentscan.export.timeline import Timeline, TimelineRange, clean, comment_of

VERSION = "1.8"
"""Final Cut Pro 10.4 and later, Resolve and LosslessCut read it; later versions add nothing that a list of
cuts needs.
"""

STORY = (
    "clip",
    "asset-clip",
    "video",
    "audio",
    "ref-clip",
    "sync-clip",
    "mc-clip",
    "audition",
    "gap",
    "title",
    "spine",
)


def fcpxml(timeline: Timeline) -> str:
    """A library with one event and one project; every time is a whole number of frames as a fraction of
    seconds.
    """
    root = Element("fcpxml", version=VERSION)
    resources = SubElement(root, "resources")
    size = {"width": str(timeline.video.width_px), "height": str(timeline.video.height_px)}
    SubElement(resources, "format", {"id": "r1", "frameDuration": _time(1, timeline.rate), **size})
    resources.append(_source(timeline))
    event = SubElement(SubElement(root, "library"), "event", name=timeline.title)
    project = SubElement(event, "project", name=timeline.title)
    length = sum(cut.end - cut.first for cut in timeline.cuts)
    counted = "DF" if timeline.drop_frame else "NDF"
    times = {
        "duration": _time(length, timeline.rate),
        "tcStart": _time(0, timeline.rate),
        "tcFormat": counted,
    }
    spine = SubElement(SubElement(project, "sequence", {"format": "r1", **times}), "spine")
    offset = 0
    for cut in timeline.cuts:
        spine.append(_asset_clip(timeline, cut, offset, counted))
        offset += cut.end - cut.first
    indent(root)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'
        + tostring(root, encoding="unicode")
        + "\n"
    )


def _source(timeline: Timeline) -> Element:
    """The source file as a resource."""
    about = {
        "id": "r2",
        "name": timeline.file_name,
        "src": timeline.url,
        "start": _time(timeline.start_frame, timeline.rate),
        "duration": _time(timeline.n_frames, timeline.rate),
        "hasVideo": "1",
        "format": "r1",
    }
    sound = {"hasAudio": "1", "audioSources": "1"} if timeline.has_sound else {}
    return Element("asset", about | sound)


def _asset_clip(timeline: Timeline, cut: TimelineRange, offset: int, counted: str) -> Element:
    name = clean(cut.range.name or timeline.title)
    times = {
        "offset": _time(offset, timeline.rate),
        "start": _time(timeline.start_frame + cut.first, timeline.rate),
        "duration": _time(cut.end - cut.first, timeline.rate),
    }
    clip = Element("asset-clip", {"ref": "r2", "name": name, **times, "format": "r1", "tcFormat": counted})
    note = SubElement(clip, "note")
    note.text = comment_of(timeline, cut)
    peak = {
        "start": _time(timeline.start_frame + cut.peak, timeline.rate),
        "duration": _time(1, timeline.rate),
    }
    SubElement(clip, "marker", {**peak, "value": "peak"})
    metadata = SubElement(clip, "metadata")
    SubElement(
        metadata, "md", {"key": "com.momentscan.moment", "value": comment_of(timeline, cut), "type": "string"}
    )
    return clip


def _time(frames: int, rate: Fraction) -> str:
    """`1001/30000s`: always a fraction, as LosslessCut reads no other."""
    return f"{frames * rate.denominator}/{rate.numerator}s"


# ---- back in ----


class _Asset(NamedTuple):
    urls: tuple[str, ...]
    names: tuple[str, ...]
    start_s: Fraction | None
    duration_s: Fraction | None


class _Span(NamedTuple):
    """What of the timeline is visible."""

    start_s: Fraction
    end_s: Fraction


class _Reader:
    """Walks the story of one document; `notes` fill as it goes."""

    def __init__(self, root: Element, path: Path, guards: ParsingLimits) -> None:
        self._path = path
        self._left = guards.max_items
        self._root = root
        self._assets = {e.get("id", ""): _asset(e) for e in root.iter("asset")}
        self._media = {e.get("id", ""): e for e in root.iter("media")}
        self.notes: list[str] = []

    def pieces(self) -> list[EditedClip]:
        projects = list(self._root.iter("project"))
        sequences = [s for p in projects for s in p.findall("sequence")]
        if not sequences:
            raise UnreadableInput(
                f"{self._path}: is FCPXML without a project, so no timeline is in it; export the project, "
                "not the event"
            )
        if len(sequences) > 1:
            self._note(f"it has {len(sequences)} projects; the first was read")
        return [
            piece
            for spine in sequences[0].findall("spine")
            for piece in self._spine(spine, Fraction(0), None, 0)
        ]

    def _spine(
        self, spine: Element, origin_s: Fraction, seen: _Span | None, deep: int
    ) -> Iterator[EditedClip]:
        cursor_s = Fraction(0)
        for item in spine:
            if item.tag == "transition":
                self._note("it has transitions; pieces are read up to the cut, without what shows through")
            if item.tag in STORY:
                start_s = _seconds(item.get("offset"), cursor_s)
                cursor_s = start_s + self._duration_s(item)
                yield from self._item(item, origin_s + start_s, seen, seen, deep)

    def _item(
        self, item: Element, at_s: Fraction, seen: _Span | None, outer: _Span | None, deep: int
    ) -> Iterator[EditedClip]:
        """`at_s`: where it begins; `seen`: what of the timeline shows it; `outer`: what shows that which
        hangs on it.
        """
        self._left -= 1
        if self._left < 0 or deep > 40:
            raise UnreadableInput(
                f"{self._path}: compound clips in it repeat or hold each other without end; export a flat "
                "timeline"
            )
        if item.get("enabled") == "0":
            return
        if item.tag == "audition":
            yield from (p for first in item[:1] for p in self._item(first, at_s, seen, outer, deep + 1))
            return
        if item.tag == "spine":
            yield from self._spine(item, at_s, seen, deep + 1)
            return
        asset = self._assets.get(item.get("ref", ""))
        default_s = asset.start_s if asset and asset.start_s is not None else Fraction(0)
        start_s = _seconds(item.get("start"), default_s)
        own = _within(_Span(at_s, at_s + self._duration_s(item)), seen)
        origin_s = at_s - start_s  # where the instant 0 of its own time would lie
        if own.end_s > own.start_s:
            if asset is not None:
                yield _placed(item, asset, own, origin_s)
            elif item.tag == "ref-clip" and (media := self._media.get(item.get("ref", ""))) is not None:
                yield from (
                    p
                    for s in media.findall("sequence/spine")
                    for p in self._spine(s, origin_s, own, deep + 1)
                )
            elif item.tag == "mc-clip":
                self._note("it has multicam clips, which are not read")
        for inner in item:
            if inner.tag in STORY:
                hangs = inner.get("lane", "0") != "0"
                inside_s = origin_s + _seconds(inner.get("offset"), Fraction(0))
                for piece in self._item(inner, inside_s, outer if hangs else own, outer, deep + 1):
                    yield replace(piece, retimed=True) if _retimed(item) and not hangs else piece

    def _duration_s(self, item: Element) -> Fraction:
        asset = self._assets.get(item.get("ref", ""))
        if item.tag == "audition":
            return self._duration_s(item[0]) if len(item) else Fraction(0)
        if item.tag == "spine":
            return sum((self._duration_s(i) for i in item if i.tag in STORY), Fraction(0))
        return _seconds(item.get("duration"), (asset.duration_s if asset else None) or Fraction(0))

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def read_fcpxml(root: Element, path: Path, guards: ParsingLimits) -> tuple[list[EditedClip], list[str]]:
    """Pieces of the first project and what there is to say. Raises UnreadableInput where there is none,
    ValueError for bad numbers.
    """
    reader = _Reader(root, path, guards)
    return reader.pieces(), reader.notes


def _asset(element: Element) -> _Asset:
    sources = [element.get("src"), *(rep.get("src") for rep in element.findall("media-rep"))]
    whole = (_maybe_s(element.get("start")), _maybe_s(element.get("duration")))
    return _Asset(tuple(s for s in sources if s), tuple(n for n in [element.get("name")] if n), *whole)


def _placed(item: Element, asset: _Asset, own: _Span, origin_s: Fraction) -> EditedClip:
    texts = [md.get("value", "") for md in item.iterfind("metadata/md")] + [
        note.text or "" for note in item.findall("note")
    ]
    is_sound = item.tag == "audio" or item.get("srcEnable") == "audio"
    return EditedClip(
        own.start_s - origin_s,
        own.end_s - origin_s,
        own.start_s,
        "audio" if is_sound else "video",
        asset.urls,
        asset.names,
        hint_in(texts),
        asset.start_s,
        _retimed(item),
    )


def _retimed(item: Element) -> bool:
    return item.find("timeMap") is not None


def _within(span: _Span, outer: _Span | None) -> _Span:
    return span if outer is None else _Span(max(span.start_s, outer.start_s), min(span.end_s, outer.end_s))


def _seconds(text: str | None, default: Fraction) -> Fraction:
    return default if text is None else _parsed(text)


def _maybe_s(text: str | None) -> Fraction | None:
    return None if text is None else _parsed(text)


def _parsed(text: str) -> Fraction:
    """`1001/30000s`, `5s` or `2.5s`. Raises ValueError."""
    found = re.fullmatch(r"\s*(-?\d{1,18}(?:\.\d{1,9})?)(?:/([1-9]\d{0,9}))?s\s*", text, re.ASCII)
    if found is None:
        raise ValueError(f"a time of {text[:40]!r}")
    return Fraction(found[1]) / int(found[2] or 1)
