"""Findings, packs, report and run.json of what is left after somebody was forgotten."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from momentscan.assembly.engines import StillChoice, scorer_as_before
from momentscan.disk.folder import VideoFolder
from momentscan.errors import UnreadableInput, UsageError
from momentscan.judgement import judge_all, write_report
from momentscan.knobs import with_knobs
from momentscan.packs import PackChoice, make_packs
from momentscan.packs.crops import CropsBefore
from momentscan.progress import Progress
from momentscan.records.run import Run
from momentscan.score import Scorer
from momentscan.select.gate import Gate
from momentscan.select.picks import Picks
from momentscan.settings import Settings


def scorers_as_before(run: Run | None, path: Path, settings: Settings) -> dict[str, Scorer]:
    """Every engine that run.json remembers, with its knobs; without those that are not here any more or have
    other knobs now.
    """
    found = {}
    for name, engine in (run.engines if run is not None else {}).items():
        with suppress(UnreadableInput):
            found[name] = scorer_as_before(name, engine, path, settings)
    return found


def judge_again(
    folder: VideoFolder,
    run: Run | None,
    scorers: Mapping[str, Scorer],
    settings: Settings,
    before: CropsBefore,
    on_progress: Progress,
) -> int:
    """How many files of packs there are then. No picture is made; crops of others are taken over.

    A folder that was never judged is left to `scan`.
    """
    if run is None:
        return 0
    choice, packing = _choice_as_before(run, settings), PackChoice.as_before(run)
    run = dataclasses.replace(run, engines={n: e for n, e in run.engines.items() if n in scorers})
    judged, run = judge_all(folder, scorers, choice, run, False, {}, on_progress)
    if run.packs is not None and packing is not None:
        run = make_packs(folder, judged.windows, None, packing, run, on_progress, before)
    write_report(folder, judged, run)
    folder.commit(run)
    return sum(p.is_file() for p in folder.packs.rglob("*"))


def _choice_as_before(run: Run, settings: Settings) -> StillChoice:
    """How frames were chosen before; as the settings say where that cannot be had any more."""
    picks = dict(next((e.picks for e in run.engines.values()), {}))
    gate = picks.pop("gate", {})
    now = StillChoice.of(settings)
    try:
        return dataclasses.replace(now, picks=with_knobs(Picks, picks), gate=with_knobs(Gate, gate))
    except UsageError:
        return now
