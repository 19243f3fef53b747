"""`clips/{engine}/`: the clips, and clips.json, which says of each where its edges come from."""

from __future__ import annotations

from pathlib import Path

from momentscan.disk.codec import read_or_none
from momentscan.disk.windows import ms
from momentscan.records.clips import ChoiceRow, ClipList, MoveRow, ReactionRow, Span
from momentscan.values import Aligned, Choice, Move

CLIPS = "clips"
LIST = "clips.json"


def clips_folder(folder: Path, engine: str) -> Path:
    """Where the clips of an engine lie in a video's folder."""
    return folder / CLIPS / engine


def choice_row(choice: Choice) -> ChoiceRow:
    """A moment that is delivered, or was left out (rank None): its edges, every move of them with its reason,
    and why it has its place."""
    clip = choice.clip
    return ChoiceRow(
        rank=choice.rank,
        start_ms=ms(clip.start_s),
        end_ms=ms(clip.end_s),
        peak_ms=ms(clip.window.peak_s),
        window=Span(ms(clip.window.start_s), ms(clip.window.end_s)),
        score=choice.score,
        kind=choice.kind,
        below_threshold=choice.below,
        what=choice.what,
        why=choice.why,
        moves=tuple(_move(m) for m in clip.moves),
        flags=clip.flags,
        reaction=_reaction(clip),
    )


def _move(move: Move) -> MoveRow:
    return MoveRow(move.edge, ms(move.from_s), ms(move.to_s), move.reason, move.note)


def _reaction(clip: Aligned) -> ReactionRow | None:
    heard = clip.reaction
    return None if heard is None else ReactionRow(heard.kind, ms(heard.onset_s), heard.score)


def read_clips(folder: Path, engine: str) -> ClipList | None:
    """clips.json of an engine; None where it has none that can be read."""
    return read_or_none(ClipList, clips_folder(folder, engine) / LIST)
