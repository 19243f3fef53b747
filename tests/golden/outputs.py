"""What the command line writes for a video, verb by verb, as a record of hashes; two records compared.

    python tests/golden/outputs.py record VIDEO RECORD.json [--source src] [--models DIR] [--work DIR]
    python tests/golden/outputs.py compare OLD.json NEW.json [--renamed OLD=NEW] [--meant PATTERN]

`record` copies the video (and a transcript beside it) into a folder of its own and runs every verb there as a
user would, with the code of `--source`. After each verb it reads all files of the video's folder. What
depends on the run and not on the code is taken out first: the times of VOLATILE, the version of the program,
and the folders of the run and of the weights.

A record is {"steps": {step: {path: {"raw": sha256, "canonical": sha256}}}, "contents": {canonical: content}},
the content being what a JSON file holds, or the lines of a text. `canonical` is equal where only the bytes
differ: the JSON with sorted keys, the columns of a Parquet file, the frames and the sound of a film. Columns
stand beside the files too, as "table.column", wherever the file was that held them. What a verb said and how
it ended are files as well: "$ stdout", "$ stderr", "$ exit".

`compare` says one line for each file that differs, is missing or is new, and exits with 1 if there is any;
what several steps have in common is said once. `--renamed` names what moved: a file, a folder, a table, a
column or a key. `--meant` hides what was meant to change: "PATH", "PATH:key.of.it", with * and ?.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

FORMATS = "otio,edl,premiere,fcpxml,csv,chapters,vtt,labelstudio,cvat"
VOLATILE = ("timings_s", "x_realtime", "find_s", "pack_s", "created_at")
"""Keys of JSON files that tell how long a run took, or when it was."""

JUDGING: dict[str, tuple[str, ...]] = {
    "find, other knob": ("find", "{id}", "--engine", "saliency", "--set", "percentile=80"),
    "find": ("find", "{id}", "--engine", "all"),
    "export": ("export", "{id}", "--format", FORMATS),
    "compare": ("compare", "{id}", "rules", "vector", "--json"),
    "people": ("people", "list", "{id}", "--json"),
}
"""What needs no video, on a folder that was scanned."""

STEPS: dict[str, tuple[str, ...]] = {
    "scan": ("scan", "{video}", "--engine", "all", "{models}"),
    "scan again": ("scan", "{video}", "--engine", "all", "{models}"),
    "find, other knob": JUDGING["find, other knob"],
    "find": JUDGING["find"],
    "pack": ("pack", "{id}", "{models}"),
    "clip": ("clip", "{id}", "--engine", "all"),
    "clip, a reel": ("clip", "{id}", "--engine", "vector", "--reel", "--aspect", "1:1", "--preview", "webp"),
    "export": JUDGING["export"],
    "export, clips": ("export", "{id}", "--format", "otio,csv", "--clips"),
    "compare": JUDGING["compare"],
    "people": JUDGING["people"],
    "forget": ("people", "forget", "{id}", "0", "--yes"),
    "find, one forgotten": ("find", "{id}"),
}
"""All verbs on one video: in {models}, the folder of weights, where one is given."""

Step = dict[str, dict[str, str]]
Record = dict[str, Any]


# ---- running


def record(
    video: Path,
    source: Path,
    work: Path,
    models: Path | None = None,
    steps: Mapping[str, Sequence[str]] = STEPS,
    variables: Mapping[str, str] | None = None,
) -> Record:
    """Runs the steps on a copy of `video` in the empty folder `work`, and reads what is there after each.

    Raises SystemExit where the program does not start at all; a verb that fails is recorded.
    """
    for beside in video.parent.glob(f"{video.stem}.*"):
        if beside == video or beside.suffix in (".srt", ".vtt", ".json"):
            shutil.copy(beside, work / beside.name)
    weights = ["--models", str(models.resolve())] if models else []
    given = {"{video}": [video.name], "{id}": [video.stem], "{models}": weights}
    return run_steps(steps, given, work, work / "output" / video.stem, source, variables, models)


def run_steps(
    steps: Mapping[str, Sequence[str]],
    given: Mapping[str, Sequence[str]],
    work: Path,
    folder: Path,
    source: Path,
    variables: Mapping[str, str] | None = None,
    models: Path | None = None,
) -> Record:
    """Runs each step in `work`, its {words} replaced by those `given`, and reads `folder` after it."""
    environment = _environment(source, work, variables or {})
    version = _run(["--version"], work, environment)
    if version.returncode:
        raise SystemExit(f"{source}: momentscan does not start: {version.stderr.decode().strip()[-300:]}")
    clean = _Cleaner(version.stdout.decode().split()[-1], work, models)
    out: Record = {"steps": {}, "contents": {}}
    for step, words in steps.items():
        ran = _run([word for each in words for word in given.get(each, [each])], work, environment)
        said = {"$ stdout": ran.stdout, "$ stderr": ran.stderr, "$ exit": str(ran.returncode).encode()}
        out["steps"][step] = _read(folder, said, clean, out["contents"])
    return out


def _environment(source: Path, work: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """That of a user without settings or a cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOMENTSCAN_")}
    return {**kept, "PYTHONPATH": str(source.resolve()), "MOMENTSCAN_CACHE": str(work / "cache"), **variables}


