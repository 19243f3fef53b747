"""Pages written by hand: links lead somewhere, the site has them all, what they show works, and is so."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import worlds
from momentscan.disk import log
from momentscan.media.render import write_video
from momentscan.settings import load

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "momentscan-brightness"


def stager() -> Any:
    spec = importlib.util.spec_from_file_location("stage", ROOT / "docs" / "stage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def commands(page: str) -> list[list[str]]:
    """The arguments of every command of a page, but of those that need a network."""
    lines = [
        line for block in blocks(page, "sh") for line in block.splitlines() if line.startswith("momentscan ")
    ]
    return [line.partition("#")[0].split()[1:] for line in lines if " models pull " not in line]


# ---- links, and the site


def test_every_link_of_the_docs_leads_somewhere() -> None:
    assert stager().broken() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a](b.md)", "docs/a.md: links to docs/b.md, which is not there"),
        ("[a](../README.md#nowhere)", "docs/a.md: links to README.md#nowhere, which is no heading there"),
        (
            "[a](../README.md#one-thing) `[b](b.md)`\n\n```text\n[c](c.md)\n```\n[d](https://e.org/d.md)",
            None,
        ),
    ],
)
def test_a_link_that_leads_nowhere_is_told_and_code_is_no_link(
    text: str, told: str | None, tmp_path: Path
) -> None:
    stage = stager()
    stage.ROOT, stage.OUTSIDE, stage.ALONE = tmp_path, {"README.md": "index.md"}, ()
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# One `thing`\n")
    (tmp_path / "docs" / "a.md").write_text(text)
    assert stage.broken() == ([] if told is None else [told])


PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page: str) -> None:
    named = re.findall(r"`((?:tests|docs|bench|examples)/[\w./-]+)`", (ROOT / page).read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_links_of_the_site_lead_to_pages_of_the_site(tmp_path: Path) -> None:
    stage = stager()
    stage.stage(tmp_path)
    pages = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.md"))
    assert {"index.md", "security.md", "figures.md", "decisions/index.md", "cli.md"} <= set(pages)
    linked = {(page, path) for page in pages for path, _ in stage.links(page, (tmp_path / page).read_text())}
    assert len(linked) > 50
    assert [(page, path) for page, path in sorted(linked) if not (tmp_path / path).is_file()] == []


def test_every_page_is_in_the_navigation_and_every_entry_of_it_is_a_page(tmp_path: Path) -> None:
    stager().stage(tmp_path)
    pages = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.md")}
    listed = re.findall(
        r'"([\w./-]+\.md)"', json.dumps(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"])
    )
    assert len(listed) == len(set(listed))
    decisions = {p for p in pages if re.match(r"decisions/\d", p)}  # their own page lists them
    assert set(listed) == pages - decisions
    assert all(f"({Path(d).name})" in (tmp_path / "decisions/index.md").read_text() for d in decisions)


# ---- what the pages show


def test_the_commands_of_getting_started_work(
    ride: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from momentscan.app.cli import app

    monkeypatch.chdir(tmp_path)
    (tmp_path / "ride.mp4").write_bytes(ride.read_bytes())
    asked = commands("docs/getting-started.md")
    assert len(asked) >= 6
    for arguments in asked:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, (arguments, result.output, result.exception)
    assert (tmp_path / "output/ride/report.html").is_file()


def test_the_settings_of_getting_started_are_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "momentscan.toml").write_text(blocks("docs/getting-started.md", "toml")[0])
    monkeypatch.chdir(tmp_path)
    assert load().engine == "saliency"


def packed(text: str) -> str:
    """Without white space: a piece stands further left on a page than in a class, and wraps elsewhere."""
    return "".join(text.split())


def test_the_pieces_of_the_tutorial_are_pieces_of_the_example() -> None:
    code = packed((EXAMPLE / "src" / "momentscan_brightness.py").read_text())
    project = packed((EXAMPLE / "pyproject.toml").read_text())
    pieces = [piece for piece in blocks("docs/plugins.md", "python") if "import momentscan" not in piece]
    assert len(pieces) >= 5
    assert [piece for piece in pieces if packed(piece) not in code] == []
    assert [piece for piece in blocks("docs/plugins.md", "toml") if packed(piece) not in project] == []


RUN = """
import sys
from momentscan.app.cli import main
for arguments in {commands!r}:
    sys.argv = ["momentscan", *arguments]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (arguments, end.code)
{reader}
"""


def test_the_commands_of_the_tutorial_work_where_the_example_is_installed(tmp_path: Path) -> None:
    dark = list(worlds.frames(8.0, lambda t: (20 + t, 20.0), 10.0))
    flash = [
        np.clip(f.astype(int) + 90, 0, 255).astype(np.uint8) if 50 <= i < 55 else f // 2
        for i, f in enumerate(dark)
    ]
    write_video(tmp_path / "flash.mp4", flash, 10.0, options={"preset": "ultrafast"})
    installed = tmp_path / "site" / "momentscan_brightness-0.1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: momentscan-brightness\nVersion: 0.1.0\n"
    )
    groups = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = [
        line
        for group, names in groups.items()
        for line in (f"[{group}]", *(f"{name} = {place}" for name, place in names.items()))
    ]
    (installed / "entry_points.txt").write_text("\n".join(lines) + "\n")
    reader = next(piece for piece in blocks("docs/plugins.md", "python") if "import momentscan" in piece)
    places = [str(installed.parent), str(EXAMPLE / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(commands=commands("docs/plugins.md"), reader=reader)],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for said in (
        "brightness: 1 moment",
        "brightness found nothing: no_contrast: it never gets bright",
        "most colourful at",
    ):
        assert said in done.stdout


# ---- what the pages say


def test_the_numbers_of_the_formats_page_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    assert re.findall(r"`format`, now \*\*(\d+)\*\*", page) == [str(log.FORMAT)]
    schemas = [
        json.loads((ROOT / "docs/schemas" / f"{name}.json").read_text()) for name in ("exports", "feedback")
    ]
    assert re.findall(r"`version`, now \*\*(\d+)\*\*", page) == [
        str(schema["properties"]["version"]["const"]) for schema in schemas
    ]


def test_the_formats_page_names_every_schema() -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    assert set(re.findall(r"\(schemas/(\w+)\.json\)", page)) == {
        p.stem for p in (ROOT / "docs" / "schemas").glob("*.json")
    }


def test_the_platforms_page_names_what_binds_the_code_to_posix() -> None:
    page = (ROOT / "docs" / "platforms.md").read_text()
    code = "".join(p.read_text() for p in (ROOT / "src").rglob("*.py"))
    for name in ("fcntl", "pthread_sigmask", "O_NONBLOCK"):
        assert (name in code) == (name in page), name
