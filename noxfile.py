"""The tests on every Python that momentscan says it runs on; an interpreter that is not here is skipped.

`make nox` runs all; `make nox ARGS="-s tests-3.13 -- tests/signals"` one room on one Python.
"""

from __future__ import annotations

import nox

PYTHONS = ["3.11", "3.12", "3.13"]

nox.needs_version = ">=2025.5"
nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = False  # nox would fail on a CI machine, and CI has one Python
nox.options.download_python = (
    "never"  # an interpreter comes from the system's packages, pyenv or uv, not from here
)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """What `make test` runs; arguments after -- replace the choice of tests."""
    session.install("-c", "constraints.txt", "-e", ".[dev]")
    session.run("pytest", "-q", "-n", "2", "--dist", "worksteal", "-m", "not slow", *session.posargs)


@nox.session(python=PYTHONS)
def types(session: nox.Session) -> None:
    """mypy, as strict as `make check`, against the library stubs of each Python."""
    session.install("-c", "constraints.txt", "-e", ".[dev]")
    session.run("mypy")
