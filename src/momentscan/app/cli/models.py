"""`momentscan models`: what there is, where it comes from, what is missing."""

from __future__ import annotations

import typer

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import show_weight
from momentscan.app.cli.streams import progress, show_json
from momentscan.errors import MomentscanError, one_line


def list_(models: o.Models = None, as_json: o.Json = False) -> None:
    """Every file: what for, licence, commercial use, size, sha256, whether it is here, and where it can be
    had."""
    from momentscan.models.catalogue import WEIGHTS
    from momentscan.models.weights import locate

    folder = calls.settings_of(models=models).models
    rows = [{**weight.__dict__, "here": str(locate(weight, folder) or "")} for weight in WEIGHTS]
    if as_json:
        show_json(rows)
        return
    for row in rows:
        show_weight(row)


def pull(names: o.Weights, models: o.Models = None) -> None:
    """Fetch weights from their sources, in turn; prints what was seen."""
    from momentscan.models.catalogue import weight
    from momentscan.models.weights import pull as pulled_from

    folder = calls.settings_of(models=models).models
    asked = [weight(name) for given in names for name in groups().get(given, (given,))]
    for row in asked:
        with progress() as on_progress:
            pulled = pulled_from(row, folder, progress=on_progress)
        state = "as the catalogue says" if row.sha256 else "unverified: the catalogue does not know it yet"
        typer.echo(f"{row.name}: {pulled.path} from {pulled.source}, sha256 {pulled.sha256} ({state})")


def groups() -> dict[str, tuple[str, ...]]:
    """Names that stand for several files."""
    from momentscan.models.chosen import PULL_FACES, PULL_SPEECH

    return {"faces": PULL_FACES, "speech": PULL_SPEECH}


def verify(models: o.Models = None) -> None:
    """Check every file that is here against its sha256."""
    from momentscan.models.catalogue import WEIGHTS
    from momentscan.models.weights import locate
    from momentscan.models.weights import verify as verified

    folder, bad = calls.settings_of(models=models).models, 0
    for row in WEIGHTS:
        path = locate(row, folder)
        if path is None:
            typer.echo(f"missing     {row.name}")
            continue
        try:
            found = verified(path, row)
            typer.echo(f"{'ok         ' if row.sha256 else 'unverified '} {row.name}  {path}  sha256 {found}")
        except MomentscanError as error:
            bad += 1
            typer.echo(f"BAD         {row.name}  {one_line(error)}")
    if bad:
        raise typer.Exit(4)
