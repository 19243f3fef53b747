"""Timelines say the same frames as were told, whoever reads them, and no title breaks a file."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

import worlds
from momentscan.errors import UsageError
from momentscan.export.formats import FORMATS, parse_formats, reel, timeline_files
from momentscan.export.labels import FaceLabel, cvat
from momentscan.export.timeline import (
    DROPPED,
    RATES,
    Range,
    Timeline,
    clean,
    frame_at,
    frame_of,
    nominal_rate,
    to_timeline,
)

NTSC = Fraction(30000, 1001)
HOSTILE = [
    "라이드 하이라이트",
    "<&>\"'",
    "]]></name><evil/>",
    "&lt;script&gt; &#0; %s %% \\u0000",
    "🎢👩‍👩‍👧 ride",
    "مرحبا \u202e abc",
    "a\nb\r\nc\td\x00\x07\x1b\x7f\x85\u2028",
    "\ud800 half \udcff",
    "\ufffe\uffff\ufdd0",
    "x" * 10_000,
    "-->",
    "=1+1;@cmd,\"q\"",
    "* LOC: 01:00:00:00 RED  FROM CLIP NAME: x",
    "../../etc/passwd",
    "",
]  # fmt: skip


def spans(*windows: tuple[float, float]) -> list[Range]:
    return [
        Range(i, a, b, (a + b) / 2, 1 / i, f"moment {i}", f"why {i}") for i, (a, b) in enumerate(windows, 1)
    ]


def told(
    *windows: tuple[float, float],
    rate: Fraction = NTSC,
    drop: bool | None = None,
    start: int = 0,
    title: str = "ride",
    **video: object,
) -> Timeline:
    return to_timeline(
        worlds.info(**{"duration_s": 600.0, "fps": float(rate), **video}),
        "rules",
        spans(*windows),
        title,
        rate,
        drop,
        start,
    )[0]  # type: ignore[arg-type]


def text_of(timeline: Timeline, name: str) -> str:
    text = timeline_files(timeline, name)[0].text
    assert text is not None
    return text


def frames_of(timeline: Timeline) -> list[tuple[int, int]]:
    return [(cut.first, cut.end) for cut in timeline.cuts]


@st.composite
def timelines(draw: st.DrawFn, titles: Sequence[str] = ("ride",)) -> Timeline:
    rate = draw(st.sampled_from(RATES))
    edges = st.tuples(st.floats(0, 599), st.floats(0.02, 60))
    windows = [(a, a + b) for a, b in draw(st.lists(edges, min_size=1, max_size=6))]
    hour = 3600 * -(-rate.numerator // rate.denominator)
    start = draw(st.sampled_from([0, 1, hour - 108 * (rate in DROPPED), 23 * hour]))
    sound = draw(st.sampled_from(["aac", None]))
    drop = draw(st.booleans())
    return told(
        *windows, rate=rate, drop=drop, start=start, title=draw(st.sampled_from(titles)), audio_codec=sound
    )


def read_by_otio(text: str, adapter: str, **given: object) -> otio.schema.Timeline:
    return otio.adapters.read_from_string(text, adapter, **given)


def source_frames(track: otio.schema.Track) -> list[tuple[float, float]]:
    return [
        (c.source_range.start_time.value, c.source_range.end_time_exclusive().value)
        for c in track.find_clips()
    ]


@given(timelines())
def test_opentimelineio_reads_the_same_frames_back_at_every_rate(timeline: Timeline) -> None:
    expected = [(timeline.start_frame + a, timeline.start_frame + b) for a, b in frames_of(timeline)]
    for name, adapter in (("otio", "otio_json"), ("premiere", "fcp_xml")):
        read = read_by_otio(text_of(timeline, name), adapter)
        assert len(read.tracks) == (2 if timeline.has_sound else 1)
        for track in read.tracks:
            assert source_frames(track) == expected
            assert {c.source_range.start_time.rate for c in track.find_clips()} == {float(timeline.rate)}
            available = track[0].media_reference.available_range
            assert available.start_time.value == timeline.start_frame
            assert available.duration.value == timeline.n_frames


@given(timelines())
def test_an_edl_read_by_opentimelineio_gives_the_same_frames(timeline: Timeline) -> None:
    count = -(-timeline.rate.numerator // timeline.rate.denominator)
    rate = float(timeline.rate) if timeline.drop_frame else float(count)
    read = read_by_otio(text_of(timeline, "edl"), "cmx_3600", rate=rate)
    day = otio.opentime.from_timecode("23:59:59:00", rate).value
    for track in read.tracks:
        for (first, end), (a, b) in zip(source_frames(track), frames_of(timeline), strict=True):
            if timeline.start_frame + b < day:
                assert (first, end) == (timeline.start_frame + a, timeline.start_frame + b)


@given(timelines())
def test_an_edl_read_by_its_own_columns_gives_the_same_frames_one_after_the_other(timeline: Timeline) -> None:
    text = text_of(timeline, "edl")
    events = re.findall(r"^(\d{3})  (\S{1,8}) +(V|AA/V) +C +(\S+) (\S+) (\S+) (\S+)$", text, re.MULTILINE)
    assert [int(e[0]) for e in events] == list(range(1, len(timeline.cuts) + 1))
    record = 0
    for event, (a, b) in zip(events, frames_of(timeline), strict=True):
        codes = [frame_of(code, timeline.rate) for code in event[3:]]
        assert {drops for _, drops in codes} == {timeline.drop_frame}
        assert codes[1][0] - codes[0][0] == b - a
        assert codes[0][0] == timeline.start_frame + a
        assert (codes[2][0], codes[3][0]) == (record, record + b - a)
        record += b - a
    assert f"FCM: {'' if timeline.drop_frame else 'NON-'}DROP FRAME\n" in text


@given(timelines())
def test_fcpxml_has_every_time_as_whole_frames_of_its_rate(timeline: Timeline) -> None:
    root = ElementTree.fromstring(text_of(timeline, "fcpxml"))
    frame = 1 / timeline.rate
    assert seconds(root.find("resources/format"), "frameDuration") == frame
    asset = root.find("resources/asset")
    assert (seconds(asset, "start"), seconds(asset, "duration")) == (
        timeline.start_frame * frame,
        timeline.n_frames * frame,
    )
    clips = root.findall("library/event/project/sequence/spine/asset-clip")
    offset = 0
    for clip, cut in zip(clips, timeline.cuts, strict=True):
        assert seconds(clip, "offset") == offset * frame
        assert seconds(clip, "start") == (timeline.start_frame + cut.first) * frame
        assert seconds(clip, "duration") == (cut.end - cut.first) * frame
        assert seconds(clip.find("marker"), "start") == (timeline.start_frame + cut.peak) * frame
        offset += cut.end - cut.first
    assert seconds(root.find("library/event/project/sequence"), "duration") == offset * frame


def seconds(element: ElementTree.Element | None, name: str) -> Fraction:
    assert element is not None
    value = element.attrib[name]
    assert re.fullmatch(r"\d+/\d+s", value), "LosslessCut reads fractions only"
    return Fraction(value.removesuffix("s"))


@given(timelines())
def test_fcp_7_xml_counts_from_the_begin_of_the_file(timeline: Timeline) -> None:
    root = ElementTree.fromstring(text_of(timeline, "premiere"))
    items = root.findall(".//video/track/clipitem")
    assert [(int(i.findtext("in") or -1), int(i.findtext("out") or -1)) for i in items] == frames_of(timeline)
    assert [int(i.findtext("marker/in") or -1) for i in items] == [cut.peak for cut in timeline.cuts]
    whole = timeline.rate.denominator == 1
    assert root.findtext(".//sequence/rate/timebase") == str(
        -(-timeline.rate.numerator // timeline.rate.denominator)
    )
    assert root.findtext(".//sequence/rate/ntsc") == ("FALSE" if whole else "TRUE")
    file = root.find(".//file[pathurl]")
    assert file is not None
    assert int(file.findtext("timecode/frame") or -1) == timeline.start_frame
    assert frame_of(file.findtext("timecode/string") or "", timeline.rate) == (
        timeline.start_frame,
        timeline.drop_frame,
    )
    assert file.findtext("timecode/displayformat") == ("DF" if timeline.drop_frame else "NDF")
    heard = root.findall(".//audio/track/clipitem")
    assert [i.findtext("in") for i in heard] == (
        [i.findtext("in") for i in items] if timeline.has_sound else []
    )


@pytest.mark.parametrize("title", HOSTILE, ids=lambda t: ascii(t[:12]))
@pytest.mark.parametrize("name", FORMATS)
def test_no_title_breaks_a_file(name: str, title: str) -> None:
    named = [Range(i, 20.0 * i, 20.0 * i + 11, 20.0 * i + 5, 1.0, title, title) for i in range(1, 4)]
    path = "/vid/" + title[:50].replace("/", "_").replace("\0", "_") + ".mp4"
    timeline = to_timeline(worlds.info(600.0, path=path), "rules", named, title)[0]
    files = timeline_files(timeline, name)
    assert all(file.text for file in files)
    for file in files:
        data = (file.text or "").encode()  # no half surrogate is left
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", data)
        if file.suffix in (".fcpxml", ".xml", ".labelstudio.xml"):
            ElementTree.fromstring(data)
        if file.suffix.endswith((".json", ".otio")):
            json.loads(data)
    if name in ("otio", "premiere"):
        read = read_by_otio(files[0].text or "", {"otio": "otio_json", "premiere": "fcp_xml"}[name])
        assert source_frames(read.tracks[0]) == frames_of(timeline)
    if name == "edl":
        assert source_frames(read_by_otio(files[0].text or "", "cmx_3600", rate=30).tracks[0]) == frames_of(
            timeline
        )
    if name == "csv":
        assert [len(row) for row in csv.reader(io.StringIO(files[0].text or ""))] == [3, 3, 3]


@given(st.text(max_size=400))
def test_a_clean_text_is_one_line_that_xml_can_carry(text: str) -> None:
    line = clean(text)
    assert len(line) <= 250
    assert line == clean(line)
    assert ElementTree.fromstring(ElementTree.tostring(element(line))).text == (line or None)


def element(text: str) -> ElementTree.Element:
    found = ElementTree.Element("a")
    found.text = text
    return found


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("stamps", [1_000, 1_000_000, 90_000])
def test_a_window_between_two_frames_is_these_frames_whatever_the_clock_of_the_file(
    rate: Fraction, stamps: int
) -> None:
    for first, end in ((0, 1), (1, 2), (7, 40), (299, 300), (1000, 17_000)):
        start_s, end_s = (float(Fraction(round(n / rate * stamps), stamps)) for n in (first, end))
        timeline = told((start_s, end_s), rate=rate, duration_s=1000.0)
        assert frames_of(timeline) == [(first, end)]


@given(st.sampled_from(RATES), st.floats(0, 590), st.floats(0.001, 9))
def test_a_window_is_all_frames_shown_in_it_and_no_others(
    rate: Fraction, start_s: float, length_s: float
) -> None:
    (cut,) = told((start_s, start_s + length_s), rate=rate).cuts
    tick = 0.0011
    assert cut.first / rate <= start_s + tick
    assert (cut.first + 1) / rate > start_s
    assert cut.end / rate >= start_s + length_s - tick
    assert cut.end - cut.first == 1 or (cut.end - 1) / rate < start_s + length_s
    assert cut.first <= cut.peak < cut.end <= told(rate=rate).n_frames


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (23.976, Fraction(24000, 1001)),
        (24, Fraction(24)),
        (25, Fraction(25)),
        (29.97, NTSC),
        (30, Fraction(30)),
        (50, Fraction(50)),
        (59.94, Fraction(60000, 1001)),
        (60, Fraction(60)),
        (15, Fraction(30)),
        (12.5, Fraction(25)),
        (10, Fraction(30)),
        (14.985, NTSC),
        (120, Fraction(60)),
        (119.88, Fraction(60000, 1001)),
        (100, Fraction(50)),
        (29.83, NTSC),  # variable: a phone that asked for 30
        (27.3, NTSC),  # variable, near to none: the next above
        (61, Fraction(60)),
        (1000, Fraction(50)),
    ],
)
def test_the_nominal_rate_is_the_standard_one_that_is_meant(fps: float, expected: Fraction) -> None:
    assert nominal_rate(worlds.info(fps=fps)) == expected


def test_a_video_that_says_no_rate_gets_the_one_of_its_frames() -> None:
    assert nominal_rate(worlds.info(10.0, fps=0.0, n_frames=250)) == 25
    assert nominal_rate(worlds.info(10.0, fps=float("nan"), n_frames=0)) == 25


def test_a_variable_rate_is_told_by_time() -> None:
    timeline = to_timeline(worlds.info(100.0, fps=27.3, n_frames=2730), "rules", spans((10.0, 20.0)))[0]
    assert timeline.rate == NTSC
    assert frames_of(timeline) == [(frame_at(10.0, NTSC), 600)]


def test_what_cannot_be_told_as_it_is_is_left_out_or_cut_and_said() -> None:
    windows = spans((1, 3), (2, 4), (5, 5), (7, 6), (99, 130), (200, 210), (float("nan"), 3), (-2, 1))
    timeline, notes = to_timeline(worlds.info(100.0), "rules", windows)
    assert [cut.range.window_id for cut in timeline.cuts] == [1, 2, 5, 8], (
        "windows that overlap are both told"
    )
    assert frames_of(timeline)[2:] == [(2970, 3000), (0, 30)]
    said = "\n".join(notes)
    assert "window 3 (5 to 5 s) has no length" in said
    assert "window 4 (7 to 6 s) has no length" in said
    assert "window 5 (99 to 130 s) reaches past the video" in said
    assert "window 6 (200 to 210 s) lies outside" in said
    assert "window 7 (nan" in said
    assert "window 8 (-2 to 1 s) reaches past" in said
    assert len(notes) == 6


@pytest.mark.parametrize("name", FORMATS)
def test_no_moments_make_no_file_and_say_so(name: str) -> None:
    assert [(f.text, f.notes) for f in timeline_files(told(), name)] == [
        (None, (f"{name}: there are no moments to tell, so no file was written",))
    ]


def test_an_edl_that_does_not_drop_numbers_counts_every_frame_at_29_97() -> None:
    text = text_of(told((60.0, 61.0), drop=False), "edl")
    assert "FCM: NON-DROP FRAME" in text
    assert " 00:00:59:28 " in text  # 60 s are 1798.2 frames
    assert " 00:01:00;00 " not in text
    assert " 00:00:59;28 " in text_of(told((60.0, 61.0), drop=True), "edl")


def test_drop_frame_is_the_habit_of_the_rates_that_have_it_and_of_no_other() -> None:
    assert [str(r) for r in RATES if told((1, 2), rate=r).drop_frame] == ["30000/1001", "60000/1001"]
    assert not told((1, 2), rate=Fraction(25), drop=True).drop_frame


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v/ride.mp4", "RIDE"),
        ("/v/My holiday 2024.mov", "MYHOLIDA"),
        ("/v/bl.mp4", None),
        ("/v/라이드.mp4", None),
        ("/v/a.mp4", None),
        ("/v/" + "\udcff" * 3 + ".mp4", None),
    ],
)
def test_a_reel_is_eight_safe_characters_that_mean_nothing_else(path: str, expected: str | None) -> None:
    name = reel(told((1, 2), path=path))
    assert name == expected or (expected is None and re.fullmatch(r"MS[0-9A-F]{6}", name))


def test_an_edl_has_the_files_name_for_editors_to_find_it_by() -> None:
    text = text_of(told((1, 2), path="/영상/라이드 1.mp4"), "edl")
    assert "* FROM CLIP NAME:  라이드 1.mp4" in text
    assert "AA/V  C" in text
    assert "AA/V" not in text_of(told((1, 2), audio_codec=None), "edl")


def test_an_edl_of_more_than_999_events_is_refused_in_a_line() -> None:
    (file,) = timeline_files(told(*[(i / 2, i / 2 + 0.4) for i in range(1000)]), "edl")
    assert file.text is None
    assert "the format holds 999" in file.notes[0]


@pytest.mark.parametrize("path", ["/v/a b/라이드 #1 100%?.mp4", "/v/x'y\"<&>.mp4", "/v/raw\udcff.mp4"])
def test_the_source_is_named_by_an_address_that_leads_back_to_it(path: str) -> None:
    timeline = told((1, 2), path=path)
    url = read_by_otio(text_of(timeline, "otio"), "otio_json").tracks[0][0].media_reference.target_url
    assert url.isascii()
    assert unquote(url.removeprefix("file://"), errors="surrogateescape") == path


def test_clips_say_which_moment_they_are_and_why() -> None:
    clip = read_by_otio(text_of(told((10, 12.5)), "otio"), "otio_json").tracks[0][0]
    assert dict(clip.metadata["momentscan"]) == {
        "engine": "rules",
        "told_as": "window",
        "window_id": 1,
        "score": 1.0,
        "why": "why 1",
        "start_ms": 10000.0,
        "end_ms": 12500.0,
        "peak_ms": 11250.0,
    }
    assert clip.markers[0].marked_range.start_time.value == frame_at(11.25, NTSC)


def test_the_same_moments_give_the_same_bytes_in_every_process() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
import worlds
from momentscan.export.formats import FORMATS, timeline_files
from momentscan.export.timeline import Range, to_timeline
told = to_timeline(worlds.info(600.0), "rules", [Range(i, 30.0 * i, 30.0 * i + 5, 30.0 * i + 1, 1.0, "n", "w") for i in range(1, 6)])[0]
sys.stdout.write("".join(file.text or "" for name in FORMATS for file in timeline_files(told, name)))
"""  # noqa: E501
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0]) > 5000


