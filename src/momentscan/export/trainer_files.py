"""The files of a layout: bytes that are written, and images that are linked."""

from __future__ import annotations

import json
from dataclasses import dataclass

from momentscan.export.captions import caption
from momentscan.select.pack_types import Chosen


@dataclass(frozen=True)
class Link:
    """A file that is the same as this image, `path` within the person's folder. OneTrainer passes symbolic
    links by: link hard, or copy.
    """

    path: str


Files = dict[str, bytes | Link]
"""Path within the person's folder -> what to write there."""


def captioned(image: Chosen, folder: str, token: str, klass: str) -> Files:
    """The image, and beside it its caption, one line of UTF-8."""
    return {
        f"{folder}/{image.name}.jpg": Link(image.path),
        f"{folder}/{image.name}.txt": f"{caption(image, token, klass)}\n".encode(),
    }


def json_bytes(value: object) -> bytes:
    """Indented, in UTF-8; NaN is refused."""
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
