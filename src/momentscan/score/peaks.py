"""Peaks of a score that stand out of their own video, and the windows around them; the same for every engine
that looks for peaks.

(highlight_vector §6 and §12: both engines use the same find_peaks; readings H4, H5, H17.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np

from momentscan.knobs import Knob
from momentscan.signals.series import MAD_TO_SIGMA
from momentscan.values import Series, Window


class Peak(NamedTuple):
    """A local maximum: its place in the series, how far it rises over its surroundings, and the instants of
    half that height.
    """

    at: int
    prominence: float
    left_s: float
    right_s: float


@dataclass(frozen=True)
class Peaks:
    """Which local maxima are peaks, and how far their windows reach."""

    distance_s: Annotated[
        float, Knob("s", source="highlight_vector §6: at least 3 s apart; readings H4", low=0)
    ] = 3.0
    rule: Annotated[
        str,
        Knob(
            "",
            source="readings H5: prominence ≥ 3·MAD; seed = the seed's p95 of the level itself",
            choices=("mad", "seed"),
        ),
    ] = "mad"
    prominence: Annotated[float, Knob("σ", source="readings H5: 3·1.4826·MAD", low=0)] = 3.0
    level_percentile: Annotated[
        float,
        Knob(
            "%", source="the seed's p95 of the level (companions §2.2: p90); rule=seed only", low=0, high=100
        ),
    ] = 95.0
    margin_s: Annotated[float, Knob("s", source="highlight_vector §6: window = peak ± 1.0 s", low=0.05)] = 1.0
    extent: Annotated[
        str,
        Knob(
            "",
            source="readings H17: ± for photos; half-prominence within 2 to 8 s for clips",
            choices=("fixed", "half-prominence"),
        ),
    ] = "fixed"
    least_bar: Annotated[
        float, Knob("score", source="an engine's own unit: what its curve does by chance", low=0)
    ] = 0.0
    most_bar: Annotated[
        float,
        Knob(
            "score",
            source="an engine's own unit: enough for anything; where all is moved, MAD asks too much",
            low=0,
        ),
    ] = 1e9

    def find(self, time_s: Series, value: Series) -> tuple[list[Peak], list[Peak], float]:
        """(peaks, local maxima that are none, least prominence asked). The ends of the video may be peaks
        too.
        """
        from scipy.signal import find_peaks, peak_widths

        if len(value) < 2:
            return [], [], 0.0
        bar = self.bar(value)
        padded = np.concatenate([[value.min()], value, [value.min()]])
        step_s = float(np.median(np.diff(time_s)))
        every, about = find_peaks(padded, prominence=1e-9)
        some, _ = find_peaks(
            padded, prominence=max(bar, 1e-9), distance=max(1, round(self.distance_s / step_s))
        )
        halves = peak_widths(padded, every, 0.5)
        places = np.concatenate([[time_s[0]], time_s, [time_s[-1]]])
        left_s, right_s = (np.interp(x, np.arange(len(places)), places) for x in halves[2:4])
        found = [
            Peak(int(at) - 1, float(p), float(a), float(b))
            for at, p, a, b in zip(every, about["prominences"], left_s, right_s, strict=True)
        ]
        chosen = set((some - 1).tolist())
        return [p for p in found if p.at in chosen], [p for p in found if p.at not in chosen], bar

    def bar(self, value: Series) -> float:
        """The prominence that is asked: so many robust standard deviations, or the seed's percentile of the
        level.
        """
        if self.rule == "seed":
            return float(np.percentile(value, self.level_percentile))
        asked = self.prominence * MAD_TO_SIGMA * float(np.median(np.abs(value - np.median(value))))
        return min(max(asked, self.least_bar), self.most_bar)

    def window(self, peak: Peak, peak_s: float, duration_s: float, cuts_s: Series) -> Window:
        """The window around a peak: within the video, and trimmed at the shot it lies in."""
        start_s, end_s = peak_s - self.margin_s, peak_s + self.margin_s
        if self.extent == "half-prominence":
            half = min(max(peak.right_s - peak.left_s, 2.0), 8.0) / 2
            middle = min(max((peak.left_s + peak.right_s) / 2, peak_s - half), peak_s + half)
            start_s, end_s = middle - half, middle + half
        before, after = cuts_s[cuts_s <= peak_s], cuts_s[cuts_s > peak_s]
        start_s = max(start_s, 0.0, float(before[-1]) if len(before) else 0.0)
        end_s = min(end_s, duration_s, float(after[0]) if len(after) else duration_s)
        return Window(start_s, max(end_s, start_s + 1e-3), min(max(peak_s, start_s), end_s))
