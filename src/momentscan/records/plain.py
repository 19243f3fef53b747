"""How a record looks as JSON: the names of its keys, and which of them are left away."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

KEYS = {"for_": "for", "version_stamp": "_version", "class_": "class"}
"""Fields whose key is no name in Python."""

OMITTED = {"omitted_where_none": True}
"""Metadata of a field that has no key in the file where it is None."""


def key_of(name: str) -> str:
    """The key of a field in the file."""
    return KEYS.get(name, name)


RECORD: dict[str, Any] = {"extra": "forbid", "allow_inf_nan": False, "alias_generator": key_of}
"""What every record is read by (its `__pydantic_config__`): no other keys, no numbers that JSON does not have."""


def plain(value: Any) -> Any:
    """A record, or a tree of them, as dictionaries and lists, keys in the order of the fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = [(f, getattr(value, f.name)) for f in dataclasses.fields(value)]
        return {
            key_of(f.name): plain(v)
            for f, v in told
            if v is not None or not f.metadata.get("omitted_where_none")
        }
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    return value
