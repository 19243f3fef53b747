"""The words of jfk.flac are in the order of the text, within its sound, and where it is loud."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from bench.words_of_jfk import RATE_HZ, TEXT, _sound, words


def test_without_a_folder_of_media_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pocketsphinx")
    monkeypatch.delenv("MOMENTSCAN_MEDIA", raising=False)
    with pytest.raises(SystemExit, match="MOMENTSCAN_MEDIA"):
        words()


@pytest.mark.media
def test_words_are_where_it_is_loud(media_folder: Path) -> None:
    pytest.importorskip("pocketsphinx")
    sound = media_folder / "audio/jfk.flac"
    told = words(sound)
    assert " ".join(text for _, _, text in told) == TEXT.lower()
    assert all(a[1] <= b[0] for a, b in pairwise(told))
    samples = _sound(sound) / 32768
    inside = np.zeros(len(samples), bool)
    for start_s, end_s, _ in told:
        inside[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] = True
    within, between = (10 * np.log10(np.mean(np.square(samples[part]))) for part in (inside, ~inside))
    assert within - between > 15, "dB"
