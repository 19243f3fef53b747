"""What is measured of one person at each look at their face: its place, the head, the body, the picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from momentscan.score.baselines import stretches
from momentscan.select.people import Person
from momentscan.signals import Signals
from momentscan.signals.spans import cuts_of
from momentscan.values import Series

FEATURES = {
    "face_area": "share of the picture",
    "centre_distance": "half diagonals",
    "mouth_open": "lip gap over width",
    "eye_open": "eye aspect ratio",
    "yaw": "deg",
    "pitch": "deg",
    "roll": "deg",
    "head_velocity": "deg/s",
    "wrist_raise": "face heights over the shoulder",
    "elbow_angle_change": "deg/s",
    "torso_rotation": "deg",
    "hand_near_face": "0-1",
    "blur": "grey²",
    "exposure": "grey 0-255",
    "occlusion": "0-1",
}
"""What is known of a main person at each look (companions §2.2), each in its unit; `blur` is sharpness:
higher is sharper (readings H14).
"""

SHOULDERS, ELBOWS, WRISTS = (5, 6), (7, 8), (9, 10)
"""Places of the COCO-17 points, the subject's left first."""


def features_of(
    signals: Signals, person: Person, rate_s: float, hold_s: float, confidence: float
) -> dict[str, Series]:
    """FEATURES -> (N,) of one person at each look, NaN where not measured.

    Angles change over `rate_s`; a pose speaks for `hold_s`, by its points of at least `confidence`.
    """
    rows = person.rows
    time_s = signals["faces.time_s"][rows].astype(np.float64)

    def of(name: str) -> Series:
        known = f"faces.{name}" in signals
        return signals[f"faces.{name}"][rows].astype(np.float64) if known else np.full(len(rows), np.nan)

    box = of("bbox")
    size = np.maximum(box[:, 2:] - box[:, :2], 0)
    off = (box[:, :2] + box[:, 2:] - 1) / np.sqrt(2)
    stretch = stretches(time_s, cuts_of(signals), hold_s)
    angles = {n: of(n) for n in ("yaw", "pitch", "roll")}
    velocity = np.linalg.norm([rate(time_s, x, rate_s, stretch) for x in angles.values()], axis=0)
    points = held(signals, person, time_s, hold_s, confidence)
    return {
        "face_area": size.prod(axis=1),
        "centre_distance": np.linalg.norm(off, axis=1),
        "mouth_open": of("mouth_open"),
        "eye_open": of("eye_open"),
        **angles,
        "head_velocity": velocity,
        **_body(signals, points, box, lambda x: rate(time_s, x, 2 * rate_s, stretch)),
        "blur": of("sharpness"),
        "exposure": of("exposure_mean"),
        "occlusion": of("occlusion"),
    }


def _body(
    signals: Signals,
    points: NDArray[np.float64],
    box: NDArray[np.float64],
    rate_of: Callable[[Series], Series],
) -> dict[str, Series]:
    """The features of the body at the looks at the face: (N,) each, NaN where there is no pose."""
    size = np.array([signals.video.width_px, signals.video.height_px], np.float64)
    own = body_features(points * size, box * np.tile(size, 2))
    own["elbow_angle_change"] = np.abs(rate_of(own.pop("elbow_angle")))
    return own


def rate(time_s: Series, x: Series, span_s: float, stretch: NDArray[np.int64]) -> Series:
    """Change per second over `span_s` around each instant, within its stretch: (N,) -> (N,), NaN where x is.

    >>> rate(np.array([0.0, 0.2, 0.4]), np.array([0.0, 2.0, 4.0]), 0.4, np.zeros(3, int)).round(6).tolist()
    [10.0, 10.0, 10.0]
    """
    out = np.full(len(x), np.nan)
    for number in np.unique(stretch):
        at = np.flatnonzero((stretch == number) & np.isfinite(x))
        if len(at) > 1:
            t = time_s[at]
            a = np.clip(
                t - span_s / 2, t[0], max(t[0], t[-1] - span_s)
            )  # at the ends the whole span, too: half of it doubles the noise
            out[at] = (np.interp(a + span_s, t, x[at]) - np.interp(a, t, x[at])) / span_s
    return out


def held(
    signals: Signals, person: Person, time_s: Series, hold_s: float, confidence: float
) -> NDArray[np.float64]:
    """(N,17,2) the points of the person's pose nearest to each instant, in shares of the picture; NaN where
    none is surely seen within hold_s.
    """
    out = np.full((len(time_s), 17, 2), np.nan)
    rows = (
        np.flatnonzero(np.isin(signals["poses.track"], person.tracks))
        if signals.rows("poses.time_s")
        else np.zeros(0, np.int64)
    )
    if not len(rows):
        return out
    at = signals["poses.time_s"][rows]
    after = np.searchsorted(at, time_s).clip(1, max(len(at) - 1, 1)).clip(max=len(at) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(at[before] - time_s) <= np.abs(at[after] - time_s), before, after)
    points = signals["poses.points"][rows[nearest]].astype(np.float64).reshape(-1, 17, 3)
    sure = (points[..., 2] >= confidence) & (np.abs(at[nearest] - time_s) <= hold_s)[:, None]
    return np.where(sure[..., None], points[..., :2], out)


def body_features(points: NDArray[np.float64], face: NDArray[np.float64]) -> dict[str, Series]:
    """Points (N,17,2) and face boxes (N,4), both in px -> wrist_raise, elbow_angle (deg), torso_rotation
    (deg), hand_near_face: (N,) each.

    torso_rotation is the tilt of the line through the shoulders; of two arms the one that is higher,
    straighter, nearer counts.
    """
    height = np.maximum(face[:, 3] - face[:, 1], 1e-9)
    centre = (face[:, :2] + face[:, 2:]) / 2
    shoulders, elbows, wrists = points[:, SHOULDERS], points[:, ELBOWS], points[:, WRISTS]
    across = shoulders[:, 0] - shoulders[:, 1]
    away = np.linalg.norm(wrists - centre[:, None], axis=-1) / height[:, None]
    return {
        "wrist_raise": _most((shoulders - wrists)[..., 1] / height[:, None]),
        "elbow_angle": _most(_angle(shoulders - elbows, wrists - elbows)),
        "torso_rotation": np.degrees(np.arctan2(across[:, 1], np.abs(across[:, 0]))),
        "hand_near_face": _most(np.clip(1 - away / 2, 0, 1)),
    }


def _angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle between vectors in degrees: (..., 2) -> (...)."""
    cross = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return np.asarray(np.degrees(np.abs(np.arctan2(cross, (a * b).sum(axis=-1)))))


def _most(x: NDArray[np.float64]) -> Series:
    """The largest of what was measured in each row: (N, A) -> (N,); NaN where nothing was."""
    filled = np.where(np.isfinite(x), x, -np.inf).max(axis=1)
    return np.where(np.isfinite(filled), filled, np.nan)
