"""Engines and baselines on videos whose moments were planted (evaluation.md 5.2, 6.1): what they find, and
what they wrongly find.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import planted_make
from bench.measure import Target, write_result
from bench.planted_make import CHANGES, FPS, N_POSITIVE, POSITIVE, Event, Made, make, read
from momentscan import flows, registry
from momentscan.errors import UsageError
from momentscan.knobs import with_knobs
from momentscan.settings import Settings, load
from momentscan.signals import Signals
from momentscan.values import Verdict, VideoInfo, Window

__all__ = [
    "Made",
    "agreement",
    "baseline",
    "invariances",
    "make",
    "measure",
    "read",
    "row",
    "scan",
    "scanned",
    "score",
]

KnobSets = Mapping[str, Mapping[str, Any]]
"""Name -> knobs; the name's first word is the engine: {"vector": {}, "vector rule=seed": {"rule": "seed"}}.
"""

KNOB_SETS: KnobSets = {
    "vector": {},
    "vector, the seed's": {
        "baseline": "ema",
        "norm": "raw",
        "smooth": "causal",
        "smooth_s": 1.4,
        "gate_level": "off",
        "cutaway_s": 0,
        "rule": "seed",
        "doubt": 0,
    },
    "vector baseline=ema": {"baseline": "ema"},
    "vector baseline=ema tau_s=6": {"baseline": "ema", "tau_s": 6.0},
    "vector baseline=local": {"baseline": "local"},
    "vector baseline=local local_s=30": {"baseline": "local", "local_s": 30.0},
    "vector baseline=ensemble": {"baseline": "ensemble"},
    "vector knn=3": {"knn": 3},
    "vector norm=rank doubt=0": {"norm": "rank", "doubt": 0},
    "vector norm=soft doubt=0": {"norm": "soft", "doubt": 0},
    "vector crops=weighted": {"crops": "weighted"},
    "vector people=joint": {"people": "joint"},
    "vector gated=False": {"gate_level": "off"},
    "vector cutaway_s=0": {"cutaway_s": 0},
    "vector doubt=0": {"doubt": 0},
    "rules": {},
    "rules, the companion's": {
        "baseline": "ema",
        "sign": "both",
        "most": 1000,
        "smooth": "causal",
        "rule": "seed",
        "contrast": 0,
    },
    "saliency": {},
    "saliency, the seed's": {
        "norm": "raw",
        "aggregate": "mean",
        "camera": "keep",
        "smooth": "none",
        "contrast": 0,
    },
}
OTHER_SCANS: Mapping[str, Mapping[str, Any]] = {
    "descriptor": {"embedder": "descriptor"},
    "crops.mode=events": {"crops": {"mode": "events"}},
}
"""Levers and stand-ins: what `vector` finds in the same videos when they are watched in another way."""

HEADLINE = "vector"
"""The engine that the targets were set for."""

HIT_S, HIT_IOU = 1.0, 0.3
WITHOUT_CUT = tuple(kind for kind in POSITIVE if kind != "cut")
"""Cuts are the shot detector's; what hits only a cut counts neither for nor against an engine here."""

AGREE_S = 0.5
DRAWS = 2000


# ---- did a window hit? ----


def hits(window: Window, event: Event) -> bool:
    """evaluation.md, protocol 1: the peak lies within a second of the event's centre, or the two overlap by
    0.3 (tIoU).
    """
    return abs(window.peak_s - event.centre_s) <= HIT_S + 1e-9 or overlap(window, event) >= HIT_IOU


def overlap(window: Window, event: Event) -> float:
    """Intersection over union in time."""
    shared = max(0.0, min(window.end_s, event.end_s) - max(window.start_s, event.start_s))
    return shared / (window.length_s + event.end_s - event.start_s - shared)


def matched(windows: Sequence[Window], events: Sequence[Event]) -> list[Event | None]:
    """For each window, best first, the event that it takes: the nearest it hits of those still free. One to
    one.
    """
    free = list(events)
    taken: list[Event | None] = []
    for window in windows:
        event = min(
            (e for e in free if hits(window, e)), key=lambda e: abs(window.peak_s - e.centre_s), default=None
        )
        if event is not None:
            free.remove(event)
        taken.append(event)
    return taken


