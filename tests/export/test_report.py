"""The report tells what was seen, of anything that engines may say of it, in one file that asks nobody for
anything.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest

import worlds
from momentscan.export.curve_plot import COLUMNS
from momentscan.export.formatting import format_time
from momentscan.export.people_lanes import LANES
from momentscan.export.report import report_html
from momentscan.records.run import ComparisonRun, ModelRow, Run
from momentscan.score.compare import compare
from momentscan.select.people import People
from momentscan.select.picks import JudgedFrame, Picked
from momentscan.signals import Signals
from momentscan.values import Abstention, Candidate, Curve, Moment, Pick, Verdict, Window

EVIL = "<script>alert(1)</script>\"'><img src=http://evil onerror=x>"
RUN = worlds.run()
JPEG = cv2.imencode(".jpg", np.full((8, 8, 3), 90, np.uint8))[1].tobytes()
VOID = {"meta", "img", "br", "wbr", "line", "path", "polyline", "polygon"}


class Nesting(HTMLParser):
    """Checks that every tag that opens closes in its turn; keeps all tags and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self.open[-1:] not in (["style"], ["script"]) else ""


def read(page: str) -> Nesting:
    parser = Nesting()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", read(page).text)


def boxes(
    duration_s: float = 20.0, people: int = 1, tracks_each: int = 1, looks: int = 100
) -> dict[str, np.ndarray]:
    """Columns of faces and tracks: `people` side by side, the first seen at all looks, the others at ever
    fewer.
    """
    rows = []
    for p in range(people):
        for i in range(looks - p * looks // (people + 1)):
            track = p * tracks_each + i * tracks_each // looks
            rows.append(
                (i * duration_s / looks, i, track, [0.05 * p, 0.2, 0.05 * p + 0.3 - 0.01 * p, 0.6 - 0.01 * p])
            )
    rows.sort(key=lambda r: (r[0], r[2]))
    time_s, track = np.array([r[0] for r in rows]), np.array([r[2] for r in rows], np.int64)
    ids = np.unique(track)
    return {
        "faces.time_s": time_s,
        "faces.frame_idx": np.array([r[1] for r in rows], np.int64),
        "faces.track": track,
        "faces.bbox": np.array([r[3] for r in rows], np.float32),
        "faces.score": np.full(len(rows), 0.9, np.float32),
        "tracks.id": ids,
        "tracks.person": ids // tracks_each,
        "tracks.start_s": np.array([time_s[track == i].min() for i in ids]),
        "tracks.end_s": np.array([time_s[track == i].max() for i in ids]),
        "tracks.jpeg": np.array([JPEG] * len(ids), object),
    }


def signals(columns: dict[str, np.ndarray] | None = None, **changes: object) -> Signals:
    made = worlds.signals(20.0, (8.0, 10.0))
    return Signals(
        replace(made.video, **changes), {**{n: made[n] for n in made}, **(columns or {})}, made.made_by
    )  # type: ignore[arg-type]


def verdict(
    parts: dict[str, list[float]] | None = None,
    picks: tuple[Pick, ...] = (),
    name: str = "rules",
    why: str = "mouth opens",
    n: int = 40,
) -> Verdict:
    """An engine with one moment at 9 s whose parts are those of the curve there."""
    shapes = parts or {"mouth_open": [0.0, 1.0], "head_velocity": [0.1, 0.5]}
    time_s = np.arange(n) * 20.0 / n
    inside = (time_s >= 8) & (time_s < 10)
    series = {name: np.where(inside, high, low) for name, (low, high) in shapes.items()}
    value = np.asarray(sum(series.values()), np.float64)
    own = {name: high for name, (_, high) in shapes.items()}
    moment = Moment(
        Window(8.0, 10.0, 9.0),
        sum(own.values()),
        name,
        why,
        own,
        {},
        ("4.0-6.0 s (score 0.200) not chosen: too flat",),
        picks,
    )
    lost = Candidate(
        Window(4.0, 6.0, 5.0), 0.2, own, "below_threshold", "rises 0.1 over its surroundings, 0.4 asked"
    )
    return Verdict(name, Curve(time_s, value, series), value, None, (moment,), (lost,), None, {})


def silent(name: str, reason: str) -> Verdict:
    none = np.zeros(0)
    code, _, words = reason.partition(": ")
    return Verdict(
        name, Curve(none, none, {}), none, None, (), (), Abstention(code, words), {"people": reason}
    )


def compared(first: Verdict, *others: Verdict) -> tuple[ComparisonRun, ...]:
    """The first engine against each of the others, as run.json holds it."""
    return tuple(compare(first, other) for other in others)


def picked() -> Picked:
    frames = (
        JudgedFrame(8.2, 82, 0.4, ("gate.blur.face", "gate.exposure.black"), "failed the gate"),
        JudgedFrame(8.4, 84, 0.9, (), "chosen"),
        JudgedFrame(8.6, 86, 0.8, (), "looks like a chosen one"),
        JudgedFrame(9.8, 98, 0.3, (), "not among the best"),
    )
    return Picked((), 4, {"gate.blur.face": 1, "gate.exposure.black": 1}, frames)


class Packed(NamedTuple):
    """As `disk.packs.read_packs` gives it."""

    meta: dict[str, Any]
    images: list[dict[str, Any]]
    thumbs: dict[str, bytes]


def image(file: str, kind: str, time_s: float = 3.6, **more: Any) -> dict[str, Any]:
    told = {
        "expression_bin": "smile",
        "yaw_deg": 14.0,
        "pitch_deg": -1.0,
        "stable_score": 0.8,
        "cues": [],
        "why": "among the best frontal looks",
    }
    return (
        {"file": file, "type": kind, "timestamp_ms": 1000 * time_s, "frame_idx": 90, "quality_score": 0.906}
        | told
        | more
    )


def pack(images: tuple[dict[str, Any], ...] | None = None, **changes: Any) -> Packed:
    """A person with an anchor, an image of coverage and one of challenge; a smile that was seen and not
    taken, head up.
    """
    if images is None:
        hard = image(
            "challenge/chal_dark_001.jpg",
            "challenge",
            expression_bin=None,
            yaw_deg=-38.2,
            stable_score=None,
            cues=["yaw", "dark"],
        )
        images = (
            image("anchors/anchor_001.jpg", "anchor"),
            image("coverage/cov_yaw5_pitch0_smile.jpg", "coverage", 62.0),
            hard,
        )
    cells = [
        ("[5,15]", "neutral", "smile", 2),
        ("[5,15]", "slight-up", "smile", 0),
        ("[-45,-30]", "down", "eyes_closed", 1),
    ]
    meta = {
        "person_id": 0,
        "role": "main",
        "tracks": [1, 3],
        "looks": 84,
        "start_ms": 0.0,
        "end_ms": 16600.0,
        **{
            f"{kind}_count": sum(i.get("type") == kind for i in images)
            for kind in ("anchor", "coverage", "challenge")
        },
        "coverage_buckets_filled": {"yaw": "2/7", "pitch": "2/5", "expression": "2/4"},
        "coverage_buckets_achievable": {"yaw": "2/7", "pitch": "3/5", "expression": "2/4"},
        "cells": [
            dict(zip(("yaw_bin", "pitch_bin", "expression_bin", "images"), cell, strict=True))
            for cell in cells
        ],
        "stop_reason": "video_end",
        "stopped_at_ms": None,
        "identity_verified": True,
        "prototype_type": "medoid",
        "tau_id": 0.385,
        "look_alikes": [],
        "conditions": ["low_variety"],
        "left_out": {"could not be cut": 1, "not identified": 41},
        "warnings": [],
        "missing": [
            "yaw [-5,5]",
            "pitch slight-up",
            "expression mouth_open",
            "4 more challenging looks: dark",
        ],
    }
    return Packed({**meta, **changes}, list(images), {i.get("file", ""): JPEG for i in images})


def together() -> Packed:
    sides = [
        {"person_id": n, "side": side, "expression_bin": "smile", "stable_score": 0.7}
        for n, side in ((1, "left"), (0, "right"))
    ]
    told = {
        "file": "pair/pair_001.jpg",
        "type": "pair",
        "timestamp_ms": 9000.0,
        "frame_idx": 225,
        "quality_score": 0.5,
    }
    return Packed({}, [{**told, "people": sides, "shared_expression": "smile"}], {"pair/pair_001.jpg": JPEG})


def page_of(*people: Packed, pair: Packed | None = None, run: Run | None = None) -> str:
    return report_html(signals(boxes()), {"rules": verdict()}, {}, run or RUN, packs=(people, pair))


def test_names_and_words_cannot_write_into_the_page() -> None:
    evil = verdict({EVIL: [0.0, 1.0], "motion": [0.1, 0.2]}, name=EVIL, why=EVIL)
    evil = replace(evil, absent={EVIL: EVIL}, moments=tuple(replace(m, rivals=(EVIL,)) for m in evil.moments))
    run = replace(
        RUN,
        warnings=(EVIL,),
        models=(ModelRow(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL),),  # type: ignore[arg-type]
        comparisons=compared(evil, silent("other", "no_face: " + EVIL)),
    )
    odd = Picked((), 1, {EVIL: 1}, (JudgedFrame(9.0, 1, np.nan, (EVIL,), EVIL),), EVIL)
    page = report_html(
        signals(boxes(), video_id=EVIL, problems=(EVIL,)),
        {EVIL: evil, "other": silent("other", EVIL)},
        {},
        run,
        {EVIL: [odd]},
    )
    tags = read(page).tags
    assert sum(tag == "script" for tag, _ in tags) == 1
    assert not any("evil" in (attrs.get("src") or "") for _, attrs in tags)
    assert not any(name.startswith("on") for _, attrs in tags for name in attrs)


def test_the_page_asks_the_network_for_nothing() -> None:
    columns = {
        **boxes(),
        "thumbnails.time_s": np.array([0.0, 10.0]),
        "thumbnails.jpeg": np.array([JPEG, JPEG], object),
    }
    page = report_html(
        signals(columns), {"rules": verdict()}, {"rules": {}}, RUN, packs=([pack()], together())
    )
    assert "default-src 'none'" in page
    assert not re.findall(
        r"""(?:src|href)\s*=\s*["'](?!data:|#)|url\((?!data:)|@import|fetch\(|XMLHttp""", page
    )
    assert "http" not in page.replace("http-equiv", "")


def test_the_same_values_make_the_same_bytes() -> None:
    def made() -> str:
        verdicts = {"rules": verdict(), "vector": verdict(name="vector")}
        run = replace(RUN, comparisons=compared(*verdicts.values()))
        return report_html(
            signals(boxes(people=3)), verdicts, {}, run, {"rules": [picked()], "vector": [picked()]}
        )

    assert made() == made()


def test_everybody_has_a_lane_main_people_first_and_the_rest_is_counted() -> None:
    page = report_html(signals(boxes(people=16, tracks_each=2)), {"rules": verdict()}, {}, RUN)
    names = re.findall(r'<span class="tag">([^<]+)</span>', page)
    assert len(names) == LANES
    assert names[0] == "Person 0 · main person"
    assert [int(n.split()[1]) for n in names] == list(range(LANES))
    assert "And 4 more people." in text_of(page)


def test_a_lane_shows_every_track_where_it_was_seen() -> None:
    columns = boxes()
    columns["faces.track"] = np.where(columns["faces.time_s"] < 10, 0, 1)
    columns |= {
        "tracks.id": np.array([0, 1]),
        "tracks.person": np.array([0, 0]),
        "tracks.jpeg": np.array([b"", JPEG], object),
    }
    columns |= {"tracks.start_s": np.array([0.0, 10.0]), "tracks.end_s": np.array([5.0, 19.8])}
    page = report_html(signals(columns), {"rules": verdict()}, {}, RUN)
    assert re.findall(r'<span style="left:([\d.]+)%;width:([\d.]+)%" title="Person 0', page) == [
        ("0.0", "25.0"),
        ("50.0", "49.0"),
    ]
    assert 'alt="Person 0"' in page, "the crop is that of the track that has one"


def test_faces_hardly_seen_are_only_counted() -> None:
    columns = boxes(people=2)
    keep = (columns["faces.track"] == 0) | (columns["faces.time_s"] < 0.5)
    columns = {n: x[keep] if n.startswith("faces.") else x for n, x in columns.items()}
    columns["faces.score"] = np.where(columns["faces.track"] == 0, 0.9, 0.55).astype(np.float32)
    text = text_of(report_html(signals(columns), {"rules": verdict()}, {}, RUN))
    assert "1 face hardly seen" in text
    assert "Person 1" not in text


def test_without_faces_a_sentence_says_why() -> None:
    empty = {n: x[:0] for n, x in boxes().items()}
    verdicts = {"rules": silent("rules", "no_face: not one face was seen")}
    assert "Faces were looked for, and not one was seen." in report_html(signals(empty), verdicts, {}, RUN)
    assert "No face was looked for in this video." in report_html(signals(), verdicts, {}, RUN)


@pytest.mark.parametrize(
    "code", ["no_face", "no_contrast", "no_faces_looked_for", "too_short", "no_peak", "something_new"]
)
def test_an_engine_that_found_nothing_says_so_kindly_and_once(code: str) -> None:
    text = text_of(
        report_html(signals(), {"rules": silent("rules", f"{code}: only 3 of 5 were there")}, {}, RUN)
    )
    assert "No moment was found." in text
    assert text.count("nly 3 of 5 were there") == 1
    assert code not in text


def test_a_part_that_nobody_knows_is_named_and_coloured() -> None:
    names = ["motion", "sparkle_rate", *(f"part {i}" for i in range(12))]
    page = report_html(
        signals(), {"saliency": verdict({n: [0.1, 0.3] for n in names}, name="saliency")}, {}, RUN
    )
    assert {"sparkle rate 0.300", "movement 0.300", "part 11 0.300"} <= set(
        re.findall(r"</i>([^<]+ 0\.300)<", page)
    )
    used = re.findall(r'class="swatch c(\d)"></i>', page)[: len(names)]
    assert len(set(used)) == 10, "every colour is used before one is used twice"


def test_what_takes_away_is_drawn_below_zero() -> None:
    page = report_html(
        signals(), {"vector": verdict({"d_face": [-0.5, 2.0], "audio": [0.2, -1.0]}, name="vector")}, {}, RUN
    )
    points = [
        float(y) for line in re.findall(r'points="([^"]+)"', page) for y in re.findall(r",([-\d.]+)", line)
    ]
    assert points
    assert min(points) >= 0
    assert max(points) <= 160
    shares = [float(w) for w in re.findall(r'<span class="c\d(?: less)?" style="width:([\d.]+)%', page)]
    assert sum(shares) == pytest.approx(100, abs=0.1)
    assert "loudness −1.000" in text_of(page)
    assert "what takes away" in page


@pytest.mark.parametrize("low", [-3.0, 0.0])
def test_a_score_that_is_never_positive_is_still_a_page(low: float) -> None:
    page = report_html(signals(), {"vector": verdict({"d_face": [low, low]}, name="vector")}, {}, RUN)
    assert "nan" not in page
    assert "inf" not in re.sub(r"[a-z]+inf|inf[a-z]+", "", page)


def test_every_frame_that_was_looked_at_is_there_with_what_became_of_it() -> None:
    page = report_html(signals(boxes()), {"rules": verdict()}, {}, RUN, {"rules": [picked()]})
    cells = re.findall(r'<i class="(\w+)" title="([^"]+)"><u', page)
    assert [look for look, _ in cells] == ["failed", "chosen", "alike", "passed"]
    assert cells[0][1] == "0:08.2 · quality 0.40 · failed: face blurred, too dark"
    text = text_of(page)
    assert (
        "4 frames: 1 chosen, 1 passed, 1 too like a chosen one, 1 failed (face blurred 1 ×, too dark 1 ×)"
        in text
    )
    assert "Next in line: 0:08.6 (0.80, too like a chosen one); 0:09.8 (0.30)." in text


def test_a_still_tells_of_whom_it_is_and_how_good() -> None:
    measures = {
        "person": 0.0,
        "frontality": 0.9,
        "eye_open_norm": 0.1,
        "sharpness_norm": np.nan,
        "face_size_norm": 1.0,
    }
    made = verdict(picks=(Pick(9.0, 90, 0.77, measures), Pick(9.5, 95, 0.5, {"sharpness": 100.0})))
    text = text_of(report_html(signals(boxes()), {"rules": made}, {"rules": {90: JPEG, 95: JPEG}}, RUN))
    assert "0:09.0 · Person 0 · quality 0.77" in text
    assert "facing the camera, eyes narrow, large" in text
    assert "no main face, chosen for the picture as a whole" in text


def test_where_there_is_no_still_the_page_says_exactly_why() -> None:
    why = Picked(
        (), 10, {"gate.detect.area": 10}, (), "all 10 frames failed the gate: gate.detect.area 10 times"
    )
    text = text_of(report_html(signals(boxes()), {"rules": verdict()}, {}, RUN, {"rules": [why]}))
    assert "No still: all 10 frames failed the gate: face too small 10 times." in text
    uncut = text_of(report_html(signals(boxes()), {"rules": verdict(picks=(Pick(9.0, 90, 0.77),))}, {}, RUN))
    assert "the frames at 0:09.0 (quality 0.77) were chosen, but no stills were cut" in uncut


def test_engines_stand_side_by_side_with_how_far_they_agree() -> None:
    verdicts = {
        "rules": verdict(),
        "vector": verdict({"d_face": [0.0, 9.0]}, name="vector"),
        "saliency": silent("saliency", "no_contrast: x"),
    }
    run = replace(RUN, comparisons=compared(*verdicts.values()))
    page = report_html(signals(boxes()), verdicts, {}, run)
    assert page.count('<polyline class="own') == 2
    text = text_of(page)
    assert (
        "1 moment of 1 and 1 is the same. Their windows overlap by 100 % (mean IoU 1.00); peaks within a "
        "second of each other: 100 %" in text
    )
    assert "rise and fall together" in text
    assert "Only rules found moments." in text


def test_one_engine_alone_is_not_compared() -> None:
    assert "side by side" not in report_html(signals(), {"rules": verdict()}, {}, RUN)


def test_a_long_curve_keeps_its_peak_and_a_small_page() -> None:
    made = verdict(n=40000)
    value = made.curve.value.copy()
    value[12345] = 77.0
    made = replace(made, smoothed=value)
    page = report_html(signals(), {"rules": made}, {}, RUN)
    line = re.findall(r'class="sum" points="([^"]+)"', page)[0].split()
    assert len(line) <= 2 * COLUMNS + 2
    assert min(float(p.split(",")[1]) for p in line) == pytest.approx(160 * (1 - 1 / 1.08), abs=0.1)
    assert len(page) < 400_000


def test_a_score_of_one_instant_is_drawn_over_its_span() -> None:
    one = Curve(np.zeros(1), np.full(1, 0.5), {"embed": np.full(1, 0.5)}, span_s=5.0)
    made = replace(verdict(name="saliency"), curve=one, smoothed=one.value)
    page = report_html(signals(), {"saliency": made}, {}, RUN)
    (line,) = re.findall(r'class="sum" points="([^"]+)"', page)
    assert [float(p.split(",")[0]) for p in line.split()] == [0, 250], "5 s of 20 s, of a width of 1000"


def test_what_was_missing_stands_before_everything_else() -> None:
    page = report_html(
        signals(), {"rules": verdict()}, {}, replace(RUN, warnings=("no face detector is on this machine",))
    )
    assert page.index("no face detector is on this machine") < page.index("<h2")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00.0"), (12.34, "0:12.3"), (59.96, "1:00.0"), (3725, "1:02:05.0")]
)
def test_times_are_written_as_people_write_them(seconds: float, words: str) -> None:
    assert format_time(seconds) == words


