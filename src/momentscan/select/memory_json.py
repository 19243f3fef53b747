"""A memory bank as plain values and back, each field of its very type: memory_bank.json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np

from momentscan.errors import UnreadableInput, UsageError
from momentscan.knobs import knobs_of, with_knobs
from momentscan.records.memory import BankImage, BankNode
from momentscan.select.memory_nodes import DECIMALS, MemoryOptions, Node, NodeImage, UnitVector, best_first

T = TypeVar("T")

FORMAT = 1
UNIT_SLACK = 1e-4
"""How far from 1 the length of a vector read back may be; rounding 512 numbers to DECIMALS moves it by 1e-5
at most.
"""

KINDS = {
    float: "a finite number",
    int: "a whole number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


def unreadable(what: str) -> UnreadableInput:
    return UnreadableInput(f"memory bank cannot be read: {what}; build it again from the scans")


def typed_field(given: object, key: str, kind: type[T], where: str) -> T:
    """`given[key]`, of that very type; whole numbers are numbers too."""
    if not isinstance(given, Mapping):
        raise unreadable(f"{where} is a {type(given).__name__}, expected an object")
    if key not in given:
        raise unreadable(f"{where} has no {key!r}")
    value = given[key]
    if not (_is_number(value) if kind is float else type(value) is kind):
        raise unreadable(f"{key!r} of {where} is {value!r:.40}, expected {KINDS[kind]}")
    return kind(value) if kind is float else value  # type: ignore[call-arg]


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and -1e100 < value < 1e100  # type: ignore[operator]


def _within(given: object, key: str, kind: type[T], low: float, high: float, where: str) -> T:
    value = typed_field(given, key, kind, where)
    if not low <= value <= high:  # type: ignore[operator]
        raise unreadable(f"{key!r} of {where} is {value!r}, expected {low:g} to {high:g}")
    return value


def head_of(given: object) -> tuple[str, float, MemoryOptions]:
    form = typed_field(given, "format", int, "the file")
    if form != FORMAT:
        raise unreadable(f"the file has format {form}, expected {FORMAT}")
    version, tau_id = (
        typed_field(given, "embed_model_version", str, "the file"),
        _within(given, "tau_id", float, 0, 1, "the file"),
    )
    try:
        return version, tau_id, _knobs(typed_field(given, "knobs", dict, "the file"))
    except UsageError as error:
        raise unreadable(str(error)) from None


def _knobs(given: dict[str, Any]) -> MemoryOptions:
    typed: dict[str, Any] = {
        f.name: typed_field(given, f.name, f.type, "its knobs") for f in knobs_of(MemoryOptions)
    }
    return with_knobs(MemoryOptions, {**given, **typed})


def _vector(given: object, key: str, where: str) -> UnitVector:
    row = typed_field(given, key, list, where)
    if not row or not all(_is_number(x) for x in row):
        raise unreadable(f"{key!r} of {where} is not a row of finite numbers")
    vec = np.array(row, np.float64)
    length = float(np.linalg.norm(vec))
    if abs(length - 1) > UNIT_SLACK:
        raise unreadable(f"{key!r} of {where} has length {length:.4g}, expected 1")
    return np.round(vec, DECIMALS)


def founder_of(given: object, nodes: list[object]) -> UnitVector | None:
    return (
        _vector(given, "founder", "the file")
        if nodes
        else typed_field(given, "founder", type(None), "the file, which has no nodes,")
    )


def node_of(given: object, where: str, knobs: MemoryOptions) -> Node:
    vec, images = _vector(given, "vec_id", where), typed_field(given, "images", list, where)
    if len(images) > knobs.images:
        raise unreadable(f"{where} has {len(images)} images, expected at most {knobs.images}")
    hits, quality = (
        _within(given, "hit_count", int, 1, math.inf, where),
        _within(given, "quality", float, 0, 1, where),
    )
    seen = typed_field(given, "histogram", dict, where)
    histogram = {
        bucket: _within(seen, bucket, int, 1, math.inf, f"the histogram of {where}") for bucket in seen
    }
    if sum(histogram.values()) != hits:
        raise unreadable(
            f"the histogram of {where} counts {sum(histogram.values())} looks, expected its hit_count {hits}"
        )
    shown = best_first(_image(image, f"an image of {where}") for image in images)
    return Node(vec, hits, quality, _within(given, "last_used", int, 1, math.inf, where), histogram, shown)


def _image(given: object, where: str) -> NodeImage:
    path, bucket = typed_field(given, "path", str, where), typed_field(given, "bucket", str, where)
    return NodeImage(
        path, _within(given, "quality", float, 0, 1, where), bucket, typed_field(given, "anchor", bool, where)
    )


def node_record(node: Node) -> BankNode:
    return BankNode(
        vec_id=tuple(node.vec.tolist()),
        hit_count=node.hit_count,
        quality=node.quality,
        last_used=node.last_used,
        histogram=dict(node.histogram),
        images=tuple(BankImage(**asdict(image)) for image in node.images),
    )
