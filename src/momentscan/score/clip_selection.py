"""Which moments are delivered, and in what order: variety first, a few at least, from the best moments to the
whole story (CH16).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from momentscan.knobs import Knob
from momentscan.signals.series import percentile_rank
from momentscan.signals.spans import overlap_s
from momentscan.values import Aligned, Choice, Verdict, Window

SPARE = ("below_threshold", "over_max")
"""Verdicts of candidates that may fill the floor: weaker ones, but none that the engine holds for chance, for
the same moment or for a defect.
"""


@dataclass(frozen=True)
class ClipSelection:
    """No two of a kind while another kind exists, no clip that repeats another; `story` moves from the best
    moments to all of the video.
    """

    floor: Annotated[
        int,
        Knob(
            "clips",
            source="issue 5: a floor of candidates (4 to 9); fewer where the engine saw fewer",
            low=0,
            high=9,
        ),
    ] = 4
    most: Annotated[int, Knob("clips", source="issue 5: 4 to 9", low=1, high=1000)] = 9
    story: Annotated[
        float, Knob("0-1", source="taste: 0 = the best moments, 1 = the whole story", low=0, high=1)
    ] = 0.0
    overlap_s: Annotated[
        float,
        Knob("s", source="companions §2.6: suppress overlapping delivery windows > 1.5 s", low=0, high=60),
    ] = 1.5

    def __call__(
        self,
        verdict: Verdict,
        align: Callable[[Window], Aligned],
        duration_s: float,
        against: Callable[[Aligned], str] = lambda clip: "",
    ) -> tuple[Choice, ...]:
        """Those that are delivered, by rank, then those that were left out, by time. Nothing where the engine
        found no moment.

        `against` says why a clip may not be delivered at all, "" where it may.
        """
        able = self._able(verdict, align)
        moments = sum(not c.below for c in able)
        asked = min(self.most, max(moments, self.floor)) if moments else 0
        strength = percentile_rank(np.array([c.score for c in able]))
        chosen: list[int] = []
        left_out = {i: why for i, c in enumerate(able) if (why := against(c.clip))}
        while len(chosen) < asked:
            repeats = {
                i: self._repeats(c, able, chosen)
                for i, c in enumerate(able)
                if i not in chosen and i not in left_out
            }
            left_out |= {i: why for i, why in repeats.items() if why}
            # weaker candidates fill up only when every moment has had its turn
            left = [i for i in range(len(able)) if i not in chosen and i not in left_out]
            strong = [i for i in left if not able[i].below]
            left = strong or (left if len(chosen) < self.floor else [])
            if not left:
                break
            chosen.append(self._next(able, strength.tolist(), left, chosen, duration_s))
        ranked = [
            replace(able[i], rank=n, why=self._why(able, chosen[: n - 1], i)) for n, i in enumerate(chosen, 1)
        ]
        others = [i for i in range(len(able)) if i not in chosen]
        rest = [
            replace(
                able[i], why=left_out.get(i, f"{len(chosen)} are delivered (delivery.floor, delivery.most)")
            )
            for i in others
        ]
        return (*ranked, *sorted(rest, key=lambda c: c.clip.start_s))

    def _able(self, verdict: Verdict, align: Callable[[Window], Aligned]) -> list[Choice]:
        """Moments, best first, then the weaker candidates that may fill the floor, best first."""
        found = [(m.window, m.score, m.parts, False, m.why) for m in verdict.moments]
        spare = sorted(
            (c for c in verdict.candidates if c.verdict in SPARE), key=lambda c: (-c.score, c.window.start_s)
        )
        found += [
            (c.window, c.score, c.parts, True, c.reason) for c in spare[: 3 * max(self.floor, self.most)]
        ]
        out = []
        for window, score, parts, below, what in found:
            clip = align(window)
            out.append(Choice(None, clip, score, kind_of(clip, parts), below, what, ""))
        return out

    def _repeats(self, one: Choice, able: Sequence[Choice], chosen: Sequence[int]) -> str:
        """Why a clip would repeat one that is chosen; "" where it would not."""
        for rank, i in enumerate(chosen, 1):
            a, b = ((c.start_s, c.end_s) for c in (one.clip, able[i].clip))
            shared_s, least_s = overlap_s(a, b), min(a[1] - a[0], b[1] - b[0])
            if shared_s > min(self.overlap_s, least_s / 2):
                return f"shares {shared_s:.1f} s with clip {rank}"
        return ""

    def _next(
        self,
        able: Sequence[Choice],
        strength: Sequence[float],
        left: list[int],
        chosen: list[int],
        duration_s: float,
    ) -> int:
        """Of the kinds that had the fewest turns, the one that is worth most."""
        turns = Counter(able[i].kind for i in chosen)
        fewest = min(turns[able[i].kind] for i in left)
        worth = {
            i: self._worth(able, strength, i, chosen, duration_s)
            for i in left
            if turns[able[i].kind] == fewest
        }
        return max(worth, key=lambda i: (worth[i], able[i].score, -able[i].clip.start_s))

    def _worth(
        self,
        able: Sequence[Choice],
        strength: Sequence[float],
        i: int,
        chosen: Sequence[int],
        duration_s: float,
    ) -> float:
        """How good it is, against how much of the video it tells that nothing chosen tells; both in [0,
        1].
        """
        peak_s = able[i].clip.window.peak_s
        apart_s = min((abs(peak_s - able[j].clip.window.peak_s) for j in chosen), default=duration_s)
        new = min(1.0, apart_s * (len(chosen) + 1) / max(duration_s, 1e-9))
        return (1 - self.story) * strength[i] + self.story * new * (1 + strength[i]) / 2

    def _why(self, able: Sequence[Choice], before: Sequence[int], i: int) -> str:
        turns = Counter(able[j].kind for j in before)
        first = (
            f"the first of kind {able[i].kind}"
            if not turns[able[i].kind]
            else f"no kind had fewer turns than {able[i].kind}"
        )
        return first + ("; fills the floor, the engine does not call it a moment" if able[i].below else "")


def kind_of(clip: Aligned, parts: Mapping[str, float]) -> str:
    """What makes a moment: the reaction that is heard in it, else the part that gives most of its score."""
    if clip.reaction is not None:
        return clip.reaction.kind
    return max(parts, key=lambda name: parts[name]) if parts else "moment"