def test_whoever_exports_nothing_loads_no_opentimelineio() -> None:
    code = "import sys, momentscan.export.formats, momentscan.export.conform; print([m for m in sys.modules if 'opentimelineio' in m])"  # noqa: E501
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


# ---- lists


def test_losslesscut_gets_seconds_without_a_header() -> None:
    timeline = to_timeline(
        worlds.info(600.0),
        "rules",
        [Range(1, 1.5, 2.5, 2, 1, 'a "quoted", name'), Range(2, 3700.0, 3701.0, 3700, 1)],
    )[0]
    assert text_of(timeline, "csv") == '1.500,2.500,"a ""quoted"", name"\n'


def test_a_cue_per_moment_by_time_without_mark_up() -> None:
    named = [Range(2, 3725.5, 3730.0, 3726, 1, "late --> <b>&"), Range(1, 1.0, 2.0, 1.5, 1, "early", "loud")]
    text = text_of(to_timeline(worlds.info(4000.0), "rules", named)[0], "vtt")
    assert text == (
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nearly\nloud\n\n2\n01:02:05.500 --> "
        "01:02:10.000\nlate --&gt; &lt;b&gt;&amp;\n"
    )


def test_chapters_begin_at_zero_and_ascend_with_hours_where_the_video_has_them() -> None:
    timeline = to_timeline(
        worlds.info(4000.0),
        "rules",
        [Range(2, 3725.5, 3730, 3726, 1, "<late>"), Range(1, 61.9, 70, 65, 2, "early")],
    )[0]
    assert text_of(timeline, "chapters") == "0:00:00 Start\n0:01:01 early\n1:02:05 (late)\n"
    short = to_timeline(
        worlds.info(600.0), "rules", [Range(1, 61.9, 70, 65, 2, "early"), Range(2, 90, 95, 91, 1, "b")]
    )[0]
    assert text_of(short, "chapters") == "0:00 Start\n1:01 early\n1:30 b\n"


