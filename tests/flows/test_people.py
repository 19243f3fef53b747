"""A scan of a video with people in it: with fakes that see drawn faces, with the real networks where they
are, and with neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import fakes
import installing
import momentscan as ms
import worlds
from momentscan import flows, registry
from momentscan.flows import Outcome
from momentscan.media.render import write_video
from momentscan.models.weights import locate
from momentscan.settings import Settings, load

OURS = ("rules", "vector", "saliency")
TABLES = (
    "faces.bbox",
    "faces.track",
    "faces.yaw",
    "faces.sharpness",
    "tracks.person",
    "crops.face",
    "crops.body",
    "poses.points",
)


def settings(folder: Path, **changes: object) -> Settings:
    return load(**{"output": str(folder / "out"), **changes})


def faked(folder: Path, **changes: object) -> Settings:
    """Those of a scan with fakes: an embedder was asked for, and nothing that listens, so none is missing."""
    return settings(folder, **{"embedder": "fake-embedder", "voice": "none", "tagger": "none", **changes})


def told(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(outcome.folder) / "run.json").read_text())
    return found


def windows(outcome: Outcome, engine: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (Path(outcome.folder) / f"highlight_{engine}" / "windows.json").read_text()
    )
    return found


def contents(outcome: Outcome) -> dict[str, bytes]:
    """Every byte that two scans must have in common."""
    folder = Path(outcome.folder)
    files = [p for p in folder.rglob("*") if p.is_file() and p.name not in ("run.json", "manifest.json")]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(files)}


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worlds.visit(tmp_path_factory.mktemp("visit") / "visit.mp4")


@pytest.fixture(scope="module")
def seen(visit: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The visit, scanned with fakes."""
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        return flows.scan(visit, faked(tmp_path_factory.mktemp("seen")))


@pytest.fixture
def with_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    installing.install(monkeypatch, fakes.models)


# ---- with fakes


def test_the_log_holds_faces_tracks_crops_and_poses(seen: Outcome) -> None:
    signals = flows.load(Path(seen.folder))
    assert all(len(signals[name]) for name in TABLES)
    assert signals.made_by["faces.bbox"] == "fake-detector-v1"
    assert signals.made_by["crops.face"] == signals.made_by["vision.embedding"] == "fake-embedder-v1"
    assert signals.made_by["face_ids.embedding"] == "fake-face-id-v1"


def test_both_engines_for_people_find_the_expression(seen: Outcome) -> None:
    start_s, end_s = worlds.VISIT["expression"]
    for engine in ("rules", "vector"):
        assert any(start_s - 0.5 <= w["peak_ms"] / 1000 <= end_s + 0.5 for w in windows(seen, engine)), engine


def test_run_json_says_who_is_in_it(seen: Outcome) -> None:
    main, *others = told(seen)["people"]
    assert main["role"] == "main"
    assert main["looks"] > 140
    assert [p["role"] for p in others] == ["transient"], "somebody passes"
    assert others[0]["end_s"] - others[0]["start_s"] <= 2.5
    assert told(seen)["warnings"] == []


def test_stills_are_portraits_of_the_main_person(seen: Outcome, visit: Path) -> None:
    frames = [f for w in windows(seen, "vector") for f in w["selected_frames"]]
    assert frames
    for frame in frames:
        left, top, right, bottom = frame["face_bbox"]
        image = cv2.imread(
            str(
                next((Path(seen.folder) / "highlight_vector" / "frames").glob(f"*_f{frame['frame_idx']}.jpg"))
            )
        )
        assert image is not None
        middle = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)[round((top + bottom) / 2), round((left + right) / 2)]
        assert middle[0] > 150, "it is the red one's face that the box is around"
        assert middle[1:].max() < 80


@pytest.mark.parametrize("engine", OURS)
def test_what_a_scan_held_and_what_it_wrote_give_the_same_verdict(seen: Outcome, engine: str) -> None:
    """find(load(log)) == find(signals)."""
    written = flows.load(Path(seen.folder))
    held = ms.Signals(written.video, {n: written[n].copy() for n in written}, written.made_by)
    one, other = flows.judge(written, engine), flows.judge(held, engine)
    assert one.moments == other.moments
    assert one.candidates == other.candidates
    np.testing.assert_array_equal(one.smoothed, other.smoothed)
    assert [m.window.peak_s * 1000 for m in one.moments] == [w["peak_ms"] for w in windows(seen, engine)]


