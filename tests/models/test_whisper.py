"""Speech recognition by a model that the user named: through a stand-in with the signature of faster-whisper
1.2.1, or not at all.
"""

from __future__ import annotations

import inspect
import math
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.models.whisper import ASR, Whisper
from momentscan.signals.words import LEAST_S, Word


@dataclass
class FakeWord:
    """faster_whisper.transcribe.Word."""

    start: float
    end: float
    word: str
    probability: float


@dataclass
class FakeSegment:
    """faster_whisper.transcribe.Segment, of which id and words are read."""

    id: int
    words: list[FakeWord] | None


@dataclass
class FakeInfo:
    """faster_whisper.transcribe.TranscriptionInfo, of which these are read."""

    language: str = "en"
    language_probability: float = 0.97


@dataclass
class FakeModel:
    """faster_whisper.WhisperModel: the arguments that are used, with the names and defaults of version 1.2.1."""

    model_size_or_path: str
    device: str = "auto"
    cpu_threads: int = 0
    local_files_only: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)

    def transcribe(
        self,
        audio: np.ndarray,
        language: str | None = None,
        beam_size: int = 5,
        temperature: object = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        condition_on_previous_text: bool = True,
        word_timestamps: bool = False,
        vad_filter: bool = False,
    ) -> tuple[Iterator[FakeSegment], FakeInfo]:
        OPENED.append(self)
        self.asked.append(
            dict(
                language=language, temperature=temperature, word_timestamps=word_timestamps, length=len(audio)
            )
        )
        if not len(audio):
            raise ValueError("max() arg is an empty sequence")
        segments = [
            FakeSegment(1, [FakeWord(-0.02, 0.4, " And", 0.9), FakeWord(0.4, 0.4, " so,", 0.5)]),
            FakeSegment(2, [FakeWord(0.8, 1.0, " —", 0.1), FakeWord(1.0, 1.5, " friends.", 0.8)]),
            FakeSegment(3, None),
        ]
        return iter(segments), FakeInfo()


OPENED: list[FakeModel] = []
"""Models that were run."""


def download_model(size_or_id: str, local_files_only: bool = False) -> str:
    """faster_whisper.download_model, on a machine that has "tiny" and reaches nothing."""
    if size_or_id != "tiny" and "/" not in size_or_id:
        raise ValueError(f"Invalid model size '{size_or_id}', expected one of: tiny")
    if size_or_id != "tiny":
        raise FileNotFoundError("Cannot find an appropriate cached snapshot folder")
    return str(CACHE[0])


CACHE: list[Path] = []


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> types.ModuleType:
    """The extra, as it were installed, with a model in its cache."""
    module = types.ModuleType("faster_whisper")
    vars(module).update(WhisperModel=FakeModel, download_model=download_model, __version__="1.2.1")
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    OPENED.clear()
    CACHE[:] = [model(tmp_path / "cached")]
    return module


def model(folder: Path, content: bytes = b"weights") -> Path:
    """A folder with the files of a CTranslate2 model."""
    folder.mkdir()
    (folder / "model.bin").write_bytes(content)
    (folder / "config.json").write_text("{}")
    return folder


def test_nothing_is_asked_for_unless_it_is(engine: types.ModuleType) -> None:
    assert ASR.open("none") is None


def test_without_the_extra_the_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(MissingModel, match=r"run: pip install 'momentscan\[speech\]'"):
        ASR.open("small")
    assert ASR.open("none") is None


def test_a_folder_is_used_where_it_lies_and_read_only_when_needed(
    engine: types.ModuleType, tmp_path: Path
) -> None:
    recogniser = ASR.open(str(model(tmp_path / "mine")), device="cpu")
    assert recogniser is not None
    assert OPENED == []
    recogniser.recognise(np.ones(16000, np.float32), None)
    recogniser.recognise(np.ones(8000, np.float32), "en")
    assert OPENED[0] is OPENED[1]
    assert (OPENED[0].model_size_or_path, OPENED[0].device, OPENED[0].local_files_only) == (
        str(tmp_path / "mine"),
        "cpu",
        True,
    )


