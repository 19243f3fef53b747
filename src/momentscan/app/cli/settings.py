"""`momentscan settings`: what is in force, and where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from momentscan.app.cli import calls
from momentscan.app.cli import options as o
from momentscan.app.cli.streams import show, show_json
from momentscan.errors import UsageError

if TYPE_CHECKING:
    from momentscan.settings.explain import Setting


def show_(everything: o.Everything = False, knobs: o.Set = None, as_json: o.Json = False) -> None:
    """What is in force: options, models by slot, and the knobs that were turned; --all shows every knob."""
    from momentscan.records.plain import plain
    from momentscan.settings.explain import in_force

    found = list(in_force(calls.settings_of(o.knobs(knobs)), everything))
    if as_json:
        show_json([plain(one) for one in found])
        return
    for one in found:
        show(f"{one.name} = {one.value}{_by(one)}")


def explain(name: o.SettingName, knobs: o.Set = None, as_json: o.Json = False) -> None:
    """One setting: what it is for, its unit, bounds and default, what is in force and who said so."""
    from momentscan.knobs import nearest
    from momentscan.records.plain import plain
    from momentscan.settings.explain import explained
    from momentscan.settings.tables import knob_names

    found = explained(calls.settings_of(o.knobs(knobs)), name)
    if not found:
        hint = nearest(name, knob_names()) or "; momentscan settings show --all lists every one"
        raise UsageError(f"there is no setting {name!r}{hint}")
    if as_json:
        show_json([plain(one) for one in found])
        return
    for one in found:
        _show_whole(one)


def _show_whole(one: Setting) -> None:
    show(f"{one.name} = {one.value}{_by(one)}")
    show(f"    {one.about}")
    unit = f" {one.unit}" if one.unit else ""
    bounds = f", {one.bounds}" if one.bounds else ""
    show(f"    default {one.default}{unit}{bounds}")
    variable = f"MOMENTSCAN_{one.name.upper().replace('.', '__')}"
    show(f"    set it with --set {one.name}=VALUE, {variable}, or in momentscan.toml")


def _by(one: Setting) -> str:
    return f"    ({one.source})" if one.source != "default" else ""
