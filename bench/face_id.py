"""Face-ID on deepface's 300 labelled pairs: how well one person is told from another, and at the product's
own threshold.
"""

from __future__ import annotations

import csv
import os
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.measure import Target, cpu_s, write_result
from momentscan.models.detectors import DETECTOR
from momentscan.models.face_id import FACE_ID, align
from momentscan.models.weights import locate

FLOOR = 0.99
"""What tests/models asks of the AUC; no target was set for it."""


def crops(
    models: Path, photos: Path, pairs: list[tuple[str, str, bool]]
) -> tuple[dict[str, NDArray[np.uint8]], list[str]]:
    """Photo -> its largest face, aligned; and the photos without one."""
    detector = DETECTOR.open("yunet", models)
    assert detector is not None
    found, none = {}, []
    for name in sorted({n for a, b, _ in pairs for n in (a, b)}):
        frame = np.ascontiguousarray(cv2.imread(str(photos / name))[:, :, ::-1])
        faces = detector.detect(frame)
        if not len(faces.score):
            none.append(name)
            continue
        area = np.prod(faces.bbox[:, 2:] - faces.bbox[:, :2], axis=1)
        found[name] = align(frame, faces.points[area.argmax()])
    return found, none


def area_under_curve(cosine: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """The chance that a pair of one person has the higher cosine than a pair of two; ties count half."""
    apart = cosine[same][:, None] - cosine[~same]
    return float((apart > 0).mean() + (apart == 0).mean() / 2)


def row(cosine: NDArray[np.float64], same: NDArray[np.bool_], tau: float) -> dict[str, Any]:
    said = cosine >= tau
    thresholds = np.sort(cosine)
    right = np.array([((cosine >= t) == same).mean() for t in thresholds])
    return {
        "auc": area_under_curve(cosine, same),
        "tau": tau,
        "accuracy_at_tau": float((said == same).mean()),
        "missed_at_tau": float((~said[same]).mean()),
        "wrongly_joined_at_tau": float(said[~same].mean()),
        "best_accuracy": float(right.max()),
        "best_tau": float(thresholds[right.argmax()]),
        "lowest_of_same": float(cosine[same].min()),
        "highest_of_different": float(cosine[~same].max()),
    }


def main() -> None:
    folder, weights = (os.environ.get(f"MOMENTSCAN_{what}") for what in ("MEDIA", "MODELS"))
    if not folder or not weights:
        print("  needs MOMENTSCAN_MEDIA and MOMENTSCAN_MODELS: nothing was measured, the last result stands")
        return
    photos, models = Path(folder) / "images" / "deepface", Path(weights)
    with (photos / "master.csv").open() as file:
        pairs = [(r["file_x"], r["file_y"], r["Decision"] == "Yes") for r in csv.DictReader(file)]
    faces, none = crops(models, photos, pairs)
    usable = [p for p in pairs if p[0] in faces and p[1] in faces]
    same = np.array([p[2] for p in usable])
    pictures = np.stack(list(faces.values()))
    rows: dict[str, Any] = {}
    absent = []
    for name, kind in FACE_ID.kinds.items():
        if kind.weight is None or not locate(kind.weight, models):
            absent.append(name)
            continue
        net = FACE_ID.open(name, models)
        assert net is not None
        vectors = dict(zip(faces, net.embed(pictures), strict=True))
        cosine = np.array([float(vectors[a] @ vectors[b]) for a, b, _ in usable])
        rows[name] = row(cosine, same, net.tau) | {
            "cpu_ms_per_face": 1000 * cpu_s(partial(net.embed, pictures)) / len(pictures)
        }
        print(f"    {name}: {rows[name]}", flush=True)
    targets = [
        Target(f"Face-ID, {name}: AUC on {len(usable)} pairs", FLOOR, r["auc"], "", at_most=False)
        for name, r in rows.items()
    ]
    notes = (
        f"{len(usable)} pairs of master.csv ({int(same.sum())} of one person, {int((~same).sum())} of "
        f"two), {len(faces)} photos, the largest face that YuNet "
        "finds in each, aligned by its five points. The target is the tests' floor. The thresholds of "
        "mobileface and mobilefacenet were chosen on these very "
        "pairs, so that their accuracy is flattered; the AUC is not. Not here: "
        f"{', '.join(absent) or 'none'}."
    )
    write_result("face_id", targets, notes, rows=rows, photos_without_a_face=none, absent=absent)


if __name__ == "__main__":
    main()
