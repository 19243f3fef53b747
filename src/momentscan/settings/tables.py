"""The tables of knobs: which stage stands behind which name, and what a name that is not known may have
meant.
"""

from __future__ import annotations

import dataclasses
import importlib
import logging
from collections.abc import Iterator
from typing import Any

from momentscan import registry
from momentscan.errors import UsageError
from momentscan.knobs import knobs_of

LOG = logging.getLogger(__name__)

STAGES: dict[str, tuple[str, str]] = {
    "sampling": ("momentscan.media.decode:SamplingOptions", "how the pass samples a video"),
    "limits": ("momentscan.media.container:Limits", "what is refused before it can do harm"),
    "clock": ("momentscan.media.clock:ClockOptions", "when a time stamp is believed"),
    "transcripts": ("momentscan.media.transcripts:TranscriptOptions", "reading transcripts"),
    "gate": ("momentscan.select.gate:Gate", "the quality gate for faces, of engines and stills"),
    "people": ("momentscan.select.people:People", "who is who, and whom the video is about"),
    "picks": ("momentscan.select.picks:Picks", "the choice of stills"),
    "packs": ("momentscan.select.packs:Packs", "identity packs"),
    "pairs": ("momentscan.select.pairs:Pairs", "the pair pack"),
    "buckets": ("momentscan.select.buckets:Buckets", "bins of pose, expression, occlusion and light"),
    "references": (
        "momentscan.select.face_samples:ReferenceQuality",
        "how good a reference a face sample is",
    ),
    "identities": ("momentscan.select.identity:Identities", "the identity prototype"),
    "memory": ("momentscan.select.memory:MemoryOptions", "the memory bank"),
    "cutting": ("momentscan.packs.cropping:CuttingOptions", "how reference images are cut"),
    "align": ("momentscan.score.align:Align", "where clips start and end"),
    "clip_selection": ("momentscan.score.clip_selection:ClipSelection", "which moments become clips"),
    "follow": ("momentscan.select.framing:Follow", "crops that follow the main person"),
    "clips": ("momentscan.media.encoders:Encoding", "how clips are encoded"),
    "conform": ("momentscan.export.conform:ConformOptions", "edits that come back"),
    "parsing_limits": ("momentscan.export.safe_parsing:ParsingLimits", "what is refused of an edit"),
    "live": ("momentscan.media.live_options:LiveOptions", "following what is live"),
    "finalization": ("momentscan.score.finalization:FinalizationOptions", "when a live moment is final"),
}
"""name -> (class, what it is about), of stages that belong to no perceiver and no engine."""

SHORT = {"grid_hz": "sampling.grid_hz", "decode": "sampling.decode", "motion": "motion.method"}
"""Names at the top that stand for a knob."""

DEPRECATED = {
    "delivery": "clip_selection",
    "hardening": "finalization",
    "heads": "head",
    "bodies": "body",
    "sentences": "words.sentences",
    "recognising": "words.recognition",
}
"""Names of 0.1 before the tree -> what they are called now; taken until 0.3."""


RENAMED = {
    "rules.gate": "rules.gate_level",
    "vector.gated": "vector.gate_level",
}
"""Knobs of 0.1 -> what they are called now; taken until 0.3."""


VALUES = {"vector.gated": {"true": "strict", "false": "off"}}
"""Values of such a setting -> what they are called now."""


def value_now(name: str, value: Any) -> Any:
    """The value of today for a setting under its old name."""
    return VALUES.get(name, {}).get(str(value).lower(), value)


def canonical(name: str) -> str:
    """The name of today for a dotted name, which may be short or old."""
    if name in SHORT or name in RENAMED:
        return SHORT.get(name) or RENAMED[name]
    first, dot, rest = name.partition(".")
    return DEPRECATED.get(first, first) + dot + rest


def stage_class(name: str) -> type | None:
    """The stage behind a table's name; None where there is no such table."""
    if name in STAGES:
        module, _, attribute = STAGES[name][0].partition(":")
        stage: type = getattr(importlib.import_module(module), attribute)
        return stage
    if name in registry.names("scorers"):
        scorer: type = registry.load("scorers", name)
        if not (isinstance(scorer, type) and dataclasses.is_dataclass(scorer)):
            owner = registry.entry("scorers", name).distribution
            raise UsageError(f"engine {name!r} of the package {owner} is no dataclass; mend or uninstall it")
        return scorer
    if name in registry.names("perceivers"):
        knobs: type | None = getattr(registry.load("perceivers", name), "knobs", None)
        return knobs
    return None


def shared_table(stage: type) -> str | None:
    """The table of STAGES whose class this is; None where it has none."""
    target = f"{stage.__module__}:{stage.__qualname__}"
    return next((name for name, (known, _) in STAGES.items() if known == target), None)


def stages() -> Iterator[tuple[str, str, type]]:
    """(name, what it is about, class) of every table: engines first, then perceivers, then the rest.

    A plug-in that cannot be had has no table; whoever asks for it is told why.
    """
    for kind, words in (("scorers", "engine"), ("perceivers", "perceiver")):
        for name in registry.names(kind):
            try:
                stage = stage_class(name)
            except UsageError as error:
                LOG.warning("%s", error)
                continue
            if stage is not None:
                yield name, words, stage
    for name, (_, about) in STAGES.items():
        stage = stage_class(name)
        assert stage is not None
        yield name, about, stage


def knob_names() -> list[str]:
    """Every dotted name of every table."""
    return [f"{name}.{field.name}" for name, _, stage in stages() for field in knobs_of(stage)]


def as_tree(dotted: dict[str, Any]) -> dict[str, Any]:
    """{"rules.peaks.distance_s": 3.0} -> {"rules": {"peaks": {"distance_s": 3.0}}}."""
    tree: dict[str, Any] = {}
    for name, value in dotted.items():
        *above, last = name.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return tree
