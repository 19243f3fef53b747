"""video.json: whose folder it is."""

from __future__ import annotations

from dataclasses import dataclass

from momentscan.records.plain import Record


@dataclass(frozen=True)
class Claim(Record):
    """The name of the video's file and the sha256 of its bytes."""

    file: str
    sha256: str
