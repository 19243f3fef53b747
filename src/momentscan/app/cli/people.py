"""`momentscan people`: who was seen, and how to forget somebody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render_people import forgotten_as_json, show_forgotten, show_people
from momentscan.app.cli.streams import counted, printable, progress, show_json
from momentscan.errors import Cancelled, UsageError


def list_(places: o.Places, output: o.Output = None, as_json: o.Json = False) -> None:
    """Who was seen in each video: number, role, how much they are in the picture, when, and their identity
    pack."""
    from momentscan import flows

    videos = [
        flows.people(folder) for folder in calls.folders_of(places, calls.settings_of(output=output).output)
    ]
    if as_json:
        show_json(videos)
        return
    for video in videos:
        show_people(video)


def forget(
    place: o.Place, person: o.Person, yes: o.Yes = False, output: o.Output = None, as_json: o.Json = False
) -> None:
    """Remove every trace of a person from a video's folder: rows, vectors, pictures, packs, clips. The video
    itself is not touched."""
    from momentscan import flows

    settings = calls.settings_of(output=output)
    folder = calls.one_folder(place, settings.output)
    who = flows.somebody(folder, person)
    if not yes:
        _agreed(who, folder)
    with progress() as on_progress:
        forgotten = flows.forget(folder, person, settings, on_progress)
    if as_json:
        show_json(forgotten_as_json(forgotten))
    else:
        show_forgotten(forgotten)


def _agreed(who: dict[str, Any], folder: Path) -> None:
    """Asks at a terminal. Raises Cancelled where the answer is no, UsageError where nobody can be asked."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(
            "people forget cannot be undone, and there is no terminal to ask at; say --yes to do it"
        )
    times = f"{counted(who['looks'], 'time')} from {who['start_s']:.1f} to {who['end_s']:.1f} s"
    seen = f"{who['role']}, seen {times}"
    asked = f"Forget person {who['number']} of {folder} ({seen})? This cannot be undone. [y/N] "
    typer.echo(printable(asked), nl=False, err=True)  # typer.confirm would write to standard output too
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Cancelled("not agreed")
