"""Videos with planted moments: real hosts (or a drawn one) stretched to a minute, edited at known times,
labelled in JSON beside them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.worlds import texture
from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.media.render import write_video

RECIPE = 2
"""Counted up when the same plan makes another file, so that kept videos are made again."""

POSITIVE = ("expression", "shake", "zoom", "loud", "cut")
DISTRACTING = ("flash", "defocus", "black", "frozen")
LASTS_S = {
    "expression": 1.2,
    "shake": 0.8,
    "zoom": 1.0,
    "loud": 0.4,
    "cut": 1.2,
    "flash": 0.2,
    "defocus": 0.5,
    "black": 0.0,
    "frozen": 1.0,
}
"""evaluation.md 6.1; black lasts one frame."""

N_POSITIVE, N_DISTRACTING, CALM_SHARE = 5, 3, 0.2
APART_S, FROM_ENDS_S = 6.1, 4.0
FADE_S = 0.3
REACH = 0.12
"""An inserted face is moved by at most this share of the picture to lie on the host's."""

FPS, SIZE_PX, LENGTH_S = 25.0, 512, 60.0
SOUND_HZ = 22_050
FLOOR_DB, LOUD_DB = -30.0, 18.0
SHAKE_PX, DRIFT_PX, ZOOM, NOISE, RAMP = 14.0, 8.0, 0.35, 2.0, 0.25
"""Pixels are those of a picture of 512 x 512; noise is in grey levels."""

Image = NDArray[np.uint8]
Span = tuple[float, float]


@dataclass(frozen=True)
class Host:
    """A clip with one clear face: its calm stretch, and 1.2 s each of strong expressions of the same person
    (seconds, seen by eye).
    """

    clip: str
    base: Span
    bursts: tuple[float, ...] = ()


EXPRESSIVE = (
    Host("expr/lp_d5.mp4", (0.0, 1.05), (2.05, 3.4)),
    Host("expr/lp_d8.mp4", (0.0, 1.35), (3.35, 6.6, 7.8)),
    Host("expr/lp_d19.mp4", (0.8, 2.4), (5.1, 7.1)),
    Host("expr/lp_d3.mp4", (1.95, 3.55), (7.9, 10.3)),
    Host("expr/lp_d13.mp4", (1.5, 3.3), (6.6, 8.9)),
    Host("expr/lp_d14.mp4", (9.9, 11.6), (0.7, 2.0)),
    Host("expr/lp_d12.mp4", (3.75, 4.6), (4.6, 6.1)),
    Host("expr/lp_d7.mp4", (1.95, 3.15), (3.2, 4.2)),
)
PLAIN = (
    Host("faces/lp_s18.mp4", (0.0, 9.3)),
    Host("faces/vr_face1.mp4", (0.0, 6.0)),
    Host("faces/lp_s29.mp4", (2.5, 5.2)),
    Host("faces/vr_face4.mp4", (4.4, 6.5)),
    Host("faces/birthday.mp4", (13.0, 16.6)),
    Host("faces/vr_face2.mp4", (0.0, 4.9)),
    Host("expr/lp_d20.mp4", (1.0, 6.9)),
    Host("faces/lp_s32.mp4", (3.0, 5.9)),
)
CALM = (
    Host("faces/silence_girl.mp4", (9.3, 11.6)),
    Host("faces/vr_face5.mp4", (0.0, 4.8)),
    Host("drawn/0", (0.0, LENGTH_S)),
    Host("faces/lp_s18.mp4", (0.0, 9.3)),
    Host("expr/lp_d13.mp4", (1.0, 6.2)),
    Host("faces/vr_face1.mp4", (0.0, 6.0)),
)
"""The drawn one never repeats: no real clip with a calm face lasts a minute."""

DRAWN = "drawn/"


@dataclass(frozen=True)
class Event:
    """What was planted in `[start_s, end_s)`. `source`: the clip and second it was cut from, for expressions
    and cuts.
    """

    kind: str
    start_s: float
    end_s: float
    positive: bool
    source: tuple[str, float] | None = None

    @property
    def centre_s(self) -> float:
        return (self.start_s + self.end_s) / 2


