"""judge: one engine's verdict on what was seen. Pure: no file is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from momentscan import registry
from momentscan.assembly.engines import with_models
from momentscan.knobs import models_of, with_knobs
from momentscan.score import Scorer
from momentscan.settings import load
from momentscan.signals import Signals
from momentscan.values import Verdict


def judge(signals: Signals, engine: str, knobs: Mapping[str, Any] | None = None) -> Verdict:
    """The whole verdict. Raises UsageError for an engine or a knob that there is not.

    An engine with weights gets those that the settings name, as everywhere.
    """
    scorer: Scorer = with_knobs(registry.load("scorers", engine), knobs or {}, engine)
    if models_of(type(scorer)):
        scorer = with_models(scorer, load())
    return scorer.judge(signals)
