"""A .tflite is opened in silence, or refused in one line."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from momentscan.errors import BadWeights, MissingModel
from momentscan.models.litert import _quiet, open_litert

TASK, MEMBER = "face_landmarker.task", "face_blendshapes.tflite"


def test_garbage_is_refused_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for content in (b"", b"hello world" * 100, b"\x1c\0\0\0TFL3" + b"\xff" * 1000):
        (tmp_path / "net.tflite").write_bytes(content)
        with pytest.raises(BadWeights, match=r"^LiteRT cannot open net\.tflite: [^\n]+$"):
            open_litert(tmp_path / "net.tflite")
    assert capfd.readouterr() == ("", "")


def test_a_truncated_bundle_is_refused_in_one_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.task", "w") as bundle:
        bundle.writestr("net.tflite", b"x" * 1000)
    (tmp_path / "cut.task").write_bytes((tmp_path / "whole.task").read_bytes()[:500])
    with pytest.raises(BadWeights, match=r"^cut\.task is no bundle of networks: [^\n]+$"):
        open_litert(tmp_path / "cut.task", "net.tflite")
    with pytest.raises(BadWeights, match=r"^whole\.task has no member 'other\.tflite'"):
        open_litert(tmp_path / "whole.task", "other.tflite")


def test_damage_inside_a_bundle_is_refused_in_one_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.task", "w") as bundle:
        bundle.writestr("net.tflite", b"x" * 1000)
    content = bytearray((tmp_path / "net.task").read_bytes())
    content[200] ^= 1
    (tmp_path / "net.task").write_bytes(content)
    with pytest.raises(BadWeights, match=r"Bad CRC-32"):
        open_litert(tmp_path / "net.task", "net.tflite")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    for member in (None, "net.tflite"):
        with pytest.raises(MissingModel, match="cannot be read: No such file"):
            open_litert(tmp_path / "none.task", member)


def test_stderr_is_there_again_after_the_silence(capfd: pytest.CaptureFixture[str]) -> None:
    with _quiet():
        os.write(2, b"unheard")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_without_a_stderr_nothing_is_lost() -> None:
    code = "import os; os.close(2); from momentscan.models.litert import _quiet\nwith _quiet(): print('done')"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "done\n"
    )


@pytest.mark.weights
def test_a_network_opens_in_silence_and_answers(models_folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import numpy as np; from momentscan.models.litert import "
        "open_litert\n"
        "net = open_litert(Path(sys.argv[1]), sys.argv[2]); net.run([np.zeros((1, 146, 2), np.float32)])"
    )
    # A process of its own: LiteRT tells of its delegate only once in each.
    told = subprocess.run(
        [sys.executable, "-c", code, str(models_folder / TASK), MEMBER],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (told.stdout, told.stderr) == ("", "")


@pytest.mark.weights
def test_inputs_that_do_not_fit_are_refused(models_folder: Path) -> None:
    net = open_litert(models_folder / TASK, MEMBER)
    assert (net.name, net.inputs[0].shape) == (f"{TASK}/{MEMBER}", (1, 146, 2))
    (shapes,) = net.run([np.zeros((1, 146, 2), np.float32)])
    assert shapes.shape == (52,)
    with pytest.raises(BadWeights, match="does not run"):
        net.run([np.zeros((1, 9, 2), np.float32)])
    with pytest.raises(BadWeights, match="wants 1 inputs, got 0"):
        net.run([])