@dataclass(frozen=True)
class Score:
    """How the ranked windows of one video did. K is the number of its positives; `picks` are its K best
    windows, or fewer.

    `found`: (kind, among the K best, among all) of each positive. `on_distractor`: picks that hit a
    distractor and nothing else. `again`: windows that hit only what a better one has taken.
    """

    name: str
    calm: bool
    length_s: float
    windows: int
    picks: int
    found: tuple[tuple[str, bool, bool], ...]
    on_distractor: int
    again: int
    first: bool
    precision_mean: float

    @property
    def recall_at_k(self) -> float:
        return float(np.mean([at_k for _, at_k, _ in self.found])) if self.found else float("nan")


def score(said: Verdict | Sequence[Window], made: Made, kinds: Sequence[str] = POSITIVE) -> Score:
    """`said`: windows, best first; of a verdict its moments. Positives of other kinds are left out, and so is
    what hits only them.
    """
    windows = [m.window for m in said.moments] if isinstance(said, Verdict) else list(said)
    wanted = [e for e in made.positives if e.kind in kinds]
    others = [e for e in made.positives if e.kind not in kinds]
    windows = [w for w in windows if any(hits(w, e) for e in wanted) or not any(hits(w, e) for e in others)]
    k = len(wanted)
    taken = matched(windows, wanted)
    early = [e for e in taken[:k] if e is not None]
    hit_any = [any(hits(w, e) for e in wanted) for w in windows]
    on_distractor = sum(
        not hit and any(hits(w, e) for e in made.distractors)
        for w, hit in zip(windows[:k], hit_any[:k], strict=True)
    )
    right = np.array([e is not None for e in taken], bool)
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return Score(
        name=made.plan.name,
        calm=made.calm,
        length_s=made.plan.length_s,
        windows=len(windows),
        picks=min(k, len(windows)),
        found=tuple((e.kind, e in early, e in taken) for e in wanted),
        on_distractor=on_distractor,
        again=sum(hit and e is None for hit, e in zip(hit_any, taken, strict=True)),
        first=bool(len(right) and right[0]),
        precision_mean=float(precision[right].sum() / k) if k else float("nan"),
    )


def row(seen: Sequence[Score]) -> dict[str, Any]:
    """What the scores of many videos come to. Rates are over all events, or windows, of all videos together;
    the interval is over videos.
    """
    eventful = [s for s in seen if not s.calm and s.found]
    calm = [s for s in seen if s.calm]
    found = [f for s in eventful for f in s.found]
    windows, right, picks = (
        sum(s.windows for s in eventful),
        sum(f[2] for f in found),
        sum(s.picks for s in eventful),
    )
    precision, recall = right / windows if windows else 0.0, right / len(found) if found else 0.0
    speaks = [s.windows > 0 for s in eventful]
    keeps_still = [s.windows == 0 for s in calm]
    return {
        "recall_at_k": _mean(at_k for _, at_k, _ in found),
        "recall_at_k_95": interval(eventful),
        "recall_at_k_by_kind": {
            k: _mean(f[1] for f in found if f[0] == k) for k in POSITIVE if any(f[0] == k for f in found)
        },
        "distractors_among_picks": sum(s.on_distractor for s in eventful) / picks if picks else 0.0,
        "mean_average_precision": _mean(s.precision_mean for s in eventful),
        "first_is_right": _mean(s.first for s in eventful),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "found_again_per_video": _mean(s.again for s in eventful),
        "windows_per_video": _mean(s.windows for s in eventful),
        "calm_windows_per_min": 60 * sum(s.windows for s in calm) / sum(s.length_s for s in calm)
        if calm
        else None,
        "silent_on_calm": _mean(keeps_still) if calm else None,
        "silent_on_eventful": 1 - _mean(speaks),
        "abstain_accuracy": _mean([*speaks, *keeps_still]),
        "videos": len(eventful),
        "calm_videos": len(calm),
        "events": len(found),
    }


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return float(np.mean(listed)) if listed else float("nan")


