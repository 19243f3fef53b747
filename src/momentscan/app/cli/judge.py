"""Verbs that read the signal log: `find`, `pack`, `compare`."""

from __future__ import annotations

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import show_compared
from momentscan.app.cli.streams import show_json
from momentscan.errors import UsageError


def find(
    places: o.Places,
    engine: o.Engine = None,
    settings: o.Set = None,
    output: o.Output = None,
    stills: o.Stills = None,
    as_json: o.Json = False,
) -> None:
    """Judge again from the signal log; the video is not needed."""
    from momentscan.jobs import Find

    given = o.typed(output=output, engine=engine, stills=stills)
    if settings:
        if not engine or engine == "all" or "," in engine:
            raise UsageError("--set turns knobs of one engine; name it with --engine")
        given[engine] = calls.settings_of(**given).model_dump().get(engine, {}) | o.knobs(settings)
    folders = calls.folders_of(places, calls.settings_of(**given).output)
    calls.finish(calls.run([Find(str(folder), given) for folder in folders], 1, as_json), as_json)


def pack(
    places: o.Places,
    token: o.Token = None,
    settings: o.Set = None,
    output: o.Output = None,
    models: o.Models = None,
    device: o.Device = None,
    as_json: o.Json = False,
) -> None:
    """Identity packs again from the log: reference images of each main person, for diffusion models."""
    from momentscan.jobs import Pack

    given = o.typed(output=output, models=models, device=device, token=token)
    given["packs"] = calls.settings_of(**given).packs | o.knobs(settings)
    folders = calls.folders_of(places, calls.settings_of(**given).output)
    calls.finish(calls.run([Pack(str(folder), given) for folder in folders], 1, as_json), as_json)


def compare(names: o.Compared, output: o.Output = None, as_json: o.Json = False) -> None:
    """Two engines side by side: the same windows, the same peaks, stills as good?"""
    from momentscan import flows

    if len(names) < 3:
        raise UsageError(
            "compare wants at least one scanned video and two engines: momentscan compare ride rules vector"
        )
    *places, a, b = names
    compared = flows.compare(calls.folders_of(places, calls.settings_of(output=output).output), a, b)
    if as_json:
        show_json(compared)
    else:
        show_compared(compared, a, b)
