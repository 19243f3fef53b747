"""A verdict as a figure; imported where one is asked for, as matplotlib is an extra."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from momentscan.values import Curve, Verdict

SIZE_IN = (11.0, 4.0)


class VerdictFigure(Figure):
    """A figure that a notebook shows by itself, without pyplot and its state."""

    def _repr_png_(self) -> bytes:
        png = BytesIO()
        self.savefig(png, format="png", bbox_inches="tight")
        return png.getvalue()


def figure_of(verdict: Verdict) -> Figure:
    """Parts stacked (those below zero downwards), score and smoothed score, threshold, windows with peaks."""
    figure = VerdictFigure(figsize=SIZE_IN, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(title=_title(verdict), xlabel="time (s)", ylabel="score")
    _draw_curve(axes, verdict)
    for rank, moment in enumerate(verdict.moments, 1):
        window = moment.window
        axes.axvspan(
            window.start_s,
            window.end_s,
            color="tab:orange",
            alpha=0.25,
            zorder=0,
            label="windows" if rank == 1 else None,
        )
        axes.axvline(window.peak_s, color="tab:red", linewidth=1.0, label="peaks" if rank == 1 else None)
        top = axes.get_xaxis_transform()
        axes.text(window.peak_s, 0.98, f" {rank}", transform=top, va="top", color="tab:red", parse_math=False)
    if len(axes.get_legend_handles_labels()[1]):
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return figure


def _draw_curve(axes: Axes, verdict: Verdict) -> None:
    curve = verdict.curve
    if not len(curve.time_s):
        return
    time_s = curve.time_s + curve.span_s / 2  # the middle of what a value speaks for
    _stack(axes, curve, time_s)
    axes.plot(time_s, curve.value, color="0.35", linewidth=0.8, label="score")
    if len(verdict.smoothed) == len(time_s) and not np.array_equal(verdict.smoothed, curve.value):
        axes.plot(time_s, verdict.smoothed, color="black", linewidth=1.4, label="smoothed")
    if verdict.threshold is not None:
        axes.axhline(verdict.threshold, color="tab:red", linestyle="--", linewidth=0.8, label="threshold")


def _stack(axes: Axes, curve: Curve, time_s: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """Each part upon those before it, on its own side of zero."""
    above, below = np.zeros(len(time_s)), np.zeros(len(time_s))
    for number, (name, part) in enumerate(curve.parts.items()):
        if not part.any():
            continue
        up, down = above + np.maximum(part, 0), below + np.minimum(part, 0)
        colour = f"C{number % 10}"
        axes.fill_between(time_s, above, up, color=colour, alpha=0.45, linewidth=0, label=name)
        axes.fill_between(time_s, below, down, color=colour, alpha=0.45, linewidth=0)
        above, below = up, down


def _title(verdict: Verdict) -> str:
    if verdict.moments:
        return (
            f"{verdict.scorer}: {len(verdict.moments)} moments"
            if len(verdict.moments) > 1
            else f"{verdict.scorer}: 1 moment"
        )
    return f"{verdict.scorer}: no moment ({verdict.reason})"
