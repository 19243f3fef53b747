"""An edit that comes back is read by the source's time, and says what was done to each moment; hostile ones
end in a line.
"""

from __future__ import annotations

import random
import subprocess
import sys
import unicodedata
from collections import Counter
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from opentimelineio.opentime import RationalTime, TimeRange

import worlds
from momentscan.errors import UnreadableInput, one_line
from momentscan.export.conform import Conformed, ConformOptions, conform
from momentscan.export.edited_timeline import EditedClip, EditedTimeline, exact_rate
from momentscan.export.edits import read_edit
from momentscan.export.formats import timeline_files
from momentscan.export.safe_parsing import ParsingLimits
from momentscan.export.timeline import DROPPED, RATES, Range, Timeline, TimelineRange, to_timeline

ROUND_TRIPS = {"otio": ".otio", "edl": ".edl", "premiere": ".xml", "fcpxml": ".fcpxml"}
NTSC = Fraction(30000, 1001)
WINDOWS = ((10.0, 15.0), (30.0, 36.0), (60.0, 61.0), (100.0, 110.0))


def told(
    *windows: tuple[float, float],
    rate: Fraction = Fraction(25),
    start: int = 0,
    drop: bool = True,
    **video: Any,
) -> Timeline:
    ranges = [
        Range(i, a, b, (a + b) / 2, 1 / i, f"ride #{i}", "loud")
        for i, (a, b) in enumerate(windows or WINDOWS, 1)
    ]
    info = worlds.info(**{"duration_s": 600.0, "fps": float(rate), "path": "/films/ride.mp4", **video})
    return to_timeline(info, "rules", ranges, "ride", rate, drop, start)[0]


def text_of(timeline: Timeline, name: str) -> str:
    text = timeline_files(timeline, name)[0].text
    assert text is not None
    return text


def back(
    timeline: Timeline,
    text: str | bytes,
    folder: Path,
    suffix: str = ".otio",
    matching: ConformOptions = ConformOptions(),
) -> Conformed:
    path = folder / f"edit{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return conform(timeline, read_edit(path, timeline.rate), matching)


def fates(compared: Conformed) -> list[tuple[str, int | None]]:
    return [(line.kind, line.window.range.window_id if line.window else None) for line in compared.lines]


def edited(timeline: Timeline, change: Any) -> str:
    """The timeline as OpenTimelineIO, changed by somebody who has its object."""
    read = otio.adapters.read_from_string(text_of(timeline, "otio"), "otio_json")
    change(read)
    return str(read.to_json_string())


def frames(first: float, length: float, rate: float = 25.0) -> TimeRange:
    return TimeRange(RationalTime(first, rate), RationalTime(length, rate))


