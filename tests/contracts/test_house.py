"""The rules of the house that import-linter cannot see."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from momentscan import registry
from momentscan.knobs import knobs_of
from momentscan.settings import Options
from momentscan.settings.tables import stages

SRC = Path(__file__).parents[2] / "src" / "momentscan"
PURE = [p for room in ("score", "select", "signals") for p in sorted((SRC / room).glob("*.py"))]
ALLOWED = {
    "__future__",
    "collections",
    "dataclasses",
    "typing",
    "itertools",
    "math",
    "functools",
    "enum",
    "numpy",
    "scipy",
    "momentscan",
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", PURE, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_pure_rooms_import_only_arithmetic_and_do_not_open_print_or_sleep(path: Path) -> None:
    assert imported(path) <= ALLOWED
    calls = {
        n.func.id
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert not calls & {"open", "print", "input", "exec", "eval", "__import__"}


@pytest.mark.parametrize(
    "module",
    [
        "momentscan",
        "momentscan.signals",
        "momentscan.select.picks",
        *(f"momentscan.score.{n}" for n in ("saliency", "vector", "rules")),
    ],
)
def test_the_core_is_light(module: str) -> None:
    heavy = (
        "av",
        "cv2",
        "pyarrow",
        "torch",
        "onnxruntime",
        "fastapi",
        "typer",
        "pydantic",
        "scipy",
        "scenedetect",
    )
    code = f"import sys, {module}; print([m for m in {heavy!r} if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numpy", "scipy", "av", "cv2", "pyarrow", "onnxruntime", "pydantic_settings", "rich", "jinja2")
    code = f"""
import sys
sys.argv = ["momentscan", "--help"]
from momentscan.app.cli import main
try:
    main()
except SystemExit:
    pass
print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)
"""
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stderr.strip()
        == "[]"
    )


def test_media_is_opened_in_one_place() -> None:
    found = {
        (p.name, word)
        for p in SRC.rglob("*.py")
        for word in ("av.open(", "VideoCapture", "ffmpeg -", "subprocess")
        if word in p.read_text()
        and (p.name, word) not in {("container.py", "av.open("), ("render.py", "av.open(")}
    }
    assert found <= {("weights.py", "subprocess"), ("clock.py", "ffmpeg -")}, (
        "weights run pip; clock names its source"
    )


def test_only_media_knows_pyav_only_disk_arrow() -> None:
    rooms = {
        "av": {"media", "app"},
        "pyarrow": {"disk"},
        "torch": set(),
        "onnxruntime": {"models"},
        "scenedetect": {"perceive"},
    }
    for path in SRC.rglob("*.py"):
        for library, allowed in rooms.items():
            if library in imported(path):
                assert path.parent.name in allowed, f"{path.name} imports {library}"


def test_exceptions_are_caught_blindly_in_the_worker_only() -> None:
    blind = [
        p.relative_to(SRC).as_posix()
        for p in SRC.rglob("*.py")
        if re.search(r"except \(?Exception\b", p.read_text())
    ]
    assert sorted(blind) == ["jobs/run.py", "registry.py"], "the worker; and the import of a stranger's code"


@pytest.mark.parametrize(
    "stage", [Options, *(stage for _, _, stage in stages())], ids=lambda stage: stage.__name__
)
def test_every_knob_has_a_source(stage: type) -> None:
    assert all(f.knob.source.strip() for f in knobs_of(stage))


def test_every_class_of_knobs_stands_in_the_tree() -> None:
    """A knob that nothing can turn is no knob."""
    reached = {Options.__name__}
    for _, _, stage in stages():
        reached |= {stage.__name__, *_stages_within(stage())}
    written = {
        node.name
        for path in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and _has_knobs(node)
    }
    bases = {"PickKnobs", "PackKnobs"}
    assert written - bases <= reached


def _stages_within(stage: object) -> set[str]:
    inner = [getattr(stage, name.partition(".")[0]) for name in _dotted(type(stage))]
    return {type(value).__name__ for value in inner} | {n for value in inner for n in _stages_within(value)}


def _dotted(stage: type) -> list[str]:
    return [f.name for f in knobs_of(stage) if "." in f.name]


def _has_knobs(node: ast.ClassDef) -> bool:
    fields = [n for n in node.body if isinstance(n, ast.AnnAssign)]
    return any("Knob(" in ast.unparse(field.annotation) for field in fields)


def test_no_pickle_anywhere() -> None:
    assert not [
        p for p in SRC.rglob("*.py") if imported(p) & {"pickle", "shelve", "marshal", "joblib", "dill"}
    ]


@pytest.mark.parametrize("kind", ["perceivers", "scorers", "captioners", "models"])
def test_every_name_of_the_registry_leads_to_something_with_that_name(kind: str) -> None:
    assert [registry.load(kind, n).name for n in registry.names(kind)] == registry.names(kind)
