"""What highlight_vector measures of each clip, how far each of it stands over its usual, and that in
words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.score.novelty import mean_of_known
from momentscan.signals import Signals
from momentscan.signals.calibration import Usual
from momentscan.signals.series import MAD_TO_SIGMA
from momentscan.values import Abstention, Series

WORDS = {"d_face": "face", "d_body": "upper body", "motion": "movement", "audio": "loudness"}


USUAL = {"motion": Usual(9.0, 0.004, 9.0), "audio": Usual(0.0, 1.5, 1e9)}
"""diagonals/s: a face that talks; dB over the video's median: speech."""


class CropDelta(NamedTuple):
    """The delta of one crop of one person over the clips: (K,) raw, normalised, and in robust σ; NaN where it
    cannot be known.
    """

    person: int
    crop: str
    raw: Series
    normed: Series
    sigmas: Series


class ClipMeasures(NamedTuple):
    """What the score is made of, over the clips: name -> (K,), NaN where absent. `raw` in own units, `normed`
    as the score adds it.

    `sigmas`: how far each stands over its usual. `who`: the person whose face or body it is. `cutaways`:
    clips in short shots between long ones.
    """

    centres: Series
    raw: dict[str, Series]
    normed: dict[str, Series]
    sigmas: dict[str, Series]
    who: NDArray[np.int64]
    cutaways: NDArray[np.int64]
    absent: dict[str, str]
    abstention: Abstention | None = None


def clip_centres(duration_s: float, clip_s: float, stride_s: float) -> Series:
    """Centres of whole clips every stride, and of one more that ends with the video: (K,)."""
    centres = np.arange(clip_s / 2, duration_s - clip_s / 2 + 1e-6, stride_s)
    left_s = duration_s - clip_s / 2 - (centres[-1] if len(centres) else duration_s)
    return np.append(centres, duration_s - clip_s / 2) if left_s > 0.1 else centres


def in_sigmas(x: Series, usual: Usual | None) -> Series:
    """How many robust standard deviations each value stands over its usual: (N,) -> (N,). NaN stays NaN.

    The usual is the video's median, but no more than what is known of calm videos; so is the spread. Without
    that a video in which much happens all the time would find nothing of it worth a word (readings H6: what
    is relative must know an absolute).
    """
    finite = x[np.isfinite(x)]
    if not len(finite):
        return x
    middle = float(np.median(finite))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(finite - middle)))
    if usual is None:  # an embedder that nobody measured: in the proportions of the one that was
        usual = Usual(middle, 0.08 * middle, 0.15 * middle)
    return (x - min(middle, usual.level)) / max(min(max(spread, usual.least), usual.most), 1e-9)


def over_clips(
    time_s: Series, value: Series, centres: Series, clip_s: float, how: Callable[[Series], Any]
) -> Series:
    """(K,) mean or maximum of the finite values within each clip; NaN where there are none."""
    out = np.full(len(centres), np.nan)
    spans = zip(
        np.searchsorted(time_s, centres - clip_s / 2),
        np.searchsorted(time_s, centres + clip_s / 2),
        strict=True,
    )
    for k, (a, b) in enumerate(spans):
        inside = value[a:b][np.isfinite(value[a:b])]
        if len(inside):
            out[k] = how(inside)
    return out


def joined(lines: Sequence[CropDelta], joint: bool) -> tuple[CropDelta, NDArray[np.int64]]:
    """(one line for all people, (K,) whose it was): at each clip the largest, or the mean for joint
    moments.
    """
    normed = np.stack([line.normed for line in lines])
    best = np.argmax(np.where(np.isfinite(normed), normed, -np.inf), axis=0)
    columns = np.arange(normed.shape[1])
    who = np.array([line.person for line in lines])[best]
    raw, chosen, sigmas = (
        np.stack([getattr(line, name) for line in lines])[best, columns]
        for name in ("raw", "normed", "sigmas")
    )
    return CropDelta(-1, lines[0].crop, raw, mean_of_known(normed) if joint else chosen, sigmas), who


def cutaways(signals: Signals, centres: Series, longest_s: float) -> NDArray[np.int64]:
    """The clip in the middle of each short shot between two longer ones."""
    if not longest_s or "scenes.start_s" not in signals or not len(centres):
        return np.zeros(0, np.int64)
    starts, ends = signals["scenes.start_s"], signals["scenes.end_s"]
    length = ends - starts
    short = [
        i
        for i in range(1, len(starts) - 1)
        if length[i] <= longest_s and min(length[i - 1], length[i + 1]) >= 2 * length[i]
    ]
    middles = [int(np.argmin(np.abs(centres - (starts[i] + ends[i]) / 2))) for i in short]
    return np.array(middles, np.int64)


def heights(clips: ClipMeasures, at: int) -> str:
    return ", ".join(
        f"{WORDS[name]} {clips.sigmas[name][at]:.1f} σ"
        for name in WORDS
        if name in clips.sigmas and np.isfinite(clips.sigmas[name][at])
    )


def highest_words(clips: ClipMeasures) -> str:
    finite = {name: x[np.isfinite(x)] for name, x in clips.sigmas.items()}
    return ", ".join(
        f"{WORDS[name]} at most {finite[name].max():.1f} σ" for name in WORDS if len(finite.get(name, ()))
    )


def why_at(clips: ClipMeasures, at: int) -> str:
    """In words: what stands out, how far, and whose it is."""
    phrases = []
    for name, sigmas in clips.sigmas.items():
        if np.isfinite(sigmas[at]):
            finite = sigmas[np.isfinite(sigmas)]
            whose = f" of person {clips.who[at]}" if name.startswith("d_") else ""
            rank = 100 * float(np.mean(finite < sigmas[at]))
            phrases.append(
                (
                    -sigmas[at],
                    f"{WORDS[name]}{whose} {sigmas[at]:.1f} σ over its usual, more than in {rank:.0f} % "
                    "of the video",
                )
            )
    above = [words for height, words in sorted(phrases) if height < -1] or [
        words for _, words in sorted(phrases)[:1]
    ]
    text = "; ".join(above)
    return f"a cutaway: a short shot between two longer ones; {text}" if at in clips.cutaways else text