def test_a_pack_shows_its_pictures_set_by_set_with_when_how_good_how_alike_and_why() -> None:
    page = page_of(pack())
    names = re.findall(r'<img src="data:image/jpeg;base64,[^"]+" alt="([^"]+)" loading="lazy"', page)
    assert [n.partition(":")[0] for n in names] == ["anchor_001", "cov_yaw5_pitch0_smile", "chal_dark_001"]
    assert names[0] == "anchor_001: among the best frontal looks; frame 90", (
        "what the tooltip says is read out too"
    )
    assert '<figure title="among the best frontal looks; frame 90">' in page
    text = text_of(page)
    assert "Person 0 · main person✓ identity verifiedseen 0:00.0 – 0:16.6, 84 looks in 2 tracks" in text
    assert "Anchors 1Coverage 1Challenge 1In all 3 images" in text
    assert "anchor_0010:03.6 · quality 0.91stable 0.80smiling, 14° right" in text
    assert "chal_dark_0010:03.6 · quality 0.91stable –38° left, dark" in text
    assert "3 images of 1 person" in text, "the head of the page leads there"


def test_the_map_of_coverage_has_up_at_the_top_and_the_pictures_left_at_the_left() -> None:
    page = page_of(pack())
    maps = re.findall(r'<table class="grid num">.*?</table>', page, re.DOTALL)
    captions = [
        "neutral never seen",
        "smiling 1 of 2 achievable",
        "mouth open never seen",
        "eyes closed 1 of 1 achievable",
    ]
    assert [text_of(m).partition("−30")[0].strip() for m in maps] == captions
    rows = [
        [re.findall(r'<td class="(\w+)" title="[^"]+">([^<]+)', row) for row in m.split("<tr>")[2:]]
        for m in maps
    ]
    assert [len(row) for m in rows for row in m] == [7] * 20
    heads = re.findall(r'<th scope="row"[^>]*>([^<]+)', maps[1])
    assert heads == ["up 20°", "up 8°", "level", "down 8°", "down 20°"]
    assert rows[1][1][4] == ("open", "0"), "seen, and not taken, is marked otherwise than never seen"
    assert rows[1][2][4] == ("h2", "2")
    assert rows[3][4][0] == ("h1", "1"), "far left and down is the lower left corner"
    assert rows[0][0][0] == ("never", "·")
    assert (
        "smiling, looking 5° to 15° to the picture&#39;s right, head up by 8° to 20°: seen, but no image "
        "taken" in page
    )


