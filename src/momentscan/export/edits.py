"""An editor's timeline read back: OpenTimelineIO, EDL, FCP 7 XML and FCPXML as pieces of sources in exact
seconds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import tostring

from momentscan.errors import UnreadableInput, one_line
from momentscan.export.edited_timeline import EditedClip, EditedTimeline, Hint, exact_rate, hint_in
from momentscan.export.fcpxml import read_fcpxml
from momentscan.export.formats import adapter
from momentscan.export.safe_parsing import ParsingLimits, check_json_depth, parse_xml, read_bytes
from momentscan.export.timeline import DROPPED

KINDS = "an OpenTimelineIO file (.otio), an EDL (.edl), FCPXML (.fcpxml) or FCP 7 XML (.xml)"

_EVENT = re.compile(r"^\d{1,6}\s+\S+\s+\S+\s+\S+\s")
_CODE = re.compile(r"(?<=\d\d:\d\d:\d\d)[:;.](?=\d\d\b)")


def read_edit(path: Path, rate: Fraction, guards: ParsingLimits = ParsingLimits()) -> EditedTimeline:
    """The pieces on the first timeline of a file, of whatever source. `rate` counts an EDL's timecode, which
    does not say its own.

    Raises UnreadableInput for what is no edit, or one that could do harm.
    """
    data = read_bytes(path, guards)
    read = _reader(data, path)
    try:
        name, pieces, notes = read(data, path, rate, guards)
    except UnreadableInput:
        raise
    except _lies() as error:
        raise UnreadableInput(
            f"{path}: cannot be read as a timeline ({one_line(error)[:200]}); export it again from the editor"
        ) from None
    return EditedTimeline(name, hashlib.sha256(data).hexdigest(), tuple(pieces), tuple(dict.fromkeys(notes)))


def _reader(data: bytes, path: Path) -> Any:
    """By what the file is, not by its name."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    if head.startswith(b"{"):
        return _read_otio
    if head.startswith(b"<"):
        return _read_xml
    if head.startswith(b"PK"):
        raise UnreadableInput(f"{path}: is a ZIP file; unpack it and give the .otio or .xml in it")
    if b"TITLE:" in head or re.search(rb"^\s*\d{3,6}\s", head, re.MULTILINE):
        return _read_edl
    raise UnreadableInput(f"{path}: is no edit that is known here; give {KINDS}")


def _lies() -> tuple[type[Exception], ...]:
    """What the adapters raise for files that break off or lie."""
    from opentimelineio.exceptions import OTIOError

    return ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, OTIOError


Found = tuple[str, list[EditedClip], list[str]]


def _read_xml(data: bytes, path: Path, rate: Fraction, guards: ParsingLimits) -> Found:
    root = parse_xml(data, path, guards)
    if root.tag == "fcpxml":
        return "fcpxml", *read_fcpxml(root, path, guards)
    if root.tag != "xmeml":
        raise UnreadableInput(f"{path}: is XML of another kind (<{root.tag[:40]}>); give {KINDS}")
    timeline = adapter("fcp_xml").read_from_string(tostring(root, encoding="unicode"))
    return "premiere", *_Walk(path, guards).of(timeline)


def _read_otio(data: bytes, path: Path, rate: Fraction, guards: ParsingLimits) -> Found:
    import opentimelineio as otio

    text = _text(data)
    check_json_depth(text, path, guards)
    once = json.dumps(
        json.loads(text)
    )  # a key that stands twice in an object makes the library read freed memory, and the process die
    return "otio", *_Walk(path, guards).of(otio.core.deserialize_json_from_string(once))


def _read_edl(data: bytes, path: Path, rate: Fraction, guards: ParsingLimits) -> Found:
    module = adapter("cmx_3600")
    text = _counted(_text(data), rate)
    try:
        timeline, notes = module.read_from_string(text, rate=float(rate)), []
    except (
        module.EDLParseError
    ):  # record times that overlap or do not fit are common, and we need the source times only
        timeline = module.read_from_string(text, rate=float(rate), ignore_timecode_mismatch=True)
        notes = ["its record times do not fit its source times; the source times were taken"]
    for track in timeline.tracks:
        if track.source_range is not None:  # the adapter says by a negative begin when a track starts
            track.insert(0, module.schema.Gap(duration=-track.source_range.start_time))
            track.source_range = None
    pieces, others = _Walk(path, guards).of(timeline)
    return "edl", [replace(p, media_start_s=None) for p in pieces], notes + others


def _counted(text: str, rate: Fraction) -> str:
    """Timecode as OpenTimelineIO wants it: `;` where numbers are dropped, by itself or by the FCM line before
    it, else `:`.
    """
    drops, lines = False, []
    for line in text.splitlines():
        if line.strip().upper().startswith("FCM"):
            drops = "NON" not in line.upper()
        elif _EVENT.match(line.lstrip()):
            drop = rate in DROPPED and (drops or ";" in line)
            line = _CODE.sub(";" if drop else ":", line)
        lines.append(line)
    return "\n".join(lines)


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


class _Walk:
    """Goes through an OpenTimelineIO object, nested ones too; an instant t of an item lies at `origin + t` of
    the timeline.
    """

    def __init__(self, path: Path, guards: ParsingLimits) -> None:
        self._path = path
        self._left = guards.max_items
        self._notes: list[str] = []

    def of(self, found: Any) -> tuple[list[EditedClip], list[str]]:
        import opentimelineio as otio

        timelines = [found] if isinstance(found, otio.schema.Timeline) else list(self._timelines(found))
        if not timelines:
            raise UnreadableInput(f"{self._path}: no timeline is in it; give {KINDS}")
        if len(timelines) > 1:
            self._notes.append(f"it has {len(timelines)} timelines; the first was read")
        stack = timelines[0].tracks
        start_s, length_s = _whole(stack)
        return list(self._children(stack, -start_s, (Fraction(0), length_s), "video")), self._notes

    def _timelines(self, found: Any) -> Iterator[Any]:
        import opentimelineio as otio

        if isinstance(found, otio.schema.SerializableCollection):
            yield from (child for child in found if isinstance(child, otio.schema.Timeline))

    def _children(
        self, parent: Any, origin_s: Fraction, seen: tuple[Fraction, Fraction], kind: str
    ) -> Iterator[EditedClip]:
        import opentimelineio as otio

        cursor_s, in_row = Fraction(0), isinstance(parent, otio.schema.Track)
        for child in parent:
            if isinstance(child, otio.schema.Transition):
                self._notes.append(
                    "it has transitions; pieces are read up to the cut, without what shows through"
                )
                continue
            start_s, length_s = _whole(child)
            at_s = origin_s + cursor_s
            own = max(at_s, seen[0]), min(at_s + length_s, seen[1])
            cursor_s += length_s if in_row else Fraction(0)
            if own[0] < own[1]:
                yield from self._item(child, at_s - start_s, own, kind)

    def _item(
        self, item: Any, origin_s: Fraction, own: tuple[Fraction, Fraction], kind: str
    ) -> Iterator[EditedClip]:
        import opentimelineio as otio

        self._left -= 1
        if self._left < 0:
            raise UnreadableInput(f"{self._path}: has too many pieces; export one timeline only")
        if not item.enabled or _fcp(item.metadata).get("enabled") == "FALSE":
            return
        if isinstance(item, otio.schema.Clip):
            if not isinstance(item.media_reference, otio.schema.GeneratorReference):
                yield _placed(item, origin_s, own, kind)
        elif isinstance(item, otio.core.Composition):
            kind = "audio" if getattr(item, "kind", "") == otio.schema.TrackKind.Audio else kind
            retimed = _retimed(item)
            for piece in self._children(item, origin_s, own, kind):
                yield replace(piece, retimed=True) if retimed else piece


def _whole(item: Any) -> tuple[Fraction, Fraction]:
    """Where an item begins in its own time, and how long it is. Added up here: of senseless rates the library
    makes silent zeros.
    """
    import opentimelineio as otio

    if item.source_range is not None:
        return _span(item.source_range)
    if isinstance(item, otio.core.Composition):
        lengths = [_whole(child)[1] for child in item if not isinstance(child, otio.schema.Transition)]
        return Fraction(0), (
            sum(lengths, Fraction(0))
            if isinstance(item, otio.schema.Track)
            else max(lengths, default=Fraction(0))
        )
    known = getattr(getattr(item, "media_reference", None), "available_range", None)
    return (
        _span(known) if known is not None else (Fraction(0), Fraction(0))
    )  # a clip of no known length shows nothing


def _span(span: Any) -> tuple[Fraction, Fraction]:
    return _seconds(span.start_time), max(Fraction(0), _seconds(span.duration))


def _seconds(time: Any) -> Fraction:
    if not abs(time.value) < 1e15:  # or NaN
        raise ValueError(f"a time of {time.value} frames")
    return Fraction(time.value).limit_denominator(1_000_000) / exact_rate(time.rate)


def _placed(clip: Any, origin_s: Fraction, own: tuple[Fraction, Fraction], kind: str) -> EditedClip:
    media = clip.media_reference
    urls = [getattr(media, "target_url", None), getattr(media, "target_url_base", None)]
    cmx, fcp = clip.metadata.get("cmx_3600", {}), _fcp(clip.metadata)
    names = [getattr(media, "name", None), clip.name, cmx.get("reel") if isinstance(cmx, Mapping) else None]
    known = getattr(media, "available_range", None)
    return EditedClip(
        own[0] - origin_s,
        own[1] - origin_s,
        own[0],
        "audio" if kind == "audio" else "video",
        tuple(u for u in urls if isinstance(u, str) and u),
        tuple(n for n in names if isinstance(n, str) and n),
        _hint(clip.metadata, cmx, fcp),
        _seconds(known.start_time) if known is not None else None,
        _retimed(clip),
    )


def _hint(metadata: Any, cmx: Any, fcp: Mapping[str, Any]) -> Hint | None:
    ours = metadata.get("momentscan")
    if (
        isinstance(ours, Mapping)
        and isinstance(ours.get("engine"), str)
        and isinstance(ours.get("window_id"), int)
    ):
        return Hint(ours["engine"], str(ours.get("told_as", "window")), ours["window_id"])
    comments = list(cmx.get("comments", ())) if isinstance(cmx, Mapping) else []
    inner = fcp.get("comments")
    comments += list(inner.values()) if isinstance(inner, Mapping) else []
    return hint_in([c for c in comments if isinstance(c, str)])


def _fcp(metadata: Any) -> Mapping[str, Any]:
    found = metadata.get("fcp_xml", {})
    return found if isinstance(found, Mapping) else {}


def _retimed(item: Any) -> bool:
    """Whether it plays at another speed: a time effect of OpenTimelineIO, or FCP 7's filter of that name."""
    import opentimelineio as otio

    for effect in item.effects:
        if isinstance(effect, otio.schema.TimeEffect) and getattr(effect, "time_scalar", 0) != 1:
            return True
        if str(_fcp(effect.metadata).get("effectid", "")).lower() == "timeremap" and not _at_full_speed(
            _fcp(effect.metadata)
        ):
            return True
    return False


def _at_full_speed(effect: Mapping[str, Any]) -> bool:
    """Premiere writes the filter with speed 100 too."""
    parameters = effect.get("parameter", [])
    each = [parameters] if isinstance(parameters, Mapping) else list(parameters)
    values = {str(p.get("parameterid")): str(p.get("value")) for p in each if isinstance(p, Mapping)}
    return values.get("speed") in ("100", "100.0") and values.get("reverse", "FALSE") != "TRUE"
