"""What the shell offers after Tab, asked as bash asks."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from momentscan import registry
from momentscan.export.formats import FORMATS
from momentscan.models.catalogue import WEIGHTS

Command = Callable[..., Any]
Offered = Callable[[str], list[str]]


@pytest.fixture
def offered(momentscan: Command, monkeypatch: pytest.MonkeyPatch) -> Offered:
    """What is offered for the last word of a line; nothing is said besides."""

    def ask(line: str) -> list[str]:
        words = shlex.split(line) + [""] * line.endswith(" ")
        monkeypatch.setenv("_MOMENTSCAN_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        told = momentscan()
        assert (told.code, told.err) == (0, "")
        return list(told.out.split())

    return ask


ENGINES = registry.names("scorers")


def test_verbs_and_their_groups_are_offered(offered: Offered) -> None:
    assert {"scan", "find", "clip", "import", "models", "people"} <= set(offered("momentscan "))
    assert offered("momentscan people ") == ["list", "forget"]


@pytest.mark.parametrize("verb", ["scan", "find", "clip", "export", "watch"])
def test_engines_are_offered_also_after_a_comma(verb: str, offered: Offered) -> None:
    assert offered(f"momentscan {verb} --engine ") == ["all", *ENGINES]
    assert offered(f"momentscan {verb} --engine ru") == ["rules"]
    assert offered(f"momentscan {verb} --engine rules,") == [f"rules,{e}" for e in ENGINES if e != "rules"]


def test_an_edit_is_of_one_engine(offered: Offered) -> None:
    assert offered("momentscan import ride --engine ") == ENGINES


def test_formats_are_offered_also_after_a_comma(offered: Offered) -> None:
    assert offered("momentscan export --format ") == ["all", *FORMATS]
    assert offered("momentscan export --format otio,ed") == ["otio,edl"]


def test_models_are_offered_by_the_names_of_the_catalogue(offered: Offered) -> None:
    assert offered("momentscan models pull ") == ["faces", "speech", *(weight.name for weight in WEIGHTS)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("scan --device ", ["auto", "cpu", "cuda", "coreml"]),
        ("watch --decode ", ["exact", "fast"]),
        ("clip ride --preview ", ["none", "gif", "webp"]),
        ("scan --embedder m", ["mobilenet"]),
    ],
)
def test_settings_of_a_few_values_offer_them(line: str, words: list[str], offered: Offered) -> None:
    assert offered(f"momentscan {line}") == words


@pytest.mark.parametrize(
    "verb", ["find", "pack", "clip", "export", "import", "compare", "people list", "people forget"]
)
def test_ids_of_scanned_videos_are_offered(
    verb: str, offered: Offered, scanned: Path, tmp_path: Path
) -> None:
    shutil.copytree(scanned / "signals", tmp_path / "output" / "ride" / "signals")
    (tmp_path / "output" / "no video").mkdir()
    engines = ENGINES if verb == "compare" else []
    assert offered(f"momentscan {verb} ") == ["ride", *engines]
    assert offered(f"momentscan {verb} x") == []


def test_ids_are_looked_for_in_the_folder_that_is_typed_or_set(
    offered: Offered, scanned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offered("momentscan find ") == [], "nothing was scanned here"
    assert offered(f"momentscan find -o {scanned.parent} ") == ["ride"]
    monkeypatch.setenv("MOMENTSCAN_OUTPUT", str(scanned.parent))
    assert offered("momentscan find ") == ["ride"]
    (tmp_path / "momentscan.toml").write_text("= nonsense")
    assert offered("momentscan find ") == [], "and no error is written into the line"


def test_the_shell_is_told_how_to_ask(momentscan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_MOMENTSCAN_COMPLETE", "source_zsh")
    told = momentscan()
    assert told.code == 0
    assert "compdef _momentscan_completion momentscan" in told.out


def test_completion_is_shown_for_the_shell_that_runs() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    # `true`: bash stays the parent
    line = f"{shlex.quote(sys.executable)} -m momentscan --show-completion; true"
    shown = subprocess.run([bash, "-c", line], capture_output=True, text=True, check=True)
    assert "complete -o default -F _momentscan_completion momentscan" in shown.stdout


def test_offering_engines_loads_nothing_heavy() -> None:
    code = """
import sys
from momentscan.app.cli.completion import engines, one_engine
engines("r"), one_engine("")
print([m for m in ("numpy", "av", "pyarrow", "pydantic", "onnxruntime", "rich") if m in sys.modules])
"""
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
