"""What files that others keep say of the version that made them."""

from __future__ import annotations

from typing import Any

from momentscan import __version__
from momentscan.signals import Signals


def version_stamp(signals: Signals) -> dict[str, Any]:
    """The `_version` of metas of pictures and lists of clips."""
    embedder = signals.made_by.get("vision.embedding")
    return {"app": "momentscan", "app_version": __version__, "embed_model": embedder, "gate_version": "v1"}
