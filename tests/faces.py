"""People seen in a video that is not there: one row per look, with whatever pose, light and identity a test
gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import worlds
from momentscan.signals import Signals

Columns = dict[str, np.ndarray]

HZ = 5
PX = np.array([640, 360])
"""Width and height of worlds.info()."""
TAU = 0.385
"""As of a Face-ID model whose looks at one person have a cosine of .5, and at two of about 0."""
POINTS = np.array([(38, 52), (74, 52), (56, 72), (42, 92), (71, 92)]) / 112 - 0.5
"""Eyes, nose and corners of the mouth of a frontal face, from the middle of a square."""
USUAL: dict[str, float] = dict(
    score=0.9, sharpness=200, exposure_mean=120, contrast=0.4, clipped=0, crushed=0,
    yaw=0, pitch=0, roll=0, mouth_open=0.02, eye_open=0.3, smile=0, occlusion=0,
)  # fmt: skip


def unit(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.linalg.norm(x, axis=-1, keepdims=True))


def axis(i: int, dim: int = 128) -> np.ndarray:
    return np.eye(dim)[i]


def about(centre: np.ndarray, n: int, cosine: ArrayLike = 0.7, seed: int = 0) -> np.ndarray:
    """(N, D) Face-ID vectors at this cosine of a person's centre, otherwise as they come."""
    aside = np.random.default_rng(seed).standard_normal((n, len(centre)))
    aside = unit(aside - (aside @ centre)[:, None] * centre)
    share = np.broadcast_to(np.asarray(cosine, float), n)[:, None]
    return np.asarray(share * centre + np.sqrt(1 - share**2) * aside)


def pictures(codes: ArrayLike, noise: float = 0.0, seed: int = 0, dim: int = 96) -> np.ndarray:
    """(N, D) vision vectors: those of one code have a cosine of 1 / (1 + noise²), those of two codes of 0."""
    at = np.asarray(codes, np.int64)
    aside = unit(np.random.default_rng(seed).standard_normal((len(at), dim)))
    return unit(np.eye(dim)[at] + noise * aside).astype(np.float32)


def somebody(
    n: int,
    *,
    track: int = 0,
    number: int | None = None,
    start_s: float = 0.0,
    hz: float = HZ,
    middle: tuple[ArrayLike, ArrayLike] = (0.5, 0.5),
    height: ArrayLike = 0.5,
    ids: np.ndarray | None = None,
    face: np.ndarray | None = None,
    body: np.ndarray | None = None,
    misfit: ArrayLike = False,
    **measures: ArrayLike,
) -> Columns:
    """Columns of `n` looks at one person in one track. `middle`, `height`: of the face, in shares; `misfit`:
    which looks have points that fit no face; `ids` and `face`, `body`: Face-ID and vision vectors, none where
    they are None.
    """
    time_s = (round(start_s * hz) + np.arange(n)) / hz
    full = {name: np.broadcast_to(np.asarray(x, np.float32), n) for name, x in {**USUAL, **measures}.items()}
    tall = np.broadcast_to(np.asarray(height, float), n)[:, None]
    half = np.column_stack([0.75 * tall * PX[1] / PX[0], tall]) / 2
    centre = np.column_stack([np.broadcast_to(np.asarray(m, float), n) for m in middle])
    columns: Columns = {
        "faces.time_s": time_s,
        "faces.frame_idx": np.round(time_s * 30).astype(np.int64),
        "faces.track": np.full(n, track),
        "faces.bbox": np.concatenate([centre - half, centre + half], axis=1).astype(np.float32),
        "faces.points": _points(
            centre, tall, np.nan_to_num(full["roll"]), np.broadcast_to(np.asarray(misfit, bool), n)
        ),
        **{f"faces.{name}": x.copy() for name, x in full.items()},
        "tracks.id": np.array([track]),
        "tracks.person": np.array([track if number is None else number]),
    }
    if ids is not None:
        columns |= {
            "face_ids.time_s": time_s,
            "face_ids.track": np.full(n, track),
            "face_ids.embedding": ids.astype(np.float32),
        }
    if face is not None:
        columns |= {
            "crops.time_s": time_s,
            "crops.track": np.full(n, track),
            "crops.face": face,
            "crops.body": face if body is None else body,
        }
    return columns


def _points(centre: np.ndarray, tall: np.ndarray, roll: np.ndarray, misfit: np.ndarray) -> np.ndarray:
    turned = np.exp(1j * np.radians(roll))[:, None] * (POINTS @ (1, 1j))
    turned[misfit] = (POINTS[[2, 0, 4, 1, 3]]) @ (1, 1j)
    px = np.stack([turned.real, turned.imag], axis=-1) * tall[:, :, None] * PX[1]
    return np.asarray((centre[:, None] + px / PX).reshape(-1, 10).astype(np.float32))


def some(columns: Columns, keep: np.ndarray, table: str) -> Columns:
    """Only some rows of one table, say the looks that were identified."""
    return {name: x[keep] if name.startswith(f"{table}.") else x for name, x in columns.items()}


def video(*people: Columns, **more: np.ndarray) -> Signals:
    """What was logged of a video in which these are seen; `more` as forgotten__start_s=…."""
    names = {name for p in people for name in p}
    out = {name: np.concatenate([p[name] for p in people if name in p]) for name in names}
    for table in ("faces", "crops", "face_ids"):
        if f"{table}.time_s" in out:
            order = np.argsort(out[f"{table}.time_s"], kind="stable")
            out |= {name: x[order] for name, x in out.items() if name.startswith(f"{table}.")}
    end_s = float(out["faces.time_s"].max(initial=0)) + 1 if out else 1.0
    out |= {name.replace("__", "."): x for name, x in more.items()}
    return Signals(
        worlds.info(end_s), out, {"face_ids.embedding": "made-id", "crops.face": "made", "crops.body": "made"}
    )


def shuffled(signals: Signals, seed: int) -> Signals:
    """The same log stored in another order: faces of one frame in any order, crops and Face-ID rows wholly at
    random.
    """
    rng = np.random.default_rng(seed)
    columns = {name: signals[name] for name in signals}
    for table in ("faces", "crops", "face_ids"):
        order = rng.permutation(signals.rows(f"{table}.time_s"))
        if table == "faces":
            order = np.lexsort((order, signals["faces.time_s"]))
        columns |= {name: x[order] for name, x in columns.items() if name.startswith(f"{table}.")}
    return Signals(signals.video, columns, signals.made_by)


def until(signals: Signals, end_s: float) -> Signals:
    """The first part of a video, [0, end_s)."""
    columns: dict[str, Any] = {name: signals[name] for name in signals}
    for table in ("faces", "crops", "face_ids"):
        if f"{table}.time_s" in columns:
            early = columns[f"{table}.time_s"] < end_s
            columns |= {name: x[early] for name, x in columns.items() if name.startswith(f"{table}.")}
    return Signals(worlds.info(end_s), columns, signals.made_by)


def held(values: Sequence[float], looks: int) -> np.ndarray:
    """Each value for so many looks: (1, 2), 3 -> (1, 1, 1, 2, 2, 2)."""
    return np.repeat(np.asarray(values, float), looks)
