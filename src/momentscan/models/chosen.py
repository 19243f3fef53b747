"""The models of one scan: what was asked for, what is on this machine, and what is missing for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from momentscan.models import detectors, face_id, landmarks, pose
from momentscan.models.catalogue import Weight
from momentscan.models.detectors import DETECTORS, FaceDetector, choose_detector
from momentscan.models.embedders import Embedder, choose
from momentscan.models.face_id import FACE_IDS, FaceId, choose_face_id
from momentscan.models.landmarks import LANDMARKS, FaceLandmarks, choose_landmarks
from momentscan.models.pose import POSES, BodyPose, choose_pose
from momentscan.settings import Settings


@dataclass(frozen=True)
class Models:
    """The embedder, and what faces are watched with; None where it is not here or not wanted."""

    embedder: Embedder
    detector: FaceDetector | None = None
    landmarks: FaceLandmarks | None = None
    face_id: FaceId | None = None
    pose: BodyPose | None = None

    def rows(self) -> list[dict[str, Any]]:
        """What ran: name, version, licence and sha256 of each, as run.json and the report show it."""
        used = {
            "vision.embedding, crops": self.embedder,
            "faces": self.detector,
            "face landmarks": self.landmarks,
            "Face-ID": self.face_id,
            "body pose": self.pose,
        }
        return [_row(purpose, model) for purpose, model in used.items() if model is not None]

    def missing(self, settings: Settings) -> list[str]:
        """One line for each thing that could not be seen, as no model for it is here; what was not wanted is not missing."""
        lines = []
        if self.embedder.weight is None and settings.embedder == "auto":
            lines.append(
                "no vision model is on this machine: pictures were compared with the built-in image descriptor, not a network; "
                "`momentscan models pull openclip` fetches one"
            )
        if self.detector is None and settings.detector == "auto":
            lines.append(
                "no face detector is on this machine: no faces were looked for; `momentscan models pull faces` fetches one, and landmarks and body pose with it"
            )
        if self.detector is None:
            return lines
        if self.landmarks is None and settings.landmarks == "auto":
            lines.append("no face landmarks are on this machine: mouths, eyes and smiles were not seen; `momentscan models pull face-mesh`")
        if self.face_id is None and settings.face_id == "auto":
            lines.append("no Face-ID model is on this machine: people are told apart by place only; `momentscan models pull sface`")
        if self.pose is None and settings.body_pose == "auto":
            lines.append("no body pose model is on this machine: arms and shoulders were not seen; `momentscan models pull pose-landmarks`")
        return lines


def choose_models(settings: Settings, long_side_px: int = 640) -> Models:
    """Opens what the settings name; faces are looked for at `long_side_px`. Downloads nothing; raises MissingModel for one that was named and is not here."""
    folder, device = settings.models, settings.device
    embedder = choose(settings.embedder, folder, device)
    detector = choose_detector(settings.detector, folder, device, long_side_px)
    if detector is None:
        return Models(embedder)
    return Models(
        embedder,
        detector,
        choose_landmarks(settings.landmarks, folder),
        choose_face_id(settings.face_id, folder, device),
        choose_pose(settings.body_pose, folder),
    )


def automatic() -> dict[str, tuple[Weight, ...]]:
    """What "auto" looks for, for each thing that faces are watched with, best first."""
    tables: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
        "face detector": (detectors.AUTO_ORDER, DETECTORS),
        "face landmarks": (landmarks.AUTO_ORDER, LANDMARKS),
        "Face-ID": (face_id.AUTO_ORDER, FACE_IDS),
        "body pose": (pose.AUTO_ORDER, POSES),
    }
    return {what: tuple(table[name].weight for name in order) for what, (order, table) in tables.items()}


PULL_FACES = ("centerface", "face-mesh", "pose-landmarks")
"""What comes out of wheels, so that a machine which reaches only a package index still watches faces (dependencies.md)."""


def _row(purpose: str, model: Any) -> dict[str, Any]:
    weight = model.weight
    return {
        "name": model.name,
        "version": model.version,
        "for": purpose,
        "file": weight.file if weight else None,
        "sha256": model.sha256,
        "licence": weight.licence if weight else "Apache-2.0 (part of momentscan)",
        "commercial": weight.commercial if weight else "yes",
        **({"tau": model.tau} if hasattr(model, "tau") else {}),
    }
