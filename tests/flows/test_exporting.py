"""Moments go out as files and an edit comes back as feedback; the folder stays whole and tells one thing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import jsonschema
import opentimelineio as otio
import pytest

import fakes
import installing
import worlds
from momentscan import flows
from momentscan.disk.codec import encode
from momentscan.disk.files import lock
from momentscan.disk.folder import VideoFolder
from momentscan.disk.schemas import SCHEMAS
from momentscan.errors import OutputError, UnreadableInput, UsageError
from momentscan.exchange import outgoing
from momentscan.exchange.ranges import ranges_of
from momentscan.export.conform import conform
from momentscan.export.edits import read_edit
from momentscan.export.formats import FORMATS, timeline_files
from momentscan.export.timeline import Range, nominal_rate, to_timeline
from momentscan.flows import Exported, Imported
from momentscan.media import open_video
from momentscan.media.timecode import timecode_of
from momentscan.records.clips import ClipList, ClipRow, Span
from momentscan.records.measures import VersionStamp
from momentscan.records.windows import WindowRecord
from momentscan.settings import load


def export(folder: Path, engine: str, formats: list[str], clips: bool = False) -> Exported:
    (done,) = flows.export(folder, load(engine=engine), formats, clips=clips)
    return done


def take_back(folder: Path, file: Path, engine: str | None = None, at: str | None = None) -> Imported:
    return flows.import_edit(folder, file, load(), engine, at)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two riders, scanned with fakes; to be read, not written."""
    place = tmp_path_factory.mktemp("riders")
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        settings = load(output=str(place / "out"), embedder="fake-embedder", stills=False, identity=False)
        return Path(flows.scan(worlds.riders(place / "riders.mp4"), settings).folder)


@pytest.fixture
def folder(scanned: Path, tmp_path: Path) -> Path:
    """A copy of its folder, judged by the rules: three moments, the best one last."""
    copy = tmp_path / "riders"
    shutil.copytree(scanned, copy)
    judged(copy, (3.0, 6.0), (11.0, 14.0), (17.0, 19.0))
    return copy


UNCUT = ("1.mp4", 2000.0, 7000.0, 125, (64, 48), "exact", "x264", (), None, {"file": "0"}, "key", (), None)
"""What clips.json says of a clip's file; no test here opens it."""


def judged(folder: Path, *windows: tuple[float, float], engine: str = "rules") -> None:
    """As if the engine had found these, the last the best."""
    found = [
        WindowRecord(
            window_id=i,
            start_ms=a * 1000,
            end_ms=b * 1000,
            peak_ms=(a + b) * 500,
            score_rule=1.0 / i,
            score_model=None,
            key_features={},
            selected_frames=(),
            engine=engine,
            parts={},
            why=f"why {i}",
            rivals=(),
        )
        for i, (a, b) in enumerate(reversed(windows), 1)
    ]
    (folder / f"highlight_{engine}" / "windows.json").write_bytes(encode(found))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def feedback(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "feedback.jsonl").read_text().splitlines()]


def edit(folder: Path, change: Any, name: str = "edited.otio") -> Path:
    """What an editor makes of the exported timeline."""
    timeline = otio.adapters.read_from_file(str(folder / "exports" / "riders_rules.otio"))
    change(timeline)
    path = folder.parent / name
    otio.adapters.write_to_file(timeline, str(path))
    return path


def trim_drop_and_swap(timeline: Any) -> None:
    for track in timeline.tracks:
        first = track[0].source_range
        half = otio.opentime.RationalTime(5, first.start_time.rate)
        track[0].source_range = otio.opentime.TimeRange(first.start_time + half, first.duration - half - half)
        del track[1]
        track.append(track.pop(0))


