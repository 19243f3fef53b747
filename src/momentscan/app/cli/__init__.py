"""The command line, one file per group of verbs.

Heavy rooms are imported inside the verbs, so that `--help` stays quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from momentscan import stopping
from momentscan.app.cli import deliver, judge, live, machine, models, people, scan
from momentscan.app.cli.streams import say
from momentscan.errors import Cancelled, MomentscanError, one_line

CANCELLED = "cancelled; nothing half-done was kept"


def main() -> None:
    """The `momentscan` command: exit codes as in docs/cli.md, errors as one line on standard error."""
    stopping.listen()
    try:
        app(prog_name="momentscan")  # also as `python -m momentscan`, so that completion knows its name
    except SystemExit as error:
        if error.code == 130:  # a KeyboardInterrupt that typer turned into this
            say(CANCELLED)
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # `momentscan ... | head`: it has enough
        sys.exit(0)
    except (KeyboardInterrupt, Cancelled):
        say(CANCELLED)
        sys.exit(130)
    except MomentscanError as error:
        say(one_line(error))
        sys.exit(error.exit_code)


def _version(asked: bool) -> None:
    if asked:
        from momentscan import __version__

        typer.echo(f"momentscan {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
]


def _root(version: Version = False) -> None:
    pass


VERBS: dict[str, Callable[..., None]] = {
    "scan": scan.scan,
    "find": judge.find,
    "pack": judge.pack,
    "clip": deliver.clip,
    "export": deliver.export,
    "import": deliver.take_back,
    "watch": live.watch,
    "compare": judge.compare,
    "demo": machine.demo,
    "doctor": machine.doctor,
}
"""In the order in which the help lists them; groups come after."""

GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "models": (
        "Weights: what there is, where it comes from, what is missing.",
        {"list": models.list_, "pull": models.pull, "verify": models.verify},
    ),
    "people": (
        "Who was seen, and how to forget somebody.",
        {"list": people.list_, "forget": people.forget},
    ),
}


def _assembled() -> typer.Typer:
    whole = typer.Typer(
        name="momentscan",
        help="Finds the moments worth keeping in a video, and says why.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    whole.callback()(_root)
    for name, verb in VERBS.items():
        whole.command(name)(verb)
    for name, (text, verbs) in GROUPS.items():
        group = typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None)
        for inner, verb in verbs.items():
            group.command(inner)(verb)
        whole.add_typer(group, name=name)
    return whole


app = _assembled()
