"""Identity packs from a video to a folder: what is written, that it holds what it says, and what is done
where something is missing.
"""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import fakes
import installing
import worlds
from momentscan import flows
from momentscan.disk.schemas import SCHEMAS
from momentscan.errors import Cancelled, MissingModel, UnreadableInput, UsageError
from momentscan.models.chosen_models import Models
from momentscan.models.detectors import Detections
from momentscan.progress import Step
from momentscan.settings import Settings, load

jsonschema = pytest.importorskip("jsonschema")

LOOSE = {"max_cos": 0.995, "max_cos_across": 0.9999, "novel": 0.3}
"""Drawn faces are all alike to the fake embedder."""


def settings(output: Path, **given: Any) -> Settings:
    return load(output=str(output), engine="rules", **{"packs": LOOSE, **given})


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worlds.riders(tmp_path_factory.mktemp("riders") / "riders.mp4")


def scanned(video: Path, output: Path, models: Models, **given: Any) -> Path:
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, models)
        return Path(flows.scan(video, settings(output, **given)).folder)


@pytest.fixture(scope="module")
def seen(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned(video, tmp_path_factory.mktemp("seen"), fakes.models())


@pytest.fixture
def folder(seen: Path, tmp_path: Path) -> Path:
    shutil.copytree(seen, tmp_path / "riders")
    return tmp_path / "riders"


@pytest.fixture
def with_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    installing.install(monkeypatch, fakes.models)


def files(folder: Path) -> dict[str, bytes]:
    home = folder / "identity_builder"
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in sorted(home.rglob("*")) if p.is_file()}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def pictured(path: Path) -> np.ndarray:
    return np.ascontiguousarray(
        cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    )