def test_scanned_twice_it_is_the_same_to_the_last_byte(
    with_fakes: None, seen: Outcome, visit: Path, tmp_path: Path
) -> None:
    again = flows.scan(visit, faked(tmp_path))
    assert again.folder != seen.folder
    mine, theirs = contents(again), contents(seen)
    assert set(mine) == set(theirs)
    assert [name for name in mine if mine[name] != theirs[name]] == []


def test_a_knob_of_the_tracker_is_another_scan_and_one_of_the_gate_is_not(
    with_fakes: None, visit: Path, tmp_path: Path
) -> None:
    first = flows.scan(visit, faked(tmp_path, stills=False))
    log = Path(first.folder) / "signals" / "manifest.json"
    key = json.loads(log.read_text())["key"]
    strict = flows.scan(visit, faked(tmp_path, stills=False, gate={"confidence": 0.99}))
    assert json.loads(log.read_text())["key"] == key
    assert strict.status == "done"
    assert told(strict)["engines"]["vector"]["picked"] == 0
    assert flows.scan(visit, faked(tmp_path, stills=False, faces={"hz": 2.0})).status == "done"
    assert json.loads(log.read_text())["key"] != key


def test_windows_without_a_still_say_why(with_fakes: None, visit: Path, tmp_path: Path) -> None:
    outcome = flows.scan(visit, faked(tmp_path, stills=False, gate={"confidence": 0.99}, engine="vector"))
    log = json.loads((Path(outcome.folder) / "highlight_vector" / "debug" / "filtering_log.json").read_text())
    assert len(log["windows"]) == outcome.engines["vector"].moments > 0
    for window in log["windows"]:
        assert window["selected"] == 0
        assert window["reason"].startswith(
            f"all {window['considered']} frames failed the gate: gate.detect.confidence"
        )
        assert all("gate.detect.confidence" in f["reasons"] for f in window["frames"])


def test_a_video_of_nobody_is_done_and_says_no_face(with_fakes: None, still: Path, tmp_path: Path) -> None:
    outcome = flows.scan(still, faked(tmp_path, stills=False))
    assert outcome.status == "done"
    assert outcome.engines["vector"].moments == outcome.engines["rules"].moments == 0
    assert outcome.engines["vector"].reason.startswith("no_face: ")
    assert outcome.engines["rules"].reason.startswith("no_face")
    assert told(outcome)["people"] == []


# ---- without weights


def test_without_a_detector_it_runs_and_says_what_was_not_looked_for(visit: Path, tmp_path: Path) -> None:
    empty = tmp_path / "weights"
    empty.mkdir()
    outcome = flows.scan(visit, settings(tmp_path, models=str(empty), stills=False))
    assert outcome.status == "done"
    assert any(w.startswith("no face detector is on this machine") for w in outcome.warnings)
    for engine in ("rules", "vector"):
        assert outcome.engines[engine].moments == 0
        assert outcome.engines[engine].reason.startswith("no_faces_looked_for: ")
    assert outcome.engines["saliency"].moments > 0
    assert not [
        name
        for name in flows.load(Path(outcome.folder))
        if name.startswith(("faces.", "tracks.", "crops.", "poses."))
    ]


def test_faces_and_voices_that_nobody_wants_are_not_missing(visit: Path, tmp_path: Path) -> None:
    outcome = flows.scan(
        visit,
        settings(tmp_path, detector="none", voice="none", tagger="none", embedder="descriptor", stills=False),
    )
    assert outcome.warnings == ()


# ---- with the real networks


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Outcome]:
    """Scans a real video with whatever weights are there, once."""
    known: dict[tuple[Path, str], Outcome] = {}

    def scan(video: Path, models: Path, face_id: str = "auto") -> Outcome:
        if (video, face_id) not in known:
            chosen = settings(tmp_path_factory.mktemp("real"), models=str(models), face_id=face_id)
            known[video, face_id] = flows.scan(video, chosen)
        return known[video, face_id]

    return scan