def interval(seen: Sequence[Score], draws: int = DRAWS, seed: int = 0) -> list[float]:
    """95 % of recall at K under drawing videos anew."""
    if not seen:
        return []
    found = np.array([sum(f[1] for f in s.found) for s in seen], float)
    events = np.array([len(s.found) for s in seen], float)
    drawn = np.random.default_rng(seed).integers(0, len(seen), (draws, len(seen)))
    return np.percentile(found[drawn].sum(1) / events[drawn].sum(1), [2.5, 97.5]).tolist()


def paired_p(one: Sequence[Score], other: Sequence[Score], draws: int = 10_000, seed: int = 0) -> float:
    """How often chance alone sets two engines as far apart in recall at K on the same videos (two-sided,
    signs flipped per video).
    """
    pairs = [(a.recall_at_k, b.recall_at_k) for a, b in zip(one, other, strict=True) if a.found]
    apart = np.array([a - b for a, b in pairs])
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (draws, len(apart)))
    return float((1 + np.sum(np.abs(signs @ apart) >= abs(apart.sum()) - 1e-9)) / (1 + draws))


# ---- baselines ----


def loudest(signals: Signals, n: int) -> list[Window]:
    if "sound.loud_db" not in signals:
        return []
    return around_peaks(signals["sound.time_s"] + 0.25, signals["sound.loud_db"], n, signals.video)


def most_motion(signals: Signals, n: int) -> list[Window]:
    return around_peaks(signals["frames.time_s"], signals["frames.motion"], n, signals.video)


def evenly(signals: Signals, n: int) -> list[Window]:
    return [_window((i + 0.5) * signals.video.duration_s / n, signals.video) for i in range(n)]


def middle(signals: Signals, n: int) -> list[Window]:
    """The prior that good things happen in the middle: from there outwards, 3 s apart."""
    steps = [0.0, *(s * 3.0 * i for i in range(1, n) for s in (1, -1))][:n]
    return [
        _window(float(np.clip(signals.video.duration_s / 2 + s, 0, signals.video.duration_s)), signals.video)
        for s in steps
    ]


def anywhere(signals: Signals, n: int) -> list[Window]:
    """Chance, seeded by the video's name."""
    time_s = np.arange(0, signals.video.duration_s, 0.1)
    rng = np.random.default_rng(list(signals.video.video_id.encode()))
    return around_peaks(time_s, rng.random(len(time_s)), n, signals.video)


BASELINES: Mapping[str, Callable[[Signals, int], list[Window]]] = {
    "loudest": loudest,
    "most motion": most_motion,
    "evenly spaced": evenly,
    "from the middle": middle,
    "random": anywhere,
}
"""They are told how many moments there are to find (on calm videos: as many as the others have), so they
never abstain.
"""


def baseline(name: str, signals: Signals, n: int) -> list[Window]:
    """n windows, best first: peak ± 1 s, peaks at least 3 s apart, as far as the video has room and the
    signal is there.
    """
    return BASELINES[name](signals, n)


def around_peaks(
    time_s: NDArray[Any], value: NDArray[Any], n: int, video: VideoInfo, apart_s: float = 3.0
) -> list[Window]:
    """The n highest instants that are at least `apart_s` from any higher one taken, ± 1 s."""
    open_places = np.isfinite(value) & (time_s < video.duration_s)
    windows: list[Window] = []
    while len(windows) < n and open_places.any():
        at = float(time_s[int(np.argmax(np.where(open_places, value, -np.inf)))])
        windows.append(_window(at, video))
        open_places &= np.abs(time_s - at) >= apart_s - 1e-9
    return windows


def _window(peak_s: float, video: VideoInfo) -> Window:
    return Window(max(0.0, peak_s - 1), min(video.duration_s, peak_s + 1), peak_s)


# ---- engines ----


def engine_of(name: str) -> str:
    """The engine of a knob set: the first word of its name."""
    return name.replace(",", " ").split()[0]


def known(knob_sets: KnobSets) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """The sets that can be judged by, and for each that is left out a note why: its engine or one of its
    knobs is not there.
    """
    sets: dict[str, Mapping[str, Any]] = {}
    notes = []
    for name, knobs in knob_sets.items():
        try:
            with_knobs(registry.load("scorers", engine_of(name)), knobs)
        except (UsageError, ImportError) as error:
            notes.append(f"{name}: {error}")
        else:
            sets[name] = knobs
    return sets, notes


