"""Where a body is looked for, and what is found there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.models.catalogue import weight
from momentscan.models.pose import (
    BLAZE_TO_COCO,
    BODY_POSE,
    COCO,
    BodyPose,
    MediaPipePose,
    MoveNet,
    letterbox,
    person_roi,
)
from momentscan.models.weights import locate

NOSE, LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_WRIST, RIGHT_WRIST = (
    COCO.index(name) for name in ("nose", "left_shoulder", "right_shoulder", "left_wrist", "right_wrist")
)
Frame = NDArray[np.uint8]


class FakeNet:
    """Finds every point in the middle of the square, and keeps what it was shown."""

    def __init__(self, *outputs: NDArray[Any]) -> None:
        self.outputs = list(outputs)
        self.shown: list[NDArray[Any]] = []

    def run(self, feeds: list[NDArray[Any]]) -> list[NDArray[Any]]:
        self.shown += feeds
        return self.outputs


def test_the_region_is_five_faces_wide_and_eight_high() -> None:
    np.testing.assert_allclose(
        person_roi(np.array([500, 300, 560, 380], np.float32), (1000, 1000)), [380, 220, 680, 860]
    )


def test_the_region_reaches_past_the_frame_by_one_frame_at_most() -> None:
    np.testing.assert_allclose(
        person_roi(np.array([0, 0, 90, 95], np.float32), (100, 100)), [-100, -95, 200, 200]
    )


@given(st.floats(-50, 200), st.floats(-50, 200), st.floats(10, 400), st.floats(10, 400))
def test_the_whole_region_lies_in_the_middle_of_the_square(
    x: float, y: float, width: float, height: float
) -> None:
    into = letterbox(np.array([x, y, x + width, y + height], np.float32), 192)
    corners = np.array([[x, y, 1], [x + width, y + height, 1]]) @ into.T
    np.testing.assert_allclose(corners.mean(axis=0), [96, 96], atol=0.01)
    assert np.ptp(corners, axis=0).max() == pytest.approx(192, abs=0.1)


def test_points_are_told_in_the_frame() -> None:
    box = np.array([100, 50, 200, 250], np.float32)
    frame = np.full((300, 400, 3), 255, np.uint8)
    move = FakeNet(
        np.tile(np.array([0.5, 0.25, 0.8], np.float32), (1, 1, 17, 1))
    )  # y, x, confidence in shares of the square
    np.testing.assert_allclose(
        MoveNet(move).estimate(frame, box), np.tile([100, 150, 0.8], (17, 1)), atol=1e-3
    )  # type: ignore[arg-type]
    assert (move.shown[0].shape, move.shown[0].dtype) == ((1, 192, 192, 3), np.uint8)
    point = np.array([64, 128, 0, 0, 60], np.float32)  # x, y, z in px, logits of visible and present
    blaze = FakeNet(np.tile(point, 39)[None], np.array([[0.9]], np.float32))
    np.testing.assert_allclose(
        MediaPipePose(blaze).estimate(frame, box), np.tile([100, 150, 0.45], (17, 1)), atol=1e-3
    )  # type: ignore[arg-type]
    assert (blaze.shown[0].max(), blaze.shown[0].dtype) == (1, np.float32)


def test_both_orders_name_the_same_joints() -> None:
    assert len(COCO) == len(set(COCO)) == len(BLAZE_TO_COCO) == 17
    # BlazePose: 0 nose, 2 left eye, 5 right eye, 7/8 ears, then pairs from the shoulders (11, 12) to the
    # wrists, hips (23, 24) to ankles
    assert [BLAZE_TO_COCO[COCO.index(name)] for name in ("nose", "right_eye", "left_wrist", "right_hip")] == [
        0,
        5,
        15,
        24,
    ]


def test_auto_is_none_where_nothing_is_here(tmp_path: Path) -> None:
    assert BODY_POSE.open("auto", tmp_path) is None
    assert BODY_POSE.open("none", tmp_path) is None
    assert BODY_POSE.auto == ("movenet", "mediapipe-pose")


def test_a_named_one_without_weights_says_what_to_run(tmp_path: Path) -> None:
    for name, row in (("movenet", "movenet"), ("mediapipe-pose", "pose-landmarks")):
        with pytest.raises(MissingModel, match=f"run: momentscan models pull {row}"):
            BODY_POSE.open(name, tmp_path)
    with pytest.raises(UsageError, match="there is no body pose 'nope'"):
        BODY_POSE.open("nope", tmp_path)


def test_present_but_wrong_weights_are_an_error_not_a_step_down(tmp_path: Path) -> None:
    (tmp_path / weight("movenet").file).write_bytes(b"wrong")
    with pytest.raises(BadWeights, match="expected cd7cc22f"):
        BODY_POSE.open("auto", tmp_path)


# ---- real bodies


def opened(name: str, folder: Path) -> BodyPose:
    kind = BODY_POSE.kinds[name]
    if locate(kind.weight, folder) is None:
        pytest.skip(f"{kind.weight.file} is not here")
    return kind.open(folder)


def bodies(
    net: BodyPose, video: Path, folder: Path, start_s: float, end_s: float
) -> list[tuple[NDArray[np.float32], float]]:
    """(points of the body, distance of its nose from the detector's in face widths) for each face between two
    times.
    """
    from momentscan.models.detectors import YuNet

    detector = YuNet.open(folder, "cpu")
    found = []
    with open_video(video) as shown:
        for batch in shown.batches(SamplingOptions(grid_hz=2.5), 336):
            for frame, time_s in zip(batch.frames, batch.time_s, strict=True):
                faces = detector.detect(frame) if start_s <= time_s <= end_s else None
                if faces is not None and len(faces.score):
                    body = net.estimate(frame, person_roi(faces.bbox[0], frame.shape[:2]))
                    width = faces.bbox[0, 2] - faces.bbox[0, 0]
                    found.append((body, float(np.linalg.norm(body[NOSE, :2] - faces.points[0, 2]) / width)))
    return found


@pytest.mark.weights
@pytest.mark.media
@pytest.mark.parametrize("name", BODY_POSE.auto)
def test_raised_arms_are_above_the_shoulders(name: str, models_folder: Path, media_folder: Path) -> None:
    net = opened(name, models_folder)
    video = media_folder / "faces" / "birthday.mp4"
    for span_s, above in (((10.6, 12.0), True), ((7.2, 8.2), False), ((13.0, 16.0), False)):
        seen = bodies(net, video, models_folder, *span_s)
        assert len(seen) >= 3
        for body, _ in seen:
            wrists, shoulders = body[[LEFT_WRIST, RIGHT_WRIST], 1], body[[LEFT_SHOULDER, RIGHT_SHOULDER], 1]
            assert (wrists < shoulders).all() if above else (wrists > shoulders).all()
            assert body[[LEFT_SHOULDER, RIGHT_SHOULDER], 2].min() > 0.4


@pytest.mark.weights
@pytest.mark.media
@pytest.mark.parametrize("name", BODY_POSE.auto)
def test_the_nose_is_where_the_face_is(name: str, models_folder: Path, media_folder: Path) -> None:
    net = opened(name, models_folder)
    for video in ("multi/bedroom_kids.mp4", "faces/lp_s29.mp4"):
        seen = bodies(net, media_folder / video, models_folder, 0, 10)
        assert np.median([miss for _, miss in seen]) < 0.25
        assert (
            np.median([body[LEFT_SHOULDER, 0] - body[RIGHT_SHOULDER, 0] for body, _ in seen]) > 0
        )  # the subject's left is on the right


@pytest.mark.weights
def test_nobody_is_not_somebody(models_folder: Path) -> None:
    net = opened("movenet", models_folder)
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    assert np.median(net.estimate(noise, np.array([0, 0, 300, 300], np.float32))[:, 2]) < 0.3
