"""Clips from a scanned video: what is cut, what clips.json says of it, what is taken over, and what is
refused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import jsonschema
import numpy as np
import pytest

import fakes
import installing
import worlds
from momentscan import flows
from momentscan.clips import cut as cut_room
from momentscan.clips import cutter
from momentscan.clips.naming import first_s
from momentscan.disk.clips import LIST
from momentscan.disk.folder import VideoFolder
from momentscan.disk.schemas import SCHEMAS
from momentscan.errors import Cancelled, UnreadableInput, UsageError
from momentscan.exchange.ranges import ranges_of
from momentscan.progress import Step
from momentscan.settings import Settings, load
from momentscan.values import Aligned, Choice, Move, Window

QUICK = {"preset": "ultrafast"}

SAID = """1
00:00:09,000 --> 00:00:10,200
Hold on tight!

2
00:00:11,600 --> 00:00:14,900
Here it comes, <i>now</i>.
"""


def settings(output: Path, **given: Any) -> Settings:
    return load(output=str(output), embedder="descriptor", **{"engine": "saliency", "clips": QUICK, **given})


@pytest.fixture(scope="module")
def video(ride: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told")
    shutil.copy(ride, folder / "ride.mp4")
    (folder / "ride.srt").write_text(SAID)
    return folder / "ride.mp4"


@pytest.fixture(scope="module")
def seen(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(flows.scan(video, settings(tmp_path_factory.mktemp("seen"))).folder)


@pytest.fixture(scope="module")
def cut(seen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose clips are there."""
    folder = tmp_path_factory.mktemp("cut") / "ride"
    shutil.copytree(seen, folder)
    flows.clip(folder, settings(folder.parent, reel=True, preview="gif"))
    return folder


@pytest.fixture
def folder(seen: Path, tmp_path: Path) -> Path:
    shutil.copytree(seen, tmp_path / "ride")
    return tmp_path / "ride"


def told(folder: Path, engine: str = "saliency") -> dict[str, Any]:
    listed: dict[str, Any] = json.loads((folder / "clips" / engine / LIST).read_text())
    jsonschema.validate(listed, SCHEMAS["clips"])
    return listed


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted((folder / "clips").rglob("*"))
        if p.is_file()
    }


