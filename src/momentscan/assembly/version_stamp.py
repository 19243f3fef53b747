"""What files that others keep say of the version that made them."""

from __future__ import annotations

from momentscan import __version__
from momentscan.records.measures import VersionStamp
from momentscan.signals import Signals


def version_stamp(signals: Signals) -> VersionStamp:
    """The `_version` of metas of pictures and lists of clips."""
    return VersionStamp("momentscan", __version__, signals.made_by.get("vision.embedding"), "v1")
