"""Sound to words with a Whisper model that the user named, through faster-whisper (the extra `speech`)."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights, MissingModel, UsageError, one_line
from momentscan.models.catalogue import Weight
from momentscan.models.slots import Slot
from momentscan.models.weights import sha256_of
from momentscan.signals.words import LEAST_S, Word

THREADS = 4
"""faster-whisper's own default, said aloud: sums of more or fewer threads round otherwise."""

BEAM = 5
"""faster-whisper's default."""

FILES = ("config.json", "model.bin")
"""What makes a folder a CTranslate2 model."""


@dataclass(frozen=True)
class Recognised:
    """Words of one chunk in order, times from its start, and the language they are in (ISO 639-1) with how
    sure that is.
    """

    words: tuple[Word, ...]
    language: str
    language_prob: float


class Recogniser(Protocol):
    """`recognise` takes (M,) float32 at 16 kHz, and the language where it is known from before."""

    name: str
    version: str
    sha256: str | None
    weight: Weight | None

    def recognise(self, sound: NDArray[np.float32], language: str | None) -> Recognised: ...


class Whisper:
    """A CTranslate2 Whisper model in a folder. It is read into memory when it is first needed.

    Decoded greedily from beams, without the random fall-backs of Whisper (temperature 0) and without the text
    before, so that the same sound gives the same words and one bad guess does not spoil what follows.
    """

    name = "faster-whisper"
    extra: ClassVar[str] = "pip install 'momentscan[speech]'"

    def __init__(self, folder: Path, called: str, device: str, published: bool) -> None:
        """`published`: it is one of those that faster-whisper knows by name, so whose it is is known."""
        self._folder, self._device, self._model = folder, device, None
        engine = _engine()
        self.sha256: str | None = sha256_of(folder / "model.bin")
        self.version = (
            f"faster-whisper-{getattr(engine, '__version__', 'unknown')}-{called}-{self.sha256[:12]}"
        )
        self.weight: Weight | None = Weight(
            file="model.bin",
            name=called,
            task="speech recognition",
            sha256=self.sha256,
            size_bytes=(folder / "model.bin").stat().st_size,
            licence="MIT (OpenAI Whisper, as converted for faster-whisper)"
            if published
            else "as its publisher states",
            commercial="yes" if published else "unknown",
            what="Whisper as CTranslate2 runs it",
            sources=(),
        )

    def recognise(self, sound: NDArray[np.float32], language: str | None) -> Recognised:
        """(M,) at 16 kHz -> words with times and probabilities. Raises BadWeights where the model cannot be
        run.
        """
        try:
            segments, info = self._opened().transcribe(
                sound,
                language=language,
                beam_size=BEAM,
                temperature=0.0,
                condition_on_previous_text=False,
                word_timestamps=True,
                vad_filter=True,
            )
            words = tuple(_word(word, segment.id) for segment in segments for word in segment.words or ())
        except (RuntimeError, ValueError) as error:
            raise BadWeights(f"{self._folder} does not run: {one_line(error)[:200]}") from None
        return Recognised(
            tuple(w for w in words if any(c.isalnum() for c in w.text)),
            info.language,
            float(info.language_probability),
        )

    def _opened(self) -> Any:
        if self._model is None:
            self._model = _engine().WhisperModel(
                str(self._folder), device=self._device, cpu_threads=THREADS, local_files_only=True
            )
        return self._model


def open_named(name: str, device: str = "auto") -> Recogniser:
    """The recogniser of a folder with a CTranslate2 model, or of a model's name ("small",
    "SYSTRAN/faster-whisper-small").

    A model that is named, and not in the user's cache, is downloaded, as it was asked for by name. Raises
    MissingModel where the extra or the model is not to be had, UsageError for a folder that holds no model.
    """
    engine = _engine()
    folder = Path(name)
    if folder.is_dir():
        missing = [file for file in FILES if not (folder / file).is_file()]
        if missing:
            raise UsageError(
                f"{folder}: is no CTranslate2 Whisper model, {missing[0]} is not in it; convert one, or "
                "name one like small"
            )
        return Whisper(folder, folder.name, _device(device), published=False)
    return Whisper(_fetched(engine, name), name, _device(device), published="/" not in name)


ASR: Slot[Recogniser] = Slot(
    "asr",
    what="speech recogniser",
    purpose="words",
    kinds={},
    default="none",
    absence="no speech recogniser was named: words were not written down; asr=small fetches one",
    by_name=open_named,
)


def _device(device: str) -> str:
    """CTranslate2 knows cpu, cuda and auto."""
    return device if device in ("cpu", "cuda") else "cpu" if device == "coreml" else "auto"


def _engine() -> Any:
    """faster-whisper, which the extra brings."""
    try:
        return importlib.import_module("faster_whisper")
    except ImportError as error:
        raise MissingModel(
            f"speech recognition needs faster-whisper ({one_line(error)}); run: {Whisper.extra}, or leave "
            "asr at none"
        ) from None


def _fetched(engine: Any, name: str) -> Path:
    """Its folder in the user's cache of Hugging Face, downloaded where it is not there yet."""
    try:
        try:
            return Path(engine.download_model(name, local_files_only=True))
        except OSError:  # huggingface_hub: LocalEntryNotFoundError
            return Path(engine.download_model(name))
    except (OSError, RuntimeError) as error:
        raise MissingModel(
            f"{name} could not be downloaded ({one_line(error)[:200]}); lay it into a folder and name that"
        ) from None
    except ValueError as error:
        raise UsageError(
            f"there is no Whisper model {name!r}, and no such folder: {one_line(error)[:300]}"
        ) from None


def _word(word: Any, cue: int) -> Word:
    start_s = max(0.0, float(word.start))
    return Word(
        start_s, max(float(word.end), start_s + LEAST_S), word.word.strip(), cue, prob=float(word.probability)
    )
