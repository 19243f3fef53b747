"""Edges of clips: none inside a word of real speech, and on the frame of the cut where a cut was chosen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure import Target, write_result
from bench.scene_cuts import MARKED, WITHIN_S, ours
from bench.words_of_jfk import words
from momentscan.media import open_video
from momentscan.media.audio_reader import AudioReader
from momentscan.media.container import audio_stream, open_container
from momentscan.media.demux import DecodeErrors, packets
from momentscan.models.voice import VOICE
from momentscan.perceive.sound import Sound
from momentscan.perceive.speech import Speech
from momentscan.score.align import Align
from momentscan.signals import Signals
from momentscan.values import SOUND_HZ, Aligned, Batch, Columns, VideoInfo, Window

WINDOWS = 1000
IN_WORD_S = 0.08
"""evaluation.md, protocol 4: in a word = at least 80 ms of it on both sides of the edge."""

SPANS_S = 1.0


def batches(path: Path) -> Iterator[Batch]:
    """The sound of a file, without any picture, a second at a time."""
    with open_container(path) as container:
        stream = audio_stream(container)
        end_s = float(container.duration / 1e6)
        audio = AudioReader(packets(container, stream, DecodeErrors()), 0.0, restarts=False)
        empty = np.zeros((0, 18, 32, 3), np.uint8)
        for start_s in np.arange(0, end_s, SPANS_S):
            stop_s = min(start_s + SPANS_S, end_s)
            sound = audio.between(round(start_s * SOUND_HZ), round(stop_s * SOUND_HZ))
            yield Batch(
                float(start_s),
                stop_s,
                empty,
                np.zeros(0),
                np.zeros(0, np.int64),
                sound,
                empty[..., 0],
                np.zeros(0),
            )


def heard(path: Path, models: Path) -> tuple[Columns, float]:
    """Columns of sound and voice, and how long it lasts."""
    voice = VOICE.open("auto", models)
    assert voice is not None, "no voice activity model in MOMENTSCAN_MODELS"
    perceivers = [Sound(), Speech(voice=voice)]
    rows: dict[str, list[NDArray[Any]]] = {}
    end_s = 0.0
    parts = []
    for batch in batches(path):
        parts += [p.process(batch, {}) for p in perceivers]
        end_s = batch.end_s
    for made in [*parts, *(p.finish() for p in perceivers)]:
        for name, chunk in made.items():
            rows.setdefault(name, []).append(chunk)
    return {name: np.concatenate(chunks) for name, chunks in rows.items()}, end_s


def info(duration_s: float) -> VideoInfo:
    return VideoInfo("made", "", "", 0, duration_s, duration_s, 2, 2, 0, 25.0, 1, "none", "none", "none")


def windows(duration_s: float, seed: int = 0) -> list[Window]:
    """Windows of 0.5 to 6 s anywhere."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(WINDOWS):
        length = float(rng.uniform(0.5, 6))
        start = float(rng.uniform(0, max(duration_s - length, 0.01)))
        end = min(start + length, duration_s)
        out.append(Window(start, end, float(rng.uniform(start, end))))
    return out


def in_word(times_s: Sequence[float], truth: NDArray[np.float64], margin_s: float) -> float:
    """Share of times with more than `margin_s` of one word on both sides."""
    t = np.asarray(times_s)[:, None]
    return float(((t > truth[:, 0] + margin_s) & (t < truth[:, 1] - margin_s)).any(axis=1).mean())


def edges(clips: Sequence[Aligned]) -> list[float]:
    return [t for c in clips for t in (c.start_s, c.end_s)]


def as_columns(said: Sequence[tuple[float, float, str]], timed: bool = True) -> Columns:
    """One sentence per 12 words, as people speak."""
    return {
        "words.start_s": np.array([w[0] for w in said]),
        "words.end_s": np.array([w[1] for w in said]),
        "words.sentence": np.arange(len(said)) // 12,
        "words.timed": np.full(len(said), timed),
    }


def spread(said: Sequence[tuple[float, float, str]], per_cue: int = 6) -> list[tuple[float, float, str]]:
    """The same words as a file of subtitles would give them: the time of a cue shared by length."""
    out = []
    for i in range(0, len(said), per_cue):
        cue = said[i : i + per_cue]
        total, at = sum(len(w[2]) for w in cue), cue[0][0]
        for _, _, text in cue:
            length = (cue[-1][1] - cue[0][0]) * len(text) / total
            out.append((at, at + length, text))
            at += length
    return out


