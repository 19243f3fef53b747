"""The pass without an embedder, against decoding alone: how much looking costs on top of what no scan can
avoid.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import av
import numpy as np

from bench import worlds
from bench.measure import Target, interleaved, ratio, write_result
from momentscan import flows, registry
from momentscan.media import batches, open_video
from momentscan.media.audio_reader import AudioReader
from momentscan.media.clock import Clock
from momentscan.media.decode import SamplingOptions
from momentscan.media.frame import FrameConverter
from momentscan.media.render import demo_video
from momentscan.perceive import Perceiver, ordered, process_batches
from momentscan.settings import load
from momentscan.signals import Signals
from momentscan.values import Batch, Columns

CHEAP = ("frame_times", "frame_quality", "motion", "scenes", "sound")
MODES = ("exact", "fast")
ROUNDS = 3


def main() -> None:
    video = worlds.camera_video()
    works: dict[str, Callable[[], object]] = {
        "decode alone": lambda: _decode(video),
        "pass, exact": lambda: _pass(video, CHEAP, "exact"),
        "pass, fast": lambda: _pass(video, CHEAP, "fast"),
        "pass with strip, exact": lambda: _pass(video, (*CHEAP, "thumbnails"), "exact"),
        "decode alone, fast options": lambda: _decode(video, fast=True),
    }
    times = interleaved(works, ROUNDS)
    ratios = {name: ratio(times, name, "decode alone") for name in works}
    targets = [
        Target("cheap pass / decoding alone, exact", 1.25, ratios["pass, exact"], "×"),
        Target("cheap pass / decoding alone, decode = fast", 1.0, ratios["pass, fast"], "×"),
    ]
    notes = (
        "CPU-seconds of the whole process, median over interleaved rounds of the ratio within a round; "
        "decoding alone is PyAV, all frames, "
        "video only, thread_type AUTO, same file. `stages` are CPU-seconds of the calling thread inside "
        "each stage in one run each. "
        "The bench video repeats every 24 s, so that its moments tie: see the other videos for what fast "
        "does to moments."
    )
    details = {"video": _about(video), "cpu_s": times, "ratios": ratios}
    write_result("cheap_pass", targets, notes, **details)
    base = statistics.median(times["decode alone"])
    details["stages"] = {mode: _stages(video, mode, base) for mode in MODES}
    write_result("cheap_pass", targets, notes, **details)
    details["fast_against_exact"] = {name: _effect(path) for name, path in _videos(video)}
    write_result("cheap_pass", targets, notes, **details)


def _decode(video: Path, fast: bool = False) -> int:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        if fast:
            stream.codec_context.options = {"skip_loop_filter": "all"}
            stream.codec_context.skip_frame = "NONREF"
        return sum(1 for _ in container.decode(stream))


def _perceivers(names: tuple[str, ...]) -> list[Perceiver]:
    return ordered([registry.load("perceivers", name)() for name in names])


def _pass(video: Path, names: tuple[str, ...], mode: str) -> None:
    perceivers = _perceivers(names)
    with open_video(video) as opened:
        for _ in process_batches(
            opened.batches(SamplingOptions(decode=mode), _side_px(perceivers)), perceivers
        ):
            pass


def _side_px(perceivers: list[Perceiver]) -> int:
    return max(p.short_side_px for p in perceivers)


def _about(video: Path) -> dict[str, Any]:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        seconds = float(container.duration / av.time_base)
        return {
            "codec": stream.codec_context.name,
            "size_px": [stream.width, stream.height],
            "fps": float(stream.average_rate or 0),
            "seconds": seconds,
            "mbit_per_s": video.stat().st_size * 8 / seconds / 1e6,
            "sound": container.streams.audio[0].codec_context.name,
        }


# ---- where the rest goes ----


class _Tally:
    """CPU-seconds of the calling thread, by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.thread_time() - began

        return wrapped


class _Tallied:
    """A perceiver whose looks are counted."""

    def __init__(self, perceiver: Perceiver, tally: _Tally) -> None:
        self.name, self.needs, self.writes = perceiver.name, perceiver.needs, perceiver.writes
        self.short_side_px, self.made_by, self.finish = (
            perceiver.short_side_px,
            perceiver.made_by,
            perceiver.finish,
        )
        self.process: Callable[[Batch, Columns], Columns] = tally.timed(
            f"perceive.{perceiver.name}", perceiver.process
        )


@contextmanager
def _tallied_decode(tally: _Tally) -> Iterator[None]:
    """The stages inside the pass that have a function of their own."""
    stages = (
        (FrameConverter, "rgb", "scale to RGB"),
        (batches, "thumb", "thumb of every frame"),
        (AudioReader, "between", "sound: demux, decode, resample"),
        (Clock, "__call__", "clock of every frame"),
        (batches.BatchBuilder, "_batch", "stack the batch"),
    )
    with ExitStack() as stack:
        for owner, name, stage in stages:
            stack.enter_context(patch.object(owner, name, tally.timed(stage, getattr(owner, name))))
        yield


def _stages(video: Path, mode: str, base_s: float) -> dict[str, dict[str, float]]:
    """Stage -> CPU-seconds and share of decoding alone. The last row is decoding itself and the bookkeeping
    around it.
    """
    tally = _Tally()
    perceivers: list[Any] = [_Tallied(p, tally) for p in _perceivers((*CHEAP, "thumbnails"))]
    began = time.process_time()
    with _tallied_decode(tally), open_video(video) as opened:
        for _ in process_batches(
            opened.batches(SamplingOptions(decode=mode), _side_px(perceivers)), perceivers
        ):
            pass
    whole = time.process_time() - began
    rows = dict(sorted(tally.seconds.items(), key=lambda row: -row[1]))
    rows["decoding, and the loop around it"] = whole - sum(rows.values())
    return {name: {"cpu_s": seconds, "of_decoding_alone": seconds / base_s} for name, seconds in rows.items()}