def frames_of(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_the_burst_becomes_a_clip_whose_edges_are_explained(cut: Path) -> None:
    listed = told(cut)
    first = listed["clips"][0]
    assert first["rank"] == 1
    assert first["start_ms"] < 12_000 < 14_000 < first["end_ms"]
    for edge in ("start", "end"):
        moves = [m for m in first["moves"] if m["edge"] == edge]
        assert moves[0]["from_ms"] == first["window"][f"{edge}_ms"]
        assert moves[-1]["to_ms"] == first[f"{edge}_ms"]
        assert all(m["reason"] and m["note"] for m in moves)
    assert abs(first["cut_start_ms"] - first["start_ms"]) <= 50.0, "within a frame at 20 per second"
    assert abs(first["cut_end_ms"] - first["end_ms"]) <= 50.0


def test_every_file_that_is_told_of_is_there_and_no_other(cut: Path) -> None:
    listed = told(cut)
    named = {LIST} | {
        n
        for c in [*listed["clips"], listed["reel"]]
        for n in [c["file"], c.get("preview"), *c["subtitles"]]
        if n
    }
    assert {p.name for p in (cut / "clips" / "saliency").iterdir()} == named
    assert not [p for p in (cut / "clips").iterdir() if p.name.startswith(".")]
    for clip in listed["clips"]:
        assert frames_of(cut / "clips" / "saliency" / clip["file"]) == clip["n_frames"]


def test_a_clip_that_begins_with_a_word_does_not_lose_its_onset_to_the_next_frame() -> None:
    window, video = Window(4.0, 6.0, 5.0), worlds.info(fps=25.0)
    spoken = Aligned(
        window, 3.93, 6.0, (Move("start", 4.0, 3.93, "speech.word", "the word is taken in"),), (), None
    )
    at_s = first_s(spoken, video)
    first = next(k / 25 for k in range(200) if k / 25 >= at_s)
    assert first <= 3.93 < first + 1 / 25, "the frame that is shown when the word begins"
    on_cut = Aligned(
        window, 3.92, 6.0, (Move("start", 4.0, 3.92, "scene.cut", "as far as the shot goes"),), (), None
    )
    assert first_s(on_cut, video) == 3.92


def test_the_reel_holds_all_clips_in_time_with_a_chapter_each(cut: Path) -> None:
    listed = told(cut)
    reel = listed["reel"]
    assert len(reel["chapters"]) == len(listed["clips"])
    starts = {c["rank"]: c["start_ms"] for c in listed["clips"]}
    in_time = [starts[c["rank"]] for c in reel["chapters"]]
    assert in_time == sorted(in_time)
    assert (
        frames_of(cut / "clips" / "saliency" / reel["file"])
        == reel["n_frames"]
        == sum(c["n_frames"] for c in listed["clips"])
    )
    with av.open(str(cut / "clips" / "saliency" / reel["file"])) as container:
        assert len(container.chapters()) == len(reel["chapters"])


def test_what_is_said_comes_along_in_the_time_of_the_clip(cut: Path) -> None:
    first = told(cut)["clips"][0]
    (srt,) = [n for n in first["subtitles"] if n.endswith(".srt")]
    text = (cut / "clips" / "saliency" / srt).read_text()
    assert "Here it comes, now." in text
    assert "<i>" not in text
    at = text.index("Here it comes")
    shown = text[:at].strip().splitlines()[-1]
    seconds = int(shown[6:8]) + int(shown[9:12]) / 1000
    assert seconds == pytest.approx(11.6 - first["cut_start_ms"] / 1000, abs=0.1)
    assert first["end_ms"] >= 14_900, "the sentence is not cut off"


def test_the_same_again_takes_the_clips_over_and_writes_the_same_bytes(
    cut: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(cut, tmp_path / "ride")
    before = files(tmp_path / "ride")

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("this clip was there already")

    monkeypatch.setattr(cutter, "cut_clip", never)
    flows.clip(tmp_path / "ride", settings(tmp_path, reel=True, preview="gif"))
    assert files(tmp_path / "ride") == before


def test_other_settings_replace_the_clips(cut: Path, tmp_path: Path) -> None:
    shutil.copytree(cut, tmp_path / "ride")
    flows.clip(tmp_path / "ride", settings(tmp_path, align={"extent": "thirds"}, subtitles=False))
    listed = told(tmp_path / "ride")
    first = listed["clips"][0]
    assert first["moves"][0]["reason"] == "extent.thirds"
    assert listed["reel"] is None
    assert {p.suffix for p in (tmp_path / "ride" / "clips" / "saliency").iterdir()} == {".json", ".mp4"}


def test_files_that_somebody_put_beside_the_clips_stay(cut: Path, tmp_path: Path) -> None:
    shutil.copytree(cut, tmp_path / "ride")
    place = tmp_path / "ride" / "clips" / "saliency"
    (place / "mine").mkdir()
    own = {"notes.txt": b"the second is best", "mine/final.mp4": b"my own cut", "reel.txt": b""}
    for name, data in own.items():
        (place / name).write_bytes(data)
    flows.clip(tmp_path / "ride", settings(tmp_path, align={"extent": "thirds"}, subtitles=False))
    assert {name: (place / name).read_bytes() for name in own} == own
    named = {c["file"] for c in told(tmp_path / "ride")["clips"]} | {LIST, *own}
    assert {str(p.relative_to(place)) for p in place.rglob("*") if p.is_file()} == named, (
        "and nothing of ours from before"
    )


def test_a_clip_that_is_not_what_was_cut_any_more_is_cut_again(cut: Path, tmp_path: Path) -> None:
    shutil.copytree(cut, tmp_path / "ride")
    before = files(tmp_path / "ride")
    first = told(tmp_path / "ride")["clips"][0]
    (tmp_path / "ride" / "clips" / "saliency" / first["file"]).write_bytes(b"overwritten by an editor")
    flows.clip(tmp_path / "ride", settings(tmp_path, reel=True, preview="gif"))
    assert files(tmp_path / "ride") == before


def test_the_reel_shows_nothing_twice_where_clips_overlap(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overlapping(*_: Any) -> tuple[Choice, ...]:
        spans = ((9.0, 12.0), (3.0, 6.0), (5.0, 9.5))
        clips = [Aligned(Window(a, b, a + 1), a, b, (), (), None) for a, b in spans]
        return tuple(Choice(n, clip, 1.0, "sound", False, "", "") for n, clip in enumerate(clips, 1))

    monkeypatch.setattr(cut_room, "choose_clips", overlapping)
    flows.clip(folder, settings(folder.parent, reel=True))
    listed = told(folder)
    assert [c["end_ms"] - c["start_ms"] for c in listed["clips"]] == [3000, 3000, 4500]
    assert listed["reel"]["length_ms"] == pytest.approx(9000, abs=50)
    assert [c["rank"] for c in listed["reel"]["chapters"]] == [2, 3, 1]


@pytest.mark.parametrize("how", ["copy", "smart"])
def test_other_ways_to_cut_say_what_they_did(how: str, folder: Path) -> None:
    flows.clip(folder, settings(folder.parent, cut=how))
    first = told(folder)["clips"][0]
    assert first["how"] == how or first["notes"]
    if how == "copy":
        assert first["cut_start_ms"] <= first["start_ms"]
        assert first["notes"]


def test_a_tall_crop_follows_the_main_person(tmp_path: Path) -> None:
    video = worlds.visit(tmp_path / "visit.mp4")
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        folder = Path(flows.scan(video, settings(tmp_path / "out", engine="rules", identity=False)).folder)
    flows.clip(folder, settings(tmp_path / "out", engine="rules", aspect="9:16", preview="gif"))
    first = told(folder, "rules")["clips"][0]
    assert first["follows"] == "person 0"
    assert first["size_px"] == [102, 180]
    with av.open(str(folder / "clips" / "rules" / first["file"])) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    red = (shown[..., 0] > 150) & (shown[..., 1] < 80) & (shown[..., 2] < 80)
    assert red.any(axis=0).sum() > 50, "the whole face is there"
    assert abs(np.flatnonzero(red.any(axis=0)).mean() - 51) < 20, "near the middle"
    with av.open(str(folder / "clips" / "rules" / first["preview"])) as container:
        video = container.streams.video[0]
        assert video.width / video.height == pytest.approx(102 / 180, abs=0.01), (
            "the preview shows the clip, not the source"
        )
        assert sum(1 for _ in container.decode(video=0)) == pytest.approx(
            (first["cut_end_ms"] - first["cut_start_ms"]) / 100, abs=1
        )


def test_a_crop_cannot_be_copied(folder: Path) -> None:
    with pytest.raises(UsageError, match="encodes every frame anew"):
        flows.clip(folder, settings(folder.parent, aspect="9:16", cut="copy"))


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.unlink(),
        lambda v: v.write_bytes(v.read_bytes() + b"x"),
        lambda v: v.write_bytes(b"y" + v.read_bytes()[1:]),
    ],
)
def test_a_source_that_moved_or_changed_is_refused_and_nothing_is_written(
    change: Callable[[Path], Any], seen: Path, video: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.mp4"
    shutil.copy(video, own)
    folder = tmp_path / "ride"
    shutil.copytree(seen, folder)
    manifest = folder / "signals" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(str(video), str(own)))
    change(own)
    with pytest.raises(UnreadableInput, match="since the scan"):
        flows.clip(folder, settings(tmp_path))
    assert not (folder / "clips").exists()


def test_an_engine_that_did_not_judge_is_told(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"was not judged by vector; momentscan find .* --engine NAME"):
        flows.clip(folder, settings(folder.parent, engine="vector"))


def test_a_calm_video_gives_no_clip_and_says_why(still: Path, tmp_path: Path) -> None:
    folder = Path(flows.scan(still, settings(tmp_path)).folder)
    outcome = flows.clip(folder, settings(tmp_path))
    assert outcome.clips == ()
    listed = told(folder)
    assert listed["clips"] == []
    assert listed["reason"].startswith("no_contrast")


def test_stopping_in_the_midst_leaves_the_clips_as_they_were(cut: Path, tmp_path: Path) -> None:
    shutil.copytree(cut, tmp_path / "ride")
    before = files(tmp_path / "ride")

    def stop(step: Step) -> None:
        if "clip" in step.stage and step.done > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        flows.clip(tmp_path / "ride", settings(tmp_path, align={"extent": "thirds"}), stop)
    assert files(tmp_path / "ride") == before


def test_no_clip_shows_somebody_who_was_forgotten(tmp_path: Path) -> None:
    video = worlds.visit(tmp_path / "visit.mp4")
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        folder = Path(flows.scan(video, settings(tmp_path / "out", engine="all", identity=False)).folder)
    passing = next(p.number for p in flows.people(folder).people if 15 < p.start_s < 20)
    flows.clip(folder, settings(tmp_path / "out", engine="saliency"))
    flows.forget(folder, passing, settings(tmp_path / "out"))
    assert not (folder / "clips").exists()
    flows.clip(folder, settings(tmp_path / "out", engine="all"))
    for engine in ("saliency", "rules", "vector"):
        for clip in told(folder, engine)["clips"]:
            assert clip["end_ms"] < 16_000 or clip["start_ms"] > 18_500


def test_what_is_copied_from_a_key_frame_shows_nobody_who_was_forgotten_either(tmp_path: Path) -> None:
    video = worlds.visit(tmp_path / "visit.mp4")  # key frames at 0 and 25 s
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        folder = Path(flows.scan(video, settings(tmp_path / "out", engine="saliency", identity=False)).folder)
    shake = settings(tmp_path / "out", cut="copy", align={"extent": "peak"})
    flows.clip(folder, shake)
    assert told(folder)["clips"][0]["cut_start_ms"] == 0, "without that there would be nothing to see"
    flows.forget(folder, next(p.number for p in flows.people(folder).people if 15 < p.start_s < 20), shake)
    flows.clip(folder, shake)
    (clip,) = told(folder)["clips"]
    assert clip["cut_start_ms"] > 18_500
    assert clip["how"] == "exact"
    assert any("forgotten" in note for note in clip["notes"])


def test_clips_go_out_as_a_timeline_with_their_own_edges(cut: Path, tmp_path: Path) -> None:
    shutil.copytree(cut, tmp_path / "ride")
    as_found = ranges_of(VideoFolder(tmp_path / "ride"), "saliency")
    clips = ranges_of(VideoFolder(tmp_path / "ride"), "saliency", clips=True)
    assert [(r.start_s, r.end_s) for r in clips] == sorted(
        (c["start_ms"] / 1000, c["end_ms"] / 1000) for c in told(cut)["clips"]
    )
    assert [(r.start_s, r.end_s) for r in as_found] != [(r.start_s, r.end_s) for r in clips]
    (exported,) = flows.export(tmp_path / "ride", settings(tmp_path), ["csv"], clips=True)
    assert exported.moments == len(clips)


def test_where_nothing_was_cut_no_clips_can_be_exported(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"has no clips of saliency; momentscan clip .* --engine saliency"):
        flows.export(folder, settings(folder.parent), ["csv"], clips=True)
