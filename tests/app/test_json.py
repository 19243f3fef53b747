"""`--json` of every verb: one document (of watch: lines) on standard output, and nothing else there."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from momentscan.app import cli
from momentscan.models.catalogue import WEIGHTS

Command = Callable[..., Any]

UNKNOWN = next(weight for weight in WEIGHTS if weight.sha256 is None)
KNOWN = next(weight for weight in WEIGHTS if weight.sha256 is not None)


def verbs(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    for name, child in children.items():
        yield from verbs(child, f"{path} {name}".strip())
    if not children:
        yield path, command


@pytest.mark.parametrize(("name", "verb"), list(verbs(typer.main.get_command(cli.app))), ids=lambda v: str(v))
def test_every_verb_can_tell_json(name: str, verb: Any) -> None:
    assert "--json" in {option for parameter in verb.params for option in parameter.opts}, name


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder with a file that the catalogue does not know, and a wrong one that it knows."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / UNKNOWN.file).write_bytes(b"of nobody")
    (folder / KNOWN.file).write_bytes(b"of somebody else")
    return folder


def test_verify_tells_every_file(momentscan: Command, weights: Path) -> None:
    told = momentscan("models", "verify", "--models", weights, "--json")
    assert (told.code, told.err) == (4, "")
    rows = {row["name"]: row for row in json.loads(told.out)}
    assert set(rows) == {weight.name for weight in WEIGHTS}
    assert rows[UNKNOWN.name]["status"] == "unverified"
    assert rows[UNKNOWN.name]["sha256"] == hashlib.sha256(b"of nobody").hexdigest()
    assert rows[KNOWN.name]["status"] == "bad"
    assert KNOWN.file in rows[KNOWN.name]["error"]
    others = [row for name, row in rows.items() if name not in (UNKNOWN.name, KNOWN.name)]
    assert all(row["status"] == "missing" and row["path"] is None for row in others)


def test_verify_says_the_same_in_words(momentscan: Command, weights: Path) -> None:
    lines = momentscan("models", "verify", "--models", weights).out.splitlines()
    assert len(lines) == len(WEIGHTS)
    sha256 = hashlib.sha256(b"of nobody").hexdigest()
    assert f"unverified  {UNKNOWN.name}  {weights / UNKNOWN.file}  sha256 {sha256}" in lines
    assert [line for line in lines if line.startswith(f"BAD         {KNOWN.name}  ")]


def test_pull_tells_what_was_seen(momentscan: Command, weights: Path) -> None:
    told = momentscan("models", "pull", UNKNOWN.name, "--models", weights, "--json")
    assert (told.code, told.err) == (0, "")
    path, sha256 = str(weights / UNKNOWN.file), hashlib.sha256(b"of nobody").hexdigest()
    seen = {"name": UNKNOWN.name, "path": path, "source": path, "sha256": sha256, "verified": False}
    assert json.loads(told.out) == [seen]
    words = momentscan("models", "pull", UNKNOWN.name, "--models", weights).out
    assert words.startswith(f"{UNKNOWN.name}: {path} from {path}, sha256 {sha256} (unverified: ")


def test_the_demo_is_told_as_a_scan_is(momentscan: Command, ride: Path) -> None:
    told = momentscan("demo", ride, "--json")
    assert told.code == 0
    [result] = json.loads(told.out)
    assert (result["status"], result["video"]) == ("done", str(ride))
    assert set(result["windows"]) == set(result["engines"])


def test_compare_export_and_import_tell_one_document(
    momentscan: Command, scanned: Path, tmp_path: Path
) -> None:
    shutil.copytree(scanned, tmp_path / "output" / "ride")
    compared = json.loads(momentscan("compare", "ride", "rules", "saliency", "--json").out)
    assert [video["video_id"] for video in compared["videos"]] == ["ride"]
    [exported] = json.loads(momentscan("export", "ride", "--engine", "saliency", "--json").out)
    [back] = json.loads(momentscan("import", "ride", *exported["files"], "--json").out)
    assert (exported["engine"], back["engine"]) == ("saliency", "saliency")
    assert back["counts"]["kept"] == exported["moments"]


def test_watch_tells_lines(momentscan: Command, tmp_path: Path) -> None:
    from media.making import encode, numbered

    feed = encode(tmp_path / "feed.mkv", numbered(150))
    told = momentscan("watch", feed, "--embedder", "descriptor", "--for", 4, "--engine", "saliency", "--json")
    assert told.code == 0
    events = [json.loads(line) for line in told.out.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "ended"]
