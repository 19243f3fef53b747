"""How a record looks as JSON: the names of its keys, which of them are left away, and what is published of
its fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

Json = Mapping[str, Any]
"""A JSON object whose keys are the business of who wrote it: knobs, settings."""

KEYS = {"for_": "for", "version_stamp": "_version", "class_": "class", "set_": "set"}
"""Fields whose key is no name in Python."""

OMITTED = {"omitted_where_none": True}
"""Metadata of a field that has no key in the file where it is None."""

OMITTED_MEANWHILE = {**OMITTED, "omitted_meanwhile": True}
"""The same of a field that only lacks while it is being made anew: every finished file has it."""


def key_of(name: str) -> str:
    """The key of a field in the file."""
    return KEYS.get(name, name)


def is_optional(field: dataclasses.Field[Any]) -> bool:
    """Whether a finished file may lack the field."""
    return is_omitted(field) and not field.metadata.get("omitted_meanwhile")


def is_omitted(field: dataclasses.Field[Any]) -> bool:
    """Whether a field has no key in the file where it is None."""
    return bool(field.metadata.get("omitted_where_none"))


class Record:
    """Base of what is read and written as JSON: no other keys, no numbers that JSON does not have."""

    __pydantic_config__: ClassVar[Json] = {
        "extra": "forbid",
        "allow_inf_nan": False,
        "alias_generator": key_of,
    }


class Meta:
    """What the published schema says of a field beside its type. Used in `Annotated`.

    `limits` (ge, le, pattern) are also what a file is refused by. Known to pydantic by the names of its two
    methods, so that this room needs none.
    """

    def __init__(self, description: str = "", **limits: float | str) -> None:
        self.description, self.limits = description, limits

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Json]) -> Json:
        return {**handler(source), **self.limits}

    def __get_pydantic_json_schema__(self, core: Any, handler: Callable[[Any], Json]) -> Json:
        return {**handler(core), **({"description": self.description} if self.description else {})}


def plain(value: Any) -> Any:
    """A record, or a tree of them, as dictionaries and lists, keys in the order of the fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = [(f, getattr(value, f.name)) for f in dataclasses.fields(value)]
        return {key_of(f.name): plain(v) for f, v in told if v is not None or not is_omitted(f)}
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    return value
