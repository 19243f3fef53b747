"""What looking at faces costs: x realtime of `scan` on two minutes of 1080p with one and two real faces,
stage by stage, and each lever.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench import worlds
from bench.cheap_pass import _about, _decode, _Tallied, _tallied_decode, _Tally
from bench.measure import RESULTS, SOURCE, Spent, Target, momentscan, spent, write_result
from momentscan import flows
from momentscan.assembly.models import open_models
from momentscan.assembly.perceivers import build_perceivers
from momentscan.media import open_video
from momentscan.media.render import write_video
from momentscan.models.embedders import Descriptor, Network
from momentscan.perceive import process_batches
from momentscan.settings import Settings, load

Image = NDArray[np.uint8]

LENGTH_S = 120
FPS, PIECE_S = worlds.FPS, worlds.PIECE_S
FACES = {"one face": ("faces/lp_s32.mp4",), "two faces": ("faces/lp_s32.mp4", "faces/lp_s18.mp4")}
PANEL_HW = {"one face": (700, 1120), "two faces": (640, 800)}
"""Size of a person's picture within the frame: a face is then 200 to 300 px high, as in a selfie ride camera.
"""
BITS_PER_S = 8e6


# ---- the videos ----


def ride_video(people: str, media: Path, seconds: int = LENGTH_S) -> Path:
    """1080p30 H.264 (x264 medium, 8 Mbit/s) with AAC sound: a piece of 24 s of real faces before a shaking,
    passing background, repeated.
    """
    path = worlds.CACHE / f"ride_{people.split()[0]}_{seconds}s.mp4"
    if not path.is_file():
        worlds.CACHE.mkdir(exist_ok=True)
        piece = worlds.CACHE / f"ride_{people.split()[0]}_piece.mp4"
        if not piece.is_file():
            part = piece.with_name(f".part_{piece.name}")
            bits = {
                "preset": "medium",
                "b": str(round(BITS_PER_S)),
                "maxrate": str(round(1.5 * BITS_PER_S)),
                "bufsize": str(round(2 * BITS_PER_S)),
            }
            write_video(part, _ride(people, media), FPS, worlds._heard(), worlds.SOUND_HZ, options=bits)
            part.replace(piece)
        worlds.repeated(piece, path, round(seconds / PIECE_S), PIECE_S)
    return path


def _ride(people: str, media: Path) -> Iterator[Image]:
    height, width = 1080, 1920
    rng = np.random.default_rng(7)
    scene = worlds.texture(1400, 2500, 11)
    noise = worlds.noise_bank(rng, height, width, sigma=2.5)
    panel = PANEL_HW[people]
    clips = [_there_and_back(media / name, panel) for name in FACES[people]]
    soft = _soft_edge(panel)
    for i in range(round(PIECE_S * FPS)):
        time_s = i / FPS
        x = 270 * (1 + np.sin(time_s * 0.9)) + 6 * worlds._tremor(time_s, 0.0)
        y = 150 * (1 + np.cos(time_s * 0.7)) + 6 * worlds._tremor(time_s, 1.0)
        frame = worlds.view(scene, x, y, height, width)
        for k, clip in enumerate(clips):
            middle = (k + 0.5) * width / len(clips) + 14 * np.sin(time_s * 1.3 + k)
            top = (
                height - panel[0] - 60 + round(10 * np.sin(time_s * 2.1 + k) + 4 * worlds._tremor(time_s, k))
            )
            left = round(middle - panel[1] / 2)
            region = frame[top : top + panel[0], left : left + panel[1]]
            region[:] = (region + soft * (next(clip).astype(np.float32) - region)).astype(np.uint8)
        yield worlds.noisy(frame, noise[i % len(noise)])


def _there_and_back(path: Path, panel_hw: tuple[int, int]) -> Iterator[Image]:
    """The clip's middle in the panel's shape, forwards and backwards for ever, without a jump."""
    with av.open(str(path)) as container:
        frames = [_filling(f.to_ndarray(format="rgb24"), panel_hw) for f in container.decode(video=0)]
    yield from itertools.cycle(frames + frames[-2:0:-1])


def _filling(frame: Image, panel_hw: tuple[int, int]) -> Image:
    height, width = frame.shape[:2]
    scale = max(panel_hw[0] / height, panel_hw[1] / width)
    h, w = round(panel_hw[0] / scale), round(panel_hw[1] / scale)
    cut = frame[(height - h) // 2 : (height - h) // 2 + h, (width - w) // 2 : (width - w) // 2 + w]
    return np.asarray(cv2.resize(cut, panel_hw[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def _soft_edge(hw: tuple[int, int], px: int = 40) -> NDArray[np.float32]:
    """(H,W,1) in [0, 1]: a panel that melts into what is behind it."""
    y, x = (np.minimum(np.arange(n), np.arange(n)[::-1]) / px for n in hw)
    return np.clip(np.minimum(y[:, None], x[None]), 0, 1).astype(np.float32)[:, :, None]


# ---- the networks ----


def network_folders(models: Path) -> dict[str, Path]:
    """Embedder as it is called here -> folder of weights: the real ones, with a ViT-S/14 of random weights
    and free sizes, or fixed to 224.
    """
    folders = {"descriptor": models, "mobilenet": models}
    for name, build in (("vit-s/14 at 112", _free_vit), ("vit-s/14 at 224", _fixed_vit)):
        folder = worlds.CACHE / f"models_{name[-3:]}"
        folder.mkdir(parents=True, exist_ok=True)
        for file in models.iterdir():
            link = folder / file.name
            if not link.exists():
                link.symlink_to(file.resolve())
        path = folder / "dinov2-vits14.onnx"
        if not path.is_file():
            build(path)
        folders[name] = folder
    return folders


def _nets() -> Any:
    spec = importlib.util.spec_from_file_location("nets", worlds.REPOSITORY / "tests" / "nets.py")
    assert spec is not None
    assert spec.loader is not None
    nets = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nets)
    return nets


def _fixed_vit(path: Path) -> None:
    nets = _nets()
    nets.build_vit(path, "dinov2", **nets.FULL["dinov2"])


def _free_vit(path: Path) -> None:
    """ViT-S/14 as its export for any size is: places learnt for 37 x 37 patches (518 px) are interpolated to
    those of the picture.
    """
    from onnx import TensorProto, helper

    nets = _nets()
    dim, depth, heads, hidden, patch, grid = 384, 12, 6, 1536, 14, 37

    class Free(nets._Net):  # type: ignore[misc, name-defined]
        def heads(self, x: str, n: int, dim: int, heads: int, perm: list[int]) -> str:
            return str(
                self.add(
                    "Transpose", [self.add("Reshape", [x, self.ints(0, -1, heads, dim // heads)])], perm=perm
                )
            )

        def attention(self, query: str, n_query: int, x: str, n: int, dim: int, heads: int) -> str:
            q = self.heads(self.linear(query, dim, dim), 0, dim, heads, [0, 2, 1, 3])
            k = self.heads(self.linear(x, dim, dim), 0, dim, heads, [0, 2, 3, 1])
            v = self.heads(self.linear(x, dim, dim), 0, dim, heads, [0, 2, 1, 3])
            scale = self.const(np.float32((dim // heads) ** -0.5).reshape(()))
            share = self.add("Softmax", [self.add("Mul", [self.add("MatMul", [q, k]), scale])], axis=-1)
            mixed = self.add("Transpose", [self.add("MatMul", [share, v])], perm=[0, 2, 1, 3])
            return str(self.linear(self.add("Reshape", [mixed, self.ints(0, -1, dim)]), dim, dim))

    net = Free(0)
    patches = net.add(
        "Conv",
        ["pixel_values", net.random(dim, 3, patch, patch)],
        strides=[patch, patch],
        kernel_shape=[patch, patch],
    )
    rows_cols = net.add("Slice", [net.add("Shape", [patches]), net.ints(2), net.ints(4)])
    sizes = net.add("Concat", [net.ints(1, dim), rows_cols], axis=0)
    places = net.add(
        "Resize",
        [net.random(1, dim, grid, grid), "", "", sizes],
        mode="cubic",
        coordinate_transformation_mode="half_pixel",
    )
    flat = [
        net.add("Transpose", [net.add("Reshape", [x, net.ints(0, dim, -1)])], perm=[0, 2, 1])
        for x in (patches, places)
    ]
    x = net.add("Add", flat)
    x = net.add("Concat", [net.repeated(net.random(1, 1, dim), x, dim), x], axis=1)
    for _ in range(depth):
        x = net.block(x, 0, dim, heads, hidden, "dinov2")
    net.add("Identity", [net.norm(x, dim)], "last_hidden_state")
    pixels = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, "height", "width"])
    tokens = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", dim])
    nets.save(path, helper.make_graph(net.nodes, "dinov2", [pixels], [tokens], net.weights))


def _embedder(name: str) -> str:
    return "dinov2" if name.startswith("vit") else name


# ---- whole scans, in processes of their own ----


@dataclass(frozen=True)
class Whole:
    """One command: what it took, and what others took of the same processors meanwhile."""

    cpu_s: float
    wall_s: float
    others_s: float

    def row(self, seconds: float) -> dict[str, float]:
        return {
            "cpu_s": self.cpu_s,
            "wall_s": self.wall_s,
            "x_realtime": seconds / self.wall_s,
            "others_cpu_s": self.others_s,
        }


def _whole(name: str, run: Callable[[], Spent], patience_s: float) -> Whole:
    _wait_for_quiet(patience_s)
    busy = _busy_s()
    found = run()
    others = max(0.0, _busy_s() - busy - found.cpu_s)
    print(f"    {name}: {found.cpu_s:.1f} CPU-s, {found.wall_s:.1f} s, others {others:.1f} CPU-s", flush=True)
    return Whole(found.cpu_s, found.wall_s, others)


def _busy_s(niced: bool = True) -> float:
    """CPU-seconds that all cores have worked for anybody, those at low priority too or not; 0 where Linux
    does not tell.
    """
    path = Path("/proc/stat")
    if not path.is_file():
        return 0.0
    user, nice, system, _, _, irq, softirq, *_ = (int(n) for n in path.read_text().split()[1:9])
    return (user + nice * niced + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _wait_for_quiet(patience_s: float) -> None:
    """Until others of the same priority take less than a tenth of a core, for as long as the patience
    lasts.
    """
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        busy = _busy_s(niced=False)
        time.sleep(5)
        if _busy_s(niced=False) - busy < 0.5:
            return


def _scan(video: Path, embedder: str, folder: Path, *options: str) -> Spent:
    with tempfile.TemporaryDirectory() as output:
        return momentscan(
            "scan", video, "-o", output, "--embedder", _embedder(embedder), "--models", folder, *options
        )


def _decode_alone(video: Path) -> Spent:
    """All frames in a fresh process, as the product reads them: PyAV, thread_type AUTO."""
    code = "import av, sys; c = av.open(sys.argv[1]); s = c.streams.video[0]; s.thread_type = 'AUTO'; print(sum(1 for _ in c.decode(s)))"  # noqa: E501
    return spent(sys.executable, "-c", code, video)


def wholes(
    videos: Mapping[str, Path],
    folders: Mapping[str, Path],
    seconds: int,
    rounds: int,
    patience_s: float,
    brief: bool,
) -> dict[str, dict[str, Any]]:
    """ "people, embedder" -> CPU, wall clock and x realtime. The rows with targets in `rounds` rounds beside
    decoding, the others once.
    """
    again = [("one face", "mobilenet"), ("one face", "vit-s/14 at 112")]
    once = [
        ("one face", "descriptor"),
        ("one face", "vit-s/14 at 224"),
        ("two faces", "mobilenet"),
        ("two faces", "vit-s/14 at 112"),
    ]
    seen: dict[str, list[Whole]] = {}

    def look(people: str, embedder: str, *options: str) -> None:
        name = ", ".join([people, embedder, *options])
        seen.setdefault(name, []).append(
            _whole(name, lambda: _scan(videos[people], embedder, folders[embedder], *options), patience_s)
        )

    def decode(people: str) -> None:
        name = f"{people}, decoding alone"
        seen.setdefault(name, []).append(_whole(name, lambda: _decode_alone(videos[people]), patience_s))

    for _ in range(rounds):
        decode("one face")
        for people, embedder in again:
            look(people, embedder)
    if not brief:
        decode("two faces")
        for people, embedder in once:
            look(people, embedder)
        look("one face", "mobilenet", "--decode=fast")
    return {
        name: _told(runs, seen[f"{name.partition(',')[0]}, decoding alone"], seconds)
        for name, runs in seen.items()
    }


def _told(runs: Sequence[Whole], base: Sequence[Whole], seconds: int) -> dict[str, Any]:
    """The ratio to decoding is the median over rounds of the ratio within a round; where there was one run
    only, to decoding's median.
    """
    pairs = zip(runs, base, strict=True) if len(runs) == len(base) else ((r, None) for r in runs)
    usual = statistics.median(b.cpu_s for b in base)
    return {
        "x_realtime_best": max(seconds / r.wall_s for r in runs),
        "x_realtime_median": statistics.median(seconds / r.wall_s for r in runs),
        "cpu_of_decoding": statistics.median(r.cpu_s / (b.cpu_s if b else usual) for r, b in pairs),
        "runs": [r.row(seconds) for r in runs],
    }


# ---- stage by stage, in one thread ----


@dataclass(frozen=True)
class Pass:
    """One pass without the thread that decodes ahead. `whole_s` are CPU-seconds of the process, the decoder's
    threads with it.
    """

    whole_s: float
    stages: Mapping[str, float]
    inside: Mapping[str, float]

    @property
    def faces_s(self) -> float:
        """Detection and tracking, Face-ID included."""
        return self.stages["perceive.faces"] + self.stages["perceive.tracks"]


def one_pass(video: Path, settings: Settings) -> Pass:
    tally, inside = _Tally(), _Tally()
    models = open_models(settings)
    parts = [
        (models.detector, "detect", "detector"),
        (models.face_id, "embed", "Face-ID"),
        (models.get("landmarks"), "look", "landmarks"),
        (models.get("body_pose"), "look", "body pose"),
        (models.embedder, "embed", "embedder, whole frames"),
        (models.embedder, "embed_crops", "embedder, crops"),
    ]
    for model, name, what in parts:
        if model is not None:
            setattr(model, name, inside.timed(what, getattr(model, name)))
    perceivers: list[Any] = [_Tallied(p, tally) for p in build_perceivers(settings, models)]
    began = time.process_time()
    with _tallied_decode(tally), open_video(video) as opened:
        short_side_px = max(p.short_side_px for p in perceivers)
        for _ in process_batches(opened.batches(settings.stage("sampling"), short_side_px), perceivers):
            pass
    whole = time.process_time() - began
    rows = dict(sorted(tally.seconds.items(), key=lambda row: -row[1]))
    if isinstance(models.embedder, Descriptor):  # its embed_crops calls embed
        inside.seconds["embedder, whole frames"] -= inside.seconds["embedder, crops"]
    rows["decoding, and the loop around it"] = whole - sum(rows.values())
    return Pass(whole, rows, inside.seconds)


def _decode_here(video: Path) -> float:
    began = time.process_time()
    _decode(video)
    return time.process_time() - began


VARIANTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "as it is (mobilenet)": ("mobilenet", {}),
    "detector at 320 px": ("mobilenet", {"faces": {"long_side_px": 320}}),
    "faces at 3 Hz": ("mobilenet", {"faces": {"hz": 3.0}}),
    "faces at 10 Hz": ("mobilenet", {"faces": {"hz": 10.0}}),
    "crops at events only": ("mobilenet", {"crops": {"mode": "events"}}),
    "decode fast": ("mobilenet", {"decode": "fast"}),
    "no landmarks network": ("mobilenet", {"landmarks": "none"}),
    "no body pose": ("mobilenet", {"body_pose": "none"}),
    "no Face-ID": ("mobilenet", {"face_id": "none"}),
    "descriptor": ("descriptor", {}),
    "no faces at all": ("mobilenet", {"detector": "none"}),
    "vit-s/14 at 112": ("vit-s/14 at 112", {}),
    "vit-s/14 at 112, faces at 3 Hz": ("vit-s/14 at 112", {"faces": {"hz": 3.0}}),
    "vit-s/14 at 112, crops at events only": ("vit-s/14 at 112", {"crops": {"mode": "events"}}),
    "vit-s/14 at 224": ("vit-s/14 at 224", {}),
}
"""What of performance.md's levers can be pulled; each against the first of its embedder."""


