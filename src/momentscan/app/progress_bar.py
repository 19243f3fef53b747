"""The progress bar: measured seconds of video of the whole, with an estimate; silent where no terminal
listens.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from momentscan.progress import DONE, Progress, Step
from momentscan.stopping import check


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A Progress that draws on standard error, and is gone when it is done: a line for each video that is
    worked on, with its stage, and one for all of them.
    """
    if not sys.stderr.isatty():
        yield _stoppable
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        lines: dict[str, tuple[str, TaskID]] = {}

        def draw(step: Step) -> None:
            check()
            stage, line = lines.get(step.subject, ("", None))
            if line is not None and (stage != step.stage or step.stage == DONE):
                bars.remove_task(line)
                del lines[step.subject]
            if step.stage == DONE:
                return
            if step.subject not in lines:
                lines[step.subject] = step.stage, bars.add_task(_title(step), said="")
            bars.update(lines[step.subject][1], completed=step.done, total=step.total, said=_said(step))

        yield draw


def _stoppable(step: Step) -> None:
    check()


def _title(step: Step) -> str:
    return f"{step.subject}: {step.stage}" if step.subject else step.stage


def _said(step: Step) -> str:
    scale, unit = (1e6, "MB") if step.unit == "B" else (1.0, {"s": "s of video"}.get(step.unit, step.unit))
    whole = f" of {step.total / scale:.0f}" if step.total else ""
    return f"{step.done / scale:.0f}{whole} {unit}"
