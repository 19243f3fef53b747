"""Packages as pip leaves them: code and the metadata by which plug-ins are found."""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from momentscan import registry

Points = Mapping[str, Mapping[str, str]]
"""group -> name -> "module:attribute"."""


@contextmanager
def installed(
    site: Path, name: str, version: str, points: Points, sources: Mapping[str, str] | None = None
) -> Iterator[None]:
    """The package is on the path while this lasts; `sources`: file -> its text, laid into `site`."""
    site.mkdir(parents=True, exist_ok=True)
    for file, text in (sources or {}).items():
        (site / file).write_text(text)
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [
        line
        for group, named in points.items()
        for line in (f"[{group}]", *(f"{k} = {v}" for k, v in named.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    with _on_path(site):
        yield


@contextmanager
def installed_from(project: Path, site: Path) -> Iterator[None]:
    """What `pip install project` would leave of a folder with a pyproject.toml and `src/`."""
    told = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    with _on_path(project / "src"), installed(site, told["name"], told["version"], told["entry-points"]):
        yield


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    _look_again()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for module in set(sys.modules) - before:
            if str(folder) in str(getattr(sys.modules[module], "__file__", None)):
                del sys.modules[module]
        _look_again()


def _look_again() -> None:
    importlib.invalidate_caches()
    registry.refresh()
