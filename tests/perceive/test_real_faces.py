"""What no drawn disc can show: real faces that are tiny, masked, or behind a hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import fakes
import worlds
from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.models.detectors import DETECTOR, FaceDetector
from momentscan.models.landmarks import LANDMARKS
from momentscan.select.gate import Gate
from momentscan.signals import Signals
from momentscan.values import Batch

pytestmark = [pytest.mark.weights, pytest.mark.media]

SEEING = (*fakes.PEOPLE, "face_quality", "head", "crops")


@pytest.fixture
def detector(models_folder: Path) -> FaceDetector:
    found = DETECTOR.open("auto", models_folder, "cpu")
    assert found is not None
    return found


def shown(video: Path) -> list[np.ndarray]:
    """Five frames a second."""
    with open_video(video) as opened:
        return [f for b in opened.batches(SamplingOptions(grid_hz=5.0), 480) for f in b.frames]


def seen(frames: list[np.ndarray], detector: FaceDetector, models_folder: Path) -> Signals:
    time_s = np.arange(len(frames)) / 5
    whole: Batch = worlds.batch(frames, time_s, 0.0, len(frames) / 5)
    landmarks = LANDMARKS.open("auto", models_folder)
    return fakes.watched(
        [whole],
        SEEING,
        faces={"detector": detector},
        tracks={"face_id": None},
        head={"landmarks": landmarks},
        crops={"pose": None},
    )


@pytest.mark.parametrize(("face_px", "found"), [(6, 0), (16, 1), (32, 1)])
def test_a_face_of_sixteen_pixels_is_found_and_too_small_for_a_still(
    face_px: int, found: int, detector: FaceDetector, models_folder: Path, media_folder: Path
) -> None:
    """In a picture of 640 px; one of six is not found. None of them stops anything."""
    near = shown(media_folder / "faces" / "lp_s18.mp4")[0]
    box = detector.detect(near).bbox[0]
    scale = face_px / float(box[3] - box[1])
    frames = []
    for i in range(10):
        far = worlds.backdrop(0, (360, 640))
        small = cv2.resize(near, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        far[100 : 100 + small.shape[0], 200 + i : 200 + i + small.shape[1]] = small
        frames.append(far)
    signals = seen(frames, detector, models_folder)
    if not found:
        assert signals["frames.n_faces"].tolist() == [0] * 10
    else:
        assert (signals["frames.n_faces"] >= 1).all()
        rows = np.arange(signals.rows("faces.time_s"))
        assert np.isfinite(signals["faces.sharpness"]).all()
        assert Gate()(signals, rows)["gate.detect.area"].all()


@pytest.mark.parametrize(
    "colour", [(90, 160, 200), (240, 240, 240), (20, 20, 20)], ids=["blue", "white", "black"]
)
def test_a_mask_is_seen_and_makes_no_still(
    colour: tuple[int, int, int], detector: FaceDetector, models_folder: Path, media_folder: Path
) -> None:
    bare = shown(media_folder / "faces" / "lp_s32.mp4")[:5]
    masked = [mask(f, detector, colour) for f in bare]
    for frames, hidden in ((bare, False), (masked, True)):
        signals = seen(frames, detector, models_folder)
        assert ((signals["faces.occlusion"] > 0.3) == hidden).all()
        assert (
            Gate()(signals, np.arange(signals.rows("faces.time_s")))["gate.occlusion.face"] == hidden
        ).all()


def mask(frame: np.ndarray, detector: FaceDetector, colour: tuple[int, int, int]) -> np.ndarray:
    """The face with everything from the bridge of the nose to the chin painted over."""
    found = detector.detect(frame)
    left, top, right, bottom = found.bbox[0].tolist()
    x, y = found.points[0, 2].tolist()
    high, wide = bottom - top, right - left
    outline = [
        (left, y - 0.05 * high),
        (x, y - 0.1 * high),
        (right, y - 0.05 * high),
        (right - 0.15 * wide, bottom),
        (left + 0.15 * wide, bottom),
    ]
    painted = frame.copy()
    cv2.fillPoly(painted, [np.array(outline).astype(np.int32)], colour)
    return painted


def test_hands_over_a_face_are_seen(detector: FaceDetector, models_folder: Path, media_folder: Path) -> None:
    """faces/makeup_test: a hand is over the face from 2.4 s on, more often than not; before that it is not."""
    signals = seen(shown(media_folder / "faces" / "makeup_test.avi"), detector, models_folder)
    hidden, time_s = signals["faces.occlusion"] > 0.3, signals["faces.time_s"]
    assert not hidden[time_s < 2.2].any()
    assert hidden[(time_s > 2.4) & (time_s < 5.3)].mean() > 0.6
    assert Gate()(signals, np.flatnonzero(hidden))["gate.occlusion.face"].all()
