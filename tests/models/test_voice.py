"""Silero VAD: its shape is checked, what it heard before counts, and it hears speech in real sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.models.session import Port
from momentscan.models.voice import SILENCE, STEP, VOICE, SileroVad


class Net:
    """What a session is, of other sizes."""

    path = Path("other.onnx")

    def __init__(self, *inputs: Port) -> None:
        self.inputs = inputs


def test_another_network_is_refused_in_one_line() -> None:
    with pytest.raises(BadWeights, match=r"^other\.onnx wants .* expected input \(T, 576\).*catalogue's$"):
        SileroVad(Net(Port("input", (None, 512), "tensor(float)")))  # type: ignore[arg-type]


def test_without_weights_auto_is_none_and_a_name_says_what_to_do(tmp_path: Path) -> None:
    assert VOICE.open("auto", tmp_path) is None
    assert VOICE.open("none", tmp_path) is None
    with pytest.raises(MissingModel, match="momentscan models pull silero-vad"):
        VOICE.open("silero-vad", tmp_path)
    with pytest.raises(UsageError, match="there are auto, none, silero-vad"):
        VOICE.open("other", tmp_path)


@pytest.mark.weights
def test_it_answers_for_every_step_and_for_none(models_folder: Path) -> None:
    voice = SileroVad.open(models_folder)
    prob, heard = voice.listen(np.zeros((5, STEP), np.float32), SILENCE)
    assert prob.shape == (5,)
    assert prob.max() < 0.1
    none, again = voice.listen(np.zeros((0, STEP), np.float32), heard)
    assert (none.shape, again) == ((0,), heard)
    with pytest.raises(ValueError, match=r"steps want \(T,512\)"):
        voice.listen(np.zeros((1, 576), np.float32), SILENCE)


@pytest.mark.weights
def test_what_was_heard_before_counts(models_folder: Path) -> None:
    """Steps one by one, with what was remembered, are nearly the same as all at once; without it they are
    not.
    """
    voice = SileroVad.open(models_folder)
    at = np.arange(40 * STEP) / 16000
    hum = (
        (0.3 * np.sin(2 * np.pi * 140 * at) * (1 + np.sin(2 * np.pi * 4 * at)))
        .astype(np.float32)
        .reshape(40, STEP)
    )
    whole, _ = voice.listen(hum, SILENCE)
    heard, singly, afresh = SILENCE, [], []
    for step in hum:
        prob, heard = voice.listen(step[None], heard)
        singly.append(prob[0])
        afresh.append(voice.listen(step[None], SILENCE)[0][0])
    np.testing.assert_allclose(singly, whole, atol=1e-5)
    assert np.abs(np.array(afresh) - whole).max() > 0.01


@pytest.mark.weights
def test_it_is_the_reference_of_faster_whisper(models_folder: Path) -> None:
    """Fed as faster_whisper/vad.py feeds it: each step after the last 64 samples of the one before, zeros
    before the first.
    """
    import onnxruntime

    sound = np.random.default_rng(0).normal(0, 0.1, (30, STEP)).astype(np.float32)
    context = np.concatenate([np.zeros((1, 64), np.float32), sound[:-1, -64:]])
    zero = np.zeros((1, 1, 128), np.float32)
    session = onnxruntime.InferenceSession(
        str(models_folder / "silero_vad_v6.onnx"), providers=["CPUExecutionProvider"]
    )
    expected = session.run(None, {"input": np.concatenate([context, sound], axis=1), "h": zero, "c": zero})[0]
    prob, _ = SileroVad.open(models_folder).listen(sound, SILENCE)
    np.testing.assert_allclose(prob, expected.reshape(-1), atol=1e-6)
