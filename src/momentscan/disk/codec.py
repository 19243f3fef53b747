"""Records to JSON and back: what does not fit is refused in one line that names the file, the field and
what was found.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from momentscan.errors import UnreadableInput
from momentscan.records.plain import is_omitted, key_of

T = TypeVar("T")

FOUND_LONGEST = 60
"""Characters of what was found that an error shows."""

_SURROGATES = range(0xD800, 0xE000)
_ASIDE = {code: 0x10F800 + code - 0xD800 for code in _SURROGATES}
_BACK = {aside: code for code, aside in _ASIDE.items()}
"""Bytes of file names that are no UTF-8 are lone surrogates in Python and in our JSON; pydantic knows no such
text, so they are put aside at the end of the last private plane, which nobody uses, and brought back."""


def decode(cls: type[T], data: bytes, path: Path, remedy: str) -> T:
    """The record in the bytes of a file. Raises UnreadableInput; `remedy` says what to do about it."""
    if any(word in data for word in (b"NaN", b"Infinity")):
        _refuse_non_numbers(data, path, remedy)
    try:
        return _validated(cls, data)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["type"] == "json_invalid" and rb"\ud" in data:
            return _decoded_with_surrogates(cls, data, path, remedy)
        raise UnreadableInput(f"{path}: does not fit ({_first(error)}){_remedy(remedy)}") from None


def read_record(cls: type[T], path: Path, remedy: str) -> T:
    """The record in a file. Raises UnreadableInput where there is none, or none that fits."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or error
        raise UnreadableInput(f"{path}: cannot be read ({why}){_remedy(remedy)}") from None
    return decode(cls, data, path, remedy)


def read_or_none(cls: type[T], path: Path) -> T | None:
    """As `read_record`, None where that would raise: for what can be made again."""
    try:
        return read_record(cls, path, "")
    except UnreadableInput:
        return None


def decode_line(cls: Any, line: bytes) -> Any:
    """The record in one line of a `.jsonl` file, None where it holds none that fits."""
    try:
        return decode(cls, line, Path(), "")
    except UnreadableInput:
        return None


def encode(value: Any) -> bytes:
    """The bytes of a JSON file: six decimals, keys as given, null for numbers that are not finite, one
    newline at the end.
    """
    text = json.dumps(_to_json(value), indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode(errors="backslashreplace")


def encode_line(value: Any) -> bytes:
    """The same on one line, newline included: for files that grow line by line."""
    text = json.dumps(_to_json(value), ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode(errors="backslashreplace")


def adapter_of(cls: Any) -> TypeAdapter[Any]:
    """What reads records of a class, built once."""
    return _adapter(cast(Hashable, cls))


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


def _validated(cls: type[T], data: bytes | str) -> T:
    record: T = adapter_of(cls).validate_json(data, strict=True)
    return record


def _decoded_with_surrogates(cls: type[T], data: bytes, path: Path, remedy: str) -> T:
    try:
        text = json.dumps(json.loads(data), ensure_ascii=False).translate(_ASIDE)
        return cast(T, _brought_back(_validated(cls, text)))
    except (ValueError, RecursionError) as error:
        why = _first(error) if isinstance(error, ValidationError) else "the whole: is no JSON"
        raise UnreadableInput(f"{path}: does not fit ({why}){_remedy(remedy)}") from None


def _brought_back(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_BACK)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        own = {f.name: _brought_back(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **own)
    if isinstance(value, Mapping):
        return {_brought_back(name): _brought_back(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_brought_back(inner) for inner in value)
    return value


def _refuse_non_numbers(data: bytes, path: Path, remedy: str) -> None:
    """pydantic takes them where any value may stand, as in knobs; JSON does not have them. The words
    may stand in texts.
    """

    def refuse(word: str) -> NoReturn:
        raise UnreadableInput(
            f"{path}: does not fit (the whole: holds the number {word}, expected finite ones)"
            f"{_remedy(remedy)}"
        )

    try:
        json.loads(data, parse_constant=refuse)
    except (ValueError, RecursionError):
        return  # is told by who decodes it


def _first(error: ValidationError) -> str:
    """`engines.rules.moments: input should be a valid integer, found '3', and 2 more`."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the whole"
    is_json = first["type"] != "json_invalid"  # else what was found is all of the file
    found = f", found {_short(first.get('input'))}" if is_json else ""
    more = f", and {error.error_count() - 1} more" if error.error_count() > 1 else ""
    message = first["msg"][:1].lower() + first["msg"][1:]
    return f"{where[:FOUND_LONGEST]}: {message}{found}{more}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= FOUND_LONGEST else f"{text[: FOUND_LONGEST - 3]}..."


def _remedy(remedy: str) -> str:
    return f"; {remedy}" if remedy else ""


def _to_json(value: Any) -> Any:
    """Plain JSON values of a record or a tree of them, in one walk: keys as in the file, numpy numbers as
    Python's, floats to six decimals, NaN and infinities as None.
    """
    kind = type(value)
    if kind is float:
        return round(value, 6) if math.isfinite(value) else None
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is list or kind is tuple:
        return [_to_json(inner) for inner in value]
    if kind is dict:
        return {str(name): _to_json(inner) for name, inner in value.items()}
    keys = _keys_of(cast(Hashable, kind))
    if keys is not None:
        told = [(key, getattr(value, name), omitted) for name, key, omitted in keys]
        return {key: _to_json(inner) for key, inner, omitted in told if inner is not None or not omitted}
    return _of_another_kind(value)


@cache
def _keys_of(kind: Any) -> tuple[tuple[str, str, bool], ...] | None:
    """(field, key, whether it is left away where it is None) of a dataclass; None of another class."""
    if not dataclasses.is_dataclass(kind):
        return None
    return tuple((f.name, key_of(f.name), is_omitted(f)) for f in dataclasses.fields(kind))


def _of_another_kind(value: Any) -> Any:
    """Mappings and sequences of other classes, numpy's numbers."""
    if isinstance(value, Mapping):
        return {str(name): _to_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(inner) for inner in value]
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value)
    if hasattr(value, "dtype") and value.dtype.kind == "b":
        return bool(value)
    if hasattr(value, "dtype") and value.dtype.kind in "iu":
        return int(value)
    return _to_json(float(value))
