"""The whole saliency scan against the seed's literal loop (seed 002, Clip Highlights), both with a CLIP-sized
network.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench import worlds
from bench.measure import Target, cpu_s, momentscan, write_result
from momentscan.models.embedders import EMBEDDER, Embedder
from momentscan.signals.series import rms
from momentscan.values import SOUND_HZ

WINDOW_S, HOP_S = 5.0, 3.0
SAMPLES = 12
"""Frames scored literally in each round; the loop over all windows would take hours."""

ROUNDS = 3


class LiteralScorer:
    """The seed's SaliencyScorer, line by line; its network through ONNX Runtime, its librosa RMS through ours
    (equal to 1e-6).
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.prev_gray: NDArray[Any] | None = None
        self.prev_emb: NDArray[np.float32] | None = None

    def motion_score(self, frame_bgr: NDArray[np.uint8]) -> float:
        gray = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
        before, self.prev_gray = self.prev_gray, gray
        if before is None:
            return 0.0
        flow = cv2.calcOpticalFlowFarneback(before, gray, None, 0.5, 3, 15, 3, 5, 1.2, 0)
        return float(np.mean(np.linalg.norm(flow, axis=2)))

    def embedding_delta(self, frame_bgr: NDArray[np.uint8]) -> float:
        frame = np.asarray(cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2RGB), np.uint8)
        (vector,) = self._embedder.embed(frame[None])
        before, self.prev_emb = self.prev_emb, vector
        return 0.0 if before is None else float(1 - vector @ before)

    @staticmethod
    def audio_rms(y: NDArray[np.float32], start_s: float, end_s: float) -> float:
        clip = y[int(start_s * SOUND_HZ) : int(end_s * SOUND_HZ)]
        return float(np.mean(rms(np.pad(clip, 1024), 2048, 512)))  # librosa.feature.rms(y=clip), its defaults


def main() -> None:
    video, weights = worlds.camera_video(), worlds.clip_weights()
    scorer = LiteralScorer(EMBEDDER.open("openclip", weights, "cpu"))
    frame_times = _frame_times(video)
    starts = np.arange(0, frame_times[-1] - WINDOW_S, HOP_S)
    in_windows = sum(int(((frame_times >= s) & (frame_times < s + WINDOW_S)).sum()) for s in starts)
    rounds = []
    for number in range(ROUNDS):
        seen = _round(video, weights, scorer, starts, in_windows, len(frame_times), number)
        rounds.append(seen)
        print(
            f"    round {number + 1}/{ROUNDS}  scan {seen['scan_cpu_s']:.0f} CPU-s, literal "
            f"{seen['literal_cpu_s']:.0f}",
            flush=True,
        )
    share = statistics.median(r["scan_cpu_s"] / r["literal_cpu_s"] for r in rounds)
    notes = (
        "Scan: `momentscan scan --embedder openclip` in a fresh process, stills and report included. "
        f"Literal: scaled from {SAMPLES} evenly "
        f"spread frames a round to the {in_windows} frames of all {len(starts)} overlapping windows of "
        f"{WINDOW_S:g} s every {HOP_S:g} s, plus "
        "decoding each of those frames, decoding the sound once, and one RMS a window (the seed computes "
        "it once a frame). Its picture is "
        "cut by our preprocessing, without torchvision's. Random weights of ViT-B/32: the cost of the "
        "real ones."
    )
    target = Target("saliency scan / the seed's literal loop", 1 / 20, share, "×")
    write_result(
        "saliency_vs_seed",
        [target],
        notes,
        times_cheaper=1 / share,
        frames_in_windows=in_windows,
        rounds=rounds,
    )


def _round(
    video: Path,
    weights: Path,
    scorer: LiteralScorer,
    starts: NDArray[np.float64],
    in_windows: int,
    n_frames: int,
    number: int,
) -> dict[str, Any]:
    """One scan, and the literal loop's cost as it would be, measured at the same time of day."""
    with tempfile.TemporaryDirectory() as output:
        scan = momentscan(
            "scan", video, "-o", output, "--models", weights, "--embedder", "openclip", "--engine", "saliency"
        )
        stages = json.loads(next(Path(output).glob("*/run.json")).read_text())["timings_s"]
    wanted = np.linspace(30, n_frames - 30, SAMPLES).astype(int) + number
    frame_s = _frame_costs(video, scorer, set(wanted.tolist()))
    decode_s = cpu_s(lambda: _frame_times(video)) / n_frames
    sound: list[NDArray[np.float32]] = []
    hear_s = cpu_s(lambda: sound.append(_sound(video)))
    rms_s = cpu_s(lambda: [scorer.audio_rms(sound[0], s, s + WINDOW_S) for s in starts])
    per_frame = {name: statistics.median(f[name] for f in frame_s) for name in frame_s[0]} | {
        "decode": decode_s
    }
    literal = in_windows * sum(per_frame.values()) + hear_s + rms_s
    return {
        "scan_cpu_s": scan.cpu_s,
        "scan_stages_wall_s": stages,
        "literal_cpu_s": literal,
        "literal_cpu_ms_per_frame": {name: 1000 * seconds for name, seconds in per_frame.items()},
        "literal_sound_cpu_s": hear_s + rms_s,
    }


def _frame_times(video: Path) -> NDArray[np.float64]:
    """(N,) PTS in seconds of all frames, decoded."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return np.array([frame.time for frame in container.decode(stream)])


def _frame_costs(video: Path, scorer: LiteralScorer, wanted: set[int]) -> list[dict[str, float]]:
    """CPU-seconds of each step for each wanted frame; the frame before it is shown first, so that there is
    something to compare.
    """
    costs = []
    with av.open(str(video)) as container:
        for i, frame in enumerate(container.decode(container.streams.video[0])):
            if i + 1 in wanted:
                shown = frame.to_ndarray(format="bgr24")
                scorer.prev_gray = np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY), np.uint8)
            elif i in wanted:
                marks = [time.thread_time()]
                shown = frame.to_ndarray(format="bgr24")
                marks.append(time.thread_time())
                scorer.motion_score(shown)
                marks.append(time.thread_time())
                scorer.embedding_delta(shown)
                marks.append(time.thread_time())
                costs.append(dict(zip(("to BGR", "flow", "embedding"), np.diff(marks).tolist(), strict=True)))
    return costs


def _sound(video: Path) -> NDArray[np.float32]:
    """(M,) float32 mono at SOUND_HZ: what librosa.load(video) returns."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_HZ)
    with av.open(str(video)) as container:
        frames = [
            out for frame in container.decode(container.streams.audio[0]) for out in resampler.resample(frame)
        ]
    return np.concatenate([f.to_ndarray().reshape(-1) for f in [*frames, *resampler.resample(None)]]).astype(
        np.float32
    )


if __name__ == "__main__":
    main()
