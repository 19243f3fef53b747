"""judge: one engine's verdict on what was seen. Pure: no file is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from momentscan import registry
from momentscan.knobs import with_knobs
from momentscan.signals import Signals
from momentscan.values import Verdict


def judge(signals: Signals, engine: str, knobs: Mapping[str, Any] | None = None) -> Verdict:
    """The whole verdict. Raises UsageError for an engine or a knob that there is not."""
    verdict: Verdict = with_knobs(registry.load("scorers", engine), knobs or {}, engine).judge(signals)
    return verdict
