"""From a verb to the work and back: every verb is a task; the exit code is that of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from momentscan.app.cli.options import typed
from momentscan.app.cli.render import show_error
from momentscan.app.cli.streams import progress, say, show_json
from momentscan.errors import UsageError

if TYPE_CHECKING:
    from momentscan.jobs import Result, Task
    from momentscan.settings import Settings


def settings_of(knobs: Mapping[str, str] | None = None, **options: Any) -> Settings:
    """The settings in force, given what was typed."""
    from momentscan.settings import load

    return load({**typed(**options), **(knobs or {})})


def folders_of(places: Iterable[str], output: Path) -> list[Path]:
    """The folders of the scanned videos that were named. Raises UsageError for a place that has none."""
    from momentscan import flows

    return flows.video_folders(list(places), output)


def one_folder(place: str, output: Path) -> Path:
    """As `folders_of`, for verbs that take one video. Raises UsageError where there are more, or none."""
    folders = folders_of([place], output)
    if len(folders) > 1:
        raise UsageError(f"{place}: holds {len(folders)} scanned videos; name one of them, say {folders[0]}")
    return folders[0]


def run(
    tasks: Sequence[Task],
    show: Callable[[Any], None],
    workers: int = 1,
    as_json: bool = False,
) -> list[Result]:
    """Results in the order of the tasks; each is shown as it comes, errors on standard error."""
    from momentscan import jobs

    results = []
    with progress() as on_progress:
        for result in jobs.run_all(tasks, workers, on_progress):
            results.append(result)
            if result.error is not None:
                show_error(result)
            elif not as_json:
                show(result.outcome)
    return sorted(results, key=lambda r: tasks.index(r.task))


def finish(
    results: Sequence[Result],
    as_json: bool,
    document: Callable[[Result], Any] = lambda result: result.to_json(),
) -> None:
    """Prints the JSON document, and leaves with the exit code of the whole."""
    if as_json:
        told = [document(r) if r.error is None else r.to_json() for r in results]
        show_json([row for one in told for row in (one if isinstance(one, list) else [one])])
    codes = [r.exit_code for r in results if r.exit_code]
    if codes and len(results) > 1:
        say(f"{len(codes)} of {len(results)} failed")
    if codes:
        raise typer.Exit(1 if 1 in codes else codes[0] if len(results) == 1 else 5)
