"""The moments nobody would miss: hits against spans, best three and first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import unmistakable
from momentscan.values import Window
from worlds import signals

SPANS = [[10.0, 12.0], [20.0, 20.5]]


@pytest.mark.parametrize(
    ("peak_s", "hit"),
    [(9.4, False), (9.5, True), (11.0, True), (12.5, True), (12.6, False), (20.9, True), (15.0, False)],
)
def test_a_window_hits_when_its_peak_is_within_half_a_second_of_any_span(peak_s: float, hit: bool) -> None:
    assert unmistakable.hits(Window(0, 60, peak_s), SPANS) is hit


def test_only_the_first_three_windows_count_and_the_first_for_itself() -> None:
    def windows(*peaks_s: float) -> list[Window]:
        return [Window(p - 1, p + 1, p) for p in peaks_s]

    assert unmistakable.told(windows(30, 11, 40), SPANS) == {
        "top3": True,
        "first": False,
        "windows": 3,
        "peaks_s": [30, 11, 40],
    }
    assert unmistakable.told(windows(30, 40, 50, 11), SPANS)["top3"] is False
    assert unmistakable.told(windows(11), SPANS)["first"] is True
    assert unmistakable.told([], SPANS) == {"top3": False, "first": False, "windows": 0, "peaks_s": []}


def test_rows_are_the_engines_that_are_there_and_the_three_baselines() -> None:
    videos = {"a": signals(60.0, (30.0, 33.0)), "b": signals(60.0, (10.0, 12.0), seed=1)}
    rows = unmistakable.compared(
        videos, {"a": [[30.0, 33.0]], "b": [[10.0, 12.0]]}, {"saliency": {}, "no_such_engine": {}}
    )
    assert [r["name"] for r in rows] == ["saliency", "loudest", "most motion", "evenly spaced"]
    assert [(r["clips"], r["top3"], r["first"]) for r in rows[:3]] == [(2, 2, 2)] * 3


def test_clips_are_those_of_the_labels(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps({"_unmistakable": {"x.mp4": SPANS}, "x.mp4": {}}))
    assert unmistakable.clips(tmp_path) == {"x.mp4": SPANS}
