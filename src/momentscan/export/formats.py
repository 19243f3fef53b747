"""Moments as timelines for editors: OpenTimelineIO, EDL (CMX 3600) and FCP 7 XML through its adapters;
docs/decisions/0011 says how.

A timeline is one video track of cuts of one source, with a sound track beneath where the source has sound,
one after the other from 0.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from momentscan.errors import UsageError
from momentscan.export.fcpxml import fcpxml
from momentscan.export.labels import FaceLabel, cvat, labelling, labelstudio
from momentscan.export.lists import chapters, losslesscut, webvtt
from momentscan.export.timeline import Timeline, TimelineRange, clean, comment_of

SPOKEN = 180
"""Characters of a comment in an EDL; taste: lines of 80 columns wrap at most twice."""

EVENTS_MOST = 999
"""Events of an EDL: their number has three digits in CMX 3600."""

SPECIAL_REELS = ("BL", "BLACK", "BARS", "AX", "NONE")
"""Names that mean something else than a reel in CMX 3600."""


class TimelineFile(NamedTuple):
    """A file for another program; `text` None: it cannot be made, and `notes` say why."""

    suffix: str
    text: str | None
    notes: tuple[str, ...] = ()


def parse_formats(text: str) -> tuple[str, ...]:
    """ "otio,edl" -> ("otio", "edl"), each once; "all" -> all. Raises UsageError naming those there are."""
    asked = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip()))
    known = ", ".join(FORMATS)
    if not asked:
        raise UsageError(f"--format names no format; there are {known}")
    for word in asked:
        if word not in FORMATS and word != "all":
            raise UsageError(f"there is no format {word!r}; there are {known}")
    return tuple(FORMATS) if "all" in asked else asked


def timeline_files(
    timeline: Timeline, name: str, faces: tuple[FaceLabel, ...] = ()
) -> tuple[TimelineFile, ...]:
    """The files of a format; more than one where a program wants its configuration beside the data. `faces`
    are for cvat only.
    """
    first, *more = SUFFIXES[name]
    if not timeline.cuts:
        return (
            TimelineFile(first, None, (f"{name}: there are no moments to tell, so no file was written",)),
        )
    if name == "cvat":
        return (TimelineFile(first, cvat(timeline, faces)),)
    if name == "labelstudio":
        return (TimelineFile(first, labelstudio(timeline)), TimelineFile(more[0], labelling(timeline)))
    if name == "chapters":
        return (TimelineFile(first, *chapters(timeline)),)
    if name == "edl" and (n := len(timeline.cuts)) > EVENTS_MOST:
        full = f"edl: {n} moments, the format holds {EVENTS_MOST}; export otio or fcpxml"
        return (TimelineFile(first, None, (full,)),)
    return (TimelineFile(first, FORMATS[name](timeline)),)


# ---- OpenTimelineIO ----


def otio(timeline: Timeline) -> str:
    """The timeline as OpenTimelineIO's own JSON."""
    return str(_timeline(timeline, float(timeline.rate)).to_json_string(indent=2)) + "\n"