@pytest.mark.weights
@pytest.mark.media
def test_a_real_face_is_followed_and_every_engine_has_its_say(
    real: Callable[..., Outcome], models_folder: Path, media_folder: Path
) -> None:
    """expr/lp_d5: one man who puckers at 1.1, is surprised at 2.2 and grins at 3.4 s."""
    outcome = real(media_folder / "expr" / "lp_d5.mp4", models_folder)
    assert set(outcome.engines) == set(registry.names("scorers"))
    signals = flows.load(Path(outcome.folder))
    looks = len(np.unique(signals["faces.time_s"]))
    assert looks >= 23
    assert signals["tracks.person"].tolist() == [0]
    assert len(signals["crops.face"]) == looks
    assert len(signals["poses.points"]) == pytest.approx(looks / 2, abs=2)
    assert np.isfinite(signals["faces.mouth_open"]).mean() > 0.9
    assert [p["role"] for p in told(outcome)["people"]] == ["main"]
    moments = [w["peak_ms"] / 1000 for engine in ("rules", "vector") for w in windows(outcome, engine)]
    assert any(2.0 <= t <= 3.4 for t in moments), "the surprise"
    for engine in OURS:
        one, other = (flows.judge(flows.load(Path(outcome.folder)), engine) for _ in range(2))
        assert one.moments == other.moments
        assert [m.window.peak_s * 1000 for m in one.moments] == [
            w["peak_ms"] for w in windows(outcome, engine)
        ]


@pytest.mark.weights
@pytest.mark.media
def test_a_real_scan_twice_is_the_same_to_the_last_byte(
    real: Callable[..., Outcome], models_folder: Path, media_folder: Path, tmp_path: Path
) -> None:
    video = media_folder / "expr" / "lp_d5.mp4"
    mine, theirs = (
        contents(flows.scan(video, settings(tmp_path, models=str(models_folder)))),
        contents(real(video, models_folder)),
    )
    assert [name for name in mine | theirs if mine.get(name) != theirs.get(name)] == []


@pytest.mark.weights
@pytest.mark.media
def test_where_nobody_faces_the_camera_there_is_no_highlight(
    real: Callable[..., Outcome], models_folder: Path, media_folder: Path
) -> None:
    """motion/skateboarding_dog: much movement, nobody's face."""
    outcome = real(media_folder / "motion" / "skateboarding_dog.mp4", models_folder)
    assert outcome.status == "done"
    for engine in ("rules", "vector"):
        assert outcome.engines[engine].moments == 0
        assert outcome.engines[engine].reason.startswith("no_face")
    assert not [p for p in told(outcome)["people"] if p["role"] != "noise"]


@pytest.mark.weights
@pytest.mark.media
def test_a_cut_from_one_man_to_another_in_the_same_framing_is_two_people(
    models_folder: Path, media_folder: Path, tmp_path: Path
) -> None:
    from momentscan.media import open_video
    from momentscan.media.decode import SamplingOptions

    shown = []
    for name in ("lp_d8", "lp_d19"):
        with open_video(media_folder / "expr" / f"{name}.mp4") as video:
            shown += [
                cv2.resize(f, (480, 480)) for b in video.batches(SamplingOptions(), 480) for f in b.frames
            ][:40]
    write_video(tmp_path / "cut.mp4", shown, 10.0, options={"preset": "veryfast", "crf": "18"})
    face_id = (
        "auto" if any(locate(registry_row, models_folder) for registry_row in _face_id_weights()) else "none"
    )
    for chosen in {face_id, "none"}:
        outcome = flows.scan(
            tmp_path / "cut.mp4",
            settings(tmp_path / chosen, models=str(models_folder), face_id=chosen, stills=False),
        )
        signals = flows.load(Path(outcome.folder))
        assert signals["tracks.person"].tolist() == [0, 1], chosen
        assert signals["tracks.start_s"].tolist() == pytest.approx([0, 4], abs=0.2)


def _face_id_weights() -> list[Any]:
    from momentscan.models.face_id import FACE_ID

    return [FACE_ID.kinds[name].weight for name in FACE_ID.auto]
