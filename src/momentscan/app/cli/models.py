"""`momentscan models`: what there is, where it comes from, what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import show_pulled, show_verified, show_weight
from momentscan.app.cli.streams import progress, show_json
from momentscan.errors import MomentscanError, one_line

if TYPE_CHECKING:
    from momentscan.models.catalogue import Weight


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


def pull(names: o.Weights, models: o.Models = None, as_json: o.Json = False) -> None:
    """Fetch weights from their sources, in turn; prints what was seen."""
    from momentscan.models.catalogue import weight
    from momentscan.models.weights import pull as pulled_from

    folder = calls.settings_of(models=models).models
    asked = [weight(name) for given in names for name in groups().get(given, (given,))]
    rows = []
    for row in asked:
        with progress() as on_progress:
            pulled = pulled_from(row, folder, progress=on_progress)
        seen = {"path": str(pulled.path), "source": pulled.source, "sha256": pulled.sha256}
        rows.append({"name": row.name, **seen, "verified": row.sha256 is not None})
        if not as_json:
            show_pulled(rows[-1])
    if as_json:
        show_json(rows)


def groups() -> dict[str, tuple[str, ...]]:
    """Names that stand for several files."""
    from momentscan.models.chosen_models import pull_groups

    return pull_groups()


def verify(models: o.Models = None, as_json: o.Json = False) -> None:
    """Check every file that is here against its sha256."""
    from momentscan.models.catalogue import WEIGHTS

    folder = calls.settings_of(models=models).models
    rows = []
    for weight in WEIGHTS:
        rows.append(_checked(weight, folder))
        if not as_json:
            show_verified(rows[-1])
    if as_json:
        show_json(rows)
    if any(row["status"] == "bad" for row in rows):
        raise typer.Exit(4)


def _checked(weight: Weight, folder: Path | None) -> dict[str, str | None]:
    """`status`: ok, unverified (the catalogue does not know its sha256), missing, or bad, and then why."""
    from momentscan.models.weights import locate
    from momentscan.models.weights import verify as verified

    path = locate(weight, folder)
    row: dict[str, str | None] = {
        "name": weight.name,
        "file": weight.file,
        "path": None,
        "sha256": None,
        "error": None,
    }
    if path is None:
        return {**row, "status": "missing"}
    row["path"] = str(path)
    try:
        return {**row, "status": "ok" if weight.sha256 else "unverified", "sha256": verified(path, weight)}
    except MomentscanError as error:
        return {**row, "status": "bad", "error": one_line(error)}
