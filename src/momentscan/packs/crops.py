"""Crops of reference images: those that are there already, and those that are cut out of the video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.disk.packs import Crop, kept_crops
from momentscan.knobs import knob_values
from momentscan.media import stills
from momentscan.models.chosen_models import Models
from momentscan.packs.choice import PackChoice
from momentscan.packs.cropping import FaceCrop, FaceWanted, crop_faces
from momentscan.progress import Progress, Step
from momentscan.records.plain import Json
from momentscan.signals import Signals
from momentscan.signals.boxes import whole_boxes
from momentscan.values import Box

Rows = tuple[int, ...]
"""Rows of `faces` that one crop shows: one, or two for a pair."""

Known = Sequence[NDArray[np.float64] | None]
"""Of each face of a crop the (K, D) vectors that are its person's; None where identity is not known."""

CropsBefore = Mapping[tuple[int, tuple[Box, ...]], Crop]
"""(frame_idx, boxes of the faces) -> a crop that is there already."""

NOT_CUT = "was not cut before, and nothing can be cut now"


class CropStore:
    """The crops of one video while its packs are made: what was cut, and what was refused with the reason.

    `before`: the only crops there are; None: those that the folder holds, and what the video gives for the
    rest.
    """

    def __init__(
        self,
        signals: Signals,
        folder: Path,
        models: Models | None,
        choice: PackChoice,
        tau: float | None,
        before: CropsBefore | None,
    ) -> None:
        self._signals, self._choice, self._tau = signals, choice, tau
        self._detector = models.detector if models is not None else None
        self._face_id = _same_face_id(models, signals)
        self.cut: dict[Rows, Crop] = {}
        self.refused: dict[Rows, str] = {}
        self._made_by = self._how()
        source = Path(signals.video.path)
        there = source.is_file() and source.stat().st_size == signals.video.size_bytes
        self.cuts_anew = before is None and self._detector is not None and there
        crops = kept_crops(folder) if before is None else before
        self._before = {k: c for k, c in crops.items() if not self.cuts_anew or c.made_by == self._made_by}

    @property
    def identifies_again(self) -> bool:
        """Whether the model that made the log's Face-ID vectors is here."""
        return self._face_id is not None

    def fetch(self, missing: Mapping[Rows, Known], on_progress: Progress) -> bool:
        """Takes over or cuts; whether anything was refused, so that others must be chosen."""
        left = {rows: known for rows, known in missing.items() if not self.taken_over(rows)}
        if not left:
            return False
        if not self.cuts_anew:
            self.refused |= dict.fromkeys(left, NOT_CUT)
            return True
        before = len(self.refused)
        self._cut(left, on_progress)
        for rows in left:
            if rows not in self.cut:
                self.refused.setdefault(rows, "its frame could not be reached")
        return len(self.refused) > before

    def taken_over(self, rows: Rows) -> bool:
        """Whether there is such a crop already; then it is ours."""
        frame_idx = int(self._signals["faces.frame_idx"][rows[0]])
        crop = self._before.get((frame_idx, whole_boxes(self._signals, rows)))
        if crop is not None:
            self.cut[rows] = crop
        return crop is not None

    def _cut(self, left: Mapping[Rows, Known], on_progress: Progress) -> None:
        by_time: dict[float, list[Rows]] = {}
        for rows in left:
            by_time.setdefault(float(self._signals["faces.time_s"][rows[0]]), []).append(rows)
        done = 0

        def keep(time_s: float, frame: NDArray[np.uint8]) -> None:
            nonlocal done
            done += 1
            on_progress(Step("cutting references", done, len(by_time), "items"))
            for rows in by_time[time_s]:
                self._keep(rows, frame, left[rows])

        stills(self._signals.video, list(by_time), self._choice.limits, keep, self._choice.clock)

    def _keep(self, rows: Rows, frame: NDArray[np.uint8], known: Known) -> None:
        detector = self._detector
        assert detector is not None
        boxes = whole_boxes(self._signals, rows)
        wanted = [FaceWanted(box, vectors) for box, vectors in zip(boxes, known, strict=True)]
        others, tau = self._others(rows), self._tau or -1.0
        found = crop_faces(frame, wanted, others, detector, self._face_id, tau, self._choice.cutting)
        if isinstance(found, FaceCrop):
            self.cut[rows] = Crop(*found, self._made_by)
        else:
            self.refused[rows] = found

    def _others(self, rows: Rows) -> tuple[Box, ...]:
        """Everybody else's faces in the same frame."""
        times = self._signals["faces.time_s"]
        a, b = np.searchsorted(times, times[rows[0]], "left"), np.searchsorted(times, times[rows[0]], "right")
        return whole_boxes(self._signals, [r for r in range(int(a), int(b)) if r not in rows])

    def _how(self) -> Json:
        """What a crop depends on beside its frame: crops that were cut otherwise are not taken over."""
        detector, face_id = self._detector, self._face_id
        return {
            "detector": detector.version if detector is not None else None,
            "face_id": face_id.version if face_id is not None else None,
            **knob_values(self._choice.cutting),
        }


def _same_face_id(models: Models | None, signals: Signals) -> Any:
    """The model that made the log's vectors, if it is here: others' cannot be compared."""
    model = models.face_id if models is not None else None
    same = model is not None and model.version == signals.made_by.get("face_ids.embedding")
    return model if same else None