def images(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Every saved image of the people with its meta."""
    metas = sorted((folder / "identity_builder").glob("person_*/*/*_meta.json"))
    return [(m.with_name(m.name.replace("_meta.json", ".jpg")), read(m)) for m in metas]


# ---- what is written


def test_the_tree_is_the_seeds(seen: Path) -> None:
    assert sorted(p.name for p in (seen / "identity_builder").iterdir()) == [
        "pair",
        "person_0",
        "person_1",
        "refused.json",
    ]
    for person in (0, 1):
        home = seen / f"identity_builder/person_{person}"
        assert {
            "anchors",
            "coverage",
            "meta.json",
            "manifest.json",
            "memory_bank.json",
            "contact_sheet.jpg",
        } <= {p.name for p in home.iterdir()}
        assert (home / "anchors/anchor_001.jpg").is_file()
        assert (home / "anchors/anchor_001_meta.json").is_file()
        assert (home / "coverage/cov_yaw0_pitch0_mouth_open.jpg").is_file()
    assert (seen / "identity_builder/pair/pair_001.jpg").is_file()


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("image_meta", "person_*/*/*_meta.json"),
        ("person_meta", "person_*/meta.json"),
        ("pair_meta", "pair/*_meta.json"),
        ("pack_manifest", "person_*/manifest.json"),
        ("memory_bank", "person_*/memory_bank.json"),
    ],
)
def test_every_file_matches_its_schema(schema: str, pattern: str, seen: Path) -> None:
    found = sorted((seen / "identity_builder").glob(pattern))
    assert found
    for path in found:
        jsonschema.validate(read(path), SCHEMAS[schema])


def test_a_persons_meta_counts_what_is_there(seen: Path) -> None:
    for home in sorted((seen / "identity_builder").glob("person_*")):
        meta = read(home / "meta.json")
        there = {
            kind: len(list((home / folder).glob("*.jpg")))
            for kind, folder in (("anchor", "anchors"), ("challenge", "challenge"))
        }
        assert meta["anchor_count"] == there["anchor"] >= 1
        assert meta["challenge_count"] == there["challenge"]
        assert meta["total_saved"] == len(list(home.glob("*/*_meta.json"))) == len(meta["images"])
        assert meta["prototype_type"] == "medoid"
        assert meta["coverage_buckets_filled"]["expression"] == "2/4"


def test_in_every_saved_crop_the_detector_finds_the_face_again_and_no_other(seen: Path) -> None:
    for path, meta in images(seen):
        faces = fakes.Detector().detect(pictured(path))
        assert len(faces.score) == 1, path
        x1, y1 = meta["crop_box"][:2]
        again = faces.bbox[0] + (x1, y1, x1, y1)
        assert np.abs(again - np.array(meta["redetected"]["face_bbox"])).max() <= 1


def test_a_crop_has_the_full_resolution_of_the_video_and_room_around_the_face(seen: Path) -> None:
    for path, meta in images(seen):
        height, width = pictured(path).shape[:2]
        x1, y1, x2, y2 = meta["crop_box"]
        assert (width, height) == (x2 - x1, y2 - y1)
        assert width >= 1.3 * (meta["face_bbox"][2] - meta["face_bbox"][0])


def test_every_image_shows_the_person_whose_pack_it_is_in(seen: Path) -> None:
    hues = {}
    for path, meta in images(seen):
        assert meta["stable_score"] >= fakes.FaceId.tau
        assert meta["redetected"]["stable_score"] >= fakes.FaceId.tau
        vector = fakes.FaceId().embed(pictured(path)[None])[0]
        hues.setdefault(meta["person_id"], []).append(vector)
    assert set(hues) == {0, 1}
    means = [np.mean(v, axis=0) for v in hues.values()]
    assert all(np.min(np.stack(v) @ mean) > 0.9 for v, mean in zip(hues.values(), means, strict=True))
    assert means[0] @ means[1] < 0


def test_a_pair_shows_both_and_says_who_is_where(seen: Path) -> None:
    metas = sorted((seen / "identity_builder/pair").glob("*_meta.json"))
    assert metas
    for path in metas:
        meta = read(path)
        assert (
            len(
                fakes.Detector()
                .detect(pictured(path.with_name(path.name.replace("_meta.json", ".jpg"))))
                .score
            )
            == 2
        )
        assert [p["side"] for p in meta["people"]] == ["left", "right"]
        assert meta["people"][0]["face_bbox"][0] < meta["people"][1]["face_bbox"][0]
        assert meta["relative_position"]["dx_faces"] > 1
        assert meta["overlap_iou"] < 0.05
    assert "mouth_open" in [read(p)["shared_expression"] for p in metas], "what both do at once comes first"


def test_layouts_hold_the_same_images_and_no_path_of_this_machine(seen: Path) -> None:
    home = seen / "identity_builder/person_0"
    own = {
        p.read_bytes()
        for folder in ("anchors", "coverage", "challenge")
        for p in (home / folder).glob("*.jpg")
    }
    for layout in ("kohya", "onetrainer"):
        pictures = list((home / "layouts" / layout).rglob("*.jpg"))
        assert {p.read_bytes() for p in pictures} == own
        assert all(p.with_suffix(".txt").read_text().startswith("photo of sks person") for p in pictures)
        assert all(p.stat().st_nlink > 1 for p in pictures), "linked, not copied"
    texts = [p.read_text() for p in (home / "layouts").rglob("*") if p.suffix in (".json", ".toml", ".txt")]
    assert not [t for t in texts if str(seen) in t or "/tmp" in t]


def test_run_json_and_the_outcome_tell_of_the_packs(seen: Path) -> None:
    run = read(seen / "run.json")
    assert [p["person"] for p in run["packs"]] == [0, 1]
    assert all(p["identity_verified"] for p in run["packs"])
    assert run["pairs"] >= 1


# ---- again


@pytest.mark.usefixtures("with_fakes")
def test_packs_made_again_are_the_same_bytes_and_need_no_video(folder: Path, tmp_path: Path) -> None:
    before = files(folder)
    run = read(folder / "run.json")
    moved = json.loads((folder / "signals/manifest.json").read_text())
    moved["video"]["path"] = "/nowhere/riders.mp4"
    (folder / "signals/manifest.json").write_text(json.dumps(moved))
    outcome = flows.pack(folder, settings(tmp_path))
    assert files(folder) == before
    assert not [w for w in outcome.warnings if "could not be cut" in w]
    assert read(folder / "run.json")["packs"] == run["packs"]


@pytest.mark.usefixtures("with_fakes")
def test_packs_are_cut_anew_from_the_video_to_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    before = files(folder)
    shutil.rmtree(folder / "identity_builder")
    flows.pack(folder, settings(tmp_path))
    assert files(folder) == before


@pytest.mark.usefixtures("with_fakes")
def test_without_video_and_crops_nothing_is_pretended(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder / "identity_builder")
    moved = json.loads((folder / "signals/manifest.json").read_text())
    moved["video"]["path"] = "/nowhere/riders.mp4"
    (folder / "signals/manifest.json").write_text(json.dumps(moved))
    outcome = flows.pack(folder, settings(tmp_path))
    assert [
        w
        for w in outcome.warnings
        if "images could not be cut, /nowhere/riders.mp4 is not there or has changed" in w
    ]
    assert not images(folder)
    assert read(folder / "identity_builder/person_0/meta.json")["total_saved"] == 0


@pytest.mark.usefixtures("with_fakes")
def test_a_scan_with_the_same_knobs_is_unchanged_and_with_others_makes_new_packs_without_watching_again(
    video: Path, folder: Path, tmp_path: Path
) -> None:
    assert flows.scan(video, settings(tmp_path)).status == "unchanged"
    (folder / "identity_builder/person_1/meta.json").unlink()
    assert flows.scan(video, settings(tmp_path)).status == "done"
    assert (folder / "identity_builder/person_1/meta.json").is_file()
    one = {**LOOSE, "per_bucket": 1, "anchors": 1}
    steps: list[Step] = []
    outcome = flows.scan(video, settings(tmp_path, packs=one), on_progress=steps.append)
    assert [p.anchors for p in outcome.packs] == [1, 1]
    assert "watching" not in {s.stage for s in steps}


@pytest.mark.usefixtures("with_fakes")
def test_without_identity_there_are_no_packs(video: Path, tmp_path: Path) -> None:
    folder = Path(flows.scan(video, settings(tmp_path, identity=False)).folder)
    assert not (folder / "identity_builder").exists()
    assert read(folder / "run.json")["packs"] is None


@pytest.mark.usefixtures("with_fakes")
def test_stopped_while_crops_are_cut_the_old_packs_are_whole(folder: Path, tmp_path: Path) -> None:
    before = files(folder)

    def stop(step: Step) -> None:
        if step.stage == "cutting references":
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        flows.pack(folder, settings(tmp_path, cutting={"quality": 90}), on_progress=stop)
    assert files(folder) == before


# ---- what is refused


class Forgetful(fakes.Detector):
    """Does not see faces in pictures that are smaller than a whole frame and bright: crops of bright
    instants.
    """

    def detect(self, frame: np.ndarray) -> Detections:
        found = super().detect(frame)
        bright = frame.shape[1] < worlds.HW[1] and frame[fakes.painted(frame)].max(initial=0) > 200
        return Detections(*(x[:0] for x in found)) if bright else found


def test_what_the_detector_does_not_find_again_is_never_written(video: Path, tmp_path: Path) -> None:
    models = fakes.models()
    folder = scanned(video, tmp_path, models.but(detector=Forgetful()))
    refused = read(folder / "identity_builder/refused.json")
    assert refused
    assert {r["reason"] for r in refused} == {"no face was found again in its crop"}
    frames = {(r["frame_idx"], *r["face_bbox"][0]) for r in refused if len(r["face_bbox"]) == 1}
    saved = images(folder)
    assert saved, "others took the place"
    assert not frames & {(m["frame_idx"], *m["face_bbox"]) for _, m in saved}
    assert all(len(Forgetful().detect(pictured(path)).score) == 1 for path, _ in saved)


def test_where_two_sit_close_no_crop_shows_the_other(tmp_path: Path) -> None:
    close = worlds.riders(tmp_path / "close.mp4", apart_px=82)
    folder = scanned(close, tmp_path, fakes.models())
    saved = images(folder)
    assert saved
    assert all(len(fakes.Detector().detect(pictured(path)).score) == 1 for path, _ in saved)


class Stranger(fakes.FaceId):
    """At full size everybody is somebody else."""

    def embed(self, frames: np.ndarray) -> np.ndarray:
        return np.tile(np.array([0, 0, 1], np.float32), (len(frames), 1))


def test_a_crop_that_is_not_like_the_person_at_full_size_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = fakes.models()
    other = models.but(face_id=Stranger())
    installing.install(monkeypatch, other)
    shutil.rmtree(folder / "identity_builder")
    flows.pack(folder, settings(tmp_path))
    assert not images(folder)
    reasons = {r["reason"] for r in read(folder / "identity_builder/refused.json")}
    assert reasons == {"its crop is not like the person (cosine 0.00, asked 0.90)"}


# ---- what is missing


def test_without_a_face_id_model_each_track_has_a_pack_that_says_it_is_not_verified(
    video: Path, tmp_path: Path
) -> None:
    models = fakes.models()
    folder = scanned(video, tmp_path, models.but(face_id=None))
    metas = [read(p) for p in sorted((folder / "identity_builder").glob("person_*/meta.json"))]
    assert len(metas) == 2
    assert all(len(m["tracks"]) == 1 and not m["identity_verified"] and m["tau_id"] is None for m in metas)
    assert all(m["stable_score"] is None and not m["identity_verified"] for _, m in images(folder))
    assert images(folder)
    assert [
        w
        for w in read(folder / "run.json")["warnings"]
        if "models pull sface" in w and w.startswith("packs: ")
    ]
    assert not list((folder / "identity_builder").glob("*/memory_bank.json"))


def test_where_nobody_is_seen_there_is_no_folder(still: Path, tmp_path: Path) -> None:
    folder = scanned(still, tmp_path, fakes.models())
    assert not (folder / "identity_builder").exists()
    assert read(folder / "run.json")["packs"] == []


def test_without_a_detector_packs_are_refused_in_one_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installing.install(monkeypatch, Models({"embedder": fakes.Embedder()}))
    before = files(folder)
    with pytest.raises(MissingModel, match="no face detector is here to look at the crops again"):
        flows.pack(folder, settings(tmp_path))
    assert files(folder) == before


@pytest.mark.usefixtures("with_fakes")
def test_a_log_whose_face_id_nobody_knows_is_told(folder: Path, tmp_path: Path) -> None:
    run = read(folder / "run.json")
    run["models"] = [m for m in run["models"] if m["for"] != "Face-ID"]
    (folder / "run.json").write_text(json.dumps(run))
    with pytest.raises(UnreadableInput, match="does not know the threshold"):
        flows.pack(folder, settings(tmp_path))


@pytest.mark.usefixtures("with_fakes")
@pytest.mark.parametrize(
    "damage", [lambda p: p.write_text("{"), lambda p: p.unlink()], ids=["damaged", "gone"]
)
def test_damaged_metas_are_made_anew(damage: Callable[[Path], Any], folder: Path, tmp_path: Path) -> None:
    before = files(folder)
    damage(folder / "identity_builder/person_0/anchors/anchor_001_meta.json")
    flows.pack(folder, settings(tmp_path))
    assert files(folder) == before


@pytest.mark.usefixtures("with_fakes")
@pytest.mark.parametrize("token", ["../sks", "", "a/b", ".hidden", "x" * 65])
def test_a_token_that_no_folder_can_bear_is_refused_before_any_work(
    token: str, video: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="token"):
        flows.scan(video, settings(tmp_path / "out", token=token))
    assert not (tmp_path / "out").exists()


# ---- what was found by a fresh pair of eyes


def moved_away(folder: Path) -> None:
    """The log, with a video that is not there any more."""
    told = json.loads((folder / "signals/manifest.json").read_text())
    told["video"]["path"] = "/nowhere/riders.mp4"
    (folder / "signals/manifest.json").write_text(json.dumps(told))


@pytest.mark.usefixtures("with_fakes")
def test_without_the_video_images_that_were_cut_before_are_kept_whatever_cut_them(
    folder: Path, tmp_path: Path
) -> None:
    before = {p.read_bytes() for p, _ in images(folder)}
    moved_away(folder)
    flows.pack(folder, settings(tmp_path, cutting={"quality": 60}))
    assert {p.read_bytes() for p, _ in images(folder)} == before


@pytest.mark.usefixtures("with_fakes")
def test_without_the_video_others_that_were_cut_take_the_place_of_those_that_were_not(
    folder: Path, tmp_path: Path
) -> None:
    before = {p.read_bytes() for p, _ in images(folder)}
    moved_away(folder)
    gone = folder / "identity_builder/person_0/anchors/anchor_001.jpg"
    gone.unlink()
    outcome = flows.pack(folder, settings(tmp_path))
    kept = {p.read_bytes() for p, _ in images(folder)}
    assert kept <= before
    assert len(kept) >= len(before) - 2
    assert (folder / "identity_builder/person_0/anchors/anchor_001.jpg").is_file(), "another is the first now"
    assert [w for w in outcome.warnings if "1 images could not be cut" in w]


@pytest.mark.usefixtures("with_fakes")
@pytest.mark.parametrize("lacks", ["redetected", "_version", "crop_box", "face_bbox"])
def test_a_meta_that_lacks_something_stops_neither_packing_nor_forgetting(
    lacks: str, folder: Path, tmp_path: Path
) -> None:
    meta = folder / "identity_builder/person_0/anchors/anchor_001_meta.json"
    told = read(meta)
    meta.write_text(json.dumps({k: v for k, v in told.items() if k != lacks}))
    shutil.copytree(folder, tmp_path / "other" / "riders")
    flows.pack(folder, settings(tmp_path))
    assert read(meta) == told
    flows.forget(tmp_path / "other" / "riders", 1, settings(tmp_path))


@pytest.mark.usefixtures("with_fakes")
def test_a_copy_that_somebody_made_beside_a_pack_stops_nothing(
    video: Path, folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder / "identity_builder/person_0", folder / "identity_builder/person_0 (copy)")
    assert flows.scan(video, settings(tmp_path)).status in ("unchanged", "done")


@pytest.mark.usefixtures("with_fakes")
def test_a_scan_notices_images_that_are_gone(video: Path, folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder / "identity_builder/person_0/anchors")
    assert flows.scan(video, settings(tmp_path)).status == "done"
    assert (folder / "identity_builder/person_0/anchors/anchor_001.jpg").is_file()


@pytest.mark.usefixtures("with_fakes")
def test_stopped_before_its_word_is_written_a_pack_is_made_again(
    video: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise Cancelled("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(importlib.import_module("momentscan.flows.pack"), "write_report", stopped)
        with pytest.raises(Cancelled):
            flows.pack(folder, settings(tmp_path, token="alice"))
    assert flows.scan(video, settings(tmp_path)).status == "done"
    assert read(folder / "identity_builder/person_0/manifest.json")["token"] == "sks"


@pytest.mark.parametrize("at", ["aside", "arrived"])
def test_killed_while_folders_are_exchanged_one_of_them_is_whole(
    at: str, folder: Path, tmp_path: Path
) -> None:
    """What kill -9 leaves between the two renames, and before the old folder is removed."""
    home, before = folder / "identity_builder", files(folder)
    if at == "aside":
        home.rename(folder / ".identity_builder.old")
        (folder / ".identity_builder.part").mkdir()
    else:
        shutil.copytree(home, folder / ".identity_builder.old")
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        flows.pack(folder, settings(tmp_path))
    assert files(folder) == before
    assert not list(folder.glob(".identity_builder*"))


def test_interrupted_while_folders_are_exchanged_one_of_them_is_whole(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = files(folder), Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if self.name == ".identity_builder.part":
            raise Cancelled("stopped")
        return real(self, target)

    installing.install(monkeypatch, fakes.models)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(Cancelled):
            flows.pack(folder, settings(tmp_path, token="alice"))
    assert files(folder) == before


def test_crops_that_nobody_identified_again_are_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = fakes.models()
    unsure = models.but(face_id=None)
    installing.install(monkeypatch, unsure)
    outcome = flows.pack(folder, settings(tmp_path))
    assert [w for w in outcome.warnings if "crops were not identified again" in w]


def test_without_face_id_a_number_means_the_same_person_everywhere(tmp_path: Path) -> None:
    """The red one goes away for 3 s and comes back to the same place."""

    def there(t: float) -> list[worlds.Face]:
        back = [] if 8 <= t < 11 else [worlds.Face(95, 90, 56, worlds.RED, mouth=0.9 * (t % 4 < 1))]
        return [worlds.Face(225, 90, 62, worlds.CYAN, mouth=0.9 * (t % 5 < 1)), *back]

    from momentscan.media.render import write_video

    frames = [f for b in worlds.film(20.0, there, 10.0) for f in b.frames]
    write_video(tmp_path / "back.mp4", frames, 10.0, None, options={"preset": "ultrafast", "qp": "12"})
    models = fakes.models()
    folder = scanned(
        tmp_path / "back.mp4",
        tmp_path,
        models.but(face_id=None),
    )
    people = {p.number: set(p.tracks) for p in flows.people(folder).people}
    metas = [read(p) for p in sorted((folder / "identity_builder").glob("person_*/meta.json"))]
    assert len(metas) == 3
    for meta in metas:
        if meta["person_id"] in people:
            assert set(meta["tracks"]) <= people[meta["person_id"]]
    assert sorted(t for m in metas for t in m["tracks"]) == sorted(
        t for tracks in people.values() for t in tracks
    )


def test_forgetting_leaves_no_word_of_packs_whose_knobs_are_of_another_version(
    folder: Path, tmp_path: Path
) -> None:
    run = read(folder / "run.json")
    run["pack_knobs"]["packs"]["no_such_knob"] = 1
    (folder / "run.json").write_text(json.dumps(run))
    forgotten = flows.forget(folder, 1, settings(tmp_path))
    assert read(folder / "run.json")["packs"] is None
    assert not (folder / "identity_builder").exists()
    assert [n for n in forgotten.notes if "momentscan pack makes them again" in n]
