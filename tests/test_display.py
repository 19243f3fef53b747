"""Values show shapes, times and units in a few lines, and in a notebook a table no text breaks out of."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import worlds
from momentscan import registry
from momentscan.signals import Signals
from momentscan.values import Batch, Candidate, Curve, Moment, Verdict, Window

EVIL = '<script>alert("1")</script>&amp;'


def curve(n: int = 5) -> Curve:
    value = np.linspace(0.0, 1.0, n)
    return Curve(np.arange(n) * 3.0, value, {"motion": value, "audio": np.zeros(n)}, span_s=5.0)


def verdict(why: str = "it moves") -> Verdict:
    window = Window(3.0, 8.0, 5.5)
    moment = Moment(
        window, 0.75, "saliency", why, {"motion": 0.75, "audio": 0.0}, {"motion": 0.104, "audio": None}
    )
    candidate = Candidate(window, 0.75, {"motion": 0.75}, "chosen", why)
    return Verdict("saliency", curve(), curve().value, 0.6, (moment,), (candidate,), None, {"audio": why})


def silent() -> Verdict:
    return Verdict("rules", curve(0), np.zeros(0), None, (), (), "no_face: not one face was seen", {})


def batch() -> Batch:
    frames, thumbs = np.zeros((10, 48, 64, 3), np.uint8), np.zeros((25, 12, 16), np.uint8)
    return Batch(
        2.0, 3.0, frames, np.arange(10.0), np.arange(10), np.zeros(22050, np.float32), thumbs, np.arange(25.0)
    )


class _Tags(HTMLParser):
    """Every tag that a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data + "|"


def test_a_batch_tells_its_span_and_shapes_in_one_line() -> None:
    assert (
        repr(batch()) == "Batch([2.00, 3.00) s, frames (10, 48, 64, 3), sound (22050,), thumbs (25, 12, 16))"
    )
    assert "|frames|(10, 48, 64, 3)|uint8|" in _Tags(batch()._repr_html_()).text


def test_a_curve_tells_how_far_it_reaches_and_its_parts() -> None:
    assert repr(curve()) == "Curve(5 values, 0.00 to 17.00 s, score 0 to 1; parts motion, audio)"
    assert "|score|0|0.5|1|motion|0|0.5|1|audio|0|0|0|" in _Tags(curve()._repr_html_()).text


def test_an_empty_curve_can_be_shown_too() -> None:
    assert repr(curve(0)) == "Curve(0 values; parts motion, audio)"
    assert "0 values" in curve(0)._repr_html_()


def test_a_verdict_tells_its_moments_by_rank_and_what_was_absent() -> None:
    assert repr(verdict()).splitlines() == [
        "Verdict of saliency: 1 moment of 1 candidate, threshold 0.6",
        "  Curve(5 values, 0.00 to 17.00 s, score 0 to 1; parts motion, audio)",
        "  1  Moment(3.00 to 8.00 s, peak 5.50 s, saliency 0.75: it moves)",
        "  without audio: it moves",
    ]
    assert "|1|3.00|5.50|8.00|0.75|it moves|" in _Tags(verdict()._repr_html_()).text


def test_a_verdict_without_moments_says_why() -> None:
    assert repr(silent()).startswith(
        "Verdict of rules: no moment of 0 candidates; no_face: not one face was seen\n"
    )
    assert "not one face was seen" in silent()._repr_html_()


def test_a_moment_shows_its_parts_in_both_units() -> None:
    assert "|motion|0.75|0.104|audio|0|-|" in _Tags(verdict().moments[0]._repr_html_()).text


@pytest.mark.parametrize("engine", registry.names("scorers"))
def test_what_every_engine_says_can_be_shown(engine: str) -> None:
    said = registry.load("scorers", engine)().judge(worlds.signals(people=True))
    assert repr(said).startswith(f"Verdict of {engine}: ")
    assert repr(said).count("Moment(") == said._repr_html_().count("<tr>") - 1 == len(said.moments)


def test_signals_tell_the_video_and_the_rows_of_each_table() -> None:
    signals = Signals(
        worlds.info(30.0, video_id="ride"), {"frames.time_s": np.zeros(300), "frames.motion": np.zeros(300)}
    )
    first, second = repr(signals).splitlines()
    assert re.fullmatch(r"Signals of ride: 30\.00 s, \d+ x \d+ px, [\d.]+ fps", first)
    assert second == "  frames      300 rows: time_s, motion"
    assert "|frames|300 rows|time_s, motion|" in _Tags(signals._repr_html_()).text


def test_showing_signals_reads_nothing() -> None:
    def unread() -> np.ndarray:
        raise AssertionError("a column was read")

    assert repr(Signals(worlds.info(), {"frames.time_s": unread})).endswith("frames     not read yet: time_s")


@pytest.mark.parametrize(
    "page",
    [
        verdict(EVIL)._repr_html_(),
        verdict(EVIL).moments[0]._repr_html_(),
        Signals(worlds.info(video_id=EVIL), {f"{EVIL}.{EVIL}": np.zeros(1)})._repr_html_(),
        Curve(np.zeros(1), np.zeros(1), {EVIL: np.zeros(1)})._repr_html_(),
    ],
)
def test_no_text_becomes_markup_in_a_notebook(page: str) -> None:
    shown = _Tags(page)
    assert shown.seen == {"table", "caption", "thead", "tbody", "tr", "th", "td"} | (
        {"p"} if "<p>" in page else set()
    )
    assert EVIL in shown.text