def test_of_moments_that_are_too_near_the_better_is_a_chapter_and_the_rest_is_told() -> None:
    ranges = [
        Range(1, 3.0, 5, 4, 1, "first"),
        Range(2, 60.0, 62, 61, 1, "worse"),
        Range(3, 66, 70, 67, 9, "better"),
    ]
    ranges += [Range(4, 120.0, 125, 121, 1, "other"), Range(5, 595.0, 600, 596, 8, "too late")]
    (file,) = timeline_files(to_timeline(worlds.info(600.0), "rules", ranges)[0], "chapters")
    assert file.text == "0:00 first\n1:06 better\n2:00 other\n"
    assert file.notes == (
        "chapters: 2 of 5 moments were left out, nearer than 10 s to a better one or to the end",
    )


def test_too_few_chapters_are_no_file_but_a_reason() -> None:
    (file,) = timeline_files(told((5, 7), (100, 103)), "chapters")
    assert file.text is None
    assert "YouTube wants 3" in file.notes[0]


@given(timelines())
def test_chapters_keep_the_rules_of_youtube(timeline: Timeline) -> None:
    text = timeline_files(timeline, "chapters")[0].text
    if text is None:
        return
    times = [
        sum(int(n) * 60**i for i, n in enumerate(reversed(line.split(" ")[0].split(":"))))
        for line in text.splitlines()
    ]
    assert len(times) >= 3
    assert times[0] == 0
    assert all(b - a >= 10 for a, b in zip(times, [*times[1:], 600], strict=True))