def passes(
    video: Path, folders: Mapping[str, Path], names: Sequence[str], rounds: int
) -> dict[str, dict[str, Any]]:
    """Variant -> medians of CPU over decoding alone (same round, same process); every round goes through all
    of them.
    """
    base: list[float] = []
    seen: dict[str, list[Pass]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as output:
        for _ in range(rounds):
            base.append(_decode_here(video))
            for name in names:
                embedder, knobs = VARIANTS[name]
                settings = load(
                    output=Path(output), models=folders[embedder], embedder=_embedder(embedder), **knobs
                )
                seen[name].append(one_pass(video, settings))
                print(f"    {name}: {seen[name][-1].whole_s / base[-1]:.2f} x decoding", flush=True)
    return {name: _pass_row(found, base) for name, found in seen.items()}


def _pass_row(found: Sequence[Pass], base: Sequence[float]) -> dict[str, Any]:
    def median(values: Sequence[float]) -> float:
        return statistics.median(v / b for v, b in zip(values, base, strict=True))

    return {
        "of_decoding": median([p.whole_s for p in found]),
        "detection_and_tracking_of_decoding": median([p.faces_s for p in found])
        if "perceive.faces" in found[0].stages
        else 0.0,
        "stages_of_decoding": {stage: median([p.stages[stage] for p in found]) for stage in found[0].stages},
        "networks_of_decoding": {what: median([p.inside[what] for p in found]) for what in found[0].inside},
        "decoding_cpu_s": list(base),
    }


def levers(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Variant -> what it saves, as a share of decoding alone and of the pass that it changes."""
    first: dict[str, str] = {}
    for name in rows:
        first.setdefault(VARIANTS[name][0], name)
    saved = {}
    for name, row in rows.items():
        against = first["vit-s/14 at 112" if VARIANTS[name][0].startswith("vit") else "mobilenet"]
        if name != against:
            before = rows[against]["of_decoding"]
            saved[name] = {
                "saves_of_decoding": before - row["of_decoding"],
                "saves_of_pass": 1 - row["of_decoding"] / before,
            }
    return saved


# ---- nothing twice ----


def embedded_twice(video: Path, embedder: str, folder: Path) -> dict[str, dict[str, int]]:
    """Network -> pictures that went into it during a scan with all engines and a second verdict, and how many
    of them were different.

    The video must not repeat itself.
    """
    calls: Counter[tuple[str, bytes]] = Counter()

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(self: Any, picture: NDArray[Any]) -> Any:
            calls[self.name, hashlib.sha1(picture.tobytes()).digest()] += 1
            return function(self, picture)

        return wrapped

    with tempfile.TemporaryDirectory() as output, ExitStack() as stack:
        settings = load(output=Path(output), models=folder, embedder=_embedder(embedder))
        for owner in (Network, Descriptor):
            stack.enter_context(patch.object(owner, "_one", counted(owner._one)))
        outcome = flows.scan(video, settings)
        scanned = sum(calls.values())
        flows.find(Path(outcome.folder), settings)
        found = {"calls_by_find": {"all": sum(calls.values()) - scanned}}
        signals = flows.load(Path(outcome.folder))
        wanted = {"vision rows": len(signals["vision.time_s"]), "crop rows": len(signals["crops.time_s"])}
    names = sorted({name for name, _ in calls})
    found |= {
        n: {
            "calls": sum(c for (m, _), c in calls.items() if m == n),
            "different": sum(m == n for m, _ in calls),
        }
        for n in names
    }
    return {**found, "log": wanted}


# ---- Python's own share ----


def python_share(video: Path, embedder: str, folder: Path) -> dict[str, float] | None:
    """Where the processor is in a whole scan, start and report included, by the library of the instruction;
    None without Linux's perf.
    """
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "perf.data"
        scan = (
            sys.executable,
            "-m",
            "momentscan",
            "scan",
            video,
            "-o",
            Path(place) / "out",
            "--embedder",
            _embedder(embedder),
        )
        try:
            command = [
                "perf",
                "record",
                "-q",
                "-F",
                "199",
                "-e",
                "cpu-clock",
                "-o",
                data,
                "--",
                *scan,
                "--models",
                folder,
            ]
            subprocess.run(list(map(str, command)), check=True, capture_output=True)
            report = subprocess.run(
                ["perf", "report", "-i", str(data), "--sort", "dso", "--stdio", "-q"],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"    perf does not run here: {error}", flush=True)
            return None
    return by_kind(report)


LIBRARIES = {
    "python interpreter": ("libpython", "python3"),
    "numpy": ("_multiarray_umath", "openblas", "_umath_linalg"),
    "decoder (FFmpeg)": ("libav", "libsw", "libx264", "libdav1d"),
    "onnx runtime": ("onnxruntime",),
    "litert": ("ai_edge", "litert", "tflite", "_pywrap"),
    "opencv": ("cv2",),
    "kernel": ("[kernel", "[vdso]"),
}


def by_kind(report: str) -> dict[str, float]:
    """perf's table of libraries -> share of each kind."""
    shares: dict[str, float] = {}
    for line in report.splitlines():
        share, _, library = line.strip().partition("%")
        if library and share.replace(".", "").isdigit():
            kind = next(
                (k for k, parts in LIBRARIES.items() if any(p in library for p in parts)),
                "other (libc, scipy, arrow, ...)",
            )
            shares[kind] = shares.get(kind, 0.0) + float(share) / 100
    return dict(sorted(shares.items(), key=lambda row: -row[1]))


# ---- what the levers cost in recall ----


RECALL_KNOBS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "crops at events only": {"crops": {"mode": "events"}},
    "faces at 3 Hz": {"faces": {"hz": 3.0}},
    "faces at 10 Hz": {"faces": {"hz": 10.0}},
    "detector at 320 px": {"faces": {"long_side_px": 320}},
    "decode fast": {"decode": "fast"},
}


def recall(planted: Path, models: Path, n: int, names: Sequence[str]) -> dict[str, Any]:
    """Lever -> recall at K of the vector engine on the first `n` eventful planted videos, over all kinds and
    of expressions.
    """
    from bench import planted as figure

    made = [m for m in figure.read(planted) if not m.calm][:n]
    found = {}
    for name in names:
        knobs = RECALL_KNOBS[name]
        with tempfile.TemporaryDirectory() as output:
            settings = load(
                output=Path(output),
                models=models,
                embedder="mobilenet",
                stills=False,
                engine="vector",
                **knobs,
            )
            videos = figure.scanned(made, settings)
            scores = [figure.score(figure.judged(s, "vector", {}), m) for m, s in videos]
            fresh = [s["crops.fresh"] for _, s in videos]
            row = figure.row(scores)
        found[name] = {
            "recall_at_k": row["recall_at_k"],
            "recall_at_k_95": row["recall_at_k_95"],
            "recall_at_k_by_kind": row["recall_at_k_by_kind"],
            "distractors_among_picks": row["distractors_among_picks"],
            "precision": row["precision"],
            "crops_embedded": float(np.mean(np.concatenate(fresh))),
        }
        print(f"    {name}: R@K {row['recall_at_k']:.3f}, {row['recall_at_k_by_kind']}", flush=True)
    return {"videos": len(made), "embedder": "mobilenet", "levers": found}


# ---- the figure ----


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    folder, weights = (os.environ.get(f"MOMENTSCAN_{what}") for what in ("MEDIA", "MODELS"))
    if not folder or not weights:
        print(
            "  needs MOMENTSCAN_MEDIA and MOMENTSCAN_MODELS (a drawn face is none to the detector): "
            "nothing was measured, the last result stands"
        )
        return
    media = Path(folder)
    folders = network_folders(Path(weights))
    videos = {people: ride_video(people, media, options.seconds) for people in FACES}
    pieces = {people: ride_video(people, media, round(PIECE_S)) for people in FACES}
    seen = _seen_before()
    if "scans" in options.parts:
        seen["scans"] = seen.get("scans", {}) | wholes(
            videos, folders, options.seconds, options.rounds, options.patience, options.brief
        )
        seen["scans_of_s"], seen["videos"] = (
            options.seconds,
            {people: _about(path) for people, path in videos.items()},
        )
    if "stages" in options.parts:
        seen["stages"] = {"one face": passes(pieces["one face"], folders, list(VARIANTS), options.rounds)}
        seen["stages"]["two faces"] = passes(
            pieces["two faces"], folders, ["as it is (mobilenet)", "vit-s/14 at 112"], options.rounds
        )
        seen["levers"] = levers(seen["stages"]["one face"])
    if "counts" in options.parts:
        seen["embedded"] = {
            f"{people}, {embedder}": embedded_twice(pieces[people], embedder, folders[embedder])
            for people, embedder in (
                ("one face", "mobilenet"),
                ("two faces", "mobilenet"),
                ("one face", "descriptor"),
            )
        }
    if "python" in options.parts:
        seen["processor"] = {
            f"{people}, {embedder}": python_share(videos[people], embedder, folders[embedder])
            for people, embedder in (("one face", "mobilenet"), ("two faces", "mobilenet"))
        }
    if "recall" in options.parts and options.planted:
        seen["recall"] = recall(options.planted, Path(weights), options.n, options.levers)
    done = [part for part in options.parts if part != "recall" or options.planted]
    seen["measured_with"] = seen.get("measured_with", {}) | dict.fromkeys(done, SOURCE)
    write_result("faces_speed", targets(seen), NOTES, **seen)


PARTS = ("scans", "stages", "counts", "python", "recall")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faces_speed", description=__doc__)
    kept = os.environ.get("MOMENTSCAN_PLANTED")
    parser.add_argument(
        "--seconds", type=int, default=LENGTH_S, help=f"length of the video, a multiple of {PIECE_S:g}"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--patience",
        type=float,
        default=0.0,
        help="seconds to wait for a quiet machine before each whole scan",
    )
    parser.add_argument("--brief", action="store_true", help="only those whole scans that have a target")
    parser.add_argument(
        "--parts", type=lambda text: text.split(","), default=list(PARTS), help=", ".join(PARTS)
    )
    parser.add_argument(
        "--planted",
        type=Path,
        default=Path(kept) if kept else None,
        help="folder of bench.planted, for the levers' recall",
    )
    parser.add_argument(
        "--levers",
        type=lambda text: text.split(","),
        default=list(RECALL_KNOBS),
        help="whose recall is measured: " + ", ".join(RECALL_KNOBS),
    )
    parser.add_argument("-n", type=int, default=12, help="planted videos")
    return parser.parse_args(arguments)


def _seen_before() -> dict[str, Any]:
    """What parts measured earlier, so that one part can be measured again."""
    path = RESULTS / "faces_speed.json"
    before = json.loads(path.read_text()) if path.is_file() else {}
    return {name: before[name] for name in DETAILS if name in before}


DETAILS = (
    "measured_with",
    "videos",
    "scans_of_s",
    "scans",
    "stages",
    "levers",
    "embedded",
    "processor",
    "recall",
)


def targets(seen: Mapping[str, Any]) -> list[Target]:
    """The promises of those parts that were measured."""
    found: list[Target] = []
    if "scans" in seen:
        found += [
            Target(
                f"scan, {name}: x realtime",
                at_least,
                seen["scans"][name]["x_realtime_best"],
                "×",
                at_most=False,
            )
            for name, at_least in (("one face, mobilenet", 2.0), ("one face, vit-s/14 at 112", 1.2))
        ]
    if "stages" in seen:
        row = seen["stages"]["one face"]["as it is (mobilenet)"]
        found.append(
            Target(
                "one face: detection, tracking and Face-ID / decoding alone",
                0.35,
                row["detection_and_tracking_of_decoding"],
                "×",
            )
        )
    if "embedded" in seen:
        again = sum(
            n["calls"] - n["different"]
            for counts in seen["embedded"].values()
            for n in counts.values()
            if "different" in n
        )
        found.append(Target("pictures embedded twice", 0, again, ""))
    share = (seen.get("processor") or {}).get("one face, mobilenet")
    if share:
        found.append(
            Target(
                "one face, mobilenet: the interpreter's share of the processor's time",
                0.10,
                share["python interpreter"],
                "",
            )
        )
    return found


NOTES = (
    "1080p30 H.264 (x264 medium, 8 Mbit/s), real faces 200 to 300 px high before a shaking, passing "
    "background with sensor noise; a piece of 24 s "
    "repeated. `scans`: the command in a fresh process, start, stills of all engines and report included; "
    "x realtime is the best of the runs, since other "
    "work shared the two cores (`others_cpu_s` meanwhile), ratios of CPU are medians within a round. "
    "`stages` and `levers`: the piece of 24 s once, without the thread "
    "that decodes ahead, CPU-seconds of the calling thread per stage over decoding alone of the same "
    "round; `networks` are inside the stages. ViT-S/14 has "
    "random weights; the one at 112 sees whole frames at 224, twice a second. `embedded`: hashes of what "
    "went into each network during a scan with all "
    "engines, and during a second verdict. `processor`: Linux perf, 199 Hz of CPU clock over the whole "
    "command, by the library of the instruction at which "
    "a sample was taken; Python's own share is that of libpython. `measured_with`: the digest of the "
    "source that each part was last measured with."
)


if __name__ == "__main__":
    main()
