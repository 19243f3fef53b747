"""Records to JSON and back: what does not fit is refused in one line that names the file, the field and what was found."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from momentscan.errors import UnreadableInput
from momentscan.records.plain import plain

T = TypeVar("T")


def decode(cls: type[T], data: bytes, path: Path, remedy: str) -> T:
    """The record in the bytes of a file. Raises UnreadableInput; `remedy` says what to do about it."""
    try:
        record: T = _adapter(cast(Hashable, cls)).validate_json(data, strict=True)
        return record
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        found = _short(first.get("input"))
        more = f", and {error.error_count() - 1} more" if error.error_count() > 1 else ""
        raise UnreadableInput(
            f"{path}: does not fit ({where}: {first['msg'].lower()}, found {found}{more}); {remedy}"
        ) from None


def read_record(cls: type[T], path: Path, remedy: str) -> T:
    """The record in a file. Raises UnreadableInput where there is none, or none that fits."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{path}: cannot be read ({error.strerror}); {remedy}") from None
    return decode(cls, data, path, remedy)


def read_or_none(cls: type[T], path: Path) -> T | None:
    """As `read_record`, None where that would raise: for what can be made again."""
    try:
        return read_record(cls, path, "")
    except UnreadableInput:
        return None


def encode(value: Any) -> bytes:
    """The bytes of a JSON file: six decimals, keys as given, null for numbers that are not finite, one newline at the end."""
    text = json.dumps(_rounded(plain(value)), indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode(errors="backslashreplace")


def schema_of(cls: Any) -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a record as it is written."""
    return _adapter(cls).json_schema(by_alias=True, mode="serialization")


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _rounded(value: Any) -> Any:
    """Plain JSON values of a tree: numpy numbers to Python's, floats to six decimals, NaN and infinities to None."""
    if isinstance(value, Mapping):
        return {str(k): _rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if hasattr(value, "dtype") and value.dtype.kind == "b":
        return bool(value)
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if hasattr(value, "dtype") and value.dtype.kind in "iu" else round(number, 6)
