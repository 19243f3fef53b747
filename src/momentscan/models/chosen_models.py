"""The models of one scan: what was asked for, what is on this machine, and what is missing for it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from momentscan.models import detectors, face_id, landmarks, pose, tagger, voice
from momentscan.models.catalogue import Weight
from momentscan.models.detectors import DETECTORS, FaceDetector, choose_detector
from momentscan.models.embedders import Embedder, choose
from momentscan.models.face_id import FACE_IDS, FaceId, choose_face_id
from momentscan.models.landmarks import LANDMARKS, FaceLandmarks, choose_landmarks
from momentscan.models.pose import POSES, BodyPose, choose_pose
from momentscan.models.tagger import TAGGERS, AudioTagger, choose_tagger
from momentscan.models.voice import VOICES, VoiceActivity, choose_voice
from momentscan.models.whisper import Recogniser, choose_recogniser
from momentscan.settings import Settings


@dataclass(frozen=True)
class Models:
    """The embedder, what faces are watched with, and what sound is listened to with; None where it is not
    here or not wanted.
    """

    embedder: Embedder
    detector: FaceDetector | None = None
    landmarks: FaceLandmarks | None = None
    face_id: FaceId | None = None
    pose: BodyPose | None = None
    voice: VoiceActivity | None = None
    tagger: AudioTagger | None = None
    recogniser: Recogniser | None = None

    def rows(self) -> list[dict[str, Any]]:
        """What ran: name, version, licence and sha256 of each, as run.json and the report show it."""
        used = {
            "vision.embedding, crops": self.embedder,
            "faces": self.detector,
            "face landmarks": self.landmarks,
            "Face-ID": self.face_id,
            "body pose": self.pose,
            "voice activity": self.voice,
            "audio tags": self.tagger,
            "words": self.recogniser,
        }
        return [_row(purpose, model) for purpose, model in used.items() if model is not None]

    def missing(self, settings: Settings, sound: bool = True) -> list[str]:
        """One line for each thing that could not be seen or heard, as no model for it is here; what was not
        wanted is not missing.
        """
        lines = []
        if self.embedder.weight is None and settings.choice("embedder") == "auto":
            lines.append(
                "no vision model is on this machine: pictures were compared with the built-in image "
                "descriptor, not a network; "
                "`momentscan models pull openclip` fetches one"
            )
        if self.detector is None and settings.choice("detector") == "auto":
            lines.append(
                "no face detector is on this machine: no faces were looked for; `momentscan models pull "
                "faces` fetches one, and landmarks and body pose with it"
            )
        if sound and (unheard := self._unheard(settings)):
            named = ", ".join(what for what, _ in unheard)
            pull = " ".join(name for _, name in unheard)
            lines.append(
                f"not listened for, as no model is on this machine: {named}; `momentscan models pull {pull}`"
            )
        if self.detector is None:
            return lines
        if self.landmarks is None and settings.choice("landmarks") == "auto":
            lines.append(
                "no face landmarks are on this machine: mouths, eyes and smiles were not seen; "
                "`momentscan models pull face-mesh`"
            )
        if self.face_id is None and settings.choice("face_id") == "auto":
            lines.append(
                "no Face-ID model is on this machine: people are told apart by place only; `momentscan "
                "models pull sface`"
            )
        if self.pose is None and settings.choice("body_pose") == "auto":
            lines.append(
                "no body pose model is on this machine: arms and shoulders were not seen; `momentscan "
                "models pull pose-landmarks`"
            )
        return lines

    def _unheard(self, settings: Settings) -> list[tuple[str, str]]:
        """What nobody listens for although it is wanted, and the weights for it."""
        speech = [("speech", "silero-vad")] * (self.voice is None and settings.choice("voice") == "auto")
        return speech + [("laughter and applause", "yamnet")] * (
            self.tagger is None and settings.choice("tagger") == "auto"
        )


def open_models(settings: Settings, long_side_px: int = 640) -> Models:
    """Opens what the settings name; faces are looked for at `long_side_px`. Raises MissingModel for one that
    was named and is not here.

    Downloads nothing, but the Whisper model that `asr` names.
    """
    folder, device = settings.models, settings.device
    embedder = choose(settings.choice("embedder"), folder, device)
    detector = choose_detector(settings.choice("detector"), folder, device, long_side_px)
    heard = Models(
        embedder,
        voice=choose_voice(settings.choice("voice"), folder),
        tagger=choose_tagger(settings.choice("tagger"), folder),
        recogniser=choose_recogniser(settings.choice("asr"), device),
    )
    if detector is None:
        return heard
    return dataclasses.replace(
        heard,
        detector=detector,
        landmarks=choose_landmarks(settings.choice("landmarks"), folder),
        face_id=choose_face_id(settings.choice("face_id"), folder, device),
        pose=choose_pose(settings.choice("body_pose"), folder),
    )


def automatic() -> dict[str, tuple[Weight, ...]]:
    """What "auto" looks for, for each thing that faces are watched and sound is listened to with, best first."""
    tables: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
        "face detector": (detectors.AUTO_ORDER, DETECTORS),
        "face landmarks": (landmarks.AUTO_ORDER, LANDMARKS),
        "Face-ID": (face_id.AUTO_ORDER, FACE_IDS),
        "body pose": (pose.AUTO_ORDER, POSES),
        "voice activity": (voice.AUTO_ORDER, VOICES),
        "audio tagger": (tagger.AUTO_ORDER, TAGGERS),
    }
    return {what: tuple(table[name].weight for name in order) for what, (order, table) in tables.items()}


PULL_FACES = ("centerface", "face-mesh", "pose-landmarks")
"""What comes out of wheels, so that a machine which reaches only a package index still watches faces
(dependencies.md).
"""

PULL_SPEECH = ("silero-vad", "yamnet")
"""What sound is listened to with; the first comes out of a wheel, the second from GitHub."""


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