def test_words_have_times_probabilities_and_their_segment(engine: types.ModuleType, tmp_path: Path) -> None:
    recogniser = ASR.open("tiny")
    assert recogniser is not None
    found = recogniser.recognise(np.ones(32000, np.float32), None)
    assert found.words == (
        Word(0.0, 0.4, "And", 1, prob=0.9),
        Word(0.4, 0.4 + LEAST_S, "so,", 1, prob=0.5),
        Word(1.0, 1.5, "friends.", 2, prob=0.8),
    )
    assert (found.language, found.language_prob) == ("en", 0.97)
    assert not any(math.isnan(word.prob) for word in found.words)


def test_chance_has_no_part_in_it(engine: types.ModuleType) -> None:
    recogniser = ASR.open("tiny")
    assert recogniser is not None
    recogniser.recognise(np.ones(16000, np.float32), "ko")
    assert OPENED[0].asked == [
        {"language": "ko", "temperature": 0.0, "word_timestamps": True, "length": 16000}
    ]
    assert OPENED[0].cpu_threads == 4


def test_the_version_tells_models_apart_by_their_bytes(engine: types.ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = (ASR.open(str(model(tmp_path / n / "mine", c))) for n, c in (("a", b"one"), ("b", b"other")))
    assert one is not None
    assert other is not None
    assert one.version != other.version
    assert one.version.startswith("faster-whisper-1.2.1-mine-")


def test_whose_weights_they_are_is_said_where_it_is_known(engine: types.ModuleType, tmp_path: Path) -> None:
    named, given = ASR.open("tiny"), ASR.open(str(model(tmp_path / "mine")))
    assert named is not None
    assert given is not None
    assert (named.weight.licence.split()[0], named.weight.commercial) == ("MIT", "yes")  # type: ignore[union-attr]
    assert given.weight.commercial == "unknown"  # type: ignore[union-attr]


def test_a_folder_without_a_model_is_refused(engine: types.ModuleType, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"model\.bin is not in it"):
        ASR.open(str(tmp_path))


def test_an_unknown_name_and_an_unreachable_one_are_one_line_each(engine: types.ModuleType) -> None:
    with pytest.raises(
        UsageError, match=r"^there is no Whisper model 'gigantic', and no such folder: [^\n]+$"
    ):
        ASR.open("gigantic")
    with pytest.raises(
        MissingModel,
        match=r"^somebody/model could not be downloaded \([^\n]+\); lay it into a folder and name that$",
    ):
        ASR.open("somebody/model")


def test_a_model_that_cannot_be_run_is_one_line(engine: types.ModuleType) -> None:
    recogniser = ASR.open("tiny")
    assert recogniser is not None
    with pytest.raises(BadWeights, match="does not run: max"):
        recogniser.recognise(np.zeros(0, np.float32), None)


def test_the_stand_in_has_the_signature_of_the_real_one() -> None:
    """Where the extra is installed; of 1.2.1 it was checked by hand, and what was found stands in FakeModel."""
    real = pytest.importorskip("faster_whisper")
    for ours, theirs in (
        (FakeModel.transcribe, real.WhisperModel.transcribe),
        (FakeModel, real.WhisperModel.__init__),
    ):
        names = set(inspect.signature(ours).parameters) - {"self", "asked"}
        assert names <= set(inspect.signature(theirs).parameters)
    assert set(inspect.signature(download_model).parameters) <= set(
        inspect.signature(real.download_model).parameters
    )
    from faster_whisper.transcribe import Segment, TranscriptionInfo
    from faster_whisper.transcribe import Word as RealWord

    for fake, fields in ((FakeWord, RealWord), (FakeSegment, Segment), (FakeInfo, TranscriptionInfo)):
        assert set(inspect.signature(fake).parameters) <= set(inspect.signature(fields).parameters)
    assert Whisper.name == "faster-whisper"
