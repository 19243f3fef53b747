"""A verdict out of what an engine found: ranked, cut to a number, and with a reason for all that was not
chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from momentscan.signals import Signals
from momentscan.signals.calibration import UNKNOWN
from momentscan.values import Abstention, Candidate, Curve, Moment, Series, Verdict


def verdict_of(
    scorer: str,
    curve: Curve,
    smoothed: Series,
    threshold: float | None,
    chosen: Sequence[Moment],
    rejected: Sequence[Candidate],
    absent: Mapping[str, str],
    max_windows: int,
    abstention: Abstention,
) -> Verdict:
    """Moments ranked and cut to `max_windows`, each with its nearest rivals; `abstention` says why if there
    is none.
    """
    best_first = sorted(chosen, key=lambda m: (-m.score, m.window.start_s))
    ranked = [_ranked(i, m, max_windows) for i, m in enumerate(best_first, 1)]
    candidates = sorted([*ranked, *rejected], key=lambda c: (c.window.start_s, c.window.end_s))
    moments = tuple(_with_rivals(m, candidates) for m in best_first[:max_windows])
    why = None if moments else abstention
    return Verdict(scorer, curve, smoothed, threshold, moments, tuple(candidates), why, absent)


def abstained(
    scorer: str,
    curve: Curve,
    abstention: Abstention,
    absent: Mapping[str, str],
    smoothed: Series | None = None,
) -> Verdict:
    """A verdict of an engine that did not come to weigh candidates."""
    line = curve.value if smoothed is None else smoothed
    return Verdict(scorer, curve, line, None, (), (), abstention, absent)


def _ranked(place: int, moment: Moment, max_windows: int) -> Candidate:
    if place <= max_windows:
        return Candidate(moment.window, moment.score, moment.parts, "chosen", f"rank {place}: {moment.why}")
    reason = f"rank {place}, and only {max_windows} are kept (max_windows)"
    return Candidate(moment.window, moment.score, moment.parts, "over_max", reason)


def _with_rivals(moment: Moment, candidates: list[Candidate]) -> Moment:
    """The nearest candidates before and after it that were not chosen, with the reason."""
    lost = [c for c in candidates if c.verdict != "chosen"]
    before = [c for c in lost if c.window.peak_s < moment.window.peak_s][-1:]
    after = [c for c in lost if c.window.peak_s >= moment.window.peak_s][:1]
    rivals = tuple(
        f"{c.window.start_s:.1f}-{c.window.end_s:.1f} s (score {c.score:.3f}) not chosen: {c.reason}"
        for c in before + after
    )
    return replace(moment, rivals=rivals)


def apart(moments: Sequence[Moment]) -> list[Moment]:
    """The same in order of time; where two windows overlap, both end in the middle of the overlap, but never
    beyond a peak.
    """
    out: list[Moment] = []
    for moment in sorted(moments, key=lambda m: m.window.peak_s):
        before = out[-1].window if out else None
        if before is not None and before.end_s > moment.window.start_s:
            after = moment.window
            middle = min(max((before.end_s + after.start_s) / 2, before.peak_s), after.peak_s)
            out[-1] = replace(out[-1], window=replace(before, end_s=middle))
            moment = replace(moment, window=replace(after, start_s=middle))
        out.append(moment)
    return out


# ---- words and numbers that engines share ----


def too_low(prominence: float, asked: float) -> str:
    """Why a local maximum is no peak."""
    return f"rises {prominence:.3f} over its surroundings, {asked:.3f} asked"


def too_near(distance_s: float, higher_s: float) -> str:
    """Why a peak gives way to a higher one at the instant `higher_s`."""
    return f"less than {distance_s:g} s from a higher one at {higher_s:.1f} s"


def faceless(signals: Signals) -> Abstention | None:
    """Why an engine that watches faces has nothing to watch, if so."""
    if "faces.time_s" not in signals:
        return Abstention(
            "no_faces_looked_for",
            "there was no face detector; `momentscan models pull faces` fetches one, then scan again",
        )
    if not signals.rows("faces.time_s"):
        return Abstention("no_face", "not one face was seen")
    return None


def parts_at(curve: Curve, at: int) -> dict[str, float]:
    """What each part adds at one instant of the curve."""
    return {name: float(series[at]) for name, series in curve.parts.items()}


def finite(value: float) -> float | None:
    """None for what is not known (NaN, infinity)."""
    return float(value) if np.isfinite(value) else None


def unknown_embedder(signals: Signals, column: str) -> dict[str, str]:
    """What is to be said of an embedding whose calm nobody measured: {"calibration": why}; nothing of
    others.
    """
    if column not in signals or signals.calibration(column) != UNKNOWN:
        return {}
    maker = signals.made_by.get(column, "an embedder that the log does not name")
    return {"calibration": f"of {maker} was never measured, so what is usual is taken from others"}
