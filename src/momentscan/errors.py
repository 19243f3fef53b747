"""Every error that momentscan raises on purpose.

    MomentscanError                 exit code 1 (a defect, unless a subclass says better)
    ├── UsageError                  2   wrong arguments, knobs or settings
    │   └── OutputError             2   the output folder cannot be written (read-only, full disk)
    ├── UnreadableInput             3   a video or a log that cannot be read
    │   └── MissingSignal           3   a column that nobody logged; names its maker
    ├── MissingModel                4   weights or an extra that are not on this machine
    │   └── BadWeights              4   weights whose bytes are not the ones the catalogue names
    ├── IncomparableVectors         1   vectors of two embedders met in one comparison
    └── Cancelled                   130 the user, or a progress callback, stopped the work

A message says what was wrong, what was found and what to do, in one line.
"""

from __future__ import annotations


class MomentscanError(Exception):
    """Base of everything raised on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(MomentscanError):
    exit_code = 2


class OutputError(UsageError):
    pass


class UnreadableInput(MomentscanError):
    exit_code = 3


class MissingSignal(UnreadableInput):
    pass


class MissingModel(MomentscanError):
    exit_code = 4


class BadWeights(MissingModel):
    pass


class IncomparableVectors(MomentscanError):
    pass


class Cancelled(MomentscanError):
    exit_code = 130


def one_line(error: BaseException) -> str:
    """The message of an error as one line, for a user: 'No space left on device' rather than a repr."""
    text = " ".join(str(error).split())
    return text or type(error).__name__