def bench_settings(
    output: Path, models: Path | None = None, embedder: str | None = None, **more: Any
) -> Settings:
    """No stills; one engine, for each is judged here again. `models`: MOMENTSCAN_MODELS, if it is set."""
    engines = registry.names("scorers")
    return load(
        output=output,
        models=models,
        embedder=embedder,
        stills=False,
        engine="saliency" if "saliency" in engines else engines[0],
        **more,
    )


def scan(made: Made, settings: Settings, as_scanned: bool = False) -> Signals:
    """The signals of a video; one that was scanned in this way before is not watched again.

    `as_scanned`: any log of the same file in the output will do, even one of other perceivers or models.
    """
    folder = settings.output / made.video.stem
    if as_scanned and (folder / "signals" / "manifest.json").is_file():
        signals = flows.load(folder)
        if signals.video.size_bytes == made.video.stat().st_size:
            return signals
    return flows.load(Path(flows.scan(made.video, settings).folder))


def scanned(
    videos: Sequence[Made], settings: Settings, as_scanned: bool = False
) -> list[tuple[Made, Signals]]:
    """Every video with its signals, read when they are asked for."""
    seen = []
    for i, made in enumerate(videos, 1):
        seen.append((made, scan(made, settings, as_scanned)))
        print(f"\r    scanned {i}/{len(videos)}", end="" if i < len(videos) else "\n", flush=True)
    return seen


Windows = Sequence[Window]
"""Best first."""


def judged(signals: Signals, name: str, knobs: Mapping[str, Any]) -> Verdict:
    return flows.judge(signals, engine_of(name), knobs)


def moments(verdict: Verdict) -> Windows:
    return [m.window for m in verdict.moments]


def candidates(verdict: Verdict) -> Windows:
    """Every place that the engine considered, by its score, whatever became of it."""
    return [c.window for c in sorted(verdict.candidates, key=lambda c: -c.score)]


def measure(videos: Sequence[tuple[Made, Signals]], knob_sets: KnobSets = KNOB_SETS) -> list[dict[str, Any]]:
    """Rows: each knob set by its moments, then by its candidates, then the baselines; over all kinds and
    without cuts.

    The headline is recall at K over the moments: what a user gets, K best first. Candidates say whether the
    choice or the curve is to blame; they have no selection, so that their precision and calm windows mean
    little.
    """
    ranked: list[tuple[str, str, dict[str, Any], list[Windows]]] = []
    for name, knobs in known(knob_sets)[0].items():
        verdicts = [judged(signals, name, knobs) for _, signals in videos]
        ranked.append((name, "moments", dict(knobs), [moments(v) for v in verdicts]))
        ranked.append((name, "candidates", dict(knobs), [candidates(v) for v in verdicts]))
    for name in BASELINES:
        windows = [baseline(name, signals, len(made.positives) or N_POSITIVE) for made, signals in videos]
        ranked.append((name, "baseline", {}, windows))
    motion = _scores(videos, next(windows for name, _, _, windows in ranked if name == "most motion"))
    return [_told(name, what, knobs, videos, windows, motion) for name, what, knobs, windows in ranked]


def _scores(
    videos: Sequence[tuple[Made, Signals]], windows: Sequence[Windows], kinds: Sequence[str] = POSITIVE
) -> list[Score]:
    return [score(said, made, kinds) for (made, _), said in zip(videos, windows, strict=True)]


def _told(
    name: str,
    what: str,
    knobs: dict[str, Any],
    videos: Sequence[tuple[Made, Signals]],
    windows: Sequence[Windows],
    motion: Sequence[Score],
) -> dict[str, Any]:
    every = _scores(videos, windows)
    return {
        "name": name,
        "windows": what,
        "knobs": knobs,
        "all_kinds": row(every),
        "without_cut": row(_scores(videos, windows, WITHOUT_CUT)),
        "p_same_as_most_motion": paired_p(every, motion),
        "missed_at_k": {
            s.name: [kind for kind, at_k, _ in s.found if not at_k]
            for s in every
            if not all(f[1] for f in s.found)
        },
    }


# ---- invariances ----


