"""Watching what is live: how soon moments harden, whether memory stays flat, and whether a scan of the
recording finds the same.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av

from bench import planted_make
from bench.measure import Target, write_result
from momentscan.disk.windows import read_engine
from momentscan.flows import Event, watch
from momentscan.score.compare import MATCH_S, iou
from momentscan.settings import Settings, load
from momentscan.values import Window

DELAY_S = 6.0
JOINT_S = Fraction(1, 5)
"""Between two turns of a feed, so that the decode times of the next do not reach back into the last."""

SHORT_MIN, LONG_MIN = 5, 30
REAL = ("multi/girl_laughing_full_73s.mp4", "scenes/snowtubing_152s.mp4")
TOLERANCE = {"vector": (0.95, 0.9), "rules": (0.75, 0.75), "saliency": (0.75, 0.6)}
"""engine -> (share of a scan's moments that hardened, share of what hardened that a scan finds) that is
promised.
"""


class Agreement(NamedTuple):
    """Counts over videos: moments of a scan, moments that hardened, and pairs of them (peaks within 1 s, or
    tIoU ≥ 0.3; one to one).
    """

    scan: int = 0
    live: int = 0
    both: int = 0

    def more(self, scan: Sequence[Window], live: Sequence[Window]) -> Agreement:
        free, both = list(scan), 0
        for window in live:
            near = [
                w for w in free if abs(w.peak_s - window.peak_s) <= MATCH_S + 1e-9 or iou(w, window) >= 0.3
            ]
            if near:
                free.remove(min(near, key=lambda w: abs(w.peak_s - window.peak_s)))
                both += 1
        return Agreement(self.scan + len(scan), self.live + len(live), self.both + both)

    @property
    def recall(self) -> float:
        return self.both / self.scan if self.scan else 1.0

    @property
    def precision(self) -> float:
        return self.both / self.live if self.live else 1.0


# ---- the feed ----


def feed(source: Path, target: Path, seconds: float, pace: float, turns: int = 1 << 20) -> None:
    """The packets of `source` over and over as one MPEG-TS (or Matroska, by its name), for so many seconds;
    at `pace` times real time, 0 = as fast as it is taken.

    The instant at which the feed's first second began stands in `target` + ".t0".
    """
    with av.open(str(source)) as container:
        length = Fraction(container.duration or 0, av.time_base) + JOINT_S
    kind = "matroska" if target.suffix == ".mkv" else "mpegts"
    began = time.time()
    Path(f"{target}.t0").write_text(str(began))
    with (
        target.open("wb", buffering=0) as file,
        av.open(_Sink(file), "w", format=kind, options={"flush_packets": "1"}) as out,
    ):
        streams: dict[int, av.stream.Stream] = {}
        turn = 0
        while turn < turns and turn * length < seconds:
            with av.open(str(source)) as container:
                for stream in container.streams:
                    if stream.type in ("video", "audio") and stream.index not in streams:
                        streams[stream.index] = out.add_stream_from_template(stream)
                for packet in container.demux([s for s in container.streams if s.index in streams]):
                    if (
                        packet.pts is None
                        or packet.dts is None
                        or not 0 <= packet.pts * packet.time_base < length
                    ):
                        continue
                    shift = round(turn * length / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    at_s = float(packet.dts * packet.time_base)
                    if at_s > seconds:
                        return
                    if pace:
                        time.sleep(max(0.0, began + at_s / pace - time.time()))
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
            turn += 1


class _Sink:
    """A file that cannot be sought in."""

    def __init__(self, file: Any) -> None:
        self.write = file.write


def _feeding(source: Path, target: Path, seconds: float, pace: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.live", "--feed", str(source), str(target), str(seconds), str(pace)]
    )


# ---- what is measured ----


def delays(source: Path, settings: Settings, folder: Path, seconds: float) -> dict[str, Any]:
    """A file that grows at real time: from the instant at which a peak was written to the instant at which it
    was told to be final.
    """
    growing = folder / "growing.ts"
    growing.touch()
    told: list[tuple[float, Event]] = []
    writer = _feeding(source, growing, seconds, 1.0)
    watch(str(growing), settings, lambda event: told.append((time.time(), event)))
    writer.wait()
    began = float(Path(f"{growing}.t0").read_text())
    last_s = told[-1][1].at_s
    warm_s = 30.0
    rows = [
        (
            event.told["engine"],
            event.told["peak_ms"] / 1000,
            event.at_s - event.told["peak_ms"] / 1000,
            at - began - event.told["peak_ms"] / 1000,
        )
        for at, event in told
        if event.kind == "hardened"
        and warm_s - DELAY_S + 2 <= event.told["peak_ms"] / 1000
        and event.at_s < last_s - 1.5
    ]
    for engine, peak_s, feed_s, wall_s in rows:
        print(
            f"    {engine} peak {peak_s:.1f} s: final {feed_s:.2f} s later on the feed's clock, "
            f"{wall_s:.2f} s on the wall",
            flush=True,
        )
    return {
        "moments": len(rows),
        "feed_s_most": max(r[2] for r in rows),
        "wall_s_most": max(r[3] for r in rows),
        "wall_s_median": statistics.median(r[3] for r in rows),
    }


def memory(source: Path, models: Path | None, folder: Path) -> dict[str, Any]:
    """Half an hour through a pipe, as fast as it is taken: peak memory after 5 and after 30 minutes, in a
    fresh process.
    """
    pipe, note = folder / "pipe.ts", folder / "memory.json"
    os.mkfifo(pipe)
    seen = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "bench.live",
            "--watch",
            str(pipe),
            str(folder / "out"),
            str(models or ""),
            str(note),
        ]
    )
    writer = _feeding(source, pipe, LONG_MIN * 60.0, 0.0)
    if seen.wait() or writer.wait():
        raise RuntimeError("watching the long feed failed")
    return dict(json.loads(note.read_text()))


def _watch_for_memory(source: str, output: str, models: str, note: str) -> None:
    """In a process of its own: peak memory by minute of the feed."""
    peaks: dict[int, float] = {}
    began = time.perf_counter()

    def on_progress(step: Any) -> None:
        if step.stage == "watching":
            peaks[int(step.done // 60)] = peak_mb()

    settings = _settings(Path(output), Path(models) if models else None)
    outcome = watch(source, settings, on_progress=on_progress)
    watched_s = time.perf_counter() - began
    found = {
        "peak_mb_5_min": peaks[SHORT_MIN - 1],
        "peak_mb_30_min": peaks[max(peaks)],
        "peak_mb_at_the_end": peak_mb(),
        "x_realtime": outcome.duration_s / watched_s,
        "feed_s": outcome.duration_s,
        "moments": {name: engine.moments for name, engine in outcome.engines.items()},
        "by_minute": peaks,
    }
    Path(note).write_text(json.dumps(found))


def peak_mb() -> float:
    """Of this process so far (VmHWM)."""
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def agreement(videos: Sequence[Path], settings: Settings, folder: Path) -> dict[str, Agreement]:
    """engine -> what hardened while each video was watched, against what a scan of it finds."""
    found: dict[str, Agreement] = {}
    for video in videos:
        hardened: dict[str, list[Window]] = {}

        def on_event(event: Event, hardened: dict[str, list[Window]] = hardened) -> None:
            if event.kind == "hardened":
                spans = (event.told[f"{name}_ms"] / 1000 for name in ("start", "end", "peak"))
                hardened.setdefault(event.told["engine"], []).append(Window(*spans))

        recording = folder / f"{video.stem}.mkv"  # which carries any codec
        folder.mkdir(exist_ok=True)
        feed(video, recording, 3600.0, 0.0, turns=1)
        outcome = watch(
            str(recording), settings.replace(output=folder, turned={"live.still_s": 0.5}), on_event
        )
        for (
            engine
        ) in outcome.engines:  # the log is that of a scan (tests/flows/test_live.py), and so are these files
            said = read_engine(Path(outcome.folder) / f"highlight_{engine}")
            assert said is not None
            found[engine] = found.get(engine, Agreement()).more(said.windows, hardened.get(engine, []))
        print(
            f"    {video.stem}: " + ", ".join(f"{e} {a.both}/{a.scan} of {a.live}" for e, a in found.items()),
            flush=True,
        )
    return found


def _targets(
    delay: Mapping[str, Any] | None,
    flat: Mapping[str, Any] | None,
    planted: Mapping[str, Agreement],
    real: Mapping[str, Agreement],
) -> list[Target]:
    targets = []
    if delay is not None:
        targets.append(
            Target(
                "from peak to hardened, at real time, on the wall, the longest",
                DELAY_S,
                delay["wall_s_most"],
                "s",
            )
        )
    if flat is not None:
        targets.append(
            Target(
                "peak memory after 30 min / 5 min", 1.1, flat["peak_mb_30_min"] / flat["peak_mb_5_min"], "×"
            )
        )
    for where, found in (("planted", planted), ("real", real)):
        for engine, one in found.items():
            recall, precision = TOLERANCE.get(engine, (0.0, 0.0))
            if one.scan >= 5:
                targets.append(
                    Target(
                        f"{where}, {engine}: share of a scan's moments that hardened",
                        recall,
                        one.recall,
                        "",
                        at_most=False,
                    )
                )
                targets.append(
                    Target(
                        f"{where}, {engine}: share of what hardened that a scan finds",
                        precision,
                        one.precision,
                        "",
                        at_most=False,
                    )
                )
    return targets


def _settings(output: Path, models: Path | None = None) -> Settings:
    """All engines; no stills and no packs, which are no part of watching."""
    return load(output=output, models=models, stills=False, identity=False)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if options.feed:
        source, target, seconds, pace = options.feed
        return feed(Path(source), Path(target), float(seconds), float(pace))
    if options.watch:
        return _watch_for_memory(*options.watch)
    media = Path(os.environ["MOMENTSCAN_MEDIA"]) if os.environ.get("MOMENTSCAN_MEDIA") else None
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        made = planted_make.make(options.keep or folder / "planted", options.n, 0, media, workers=2)
        settings = _settings(folder / "scans")
        videos = [m.video for m in made]
        delay = delays(videos[1], settings.replace(output=folder / "delay"), folder, options.seconds)
        print(f"    {delay}", flush=True)
        flat = memory(videos[1], settings.models, folder)
        print(f"    {flat}", flush=True)
        planted = agreement(videos, settings, folder / "planted_live")
        real = agreement([media / name for name in REAL], settings, folder / "real_live") if media else {}
    write_result(
        "live",
        _targets(delay, flat, planted, real),
        _notes(len(made), options.seconds),
        delay=delay,
        memory=flat,
        agreement={
            where: {e: a._asdict() for e, a in found.items()}
            for where, found in (("planted", planted), ("real", real))
        },
    )
    return None


def _notes(n: int, seconds: float) -> str:
    return (
        "Delay: a minute with planted moments as a transport stream, over and over, written to a file "
        f"packet by packet at real time for {seconds:.0f} s "
        f"while it is watched; moments after the warm-up. Memory: VmHWM of the process while {LONG_MIN} "
        "minutes of the same come through a pipe as fast as "
        f"they are taken. Agreement: {n} planted minutes and two real videos, watched at once; a moment "
        "of a scan hardened where peaks are within 1 s or "
        "tIoU ≥ 0.3, one to one. What hardened was judged without what came later, so that a share of it "
        "is not found by a scan: a record that was broken later."
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    kept = os.environ.get("MOMENTSCAN_PLANTED")
    parser.add_argument(
        "--keep",
        type=Path,
        default=Path(kept) if kept else None,
        help="folder of planted videos to make and use again",
    )
    parser.add_argument("-n", type=int, default=30, help="planted videos, every fifth calm")
    parser.add_argument("--seconds", type=float, default=150.0, help="how long the delay is measured")
    parser.add_argument(
        "--feed", nargs=4, metavar=("SOURCE", "TARGET", "SECONDS", "PACE"), help=argparse.SUPPRESS
    )
    parser.add_argument(
        "--watch", nargs=4, metavar=("SOURCE", "OUTPUT", "MODELS", "NOTE"), help=argparse.SUPPRESS
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