def _run(words: Sequence[str], work: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "momentscan", *words]
    return subprocess.run(command, cwd=work, env=variables, capture_output=True, check=False)


# ---- reading


class _Cleaner:
    """Takes out of a text what belongs to the run: folders, the version, how long it took."""

    def __init__(self, version: str, work: Path, models: Path | None) -> None:
        folders = {"<work>": work.resolve()} | ({"<models>": models.resolve()} if models else {})
        self.replaced = [(text, name) for name, folder in folders.items() for text in _written(str(folder))]
        escaped = re.escape(version)
        self.patterns = [
            (rf'("(?:app_)?version": )"{escaped}"', r'\1"<version>"'),
            (rf"(momentscan ){escaped}", r"\1<version>"),
            (r'("timings_s": )\{[^{}]*\}', r"\1{}"),
            (rf'("(?:{"|".join(VOLATILE)})": )(?:[-\d.e+]+|"[^"]*")', r"\g<1>0"),
            (r"[\d.]+ x realtime", "<rate> x realtime"),
        ]

    def __call__(self, content: bytes) -> bytes:
        text = content.decode("utf-8", "surrogateescape")
        for folder, name in self.replaced:
            text = text.replace(folder, name)
        for pattern, instead in self.patterns:
            text = re.sub(pattern, instead, text)
        return text.encode("utf-8", "surrogateescape")


def _written(folder: str) -> list[str]:
    """How a folder is written in text, JSON, HTML and addresses."""
    return list(dict.fromkeys([folder, json.dumps(folder)[1:-1], html.escape(folder), quote(folder)]))


def _read(folder: Path, said: Mapping[str, bytes], clean: _Cleaner, contents: dict[str, Any]) -> Step:
    """Hashes of what a verb said, of all files and columns of `folder`; texts go into `contents`."""
    out: Step = {name: _text(content, clean, contents) for name, content in said.items()}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".parquet":
            columns = {f"{path.name.split('.')[0]}.{column}": content for column, content in _columns(path)}
            out |= {column: {"raw": content, "canonical": content} for column, content in columns.items()}
            out[name] = {"raw": _sha(path.read_bytes()), "canonical": _sha(json.dumps(columns).encode())}
        elif path.suffix in (".mp4", ".mkv", ".mov"):
            out[name] = {"raw": _sha(path.read_bytes()), "canonical": _decoded(path)}
        elif path.suffix in (".jpg", ".png", ".webp", ".gif"):
            out[name] = {"raw": _sha(path.read_bytes())}
        else:
            out[name] = _text(path.read_bytes(), clean, contents)
    return out


def content(record: Record, step: str, path: str) -> Any:
    """What a JSON file held after a step, or the lines of a text."""
    return record["contents"][record["steps"][step][path]["canonical"]]


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:20]


def _text(content: bytes, clean: _Cleaner, contents: dict[str, Any]) -> dict[str, str]:
    cleaned = clean(content)
    try:
        held = json.loads(cleaned)
        canonical = _sha(json.dumps(held, sort_keys=True).encode())
    except ValueError:
        text = re.sub(rb"base64,[\w+/=]+", lambda found: b"base64," + _sha(found[0]).encode(), cleaned)
        held, canonical = text.decode("utf-8", "replace").splitlines(), _sha(text)
    contents[canonical] = held
    return {"raw": _sha(cleaned), "canonical": canonical}


def _columns(path: Path) -> Iterator[tuple[str, str]]:
    """Each column of a Parquet file and the hash of its type and of the bytes of its rows."""
    import numpy as np
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    for name in table.column_names:
        rows = table[name].to_pylist()
        if rows and isinstance(rows[0], bytes):
            content = b"\0".join(rows)
        else:
            array = np.asarray(rows)
            content = repr(rows).encode() if array.dtype == object else array.tobytes()  # objects: pointers
        yield name, _sha(f"{table[name].type} {len(rows)} ".encode() + content)


def _decoded(path: Path) -> str:
    """The hash of all frames and all sound of a film, with their times."""
    import av

    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(*container.streams.video, *container.streams.audio):
            digest.update(f"{frame.pts} {frame.time_base} {frame.format.name}".encode())
            digest.update(frame.to_ndarray().tobytes())
    return digest.hexdigest()[:20]


# ---- comparing


def compare(
    old: Record,
    new: Record,
    renamed: Mapping[str, str] | None = None,
    meant: Sequence[str] = (),
) -> list[str]:
    """A line for each step and file that is not the same in both, but for what was `meant`."""
    rename = _Renamer(renamed or {})
    lines = []
    for step in {**old["steps"], **new["steps"]}:
        if step not in old["steps"] or step not in new["steps"]:
            lines.append(f"{step}: not run in the {'old' if step in new['steps'] else 'new'} record")
            continue
        before = {rename.path(path): hashes for path, hashes in old["steps"][step].items()}
        after = new["steps"][step]
        for path in sorted(path for path in {**before, **after} if not _meant(path, meant)):
            if path not in before or path not in after:
                lines.append(f"{step}: {path}: {_moved(path, before, after)}")
            elif before[path]["raw"] != after[path]["raw"]:
                was, now = (hashes.get("canonical", "") for hashes in (before[path], after[path]))
                contents = rename.held(old["contents"].get(was)), new["contents"].get(now)
                said = "only the bytes differ" if was == now != "" else _said(path, *contents, meant)
                lines += [f"{step}: {path}: {said}"] if said else []
    return lines


