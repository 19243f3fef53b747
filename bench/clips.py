"""Clips: whether they show what was asked for, what cutting costs next to the ffmpeg command, and what a
smart cut saves.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench import worlds
from bench.measure import Target, spent, write_result

sys.path.insert(0, str(worlds.REPOSITORY / "tests"))

from media import cutting, test_clip_truth
from momentscan.media.clip import cut_clip
from momentscan.media.encoders import Encoding

ROUNDS = 3
START_S, LENGTH_S = 31.3, 10.0
SMART_S = 60.0
GOP_S = 2.0

CUT = """
import sys
from pathlib import Path
from momentscan.media import open_video
from momentscan.media.clip import cut_clip
with open_video(Path(sys.argv[1])) as video:
    info = video.info
cut_clip(info, float(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[5]), sys.argv[4])
"""
"""A cut in a process of its own. The pass is not part of it: these sources begin at 0, which is all that it
would find.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        matrix = truth_matrix(folder)
        wrong = [row for row in matrix if row["wrong"]]
        late_ms = [
            abs(row["sound_late_ms"]) / row["frame_ms"] for row in matrix if row["sound_late_ms"] is not None
        ]
        targets = [
            Target(
                "cuts whose every frame and sound is right, of the cut truth matrix",
                100.0,
                100 * (1 - len(wrong) / len(matrix)),
                "%",
                at_most=False,
            ),
            Target("cuts in the matrix", 40, len(matrix), "", at_most=False),
            Target("largest offset of sound against picture", 1.0, max(late_ms), "frames"),
        ]
        details: dict[str, Any] = {"matrix": matrix}
        write_result("clips", targets, NOTES, **details)
        exact = against_ffmpeg(folder)
        details["against_ffmpeg"] = exact
        if exact["ratio"] is not None:
            targets.append(
                Target(
                    "CPU of an exact cut / of the ffmpeg command doing the same", 1.15, exact["ratio"], "×"
                )
            )
        write_result("clips", targets, NOTES, **details)
        smart = smart_against_exact(folder)
        details["smart"] = smart
        targets.append(
            Target(
                "CPU of a smart cut / of encoding all of it, 60 s with 2 s between key frames",
                0.3,
                smart["ratio"],
                "×",
            )
        )
        write_result("clips", targets, NOTES, **details)


NOTES = (
    "Matrix: pictures carry their number, noise tells the time of the sound; each source is cut at four "
    "windows, exact, smart and copied (tests/media/test_clip_truth.py "
    "checks the same). CPU: seconds of whole processes, interpreter and imports included, median over "
    "interleaved rounds of the ratio within a round; ffmpeg is this machine's "
    "own, with the same preset, crf, key frame distance and threads."
)


def truth_matrix(folder: Path) -> list[dict[str, Any]]:
    """One row for each cut: what was asked, what was done, by how much the sound is late, and what is wrong
    with it, if anything.
    """
    rows = []
    for name in test_clip_truth.SOURCES:
        truth = test_clip_truth.make(name, folder)
        for window in test_clip_truth.WINDOWS:
            rows += [_row(name, truth, window, how, folder) for how in ("exact", "smart", "copy")]
        print(f"  {name}: {sum(1 for r in rows if r['source'] == name and not r['wrong'])} right", flush=True)
    return rows


def _row(
    name: str, truth: cutting.Truth, window: tuple[float, float], how: str, folder: Path
) -> dict[str, Any]:
    done = cut_clip(truth.info, *window, folder / "clip.mp4", how)
    clip = cutting.read(done.path, truth.turn_deg)
    numbers = [n - truth.first for n in clip.numbers]
    expected = (
        test_clip_truth.wanted(truth, *window)
        if done.how != "copy"
        else test_clip_truth.copied(truth, *window, numbers[-1])
    )
    first_s = float(truth.times_s[numbers[0]])
    late_s = (
        cutting.sound_late_s(clip, truth, first_s)
        if clip.sound is not None and truth.sound_s is not None
        else None
    )
    try:
        test_clip_truth.assert_true(done, truth, expected)
        wrong = ""
    except AssertionError as error:
        wrong = str(error).splitlines()[0] if str(error) else "wrong"
    frame_s = float(median(b - a for a, b in zip(truth.times_s, truth.times_s[1:], strict=False)))
    return {
        "source": name, "window_s": window, "asked": how, "done": done.how, "frames": len(numbers),
        "frame_ms": 1000 * frame_s,
        "sound_late_ms": None if late_s is None else 1000 * late_s, "wrong": wrong,
    }  # fmt: skip


