"""From a verb to the work and back: tasks are run, each by itself, and the exit code is that of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from momentscan.app.cli.options import typed
from momentscan.app.cli.render import result_as_json, show_result
from momentscan.app.cli.streams import progress, say, show_json
from momentscan.errors import Cancelled, MomentscanError, UsageError, one_line

if TYPE_CHECKING:
    from momentscan.jobs import Result, Task
    from momentscan.settings import Settings

T = TypeVar("T")


def settings_of(**options: Any) -> Settings:
    """The settings in force, given what was typed."""
    from momentscan.settings import load

    return load(**typed(**options))


def folders_of(places: Iterable[str], output: Path) -> list[Path]:
    """The folders of the scanned videos that were named. Raises UsageError for a place that has none."""
    from momentscan import flows

    return flows.scanned_folders(places, output)


def one_folder(place: str, output: Path) -> Path:
    """As `folders_of`, for verbs that take one video. Raises UsageError where there are more, or none."""
    folders = folders_of([place], output)
    if len(folders) > 1:
        raise UsageError(f"{place}: holds {len(folders)} scanned videos; name one of them, say {folders[0]}")
    return folders[0]


def run(tasks: Sequence[Task], workers: int = 1, as_json: bool = False) -> list[Result]:
    """Results in the order of the tasks; each is shown as it comes."""
    from momentscan import jobs

    results = []
    with progress() as on_progress:
        from momentscan.progress import Step

        for result in jobs.run_all(tasks, workers, on_progress):
            results.append(result)
            if workers > 1:
                on_progress(Step("videos", len(results), len(tasks), "items"))
            if not as_json:
                show_result(result)
    return sorted(results, key=lambda r: tasks.index(r.task))


def finish(results: Sequence[Result], as_json: bool) -> None:
    """Prints the JSON document, and leaves with the exit code of the whole."""
    if as_json:
        show_json([result_as_json(r) for r in results])
    codes = [r.exit_code for r in results if r.exit_code]
    if len(results) > 1:
        _say_failed(len(codes), len(results))
    leave(codes, len(results))


def each(
    kind: str, items: Sequence[Path], work: Callable[[Path], list[T]]
) -> tuple[list[T], list[dict[str, Any]]]:
    """What came of each, and those that failed, as JSON tells them; one of several to fail stops no other."""
    done: list[T] = []
    failed: list[dict[str, Any]] = []
    for item in items:
        try:
            done += work(item)
        except MomentscanError as error:
            if len(items) == 1 or isinstance(error, Cancelled):
                raise
            say(one_line(error))
            failed.append(
                {kind: str(item), "status": "failed", "error": one_line(error), "exit_code": error.exit_code}
            )
    _say_failed(len(failed), len(items))
    return done, failed


def leave(codes: Sequence[int], of: int) -> None:
    """With the exit code of the whole, where any of so many failed."""
    if codes:
        raise typer.Exit(1 if 1 in codes else codes[0] if of == 1 else 5)


def _say_failed(failed: int, of: int) -> None:
    if failed:
        say(f"{failed} of {of} failed")
