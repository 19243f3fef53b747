"""`clips/{engine}/`: the clips, and clips.json, which says of each where its edges come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from momentscan.disk.results import ms
from momentscan.values import Aligned, Choice, Move

CLIPS = "clips"
LIST = "clips.json"


def clips_folder(folder: Path, engine: str) -> Path:
    """Where the clips of an engine lie in a video's folder."""
    return folder / CLIPS / engine


def choice_entry(choice: Choice) -> dict[str, Any]:
    """A moment that is delivered, or was left out (rank null): its edges, every move of them with its reason,
    and why it has its place.
    """
    clip = choice.clip
    return {
        "rank": choice.rank,
        "start_ms": ms(clip.start_s),
        "end_ms": ms(clip.end_s),
        "peak_ms": ms(clip.window.peak_s),
        "window": {"start_ms": ms(clip.window.start_s), "end_ms": ms(clip.window.end_s)},
        "score": choice.score,
        "kind": choice.kind,
        "below_threshold": choice.below,
        "what": choice.what,
        "why": choice.why,
        "moves": [_move(m) for m in clip.moves],
        "flags": list(clip.flags),
        "reaction": _reaction(clip),
    }


def _move(move: Move) -> dict[str, Any]:
    return {
        "edge": move.edge,
        "from_ms": ms(move.from_s),
        "to_ms": ms(move.to_s),
        "reason": move.reason,
        "note": move.note,
    }


def _reaction(clip: Aligned) -> dict[str, Any] | None:
    heard = clip.reaction
    return (
        None if heard is None else {"kind": heard.kind, "onset_ms": ms(heard.onset_s), "score": heard.score}
    )


def read_clips(folder: Path, engine: str) -> Mapping[str, Any] | None:
    """clips.json of an engine; None where it has none that can be read."""
    try:
        told = json.loads((clips_folder(folder, engine) / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and isinstance(told.get("clips"), list) else None