def against_ffmpeg(folder: Path) -> dict[str, Any]:
    """CPU-seconds of an exact cut of 1080p30, ours and the command's."""
    program = shutil.which("ffmpeg")
    if program is None:
        print(
            "  no ffmpeg on this machine: the comparison with it is left out (Debian: apt-get install "
            "ffmpeg)",
            flush=True,
        )
        return {"ratio": None, "why": "no ffmpeg on this machine"}
    source, encoding = worlds.camera_video(), Encoding()
    command = [
        program, "-v", "error", "-y", "-ss", f"{START_S}", "-i", str(source), "-t", f"{LENGTH_S}", "-map",
        "0:v:0", "-map", "0:a:0",
        "-c:v", "libx264", "-preset", encoding.preset, "-crf", f"{encoding.crf:g}", "-g",
        f"{round(30 * encoding.keyframe_s)}",
        "-mbtree", "0", "-threads:v", f"{encoding.threads}", "-c:a", "aac", "-b:a", "96k", "-map_metadata",
        "-1", "-movflags", "+faststart", str(folder / "theirs.mp4"),
    ]  # fmt: skip
    ours = _ours(source, START_S, START_S + LENGTH_S, "exact", folder / "ours.mp4")
    times = _interleaved({"momentscan": lambda: spent(*ours).cpu_s, "ffmpeg": lambda: spent(*command).cpu_s})
    sizes = {name: (folder / f"{name}.mp4").stat().st_size for name in ("ours", "theirs")}
    return {
        "ratio": _ratio(times, "momentscan", "ffmpeg"),
        "cpu_s": times,
        "bytes": sizes,
        "seconds": LENGTH_S,
        "size_px": [1920, 1080],
    }


def smart_against_exact(folder: Path) -> dict[str, Any]:
    """CPU-seconds of both ways to cut 60 s out of 720p30 with a key frame every two seconds."""
    source = worlds.CACHE / "gop2_720p.mp4"
    if not source.is_file():
        whole = cutting.scanned(worlds.camera_video(720))
        cut_clip(whole, 0.0, SMART_S + 10, source, encoding=Encoding(preset="veryfast", keyframe_s=GOP_S))
    ways = {how: _ours(source, 3.3, 3.3 + SMART_S, how, folder / f"{how}.mp4") for how in ("smart", "exact")}
    times = _interleaved({how: _cpu_of(command) for how, command in ways.items()}, rounds=1)
    times["smart"] += [spent(*ways["smart"]).cpu_s for _ in range(ROUNDS - 1)]
    return {
        "ratio": median(times["smart"]) / times["exact"][0],
        "cpu_s": times,
        "seconds": SMART_S,
        "size_px": [1280, 720],
    }


def _cpu_of(command: list[str]) -> Callable[[], float]:
    return lambda: spent(*command).cpu_s


def _ours(source: Path, start_s: float, end_s: float, how: str, to: Path) -> list[str]:
    return [sys.executable, "-c", CUT, str(source), f"{start_s}", f"{end_s}", how, str(to)]


def _interleaved(works: dict[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            found[name].append(work())
            print(f"    round {number + 1}/{rounds}  {name}: {found[name][-1]:.2f} CPU-s", flush=True)
    return found


def _ratio(times: dict[str, list[float]], name: str, base: str) -> float:
    return median(a / b for a, b in zip(times[name], times[base], strict=True))


if __name__ == "__main__":
    main()