# ---- what "fast" changes ----


def _videos(bench_video: Path) -> Iterator[tuple[str, Path]]:
    yield "bench video", bench_video
    demo = worlds.CACHE / "demo.mp4"
    if not demo.is_file():
        demo_video(demo)
    yield "demo video", demo
    folder = os.environ.get("MOMENTSCAN_MEDIA")
    if folder:
        for name in REAL:
            found = next(Path(folder).rglob(name), None)
            if found is not None:
                yield found.stem, found


REAL = (
    "girl_laughing_full_73s.mp4",
    "drummer_portrait.mp4",
    "sunscreen_ad_27s.mp4",
    "one-by-one-person-detection.mp4",
)
"""Real videos of MOMENTSCAN_MEDIA that are compared as well."""


def _effect(video: Path) -> dict[str, Any]:
    """How times, pictures, columns and moments of decode = fast differ from those of exact."""
    with tempfile.TemporaryDirectory() as folder:
        exact, fast = (_scanned(video, mode, Path(folder) / mode) for mode in MODES)
    grid = np.abs(_off_grid(exact)), np.abs(_off_grid(fast))
    shift = np.abs(_nearest(exact["frames.time_s"], fast["frames.time_s"]) - fast["frames.time_s"])
    windows = [
        [(m.window.start_s, m.window.end_s) for m in flows.judge(s, "saliency").moments]
        for s in (exact, fast)
    ]
    return {
        "frames_sampled": {"exact": exact.rows("frames.time_s"), "fast": fast.rows("frames.time_s")},
        "off_the_grid_ms": {name: _spread(1000 * g) for name, g in zip(MODES, grid, strict=True)},
        "shift_from_exact_ms": _spread(1000 * shift),
        "psnr_db": _psnr(video),
        "correlation": {
            c: _correlation(exact, fast, f"frames.{c}")
            for c in ("motion", "motion_local", "sharpness", "content_change")
        },
        "cuts": {"exact": list(exact["scenes.start_s"][1:]), "fast": list(fast["scenes.start_s"][1:])},
        "moments": {"exact": windows[0], "fast": windows[1], "mean_best_overlap": _overlap(*windows)},
    }


def _scanned(video: Path, mode: str, output: Path) -> Signals:
    outcome = flows.scan(video, load(output=output, decode=mode, embedder="descriptor", stills=False))
    signals = flows.load(Path(outcome.folder))
    for name in signals:
        signals[name]
    return signals


def _off_grid(signals: Signals) -> np.ndarray:
    """Seconds from the start of the grid's cell to the frame that stands for it."""
    cells = np.floor(signals["frames.time_s"] * SamplingOptions().grid_hz + 1e-6)
    return np.asarray(signals["frames.time_s"] - cells / SamplingOptions().grid_hz)


def _nearest(values: np.ndarray, to: np.ndarray) -> np.ndarray:
    """For each of `to` the nearest of the ascending `values`."""
    right = np.clip(np.searchsorted(values, to), 1, len(values) - 1)
    left = values[right - 1]
    return np.where(to - left <= values[right] - to, left, values[right])


def _spread(values: np.ndarray) -> dict[str, float]:
    return {
        "median": float(np.median(values)),
        "p95": float(np.percentile(values, 95)),
        "max": float(values.max()),
    }


def _correlation(exact: Signals, fast: Signals, name: str) -> float:
    """Pearson's, of fast against exact brought to its instants by interpolation."""
    known = np.isfinite(exact[name])
    there = np.interp(fast["frames.time_s"], exact["frames.time_s"][known], exact[name][known])
    both = np.isfinite(fast[name])
    return float(np.corrcoef(there[both], fast[name][both])[0, 1])


def _psnr(video: Path) -> dict[str, float]:
    """PSNR of frames with the same PTS, as perceivers see them (180 px), over the first 20 s."""
    seen: list[dict[float, np.ndarray]] = []
    for mode in MODES:
        frames: dict[float, np.ndarray] = {}
        with open_video(video) as opened:
            for batch in opened.batches(SamplingOptions(grid_hz=60.0, decode=mode), 180):
                frames |= {round(t, 6): f for t, f in zip(batch.time_s.tolist(), batch.frames, strict=True)}
                if batch.end_s >= 20:
                    break
        seen.append(frames)
    both = sorted(seen[0].keys() & seen[1].keys())
    errors = [float(np.mean((seen[0][t].astype(np.float32) - seen[1][t]) ** 2)) for t in both]
    psnr = 10 * np.log10(255**2 / np.maximum(errors, 1e-3))
    return {
        "frames": len(both),
        "median": float(np.median(psnr)),
        "p5": float(np.percentile(psnr, 5)),
        "min": float(psnr.min()),
    }


def _overlap(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> float | None:
    """Mean over the windows of both sides of the best intersection over union with a window of the other;
    None where neither has any.
    """
    if not one and not other:
        return None
    best = [
        max((_iou(a, b) for b in there), default=0.0)
        for here, there in ((one, other), (other, one))
        for a in here
    ]
    return float(np.mean(best))


def _iou(a: tuple[float, float], b: tuple[float, float]) -> float:
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return shared / (a[1] - a[0] + b[1] - b[0] - shared)


if __name__ == "__main__":
    main()
