"""Faces of tracks in the frames of the moments, for labelling tools."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from momentscan.export.labels import FaceLabel
from momentscan.export.timeline import Timeline, frame_at
from momentscan.signals import Signals
from momentscan.signals.boxes import boxes_px

LOST_S = 1.0
"""A track that is not seen for so long is drawn no further; faces are looked for some 5 times a second."""


def face_labels(signals: Signals, timeline: Timeline) -> tuple[FaceLabel, ...]:
    """Where a track is lost, its last box is told to end."""
    if "faces.track" not in signals or "faces.bbox" not in signals:
        return ()
    frames = np.array([frame_at(t, timeline.rate) for t in signals["faces.time_s"].tolist()], np.int64)
    inside = np.zeros(len(frames), bool)
    for cut in timeline.cuts:
        inside |= (frames >= cut.first) & (frames < cut.end)
    rows = np.flatnonzero(inside & (signals["faces.track"] >= 0))
    lost, found = max(1, math.ceil(LOST_S * timeline.rate)), []
    for track in np.unique(signals["faces.track"][rows]).tolist():
        own = rows[signals["faces.track"][rows] == track]
        boxes = zip(own, boxes_px(signals, own).tolist(), strict=True)
        labels = [FaceLabel(int(frames[r]), track, tuple(box)) for r, box in boxes]
        found += _ended(labels, lost, timeline.n_frames)
    return tuple(found)


def _ended(labels: Sequence[FaceLabel], lost: int, n_frames: int) -> list[FaceLabel]:
    """One box a frame; after each that no other follows within `lost` frames, one that ends it."""
    single = list({label.frame: label for label in labels}.values())
    found: list[FaceLabel] = []
    for label, after in itertools.zip_longest(single, single[1:]):
        found.append(label)
        if (after is None or after.frame - label.frame > lost) and label.frame + 1 < n_frames:
            found.append(FaceLabel(label.frame + 1, label.track, label.box_px, outside=True))
    return found