def test_what_is_covered_is_told_beside_what_the_video_could_give() -> None:
    text = text_of(page_of(pack()))
    assert (
        "yaw 2 of 2 achievable in this video, of 7; pitch 2 of 3 achievable in this video, of 5; "
        "expression 2 of 2" in text
    )


def test_what_is_missing_is_said_in_words_and_whether_the_video_had_it() -> None:
    items = re.findall(r"<li>(.*?)</li>", page_of(pack()).partition("What is still missing")[2], re.DOTALL)[
        :4
    ]
    assert [re.sub(r"<[^>]+>", "", i) for i in items] == [
        "looking straight ahead, within 5°",
        "head up by 8° to 20° (in this video, but no such look was taken)",
        "mouth open",
        "4 more challenging looks: dark",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"tau_id": None, "prototype_type": None},
            ("No Face-ID model looked", "momentscan models pull sface"),
        ),
        ({"prototype_type": None}, ("could identify no look", "larger and sharper view")),
        ({"look_alikes": [2]}, ("person 2 looks the same", "look at the pictures")),
        ({"look_alikes": [2, 3]}, ("person 2 and person 3 look the same", "look at the pictures")),
        ({}, ("does not say why", "Make the packs again")),
    ],
)
def test_who_is_not_verified_says_so_loudly_why_and_what_to_do(
    changes: dict[str, Any], words: tuple[str, str]
) -> None:
    text = text_of(
        page_of(
            pack(
                identity_verified=False,
                warnings=["identity is not verified: x", "no frontal look"],
                **changes,
            )
        )
    )
    assert "✗ identity NOT verified" in text
    assert all(w in text for w in words)
    assert "identity is not verified: x" not in text, "it is said once"
    assert "No frontal look." in text
    assert ("these numbers need not be those of the lanes" in text) == ("tau_id" in changes)


