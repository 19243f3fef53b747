"""A verdict as a figure."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import momentscan as ms
import worlds
from momentscan import registry
from momentscan.errors import MissingModel
from momentscan.values import Curve, Moment, Verdict, Window


def verdict() -> Verdict:
    time_s = np.arange(10.0)
    up, down = np.where(time_s == 4, 2.0, 0.5), np.full(10, -0.25)
    windows = [Window(3.0, 6.0, 4.0), Window(7.0, 9.0, 8.0)]
    moments = tuple(Moment(w, 1.0, "rules", "it moves", {"up": 1.0}, {"up": None}) for w in windows)
    return Verdict(
        "rules", Curve(time_s, up + down, {"up": up, "$down$": down}), up, 1.5, moments, (), None, {}
    )


def test_it_draws_curve_parts_threshold_windows_and_peaks() -> None:
    (axes,) = ms.plot(verdict()).axes
    score, smoothed, threshold, *peaks = axes.lines
    np.testing.assert_array_equal(score.get_ydata(), verdict().curve.value)
    np.testing.assert_array_equal(smoothed.get_ydata(), verdict().smoothed)
    assert set(threshold.get_ydata()) == {1.5}
    assert [line.get_xdata()[0] for line in peaks] == [4.0, 8.0]
    assert [(p.get_x(), p.get_x() + p.get_width()) for p in axes.patches] == [(3.0, 6.0), (7.0, 9.0)]
    assert [text.get_text().strip() for text in axes.texts] == ["1", "2"]
    assert axes.get_xlabel() == "time (s)"


def test_parts_are_stacked_each_on_its_side_of_zero() -> None:
    (axes,) = ms.plot(verdict()).axes
    boxes = [c.get_datalim(axes.transData) for c in axes.collections]
    assert max(box.y1 for box in boxes) == pytest.approx(2.0)
    assert min(box.y0 for box in boxes) == pytest.approx(-0.25)


@pytest.mark.parametrize("engine", registry.names("scorers"))
@pytest.mark.parametrize("people", [True, False])
def test_every_engine_can_be_drawn_also_where_it_is_silent(engine: str, people: bool) -> None:
    said = registry.load("scorers", engine)().judge(worlds.signals(people=people))
    figure = ms.plot(said)
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert (said.reason is None) or said.reason in figure.axes[0].get_title()


def test_without_matplotlib_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "momentscan.app.plots", raising=False)
    for name in [n for n in sys.modules if n.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        MissingModel, match=r'needs matplotlib, which is not installed; pip install "momentscan\[plot\]"'
    ):
        ms.plot(verdict())