def test_every_format_is_written_and_the_record_says_which(folder: Path) -> None:
    done = export(folder, "rules", ["all"])
    assert done.moments == 3
    assert done.rate == "30", "ten frames a second, three of the timeline each"
    names = {Path(f).name for f in done.files}
    suffixes = (
        ".otio",
        ".edl",
        ".fcpxml",
        ".xml",
        ".csv",
        ".vtt",
        ".labelstudio.json",
        ".labelstudio.xml",
        ".cvat.json",
    )
    assert names == {f"riders_rules{s}" for s in suffixes}
    assert all(Path(f).stat().st_size for f in done.files)
    assert any("YouTube wants 3" in note for note in done.notes)
    record = json.loads((folder / "exports/rules.json").read_text())
    jsonschema.validate(record, SCHEMAS["exports"])
    assert list(record["formats"]) == [f for f in FORMATS if f != "chapters"]
    assert [(r["window_id"], r["first_frame"], r["end_frame"]) for r in record["ranges"]] == [
        (3, 90, 180),
        (2, 330, 420),
        (1, 510, 570),
    ]


def test_the_same_export_gives_the_same_bytes(folder: Path) -> None:
    export(folder, "rules", ["all"])
    before = contents(folder / "exports")
    export(folder, "rules", ["all"])
    assert contents(folder / "exports") == before


def test_moments_go_out_by_time_under_the_name_of_the_video(folder: Path) -> None:
    assert [r.window_id for r in ranges_of(VideoFolder(folder), "rules")] == [3, 2, 1]
    export(folder, "rules", ["otio"])
    timeline = otio.adapters.read_from_file(str(folder / "exports/riders_rules.otio"))
    assert timeline.name == "riders"
    assert [clip.name for clip in timeline.tracks[0]] == ["riders #3", "riders #2", "riders #1"]
    assert timeline.tracks[0][0].metadata["momentscan"]["why"] == "why 3"


def test_files_that_tell_something_else_are_removed(folder: Path) -> None:
    export(folder, "rules", ["otio", "edl"])
    export(folder, "rules", ["csv"])
    kept = ["riders_rules.csv", "riders_rules.edl", "riders_rules.otio", "rules.json"]
    assert sorted(contents(folder / "exports")) == kept, "they tell the same"
    judged(folder, (1.0, 2.0))
    export(folder, "rules", ["vtt"])
    assert sorted(contents(folder / "exports")) == ["riders_rules.vtt", "rules.json"]


def test_faces_of_the_moments_go_to_cvat(folder: Path) -> None:
    export(folder, "rules", ["cvat"])
    items = json.loads((folder / "exports/riders_rules.cvat.json").read_text())["items"]
    inside = set(range(90, 180)) | set(range(330, 420)) | set(range(510, 570))
    boxes = [(item["attr"]["frame"], a) for item in items for a in item["annotations"] if a["type"] == "bbox"]
    assert {frame for frame, a in boxes if not a["attributes"]["outside"]} <= inside
    assert {a["attributes"]["track_id"] for _, a in boxes} == set(flows.load(folder)["faces.track"].tolist())
    ends = [frame for frame, a in boxes if a["attributes"]["outside"]]
    assert ends, "tracks end where a moment does"
    assert {
        item["attr"]["frame"] for item in items if any(a["type"] == "label" for a in item["annotations"])
    } == inside


def test_no_moments_are_a_note_and_no_file(folder: Path) -> None:
    judged(folder)
    done = export(folder, "rules", ["otio", "csv"])
    assert (done.files, done.moments) == ((), 0)
    assert done.notes[-1] == "rules found no moments that can be told, so no files were written"
    assert sorted(contents(folder / "exports")) == ["rules.json"]


def test_a_video_that_is_gone_is_a_note_and_one_that_changed_is_refused(folder: Path) -> None:
    run = json.loads((folder / "signals/manifest.json").read_text())
    video = Path(run["video"]["path"])
    aside = video.with_suffix(".aside")
    video.rename(aside)
    try:
        assert any("is not there" in note for note in export(folder, "rules", ["edl"]).notes)
        before = contents(folder)
        video.write_bytes(aside.read_bytes()[:-1])
        with pytest.raises(UnreadableInput, match="changed"):
            export(folder, "rules", ["edl"])
        assert contents(folder) == before
    finally:
        aside.replace(video)


