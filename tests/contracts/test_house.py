"""The rules of the house that import-linter cannot see."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from momentscan import registry
from momentscan.export.conform import ConformOptions
from momentscan.export.safe_parsing import ParsingLimits
from momentscan.flows.cutting import Cutting
from momentscan.knobs import knobs_of
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits
from momentscan.media.decode import SamplingOptions
from momentscan.media.encoders import Encoding
from momentscan.media.live import LiveOptions
from momentscan.media.transcripts import TranscriptOptions
from momentscan.perceive.body import BodiesOptions
from momentscan.perceive.crops import CropsOptions
from momentscan.perceive.faces import FacesOptions
from momentscan.perceive.head import HeadsOptions
from momentscan.perceive.tracks import TracksOptions
from momentscan.perceive.words import RecognitionOptions
from momentscan.score.align import Align
from momentscan.score.clip_selection import ClipSelection
from momentscan.score.finalization import FinalizationOptions
from momentscan.score.intervals import Intervals
from momentscan.score.peaks import Peaks
from momentscan.select.buckets import Buckets
from momentscan.select.face_samples import ReferenceQuality
from momentscan.select.framing import Follow
from momentscan.select.gate import Gate
from momentscan.select.identity import Identities
from momentscan.select.memory import MemoryOptions
from momentscan.select.packs import Packs
from momentscan.select.pairs import Pairs
from momentscan.select.people import People
from momentscan.select.picks import Picks
from momentscan.signals.speech import Voicing
from momentscan.signals.words import Sentences

KNOBS = [
    Packs,
    Pairs,
    Buckets,
    ReferenceQuality,
    Identities,
    MemoryOptions,
    Cutting,
    Encoding,
    ClockOptions,
    SamplingOptions,
    Limits,
    LiveOptions,
    FinalizationOptions,
    FacesOptions,
    TracksOptions,
    RecognitionOptions,
    Sentences,
    TranscriptOptions,
    HeadsOptions,
    BodiesOptions,
    CropsOptions,
    Align,
    ClipSelection,
    Follow,
    Voicing,
    Intervals,
    Peaks,
    Gate,
    People,
    Picks,
    ConformOptions,
    ParsingLimits,
]
"""Those of scorers are looked at with the scorers."""

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
        *(f"momentscan.score.{n}" for n in ("saliency", "delta", "rules")),
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


def test_media_is_opened_through_one_door() -> None:
    found = {
        (p.name, word)
        for p in SRC.rglob("*.py")
        for word in ("av.open(", "VideoCapture", "ffmpeg -", "subprocess")
        if word in p.read_text()
        and (p.name, word) not in {("door.py", "av.open("), ("render.py", "av.open(")}
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
        if re.search(r"except Exception\b", p.read_text())
    ]
    assert blind == ["jobs/__init__.py"]


@pytest.mark.parametrize("cls", KNOBS, ids=lambda c: c.__name__)
def test_every_knob_has_a_source(cls: type) -> None:
    assert all(f.knob.source.strip() for f in knobs_of(cls))


def test_no_pickle_anywhere() -> None:
    assert not [
        p for p in SRC.rglob("*.py") if imported(p) & {"pickle", "shelve", "marshal", "joblib", "dill"}
    ]


@pytest.mark.parametrize("kind", ["perceivers", "scorers", "embedders"])
def test_every_name_of_the_registry_leads_to_a_class_with_that_name(kind: str) -> None:
    assert [registry.load(kind, n).name for n in registry.names(kind)] == registry.names(kind)