def test_who_got_no_image_is_told_why_in_one_sentence() -> None:
    left_out = {
        "could not be cut": 1,
        "not identified": 41,
        "blurred, small or unsure": 30,
        "closer to somebody else": 2,
    }
    text = text_of(page_of(pack((), left_out=left_out, cells=[])))
    assert (
        "No image could be taken of 84 looks: 41 × not identified; 30 × blurred, small or unsure; 2 × "
        "closer to somebody else; "
        "10 × turned or tilted too far, too dark, hidden, between two bins, or not cut out of the video."
        in text
    )
    assert "No look of this video would fill a bucket." in text
    assert "Conditioning ratio" not in text


def test_how_a_pack_was_collected_is_told() -> None:
    text = text_of(page_of(pack()))
    assert "The video ended before everything was covered." in text
    assert (
        "Conditioning ratio: 15 % anchors, 75 % coverage and 10 % challenge, because few angles and "
        "expressions were seen." in text
    )
    assert (
        "Why 42 of 84 looks were left out; 42 were there to choose fromnot identified41could not be cut1"
        in text
    )
    done = text_of(
        page_of(
            pack(stop_reason="coverage_satisfied", stopped_at_ms=12300.0, conditions=[], challenge_count=0)
        )
    )
    assert "Collecting stopped at 0:12.3: enough angles" in done
    assert "Conditioning ratio: 22 % anchors and 78 % coverage, as usual." in done
    assert "Collecting stopped: something new." in text_of(page_of(pack(stop_reason="something_new")))


