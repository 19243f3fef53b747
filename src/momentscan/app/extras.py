"""Libraries that only some users want: what to install where one is missing."""

from __future__ import annotations

from momentscan.errors import MissingModel


def missing(what: str, library: str, extra: str) -> MissingModel:
    """The error of an extra that is not installed.

    >>> str(missing("a DataFrame", "pandas", "notebook"))
    'a DataFrame needs pandas, which is not installed; pip install "momentscan[notebook]"'
    """
    return MissingModel(f'{what} needs {library}, which is not installed; pip install "momentscan[{extra}]"')
