"""Identity packs of real faces with real weights: nobody else's picture, also where people change places, and
what awkward videos give.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from momentscan import flows
from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.media.render import write_video
from momentscan.models.detectors import DETECTOR
from momentscan.settings import Settings, load

FPS, TILE_PX = 12.0, 400


def settings(output: Path, models: Path) -> Settings:
    return load(output=str(output), models=str(models), engine="vector", stills=False)


def shown(path: Path, seconds: float) -> list[np.ndarray]:
    """The first frames of a clip as squares."""
    found: list[np.ndarray] = []
    with open_video(path) as opened:
        for batch in opened.batches(SamplingOptions(grid_hz=FPS), TILE_PX):
            for frame in batch.frames:
                side = min(frame.shape[:2])
                left = (frame.shape[1] - side) // 2
                found.append(
                    np.asarray(
                        cv2.resize(
                            frame[:side, left : left + side], (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA
                        ),
                        np.uint8,
                    )
                )
            if batch.end_s >= seconds:
                break
    return found[: round(seconds * FPS)]


def written(path: Path, frames: Iterator[np.ndarray] | list[np.ndarray]) -> Path:
    write_video(path, frames, FPS, None, options={"preset": "ultrafast", "qp": "14"})
    return path


def images(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    metas = sorted((folder / "identity_builder").glob("person_*/*/*_meta.json"))
    return [(m.with_name(m.name.replace("_meta.json", ".jpg")), json.loads(m.read_text())) for m in metas]


def person(folder: Path, number: int = 0) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / f"identity_builder/person_{number}/meta.json").read_text())
    return told


def test_two_who_change_places_get_a_pack_each_with_nobody_else_in_it(
    media_folder: Path, models_folder: Path, tmp_path: Path
) -> None:
    """Side by side for 5 s, then the other way round after a hard cut; for the last second a third stands
    where the left one stood.
    """
    one, other, third = (
        shown(media_folder / name, 6.0)
        for name in ("expr/lp_d3.mp4", "expr/lp_d12.mp4", "faces/vr_face1.mp4")
    )
    n, last = round(5 * FPS), round(FPS)
    video = [np.hstack([one[i], other[i]]) for i in range(n)] + [
        np.hstack([other[i], one[i]]) for i in range(n)
    ]
    video += [np.hstack([third[i], one[i]]) for i in range(last)]
    folder = Path(flows.scan(written(tmp_path / "duo.mp4", video), settings(tmp_path, models_folder)).folder)

    def who(meta: dict[str, Any]) -> str:
        left, time_s = meta["face_bbox"][0] < TILE_PX, meta["timestamp_ms"] / 1000
        if time_s >= 10 - 1e-6:
            return "third" if left else "one"
        return "one" if left == (time_s < 5) else "other"

    shown_in: dict[int, Counter[str]] = {}
    detector = DETECTOR.open("auto", models_folder)
    assert detector is not None
    for path, meta in images(folder):
        shown_in.setdefault(meta["person_id"], Counter())[who(meta)] += 1
        assert meta["stable_score"] >= 0.385
        faces = detector.detect(np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1]))
        assert len(faces.score) == 1, path
    assert len(shown_in) == 2
    assert all(len(who) == 1 for who in shown_in.values()), shown_in
    assert {next(iter(who)) for who in shown_in.values()} == {"one", "other"}
    assert list((folder / "identity_builder/pair").glob("*.jpg"))


def test_somebody_in_sunglasses_gets_a_pack_and_nobody_is_said_to_close_the_eyes(
    media_folder: Path, models_folder: Path, tmp_path: Path
) -> None:
    detector = DETECTOR.open("auto", models_folder)
    assert detector is not None
    frames = shown(media_folder / "faces/lp_s32.mp4", 6.0)
    for frame in frames:
        [points] = detector.detect(frame).points[:1]
        apart = float(np.hypot(*(points[1] - points[0])))
        for eye in points[:2]:
            middle = (round(float(eye[0])), round(float(eye[1])))
            cv2.ellipse(
                frame,
                middle,
                (round(0.42 * apart), round(0.34 * apart)),
                0,
                0,
                360,
                (12, 12, 14),
                -1,
                cv2.LINE_AA,
            )
        cv2.line(
            frame,
            tuple(points[0].astype(int).tolist()),
            tuple(points[1].astype(int).tolist()),
            (12, 12, 14),
            max(2, round(0.06 * apart)),
        )
    folder = Path(
        flows.scan(written(tmp_path / "shades.mp4", frames), settings(tmp_path, models_folder)).folder
    )
    meta = person(folder)
    assert meta["identity_verified"]
    assert meta["total_saved"] >= 1
    assert all(m["expression_bin"] != "eyes_closed" for _, m in images(folder))


def test_faces_too_small_and_blurred_give_a_pack_that_is_empty_and_says_why(
    media_folder: Path, models_folder: Path, tmp_path: Path
) -> None:
    folder = Path(
        flows.scan(media_folder / "multi/bedroom_kids.mp4", settings(tmp_path, models_folder)).folder
    )
    meta = person(folder)
    assert meta["total_saved"] == 0
    assert meta["left_out"]["blurred, small or unsure"] > 10
    assert not meta["identity_verified"]
    assert not images(folder)


def test_always_out_of_focus_nothing_is_saved(
    media_folder: Path, models_folder: Path, tmp_path: Path
) -> None:
    frames = [
        np.asarray(cv2.GaussianBlur(f, (0, 0), 9), np.uint8)
        for f in shown(media_folder / "expr/lp_d3.mp4", 4.0)
    ]
    folder = Path(
        flows.scan(written(tmp_path / "soft.mp4", frames), settings(tmp_path, models_folder)).folder
    )
    assert not images(folder)
    if (folder / "identity_builder").exists():
        assert sum(person(folder)["left_out"].values()) >= 10