class _Renamer:
    """Old names as they are called now: files, folders, columns and keys, also where JSON files name them."""

    def __init__(self, renamed: Mapping[str, str]) -> None:
        self.renamed = renamed

    def path(self, name: str) -> str:
        for old, new in self.renamed.items():
            if name.startswith((f"{old}/", f"{old}.")) and name not in self.renamed:
                return new + name[len(old) :]
        return "/".join(self.renamed.get(part, part) for part in self.renamed.get(name, name).split("/"))

    def held(self, held: Any) -> Any:
        if isinstance(held, dict):
            return {self.path(key): self.held(value) for key, value in held.items()}
        if isinstance(held, list):
            return [self.held(value) for value in held]
        return self.path(held) if isinstance(held, str) else held


def _moved(path: str, before: Step, after: Step) -> str:
    one, other, word = (before, after, "missing") if path in before else (after, before, "new")
    same = [name for name in other if name not in one and other[name]["raw"] == one[path]["raw"]]
    return word + (f", the same bytes as {same[0]}" if same else "")


def _said(path: str, old: Any, new: Any, meant: Sequence[str]) -> str | None:
    """How two contents differ; None where all of it was meant or is a new name."""
    if old is None or new is None:
        return "differs"
    told = [f"{key} ({how})" for key, how in _changes(old, new) if not _meant(f"{path}:{key}", meant)]
    more = f"; and {len(told) - 6} more" if len(told) > 6 else ""
    return f"differs at {'; '.join(told[:6])}{more}" if told else None


def _meant(name: str, meant: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in meant)


def _changes(old: Any, new: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Paths of keys at which two JSON values differ, and how: ("engines.rules.moments", "1 -> 2")."""
    name = at.lstrip(".") or "."
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            if key not in old or key not in new:
                yield f"{at}.{key}".lstrip("."), "new" if key in new else "missing"
            else:
                yield from _changes(old[key], new[key], f"{at}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield name, f"{len(old)} -> {len(new)} entries"
        for i, pair in enumerate(zip(old, new, strict=False)):
            yield from _changes(*pair, f"{at}[{i}]")
    elif old != new or type(old) is not type(new):
        yield name, f"{_short(old)} -> {_short(new)}"


def _short(value: Any) -> str:
    many = isinstance(value, (list, dict))
    text = f"{len(value)} entries" if many else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:40]}…{text[-18:]}"


# ---- the command


def main(arguments: Sequence[str] | None = None) -> int:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    verbs = parser.add_subparsers(dest="verb", required=True)
    recording = verbs.add_parser("record", help="what the command line writes for a video")
    recording.add_argument("video", type=Path)
    recording.add_argument("record", type=Path)
    recording.add_argument("--source", type=Path, default=Path(__file__).parents[2] / "src")
    recording.add_argument("--models", type=Path)
    recording.add_argument("--work", type=Path, help="kept afterwards; otherwise a temporary folder")
    comparing = verbs.add_parser("compare", help="what is not the same in two records")
    comparing.add_argument("old", type=Path)
    comparing.add_argument("new", type=Path)
    comparing.add_argument("--renamed", action="append", default=[], metavar="OLD=NEW")
    comparing.add_argument("--meant", action="append", default=[], metavar="PATTERN")
    asked = parser.parse_args(arguments)
    return _record(asked) if asked.verb == "record" else _compare(asked)


def _record(asked: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        work = (asked.work or Path(temporary)).resolve()
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        made = record(asked.video, asked.source, work, asked.models)
    asked.record.parent.mkdir(parents=True, exist_ok=True)
    asked.record.write_text(json.dumps(made, ensure_ascii=False, indent=0))
    return 0


def _compare(asked: argparse.Namespace) -> int:
    old, new = (json.loads(path.read_text()) for path in (asked.old, asked.new))
    lines = compare(old, new, dict(pair.split("=", 1) for pair in asked.renamed), asked.meant)
    files = sum(len(files) for files in new["steps"].values())
    same = f"the same: {len(new['steps'])} steps, {files} files and columns"
    sys.stdout.write("\n".join(_together(lines) or [same]) + "\n")
    return 1 if lines else 0


def _together(lines: Sequence[str]) -> list[str]:
    """Lines that differ in their step only as one, which names the first and the last of the steps."""
    steps: dict[str, list[str]] = {}
    for line in lines:
        step, said = line.split(": ", 1)
        steps.setdefault(said, []).append(step)
    return [
        f"{at[0]}: {said}" if len(at) == 1 else f"{at[0]} to {at[-1]} ({len(at)} steps): {said}"
        for said, at in steps.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