def speech(media: Path, models: Path) -> list[dict[str, Any]]:
    """The jfk recording: raw edges, and aligned ones with word times, with cues only, and without any
    transcript.
    """
    said = words(media / "audio/jfk.flac")
    truth = np.array([w[:2] for w in said])
    columns, end_s = heard(media / "audio/jfk.flac", models)
    found = windows(end_s)
    signals = {
        "with word times": Signals(info(end_s), {**columns, **as_columns(said)}),
        "with cues, words spread over them": Signals(
            info(end_s), {**columns, **as_columns(spread(said), timed=False)}
        ),
        "without a transcript (voice activity)": Signals(info(end_s), dict(columns)),
    }
    rows = [
        {
            "how": "as found",
            **_shares([t for w in found for t in (w.start_s, w.end_s)], truth),
            "flagged": 0.0,
        }
    ]
    for how, told in signals.items():
        clips = [Align()(told, w) for w in found]
        flagged = float(np.mean([any(f.startswith("speech") for f in c.flags) for c in clips]))
        rows.append({"how": how, **_shares(edges(clips), truth), "flagged": flagged})
        print(f"    {rows[-1]}", flush=True)
    return rows


def _shares(times_s: Sequence[float], truth: NDArray[np.float64]) -> dict[str, float]:
    return {"in_word": in_word(times_s, truth, 1e-6), "in_word_80ms": in_word(times_s, truth, IN_WORD_S)}


def on_cuts(media: Path, cuts: Callable[[Path], Sequence[float]] = ours) -> dict[str, Any]:
    """Of edges that lie on a cut that people marked: how far, in frames of the video."""
    off: list[float] = []
    for name, marked in MARKED.items():
        if not marked:
            continue
        with open_video(media / name) as video:
            fps, duration_s = video.info.fps, float(video.info.declared_s or 0)
        starts = np.array([0.0, *cuts(media / name)])
        signals = Signals(
            info(duration_s), {"scenes.start_s": starts, "scenes.end_s": np.append(starts[1:], duration_s)}
        )
        for clip in (Align()(signals, w) for w in windows(duration_s)):
            for edge, at in (("start", clip.start_s), ("end", clip.end_s)):
                moves = [m for m in clip.moves if m.edge == edge]
                nearest = min(marked, key=lambda c: abs(c - at))
                if (
                    moves and moves[-1].reason == "scene.cut" and abs(nearest - at) < 0.3
                ):  # labels.json is good to 0.3 s; fades are not marked
                    off.append(abs(nearest - at) * fps)
    return {
        "edges": len(off),
        "worst_frames": max(off),
        "within_a_frame": float(np.mean(np.array(off) <= 1.01)),
    }


def main() -> int:
    media, models = (Path(os.environ.get(f"MOMENTSCAN_{n}", "")) for n in ("MEDIA", "MODELS"))
    if not (media / "labels.json").is_file() or not models.is_dir():
        print(
            "wants the real videos and weights: set MOMENTSCAN_MEDIA and MOMENTSCAN_MODELS", file=sys.stderr
        )
        return 1
    rows, cut = speech(media, models), on_cuts(media)
    by = {r["how"]: r for r in rows}
    write_result(
        "clip_edges",
        [
            Target(
                "edges inside a word of jfk.flac, transcript with word times",
                0.0,
                by["with word times"]["in_word"],
                "",
            ),
            Target(
                "the same with a subtitle file's cues only, 80 ms of a word on both sides (evaluation.md: "
                "2 %)",
                0.02,
                by["with cues, words spread over them"]["in_word_80ms"],
                "",
            ),
            Target(
                "the same without a transcript",
                0.02,
                by["without a transcript (voice activity)"]["in_word_80ms"],
                "",
            ),
            Target(
                "edges put onto a marked cut that lie within a frame of it",
                1.0,
                cut["within_a_frame"],
                "",
                at_most=False,
            ),
        ],
        f"{WINDOWS} windows anywhere in the recording, both edges; as found "
        f"{by['as found']['in_word']:.2f} of edges lie in a word. Word times by forced "
        f"alignment (pocketsphinx). {cut['edges']} edges on marked cuts of three videos, at worst "
        f"{cut['worst_frames']:.2f} frames off by hand labels with two "
        f"decimals (half a frame is {WITHIN_S / 2:.3f} s).",
        speech=rows,
        cuts=cut,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
