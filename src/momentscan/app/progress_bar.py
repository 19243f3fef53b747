"""The progress bar: measured seconds of video of the whole, with an estimate; silent where no terminal
listens.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from momentscan.progress import Progress, Step
from momentscan.stopping import check


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A Progress that draws on standard error, and is gone when it is done."""
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
        tasks: dict[str, TaskID] = {}

        def draw(step: Step) -> None:
            check()
            if step.stage not in tasks:
                for other in tasks.values():
                    bars.update(other, visible=False)
                tasks[step.stage] = bars.add_task(step.stage, said="")
            bars.update(
                tasks[step.stage], completed=step.done, total=step.total, said=_said(step), visible=True
            )

        yield draw


def _stoppable(step: Step) -> None:
    check()


def _said(step: Step) -> str:
    scale, unit = (1e6, "MB") if step.unit == "B" else (1.0, {"s": "s of video"}.get(step.unit, step.unit))
    whole = f" of {step.total / scale:.0f}" if step.total else ""
    return f"{step.done / scale:.0f}{whole} {unit}"
