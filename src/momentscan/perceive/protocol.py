"""What a perceiver is, and what it declares of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from momentscan.values import Batch, Columns

Requires = tuple[str | tuple[str, ...], ...]
"""Parameters that must not be None; of a tuple of them one is enough."""


class Perceiver(Protocol):
    """Looks at one video, batch by batch, and lives for that video only.

    name           its row in the registry, and the table of settings with its knobs
    version        another one when it measures otherwise: a log of the other version is made anew
    needs          columns that perceivers before it must have written for the same batch; `process` sees
                   these and no others
    writes         columns it returns; those of table `frames` have one row per frame of the batch, at once
    short_side_px  the smallest frames it can use (frames are never scaled up)
    problems       (optional, after `finish`) lines for a person: what it was given and could not use
    columns        (optional) dictionary rows of what it writes, for perceivers from outside
    made_by        column -> version of the model that made it, for columns that came from a model
    calibrations   (optional) column -> what its embedder declared of its vectors

    A class declares what it is built from, and is built with these as keywords; without any it is built with
    nothing:

    models         parameter -> slot: the open model of that slot, or None where there is none
    resources      parameters for what a video comes with: "transcript"
    requires       parameters that must not be None, or it is left out; of a tuple of them one is enough
    knobs          a class of knobs: what the settings say of it is given as `knobs`
    """

    name: str
    version: str
    needs: tuple[str, ...]
    writes: tuple[str, ...]
    short_side_px: int
    made_by: Mapping[str, str]

    def process(self, batch: Batch, seen: Columns) -> Columns:
        """Columns of what can be said after this batch."""

    def finish(self) -> Columns:
        """Columns of what could only be said at the end."""


@runtime_checkable
class Snapshotting(Protocol):
    """A perceiver that can say before the end what it would say at the end, without an end to it."""

    def snapshot(self) -> Columns:
        """The columns that `finish` would give now."""


@runtime_checkable
class Evicting(Protocol):
    """A perceiver that would remember more and more of a feed that does not end."""

    name: str

    def evict(self, before_s: float) -> Columns:
        """Rows, for good, of what ended before; it is then done with."""
