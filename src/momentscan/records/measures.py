"""Numbers and labels that many records have: their units, bounds and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from momentscan.records.plain import Meta, Record
from momentscan.values import Box

Ms = Annotated[float, Meta("milliseconds from the first frame", ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Cosine = Annotated[float, Meta(ge=-1, le=1)]
Count = Annotated[int, Meta(ge=0)]
FromOne = Annotated[int, Meta(ge=1)]
FrameIdx = Annotated[int, Meta("0-based place in decode order", ge=0)]
BoxPx = Annotated[Box, Meta("x1, y1, x2, y2 in px of the video as shown")]

Yaw = Literal["[-45,-30]", "[-30,-15]", "[-15,-5]", "[-5,5]", "[5,15]", "[15,30]", "[30,45]"]
AnyYaw = Literal[
    "<-45", "[-45,-30]", "[-30,-15]", "[-15,-5]", "[-5,5]", "[5,15]", "[15,30]", "[30,45]", ">=45"
]
Pitch = Literal["down", "slight-down", "neutral", "slight-up", "up"]
Expression = Literal["neutral", "smile", "mouth_open", "eyes_closed"]
Occlusion = Literal["none", "partial", "heavy"]
Lighting = Literal["normal", "dark", "overexposed"]
ImageSet = Literal["anchor", "coverage", "challenge"]
Condition = Literal["id_drift", "dark", "low_variety"]
Cue = Literal["yaw", "pitch", "dark", "occluded", "bright"]


@dataclass(frozen=True)
class VersionStamp(Record):
    """What made a file. `embed_model`: version of the model behind `vision.embedding`, None where none
    looked.
    """

    app: str
    app_version: str
    embed_model: str | None
    gate_version: str