def agreement(one: Sequence[Window], other: Sequence[Window], within_s: float = AGREE_S) -> float:
    """Share of the windows of both sides that have a partner on the other, one to one; 1 where neither has
    any.

    Partners have their peaks, or both of their ends, within `within_s`: a long window may hold two things of
    like height.
    """
    if not one and not other:
        return 1.0
    free = list(other)
    partners = 0
    for window in sorted(one, key=lambda w: w.peak_s):
        near = min(
            (w for w in free if _same(w, window, within_s + 1e-9)),
            key=lambda w: abs(w.peak_s - window.peak_s),
            default=None,
        )
        if near is not None:
            free.remove(near)
            partners += 1
    return 2 * partners / (len(one) + len(other))


def _same(a: Window, b: Window, within_s: float) -> bool:
    return (
        abs(a.peak_s - b.peak_s) <= within_s
        or max(abs(a.start_s - b.start_s), abs(a.end_s - b.end_s)) <= within_s
    )


def bent(signals: Signals, prefix: str, times: float = 1.0, plus: float = 0.0) -> Signals:
    """The same signals with every column that starts so times a number, plus another."""
    columns: dict[str, Any] = {name: (lambda name=name: signals[name]) for name in signals}
    for name in [n for n in signals if n.startswith(prefix)]:
        columns[name] = (signals[name] * times + plus).astype(signals[name].dtype)
    return Signals(signals.video, columns, signals.made_by)


def _two_px(signals: Signals) -> Signals:
    """2 px a frame at full size, in the unit of the column."""
    diagonal = float(np.hypot(signals.video.width_px, signals.video.height_px))
    return bent(signals, "frames.motion", plus=2 * FPS / diagonal)


BENDS: Mapping[str, Callable[[Signals], Signals]] = {
    "motion x4": lambda signals: bent(signals, "frames.motion", times=4.0),
    "motion + 2 px a frame": _two_px,
}
"""Changes of what was logged; `planted_make.CHANGES` are those of the video."""


def invariances(
    videos: Sequence[tuple[Made, Signals]],
    settings: Settings,
    folder: Path,
    media: Path | None,
    knob_sets: KnobSets = KNOB_SETS,
    changes: Iterable[str] = tuple(CHANGES),
) -> dict[str, dict[str, float]]:
    """Knob set -> change -> mean agreement of the moments with and without it, over the videos; variants are
    made in `folder`.
    """
    sets, _ = known(knob_sets)
    seen: dict[str, dict[str, list[float]]] = {name: {} for name in sets}
    for made, signals in videos:
        changed = {
            what: scan(planted_make.variant(made, what, folder, media), settings)
            for what in changes
            if _applies(what, made)
        }
        changed |= {what: bend(signals) for what, bend in BENDS.items()}
        for name, knobs in sets.items():
            before = moments(judged(signals, name, knobs))
            for what, after in changed.items():
                seen[name].setdefault(what, []).append(agreement(before, moments(judged(after, name, knobs))))
    return {name: {what: _mean(each) for what, each in found.items()} for name, found in seen.items()}


def _applies(what: str, made: Made) -> bool:
    return CHANGES[what].sound == 1.0 or made.plan.sound == "floor"


# ---- the figure ----


def headline() -> str:
    """The engine that the targets are held against: the one they were set for, or the first there is."""
    sets, _ = known(KNOB_SETS)
    return HEADLINE if HEADLINE in sets else next(iter(sets))


