"""Stills of chosen frames in an engine's folder: full size in frames/, small for pages in thumbs/."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from momentscan.disk.files import translate_os_errors

THUMBS = "thumbs"


class Still(NamedTuple):
    """A chosen frame: where its full-size JPEG lies, and the small one for pages."""

    full: Path
    small: bytes


def kept_stills(folder: Path) -> dict[int, Still]:
    """frame_idx -> the stills that an engine's folder has already."""
    found = {}
    for path in sorted((folder / "frames").glob("window_*_f*.jpg")):
        index = path.stem.rpartition("_f")[2]
        thumb = folder / THUMBS / f"f{index}.jpg"
        if index.isdigit() and thumb.is_file() and path.stat().st_size:
            found[int(index)] = Still(path, thumb.read_bytes())
    return found


def take_over(folder: Path, frame_idx: int, still: Still) -> Still:
    """A still that lies elsewhere, put into a working folder too, without a copy."""
    path = folder / f"f{frame_idx}.jpg"
    with translate_os_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(still.full)
    return Still(path, still.small)


def keep_still(folder: Path, frame_idx: int, full: bytes, small: bytes) -> Still:
    """Writes a still that was just cut into a working folder, until `write_engine` takes it over."""
    path = folder / f"f{frame_idx}.jpg"
    with translate_os_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(full)
    return Still(path, small)
