"""An ONNX file, opened so that it runs on one quiet thread, reads no other file, and says in one line why it
cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights, MissingModel, UsageError, one_line

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""Device -> ONNX Runtime's name for it. "auto" is cuda where it works, else cpu; coreml computes in half
precision, so it is only used when asked for by name."""

SILENT = 4
"""ONNX Runtime's severity "fatal": what goes wrong comes to us as an exception, not as coloured lines on
stderr.
"""


@dataclass(frozen=True)
class Port:
    """A named input or output. `shape` has None for a size that is free; `dtype` is ONNX Runtime's word, e.g.
    'tensor(float)'.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Session:
    """An open network. `device` is where it really runs."""

    def __init__(self, path: Path, device: str, inner: Any) -> None:
        self.path = path
        self.device = device
        self.inputs = tuple(_port(p) for p in inner.get_inputs())
        self.outputs = tuple(_port(p) for p in inner.get_outputs())
        self._inner = inner

    def run(self, feeds: Mapping[str, NDArray[Any]], outputs: list[str] | None = None) -> list[NDArray[Any]]:
        """The named outputs (all, if None are named) for these inputs. Raises BadWeights if the network
        cannot be computed.
        """
        try:
            return [np.asarray(array) for array in self._inner.run(outputs, dict(feeds))]
        except _runtime_errors() as error:
            raise BadWeights(
                f"{self.path.name} does not run on {self.device}: {_first_sentence(error)}"
            ) from None


def open_session(path: Path, device: str = "auto", free_sizes: bool = False) -> Session:
    """Opens the network at `path` on `device` (auto, cpu, cuda, coreml).

    `free_sizes` is for a file that declares one size of picture though its network computes any: see
    `_with_free_sizes`. Raises MissingModel for a device that this machine does not have, BadWeights for a
    file that is no ONNX network or keeps its weights in other files.
    """
    import onnxruntime as ort  # heavy: 0.1 s and 40 MB

    ort.set_default_logger_severity(SILENT)
    wanted = _devices(device, ort.get_available_providers())
    if path.suffix != ".onnx":
        raise BadWeights(f"{path.name} is no .onnx file; ONNX Runtime opens nothing else")
    data = _read(path)
    if _keeps_weights_elsewhere(data, path):
        raise BadWeights(
            f"{path.name} keeps its weights in other files (ONNX external data), which is refused; export "
            "it as one file"
        )
    network = _with_free_sizes(data, path) if free_sizes else str(path)
    reason = "no driver?"
    for name in wanted:
        try:
            # Without enable_fallback=0 its Python layer prints to stdout and goes on with the CPU.
            inner = ort.InferenceSession(
                network, _options(ort), providers=[PROVIDERS[name]], enable_fallback=0
            )
        except _runtime_errors() as error:
            if name == "cpu":
                raise BadWeights(f"ONNX Runtime cannot open {path.name}: {_first_sentence(error)}") from None
            reason = _first_sentence(error)
            continue
        if (
            PROVIDERS[name] in inner.get_providers()
        ):  # its C++ layer, too, falls back to the CPU, and says nothing
            return Session(path, name, inner)
    raise MissingModel(f"device {device!r} does not start with {path.name}: {reason}; use device cpu")


def available_devices() -> list[str]:
    """The devices this build of ONNX Runtime was made for, cpu always among them."""
    import onnxruntime as ort

    built = ort.get_available_providers()
    return [name for name, provider in PROVIDERS.items() if provider in built]


def _devices(device: str, built: list[str]) -> list[str]:
    """The devices to try, in order."""
    if device == "auto":
        return [name for name in ("cuda", "cpu") if PROVIDERS[name] in built]
    if device not in PROVIDERS:
        raise UsageError(f"there is no device {device!r}; there are auto, {', '.join(PROVIDERS)}")
    if PROVIDERS[device] not in built:
        raise MissingModel(
            f"device {device!r} is not available; this ONNX Runtime has {', '.join(available_devices())}"
        )
    return [device]


def _options(ort: Any) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = (
        1  # the worker is the unit of parallelism; two pools that both take all cores cost minutes
    )
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = SILENT
    return options


def _runtime_errors() -> tuple[type[Exception], ...]:
    """ONNX Runtime's own exceptions, which share no base but Exception, and what its Python layer raises
    before them.
    """
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [
        thing for thing in vars(state).values() if isinstance(thing, type) and issubclass(thing, Exception)
    ]
    return (*own, RuntimeError, ValueError)


def _first_sentence(error: Exception) -> str:
    """Its message without '[ONNXRuntimeError] : 7 : INVALID_PROTOBUF :' in front, at most 200 characters."""
    return one_line(error).rpartition("[ONNXRuntimeError] : ")[2][:200]


def _port(inner: Any) -> Port:
    return Port(inner.name, tuple(n if isinstance(n, int) else None for n in inner.shape), inner.type)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingModel(f"{path} cannot be read: {error.strerror or one_line(error)}") from None


def _with_free_sizes(data: bytes, path: Path) -> bytes:
    """The same network; of what its inputs and outputs declare, only the channels (axis 1) still bind. Raises
    BadWeights.
    """
    import onnx  # slow to import, and few files need it
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_model_from_string(data)
    except DecodeError:
        raise BadWeights(f"{path.name} is no ONNX network: its bytes are no model") from None
    graph = model.graph
    del graph.value_info[:]  # sizes in between were computed from those declared
    weights = {tensor.name for tensor in graph.initializer}
    for port in [*(p for p in graph.input if p.name not in weights), *graph.output]:
        for axis, size in enumerate(port.type.tensor_type.shape.dim):
            if axis != 1:
                size.dim_param = f"{port.name}_{axis}"
    freed: bytes = model.SerializeToString()
    return freed


# External data is looked for in the protobuf itself, because ONNX Runtime would resolve it against the
# working directory, and the
# `onnx` package is slow to import. Only the fields on the way to a tensor are entered; everything else is
# stepped over unread.
# Numbers: onnx.proto3, the same since version 1 (2017).
_WAYS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_DEEPEST = 64
"""Subgraphs within subgraphs; real networks have three or four levels."""


def _keeps_weights_elsewhere(data: bytes, path: Path) -> bool:
    """Whether a tensor of the network names another file. Raises BadWeights where it is no protobuf."""
    try:
        return _external(memoryview(data), "model", 0)
    except (IndexError, ValueError):
        raise BadWeights(f"{path.name} is no ONNX network: its bytes are no protobuf") from None


def _external(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    for field, value in _fields(message):
        if kind == "tensor":
            if field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value == 1):
                return True
        elif field in _WAYS[kind]:
            if not isinstance(value, memoryview):
                raise ValueError("a message was expected")
            if _external(value, _WAYS[kind][field], depth + 1):
                return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, varint or bytes) of a protobuf message; fixed-width numbers are given as bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if wire == 2:
            length, at = _varint(message, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + length > len(message):
            raise ValueError("cut short")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("varint of more than ten bytes")
