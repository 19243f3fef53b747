"""Verbs that read the signal log: `find`, `pack`, `compare`."""

from __future__ import annotations

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.render import outcome_with_windows, show_compared, show_scanned
from momentscan.app.cli.streams import show_json
from momentscan.errors import UsageError


def find(
    places: o.Places,
    engine: o.Engine = None,
    knobs: o.Set = None,
    output: o.Output = None,
    stills: o.Stills = None,
    as_json: o.Json = False,
) -> None:
    """Judge again from the signal log; the video is not needed. Bare knobs are those of the engine."""
    from momentscan.jobs import Find

    table = engine if engine and engine != "all" and "," not in engine else None
    settings = calls.settings_of(o.knobs(knobs, table), output=output, engine=engine, stills=stills)
    tasks = [Find(str(f), settings.to_json()) for f in calls.folders_of(places, settings.output)]
    calls.finish(calls.run(tasks, show_scanned, 1, as_json), as_json, outcome_with_windows)


def pack(
    places: o.Places,
    token: o.Token = None,
    knobs: o.Set = None,
    output: o.Output = None,
    models: o.Models = None,
    device: o.Device = None,
    as_json: o.Json = False,
) -> None:
    """Identity packs again from the log: reference images of each main person, for diffusion models."""
    from momentscan.jobs import Pack

    settings = calls.settings_of(
        o.knobs(knobs, "packs"), output=output, models=models, device=device, token=token
    )
    tasks = [Pack(str(f), settings.to_json()) for f in calls.folders_of(places, settings.output)]
    calls.finish(calls.run(tasks, show_scanned, 1, as_json), as_json, outcome_with_windows)


def compare(names: o.Compared, output: o.Output = None, as_json: o.Json = False) -> None:
    """Two engines side by side: the same windows, the same peaks, stills as good?"""
    from momentscan.jobs import Compare

    if len(names) < 3:
        raise UsageError(
            "compare wants at least one scanned video and two engines: momentscan compare ride rules vector"
        )
    *places, a, b = names
    settings = calls.settings_of(output=output)
    folders = tuple(str(f) for f in calls.folders_of(places, settings.output))
    results = calls.run([Compare(folders, a, b, settings.to_json())], show_compared, 1, as_json)
    if as_json and results[0].error is None:
        show_json(results[0].outcome.to_json())
    calls.finish(results, as_json and results[0].error is not None)