def test_a_pack_of_which_half_is_gone_is_still_shown() -> None:
    whole = pack()
    text = page_of(
        whole._replace(thumbs={"anchors/anchor_001.jpg": b""}),
        Packed({}, [{}, {"file": "a/b.jpg", "type": "anchor"}], {}),
    )
    assert text.count('class="nothumb small"') == 4
    assert (
        'aria-label="chal_dark_001: among the best frontal looks; frame 90; its small picture is missing"'
        in text
    )
    assert "Person ?" in text_of(text)


def test_names_in_packs_cannot_write_into_the_page() -> None:
    evil = image(f"anchors/{EVIL}.jpg", "anchor", why=EVIL, cues=[EVIL])
    words = {
        "warnings": [EVIL],
        "missing": [EVIL, "표정"],
        "left_out": {EVIL: 3},
        "role": EVIL,
        "stop_reason": EVIL,
        "conditions": [EVIL],
    }
    both = together()
    both.images[0]["people"][0]["person_id"] = both.images[0]["shared_expression"] = EVIL
    page = page_of(pack((evil, image("anchors/민지_001.jpg", "anchor")), **words), pair=both)
    tags = read(page).tags
    assert sum(tag == "script" for tag, _ in tags) == 1
    assert not any("evil" in (attrs.get("src") or "") for _, attrs in tags)
    assert not any(name.startswith("on") for _, attrs in tags for name in attrs)
    assert "민지_001" in text_of(page)
    assert "표정" in text_of(page)


