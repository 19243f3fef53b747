"""The verbs as a whole: what is found in a rendered ride, and that the log alone is enough to find it
again.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import pytest

import momentscan as ms
import worlds
from momentscan import flows
from momentscan.errors import Cancelled, MissingModel, UsageError
from momentscan.flows import Outcome
from momentscan.judgement import report
from momentscan.knobs import Knob
from momentscan.media.render import DEMO_EVENTS, demo_video
from momentscan.perceive.motion import Motion, MotionOptions
from momentscan.progress import Step
from momentscan.settings import Settings, load
from momentscan.values import Verdict


def settings(tmp_path: Path, **changes: object) -> Settings:
    return load(**{"output": str(tmp_path / "out"), "embedder": "descriptor", **changes})


def windows(outcome: Outcome) -> list[dict[str, float]]:
    found: list[dict[str, float]] = json.loads(
        (Path(outcome.folder) / "highlight_saliency" / "windows.json").read_text()
    )
    return found


@pytest.fixture(scope="module")
def scanned(ride: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return flows.scan(ride, settings(tmp_path_factory.mktemp("scanned")))


def test_the_burst_is_found_where_it_is(scanned: Outcome) -> None:
    best = windows(scanned)[0]
    assert 11_500 <= best["peak_ms"] <= 14_500
    assert best["start_ms"] <= 13_000 <= best["end_ms"]


def test_a_still_and_silent_video_is_not_interesting(still: Path, tmp_path: Path) -> None:
    outcome = flows.scan(still, settings(tmp_path))
    assert windows(outcome) == []
    assert outcome.engines["saliency"].reason.startswith("no_contrast")


def same(one: Verdict, other: Verdict) -> bool:
    return (
        one.moments == other.moments
        and one.candidates == other.candidates
        and bool(np.array_equal(one.smoothed, other.smoothed))
    )


def test_the_log_says_all_that_the_pass_saw(scanned: Outcome, tmp_path: Path) -> None:
    """find(load(log)) == find(signals): what a scan held in memory and what it wrote give the same
    verdict.
    """
    signals = flows.load(Path(scanned.folder))
    in_memory = ms.Signals(signals.video, {n: signals[n].copy() for n in signals}, signals.made_by)
    assert same(flows.judge(signals, "saliency"), flows.judge(in_memory, "saliency"))
    assert [m.window.peak_s * 1000 for m in ms.find(signals, "saliency")] == [
        w["peak_ms"] for w in windows(scanned)
    ]


def test_stills_are_the_frames_that_were_chosen_at_full_size(scanned: Outcome, ride: Path) -> None:
    folder = Path(scanned.folder) / "highlight_saliency" / "frames"
    every = list(worlds.frames(1.0, lambda t: (20 + 2 * t, 20 + np.sin(t))))
    for window in windows(scanned):
        for frame in window["selected_frames"]:  # type: ignore[attr-defined]
            image = cv2.imread(str(folder / f"window_{window['window_id']:03d}_f{frame['frame_idx']}.jpg"))
            assert image is not None
            assert image.shape == every[0].shape
            assert frame["timestamp_ms"] == pytest.approx(frame["frame_idx"] / worlds.FPS * 1000)


def test_find_needs_no_video_and_turning_a_knob_changes_the_verdict(ride: Path, tmp_path: Path) -> None:
    video = tmp_path / "gone.mp4"
    shutil.copy(ride, video)
    outcome = flows.scan(video, settings(tmp_path))
    video.unlink()
    wide = flows.find(Path(outcome.folder), settings(tmp_path, saliency={"percentile": 20, "contrast": 0}))
    assert windows(wide)[0]["end_ms"] - windows(wide)[0]["start_ms"] > 5000 or len(windows(wide)) > len(
        windows(outcome)
    )
    assert any("stills could not be cut" in w for w in wide.warnings)
    assert flows.find(Path(outcome.folder), settings(tmp_path)).engines == outcome.engines


def test_find_changes_no_byte_when_nothing_was_turned(scanned: Outcome) -> None:
    folder = Path(scanned.folder)
    before = {
        p.relative_to(folder): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != "run.json"
    }
    flows.find(folder, settings(folder.parents[1]))
    assert before == {
        p.relative_to(folder): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != "run.json"
    }


def test_progress_is_measured_and_reaches_the_end(ride: Path, tmp_path: Path) -> None:
    steps: list[Step] = []
    flows.scan(ride, settings(tmp_path, stills=False), on_progress=steps.append)
    watching = [s for s in steps if s.stage == "watching"]
    assert [s.done for s in watching] == sorted(s.done for s in watching)
    assert watching[-1].done == watching[-1].total == pytest.approx(24.0, abs=0.1)


def test_a_cancelled_scan_leaves_nothing_and_the_next_one_is_whole(
    ride: Path, scanned: Outcome, tmp_path: Path
) -> None:
    def stop(step: Step) -> None:
        if step.stage == "watching" and step.done >= 10:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        flows.scan(ride, settings(tmp_path), on_progress=stop)
    assert not (tmp_path / "out").exists()
    again = flows.scan(ride, settings(tmp_path))
    assert windows(again) == windows(scanned)


def test_a_model_that_is_not_here_is_told_before_any_work(ride: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="momentscan models pull dinov2"):
        flows.scan(ride, settings(tmp_path, embedder="dinov2"))
    assert not (tmp_path / "out").exists()


def test_which_embedder_made_a_column_stands_in_the_log(scanned: Outcome) -> None:
    manifest = json.loads((Path(scanned.folder) / "signals" / "manifest.json").read_text())
    assert manifest["embed_model_version"] == dict.fromkeys(
        ("vision.embedding", "vision.change"), "descriptor-hog-hsv-dct-v1"
    )


def test_fast_decoding_finds_the_same_moment(ride: Path, scanned: Outcome, tmp_path: Path) -> None:
    fast = flows.scan(ride, settings(tmp_path, decode="fast"))
    assert [(w["start_ms"], w["end_ms"]) for w in windows(fast)] == [
        (w["start_ms"], w["end_ms"]) for w in windows(scanned)
    ]


def test_bad_knobs_are_told_before_any_work(ride: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"knob saliency\.hop_s wants at least 0\.25 s, got 0 \(from an argument\)"
    ):
        flows.scan(ride, settings(tmp_path, saliency={"hop_s": 0}))
    with pytest.raises(UsageError, match="there is no engine 'nonsense'"):
        flows.scan(ride, settings(tmp_path, engine="nonsense"))
    assert not (tmp_path / "out").exists()


def test_frame_rate_size_and_gain_change_no_window(ride: Path, scanned: Outcome, tmp_path: Path) -> None:
    """evaluation.md, invariances: the same windows at twice the frame rate."""
    double = worlds.ride(tmp_path / "double.mp4", fps=2 * worlds.FPS)
    outcome = flows.scan(double, settings(tmp_path, stills=False))
    assert abs(windows(outcome)[0]["peak_ms"] - windows(scanned)[0]["peak_ms"]) <= 1000


@pytest.mark.weights
def test_with_a_real_network_the_burst_is_found_too(ride: Path, models_folder: Path, tmp_path: Path) -> None:
    outcome = flows.scan(ride, settings(tmp_path, embedder="mobilenet", models=str(models_folder)))
    assert 11_500 <= windows(outcome)[0]["peak_ms"] <= 14_500


def test_the_demo_ride_is_found(tmp_path: Path) -> None:
    demo_video(tmp_path / "demo.mp4")
    outcome = flows.scan(tmp_path / "demo.mp4", settings(tmp_path, stills=False))
    peaks = [w["peak_ms"] / 1000 for w in windows(outcome)]
    hits = [any(start - 0.5 <= p <= end + 0.5 for p in peaks) for start, end in DEMO_EVENTS.values()]
    assert len(peaks) <= len(DEMO_EVENTS)
    assert sum(hits) == len(peaks), "no window elsewhere"
    assert sum(hits) >= 2


def test_outcomes_are_plain_values(scanned: Outcome) -> None:
    assert json.loads(json.dumps(scanned.to_json()))["status"] == "done"


def test_unchanged_looks_at_stills_picks_and_what_find_did(ride: Path, tmp_path: Path) -> None:
    bare = flows.scan(ride, settings(tmp_path, stills=False))
    frames = Path(bare.folder) / "highlight_saliency" / "frames"
    assert not frames.exists()
    assert flows.scan(ride, settings(tmp_path)).status == "done"
    assert list(frames.glob("*.jpg"))
    assert flows.scan(ride, settings(tmp_path)).status == "unchanged"
    shutil.rmtree(frames)
    assert flows.scan(ride, settings(tmp_path)).status == "done"
    flows.find(Path(bare.folder), settings(tmp_path, picks={"count": 1}))
    assert flows.scan(ride, settings(tmp_path)).status == "done"


def test_a_kill_in_find_is_not_taken_for_done(
    ride: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = flows.scan(ride, settings(tmp_path, stills=False))

    def killed(*args: object) -> str:
        raise KeyboardInterrupt

    turned = settings(tmp_path, stills=False, saliency={"percentile": 30})
    with monkeypatch.context() as patched:
        patched.setattr(report, "report_html", killed)
        with pytest.raises(KeyboardInterrupt):
            flows.find(Path(first.folder), turned)
    again = flows.scan(ride, settings(tmp_path, stills=False))
    assert again.status == "done"
    assert again.engines == first.engines


def test_a_still_that_was_damaged_is_mended_by_force(ride: Path, tmp_path: Path) -> None:
    outcome = flows.scan(ride, settings(tmp_path))
    still = next((Path(outcome.folder) / "highlight_saliency" / "frames").glob("*.jpg"))
    good = still.read_bytes()
    still.write_bytes(b"garbage")
    flows.scan(ride, settings(tmp_path), force=True)
    assert still.read_bytes() == good


def test_other_weights_are_another_scan(ride: Path, tmp_path: Path) -> None:
    import nets

    found = []
    for seed in (0, 5):
        weights = tmp_path / "weights" / "clip-vit-b32-openai-vision.onnx"
        weights.parent.mkdir(exist_ok=True)
        nets.build_vit(
            weights, "clip", seed=seed, dim=64, depth=1, heads=2, mlp=64, patch=32, image=224, out=512
        )
        chosen = settings(tmp_path, embedder="openclip", models=str(weights.parent), stills=False)
        found.append(flows.scan(ride, chosen))
    assert [o.status for o in found] == ["done", "done"]
    run = json.loads((Path(found[1].folder) / "run.json").read_text())
    assert len(run["models"][0]["sha256"]) == 64


@dataclass(frozen=True)
class OtherMotion(MotionOptions):
    steps: Annotated[int, Knob("", source="another version's knob")] = 2


def test_a_log_of_other_defaults_is_another_log(
    ride: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A default that changes between versions must not pass for the same work."""
    assert flows.scan(ride, settings(tmp_path)).status == "done"
    assert flows.scan(ride, settings(tmp_path)).status == "unchanged"
    monkeypatch.setattr(Motion, "knobs", OtherMotion)
    assert flows.scan(ride, settings(tmp_path)).status == "done"
