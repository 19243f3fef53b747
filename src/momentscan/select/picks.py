"""The best, different frames of a window, chosen from the log: portraits where a main person is seen, else
the frame as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from momentscan.select.gate import Gate, failing
from momentscan.select.people import People
from momentscan.select.pick_candidates import PickCandidates, frame_candidates, frames_of, portrait_candidates
from momentscan.select.pick_knobs import PickKnobs
from momentscan.select.portraits import portraits
from momentscan.signals import Signals
from momentscan.values import FrameOutcome, Pick, Window


class JudgedFrame(NamedTuple):
    """What became of one frame: its quality, every reason of the gate against it, and in a word what
    happened.
    """

    time_s: float
    frame_idx: int
    quality: float
    reasons: tuple[str, ...]
    verdict: FrameOutcome


class Picked(NamedTuple):
    """What was chosen, how many frames were looked at, how many failed the gate for each reason, and why
    there is none, if so.

    `frames` are the candidates in time order. `reason` is "" where something was picked.
    """

    picks: tuple[Pick, ...]
    considered: int
    failed: dict[str, int]
    frames: tuple[JudgedFrame, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Picks(PickKnobs):
    """Gate, soft score, then greedy choice of frames that differ (seed 000 §10; readings H13 to H16)."""

    def __call__(
        self, signals: Signals, windows: Sequence[Window], gate: Gate = Gate(), people: People = People()
    ) -> list[Picked]:
        """For each window at most `count` picks, best first. Frames that fail the gate are never picked; then
        it is empty and says why.
        """
        if not windows:
            return []
        everybody = people(signals)
        strict = portraits(signals, everybody, self.frontality, gate, "strict")
        loose = (
            portraits(signals, everybody, self.frontality, gate, "loose") if self.fallback == "loose" else []
        )
        frames = frames_of(self, signals, windows)
        out = []
        for window in windows:
            found = portrait_candidates(self, signals, window, strict, "strict")
            picked = self._choose(found or frame_candidates(self, signals, window, frames))
            if not picked.picks and loose:
                again = portrait_candidates(self, signals, window, loose, "loose")
                picked = self._choose(again) if again is not None else picked
            out.append(picked)
        return out

    def _choose(self, of: PickCandidates) -> Picked:
        failed = {reason: int(bad.sum()) for reason, bad in of.reasons.items() if bad.any()}
        bad = failing(of.reasons) if of.reasons else np.zeros(len(of.time_s), np.bool_)
        chosen: list[int] = []
        alike: set[int] = set()
        left = [int(i) for i in np.lexsort((of.time_s, -of.quality)) if not bad[i]]
        while left and len(chosen) < self.count:
            best = self._next(of, left, chosen)
            left.remove(best)
            if self._differs(of, best, chosen):
                chosen.append(best)
            else:
                alike.add(best)
        frames = tuple(_judged(of, i, bool(bad[i]), i in chosen, i in alike) for i in range(len(of.time_s)))
        picks = tuple(_pick(of, i) for i in sorted(chosen, key=lambda i: (-of.quality[i], of.time_s[i])))
        return Picked(picks, len(of.time_s), failed, frames, "" if picks else _why_none(of, failed))

    def _next(self, of: PickCandidates, left: list[int], chosen: list[int]) -> int:
        """The best of what is left; in mmr that is quality minus likeness to what was chosen."""
        if self.dedupe != "mmr" or not chosen or of.samples is None:
            return left[0]
        worth = [
            self.mmr_quality * of.quality[i] - (1 - self.mmr_quality) * (1 - _change(of, i, chosen))
            for i in left
        ]
        return left[int(np.argmax(worth))]

    def _differs(self, of: PickCandidates, row: int, chosen: list[int]) -> bool:
        """Whether a frame is far enough from those chosen, in time and in look."""
        if any(abs(of.time_s[row] - of.time_s[other]) < self.apart_s for other in chosen):
            return False
        if not chosen or of.samples is None or self.dedupe == "mmr":
            return True
        change = _change(of, row, chosen)
        return change >= of.samples.same if self.dedupe == "percentile" else 1 - change <= self.max_cos


def _change(of: PickCandidates, row: int, chosen: list[int]) -> float:
    """1 - the highest cosine to those chosen."""
    assert of.samples is not None
    nearest = [int(np.argmin(np.abs(of.samples.time_s - of.time_s[i]))) for i in (row, *chosen)]
    return float((1 - of.samples.vectors[nearest[:1]].cosine(of.samples.vectors[nearest[1:]])).min())


def _judged(of: PickCandidates, i: int, bad: bool, chosen: bool, alike: bool) -> JudgedFrame:
    verdict: FrameOutcome = (
        "chosen"
        if chosen
        else "failed the gate"
        if bad
        else "looks like a chosen one"
        if alike
        else "not among the best"
    )
    reasons = tuple(name for name, rows in of.reasons.items() if rows[i])
    return JudgedFrame(float(of.time_s[i]), int(of.frame_idx[i]), float(of.quality[i]), reasons, verdict)


def _why_none(of: PickCandidates, failed: dict[str, int]) -> str:
    if not len(of.time_s):
        return "no frame was looked at within the window"
    most = ", ".join(f"{name} {n} times" for name, n in sorted(failed.items(), key=lambda item: -item[1])[:3])
    return f"all {len(of.time_s)} frames failed the gate: {most}"


def _pick(of: PickCandidates, i: int) -> Pick:
    return Pick(
        float(of.time_s[i]),
        int(of.frame_idx[i]),
        float(of.quality[i]),
        of.measures[i],
        f"passed the {of.level} gate",
        of.boxes[i],
    )