# ---- labels


def test_label_studio_counts_from_one_and_shows_the_last_frame() -> None:
    task, view = timeline_files(told((0, 1), (10, 12), rate=Fraction(25)), "labelstudio")
    (one,) = json.loads(task.text or "")
    results = one["predictions"][0]["result"]
    assert [r["value"]["ranges"] for r in results] == [
        [{"start": 1, "end": 25}],
        [{"start": 251, "end": 300}],
    ]
    root = ElementTree.fromstring(view.text or "")
    control, video = root.find("TimelineLabels"), root.find("Video")
    assert control is not None
    assert video is not None
    assert {r["from_name"] for r in results} == {control.get("name")}
    assert {r["to_name"] for r in results} == {video.get("name")} == {control.get("toName")}
    assert {label for r in results for label in r["value"]["timelinelabels"]} == {
        e.get("value") for e in root.iter("Label")
    }
    assert video.get("frameRate") == "25"


def test_cvat_gets_a_tag_per_frame_and_faces_as_tracks() -> None:
    timeline = told((0, 0.2), (0.12, 0.28), rate=Fraction(25))
    faces = [
        FaceLabel(1, 7, (10, 20, 30, 50)),
        FaceLabel(3, 7, (11, 20, 31, 50)),
        FaceLabel(4, 7, (11, 20, 31, 50), outside=True),
    ]
    data = json.loads(cvat(timeline, faces))
    items = {item["attr"]["frame"]: item for item in data["items"]}
    assert sorted(items) == list(range(7))
    tags = {
        n: [a["attributes"]["window_id"] for a in item["annotations"] if a["type"] == "label"]
        for n, item in items.items()
    }
    assert tags == {0: [1], 1: [1], 2: [1], 3: [1, 2], 4: [1, 2], 5: [2], 6: [2]}
    boxes = [a for item in items.values() for a in item["annotations"] if a["type"] == "bbox"]
    assert [b["bbox"] for b in boxes] == [[10, 20, 20, 30], [11, 20, 20, 30], [11, 20, 20, 30]]
    assert [(b["attributes"]["track_id"], b["attributes"]["outside"]) for b in boxes] == [
        (7, False),
        (7, False),
        (7, True),
    ]
    assert [label["name"] for label in data["categories"]["label"]["labels"]] == ["moment", "face"]


# ---- formats


def test_formats_are_named_each_once() -> None:
    assert parse_formats("otio, EDL,,otio") == ("otio", "edl")
    assert parse_formats("all") == tuple(FORMATS)


@pytest.mark.parametrize(("text", "found"), [("avi", "there is no format 'avi'"), (" , ", "names no format")])
def test_an_unknown_format_is_told_with_those_there_are(text: str, found: str) -> None:
    with pytest.raises(UsageError, match=found) as refused:
        parse_formats(text)
    assert ", ".join(FORMATS) in str(refused.value)