def edl(timeline: Timeline) -> str:
    """CMX 3600, by frames: drop-frame timecode where told, else every frame has a number, whatever the
    rate.
    """
    rate = (
        float(timeline.rate)
        if timeline.drop_frame
        else float(-(-timeline.rate.numerator // timeline.rate.denominator))
    )
    # The adapter would drop numbers at 29.97 and 59.94 in any case; at a whole rate it counts every frame.
    otio_timeline = _timeline(timeline, rate, sound=False)
    for cut, clip in zip(timeline.cuts, otio_timeline.tracks[0], strict=True):
        clip.metadata["cmx_3600"] = {
            "reel": reel(timeline),
            "comments": [f"COMMENT: {comment_of(timeline, cut, SPOKEN)}"],
        }
        clip.name = timeline.file_name  # FROM CLIP NAME is by what editors look for the file
        clip.markers.clear()  # the adapter writes them in source time, where readers expect record time
    text = str(adapter("cmx_3600").write_to_string(otio_timeline, rate=rate))
    head, _, events = text.partition("\n\n")  # the adapter writes no FCM line
    if timeline.has_sound:  # nor events of picture and sound together; AA/V is both channels and the picture
        events = re.sub(r"^(\d{3}  .{8} )V    ", r"\1AA/V ", events, flags=re.MULTILINE)
    return f"{head}\nFCM: {'DROP FRAME' if timeline.drop_frame else 'NON-DROP FRAME'}\n\n{events}"


def reel(timeline: Timeline) -> str:
    """Up to eight letters and digits for a tape machine's label: of the file's name, or of its hash where
    there are none.
    """
    word = re.sub(r"[^A-Z0-9]+", "", Path(timeline.video.path).stem.upper())[:8]
    digest = hashlib.sha256(
        (timeline.video.sha256 + timeline.video.path).encode("utf-8", "replace")
    ).hexdigest()
    return word if len(word) > 1 and word not in SPECIAL_REELS else f"MS{digest[:6].upper()}"


def premiere(timeline: Timeline) -> str:
    """FCP 7 XML (xmeml 4), as Premiere, Resolve and Avid read it."""
    otio_timeline = _timeline(timeline, float(timeline.rate), from_timecode=False)
    code = {"displayformat": "DF" if timeline.drop_frame else "NDF"}
    size = {"width": timeline.video.width_px, "height": timeline.video.height_px}
    otio_timeline.metadata["fcp_xml"] = {
        "timecode": code,
        "media": {"video": {"format": {"samplecharacteristics": size}}},
    }
    for number, track in enumerate(otio_timeline.tracks):
        for cut, clip in zip(timeline.cuts, track, strict=True):
            clip.metadata["fcp_xml"] = {"comments": {"mastercomment1": comment_of(timeline, cut)}}
            clip.media_reference.metadata["fcp_xml"] = {"timecode": code}
            clip.media_reference.available_range = _span(
                timeline.start_frame, timeline.n_frames, float(timeline.rate)
            )
            first = clip.source_range.start_time.value + timeline.start_frame
            clip.source_range = _span(
                first, cut.end - cut.first, float(timeline.rate)
            )  # markers stay: xmeml counts them from the file's begin
            if number:  # else the adapter takes the sound for a second mention of the same clip item
                clip.metadata["fcp_xml"]["sourcetrack"] = {"mediatype": "audio", "trackindex": number}
    text = str(adapter("fcp_xml").write_to_string(otio_timeline))
    return text.replace(
        '<?xml version="1.0" ?>', '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>', 1
    )


def _timeline(timeline: Timeline, rate: float, sound: bool = True, from_timecode: bool = True) -> Any:
    """The otio.schema.Timeline; frames of the source count from its timecode, or from 0."""
    import opentimelineio as otio

    start = timeline.start_frame if from_timecode else 0
    otio_timeline = otio.schema.Timeline(
        name=timeline.title, global_start_time=otio.opentime.RationalTime(0, rate)
    )
    otio_timeline.metadata["momentscan"] = {
        "engine": timeline.engine,
        "sha256": timeline.video.sha256,
        "rate": str(timeline.rate),
    }
    for kind, name in (("Video", "V1"), ("Audio", "A1"))[: 2 if sound and timeline.has_sound else 1]:
        track = otio.schema.Track(name=name, kind=kind)
        otio_timeline.tracks.append(track)
        for cut in timeline.cuts:
            media = otio.schema.ExternalReference(timeline.url, _span(start, timeline.n_frames, rate))
            media.name = timeline.file_name
            source = _span(start + cut.first, cut.end - cut.first, rate)
            clip = otio.schema.Clip(
                clean(cut.range.name or timeline.title),
                media,
                source,
                {"momentscan": _metadata(timeline, cut)},
            )
            if kind == "Video":
                clip.markers.append(
                    otio.schema.Marker("peak", _span(start + cut.peak, 1, rate), otio.schema.MarkerColor.RED)
                )
            track.append(clip)
    return otio_timeline


def _span(first: float, length: float, rate: float) -> Any:
    from opentimelineio.opentime import RationalTime, TimeRange

    return TimeRange(RationalTime(first, rate), RationalTime(length, rate))


def _metadata(timeline: Timeline, cut: TimelineRange) -> dict[str, object]:
    found = cut.range
    return {
        "engine": timeline.engine,
        "told_as": timeline.told_as,
        "window_id": found.window_id,
        "score": float(found.score) if math.isfinite(found.score) else None,
        "why": clean(found.why, longest=1000),
        "start_ms": round(found.start_s * 1000, 3),
        "end_ms": round(found.end_s * 1000, 3),
        "peak_ms": round(found.peak_s * 1000, 3),
    }


def adapter(name: str) -> ModuleType:
    """An adapter's own module: its plain functions run no hooks and no media linkers of the environment."""
    import opentimelineio as otio

    module: ModuleType = otio.adapters.from_name(name).module()
    return module


FORMATS: dict[str, Callable[[Timeline], Any]] = {
    "otio": otio,
    "edl": edl,
    "fcpxml": fcpxml,
    "premiere": premiere,
    "csv": losslesscut,
    "chapters": chapters,
    "vtt": webvtt,
    "labelstudio": labelstudio,
    "cvat": cvat,
}
"""What `--format` may name."""

SUFFIXES: dict[str, tuple[str, ...]] = {
    "otio": (".otio",),
    "edl": (".edl",),
    "fcpxml": (".fcpxml",),
    "premiere": (".xml",),
    "csv": (".csv",),
    "chapters": (".chapters.txt",),
    "vtt": (".vtt",),
    "labelstudio": (".labelstudio.json", ".labelstudio.xml"),
    "cvat": (".cvat.json",),
}
"""What the files of a format end in."""
