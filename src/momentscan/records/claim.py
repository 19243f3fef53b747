"""video.json: whose folder it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from momentscan.records.plain import RECORD


@dataclass(frozen=True)
class Claim:
    """The name of the video's file and the sha256 of its bytes."""

    file: str
    sha256: str
    __pydantic_config__: ClassVar[dict[str, Any]] = RECORD
