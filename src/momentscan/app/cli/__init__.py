"""The command line, one file per group of verbs.

Heavy rooms are imported inside the verbs, so that `--help` stays quick.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable

import typer

from momentscan import __version__, logs, process, stopping
from momentscan.app.cli import deliver, judge, live, machine, models, people, scan, settings
from momentscan.app.cli import options as o
from momentscan.app.cli.streams import say
from momentscan.errors import Cancelled, MomentscanError, one_line

CANCELLED = "cancelled; nothing half-done was kept"


_log = logging.getLogger(__name__)


def main() -> None:
    """The `momentscan` command: exit codes as in docs/cli.md, errors as one line on standard error."""
    started_s = time.perf_counter()
    process.own()
    stopping.listen()
    try:
        _ended_well()
    except SystemExit as end:
        _log.info("exit code %s after %.1f s", end.code or 0, time.perf_counter() - started_s)
        raise
    finally:
        logs.listen(logs.Listening())


def _ended_well() -> None:
    """Raises SystemExit, whatever happens, but for a defect of ours."""
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


def _root(
    ctx: typer.Context, verbose: o.Verbose = 0, log_file: o.LogFile = None, version: o.Version = False
) -> None:
    level = logging.DEBUG if verbose > 1 else logging.INFO
    file = None if log_file is None else str(log_file)
    logs.listen(logs.Listening(level if verbose else None, file, level))
    _log.info("momentscan %s: %s", __version__, ctx.invoked_subcommand)


VERBS: dict[str, Callable[..., None]] = {
    "scan": scan.scan,
    "find": judge.find,
    "pack": judge.pack,
    "clip": deliver.clip,
    "export": deliver.export,
    "import": deliver.import_,
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
    "settings": (
        "What is in force, and where it came from.",
        {"show": settings.show_, "explain": settings.explain},
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
