"""Docs are run: README's blocks work, generated pages are fresh, results match their published schemas."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import fakes
import installing
import worlds
from momentscan import flows
from momentscan.settings import load

ROOT = Path(__file__).parents[2]


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh() -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


@pytest.fixture(scope="module")
def scanned(ride: Path, still: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    output = tmp_path_factory.mktemp("schemas")
    plain = [
        Path(flows.scan(video, load(output=str(output), embedder="descriptor")).folder)
        for video in (ride, still)
    ]
    (exported,) = flows.export(plain[0], load(engine="saliency"), ["edl"])
    flows.import_edit(plain[0], Path(exported.files[0]), load())
    flows.clip(
        plain[0], load(output=str(output), engine="saliency", reel=True, clips={"preset": "ultrafast"})
    )
    riders = worlds.riders(output / "riders.ts")
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        packs = {"max_cos": 0.995, "max_cos_across": 0.9999}  # drawn faces are all alike to the fake embedder
        plain.append(Path(flows.watch(str(riders), load(output=str(output), live={"still_s": 0.2})).folder))
        return [*plain, Path(flows.scan(riders, load(output=str(output), packs=packs)).folder)]


def test_every_result_matches_its_schema(scanned: list[Path]) -> None:
    places = {
        "windows": "highlight_*/windows.json",
        "frame_meta": "highlight_*/frames/*_meta.json",
        "score_curve": "highlight_*/debug/score_curve.json",
        "peak_candidates": "highlight_*/debug/peak_candidates.json",
        "filtering_log": "highlight_*/debug/filtering_log.json",
        "run": "run.json",
        "manifest": "signals/manifest.json",
        "image_meta": "identity_builder/person_*/*/*_meta.json",
        "person_meta": "identity_builder/person_*/meta.json",
        "pair_meta": "identity_builder/pair/*_meta.json",
        "pack_manifest": "identity_builder/person_*/manifest.json",
        "clips": "clips/*/clips.json",
        "memory_bank": "identity_builder/person_*/memory_bank.json",
        "exports": "exports/saliency.json",
        "feedback": "feedback.jsonl",
        "live": "live.jsonl",
    }
    schemas = {p.stem: json.loads(p.read_text()) for p in (ROOT / "docs" / "schemas").glob("*.json")}
    assert set(schemas) == set(places)
    for name, pattern in places.items():
        files = [f for folder in scanned for f in folder.glob(pattern)]
        assert files, name
        for file in files:
            for document in file.read_text().splitlines() if file.suffix == ".jsonl" else [file.read_text()]:
                jsonschema.validate(json.loads(document), schemas[name])


def test_the_report_is_one_file_that_asks_the_network_for_nothing(scanned: list[Path]) -> None:
    for folder in scanned:
        page = (folder / "report.html").read_text()
        assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:|#)""", page)
        assert "http" not in page.replace("http-equiv", "")
        engines = json.loads((folder / "run.json").read_text())["engines"]
        assert page.count('<article class="card moment"') == sum(e["moments"] for e in engines.values())
    assert "No moment was found" in (scanned[1] / "report.html").read_text()


def test_names_from_the_file_cannot_write_into_the_report(ride: Path, tmp_path: Path) -> None:
    evil = tmp_path / "a<script>alert(1)</script>&quot;.mp4".replace("/", "_")
    evil.write_bytes(ride.read_bytes())
    folder = Path(
        flows.scan(evil, load(output=str(tmp_path / "out"), embedder="descriptor", stills=False)).folder
    )
    assert "<script>alert" not in (folder / "report.html").read_text()


def readme_blocks(language: str) -> list[str]:
    return blocks_of("README.md", language)


def blocks_of(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.S)


def test_the_page_on_python_runs_block_after_block(
    ride: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ride.mp4").write_bytes(ride.read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "docs.python"}
    blocks = blocks_of("docs/python.md", "python")
    assert len(blocks) >= 8
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert Path("verdict.png").stat().st_size > 10_000
    assert names["few"]
    assert names["cut"].clips


def test_the_python_of_the_readme_runs(ride: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ride.mp4").write_bytes(ride.read_bytes())
    monkeypatch.chdir(tmp_path)
    blocks = readme_blocks("python")
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_the_commands_of_the_readme_are_commands(
    ride: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from momentscan.app.cli import app

    monkeypatch.chdir(tmp_path)
    (tmp_path / "ride.mp4").write_bytes(ride.read_bytes())
    lines = [
        line for block in readme_blocks("sh") for line in block.splitlines() if line.startswith("momentscan ")
    ]
    assert len(lines) >= 5
    for line in lines:
        arguments = line.partition("#")[0].split()[1:]
        if arguments[:2] == ["models", "pull"]:
            continue  # needs a network
        result = CliRunner().invoke(app, arguments)
        if arguments[:2] == ["people", "forget"]:
            assert "nobody's face is in its log" in str(result.exception)
            continue
        assert result.exit_code == 0, (line, result.output, result.exception)
