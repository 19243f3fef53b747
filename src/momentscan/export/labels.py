"""Moments as labels to correct: tasks for Label Studio (video timeline) and annotations for CVAT (Datumaro
JSON).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from momentscan.export.timeline import Timeline, TimelineRange, clean

LABEL = "moment"
FACE = "face"


@dataclass(frozen=True)
class FaceLabel:
    """A face in a frame of the nominal rate: whose track, and its box x1, y1, x2, y2 in px of the video as
    shown.

    `outside`: from this frame on it is not seen; CVAT draws boxes on until it is told so.
    """

    frame: int
    track: int
    box_px: tuple[float, float, float, float]
    outside: bool = False


def labelstudio(timeline: Timeline) -> str:
    """One task with our moments as predictions, which people then correct; the frames count from 1 and the
    last is part of the range.

    The video is looked for through local storage (`/data/local-files/?d=`), relative to
    LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT.
    """
    results = [
        {
            "id": f"window_{cut.range.window_id}_{number}",
            "type": "timelinelabels",
            "from_name": "moments",
            "to_name": "video",
            "origin": "prediction",
            "score": round(float(cut.range.score), 6),
            "value": {"ranges": [{"start": cut.first + 1, "end": cut.end}], "timelinelabels": [LABEL]},
            "meta": {"text": [_text(cut)]},
        }
        for number, cut in enumerate(timeline.cuts, 1)
    ]
    prediction = {"model_version": f"momentscan {timeline.engine}", "result": results}
    data = {
        "video": f"/data/local-files/?d={quote(timeline.file_name)}",
        "title": timeline.title,
        "sha256": timeline.video.sha256,
    }
    return _json([{"data": data, "predictions": [prediction]}])


def labelling(timeline: Timeline) -> str:
    """The labelling configuration that a Label Studio project needs for these tasks; its frame rate is the
    timeline's.
    """
    view = ElementTree.Element("View")
    labels = ElementTree.SubElement(view, "TimelineLabels", name="moments", toName="video")
    ElementTree.SubElement(labels, "Label", value=LABEL)
    ElementTree.SubElement(
        view,
        "Video",
        name="video",
        value="$video",
        frameRate=f"{float(timeline.rate):.6g}",
        timelineHeight="120",
    )
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def cvat(timeline: Timeline, faces: Sequence[FaceLabel] = ()) -> str:
    """Datumaro 1.0 JSON, which CVAT imports into a video task with the labels `moment` (a tag) and `face` (a
    box).

    Every frame of a moment carries the tag; faces with a number are tracks. Frames count from 0.
    """
    tags: dict[int, list[TimelineRange]] = {}
    for cut in timeline.cuts:
        for frame in range(cut.first, cut.end):
            tags.setdefault(frame, []).append(cut)
    boxes: dict[int, list[FaceLabel]] = {}
    for face in faces:
        boxes.setdefault(face.frame, []).append(face)
    items = [
        _item(frame, tags.get(frame, []), boxes.get(frame, []))
        for frame in sorted(tags.keys() | boxes.keys())
    ]
    names = [LABEL, FACE] if faces else [LABEL]
    labels = [{"name": name, "parent": "", "attributes": []} for name in names]
    info = {
        "engine": timeline.engine,
        "video": timeline.file_name,
        "sha256": timeline.video.sha256,
        "rate": str(timeline.rate),
    }
    return _json(
        {"info": info, "categories": {"label": {"labels": labels, "attributes": []}}, "items": items}
    )


def _item(frame: int, cuts: Sequence[TimelineRange], faces: Sequence[FaceLabel]) -> dict[str, object]:
    tags = [
        {"type": "label", "label_id": 0, "group": 0, "attributes": {"window_id": cut.range.window_id}}
        for cut in cuts
    ]
    boxes = [_box(face) for face in faces]
    annotations = [{"id": number, **annotation} for number, annotation in enumerate([*tags, *boxes])]
    return {"id": f"frame_{frame:06d}", "annotations": annotations, "attr": {"frame": frame}}


def _box(face: FaceLabel) -> dict[str, object]:
    x1, y1, x2, y2 = (round(float(v), 2) for v in face.box_px)
    attributes = {"track_id": face.track, "keyframe": True, "occluded": False, "outside": face.outside}
    size = [round(x2 - x1, 2), round(y2 - y1, 2)]
    return {
        "type": "bbox",
        "label_id": 1,
        "group": 0,
        "z_order": 0,
        "attributes": attributes,
        "bbox": [x1, y1, *size],
    }


def _text(cut: TimelineRange) -> str:
    return clean(f"{cut.range.name} {cut.range.why}", longest=1000)


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
