"""Shots: PySceneDetect's adaptive detector on the frames of the one pass, its cuts dated to the frame by the
thumbs of all frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import FrameTimecode
from scenedetect.common import Timecode
from scenedetect.detectors import AdaptiveDetector

from momentscan.perceive import shrunk
from momentscan.values import Batch, Columns, Series

SHORT_SIDE_PX = 90
"""Cuts are as plain at 160 × 90 as at full size; PySceneDetect itself scales 1080p down by as much."""

MIN_SHOT = "0.6s"
"""evaluation.md, published figures: best single setting Adaptive(3.5, width 3, .6 s); the rest are the
library's defaults.
"""

TICK = Fraction(1, 90_000)
"""Time base of MPEG systems: exact for any usual rate."""


class Scenes:
    """Writes the content value of each sampled frame, and at the end the shots."""

    name = "scenes"
    version = "1"
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("frames.content_change", "scenes.start_s", "scenes.end_s")
    short_side_px = SHORT_SIDE_PX
    made_by: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._tap = _Tap()
        self._detector = AdaptiveDetector(min_scene_len=MIN_SHOT)
        self._detector.stats_manager = self._tap
        self._thumb: NDArray[np.uint8] | None = None
        self._recent: list[tuple[int, float]] = []
        self._cuts: list[float] = []
        self._before_s: float | None = None
        self._end_s = 0.0

    def process(self, batch: Batch, seen: Columns) -> Columns:
        thumb_changes = self._thumb_changes(batch)
        values = np.full(len(batch.frames), np.nan, np.float32)
        for i, (frame, time_s) in enumerate(zip(batch.frames, batch.time_s, strict=True)):
            first = self._before_s is None
            between = (batch.thumb_s > (self._before_s or 0.0)) & (batch.thumb_s <= time_s)
            exact_s = _largest(batch.thumb_s[between], thumb_changes[between], float(time_s))
            tick = round(float(time_s) / TICK)
            self._recent = [*self._recent[-8:], (tick, exact_s)]
            small = cv2.cvtColor(shrunk(frame, SHORT_SIDE_PX), cv2.COLOR_RGB2BGR)
            for cut in self._detector.process_frame(
                FrameTimecode(Timecode(tick, TICK), fps=float(1 / TICK)), small
            ):
                self._cuts += [exact for at, exact in self._recent if at == round(cut.seconds / TICK)]
            values[i] = np.nan if first else self._tap.content_val
            self._before_s = float(time_s)
        self._end_s = batch.end_s
        return {"frames.content_change": values}

    def finish(self) -> Columns:
        return self.snapshot()

    def snapshot(self) -> Columns:
        """What `finish` would say now; the last shot may go on."""
        starts = np.array([0.0, *self._cuts])
        return {"scenes.start_s": starts, "scenes.end_s": np.array([*self._cuts, self._end_s])}

    def _thumb_changes(self, batch: Batch) -> Series:
        """(K,) mean change of each thumb since the one before, over batches."""
        if not len(batch.thumbs):
            return np.zeros(0)
        first = batch.thumbs[:1] if self._thumb is None else self._thumb[None]
        self._thumb = batch.thumbs[-1]
        changes = np.abs(np.diff(np.concatenate([first, batch.thumbs]).astype(np.int16), axis=0))
        return np.asarray(changes.mean(axis=(1, 2)), np.float64)


def _largest(times_s: Series, changes: Series, default_s: float) -> float:
    return float(times_s[np.argmax(changes)]) if len(times_s) else default_s


class _Tap:
    """A stats manager that keeps only the last content value: PySceneDetect's own keeps all, which grows with
    the video.
    """

    content_val = float("nan")

    def register_metrics(self, metric_keys: Any) -> None:
        pass

    def metrics_exist(self, timecode: Any, metric_keys: Any) -> bool:
        return False

    def get_metrics(self, timecode: Any, metric_keys: Any) -> list[None]:
        return [None for _ in metric_keys]

    def set_metrics(self, timecode: Any, metric_kv_dict: Mapping[str, Any]) -> None:
        if "content_val" in metric_kv_dict:
            self.content_val = float(metric_kv_dict["content_val"])