@dataclass(frozen=True)
class Change:
    """What a variant changes of a video, and must not change of its moments."""

    fps: float = 1.0
    sound: float = 1.0
    brightness: float = 0.0
    size: float = 1.0
    noise: int = 0


CHANGES = {
    "other noise": Change(noise=1),
    "half the frame rate": Change(fps=0.5),
    "twice the frame rate": Change(fps=2.0),
    "sound x1.2": Change(sound=1.2),
    "brighter by 12 levels": Change(brightness=12.0),
    "half the resolution": Change(size=0.5),
}
"""evaluation.md 6.1, invariances; other sensor noise is the control: no engine can agree with itself more
than that.
"""


@dataclass(frozen=True)
class Plan:
    """All that a video is made from. `sound`: floor, silence (digital) or none."""

    name: str
    seed: int
    number: int
    host: str
    base: Span
    length_s: float
    size_px: int
    sound: str
    calm: bool
    events: tuple[Event, ...]
    change: Change = field(default=Change())

    @property
    def fps(self) -> float:
        return FPS * self.change.fps


@dataclass(frozen=True)
class Made:
    """A video and what was planted in it; `labels` are those of the JSON file beside it."""

    video: Path
    plan: Plan

    @property
    def calm(self) -> bool:
        return self.plan.calm

    @property
    def events(self) -> tuple[Event, ...]:
        return self.plan.events

    @property
    def positives(self) -> tuple[Event, ...]:
        return tuple(e for e in self.events if e.positive)

    @property
    def distractors(self) -> tuple[Event, ...]:
        return tuple(e for e in self.events if not e.positive)


# ---- what is planted where ----


def plans(
    n: int = 30, seed: int = 0, media: Path | None = None, length_s: float = LENGTH_S, size_px: int = SIZE_PX
) -> list[Plan]:
    """n plans, every fifth calm; without a media folder all hosts are drawn."""
    n_calm = round(n * CALM_SHARE)
    plain = [h for h in PLAIN if _there(h, media)] if media else []
    expressive = [h for h in EXPRESSIVE if _there(h, media)] if media else []
    calm = [h for h in CALM if _there(h, media)] if media else []
    if not (plain and expressive):
        expressive, plain, calm = (
            [Host(f"{DRAWN}{k + i}", (0.0, length_s), (0.0, 1.0)) for i in range(4)] for k in (0, 4, 8)
        )
    made = [
        _event_plan(i, seed, _host(i, expressive, plain), [*expressive, *plain], length_s, size_px)
        for i in range(n - n_calm)
    ]
    for i in range(n_calm):
        host = calm[i % len(calm)]
        sound = "none" if i % 3 == 2 else "floor"
        number = n - n_calm + i
        made.append(
            Plan(
                f"calm_{i:02d}_{_word(host)}",
                seed,
                number,
                host.clip,
                host.base,
                length_s,
                size_px,
                sound,
                True,
                (),
            )
        )
    return made


def _there(host: Host, media: Path) -> bool:
    return host.clip.startswith(DRAWN) or (media / host.clip).is_file()


def _host(number: int, expressive: Sequence[Host], plain: Sequence[Host]) -> Host:
    """Two expressive hosts, then a plain one, and so on."""
    turn, place = divmod(number, 3)
    return plain[turn % len(plain)] if place == 2 else expressive[(2 * turn + place) % len(expressive)]


def _word(host: Host) -> str:
    return Path(host.clip).stem if not host.clip.startswith(DRAWN) else host.clip.replace("/", "")


