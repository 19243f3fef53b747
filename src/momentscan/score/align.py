"""Where a clip starts and ends: with what led to the moment, onto cuts, out of words, into quiet; every move
with its reason (CH13 to CH15).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np

from momentscan.knobs import Knob
from momentscan.signals import Signals
from momentscan.signals.spans import Spans, cuts_of, union
from momentscan.signals.speech import Voicing, reaction, words
from momentscan.values import Aligned, ClipFlag, Edge, Move, Reaction, Series, Window

EDGES: tuple[tuple[Edge, float], ...] = (("start", -1.0), ("end", 1.0))
"""Edges, and the sign that turns the video so that time runs outwards."""

EPS_S = 1e-6
"""Times that differ by less are the same: rounding of what was logged."""


class _Around(NamedTuple):
    """What an edge may run into, seen outwards: for a start edge all times are negated, so that outwards is
    always later.

    `limit_s` end of the video; `cuts` (N,), `words`, `sentences`, `voiced` (K, 2), `level_s`, `level_db`
    (M,), all ascending.
    """

    limit_s: float
    cuts: Series
    words: Spans
    sentences: Spans
    voiced: Spans
    level_s: Series
    level_db: Series

    def mirrored(self) -> _Around:
        spoken, sentences, voiced = (
            -spans[::-1, ::-1] for spans in (self.words, self.sentences, self.voiced)
        )
        return _Around(
            0.0, -self.cuts[::-1], spoken, sentences, voiced, -self.level_s[::-1], self.level_db[::-1]
        )


class _Step(NamedTuple):
    to_s: float
    reason: str
    note: str


@dataclass(frozen=True)
class Align:
    """Edges of clips, in the order of readings S10: never inside a word, never across a cut, context; then
    into the quietest point near.

    An edge goes outwards to take in context, but not over a cut; a sliver of another shot at the edge is cut
    off; a cut that is near draws the edge onto itself. Then it leaves words: to the end of the sentence where
    that is near, else of the word; without a transcript it leaves voiced spans. Last it settles in the
    quietest point near, unless it lies on a cut; that takes nothing off the moment. No step is longer than
    its knob.
    """

    extent: Annotated[
        str,
        Knob(
            "",
            source="moment = as the engine found it (vector: peak ± 1 s); peak = peak ± peak_s; thirds = "
            "a fixed length, one third before the "
            "peak (companions §2.6: fixed asymmetric .692 against peak-centred .167)",
            choices=("moment", "peak", "thirds"),
        ),
    ] = "moment"
    delivery_s: Annotated[
        float, Knob("s", source="companions §2.6: fixed 6 s (1/3 : 2/3)", low=0.5, high=600)
    ] = 6.0
    peak_s: Annotated[float, Knob("s", source="highlight_vector §6: peak ± 1.0 s", low=0.1, high=60)] = 1.0
    context_s: Annotated[float, Knob("s", source="readings S10: context ± 1 s", low=0, high=30)] = 1.0
    reaction: Annotated[
        float,
        Knob(
            "0-1",
            source="measured: YAMNet's laughter reaches .15 in 9 of 9 marked laughs; ten clips without "
            "any stay under .03",
            low=0,
            high=1,
        ),
    ] = 0.15
    cause_s: Annotated[
        float,
        Knob(
            "s",
            source="taste: a sentence and a breath; how far before a reaction its cause is looked for",
            low=0,
            high=60,
        ),
    ] = 4.0
    onset_s: Annotated[
        float,
        Knob(
            "s",
            source="taste: a reaction that set in longer before the moment goes on by itself; its cause "
            "is left out",
            low=0,
            high=60,
        ),
    ] = 4.0
    scene_s: Annotated[
        float,
        Knob(
            "s",
            source="readings S10: each move ≤ 1.5 s; onto a cut, or off a sliver of a shot",
            low=0,
            high=30,
        ),
    ] = 1.5
    scene_reach_s: Annotated[
        float, Knob("s", source="taste: a cut so near outwards draws the edge onto itself", low=0, high=30)
    ] = 0.5
    speech_s: Annotated[
        float,
        Knob("s", source="readings S10: each move ≤ 1.5 s; out of a word or a sentence", low=0, high=30),
    ] = 1.5
    quiet_s: Annotated[float, Knob("s", source="taste: a breath between phrases", low=0, high=10)] = 0.3
    quiet_db: Annotated[
        float, Knob("dB", source="taste: so much quieter that it is heard", low=0, high=60)
    ] = 3.0
    after_peak_s: Annotated[
        float, Knob("s", source="taste: no edge comes closer to the peak", low=0, high=10)
    ] = 0.3
    least_s: Annotated[
        float, Knob("s", source="readings H17: human windows clipped to [2, 8] s", low=0.1, high=60)
    ] = 2.0
    most_s: Annotated[
        float, Knob("s", source="readings S9: cap 30 s, and a move of each edge", low=0.5, high=3600)
    ] = 36.0
    voicing: Voicing = Voicing()

    def __call__(self, signals: Signals, window: Window) -> Aligned:
        """The clip of one moment. Both edges lie in the video, start < end, the peak between them."""
        return self.of(signals)(window)

    def of(self, signals: Signals) -> Callable[[Window], Aligned]:
        """The same for many moments of one video: what lies around them is read from the log once."""
        around = _around(signals, self.voicing)
        return lambda window: self._aligned(signals, around, window)

    def _aligned(self, signals: Signals, around: _Around, window: Window) -> Aligned:
        reaction_heard = (
            reaction(signals, window.start_s, window.end_s, self.reaction)
            if self.extent == "moment"
            else None
        )
        base, moves = self._base(window, around)
        lead_s = self._lead_s(base, reaction_heard, around)
        flags: list[ClipFlag] = []
        edges = []
        for edge, sign in EDGES:
            seen = around if sign > 0 else around.mirrored()
            raw_s = sign * (base.end_s if sign > 0 else base.start_s)
            outwards_s = lead_s if edge == "start" else (self.context_s if self.extent == "moment" else 0.0)
            by_cause = edge == "start" and outwards_s > self.context_s
            at_s = raw_s
            for step in self._steps(
                raw_s, sign * base.peak_s, outwards_s, seen, reaction_heard if by_cause else None
            ):
                moves.append(Move(edge, sign * at_s + 0.0, sign * step.to_s + 0.0, step.reason, step.note))
                at_s = step.to_s
            if _inside(at_s, seen.words) is not None or (
                not len(seen.words) and _inside(at_s, seen.voiced) is not None
            ):
                flags.append("speech.start" if edge == "start" else "speech.end")
            edges.append(sign * at_s + 0.0)
        if not self.least_s - EPS_S <= edges[1] - edges[0] <= self.most_s + EPS_S:
            flags.append("length")
        return Aligned(window, edges[0], edges[1], tuple(moves), tuple(flags), reaction_heard)

    def _base(self, window: Window, around: _Around) -> tuple[Window, list[Move]]:
        """The window by `extent`, within the limits of length and inside the video; it grows only as far as
        the shots it lies in go.
        """
        start_s, end_s, reason, note = window.start_s, window.end_s, "", ""
        low_s, high_s = 0.0, around.limit_s
        peak_s = min(max(window.peak_s, 0.0), high_s)
        if self.extent == "peak":
            start_s, end_s, reason = peak_s - self.peak_s, peak_s + self.peak_s, "extent.peak"
            note = f"the peak ± {self.peak_s:g} s"
        elif self.extent == "thirds":
            start_s, end_s, reason = *_thirds(peak_s, self.delivery_s), "extent.thirds"
            note = f"{self.delivery_s:g} s, a third of them before the peak"
        length_s = min(max(end_s - start_s, self.least_s), self.most_s)
        if length_s != end_s - start_s:
            if length_s > end_s - start_s:
                low_s = max([low_s, *around.cuts[around.cuts <= start_s + EPS_S].tolist()])
                high_s = min([high_s, *around.cuts[around.cuts >= end_s - EPS_S].tolist()])
                start_s = min(
                    max(_thirds(peak_s, length_s)[0], end_s - length_s), start_s
                )  # all that was found stays in it
            else:
                start_s = peak_s - (peak_s - start_s) / (end_s - start_s) * length_s
            end_s, reason = start_s + length_s, "guard.length"
            start_s, end_s = (
                _shifted(start_s, end_s, low_s, high_s)
                if low_s > 0 or high_s < around.limit_s
                else (start_s, end_s)
            )
            note = f"clips last {self.least_s:g} to {self.most_s:g} s"
        moves = [Move(e, a, b, reason, note) for e, a, b in _changes(window, start_s, end_s) if reason]
        inside = _shifted(start_s, end_s, 0.0, around.limit_s)
        moves += [
            Move(e, a, b, "guard.video", "the video is no longer")
            for e, a, b in _moved((start_s, end_s), (inside[0], inside[1]))
        ]
        return Window(*inside, min(max(peak_s, inside[0]), inside[1])), moves

    def _lead_s(self, base: Window, reaction_heard: Reaction | None, around: _Around) -> float:
        """How far before the base the clip should start: the context, or what caused the reaction that is
        heard.
        """
        if self.extent != "moment":
            return 0.0
        if reaction_heard is None or reaction_heard.onset_s < base.start_s - self.onset_s:
            return self.context_s
        sentences = around.sentences if len(around.sentences) else around.voiced
        before = sentences[
            (sentences[:, 0] < reaction_heard.onset_s)
            & (sentences[:, 1] > reaction_heard.onset_s - self.cause_s / 2)
        ]
        cause_s = float(before[-1, 0]) if len(before) else reaction_heard.onset_s - self.cause_s / 2
        return max(self.context_s, base.start_s - max(cause_s, reaction_heard.onset_s - self.cause_s))

    def _steps(
        self, raw_s: float, peak_s: float, outwards_s: float, around: _Around, cause: Reaction | None
    ) -> list[_Step]:
        """The moves of one edge, outwards later: each starts where the one before ended."""
        steps: list[_Step] = []
        first = self._shot(raw_s, peak_s, outwards_s, around, cause)
        steps += [first] if first is not None and abs(first.to_s - raw_s) > EPS_S else []
        at_s = steps[-1].to_s if steps else raw_s
        out = self._out_of_speech(at_s, peak_s, around)
        steps += [out] if out is not None else []
        at_s = steps[-1].to_s if steps else raw_s
        glimpse = self._glimpse(at_s, peak_s, around) if out is not None else None
        steps += [glimpse] if glimpse is not None else []
        at_s = steps[-1].to_s if steps else raw_s
        if not _on_cut(at_s, around.cuts):
            quiet = self._quiet(at_s, max(peak_s + self.after_peak_s, min(at_s, raw_s)), around)
            steps += [quiet] if quiet is not None else []
        return steps

    def _shot(
        self, raw_s: float, peak_s: float, outwards_s: float, around: _Around, cause: Reaction | None
    ) -> _Step | None:
        """Context, as far as the shot goes; off a sliver; onto a cut that is near."""
        sliver = around.cuts[
            (around.cuts >= max(peak_s + self.after_peak_s, raw_s - self.scene_s))
            & (around.cuts <= raw_s + EPS_S)
        ]
        if len(sliver):
            return _Step(
                float(sliver[-1]),
                "scene.cut",
                f"{raw_s - float(sliver[-1]):.2f} s of another shot were cut off",
            )
        want_s = min(raw_s + outwards_s, around.limit_s)
        ahead = around.cuts[
            (around.cuts > raw_s)
            & (around.cuts <= min(want_s + self.scene_reach_s, raw_s + max(outwards_s, self.scene_s)))
        ]
        if len(ahead):
            return _Step(float(ahead[0]), "scene.cut", "as far as the shot goes")
        if want_s <= raw_s:
            return None
        if cause is not None:
            return _Step(
                want_s,
                "context.cause",
                f"{cause.kind} sets in at {cause.onset_s:.1f} s; what came before it is taken in",
            )
        return _Step(want_s, "context", f"{want_s - raw_s:.2f} s of context")

    def _out_of_speech(self, at_s: float, peak_s: float, around: _Around) -> _Step | None:
        """Out of a word, to the end of the sentence if near; without a transcript out of a voiced span."""
        spoken = around.words if len(around.words) else around.voiced
        word, sentence = _inside(at_s, spoken), _inside(at_s, around.sentences)
        if word is None and sentence is None:
            return None
        on_cut = _on_cut(at_s, around.cuts)
        next_cut = around.cuts[around.cuts > at_s + EPS_S]
        out_s = (
            at_s
            if on_cut
            else min(at_s + self.speech_s, around.limit_s, float(next_cut[0]) if len(next_cut) else np.inf)
        )
        in_s = max(at_s - self.speech_s, peak_s + self.after_peak_s)
        tried = []
        if sentence is not None:
            tried.append((float(sentence[1]), "speech.sentence", "to the edge of the sentence"))
        if word is not None:
            what = "word" if len(around.words) else "speech"
            tried.append((float(word[1]), f"speech.{what}", f"the {what} is taken in"))
            tried.append((float(word[0]), f"speech.{what}", f"the {what} is left out"))
        for to_s, reason, note in tried:
            if in_s - EPS_S <= to_s <= out_s + EPS_S and _inside(to_s, spoken) is None:
                return _Step(to_s, reason, note)
        return None

    def _glimpse(self, at_s: float, peak_s: float, around: _Around) -> _Step | None:
        """Onto a cut shortly inwards of an edge that gave way to a word, unless it lies in a word too."""
        near = around.cuts[
            (around.cuts >= max(peak_s + self.after_peak_s, at_s - self.scene_reach_s))
            & (around.cuts < at_s - EPS_S)
        ]
        spoken = around.words if len(around.words) else around.voiced
        if not len(near) or _inside(float(near[0]), spoken) is not None:
            return None
        return _Step(
            float(near[0]),
            "scene.cut",
            f"a glimpse of {at_s - float(near[0]):.2f} s of another shot was cut off",
        )

    def _quiet(self, at_s: float, least_s: float, around: _Around) -> _Step | None:
        """The quietest point within reach, not before `least_s`, that is in no word and not over a cut, if it
        is clearly quieter.
        """
        low, high = max(at_s - self.quiet_s, least_s), min(at_s + self.quiet_s, around.limit_s)
        for spans in (
            around.words,
            around.voiced if not len(around.words) and _inside(at_s, around.voiced) is None else around.words,
        ):
            before, after = spans[spans[:, 1] <= at_s + EPS_S], spans[spans[:, 0] >= at_s - EPS_S]
            low = max(low, float(before[-1, 1])) if len(before) else low
            high = min(high, float(after[0, 0])) if len(after) else high
        cuts = around.cuts[(around.cuts > at_s)]
        high = min(high, float(cuts[0])) if len(cuts) else high
        if _inside(at_s, around.words) is not None or low >= high or not len(around.level_s):
            return None
        near = np.flatnonzero(
            (around.level_s >= low) & (around.level_s <= high) & np.isfinite(around.level_db)
        )
        if not len(near):
            return None
        here_db = float(np.interp(at_s, around.level_s, np.nan_to_num(around.level_db, nan=0.0)))
        lowest = float(around.level_db[near].min())
        quietest = near[around.level_db[near] <= lowest + 0.5]
        to_s = float(around.level_s[quietest[np.argmin(np.abs(around.level_s[quietest] - at_s))]])
        if here_db - lowest < self.quiet_db or abs(to_s - at_s) <= EPS_S:
            return None
        return _Step(to_s, "sound.quiet", f"{here_db - lowest:.0f} dB quieter there")


def _around(signals: Signals, voicing: Voicing) -> _Around:
    """Words whose times were only shared out of a subtitle's are not trusted where voice activity says better
    when somebody speaks.
    """
    voiced = voicing(signals)
    spoken, sentences = words(signals)
    if len(voiced) and len(spoken) and not signals["words.timed"].all():
        spoken = union(np.concatenate([words(signals, timed=True)[0], voiced]), touching=False)
    level = "level.db" in signals
    return _Around(
        signals.video.duration_s,
        cuts_of(signals),
        spoken,
        sentences,
        voiced,
        signals["level.time_s"].astype(np.float64) if level else np.zeros(0),
        signals["level.db"].astype(np.float64) if level else np.zeros(0),
    )


def _inside(at_s: float, spans: Spans) -> Series | None:
    """The span in which a time lies, edges not counted; spans do not overlap."""
    after = int(np.searchsorted(spans[:, 0], at_s - EPS_S)) - 1
    if after < 0 or not spans[after, 0] + EPS_S < at_s < spans[after, 1] - EPS_S:
        return None
    return np.asarray(spans[after], np.float64)


def _on_cut(at_s: float, cuts: Series) -> bool:
    return bool(len(cuts)) and float(np.abs(cuts - at_s).min()) <= EPS_S


def _thirds(peak_s: float, length_s: float) -> tuple[float, float]:
    return peak_s - length_s / 3, peak_s + 2 * length_s / 3


def _shifted(start_s: float, end_s: float, low_s: float, high_s: float) -> tuple[float, float]:
    """The span moved into [low, high], its length kept where there is as much room."""
    length_s = min(end_s - start_s, high_s - low_s)
    start_s = min(max(start_s, low_s), high_s - length_s)
    return start_s, start_s + length_s


def _changes(window: Window, start_s: float, end_s: float) -> list[tuple[Edge, float, float]]:
    """The edges that moved: which, from where, to where."""
    return _moved((window.start_s, window.end_s), (start_s, end_s))


def _moved(before: tuple[float, float], after: tuple[float, float]) -> list[tuple[Edge, float, float]]:
    pairs = zip(EDGES, before, after, strict=True)
    return [(edge, a, b) for (edge, _), a, b in pairs if abs(a - b) > EPS_S]
