"""`momentscan watch`: events are shown as they come."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import show_error, show_watched
from momentscan.app.cli.streams import progress, show
from momentscan.errors import Cancelled

if TYPE_CHECKING:
    from momentscan.flows import Event


def watch(
    source: o.Source,
    most_s: o.MostS = None,
    output: o.Output = None,
    engine: o.Engine = None,
    models: o.Models = None,
    embedder: o.Embedder = None,
    device: o.Device = None,
    decode: o.Decode = None,
    identity: o.Identity = None,
    knobs: o.Set = None,
    as_json: o.JsonLines = False,
) -> None:
    """Watch what is still coming in: moments are provisional, then final; ends by itself, and says why."""
    from momentscan.jobs import Watch, run

    settings = calls.settings_of(
        o.knobs(knobs), output=output, engine=engine, models=models, embedder=embedder, device=device,
        decode=decode, identity=identity,
    )  # fmt: skip
    with progress() as on_progress:
        result = run(Watch(source, settings.to_json(), most_s), on_progress, _shown(as_json))
    if result.error is not None:
        show_error(result)
    else:
        show_watched(result.outcome, as_json)
    calls.finish([result], False)


def _shown(as_json: bool) -> Callable[[Event], None]:
    """Shows an event at once, as a line. Raises Cancelled where nobody reads any more."""
    import json

    def on_event(event: Event) -> None:
        try:
            show(json.dumps(event.to_json(), ensure_ascii=False) if as_json else event.line())
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Cancelled("the reader of the events has gone") from None

    return on_event
