"""When each word of `audio/jfk.flac` is said: the known text, aligned to the sound by pocketsphinx (the extra
`bench`).

`words()` is for figures that must know where words are; nothing of it is kept. Run by itself it tells the
words, and how loud it is in them and between them.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from momentscan.media.container import open_container

TEXT = (
    "And so my fellow Americans ask not what your country can do for you ask what you can do for your country"
)
"""Of the inaugural address of 20 January 1961; in the public domain."""

RATE_HZ = 16000
FRAME_S = 0.01
"""What pocketsphinx counts in."""


def words(sound: Path | None = None) -> list[tuple[float, float, str]]:
    """(start, end, word) of every word, in seconds from the start of the sound. Raises SystemExit where
    something is missing.
    """
    try:
        from pocketsphinx import Decoder
    except ImportError:
        raise SystemExit(
            "words of jfk: pocketsphinx is not installed; run: pip install 'momentscan[bench]'"
        ) from None
    samples = _sound(sound or _given())
    decoder = Decoder(samprate=RATE_HZ, bestpath=False, loglevel="FATAL")
    decoder.set_align_text(TEXT.lower())
    for of_phones in (False, True):  # words first, then their borders again from the states of their phones
        if of_phones:
            decoder.set_alignment()
        decoder.start_utt()
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()
    found = [
        (w.start * FRAME_S, (w.start + w.duration) * FRAME_S, re.sub(r"\(\d+\)", "", w.name))
        for w in decoder.get_alignment()
    ]
    spoken = [word for word in found if not word[2].startswith("<")]
    if [text for _, _, text in spoken] != TEXT.lower().split():
        raise SystemExit(
            f"words of jfk: pocketsphinx aligned {' '.join(t for _, _, t in spoken)!r}, which is not the text"
        )
    return spoken


def _given() -> Path:
    folder = os.environ.get("MOMENTSCAN_MEDIA")
    if not folder or not (Path(folder) / "audio/jfk.flac").is_file():
        raise SystemExit("words of jfk: MOMENTSCAN_MEDIA names no folder with audio/jfk.flac")
    return Path(folder) / "audio/jfk.flac"


def _sound(path: Path) -> NDArray[np.int16]:
    """(M,) mono at 16 kHz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with open_container(path) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([out.to_ndarray()[0] for out in [*frames, *resampler.resample(None)]]).astype(
        np.int16
    )


def main() -> int:
    samples = _sound(_given()).astype(np.float64) / 32768
    told = words()
    inside = np.zeros(len(samples), bool)
    for start_s, end_s, text in told:
        print(f"{start_s:6.2f} {end_s:6.2f}  {text}")
        inside[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] = True
    level_db = [10 * np.log10(np.mean(np.square(samples[part]))) for part in (inside, ~inside)]
    print(
        f"{level_db[0]:.1f} dB in words, {level_db[1]:.1f} dB between them; {inside.mean():.0%} of the "
        "sound is words"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
