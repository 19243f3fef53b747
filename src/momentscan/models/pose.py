"""Where the joints of one body are: two networks with the same 17 points, and the region around a face in
which they look.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.litert import LiteRt, open_litert
from momentscan.models.slots import Slot
from momentscan.models.weights import require, verify

Frame = NDArray[np.uint8]
"""(H,W,3) uint8 RGB."""

Points = NDArray[np.float32]

COCO = (
    "nose",
    *(
        "left_eye",
        "right_eye",
        "left_ear",
        "right_ear",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
    ),
    *(
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
    ),
)
"""The 17 points of COCO in their order; left and right are the subject's."""

FACE_WIDTHS, FACES_ABOVE, FACES_BELOW = 5.0, 1.0, 6.0
"""A person around a face box: an adult is 7.5 to 8 heads tall and 2 to 3 wide at the shoulders (Loomis,
Figure Drawing, 1943), and a detector's box is about three quarters of a head; so this reaches the knees, and
wrists beside or above the head.
"""


class BodyPose(Protocol):
    """`version` names the points (network, weights, preprocessing): only numbers of one version may be
    compared.
    """

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self: ...

    def estimate(self, frame: Frame, box: Points) -> Points: ...


def person_roi(face_box: Points, frame_hw: tuple[int, int]) -> Points:
    """Face box (4,) x1, y1, x2, y2 in px -> the region (4,) in which the body is looked for.

    It reaches past the frame where the person does, by one frame at most: cut off at the edges, half bodies
    lose their arms (shoulders of MediaPipePose on birthday.mp4: confidence 0.35 instead of 0.97).
    """
    x1, y1, x2, y2 = (float(v) for v in face_box)
    half, height = FACE_WIDTHS * (x2 - x1) / 2, y2 - y1
    middle = (x1 + x2) / 2
    region = [middle - half, y1 - FACES_ABOVE * height, middle + half, y2 + FACES_BELOW * height]
    limits = np.array([frame_hw[1], frame_hw[0]] * 2)
    return np.clip(region, -limits, 2 * limits).astype(np.float32)


class _Poser:
    """What both networks share: the region, scaled into a square, in; points in px of the frame out."""

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None = None
    _side_px: ClassVar[int]

    def __init__(self, network: LiteRt) -> None:
        self._network = network

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Self:
        """Raises MissingModel if the weights are not here, BadWeights if they are other ones. Runs on the
        CPU, whatever the device.
        """
        assert cls.weight is not None
        path = require(cls.weight, folder)
        opened = cls(open_litert(path))
        opened.sha256 = verify(path, cls.weight)
        return opened

    def estimate(self, frame: Frame, box: Points) -> Points:
        """Frame (H,W,3) and the person's region (4,) x1, y1, x2, y2 in px -> (17,3): x, y in px of the frame,
        confidence 0-1; COCO order.

        Always gives points; where there is no body, none has a confidence worth the name.
        """
        into = letterbox(box, self._side_px)
        square = cv2.warpAffine(
            frame, into, (self._side_px, self._side_px), flags=cv2.INTER_LINEAR
        )  # black around it, as in training
        found = self._read(self._network.run([self._feed(square)]))
        found[:, :2] = (found[:, :2] - into[:, 2]) / into[0, 0]
        return found

    def _feed(self, square: Frame) -> NDArray[Any]:
        """(S,S,3) uint8 -> the network's input."""
        raise NotImplementedError

    def _read(self, outputs: list[NDArray[Any]]) -> Points:
        """The network's outputs -> (17,3): x, y in px of the square, confidence."""
        raise NotImplementedError


class MoveNet(_Poser):
    """MoveNet single pose lightning, quantised (Google 2021)."""

    name = "movenet"
    version = "movenet-lightning-ptq-v1"
    weight = row("movenet_single_pose_lightning_ptq.tflite")
    _side_px = 192

    def _feed(self, square: Frame) -> NDArray[np.uint8]:
        return square[None]

    def _read(self, outputs: list[NDArray[Any]]) -> Points:
        y, x, confidence = outputs[0].reshape(17, 3).T.astype(np.float32)
        places: Points = np.stack([x * self._side_px, y * self._side_px, confidence], axis=1)
        return places


BLAZE_TO_COCO = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
"""Which of BlazePose's 33 landmarks (Bazarevsky et al. 2020) are COCO's 17; both name the subject's left
first.
"""


class MediaPipePose(_Poser):
    """MediaPipe's pose landmarks (BlazePose full) without its person detector.

    The network wants the hips near the middle of its square, as person_roi puts them; it is of little use in
    a region without legs' room.
    """

    name = "mediapipe-pose"
    version = "mediapipe-pose-full-0.10.21-v1"
    weight = row("pose_landmark_full.tflite")
    _side_px = 256

    def _feed(self, square: Frame) -> NDArray[np.float32]:
        shares: NDArray[np.float32] = np.divide(square[None], 255, dtype=np.float32)
        return shares

    def _read(self, outputs: list[NDArray[Any]]) -> Points:
        found, person = outputs[0].reshape(39, 5)[list(BLAZE_TO_COCO)], float(outputs[1].ravel()[0])
        seen = 1 / (1 + np.exp(-np.clip(found[:, 3:5], -60, 60)))  # logits of: not hidden, within the square
        return np.column_stack([found[:, :2], seen.min(axis=1) * person]).astype(np.float32)


BODY_POSE: Slot[BodyPose] = Slot(
    "body_pose",
    what="body pose",
    purpose="body pose",
    kinds={kind.name: kind for kind in (MoveNet, MediaPipePose)},
    # MoveNet costs a third (5 ms, 15 ms) and cares less where in its square the body stands
    auto=("movenet", "mediapipe-pose"),
    needs=("detector",),
    absence="no body pose model is on this machine: arms and shoulders were not seen; `momentscan models "
    "pull pose-landmarks`",
    pull=("faces", "pose-landmarks"),
)


def letterbox(box: Points, side_px: int) -> NDArray[np.float64]:
    """(2,3) affine from the frame to a square of `side_px` with the whole box in its middle."""
    x1, y1, x2, y2 = (float(v) for v in box)
    scale = side_px / max(x2 - x1, y2 - y1, 1.0)
    middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    return np.column_stack([scale * np.eye(2), side_px / 2 - scale * middle])
