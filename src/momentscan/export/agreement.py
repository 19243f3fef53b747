"""Two engines side by side, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from momentscan.export.engine_style import presentation_of
from momentscan.export.formatting import many, percent, signed
from momentscan.records.run import ComparisonRun


@dataclass(frozen=True)
class AgreementSide:
    """An engine beside its colour."""

    name: str
    colour: int


@dataclass(frozen=True)
class Agreement:
    """How far two engines agree: in a sentence, and in numbers."""

    sides: list[AgreementSide]
    lead: str
    numbers: list[str]


def agreement(comparison: ComparisonRun, colours: Mapping[str, int]) -> Agreement:
    """In words, and beside the colours of the page."""
    n_a, n_b, matched = comparison.windows_a, comparison.windows_b, comparison.matched
    names = [comparison.a, comparison.b]
    titles = [presentation_of(name).title or name for name in names]
    if not n_a and not n_b:
        lead = "Neither found a moment."
    elif not n_a or not n_b:
        lead = f"Only {titles[0] if n_a else titles[1]} found moments."
    elif matched:
        lead = f"{many(matched, 'moment')} of {n_a} and {n_b} {'is' if matched == 1 else 'are'} the same."
    else:
        lead = f"No moment of {n_a} and {n_b} is the same."
    sides = [AgreementSide(title, colours.get(name, 0)) for title, name in zip(titles, names, strict=True)]
    return Agreement(sides, lead, _numbers(comparison, titles, bool(n_a and n_b)))


def _numbers(comparison: ComparisonRun, titles: list[str], both: bool) -> list[str]:
    """The numbers of a comparison that are known, each in words."""
    words = []
    if both and (iou := comparison.iou) is not None:
        words.append(f"their windows overlap by {percent(iou)} (mean IoU {iou:.2f})")
    if both and (f1 := comparison.peaks_f1) is not None:
        words.append(f"peaks within a second of each other: {percent(f1)} (F1)")
    if (rho := comparison.rank_correlation) is not None:
        words.append(f"the curves rise and fall {_together(rho)} (rank correlation {signed(rho, 2)})")
    qualities = list(zip(titles, (comparison.quality_a, comparison.quality_b), strict=True))
    of = " and ".join(f"{quality:.2f} by {title}" for title, quality in qualities if quality is not None)
    return [*words, f"mean quality of the chosen frames: {of}"] if of else words


def _together(rho: float) -> str:
    if rho >= 0.5:
        return "together"
    if rho >= 0.2:
        return "somewhat alike"
    return "independently" if rho > -0.2 else "against each other"
