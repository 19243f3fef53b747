"""load: what was seen in a video that was scanned before, and where scanned videos are."""

from __future__ import annotations

from pathlib import Path

from momentscan.disk.folder import VideoFolder, video_folders
from momentscan.disk.log import is_log, read_log
from momentscan.signals import Signals

__all__ = ["load", "video_folders"]


def load(folder: Path) -> Signals:
    """The signals of a scanned video: its folder in the output, or that folder's `signals`."""
    return read_log(folder) if is_log(folder) else VideoFolder(folder).signals
