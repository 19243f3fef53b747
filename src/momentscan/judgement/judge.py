"""Every engine's verdict on a log, the stills of all of them at once, then their files."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from momentscan.assembly.engines import StillChoice, models_within
from momentscan.assembly.stamp import version_stamp
from momentscan.disk import write_engine
from momentscan.disk.files import remove
from momentscan.disk.folder import VideoFolder
from momentscan.disk.stills import Still
from momentscan.judgement.stills import WORK, cut_stills
from momentscan.knobs import knob_values
from momentscan.progress import Progress
from momentscan.records.run import ComparisonRun, EngineRun, ForgottenSpan, PersonRun, Run
from momentscan.score import Scorer, Tabulating
from momentscan.score.compare import compare
from momentscan.select.people import People, Person
from momentscan.select.picks import Picked
from momentscan.signals import Signals
from momentscan.signals.forgotten import forgotten_spans
from momentscan.values import Verdict, Window


class Judged(NamedTuple):
    """What all engines said: each one's verdict, its small stills by frame_idx, and what became of the frames
    it looked at; and who was who.
    """

    verdicts: Mapping[str, Verdict]
    pictures: Mapping[str, Mapping[int, bytes]]
    considered: Mapping[str, Sequence[Picked]]
    people: People

    @property
    def windows(self) -> list[Window]:
        """Of all moments of all engines."""
        return [m.window for verdict in self.verdicts.values() for m in verdict.moments]


def judge_all(
    folder: VideoFolder,
    scorers: Mapping[str, Scorer],
    choice: StillChoice,
    run: Run,
    stills: bool,
    timings: dict[str, float],
    on_progress: Progress,
) -> tuple[Judged, Run]:
    """Judges, cuts stills where they are wanted, writes the engines' folders: what was said, and run.json as
    it is then.

    The report comes next; nothing is committed.
    """
    signals = folder.signals
    verdicts, considered = _verdicts(signals, scorers, choice, timings)
    began = time.perf_counter()
    remove(folder.path / WORK)
    kept = cut_stills(folder, verdicts, choice, stills, on_progress)
    timings["stills"] = time.perf_counter() - began
    began = time.perf_counter()
    pictures: dict[str, dict[int, bytes]] = {}
    for engine, scorer in scorers.items():
        own = _own(verdicts[engine], kept)
        _write(folder, engine, scorer, verdicts[engine], considered[engine], own)
        pictures[engine] = {index: still.small for index, still in own.items()}
        found = _engine_run(scorer, choice, verdicts[engine], own)
        run = _with_engine(run, engine, found, _missing(verdicts[engine], own) if stills else 0)
    remove(folder.path / WORK)
    spans = forgotten_spans(signals)
    run = dataclasses.replace(
        run,
        forgotten=tuple(ForgottenSpan(*span) for span in spans) if spans else run.forgotten,
        people=tuple(person_run(p) for p in choice.people(signals)),
        comparisons=_comparisons(verdicts),
    )
    timings["results"] = time.perf_counter() - began
    return Judged(verdicts, pictures, considered, choice.people), run


def person_run(person: Person) -> PersonRun:
    """As run.json tells of somebody: a number, what part they play, and the tracks that are theirs."""
    fields = {f.name: getattr(person, f.name) for f in dataclasses.fields(person) if f.name != "rows"}
    return PersonRun(**fields, looks=len(person.rows))


def _verdicts(
    signals: Signals, scorers: Mapping[str, Scorer], choice: StillChoice, timings: dict[str, float]
) -> tuple[dict[str, Verdict], dict[str, Sequence[Picked]]]:
    verdicts: dict[str, Verdict] = {}
    considered: dict[str, Sequence[Picked]] = {}
    for engine, scorer in scorers.items():
        began = time.perf_counter()
        verdict = scorer.judge(signals)
        picked = choice.picks(signals, [m.window for m in verdict.moments], choice.gate, choice.people)
        moments = zip(verdict.moments, picked, strict=True)
        with_picks = tuple(dataclasses.replace(m, picks=p.picks) for m, p in moments)
        verdicts[engine], considered[engine] = dataclasses.replace(verdict, moments=with_picks), picked
        timings[f"judge.{engine}"] = time.perf_counter() - began
    return verdicts, considered


def _own(verdict: Verdict, kept: Mapping[int, Still]) -> dict[int, Still]:
    indices = [p.frame_idx for m in verdict.moments for p in m.picks]
    return {index: kept[index] for index in indices if index in kept}


def _write(
    folder: VideoFolder,
    engine: str,
    scorer: Scorer,
    verdict: Verdict,
    considered: Sequence[Picked],
    own: Mapping[int, Still],
) -> None:
    signals = folder.signals
    tables = scorer.tables(signals) if isinstance(scorer, Tabulating) else {}
    place, stamp = folder.engine(engine), version_stamp(signals)
    write_engine(place, signals.video, verdict, considered, own, stamp, tables)


def _engine_run(scorer: Scorer, choice: StillChoice, verdict: Verdict, own: Mapping[int, Still]) -> EngineRun:
    return EngineRun(
        moments=len(verdict.moments),
        reason=verdict.reason,
        absent=dict(verdict.absent),
        knobs=knob_values(scorer),
        picks=choice.knobs(),
        picked=sum(len(m.picks) for m in verdict.moments),
        stills=tuple(sorted(own)),
        models=models_within(scorer),
    )


def _missing(verdict: Verdict, own: Mapping[int, Still]) -> int:
    """How many of the chosen frames have no still."""
    return len({p.frame_idx for m in verdict.moments for p in m.picks}) - len(own)


def _with_engine(run: Run, engine: str, found: EngineRun, missing: int) -> Run:
    """The engine's row, and a warning where stills that were chosen could not be cut."""
    warnings = list(run.without_warnings(engine))
    if missing:
        there = f"{run.video.path} is not there or has changed"
        warnings.append(f"{engine}: {missing} stills could not be cut; {there}")
    return dataclasses.replace(run, engines={**run.engines, engine: found}, warnings=tuple(warnings))


def _comparisons(verdicts: Mapping[str, Verdict]) -> tuple[ComparisonRun, ...]:
    pairs = itertools.combinations(verdicts, 2)
    return tuple(ComparisonRun(**compare(verdicts[a], verdicts[b]).to_json()) for a, b in pairs)
