"""Where words go: results to standard output, everything else to standard error."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import typer

from momentscan.progress import Progress


def show(text: str) -> None:
    """A line of results."""
    typer.echo(printable(text))


def say(text: str) -> None:
    """A message that is no result."""
    typer.echo(printable(text), err=True)


def show_json(value: Any) -> None:
    """One JSON document."""
    import json

    show(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def printable(text: str) -> str:
    """Names that are not UTF-8 with their odd bytes written out."""
    return text.encode(errors="backslashreplace").decode()


def counted(n: int, one: str, many: str = "") -> str:
    """As "1 clip", "2 clips"."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def progress() -> AbstractContextManager[Progress]:
    """The bar, where a terminal listens."""
    from momentscan.app.progress_bar import progress_bar

    return progress_bar()
