"""`momentscan people`: who was seen, and how to forget somebody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render_people import show_forgotten, show_people
from momentscan.app.cli.streams import counted, printable, show_json
from momentscan.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from momentscan.privacy.outcome import PersonBrief


def list_(places: o.Places, output: o.Output = None, as_json: o.Json = False) -> None:
    """Who was seen in each video: number, role, how much they are in the picture, when, and their identity
    pack."""
    from momentscan.jobs import People
    from momentscan.records.plain import plain

    settings = calls.settings_of(output=output)
    tasks = [People(str(f), settings.to_json()) for f in calls.folders_of(places, settings.output)]
    results = calls.run(tasks, show_people, 1, as_json)
    calls.finish(results, as_json, lambda result: plain(result.outcome))


def forget(
    place: o.Place,
    person: o.Person,
    yes: o.Yes = False,
    knobs: o.Set = None,
    output: o.Output = None,
    as_json: o.Json = False,
) -> None:
    """Remove every trace of a person from a video's folder: rows, vectors, pictures, packs, clips. The video
    itself is not touched."""
    from momentscan import flows
    from momentscan.jobs import Forget

    settings = calls.settings_of(o.knobs(knobs), output=output)
    folder = calls.one_folder(place, settings.output)
    who = flows.somebody(folder, person, settings)
    if not yes:
        _agreed(who, folder)
    results = calls.run([Forget(str(folder), person, settings.to_json())], show_forgotten, 1, as_json)
    if as_json and results[0].error is None:
        show_json(results[0].outcome.to_json())
    calls.finish(results, as_json and results[0].error is not None)


def _agreed(who: PersonBrief, folder: Path) -> None:
    """Asks at a terminal. Raises Cancelled where the answer is no, UsageError where nobody can be asked."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(
            "people forget cannot be undone, and there is no terminal to ask at; say --yes to do it"
        )
    times = f"{counted(who.looks, 'time')} from {who.start_s:.1f} to {who.end_s:.1f} s"
    asked = (
        f"Forget person {who.number} of {folder} ({who.role}, seen {times})? This cannot be undone. [y/N] "
    )
    typer.echo(printable(asked), nl=False, err=True)  # typer.confirm would write to standard output too
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Cancelled("not agreed")
