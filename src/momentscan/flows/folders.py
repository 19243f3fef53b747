"""A video's folder in the output: whose it is, who works in it, and what run.json says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from momentscan import __version__
from momentscan.disk import manifest_of, read_log
from momentscan.disk.clips import CLIPS
from momentscan.disk.files import create, lock, recover, release
from momentscan.disk.results import to_json
from momentscan.errors import OutputError, UnreadableInput, UsageError
from momentscan.knobs import knob_values
from momentscan.signals import Signals

CLAIM = "video.json"
"""Says whose folder it is; written first."""

RUN = "run.json"
"""Says that everything is there; written last."""

REPORT = "report.html"


@dataclass(frozen=True)
class Outcome:
    """What became of one video. `status`: done, partial, unchanged. `engines`: name -> moments found and, if
    none, why.
    """

    video: str
    video_id: str
    folder: str
    status: str
    duration_s: float
    engines: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    x_realtime: float | None = None
    packs: tuple[Mapping[str, Any], ...] = ()
    clips: tuple[Mapping[str, Any], ...] = ()


def load(folder: Path) -> Signals:
    """The signals of a scanned video: its folder in the output, or that folder's `signals`."""
    return read_log(folder if manifest_of(folder) is not None else folder / "signals")


def scanned_folders(places: Iterable[str], output: Path) -> list[Path]:
    """Folders with a log for ids, folders of one video, or folders of many. Raises UsageError for a place
    that has none.
    """
    found: list[Path] = []
    for place in places:
        folder = Path(place) if Path(place).is_dir() else output / place
        if (folder / "signals").is_dir() or (
            folder / "signals.part/manifest.json"
        ).is_file():  # a kill before the last rename
            found.append(folder)
            continue
        inside = sorted(p.parent for p in folder.glob("*/signals") if p.is_dir()) if folder.is_dir() else []
        if not inside:
            raise UsageError(
                f"{place}: is no scanned video and holds none (looked in {folder}); scan one first, or "
                "name its output folder"
            )
        found += inside
    return found


def run_of(folder: Path) -> dict[str, Any] | None:
    """What run.json says, or None where there is none that can be read."""
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return run if isinstance(run, dict) and isinstance(run.get("engines"), dict) else None


def run_in(folder: Path) -> dict[str, Any]:
    """As `run_of`. Raises UnreadableInput where there is none."""
    run = run_of(folder)
    if run is None:
        raise UnreadableInput(f"{folder}: has a signal log but no {RUN}; scan the video again")
    return run


def outcome_of(
    run: dict[str, Any],
    folder: Path,
    status: str,
    clips: Iterable[Mapping[str, Any]] = (),
    engines: Collection[str] | None = None,
) -> Outcome:
    """What run.json says of a video; `engines` where only some were asked."""
    return Outcome(
        video=run["video"]["path"],
        video_id=folder.name,
        folder=str(folder),
        status=status,
        duration_s=run["video"]["duration_s"],
        engines={
            name: {"moments": e["moments"], "reason": e["reason"]}
            for name, e in run["engines"].items()
            if engines is None or name in engines
        },
        problems=tuple(run["problems"]),
        warnings=tuple(run["warnings"]),
        x_realtime=run.get("x_realtime"),
        packs=tuple(run.get("packs") or ()),
        clips=tuple(clips),
    )


def folder_for(video: Path, sha256: str, output: Path) -> Path:
    """`output/{video_id}`: the file's name made safe; digits of its hash where another video has that name
    already.
    """
    safe = (re.sub(r"[^\w.-]+", "_", video.stem).strip("._") or "video")[:100]
    claim = to_json({"file": video.name, "sha256": sha256})
    for name in (safe, f"{safe}-{sha256[:8]}", f"{safe}-{sha256}"):
        if create(output / name / CLAIM, claim) or _owner(output / name) == sha256:
            return output / name
    raise OutputError(
        f"{output / safe}: belongs to another video, and so do its other names; choose another folder with -o"
    )


def _owner(folder: Path) -> str | None:
    """The sha256 of the video whose folder this is, or None."""
    try:
        return str(json.loads((folder / CLAIM).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds the folder for one process; on an error gives back a folder in which nothing came to be."""
    with lock(folder / CLAIM):
        for aside in (
            *folder.glob(".*.old"),
            *folder.glob(f"{CLIPS}/.*.old"),
        ):  # a kill in the midst of an exchange
            recover(folder / aside.name.removeprefix(".").removesuffix(".old"))
        try:
            yield
        except BaseException:
            release(folder, CLAIM)
            raise


def version_of(signals: Signals) -> dict[str, Any]:
    return {
        "app": "momentscan",
        "app_version": __version__,
        "embed_model": signals.made_by.get("vision.embedding"),
        "gate_version": "v1",
    }


def knobs_in(value: Any) -> dict[str, Any]:
    return knob_values(value)