def _event_plan(
    number: int, seed: int, host: Host, hosts: Sequence[Host], length_s: float, size_px: int
) -> Plan:
    rng = np.random.default_rng([seed, number])
    sound = {3: "none", 5: "silence"}.get(number % 7, "floor")
    room = int((length_s - 2 * FROM_ENDS_S) // APART_S) + 1
    n_distracting = min(N_DISTRACTING, room // 3)
    n_positive = min(N_POSITIVE, room - n_distracting)
    kinds = (
        _positives(rng, bool(host.bursts), sound, n_positive)
        + rng.permutation(DISTRACTING)[:n_distracting].tolist()
    )
    kinds = [kinds[i] for i in rng.permutation(len(kinds))]
    slack_s = length_s - 2 * FROM_ENDS_S - APART_S * (len(kinds) - 1)
    centres = FROM_ENDS_S + np.sort(rng.uniform(0, slack_s, len(kinds))) + APART_S * np.arange(len(kinds))
    bursts = iter([*rng.permutation(host.bursts).tolist()] * N_POSITIVE)
    others = [h for h in hosts if h.clip != host.clip and not h.clip.startswith(DRAWN)] or [
        h for h in hosts if h.clip != host.clip
    ]
    events = []
    for kind, centre_s in zip(kinds, centres.tolist(), strict=True):
        source = None
        if kind == "expression":
            source = (host.clip, next(bursts))
        elif kind == "cut":
            other = others[int(rng.integers(len(others)))]
            source = (other.clip, other.base[0])
        events.append(_event(kind, centre_s, source))
    name = f"event_{number:02d}_{_word(host)}"
    return Plan(name, seed, number, host.clip, host.base, length_s, size_px, sound, False, tuple(events))


def _positives(rng: np.random.Generator, expressive: bool, sound: str, n: int) -> list[str]:
    """Two expressions where the host has them, then the others in turn."""
    others = [k for k in ("shake", "zoom", "loud", "cut") if k != "loud" or sound != "none"]
    rest = [others[i] for i in rng.permutation(len(others))]
    return ((["expression"] * 2 if expressive else []) + rest * n)[:n]


def _event(kind: str, centre_s: float, source: tuple[str, float] | None) -> Event:
    """On the grid of frames, so that what lasts one frame has one at half the frame rate too."""
    lasts_s = LASTS_S[kind] or 1 / FPS
    start_s = round((centre_s - lasts_s / 2) * FPS / 2) * 2 / FPS
    return Event(kind, start_s, round(start_s + lasts_s, 6), kind in POSITIVE, source)


# ---- making them ----


def make(
    folder: Path,
    n: int = 30,
    seed: int = 0,
    media: Path | None = None,
    length_s: float = LENGTH_S,
    size_px: int = SIZE_PX,
    workers: int = 1,
) -> list[Made]:
    """The videos of `plans`, with their labels, in `folder`; those that are already there are kept."""
    return make_all(plans(n, seed, media, length_s, size_px), folder, media, workers)


def make_all(wanted: Sequence[Plan], folder: Path, media: Path | None = None, workers: int = 1) -> list[Made]:
    folder.mkdir(parents=True, exist_ok=True)
    made = [Made(folder / f"{plan.name}.mp4", plan) for plan in wanted]
    todo = [m for m in made if not _finished(m)]
    if workers > 1 and len(todo) > 1:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            list(pool.map(_make_one, todo, [media] * len(todo)))
    else:
        for m in todo:
            _make_one(m, media)
    return made


def variant(made: Made, name: str, folder: Path, media: Path | None = None) -> Made:
    """The same video with one of CHANGES."""
    plan = replace(made.plan, name=f"{made.plan.name}_{name.replace(' ', '_')}", change=CHANGES[name])
    return make_all([plan], folder, media)[0]


def read(folder: Path) -> list[Made]:
    """What was made in a folder, by name."""
    return [
        Made(path.with_suffix(".mp4"), plan_of(json.loads(path.read_text())["plan"]))
        for path in sorted(folder.glob("*.json"))
    ]


def plan_of(written: Mapping[str, Any]) -> Plan:
    """A plan as its labels tell it."""
    events = tuple(
        Event(**{**e, "source": tuple(e["source"]) if e["source"] else None}) for e in written["events"]
    )
    return Plan(
        **{**written, "base": tuple(written["base"]), "events": events, "change": Change(**written["change"])}
    )


def labels(plan: Plan) -> dict[str, Any]:
    """The JSON beside a video: what is planted when, and all that it was made from."""
    planted = [
        {
            "kind": e.kind,
            "start_s": e.start_s,
            "end_s": e.end_s,
            "centre_s": round(e.centre_s, 6),
            "positive": e.positive,
        }
        for e in plan.events
    ]
    return {
        "recipe": RECIPE,
        "calm": plan.calm,
        "events": planted,
        "plan": json.loads(json.dumps(asdict(plan))),
    }


def _finished(made: Made) -> bool:
    beside = made.video.with_suffix(".json")
    return made.video.is_file() and beside.is_file() and json.loads(beside.read_text()) == labels(made.plan)


def _make_one(made: Made, media: Path | None) -> None:
    """The labels come last: they say that the video is whole. Of the same small pictures x264 with mbtree
    makes other bytes every time.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        edit = _Edit(made.plan, media)
        options = {"preset": "veryfast", "crf": "20", "threads": "1", "x264-params": "mbtree=0"}
        made.video.with_suffix(".json").unlink(missing_ok=True)
        write_video(made.video, edit.frames(), made.plan.fps, edit.sound(), SOUND_HZ, options=options)
    finally:
        cv2.setNumThreads(threads)
    made.video.with_suffix(".json").write_text(json.dumps(labels(made.plan), indent=1) + "\n")


class _Edit:
    """One video being made. Everything is a function of time alone, so that a variant shows the same at the
    same time.
    """

    def __init__(self, plan: Plan, media: Path | None) -> None:
        self._plan = plan
        self._media = media
        rng = np.random.default_rng([plan.seed, plan.number, 1])
        size_px = plan.size_px * plan.change.size
        self._base = self._source(plan.host, plan.base, size_px)
        self._hw = self._base.at(0.0).shape[:2]
        self._unit = float(np.sqrt(self._hw[0] * self._hw[1]) / 512)
        self._turns = (
            _turns(rng, self._base.length_s, plan.length_s) if not plan.host.startswith(DRAWN) else None
        )
        self._ramp = rng.uniform(40, 90), rng.uniform(0, 2 * np.pi)
        self._drift = rng.uniform(14, 26, 2), rng.uniform(0, 2 * np.pi, 2)
        self._shakes = rng.normal(0, SHAKE_PX, (round(plan.length_s * FPS) + 2, 2))
        self._noise_at = rng.integers(0, 16, (round(plan.length_s * FPS * 2) + 2, 3))
        self._noise = _noise_bank(self._hw, plan.seed, plan.change.noise)
        self._inserts = {e: self._insert(e, size_px) for e in plan.events if e.source is not None}

    def frames(self) -> Iterator[Image]:
        for i in range(round(self._plan.length_s * self._plan.fps)):
            yield self._frame(i / self._plan.fps)

    def sound(self) -> NDArray[np.float32] | None:
        """Noise at the floor (or digital silence), and the bursts."""
        plan = self._plan
        if plan.sound == "none":
            return None
        rng = np.random.default_rng([plan.seed, plan.number, 2])
        n = round(plan.length_s * SOUND_HZ)
        level = np.full(n, 10 ** (FLOOR_DB / 20) if plan.sound == "floor" else 0.0)
        time_s = np.arange(n) / SOUND_HZ
        for event in self._of("loud"):
            edge = np.minimum(time_s - event.start_s, event.end_s - time_s) / 0.01
            level = np.maximum(level, 10 ** ((FLOOR_DB + LOUD_DB) / 20) * np.clip(edge, 0, 1))
        return np.asarray(np.clip(level * plan.change.sound * rng.standard_normal(n), -1, 1), np.float32)

    def _of(self, kind: str) -> Iterator[Event]:
        return (e for e in self._plan.events if e.kind == kind)

    def _during(self, kind: str, time_s: float) -> Event | None:
        return next((e for e in self._of(kind) if e.start_s - 1e-6 <= time_s < e.end_s - 1e-6), None)

    def _frame(self, time_s: float) -> Image:
        held = self._during("frozen", time_s)
        time_s = held.start_s if held is not None else time_s
        black = next(self._of("black"), None)
        if black is not None and time_s - 1e-6 <= black.start_s < time_s + 1 / self._plan.fps - 1e-6:
            return np.zeros((*self._hw, 3), np.uint8)
        return self._noisy(
            self._lit(self._blurred(self._moved(self._scene(time_s), time_s), time_s), time_s), time_s
        )

    def _scene(self, time_s: float) -> Image:
        """The host, or what is shown instead."""
        cut = self._during("cut", time_s)
        if cut is not None:
            return self._inserts[cut].at(time_s - cut.start_s)
        shown = self._base.at(float(np.interp(time_s, *self._turns)) if self._turns is not None else time_s)
        event = self._during("expression", time_s)
        if event is None:
            return shown
        share = float(np.clip(min(time_s - event.start_s, event.end_s - time_s) / FADE_S, 0, 1))
        other = self._inserts[event].at(time_s - event.start_s)
        return np.asarray(cv2.addWeighted(other, share, shown, 1 - share, 0), np.uint8)

    def _moved(self, image: Image, time_s: float) -> Image:
        """Drift, shake and zoom in one warp."""
        period_s, phase = self._drift
        shift = DRIFT_PX * np.sin(2 * np.pi * time_s / period_s + phase)
        if self._during("shake", time_s) is not None:
            shift = shift + [np.interp(time_s * FPS, np.arange(len(self._shakes)), s) for s in self._shakes.T]
        zoom = 1.0
        event = self._during("zoom", time_s)
        if event is not None:
            zoom += ZOOM * float(np.sin(np.pi * (time_s - event.start_s) / (event.end_s - event.start_s)))
        return _warped(image, shift * self._unit, zoom)

    def _blurred(self, image: Image, time_s: float) -> Image:
        if self._during("defocus", time_s) is None:
            return image
        return np.asarray(cv2.GaussianBlur(image, (0, 0), 8 * self._unit), np.uint8)

    def _lit(self, image: Image, time_s: float) -> Image:
        period_s, phase = self._ramp
        gain = 1 + RAMP * float(np.sin(2 * np.pi * time_s / period_s + phase))
        offset = self._plan.change.brightness
        if self._during("flash", time_s) is not None:
            gain, offset = 1.8 * gain, offset + 60
        return np.asarray(
            cv2.LUT(image, np.clip(np.arange(256) * gain + offset, 0, 255).round().astype(np.uint8)), np.uint8
        )

    def _noisy(self, image: Image, time_s: float) -> Image:
        k, y, x = self._noise_at[round(time_s * FPS * 2)].tolist()
        above, below = (
            bank[y : y + self._hw[0], x : x + self._hw[1]] for bank in self._noise[k % len(self._noise)]
        )
        return np.asarray(cv2.subtract(cv2.add(image, above), below), np.uint8)

    def _source(self, clip: str, span: Span, size_px: float) -> _Stretch | _Drawn:
        if clip.startswith(DRAWN):
            return _Drawn(int(clip.removeprefix(DRAWN)), round(size_px / 2) * 2, span[1] - span[0])
        if self._media is None:
            raise ValueError(f"{self._plan.name} is made of {clip}, and no media folder was given")
        return _Stretch(_clip(self._media / clip, span, size_px))

    def _insert(self, event: Event, size_px: float) -> _Stretch | _Drawn:
        """The frames of an expression, laid over the host's; those of a cut, filling the picture."""
        assert event.source is not None
        clip, start_s = event.source
        source = self._source(clip, (start_s, start_s + LASTS_S[event.kind]), size_px)
        if event.kind == "cut":
            return source.fitted(self._hw)
        return source.moody() if isinstance(source, _Drawn) else source.laid_over(self._base)


def _turns(
    rng: np.random.Generator, base_s: float, length_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(times, places) between which the base runs to and fro at its own speed; it turns at other places every
    time.
    """
    times, places = [0.0], [float(rng.uniform(0, base_s / 4))]
    while times[-1] < length_s:
        there = rng.uniform(0, base_s / 4) if len(places) % 2 == 0 else rng.uniform(3 * base_s / 4, base_s)
        times.append(times[-1] + abs(float(there) - places[-1]))
        places.append(float(there))
    return np.array(times), np.array(places)


def _warped(
    image: Image, shift: NDArray[np.float64], zoom: float = 1.0, border: int = cv2.BORDER_REFLECT_101
) -> Image:
    height, width = image.shape[:2]
    x, y = (1 - zoom) * width / 2 + shift[0], (1 - zoom) * height / 2 + shift[1]
    matrix = np.array([[zoom, 0, x], [0, zoom, y]], np.float64)
    return np.asarray(
        cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border), np.uint8
    )


def _noise_bank(hw: tuple[int, int], seed: int, other: int) -> list[tuple[Image, Image]]:
    """Sensor noise as what is added and what is taken off, a little larger than the picture, so that it can
    be moved about.
    """
    rng = np.random.default_rng([seed, 3, other])
    bank = [np.round(NOISE * rng.standard_normal((hw[0] + 16, hw[1] + 16, 3), np.float32)) for _ in range(8)]
    return [(np.maximum(b, 0).astype(np.uint8), np.maximum(-b, 0).astype(np.uint8)) for b in bank]


# ---- where pictures come from ----


class _Stretch:
    """Some seconds of a clip."""

    def __init__(self, frames: tuple[list[Image], NDArray[np.float64]]) -> None:
        self._frames, self._time_s = frames
        self.length_s = float(self._time_s[-1])

    def at(self, time_s: float) -> Image:
        """The frame nearest to `time_s` from the stretch's start; the last one is held."""
        return self._frames[int(np.abs(self._time_s - time_s).argmin())]

    def fitted(self, hw: tuple[int, int]) -> _Stretch:
        """Scaled and cropped so that it fills a picture of this size."""
        return _Stretch(([_filling(f, hw) for f in self._frames], self._time_s))

    def laid_over(self, base: _Stretch | _Drawn) -> _Stretch:
        """Shifted so that the face lies about where it lies in the base."""
        shift = _offset(self._mean(), base._mean() if isinstance(base, _Stretch) else base.at(0.0))
        return _Stretch(
            ([_warped(f, shift, border=cv2.BORDER_REPLICATE) for f in self._frames], self._time_s)
        )

    def _mean(self) -> Image:
        return np.asarray(np.mean(self._frames[:: max(1, len(self._frames) // 8)], axis=0), np.uint8)


def _offset(picture: Image, like: Image) -> NDArray[np.float64]:
    """(x, y) by which a picture has to be moved so that its middle, where the face is, lies on that of
    another.
    """
    grey, other = (cv2.cvtColor(i, cv2.COLOR_RGB2GRAY) for i in (picture, like))
    height, width = other.shape
    top, left = round(REACH * height) + height // 8, round(REACH * width) + width // 8
    middle = other[top : height - top, left : width - left]
    by, bx = round(REACH * height), round(REACH * width)
    found = cv2.matchTemplate(
        grey[top - by : height - top + by, left - bx : width - left + bx], middle, cv2.TM_CCOEFF_NORMED
    )
    y, x = np.unravel_index(int(found.argmax()), found.shape)
    return np.array([bx - x, by - y], np.float64)


def _filling(image: Image, hw: tuple[int, int]) -> Image:
    scale = max(hw[0] / image.shape[0], hw[1] / image.shape[1])
    size = max(hw[1], round(image.shape[1] * scale)), max(hw[0], round(image.shape[0] * scale))
    grown = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    top, left = (grown.shape[0] - hw[0]) // 2, (grown.shape[1] - hw[1]) // 2
    return np.ascontiguousarray(grown[top : top + hw[0], left : left + hw[1]])


@cache
def _clip(path: Path, span: Span, size_px: float) -> tuple[list[Image], NDArray[np.float64]]:
    """All frames of `span`, scaled down to about size_px² pixels, and their times from its start."""
    frames: list[Image] = []
    times: list[float] = []
    with open_video(path) as opened:
        long, short = sorted((opened.info.width_px, opened.info.height_px), reverse=True)
        short_px = min(short, round(size_px * (short / long) ** 0.5))
        for batch in opened.batches(SamplingOptions(grid_hz=60.0, span_s=1.0), short_px):
            for frame, time_s in zip(batch.frames, batch.time_s.tolist(), strict=True):
                if span[0] <= time_s < span[1]:
                    frames.append(frame.copy())
                    times.append(time_s - span[0])
            if batch.end_s >= span[1]:
                break
    if not frames:
        raise ValueError(f"{path}: shows nothing in {span}")
    return frames, np.array(times) - times[0]


@dataclass(frozen=True)
class _Drawn:
    """A simple face before a texture, where no real one is to be had; it never does the same twice."""

    number: int
    side_px: int
    length_s: float
    mood: float = 0.0

    def fitted(self, hw: tuple[int, int]) -> _Drawn:
        """Pictures of drawn hosts are of one size."""
        return self

    def moody(self) -> _Drawn:
        return replace(self, mood=1.0)

    @cached_property
    def _room(self) -> Image:
        return np.asarray(
            cv2.resize(
                texture(512, 512, 50 + self.number),
                (self.side_px, self.side_px),
                interpolation=cv2.INTER_AREA,
            ),
            np.uint8,
        )

    def at(self, time_s: float) -> Image:
        """The head sways, the mouth moves a little, the eyes blink; in the mood the mouth gapes and the brows
        are up.
        """
        image = self._room.copy()
        unit, n = self.side_px / 512, self.number
        sway = [
            sum(np.sin(time_s * hz * (1 + 0.07 * n) + hz * n) for hz in (0.53, 0.97, 1.61)) for _ in range(2)
        ]
        x, y = 256 + 5 * sway[0], 256 + 3 * np.cos(time_s * 0.71 + n) + 2 * sway[1]
        skin = (224 - 14 * (n % 5), 178 - 12 * (n % 5), 150 - 12 * (n % 5))
        talk = 4 + 3 * np.sin(time_s * 5.3 + n) * np.sin(time_s * 0.9) + 34 * self.mood
        open_eye = 2 if np.sin(time_s * 1.7 + n) > 0.99 else 11 + 6 * self.mood

        def blob(dx: float, dy: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
            centre = round((x + dx) * unit), round((y + dy) * unit)
            cv2.ellipse(
                image,
                centre,
                (max(1, round(rx * unit)), max(1, round(ry * unit))),
                0,
                0,
                360,
                colour,
                -1,
                cv2.LINE_AA,
            )

        blob(0, 260, 190, 130, (60 + 20 * (n % 4), 80, 120))
        blob(0, -20, 112, 150, (70, 45 + 10 * (n % 3), 30))
        blob(0, 0, 100, 136, skin)
        for side in (-38, 38):
            blob(side, -30, 18, open_eye, (245, 245, 245))
            blob(side, -30, 7, min(7, open_eye), (40, 50, 60))
            blob(side, -60 - 14 * self.mood, 24, 5, (70, 45, 30))
        blob(0, 12, 9, 18, tuple(int(c * 0.9) for c in skin))  # type: ignore[arg-type]
        blob(0, 66, 34 - 6 * self.mood, talk, (130, 40, 50))
        return image


# ---- looking at them ----


def sheet(made: Made, path: Path, every_s: float = 1.0, width_px: int = 150, columns: int = 12) -> None:
    """A picture of what a video shows every so often, with what is planted there written on it."""
    cells: list[Image] = []
    with open_video(made.video) as opened:
        for batch in opened.batches(SamplingOptions(grid_hz=1 / every_s), 256):
            for frame, time_s in zip(batch.frames, batch.time_s.tolist(), strict=True):
                cell = cv2.resize(frame, (width_px, round(width_px * frame.shape[0] / frame.shape[1])))
                event = next(
                    (e for e in made.events if e.start_s - every_s / 2 <= time_s < e.end_s + every_s / 2),
                    None,
                )
                text = f"{time_s:.1f} {event.kind if event else ''}"
                cv2.putText(
                    cell, text, (3, 14), 0, 0.45, (255, 255, 0) if event is None else (255, 60, 60), 1
                )
                cells.append(np.asarray(cell, np.uint8))
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])


def main(arguments: Sequence[str]) -> None:
    """`python -m bench.planted_make FOLDER [N [SEED]]`, of MOMENTSCAN_MEDIA where it is set."""
    folder, n, seed = (
        Path(arguments[0]),
        *(int(a) for a in (*arguments[1:], *("30", "0")[len(arguments) - 1 :])),
    )
    media = os.environ.get("MOMENTSCAN_MEDIA")
    made = make(folder, n, seed, Path(media) if media else None, workers=2)
    print(f"{len(made)} videos in {folder}, {sum(m.calm for m in made)} of them calm")


if __name__ == "__main__":
    main(sys.argv[1:])