def targets(rows: Sequence[Mapping[str, Any]], name: str) -> list[Target]:
    """Issue 3, Figures; selection: evaluation.md, floors to ship."""
    found = next(r for r in rows if r["name"] == name and r["windows"] == "moments")["all_kinds"]
    floors = [
        ("recall at K", 0.88, found["recall_at_k"]),
        ("recall at K of expressions", 0.88, found["recall_at_k_by_kind"].get("expression", 0.0)),
        ("selection, precision", 0.78, found["precision"]),
        ("selection, recall", 0.90, found["recall"]),
    ]
    ceilings = [("distractors among picks", 0.05, found["distractors_among_picks"], "")]
    if found["calm_windows_per_min"] is not None:
        ceilings.append(("windows on calm videos", 0.5, found["calm_windows_per_min"], "a minute"))
    return [
        Target(f"planted, {name}: {what}", floor, got, "", at_most=False) for what, floor, got in floors
    ] + [Target(f"planted, {name}: {what}", ceiling, got, unit) for what, ceiling, got, unit in ceilings]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as text, to be read at a terminal."""
    kinds = [*POSITIVE]
    lines = [
        f"{'':34} {'R@K':>5} {'95 %':>11} {'uncut':>5} {'distr':>5} {'mAP':>4} {'P':>4} {'R':>4} "
        f"{'F1':>4} {'calm':>5}  {' '.join(kinds)}"
    ]
    for r in rows:
        a, by_kind = r["all_kinds"], r["all_kinds"]["recall_at_k_by_kind"]
        low, high = a["recall_at_k_95"]
        calm = a["calm_windows_per_min"]
        told = f"{r['name']} ({r['windows']})" if r["windows"] != "baseline" else r["name"]
        lines.append(
            f"{told:34} {a['recall_at_k']:5.2f} [{low:.2f}, {high:.2f}] "
            f"{r['without_cut']['recall_at_k']:4.2f} "
            f"{a['distractors_among_picks']:5.2f} {a['mean_average_precision']:5.2f} "
            f"{a['precision']:4.2f} {a['recall']:4.2f} {a['f1']:4.2f} "
            f"{float('nan') if calm is None else calm:5.1f}  "
            + " ".join(f"{by_kind.get(k, float('nan')):{len(k)}.2f}" for k in kinds)
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    media = Path(os.environ["MOMENTSCAN_MEDIA"]) if os.environ.get("MOMENTSCAN_MEDIA") else None
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = make(folder, options.n, options.seed, media, workers=2)
        settings = bench_settings(folder / "scans")
        videos = scanned(made, settings, options.as_scanned)
        rows = measure(videos)
        for what, changed in OTHER_SCANS.items():
            other = bench_settings(folder / f"scans {what}", **changed)
            again = scanned(made, other, options.as_scanned)
            rows += [r for r in measure(again, {f"vector, {what}": {}}) if r["windows"] == "moments"]
        print(table(rows), flush=True)
        eventful = [v for v in videos if not v[0].calm][: options.variants]
        steady = invariances(eventful, settings, folder / "variants", media)
        embedder = videos[0][1].made_by.get("vision.embedding", "none")
    write_result(
        "planted",
        targets(rows, headline()),
        _notes(made, media is not None, embedder, options),
        embedder=embedder,
        hosts="real" if media else "drawn",
        seed=options.seed,
        skipped=known(KNOB_SETS)[1],
        rows=rows,
        agreement=steady,
    )


def _notes(made: Sequence[Made], real: bool, embedder: str, options: argparse.Namespace) -> str:
    hosts = len({m.plan.host for m in made})
    return (
        f"{len(made)} videos of a minute, {sum(m.calm for m in made)} of them calm, of {hosts} "
        f"{'real' if real else 'drawn'} hosts (seed "
        f"{options.seed}), embedder {embedder}. K is the number of positives in a video; recall at K "
        "takes the K best moments that the engine "
        "returns, fewer where it returns fewer (rows `candidates`: the K best places it considered). A "
        "hit: peak within 1 s of the centre, or "
        "tIoU ≥ 0.3; greedy, one to one. Baselines are told K. `without_cut` leaves cuts out, which are "
        "the shot detector's. Intervals: "
        f"{DRAWS} bootstraps over videos. `agreement`: of the moments, peaks or both ends within "
        f"{AGREE_S:g} s, with a variant of the same video, mean of the "
        f"first {options.variants} eventful videos (`other noise` is the control). Positives but "
        "expressions are synthetic; calm hosts are looped, and calmer than life."
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.planted", description=__doc__)
    kept = os.environ.get("MOMENTSCAN_PLANTED")
    parser.add_argument(
        "--keep",
        type=Path,
        default=Path(kept) if kept else None,
        help="folder of videos and scans to make and use again",
    )
    parser.add_argument("-n", type=int, default=30, help="videos, every fifth calm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", type=int, default=3, help="videos on which invariances are measured")
    parser.add_argument(
        "--as-scanned",
        action="store_true",
        help="take logs that are in --keep as they are, whatever they were made with",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
