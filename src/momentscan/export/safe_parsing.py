"""Opening what others wrote: bounded in size, depth and number, and without a single entity."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from momentscan.errors import UnreadableInput, one_line
from momentscan.knobs import Knob


@dataclass(frozen=True)
class ParsingLimits:
    """What is refused of an edit before it can do harm."""

    max_bytes: Annotated[
        int, Knob("B", source="taste: an hour of dense multi-track edit is 10 MB of XML", low=1)
    ] = 64_000_000
    max_depth: Annotated[
        int, Knob("", source="taste: edits nest some 20 deep; readers recurse", low=1, high=500)
    ] = 150
    max_items: Annotated[
        int,
        Knob("", source="taste: pieces of one timeline, nested ones counted each time they are shown", low=1),
    ] = 100_000


def read_bytes(path: Path, guards: ParsingLimits) -> bytes:
    """A regular file, or the one document of a Final Cut bundle (`.fcpxmld`). Raises UnreadableInput with
    what was found instead.
    """
    inner = path / "Info.fcpxml"
    path = inner if path.is_dir() and inner.is_file() else path
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableInput(
                f"{path}: is no file, expected an edit as .otio, .edl, .fcpxml or .xml; export one from "
                "the editor"
            )
        if found.st_size > guards.max_bytes:
            raise UnreadableInput(
                f"{path}: has {found.st_size} bytes, the limit is {guards.max_bytes}; export the one "
                "timeline only"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableInput(
            f"{path}: cannot be read ({error.strerror}); check the name and the permissions"
        ) from None


def parse_xml(data: bytes, path: Path, guards: ParsingLimits) -> Element:
    """The root. Raises UnreadableInput for what is no XML, nests too deep, or declares entities: those make
    small files huge, or fetch others.
    """
    builder, depth = TreeBuilder(), 0
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > guards.max_depth:
            raise UnreadableInput(
                f"{path}: its XML nests deeper than {guards.max_depth}; export the timeline again"
            )
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def entity(*_: object) -> None:
        raise UnreadableInput(
            f"{path}: declares XML entities, which no editor needs and attacks use; export the timeline again"
        )

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = (
        start,
        end,
        builder.data,
    )
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = entity
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError, ValueError, LookupError) as error:
        raise UnreadableInput(
            f"{path}: is no XML that can be read ({one_line(error)}); export the timeline again"
        ) from None


def check_json_depth(text: str, path: Path, guards: ParsingLimits) -> None:
    """Raises UnreadableInput for JSON that nests too deep for readers that recurse."""
    depth, quoted, escaped = 0, False, False
    for c in text:
        if quoted:
            quoted, escaped = escaped or c != '"', c == "\\" and not escaped
        elif c == '"':
            quoted = True
        elif c in "[{":
            depth += 1
            if depth > guards.max_depth:
                raise UnreadableInput(
                    f"{path}: its JSON nests deeper than {guards.max_depth}; export the timeline again"
                )
        elif c in "]}":
            depth -= 1
