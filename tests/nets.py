"""Vision transformers with random weights and the signatures of the hub files, written as single ONNX files.

They compute what a ViT computes (patches, class token, attention, MLP), so that they cost what the real ones
cost, and mean nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FULL = {
    "clip": {"dim": 768, "depth": 12, "heads": 12, "mlp": 3072, "patch": 32, "image": 224, "out": 512},
    "dinov2": {"dim": 384, "depth": 12, "heads": 6, "mlp": 1536, "patch": 14, "image": 224, "out": 384},
    "siglip": {"dim": 768, "depth": 12, "heads": 12, "mlp": 3072, "patch": 16, "image": 224, "out": 768},
}
"""ViT-B/32, ViT-S/14, ViT-B/16: the sizes of the real networks."""

SMALL = {
    "clip": {"dim": 16, "depth": 1, "heads": 2, "mlp": 32, "patch": 32, "image": 224, "out": 512},
    "dinov2": {"dim": 384, "depth": 1, "heads": 2, "mlp": 32, "patch": 14, "image": 224, "out": 384},
    "siglip": {"dim": 16, "depth": 1, "heads": 2, "mlp": 32, "patch": 32, "image": 224, "out": 768},
}
"""The smallest that still have the real signature; a few milliseconds each."""

OUTPUTS = {"clip": "image_embeds", "dinov2": "last_hidden_state", "siglip": "pooler_output"}


def build_vit(path: Path, kind: str = "clip", seed: int = 0, output: str | None = None, **size: int) -> Path:
    """Writes a ViT of `kind` (clip, dinov2, siglip); sizes not given are those of SMALL. `output` renames its
    output.
    """
    sizes = {**SMALL[kind], **size}
    net = _Net(seed)
    tokens = net.vit(kind, **sizes)
    n_tokens = (sizes["image"] // sizes["patch"]) ** 2 + (kind != "siglip")
    name = output or OUTPUTS[kind]
    shape = ["batch", n_tokens, sizes["dim"]] if kind == "dinov2" else ["batch", sizes["out"]]
    net.add("Identity", [tokens], name)
    pixels = helper.make_tensor_value_info(
        "pixel_values", TensorProto.FLOAT, ["batch", 3, sizes["image"], sizes["image"]]
    )
    graph = helper.make_graph(
        net.nodes,
        kind,
        [pixels],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        net.weights,
    )
    return save(path, graph)


def save(path: Path, graph: onnx.GraphProto) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


class _Net:
    """A graph as it grows: nodes, weights, and names that never repeat."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(seed)

    def add(self, op: str, inputs: list[str], name: str | None = None, **attributes: object) -> str:
        name = name or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def const(self, array: NDArray[np.generic]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def random(self, *shape: int) -> str:
        scale = 1 / np.sqrt(shape[-2] if len(shape) == 2 else np.prod(shape[1:]))
        return self.const((self._rng.standard_normal(shape) * scale).astype(np.float32))

    def ints(self, *numbers: int) -> str:
        return self.const(np.array(numbers, np.int64))

    def linear(self, x: str, n_in: int, n_out: int) -> str:
        return self.add("Add", [self.add("MatMul", [x, self.random(n_in, n_out)]), self.random(1, n_out)])

    def norm(self, x: str, dim: int) -> str:
        ones, zeros = self.const(np.ones(dim, np.float32)), self.const(np.zeros(dim, np.float32))
        return self.add("LayerNormalization", [x, ones, zeros], axis=-1, epsilon=1e-5)

    def quick_gelu(self, x: str) -> str:
        slope = self.const(np.float32(1.702).reshape(()))
        return self.add("Mul", [x, self.add("Sigmoid", [self.add("Mul", [x, slope])])])

    def gelu(self, x: str) -> str:
        root, one, half = (self.const(np.float32(v).reshape(())) for v in (2**-0.5, 1.0, 0.5))
        bell = self.add("Add", [self.add("Erf", [self.add("Mul", [x, root])]), one])
        return self.add("Mul", [self.add("Mul", [x, bell]), half])

    def heads(self, x: str, n: int, dim: int, heads: int, perm: list[int]) -> str:
        return self.add(
            "Transpose", [self.add("Reshape", [x, self.ints(-1, n, heads, dim // heads)])], perm=perm
        )

    def attention(self, query: str, n_query: int, x: str, n: int, dim: int, heads: int) -> str:
        q = self.heads(self.linear(query, dim, dim), n_query, dim, heads, [0, 2, 1, 3])
        k = self.heads(self.linear(x, dim, dim), n, dim, heads, [0, 2, 3, 1])
        v = self.heads(self.linear(x, dim, dim), n, dim, heads, [0, 2, 1, 3])
        scale = self.const(np.float32((dim // heads) ** -0.5).reshape(()))
        share = self.add("Softmax", [self.add("Mul", [self.add("MatMul", [q, k]), scale])], axis=-1)
        mixed = self.add("Transpose", [self.add("MatMul", [share, v])], perm=[0, 2, 1, 3])
        return self.linear(self.add("Reshape", [mixed, self.ints(-1, n_query, dim)]), dim, dim)

    def mlp(self, x: str, dim: int, hidden: int, kind: str) -> str:
        wide = self.linear(x, dim, hidden)
        return self.linear(self.quick_gelu(wide) if kind == "clip" else self.gelu(wide), hidden, dim)

    def block(self, x: str, n: int, dim: int, heads: int, hidden: int, kind: str) -> str:
        normed = self.norm(x, dim)
        x = self.add("Add", [x, self.attention(normed, n, normed, n, dim, heads)])
        return self.add("Add", [x, self.mlp(self.norm(x, dim), dim, hidden, kind)])

    def repeated(self, token: str, like: str, dim: int) -> str:
        """(1,1,dim) once for every picture of the batch."""
        batch = self.add("Slice", [self.add("Shape", [like]), self.ints(0), self.ints(1)])
        return self.add("Expand", [token, self.add("Concat", [batch, self.ints(1, dim)], axis=0)])

    def vit(
        self, kind: str, *, dim: int, depth: int, heads: int, mlp: int, patch: int, image: int, out: int
    ) -> str:
        n = (image // patch) ** 2
        grid = self.add(
            "Conv",
            ["pixel_values", self.random(dim, 3, patch, patch)],
            strides=[patch, patch],
            kernel_shape=[patch, patch],
        )
        x = self.add("Transpose", [self.add("Reshape", [grid, self.ints(0, dim, n)])], perm=[0, 2, 1])
        if kind != "siglip":
            x = self.add("Concat", [self.repeated(self.random(1, 1, dim), x, dim), x], axis=1)
            n += 1
        x = self.add("Add", [x, self.random(1, n, dim)])
        if kind == "clip":
            x = self.norm(x, dim)
        for _ in range(depth):
            x = self.block(x, n, dim, heads, mlp, kind)
        if kind == "dinov2":
            return self.norm(x, dim)
        if kind == "clip":
            first = self.add("Gather", [x, self.const(np.int64(0).reshape(()))], axis=1)
            return self.add("MatMul", [self.norm(first, dim), self.random(dim, out)])
        return self.attention_pool(self.norm(x, dim), n, dim, heads, mlp, out)

    def attention_pool(self, x: str, n: int, dim: int, heads: int, mlp: int, out: int) -> str:
        """SigLIP's head: one learnt question to all tokens, then an MLP. `out` other than `dim` adds a
        projection (small nets only).
        """
        asked = self.attention(self.repeated(self.random(1, 1, dim), x, dim), 1, x, n, dim, heads)
        pooled = self.add("Add", [asked, self.mlp(self.norm(asked, dim), dim, mlp, "siglip")])
        flat = self.add("Squeeze", [pooled, self.ints(1)])
        return flat if out == dim else self.add("MatMul", [flat, self.random(dim, out)])

    def grid(self, source: str, stride: int, gains: list[float], biases: tuple[float, ...]) -> str:
        """One channel for each bias; the first ones add `gain` times the mean of the cell's first plane."""
        kernel = np.zeros((len(biases), 3, stride, stride), np.float32)
        kernel[: len(gains), 0] = np.array(gains)[:, None, None] / stride**2
        bias = self.const(np.array(biases, np.float32))
        return self.add(
            "Conv",
            [source, self.const(kernel), bias],
            strides=[stride, stride],
            kernel_shape=[stride, stride],
        )

    def per_cell(self, source: str, stride: int, gains: list[float], biases: tuple[float, ...]) -> str:
        """The same, one row per cell: (batch, cells, channels)."""
        last = self.add("Transpose", [self.grid(source, stride, gains, biases)], perm=[0, 2, 3, 1])
        return self.add("Reshape", [last, self.ints(0, -1, len(biases))])

    def graph(
        self, inputs: list[tuple[str, list[int | str | None]]], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.GraphProto:
        ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs]
        return helper.make_graph(self.nodes, "faces", ports, outputs, self.weights)


# ---- face detectors and Face-ID: one convolution that answers to the picture, so that a lit cell is a face


def build_yunet(
    path: Path,
    box: tuple[float, ...] = (0, 0, 0, 0),
    points: tuple[float, ...] = (0,) * 10,
    lit: tuple[float, float, float] = (1, 0, 0),
    square_px: int | None = None,
    missing: str | None = None,
) -> Path:
    """Every cell answers `box` and `points`; cls is the mean of its first plane over 255 times `lit` (strides
    8, 16, 32), obj is 1.
    """
    net, outputs = _Net(0), []
    for stride, gain in zip((8, 16, 32), lit, strict=True):
        rows = net.per_cell("input", stride, [gain / 255, 0], (0, 1, *box, *points))
        for part, first, size in (("cls", 0, 1), ("obj", 1, 1), ("bbox", 2, 4), ("kps", 6, 10)):
            name = f"{part}_{stride}"
            if name != missing:
                net.add("Slice", [rows, net.ints(first), net.ints(first + size), net.ints(2)], name)
                outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", None, size]))
    shape = [1, 3, square_px, square_px] if square_px else ["batch", 3, "height", "width"]
    return save(path, net.graph([("input", shape)], outputs))


def build_scrfd(path: Path, box: tuple[float, ...], points: tuple[float, ...]) -> Path:
    """The second anchor of every cell of stride 8 has its first plane's mean for a score; everything else has
    none.
    """
    net, outputs = _Net(0), []
    for stride in (8, 16, 32):
        rows = net.per_cell(
            "images", stride, [0, 1.0 if stride == 8 else 0.0], (0, 0, *box, *box, *points, *points)
        )
        for part, first, size in (("score", 0, 1), ("bbox", 2, 4), ("kps", 10, 10)):
            both = net.add("Slice", [rows, net.ints(first), net.ints(first + 2 * size), net.ints(2)])
            name = net.add("Reshape", [both, net.ints(-1, size)], f"{part}_{stride}")
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size]))
    return save(path, net.graph([("images", [1, 3, "h", "w"])], outputs))


def build_centerface(
    path: Path, size: tuple[float, ...], shift: tuple[float, ...], points: tuple[float, ...]
) -> Path:
    """Its heat is the mean of the first plane over 255; like the real file it declares 10 x 3 x 32 x 32 and
    computes any size.
    """
    net = _Net(0)
    grid = net.grid("input.1", 4, [1 / 255], (0, *size, *shift, *points))
    outputs = []
    for name, first, planes in (("537", 0, 1), ("538", 1, 2), ("539", 3, 2), ("540", 5, 10)):
        net.add("Slice", [grid, net.ints(first), net.ints(first + planes), net.ints(1)], name)
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [10, planes, 8, 8]))
    return save(path, net.graph([("input.1", [10, 3, 32, 32])], outputs))


def build_face_id(
    path: Path, source: str, target: str, dim: int, batch: int | str = "N", last: bool = False
) -> Path:
    """Sixteen means of each colour through a random matrix; `last`: colours are the last axis of the
    input.
    """
    net = _Net(0)
    planes = net.add("Transpose", [source], perm=[0, 3, 1, 2]) if last else source
    means = net.add("Flatten", [net.add("AveragePool", [planes], kernel_shape=[28, 28], strides=[28, 28])])
    net.add("MatMul", [means, net.random(48, dim)], target)
    shape = [batch, 112, 112, 3] if last else [batch, 3, 112, 112]
    return save(
        path,
        net.graph(
            [(source, shape)], [helper.make_tensor_value_info(target, TensorProto.FLOAT, [batch, dim])]
        ),
    )