# ---- nothing done


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    rate = draw(st.sampled_from(RATES))
    windows = [
        (a, a + b)
        for a, b in draw(st.lists(st.tuples(st.floats(0, 599), st.floats(0.02, 60)), min_size=1, max_size=6))
    ]
    hour = 3600 * -(-rate.numerator // rate.denominator)
    start = draw(st.sampled_from([0, 1, hour - 108 * (rate in DROPPED), 22 * hour]))
    return told(
        *windows,
        rate=rate,
        start=start,
        drop=draw(st.booleans()),
        audio_codec=draw(st.sampled_from(["aac", None])),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", ROUND_TRIPS)
@given(timeline=timelines())
@example(timeline=told((10, 20), (10, 20), (10, 20)))
@example(timeline=told((10, 20), (12, 18), (5, 30)))
def test_an_untouched_timeline_says_that_all_was_kept(name: str, timeline: Timeline, tmp_path: Path) -> None:
    compared = back(timeline, text_of(timeline, name), tmp_path, ROUND_TRIPS[name])
    assert compared.unchanged
    assert [line.kind for line in compared.lines] == ["kept"] * len(timeline.cuts)
    for line, cut in zip(compared.lines, timeline.cuts, strict=True):
        assert line.window == cut
        assert line.edited == (float(cut.first / timeline.rate), float(cut.end / timeline.rate))
        assert (line.moved_start_s, line.moved_end_s) == (0, 0)
        assert line.told_at == line.edited_at
    assert not compared.notes


# ---- something done

Done = tuple[list[int], dict[int, tuple[int, int]]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", ROUND_TRIPS)
@given(rate=st.sampled_from(RATES), seed=st.integers(0, 10_000), hour=st.booleans())
def test_what_was_dropped_trimmed_and_moved_is_what_comes_back(
    name: str, rate: Fraction, seed: int, hour: bool, tmp_path: Path
) -> None:
    """Somebody edits at random, and the feedback says just that, to the frame."""
    rng = random.Random(seed)
    start = 3600 * round(rate) if hour else 0
    timeline = told(
        *((20.0 * i + 5, 20.0 * i + 5 + rng.uniform(2, 9)) for i in range(rng.randint(1, 8))),
        rate=rate,
        start=start,
        drop=False,
    )
    stays = [cut for cut in timeline.cuts if rng.random() < 0.7]
    moves = {
        cut.range.window_id: (rng.randint(-20, 20), rng.randint(-20, 20))
        for cut in stays
        if rng.random() < 0.5
    }
    order = rng.sample(stays, len(stays)) if rng.random() < 0.5 else stays
    result = [shifted(cut, *moves.get(cut.range.window_id, (0, 0))) for cut in order]
    if not result:
        return
    compared = back(timeline, text_of(with_cuts(timeline, result), name), tmp_path, ROUND_TRIPS[name])
    by_kind = {
        kind: {w for k, w in fates(compared) if k == kind}
        for kind in ("kept", "trimmed", "dropped", "reordered")
    }
    moved = {i for i, (a, b) in moves.items() if (a, b) != (0, 0)}
    assert by_kind["dropped"] == {cut.range.window_id for cut in timeline.cuts if cut not in stays}
    assert by_kind["trimmed"] == moved
    assert by_kind["kept"] == {cut.range.window_id for cut in stays} - moved
    for line in compared.lines:
        if line.kind == "trimmed" and line.window:
            a, b = moves[line.window.range.window_id]
            assert (line.moved_start_s, line.moved_end_s) == (float(a / rate), float(b / rate))
    left = [cut.range.window_id for cut in order if cut.range.window_id not in by_kind["reordered"]]
    assert left == sorted(left), "without those that were moved the rest is in order"
    assert bool(by_kind["reordered"]) == (order != stays)


def shifted(cut: TimelineRange, start: int, end: int) -> TimelineRange:
    return TimelineRange(cut.range, cut.first + start, cut.end + end, cut.peak)


def with_cuts(timeline: Timeline, cuts: list[TimelineRange]) -> Timeline:
    return Timeline(
        *(
            getattr(timeline, f)
            for f in ("title", "video", "engine", "rate", "drop_frame", "start_frame", "n_frames")
        ),
        tuple(cuts),
    )


def test_the_fewest_moves_explain_a_new_order(tmp_path: Path) -> None:
    timeline = told(*((10.0 * i, 10.0 * i + 4) for i in range(1, 7)))
    cuts = list(timeline.cuts)
    text = text_of(with_cuts(timeline, [*cuts[1:], cuts[0]]), "fcpxml")
    lines = [line for line in back(timeline, text, tmp_path).lines if line.kind == "reordered"]
    assert [(line.window.range.window_id, line.told_at, line.edited_at) for line in lines if line.window] == [
        (1, 0, 5)
    ]


def test_a_range_that_was_not_told_is_added(tmp_path: Path) -> None:
    timeline = told()
    extra = TimelineRange(Range(9, 0, 0, 0, 0), 5000, 5100, 5000)
    compared = back(timeline, text_of(with_cuts(timeline, [*timeline.cuts, extra]), "edl"), tmp_path)
    assert fates(compared)[-1] == ("added", None)
    assert compared.lines[-1].edited == (200.0, 204.0)
    assert Counter(k for k, _ in fates(compared)) == {"kept": 4, "added": 1}


def test_a_moment_cut_in_two_with_something_taken_out_is_split(tmp_path: Path) -> None:
    timeline = told()
    last = timeline.cuts[3]
    halves = [
        TimelineRange(last.range, last.first + 5, last.first + 100, 0),
        TimelineRange(last.range, last.first + 150, last.end, 0),
    ]
    compared = back(timeline, text_of(with_cuts(timeline, [*timeline.cuts[:3], *halves]), "otio"), tmp_path)
    assert fates(compared) == [("kept", 1), ("kept", 2), ("kept", 3), ("split", 4), ("split", 4)]
    one, two = compared.lines[3:]
    assert (one.piece, two.piece) == ((1, 2), (2, 2))
    assert (one.moved_start_s, one.moved_end_s, two.moved_start_s, two.moved_end_s) == (0.2, None, None, 0)


def test_a_blade_alone_changes_nothing(tmp_path: Path) -> None:
    timeline = told()
    last = timeline.cuts[3]
    halves = [
        TimelineRange(last.range, last.first, last.first + 100, 0),
        TimelineRange(last.range, last.first + 100, last.end, 0),
    ]
    assert back(
        timeline, text_of(with_cuts(timeline, [*timeline.cuts[:3], *halves]), "edl"), tmp_path
    ).unchanged


def test_a_piece_stretched_over_the_next_moment_keeps_both(tmp_path: Path) -> None:
    timeline = told((10, 14), (16, 18), (50, 55))
    long = TimelineRange(timeline.cuts[0].range, 250, 460, 0)
    compared = back(timeline, text_of(with_cuts(timeline, [long, timeline.cuts[2]]), "fcpxml"), tmp_path)
    assert fates(compared) == [("trimmed", 1), ("trimmed", 2), ("kept", 3)]
    assert [(line.moved_start_s, line.moved_end_s) for line in compared.lines[:2]] == [(0, 4.4), (-6, 0.4)]


def test_of_windows_that_overlap_the_one_that_is_gone_is_dropped(tmp_path: Path) -> None:
    timeline = told((10, 20), (12, 18), (15, 25))
    for gone in range(3):
        cuts = [cut for i, cut in enumerate(timeline.cuts) if i != gone]
        kinds = [
            kind for kind, _ in fates(back(timeline, text_of(with_cuts(timeline, cuts), "fcpxml"), tmp_path))
        ]
        assert kinds == ["dropped" if i == gone else "kept" for i in range(3)]


def test_a_slip_within_reach_is_a_trim_and_beyond_it_another_range(tmp_path: Path) -> None:
    timeline = told((10, 14))

    def slipped(by: int) -> str:
        def change(read: Any) -> None:
            for track in read.tracks:
                track[0].source_range = frames(250 + by, 100)
                track[0].metadata.clear()

        return edited(timeline, change)

    assert fates(back(timeline, slipped(40), tmp_path)) == [("trimmed", 1)]
    assert fates(back(timeline, slipped(60), tmp_path)) == [("dropped", 1), ("added", None)]
    assert fates(back(timeline, slipped(60), tmp_path, matching=ConformOptions(share=0.3))) == [
        ("trimmed", 1)
    ]


def test_slack_takes_small_moves_for_none(tmp_path: Path) -> None:
    timeline = told()
    text = text_of(with_cuts(timeline, [shifted(cut, 1, -1) for cut in timeline.cuts]), "otio")
    assert {kind for kind, _ in fates(back(timeline, text, tmp_path))} == {"trimmed"}
    assert back(timeline, text, tmp_path, matching=ConformOptions(slack_frames=1)).unchanged


# ---- what editors do besides


def test_disabled_clips_and_tracks_count_as_dropped(tmp_path: Path) -> None:
    timeline = told()

    def change(read: Any) -> None:
        for track in read.tracks:
            track[1].enabled = False

    assert fates(back(timeline, edited(timeline, change), tmp_path)) == [
        ("kept", 1),
        ("dropped", 2),
        ("kept", 3),
        ("kept", 4),
    ]
    fcpxml = text_of(timeline, "fcpxml").replace('name="ride #3"', 'name="ride #3" enabled="0"')
    assert fates(back(timeline, fcpxml, tmp_path)) == [("kept", 1), ("kept", 2), ("dropped", 3), ("kept", 4)]
    xmeml = text_of(timeline, "premiere")
    for item in ("clipitem-1", "clipitem-5"):
        xmeml = xmeml.replace(f'id="{item}">', f'id="{item}"><enabled>FALSE</enabled>')
    assert fates(back(timeline, xmeml, tmp_path)) == [("dropped", 1), ("kept", 2), ("kept", 3), ("kept", 4)]

    def mute(read: Any) -> None:
        read.tracks[0].enabled = False
        del read.tracks[1]

    assert {kind for kind, _ in fates(back(timeline, edited(timeline, mute), tmp_path))} == {"dropped"}


def test_gaps_and_black_are_no_pieces(tmp_path: Path) -> None:
    timeline = told()

    def change(read: Any) -> None:
        for track in read.tracks:
            track.insert(1, otio.schema.Gap(source_range=frames(0, 77)))
            black = otio.schema.GeneratorReference("black", "black", frames(0, 100))
            track.append(otio.schema.Clip("black", black, frames(0, 50)))

    assert back(timeline, edited(timeline, change), tmp_path).unchanged


def test_transitions_are_read_up_to_the_cut_and_said(tmp_path: Path) -> None:
    timeline = told()

    def change(read: Any) -> None:
        half = RationalTime(5, 25)
        read.tracks[0].insert(
            1, otio.schema.Transition("", otio.schema.TransitionTypes.SMPTE_Dissolve, half, half)
        )

    compared = back(timeline, edited(timeline, change), tmp_path)
    assert compared.unchanged
    assert any("transitions" in note for note in compared.notes)
    spine = text_of(timeline, "fcpxml").replace(
        "</asset-clip>", '</asset-clip><transition duration="10/25s" offset="120/25s" />', 1
    )
    assert back(timeline, spine, tmp_path).unchanged


def sped_up(read: Any) -> None:
    for track in read.tracks:
        track[1].effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
        track[2].effects.append(otio.schema.FreezeFrame())


def test_pieces_at_another_speed_are_flagged_and_no_trim_is_read_from_them(tmp_path: Path) -> None:
    timeline = told()
    compared = back(timeline, edited(timeline, sped_up), tmp_path)
    assert fates(compared) == [("kept", 1), ("retimed", 2), ("retimed", 3), ("kept", 4)]
    assert all(
        line.moved_start_s is None and line.moved_end_s is None
        for line in compared.lines
        if line.kind == "retimed"
    )
    assert any("another speed" in note for note in compared.notes)


def test_speed_in_the_other_formats(tmp_path: Path) -> None:
    timeline = told(audio_codec=None)
    lines = text_of(timeline, "edl").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("002"))
    head, record_in = lines[at].rsplit(" ", 2)[0], lines[at].split()[-2]
    assert record_in == "00:00:05:00"
    lines[at] = f"{head} 00:00:05:00 00:00:08:00"  # six seconds shown in three
    lines.insert(at + 1, "M2   RIDE       050.0                00:00:30:00")
    lines = [line for line in lines if not line.startswith(("003", "004"))]
    assert fates(back(timeline, "\n".join(lines), tmp_path))[1] == ("retimed", 2)
    slow = '<timeMap><timept time="0s" value="0s"/><timept time="10s" value="5s"/></timeMap>'
    fcpxml = text_of(timeline, "fcpxml").replace("</note>", f"</note>{slow}", 1)
    assert fates(back(timeline, fcpxml, tmp_path))[0] == ("retimed", 1)
    for speed, kind in (("50", "retimed"), ("100", "kept")):
        remap = f"<filter><effect><name>Time Remap</name><effectid>timeremap</effectid><parameter><parameterid>speed</parameterid><value>{speed}</value></parameter></effect></filter>"  # noqa: E501
        xmeml = text_of(timeline, "premiere").replace("<marker>", f"{remap}<marker>", 1)
        assert fates(back(timeline, xmeml, tmp_path))[0] == (kind, 1)


def test_nested_timelines_are_read_through_what_shows_of_them(tmp_path: Path) -> None:
    """A compound clip of all four, of which only the first 100 frames and the last moment are left."""
    timeline = told(audio_codec=None)

    def change(read: Any) -> None:
        inner = read.tracks[0].deepcopy()
        one, two = otio.schema.Stack("compound"), otio.schema.Stack("compound")
        one.append(inner)
        two.append(inner.deepcopy())
        one.source_range, two.source_range = frames(0, 100), frames(300, 250)
        read.tracks[0].clear()
        read.tracks[0].extend([one, two])

    compared = back(timeline, edited(timeline, change), tmp_path)
    assert fates(compared) == [("trimmed", 1), ("dropped", 2), ("dropped", 3), ("kept", 4)]
    assert compared.lines[0].moved_end_s == -1.0


def test_compound_and_connected_clips_of_final_cut_are_read_through(tmp_path: Path) -> None:
    timeline = told((10, 14), (30, 36), (60, 61), (100, 110), start=90_000)
    asset = '<asset id="r2" name="ride.mp4" src="file:///elsewhere/ride.mp4" start="3600s" duration="600s" format="r1"/>'  # noqa: E501
    document = f"""<?xml version="1.0"?><!DOCTYPE fcpxml><fcpxml version="1.10"><resources><format id="r1" frameDuration="1/25s"/>{asset}
      <asset id="r5" name="music"><media-rep kind="original-media" src="file:///m/music.wav"/></asset>
      <media id="r3"><sequence format="r1"><spine><gap offset="0s" duration="2s"/>
        <asset-clip ref="r2" offset="2s" start="3630s" duration="6s"/></spine></sequence></media></resources>
      <library><event><project><sequence format="r1" tcStart="3600s"><spine>
      <clip name="c" offset="3600s" start="3610s" duration="4s"><video ref="r2" offset="3600s" start="3600s" duration="600s">
        <audio ref="r2" lane="-1" offset="3600s" start="3600s" duration="600s"/></video></clip>
      <ref-clip ref="r3" offset="3604s" start="2s" duration="5s">
        <asset-clip ref="r2" lane="1" offset="3s" start="3660s" duration="1s"/>
        <asset-clip ref="r5" lane="-1" offset="3s" duration="9s"/></ref-clip>
      <audition offset="3609s"><asset-clip ref="r2" start="3700s" duration="10s"/><asset-clip ref="r2" start="3800s" duration="10s"/></audition>
      </spine></sequence></project></event></library></fcpxml>"""  # noqa: E501
    compared = back(timeline, document, tmp_path, ".fcpxml")
    assert fates(compared) == [("kept", 1), ("trimmed", 2), ("kept", 3), ("kept", 4)]
    assert compared.lines[1].moved_end_s == -1.0
    assert compared.notes == ("1 pieces of other media were ignored (1 sources)",)


def test_sound_under_its_picture_counts_once_and_sound_alone_counts(tmp_path: Path) -> None:
    timeline = told()
    assert len(back(timeline, edited(timeline, lambda read: None), tmp_path).lines) == 4

    def without_second_picture(read: Any) -> None:
        read.tracks[0][1] = otio.schema.Gap(source_range=frames(0, 150))

    assert back(timeline, edited(timeline, without_second_picture), tmp_path).unchanged

    def split_edit(read: Any) -> None:
        read.tracks[1][1].source_range = frames(740, 170)  # an L cut: the sound laps over

    assert back(timeline, edited(timeline, split_edit), tmp_path).unchanged


def test_other_media_is_ignored_and_counted(tmp_path: Path) -> None:
    timeline = told()

    def change(read: Any) -> None:
        for name in ("holiday.mov", "holiday.mov", "logo.png"):
            media = otio.schema.ExternalReference(f"file:///x/{name}", frames(0, 9999))
            read.tracks[0].append(otio.schema.Clip("other", media, frames(250, 125)))

    compared = back(timeline, edited(timeline, change), tmp_path)
    assert compared.unchanged
    assert compared.notes == ("3 pieces of other media were ignored (2 sources)",)


def renamed(timeline: Timeline, *urls: str) -> str:
    def change(read: Any) -> None:
        for track in read.tracks:
            for i, clip in enumerate(track):
                clip.media_reference.target_url = urls[i % len(urls)]
                clip.media_reference.name = ""

    return edited(timeline, change)


def test_the_only_source_is_ours_under_another_name_too_and_that_is_said(tmp_path: Path) -> None:
    timeline = told()
    compared = back(timeline, renamed(timeline, "file:///proxies/ride_proxy.mov"), tmp_path)
    assert compared.unchanged
    assert compared.notes == (
        "its only source has another name (ride_proxy.mov) and was taken for this video",
    )
    two = back(timeline, renamed(timeline, "file:///a.mov", "file:///b.mov"), tmp_path)
    assert {kind for kind, _ in fates(two)} == {"dropped"}
    assert two.notes == ("8 pieces of other media were ignored (2 sources)",)
    assert (compared.foreign, two.foreign) == ((), ("a.mov", "b.mov"))


@pytest.mark.parametrize(
    "url",
    [
        "file:///other/place/{}",
        "file://localhost/Volumes/x/{}",
        "D:\\films\\{}",
        "/plain/path/{}",
        "{}",
        "http://[bad/{}",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_source_that_lies_elsewhere_is_known_by_its_name(url: str, form: str, tmp_path: Path) -> None:
    timeline = told(path="/films/라이드.mp4")
    name = unicodedata.normalize(form, "라이드.mp4")  # type: ignore[arg-type]
    compared = back(timeline, renamed(timeline, url.format(name), "file:///x/b.mov"), tmp_path)
    assert fates(compared) == [("kept", 1), ("dropped", 2), ("kept", 3), ("dropped", 4)]


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_an_editor_that_knows_no_timecode_counts_from_zero(name: str, tmp_path: Path) -> None:
    timeline = told(rate=NTSC, start=107_892, drop=True)
    zero = told(rate=NTSC, start=0, drop=True)
    assert back(timeline, text_of(zero, name), tmp_path, ROUND_TRIPS[name]).unchanged


def test_a_timecode_that_begins_early_is_not_taken_for_zero(tmp_path: Path) -> None:
    """A source from 00:01:00:00 on: both readings of an EDL are in it, and its own timecode is the one that
    counts.
    """
    timeline = told((100, 110), (200, 204), start=1500)
    assert back(timeline, text_of(timeline, "edl"), tmp_path).unchanged


def test_an_edl_may_say_drop_frame_in_its_head_only(tmp_path: Path) -> None:
    timeline = told((60, 70), (400, 410), rate=NTSC, drop=True)
    text = text_of(timeline, "edl")
    assert ";" in text
    assert back(timeline, text.replace(";", ":"), tmp_path).unchanged
    other = told((60, 70), (400, 410), rate=NTSC, drop=False)
    assert back(other, text_of(other, "edl"), tmp_path).unchanged


def test_an_edl_of_another_program_is_read_by_reel_or_name(tmp_path: Path) -> None:
    """As Resolve and Premiere write them: CR LF, no address, a reel, marks of their own."""
    text = (
        "TITLE: cut\r\nFCM: NON-DROP FRAME\r\n\r\n"
        "001  RIDE     V     C        00:00:10:00 00:00:15:00 01:00:00:00 01:00:05:00  \r\n\r\n"
        "002  AX       V     C        00:00:30:00 00:00:35:00 01:00:05:00 01:00:10:00\r\n* FROM CLIP "
        "NAME: ride.mp4\r\n"
        " |C:ResolveColorBlue |M:Marker 1 |D:1\r\n"
        "003  AX       AA    C        00:00:30:00 00:00:35:00 01:00:05:00 01:00:10:00\r\n* FROM CLIP "
        "NAME: ride.mp4\r\n"
        "004  MUSIC    AA    C        00:00:10:00 00:00:15:00 01:00:00:00 01:00:05:00\r\n* FROM CLIP "
        "NAME: song.wav\r\n"
    )
    timeline = told((10, 15), (30, 36))
    compared = back(timeline, text.encode(), tmp_path, ".edl")
    assert fates(compared) == [("kept", 1), ("trimmed", 2)]
    assert compared.lines[1].moved_end_s == -1.0


def test_record_times_that_do_not_fit_do_not_matter(tmp_path: Path) -> None:
    timeline = told(audio_codec=None)
    lines = [
        line[: -len("00:00:00:00")] + "00:00:59:00" if line[:3].isdigit() else line
        for line in text_of(timeline, "edl").splitlines()
    ]
    compared = back(timeline, "\n".join(lines), tmp_path)
    assert compared.unchanged
    assert any("record times" in note for note in compared.notes)


def test_of_several_timelines_the_first_is_read(tmp_path: Path) -> None:
    timeline = told()
    read = otio.adapters.read_from_string(text_of(timeline, "otio"), "otio_json")
    both = otio.schema.SerializableCollection("project", [read, otio.schema.Timeline("empty")])
    compared = back(timeline, str(both.to_json_string()), tmp_path)
    assert compared.unchanged
    assert compared.notes == ("it has 2 timelines; the first was read",)


def test_a_bundle_of_final_cut_is_read(tmp_path: Path) -> None:
    timeline = told()
    bundle = tmp_path / "edit.fcpxmld"
    bundle.mkdir()
    (bundle / "Info.fcpxml").write_text(text_of(timeline, "fcpxml"))
    assert conform(timeline, read_edit(bundle, timeline.rate)).unchanged


def test_rates_written_as_decimals_are_the_exact_ones() -> None:
    rates = [
        (23.98, Fraction(24000, 1001)),
        (29.97, NTSC),
        (59.94, Fraction(60000, 1001)),
        (24.0, Fraction(24)),
        (12.5, Fraction(25, 2)),
    ]
    assert [exact_rate(rate) for rate, _ in rates] == [exact for _, exact in rates]
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="a rate of"):
            exact_rate(bad)


# ---- hostile and broken


def refused(
    text: str | bytes, folder: Path, suffix: str = ".xml", guards: ParsingLimits = ParsingLimits()
) -> str:
    path = folder / f"edit{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UnreadableInput) as error:
        read_edit(path, Fraction(25), guards)
    assert str(path) in str(error.value)
    return one_line(error.value)


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize("root", ["fcpxml", "xmeml"])
@pytest.mark.parametrize(
    "inside",
    [
        f'<!ENTITY l0 "ha">{LAUGHS}',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY % x SYSTEM "http://localhost:9/evil.dtd"> %x;',
        '<!NOTATION n SYSTEM "n"><!ENTITY x SYSTEM "file:///etc/passwd" NDATA n>',
    ],
)
def test_xml_with_entities_is_refused_before_they_do_anything(root: str, inside: str, tmp_path: Path) -> None:
    text = f'<?xml version="1.0"?><!DOCTYPE {root} [{inside}]><{root}>&l9;&x;</{root}>'
    assert "declares XML entities" in refused(text, tmp_path)


def test_what_nests_too_deep_is_refused(tmp_path: Path) -> None:
    assert "nests deeper" in refused("<fcpxml>" + "<a>" * 100_000, tmp_path)
    assert "nests deeper" in refused('{"a":' * 100_000 + "1" + "}" * 100_000, tmp_path, ".otio")


def test_compound_clips_that_hold_each_other_end(tmp_path: Path) -> None:
    holds = '<sequence><spine><ref-clip ref="{0}" duration="9s"/><ref-clip ref="{0}" offset="9s" duration="9s"/></spine></sequence>'  # noqa: E501
    media = "".join(f'<media id="m{i}">{holds.format(f"m{(i + 1) % 30}")}</media>' for i in range(30))
    text = f"<fcpxml><resources>{media}</resources><project>{holds.format('m0')}</project></fcpxml>"
    assert "without end" in refused(text, tmp_path)


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    assert "the limit is 10" in refused("TITLE: long enough", tmp_path, ".edl", ParsingLimits(max_bytes=10))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no edit that is known"),
        (b"\x00\x01\x02", "no edit that is known"),
        (b"PK\x03\x04", "ZIP file"),
        (b"<html></html>", "XML of another kind"),
        (b"<fcpxml/>", "without a project"),
        (b"<fcpxml><project></fcpxml>", "no XML that can be read"),
        (b'<?xml version="1.0" encoding="no-such"?><fcpxml/>', "no XML that can be read"),
        (b"<xmeml/>", "cannot be read as a timeline"),
        (b"{}", "no timeline is in it"),
        (b'{"OTIO_SCHEMA": "Clip.1"}', "no timeline is in it"),
        (b'{"OTIO_SCHEMA": "NoSuch.1"}', "no timeline is in it"),
        (b'{"OTIO_SCHEMA": "Timeline.1", "tracks": 7}', "cannot be read as a timeline"),
        (b"TITLE: x\n001  RIDE V C 00:00:00:00", "cannot be read as a timeline"),
        (
            b"TITLE: x\n001  RIDE V C 00:00:00:99 00:00:01:00 00:00:00:00 00:00:01:00",
            "cannot be read as a timeline",
        ),
        (b"TITLE: x\nSPLIT:", "cannot be read as a timeline"),
    ],
)
def test_what_is_no_edit_ends_in_a_line(data: bytes, said: str, tmp_path: Path) -> None:
    assert said in refused(data, tmp_path)


def test_a_key_that_stands_twice_does_not_kill_the_process(tmp_path: Path) -> None:
    """OpenTimelineIO 0.18.1 dies of it (a segmentation fault); here the last one counts, as JSON readers
    do.
    """
    timeline = told()
    text = text_of(timeline, "otio").replace('"children": [', '"children": [], "children": [')
    assert back(timeline, text, tmp_path).unchanged
    last = text_of(timeline, "otio")
    at = last.rindex('"kind": "Video"')
    path = tmp_path / "edit.otio"
    path.write_text(last[:at] + last[last.index('"enabled": true', at) :])
    code = f"""
from fractions import Fraction
from pathlib import Path
from momentscan.export.edits import read_edit
read_edit(Path({str(path)!r}), Fraction(25))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "UnreadableInput" in done.stderr


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e300"])
@pytest.mark.parametrize("field", ['"rate": 25.0', '"value": 250.0'])
def test_numbers_that_are_none_end_in_a_line(field: str, value: str, tmp_path: Path) -> None:
    name = field.partition(":")[0]
    text = (
        edited(told(), lambda read: None)
        .replace(field, f"{name}: {value}")
        .replace(field.replace(": ", ":"), f"{name}:{value}")
    )
    path = tmp_path / "edit.otio"
    path.write_text(text)
    with pytest.raises(UnreadableInput, match=r"edit\.otio"):
        read_edit(path, Fraction(25))


def test_a_place_that_is_no_file_ends_in_a_line(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing.otio", Path("/dev/null")):
        with pytest.raises(UnreadableInput, match=str(place)):
            read_edit(place, Fraction(25))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", ROUND_TRIPS)
@given(share=st.floats(0, 1), seed=st.integers(0, 100_000))
def test_damaged_edits_are_read_or_refused_but_never_break_us(
    name: str, share: float, seed: int, tmp_path: Path
) -> None:
    timeline = told()
    data = bytearray(text_of(timeline, name).encode())
    rng = random.Random(seed)
    del data[int(share * len(data)) :]
    for _ in range(rng.randint(0, 8) if data else 0):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path = tmp_path / "edit"
    path.write_bytes(data)
    with suppress(UnreadableInput):
        assert conform(timeline, read_edit(path, timeline.rate)).lines


def test_an_edit_that_names_hostile_paths_opens_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = told()
    opened: list[str] = []
    text = renamed(timeline, "file:///etc/passwd", "\\\\evil\\share\\x.mov", "http://localhost:9/x")
    path = tmp_path / "edit.otio"
    path.write_text(text)
    import builtins

    real = builtins.open

    def noted(file: Any, *rest: Any, **named: Any) -> Any:
        opened.append(str(file))
        return real(file, *rest, **named)

    monkeypatch.setattr(builtins, "open", noted)
    conform(timeline, read_edit(path, timeline.rate))
    assert not [o for o in opened if "passwd" in o or "evil" in o]


def test_a_flat_empty_timeline_drops_all(tmp_path: Path) -> None:
    timeline = told()

    def change(read: Any) -> None:
        read.tracks.clear()

    assert fates(back(timeline, edited(timeline, change), tmp_path)) == [("dropped", i) for i in (1, 2, 3, 4)]


def test_a_long_edit_of_many_pieces_is_compared_piece_by_piece() -> None:
    """3 000 pieces with their sound, in the order of the source, of 300 moments: ten of each."""
    timeline = told(*((2.0 * i, 2.0 * i + 1.6) for i in range(300)))
    pieces = [
        EditedClip(
            Fraction(cut.first + 4 * n, 25),
            Fraction(cut.first + 4 * n + 3, 25),
            Fraction(cut.first + 4 * n, 25),
            kind,
            (),
            ("ride.mp4",),
        )
        for kind in ("video", "audio")
        for cut in timeline.cuts
        for n in range(10)
    ]
    compared = conform(timeline, EditedTimeline("otio", "0" * 64, tuple(pieces)))
    assert Counter(line.kind for line in compared.lines) == {"split": 3000}
    assert {line.piece[1] for line in compared.lines if line.piece} == {10}
