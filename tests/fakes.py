"""Models of a few honest lines, for faces that worlds draws: they see what is in the picture, and nothing
else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan import registry
from momentscan.models.chosen_models import Models
from momentscan.models.detectors import Detections, one_per_face
from momentscan.models.face_measures import EYES
from momentscan.models.head_pose import RIGID, RIGID_CM
from momentscan.models.landmarks import Mesh
from momentscan.models.tagger import KINDS
from momentscan.models.voice import Heard
from momentscan.models.whisper import Recognised
from momentscan.perceive import Perceiver, ordered, process_batches
from momentscan.signals import Signals
from momentscan.signals.calibration import UNKNOWN
from momentscan.signals.words import Transcript, Word
from momentscan.values import Batch, Columns, VideoInfo

Frame = NDArray[np.uint8]

POINTS = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.55), (0.35, 0.75), (0.65, 0.75)])
"""Eyes, nose and corners of the mouth of a drawn face, as shares of its box."""


class _Fake:
    """What all of them have: no weights, and a name."""

    weight: ClassVar[None] = None
    sha256: str | None = None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto", *args: object) -> Self:
        return cls()


def painted(frame: Frame) -> NDArray[np.bool_]:
    """(H,W) which pixels have the pure colour of a drawn face: one channel (nearly) without light, another
    with much.
    """
    red, green, blue = cv2.split(frame)
    least, most = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    return np.asarray((least < 40) & (most > 90))


class Detector(_Fake):
    """Finds drawn discs: connected pixels of one pure hue whose box they fill as a disc does. `least_px` is
    what it misses faces below.
    """

    name, version = "fake-detector", "fake-detector-v1"

    def __init__(self, least_px: int = 8) -> None:
        self.least_px = least_px
        self.looks = 0

    def detect(self, frame: Frame) -> Detections:
        self.looks += 1
        sixth = (cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)[..., 0] + 15) // 30 % 6
        pure = painted(frame)
        rows = [row for k in np.unique(sixth[pure]).tolist() for row in self._discs(pure & (sixth == k))]
        score, box = (np.array([r[i] for r in rows], np.float32) for i in (0, 1))
        box = box.reshape(len(rows), 4)
        points = box[:, None, :2] + POINTS * (box[:, None, 2:] - box[:, None, :2])
        return one_per_face(Detections(score.reshape(-1), box, points.astype(np.float32)))

    def _discs(self, mask: NDArray[np.bool_]) -> list[tuple[float, NDArray[np.float32]]]:
        found = []
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
        for left, top, wide, high, area in stats[1:].tolist():
            fill = area / (wide * high)
            if min(wide, high) >= self.least_px and fill >= 0.45 and 0.6 <= wide / high <= 1 / 0.6:
                found.append(
                    (min(0.95, 0.4 + 0.8 * fill), np.array([left, top, left + wide, top + high], np.float32))
                )
        return found


class FaceId(_Fake):
    """Whose face it is: the mean hue of what is painted in the crop. `asked` counts the crops."""

    name, version, dim, tau = "fake-face-id", "fake-face-id-v1", 3, 0.9

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, frames: Frame) -> NDArray[np.float32]:
        self.asked += len(frames)
        return np.array([self._hue(f) for f in frames], np.float32).reshape(len(frames), 3)

    def _hue(self, crop: Frame) -> list[float]:
        angle = cv2.cvtColor(crop, cv2.COLOR_RGB2HSV)[..., 0][painted(crop)] / 90.0 * np.pi
        if not len(angle):
            return [0.0, 0.0, 1.0]
        x, y = float(np.cos(angle).mean()), float(np.sin(angle).mean())
        return [x / np.hypot(x, y), y / np.hypot(x, y), 0.0]


class Landmarks(_Fake):
    """A face that looks into the camera, its mouth as wide open as the dark in the lower half of the box is
    high.
    """

    name, version = "fake-landmarks", "fake-landmarks-v1"

    def estimate(self, frame: Frame, points: NDArray[np.float32], bbox: NDArray[np.float32]) -> Mesh:
        left, top, right, bottom = bbox.tolist()
        side, middle = right - left, np.array([(left + right) / 2, (top + bottom) / 2, 0.0])
        mesh = np.zeros((478, 3))
        mesh[list(RIGID)] = RIGID_CM / 20
        for x, (a, b, c, d, e, f) in zip((-0.2, 0.2), EYES, strict=True):
            mesh[[a, d]] = (x - 0.08, -0.1, 0), (x + 0.08, -0.1, 0)
            mesh[[b, c]], mesh[[e, f]] = (x, -0.125, 0), (x, -0.075, 0)
        gap = self._dark(frame, left, top, right, bottom)
        mesh[[78, 61]], mesh[[308, 291]] = (-0.15, 0.25, 0), (0.15, 0.25, 0)
        mesh[13], mesh[14] = (0, 0.25 - gap / 2, 0), (0, 0.25 + gap / 2, 0)
        return Mesh((mesh * side + middle).astype(np.float32), 1.0)

    def _dark(self, frame: Frame, left: float, top: float, right: float, bottom: float) -> float:
        """Height of the mouth in shares of the face."""
        x, y0, y1 = round((left + right) / 2), round((top + bottom) / 2), round(bottom)
        column = frame[max(y0, 0) : max(y1, 0), min(max(x, 0), frame.shape[1] - 1)]
        return float(np.clip(1 - column.max(axis=-1, initial=0) / 150, 0, 1).sum()) / max(bottom - top, 1.0)


class Pose(_Fake):
    """A body that stands: shoulders, elbows, wrists and hips at fixed shares of the region."""

    name, version = "fake-pose", "fake-pose-v1"

    def estimate(self, frame: Frame, box: NDArray[np.float32]) -> NDArray[np.float32]:
        shares = np.tile([0.5, 0.2, 0.1], (17, 1))
        for i, (x, y) in {
            5: (0.7, 0.3),
            6: (0.3, 0.3),
            7: (0.75, 0.5),
            8: (0.25, 0.5),
            9: (0.75, 0.7),
            10: (0.25, 0.7),
        }.items():
            shares[i] = x, y, 0.9
        shares[[11, 12]] = (0.62, 0.7, 0.9), (0.38, 0.7, 0.9)
        size = box[2:] - box[:2]
        return np.column_stack([box[:2] + shares[:, :2] * size, shares[:, 2]]).astype(np.float32)


class Voice(_Fake):
    """Who is louder than a whisper speaks; `steps` counts what it was shown. It remembers what it heard, as
    the real one does.
    """

    name, version = "fake-voice", "fake-voice-v1"

    def __init__(self) -> None:
        self.steps = 0

    def listen(self, steps: NDArray[np.float32], heard: Heard) -> tuple[NDArray[np.float32], Heard]:
        self.steps += len(steps)
        level = np.sqrt(np.square(steps).mean(axis=1))
        before = np.concatenate([heard.h[0, 0, :1], level[:-1]])
        return np.clip(5 * (level + before), 0, 1).astype(np.float32), heard._replace(
            h=np.full_like(heard.h, level[-1])
        )


class Tagger(_Fake):
    """The louder, the more of everything; laughter most."""

    name, version = "fake-tagger", "fake-tagger-v1"

    def tag(self, patch: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.clip(np.sqrt(np.square(patch).mean()) / np.arange(1, 1 + len(KINDS)), 0, 1).astype(
            np.float32
        )


class Recogniser(_Fake):
    """Writes down one word for each half second of sound: how loud it is in hundredths. `chunks` are the
    lengths it was given, in samples.
    """

    name, version = "fake-recogniser", "fake-recogniser-v1"

    def __init__(self) -> None:
        self.chunks: list[int] = []
        self.languages: list[str | None] = []

    def recognise(self, sound: NDArray[np.float32], language: str | None) -> Recognised:
        self.chunks.append(len(sound))
        self.languages.append(language)
        halves = [sound[i : i + 8000] for i in range(0, len(sound), 8000)]
        levels = [round(100 * float(np.sqrt(np.square(half).mean()))) for half in halves]
        words = [
            Word(i / 2, i / 2 + 0.4, f"{level:02d}.", i // 4, prob=0.9)
            for i, level in enumerate(levels)
            if level
        ]
        return Recognised(tuple(words), "ko", 0.8)


TOLD = Transcript(
    "told.srt",
    "0" * 64,
    (
        Word(0.2, 0.6, "Hello"),
        Word(0.6, 1.4, "there."),
        Word(3.0, 3.5, "Again,", 1, False),
        Word(3.5, 5.5, "Anna.", 1, False),
    ),
)
"""What somebody wrote down of `worlds.batches`."""


class Embedder(_Fake):
    """A picture of 4 × 4 pixels: what is bright and what is dark, and of which colour."""

    name, version, dim, short_side_px, crop_side_px = "fake-embedder", "fake-embedder-v1", 48, 32, 64
    calibration = UNKNOWN

    def embed(self, frames: Frame) -> NDArray[np.float32]:
        small = [
            cv2.resize(f, (4, 4), interpolation=cv2.INTER_AREA).astype(np.float32).ravel() - 127.3
            for f in frames
        ]
        return np.array([v / np.linalg.norm(v) for v in small], np.float32).reshape(len(frames), self.dim)

    embed_crops = embed


def models() -> Models:
    """All that look."""
    return Models(
        {
            "embedder": Embedder(),
            "detector": Detector(),
            "landmarks": Landmarks(),
            "face_id": FaceId(),
            "body_pose": Pose(),
        }
    )


def listening() -> Models:
    """Those and all that listen."""
    return models().but(voice=Voice(), tagger=Tagger())


def perceiver(name: str, **changes: Any) -> Perceiver:
    """A registered perceiver built with fakes; `changes` are arguments of its own."""
    cls, here = registry.load("perceivers", name), listening()
    given = {parameter: here.get(slot) for parameter, slot in getattr(cls, "models", {}).items()}
    given |= dict.fromkeys(getattr(cls, "resources", ()), TOLD)
    built: Perceiver = cls(**(given | changes))
    return built


ALL = (
    *(
        "frame_times",
        "frame_quality",
        "motion",
        "scenes",
        "sound",
        "speech",
        "words",
        "tags",
        "thumbnails",
        "vision",
    ),
    *("faces", "tracks", "face_quality", "head", "body", "crops"),
)
"""Our own; plug-ins that happen to be installed are not asked."""

PEOPLE = ("frame_times", "faces", "tracks")
"""What is enough to tell who is where."""


def columns(batches: Sequence[Batch], perceivers: Sequence[Perceiver]) -> Columns:
    """Everything that they write, joined over the batches."""
    rows: dict[str, list[NDArray[Any]]] = {}
    for _, made in process_batches(batches, ordered(perceivers)):
        for written in made.values():
            for name, chunk in written.items():
                rows.setdefault(name, []).append(chunk)
    return {name: np.concatenate(chunks) for name, chunks in rows.items()}


def watched(batches: Sequence[Batch], names: Sequence[str] = ALL, **changes: dict[str, Any]) -> Signals:
    """Signals of what was shown, seen with fakes; tracks={"face_id": None} builds that perceiver
    without one.
    """
    from worlds import info

    perceivers = [perceiver(name, **changes.get(name, {})) for name in names]
    seen = columns(batches, perceivers)
    height, width = batches[0].frames.shape[1:3]
    video: VideoInfo = info(batches[-1].end_s, width_px=width, height_px=height)
    return Signals(
        video, seen, {column: version for p in perceivers for column, version in p.made_by.items()}
    )
