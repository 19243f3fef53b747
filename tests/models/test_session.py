"""ONNX files, opened: what runs, and what is refused in one line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import nets
from momentscan.errors import BadWeights, MissingModel, UsageError
from momentscan.models.session import Port, _keeps_weights_elsewhere, available_devices, open_session


def doubler(path: Path) -> Path:
    """y = 2 x, for (batch, 3) float."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])
    two = numpy_helper.from_array(np.full(300, 2, np.float32)[:1], "two")
    return nets.save(
        path, helper.make_graph([helper.make_node("Mul", ["x", "two"], ["y"])], "double", [x], [y], [two])
    )


def test_a_network_runs_and_names_its_ports(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    session = open_session(doubler(tmp_path / "d.onnx"), "cpu")
    assert session.device == "cpu"
    assert session.inputs == (Port("x", (None, 3), "tensor(float)"),)
    assert session.outputs == (Port("y", (None, 3), "tensor(float)"),)
    (y,) = session.run({"x": np.array([[1, 2, 3]], np.float32)})
    np.testing.assert_array_equal(y, [[2, 4, 6]])
    assert capfd.readouterr() == ("", "")


def test_auto_finds_a_device(tmp_path: Path) -> None:
    assert open_session(doubler(tmp_path / "d.onnx")).device in available_devices()


def test_a_device_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    missing = next(d for d in ("coreml", "cuda") if d not in available_devices())
    with pytest.raises(
        MissingModel, match=rf"device '{missing}' is not available; this ONNX Runtime has .*cpu"
    ):
        open_session(doubler(tmp_path / "d.onnx"), missing)
    with pytest.raises(UsageError, match="there is no device 'tpu'; there are auto, cpu, cuda, coreml"):
        open_session(doubler(tmp_path / "d.onnx"), "tpu")


@pytest.mark.parametrize("how", ["raises", "falls back"])
def test_a_listed_device_without_a_driver_is_an_error_by_name_and_the_cpu_for_auto(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    real = onnxruntime.InferenceSession

    def session(
        data: bytes, options: object, providers: list[str], enable_fallback: int
    ) -> onnxruntime.InferenceSession:
        assert enable_fallback == 0
        if providers == ["CUDAExecutionProvider"] and how == "raises":
            raise RuntimeError("libcudart.so.12: cannot open shared object file")
        return real(data, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    path = doubler(tmp_path / "d.onnx")
    assert open_session(path, "auto").device == "cpu"
    with pytest.raises(
        MissingModel, match=r"device 'cuda' does not start with d\.onnx: (libcudart|no driver)"
    ):
        open_session(path, "cuda")


@given(st.binary(max_size=200))
def test_any_bytes_are_either_read_or_refused(data: bytes) -> None:
    with suppress(BadWeights):
        assert _keeps_weights_elsewhere(data, Path("any.onnx")) in (True, False)


@pytest.mark.parametrize(
    "data", [b"", b"not a network at all", b"\x08\x08", b"\xff" * 40, b"\x3a\xff\xff\xff\xff\x0f"]
)
def test_bytes_that_are_no_network_are_refused_in_one_line(
    tmp_path: Path, data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.onnx").write_bytes(data)
    with pytest.raises(BadWeights, match=r"bad\.onnx") as caught:
        open_session(tmp_path / "bad.onnx", "cpu")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert capfd.readouterr() == ("", "")


def test_half_a_network_is_refused(tmp_path: Path) -> None:
    whole = nets.build_vit(tmp_path / "whole.onnx").read_bytes()
    (tmp_path / "half.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadWeights, match=r"half\.onnx"):
        open_session(tmp_path / "half.onnx", "cpu")


@pytest.mark.parametrize("where", ["initializer", "constant", "subgraph"])
def test_weights_kept_in_other_files_are_refused_even_where_they_exist(
    tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # ONNX Runtime resolves against the working directory when given bytes
    (tmp_path / "secret.bin").write_bytes(np.ones(3, np.float32).tobytes())
    outside = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="secret.bin")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])
    constant = helper.make_node("Constant", [], ["w"], value=outside)
    add = helper.make_node("Add", ["x", "w"], ["y"])
    if where == "initializer":
        graph = helper.make_graph([add], "g", [x], [y], [outside])
    elif where == "constant":
        graph = helper.make_graph([constant, add], "g", [x], [y])
    else:
        z = helper.make_tensor_value_info("z", TensorProto.FLOAT, [3])
        branch = helper.make_graph([constant, helper.make_node("Add", ["x", "w"], ["z"])], "branch", [], [z])
        yes = numpy_helper.from_array(np.array(True), "yes")
        graph = helper.make_graph(
            [helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)],
            "g",
            [x],
            [y],
            [yes],
        )
    nets.save(tmp_path / "elsewhere.onnx", graph)
    with pytest.raises(BadWeights, match=r"keeps its weights in other files \(ONNX external data\)"):
        open_session(tmp_path / "elsewhere.onnx", "cpu")


def test_a_network_saved_by_onnx_with_external_data_is_refused(tmp_path: Path) -> None:
    model = onnx.load(doubler(tmp_path / "d.onnx"))
    onnx.save(
        model, tmp_path / "split.onnx", save_as_external_data=True, location="split.bin", size_threshold=0
    )
    assert (tmp_path / "split.bin").exists()
    with pytest.raises(BadWeights, match="external data"):
        open_session(tmp_path / "split.onnx", "cpu")


def test_another_suffix_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match=r"d\.tflite is no \.onnx file"):
        open_session(doubler(tmp_path / "d.tflite"), "cpu")
    with pytest.raises(MissingModel, match=r"none\.onnx cannot be read: No such file"):
        open_session(tmp_path / "none.onnx", "cpu")


def test_inputs_that_do_not_fit_are_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    session = open_session(doubler(tmp_path / "d.onnx"), "cpu")
    with pytest.raises(BadWeights, match=r"d\.onnx does not run on cpu: "):
        session.run({"x": np.zeros((1, 4), np.float32)})
    assert capfd.readouterr() == ("", "")


@pytest.mark.weights
def test_real_networks_of_the_catalogue_open_quietly(
    models_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("mobilenet_v2_embed.onnx", "face_detection_yunet_2023mar.onnx", "silero_vad_v6.onnx"):
        assert open_session(models_folder / name, "cpu").outputs
    assert capfd.readouterr() == ("", "")
