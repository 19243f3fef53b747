"""The timecode that a camera gave the first frame, as the file says it."""

from __future__ import annotations

from pathlib import Path

from momentscan.media.container import Limits, open_container


def timecode_of(path: Path, limits: Limits = Limits()) -> str | None:
    """`01:00:00:00`, with `;` before the frames where numbers are dropped; None where the file has none.
    Raises UnreadableInput.
    """
    with open_container(path, limits) as container:
        tags = [s.metadata for s in (*container.streams.video, *container.streams.data)] + [
            container.metadata
        ]
        found = (value for tag in tags for key, value in tag.items() if key.lower() == "timecode")
        return next((value.strip() for value in found if value.strip()), None)