def test_two_people_together_are_shown_with_who_is_on_which_side_and_what_both_do() -> None:
    page = page_of(pack(), pack(person_id=1), pair=together())
    text = text_of(page)
    assert (
        "pair_0010:09.0 · quality 0.50left: Person 1, smiling, stable 0.70right: Person 0, smiling, "
        "stable 0.70both smiling" in text
    )
    assert 'alt="pair_001: left Person 1, right Person 0; both smiling; frame 225"' in page
    assert "there is no pack of the two" not in page
    assert "there is no pack of the two" in page_of(pack(), pack(person_id=1))
    assert "there is no pack of the two" not in page_of(pack())


def test_without_packs_nothing_is_said_of_them_unless_they_were_asked_for() -> None:
    assert "Identity packs" not in page_of()
    assert "nobody in this video plays a part" in page_of(run=replace(RUN, packs=()))


def test_of_many_people_the_later_packs_fold_away() -> None:
    page = page_of(*(pack(person_id=n) for n in range(9)))
    assert page.count('<article class="card pack"') == 9
    assert "5 more packs" in text_of(page)
    assert page.index("5 more packs") < page.index('id="pack-4"')


def test_who_is_main_is_what_the_run_decided() -> None:
    both = signals(boxes(people=2))
    pages = [
        text_of(report_html(both, {"rules": verdict()}, {}, RUN, people=People(mains=n))) for n in (1, 2)
    ]
    assert ["Person 1 · main person" in page for page in pages] == [False, True]