@pytest.mark.parametrize(
    ("engine", "formats", "said"),
    [
        ("rules", ["avi"], "no format 'avi'"),
        ("nobody", ["otio"], "no engine 'nobody'"),
        ("../rules", ["otio"], "no engine"),
        ("rules", [], "no format"),
    ],
)
def test_wrong_words_are_told_before_anything_is_written(
    folder: Path, engine: str, formats: list[str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        export(folder, engine, formats)
    assert not (folder / "exports").exists()


def test_an_engine_that_has_not_judged_is_told(folder: Path) -> None:
    shutil.rmtree(folder / "highlight_vector")
    with pytest.raises(UsageError, match="was not judged by vector"):
        export(folder, "vector", ["otio"])


def test_what_is_no_scanned_video_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="holds no complete signal log"):
        export(tmp_path, "rules", ["otio"])
    with pytest.raises(UnreadableInput, match="holds no complete signal log"):
        take_back(tmp_path, tmp_path / "x.otio")


def test_a_folder_that_another_holds_is_left_alone(folder: Path) -> None:
    export(folder, "rules", ["otio"])
    path = edit(folder, lambda timeline: None)
    with lock(folder / "video.json"):
        for work in (lambda: export(folder, "rules", ["otio"]), lambda: take_back(folder, path)):
            with pytest.raises(OutputError, match="another momentscan"):
                work()


# ---- back in


def test_an_edit_comes_back_as_feedback_in_the_published_schema(folder: Path) -> None:
    export(folder, "rules", ["otio"])
    path = edit(folder, trim_drop_and_swap)
    done = take_back(folder, path, at="2026-01-02T03:04:05+00:00")
    assert done.counts == {
        "kept": 1,
        "trimmed": 1,
        "split": 0,
        "retimed": 0,
        "dropped": 1,
        "reordered": 1,
        "added": 0,
    }
    assert (done.engine, done.format, done.known) == ("rules", "otio", False)
    lines = feedback(folder)
    for line in lines:
        jsonschema.validate(line, SCHEMAS["feedback"])
    assert [(line["kind"], line["window"]["window_id"]) for line in lines[:3]] == [
        ("trimmed", 3),
        ("dropped", 2),
        ("kept", 1),
    ]
    assert lines[3]["kind"] == "reordered"
    trimmed = lines[0]
    assert trimmed["window"] == {
        "window_id": 3,
        "start_ms": 3000.0,
        "end_ms": 6000.0,
        "peak_ms": 4500.0,
        "score": 0.333333,
    }
    assert trimmed["edited"] == {"start_ms": 3166.667, "end_ms": 5833.333}
    assert (trimmed["moved_start_ms"], trimmed["moved_end_ms"]) == (166.667, -166.667)
    assert trimmed["source"]["file"] == "edited.otio"
    assert trimmed["at"] == "2026-01-02T03:04:05+00:00"
    assert {line["sha256"] for line in lines} == {flows.load(folder).video.sha256}


def test_the_same_file_twice_adds_nothing_and_says_so(folder: Path) -> None:
    export(folder, "rules", ["otio"])
    path = edit(folder, trim_drop_and_swap)
    take_back(folder, path, at="2026-01-01T00:00:00+00:00")
    before = contents(folder)
    again = take_back(folder, path)
    assert again.known
    assert any("was taken back before" in note for note in again.notes)
    assert contents(folder) == before
    other = edit(folder, lambda timeline: None, "other.otio")
    assert take_back(folder, other).counts["kept"] == 3
    assert len(feedback(folder)) == 7


@pytest.mark.parametrize("name", ["otio", "edl", "fcpxml", "premiere"])
def test_an_untouched_export_says_that_all_was_kept(folder: Path, name: str) -> None:
    (file,) = export(folder, "rules", [name]).files
    done = take_back(folder, Path(file))
    assert (done.format, done.counts["kept"], len(done.lines)) == (name, 3, 3)
    assert done.notes == (f"{file}: is what was exported, byte for byte; nobody has edited it",)


def test_an_edit_of_another_video_is_refused_and_tells_nothing(folder: Path) -> None:
    export(folder, "rules", ["otio"])

    def another(timeline: Any) -> None:
        for track in timeline.tracks:
            for clip in track:
                clip.media_reference.target_url = "file:///films/holiday.mp4"
                clip.media_reference.name = "holiday.mp4"
                found = clip.source_range
                clip.source_range = otio.opentime.TimeRange(found.start_time + found.duration, found.duration)

    with pytest.raises(UsageError, match=r"edited\.otio: is an edit of other media \(holiday\.mp4\)"):
        take_back(folder, edit(folder, another))
    assert not (folder / "feedback.jsonl").exists()


def test_feedback_says_whether_it_is_of_windows_or_of_clips(folder: Path) -> None:
    export(folder, "rules", ["otio"])
    of_windows = edit(folder, trim_drop_and_swap, "windows.otio")
    cut = ClipRow(
        1, 2000.0, 7000.0, 4500.0, Span(3000.0, 6000.0), 1.0, "smile", False, "w", "", (), (), None, *UNCUT
    )
    listed = ClipList(
        "riders", "0" * 64, "rules", None, {}, (cut,), None, (), VersionStamp("momentscan", "0", None, "v1")
    )
    (folder / "clips" / "rules").mkdir(parents=True)
    (folder / "clips" / "rules" / "clips.json").write_bytes(encode(listed))
    (file, edl) = export(folder, "rules", ["otio", "edl"], clips=True).files
    assert "momentscan rules clip 1 score" in Path(edl).read_text()
    with pytest.raises(
        UsageError,
        match=r"is of windows, and clips were exported last; momentscan export .* --engine rules first",
    ):
        take_back(folder, of_windows)
    take_back(folder, Path(file))
    (line,) = feedback(folder)
    assert (line["told_as"], line["window"]["window_id"]) == ("clip", 1)
    jsonschema.validate(line, SCHEMAS["feedback"])
    export(folder, "rules", ["otio"])
    take_back(folder, of_windows)
    assert {line["told_as"] for line in feedback(folder)[1:]} == {"window"}


def test_an_edit_is_compared_with_what_was_exported_not_with_what_is_found_now(folder: Path) -> None:
    (file,) = export(folder, "rules", ["fcpxml"]).files
    judged(folder, (1.0, 2.0))
    assert take_back(folder, Path(file)).counts["kept"] == 3


def test_whose_moments_they_are_is_read_from_the_edit(folder: Path) -> None:
    judged(folder, (3.0, 6.0), (11.0, 14.0), engine="vector")
    (rules,) = export(folder, "rules", ["otio"]).files
    (vector,) = export(folder, "vector", ["otio"]).files
    assert take_back(folder, Path(vector)).engine == "vector"
    assert take_back(folder, Path(rules)).engine == "rules"
    silent = folder.parent / "silent.edl"
    silent.write_text(
        "TITLE: x\n001  RIDERS   V     C        00:00:03:00 00:00:06:00 00:00:00:00 00:00:03:00\n"
    )
    with pytest.raises(UsageError, match="name one with --engine"):
        take_back(folder, silent)
    assert take_back(folder, silent, engine="vector").counts["kept"] == 1


def test_without_an_export_there_is_nothing_to_compare_with(folder: Path) -> None:
    path = folder.parent / "x.edl"
    path.write_text("TITLE: x\n")
    with pytest.raises(UsageError, match="nothing was exported"):
        take_back(folder, path)
    export(folder, "rules", ["otio"])
    with pytest.raises(UsageError, match="moments of vector"):
        take_back(folder, path, engine="vector")


@pytest.mark.parametrize("change", [{"ranges": [{}]}, {"rate": "1/0"}, {"rate": "x"}, {"sha256": "0"}])
def test_a_record_that_does_not_fit_is_told(folder: Path, change: dict[str, Any]) -> None:
    (file,) = export(folder, "rules", ["otio"]).files
    record = folder / "exports/rules.json"
    record.write_bytes(encode({**json.loads(record.read_text()), **change}))
    with pytest.raises(UnreadableInput, match="momentscan export"):
        take_back(folder, Path(file))
    assert not (folder / "feedback.jsonl").exists()


def test_an_edit_that_cannot_be_read_changes_nothing(folder: Path) -> None:
    export(folder, "rules", ["otio"])
    before = contents(folder)
    path = folder.parent / "bomb.xml"
    path.write_text('<!DOCTYPE xmeml [<!ENTITY a "b">]><xmeml>&a;</xmeml>')
    with pytest.raises(UnreadableInput, match="entities"):
        take_back(folder, path)
    assert contents(folder) == before


def test_a_kill_while_feedback_is_written_loses_nothing(folder: Path) -> None:
    """The process dies in the midst of a line; the next run puts the half aside and appends all that is
    missing.
    """
    export(folder, "rules", ["otio"])
    path = edit(folder, trim_drop_and_swap)
    code = f"""
import os
from pathlib import Path
real = os.fsync
def die(handle):
    os.ftruncate(handle, os.fstat(handle).st_size - 40)
    os._exit(9)
os.fsync = die
from momentscan import flows, settings
edit = (Path({str(folder)!r}), Path({str(path)!r}))
flows.import_edit(*edit, settings.load(), at="2026-01-01T00:00:00+00:00")
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    take_back(folder, path, at="2026-01-01T00:00:00+00:00")
    assert [line["part"]["number"] for line in feedback(folder)] == [1, 2, 3, 4]
    assert (folder / "feedback.jsonl.torn").stat().st_size > 0


@pytest.mark.parametrize("code", ["01:00:00:00", None])
def test_the_timecode_of_a_file_is_found(code: str | None, tmp_path: Path) -> None:
    path = tmp_path / "coded.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 64, 48
        if code:
            stream.metadata["timecode"] = code
        for frame in (av.VideoFrame(64, 48, "yuv420p") for _ in range(3)):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert timecode_of(path) == code


def test_a_timecode_leads_the_edl(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "timecode_of", lambda _: "01:00:00:00")
    (file,) = export(folder, "rules", ["edl"]).files
    assert " 01:00:03:00 01:00:06:00 00:00:00:00 00:00:03:00" in Path(file).read_text()
    assert take_back(folder, Path(file)).counts["kept"] == 3
    monkeypatch.setattr(outgoing, "timecode_of", lambda _: "later")
    done = export(folder, "rules", ["edl"])
    assert any("'later' is none" in note for note in done.notes)
    assert " 00:00:03:00 00:00:06:00 " in Path(done.files[0]).read_text()


@pytest.mark.media
def test_real_videos_go_out_and_come_back(media_folder: Path, tmp_path: Path) -> None:
    """Whatever their rate and clock: what comes back untouched was kept, to the frame."""
    seen = set()
    for path in sorted((media_folder / "formats").iterdir()):
        try:
            with open_video(path) as video:
                info = video.info
        except UnreadableInput:
            continue
        length_s = info.duration_s or 5.0  # some promise nothing
        info = replace(info, duration_s=length_s)
        ranges = [
            Range(i, length_s * i / 5, length_s * (i + 0.7) / 5, length_s * i / 5, 1.0) for i in range(1, 4)
        ]
        told, _ = to_timeline(info, "rules", ranges)
        seen.add(nominal_rate(info))
        for name in ("otio", "edl", "fcpxml", "premiere"):
            (file,) = timeline_files(told, name)
            place = tmp_path / f"edit{file.suffix}"
            place.write_text(file.text or "")
            compared = conform(told, read_edit(place, told.rate))
            assert compared.unchanged, (path, name)
            assert len(compared.lines) == 3
    assert len(seen) >= 4
