"""From the log to moments, stills and the report; the video is needed for stills only."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan import registry
from momentscan.assembly import build_scorer
from momentscan.disk import manifest_of, read_log, write_engine, write_json, write_text
from momentscan.disk.files import remove
from momentscan.disk.packs import read_packs
from momentscan.disk.results import Still, filtering_entry, keep_still, kept_stills, read_engine, take_over
from momentscan.errors import UnreadableInput, UsageError
from momentscan.export.report import report_html
from momentscan.flows.folders import (
    REPORT,
    RUN,
    Outcome,
    alone,
    knobs_in,
    outcome_of,
    run_in,
    run_of,
    version_of,
)
from momentscan.knobs import with_knobs
from momentscan.media import jpeg, small_jpeg, stills
from momentscan.media.decode import SamplingOptions
from momentscan.progress import Progress, Step, silent
from momentscan.score.compare import Side, summary
from momentscan.score.compare import compare as compare_two
from momentscan.select.gate import Gate
from momentscan.select.people import People, Person
from momentscan.select.picks import Picked, Picks
from momentscan.settings import Settings
from momentscan.signals import Signals
from momentscan.signals.forgotten import forgotten_spans
from momentscan.values import Verdict, VideoInfo, Window

CUT = ".stills.part"


def find(folder: Path, settings: Settings, on_progress: Progress = silent) -> Outcome:
    """Judges again from the signal log; the video is not needed, except for stills of frames that were not
    chosen before.
    """
    started = time.perf_counter()
    engines = engines_of(settings)
    read_log(folder / "signals")  # what is no scanned video is told before it is locked
    with alone(folder):
        signals = read_log(folder / "signals")
        run = run_in(folder)
        others = {
            name: as_before(name, engine, folder)
            for name, engine in run["engines"].items()
            if name not in engines
        }
        scorers = others | {
            engine: scorer_of(engine, settings) for engine in engines
        }  # the report shows them all
        for engine in engines:
            run["engines"].pop(
                engine, None
            )  # a kill from here on must not leave new moments under the old word
        write_json(folder / RUN, run)
        tell(signals, folder, judge_all(signals, folder, scorers, settings, run, {}, on_progress), run)
        run["find_s"] = round(time.perf_counter() - started, 3)
        write_json(folder / RUN, run)
    return outcome_of(run, folder, run["status"])


def judge(signals: Signals, engine: str, knobs: Mapping[str, Any] | None = None) -> Verdict:
    """One engine's verdict on what was seen. Pure: no file is touched."""
    verdict: Verdict = with_knobs(registry.load("scorers", engine), knobs or {}).judge(signals)
    return verdict


def compare(folders: Sequence[Path], a: str, b: str) -> dict[str, Any]:
    """Two engines side by side, video by video and over all of them, from what they wrote: {"videos": [...],
    "summary": {...}}.

    Raises UsageError where an engine has not judged a video.
    """
    if a == b:
        raise UsageError(
            f"compare wants two engines, got {a} twice; there are {', '.join(registry.names('scorers'))}"
        )
    told = [compare_two(_side(folder, a), _side(folder, b)) for folder in folders]
    videos = [{"video_id": folder.name, **one.to_json()} for folder, one in zip(folders, told, strict=True)]
    return {"videos": videos, "summary": summary(told).to_json()}


def _side(folder: Path, engine: str) -> Side:
    if engine not in registry.names("scorers"):
        raise UsageError(f"there is no engine {engine!r}; there are {', '.join(registry.names('scorers'))}")
    said = read_engine(folder / f"highlight_{engine}")
    if said is None:
        raise UsageError(f"{folder}: was not judged by {engine}; momentscan find {folder} --engine {engine}")
    return Side(
        engine,
        said.windows,
        said.scores,
        said.qualities,
        np.asarray(said.time_s, np.float64),
        np.asarray(said.value, np.float64),
    )


def engines_of(settings: Settings) -> list[str]:
    known = registry.names("scorers")
    asked = (
        known if settings.engine == "all" else [e.strip() for e in settings.engine.split(",") if e.strip()]
    )
    for engine in asked:
        scorer_of(engine, settings)  # unknown names and bad knobs are told before any work
    picker_of(settings)
    with_knobs(Gate, settings.gate)
    sampling_of(settings)
    if not asked:
        raise UsageError(f"--engine names no engine; there are {', '.join(known)}")
    if settings.models is not None and not settings.models.is_dir():
        raise UsageError(f"--models {settings.models}: is no folder; name the folder that holds the weights")
    return list(dict.fromkeys(asked))


def scorer_of(engine: str, settings: Settings) -> Any:
    return build_scorer(engine, settings)


def picker_of(settings: Settings) -> Picks:
    return with_knobs(Picks, settings.picks)


def _choice(settings: Settings) -> dict[str, Any]:
    """All knobs that decide which stills are chosen."""
    return {**knobs_in(picker_of(settings)), "gate": knobs_in(with_knobs(Gate, settings.gate))}


def sampling_of(settings: Settings) -> SamplingOptions:
    return with_knobs(SamplingOptions, {"grid_hz": settings.grid_hz, "decode": settings.decode})


def as_before(name: str, engine: Mapping[str, Any], folder: Path) -> Any:
    """An engine with the knobs that run.json remembers."""
    try:
        return with_knobs(registry.load("scorers", name), engine["knobs"])
    except UsageError as error:
        raise UnreadableInput(
            f"{folder}: was judged by {name} with knobs of another version ({error}); scan the video again"
        ) from None


def engines_in(folder: Path, run: Mapping[str, Any], settings: Settings) -> list[str]:
    """Those of the engines asked for that have judged the video, for `all` every one. Raises UsageError where
    one has not.
    """
    asked = [e.strip() for e in settings.engine.split(",") if e.strip()]
    judged = list(run["engines"])
    missing = [e for e in asked if e not in judged and e != "all"]
    if missing or not judged:
        raise UsageError(
            f"{folder}: was not judged by {missing[0] if missing else 'any engine'}; momentscan find "
            f"{folder} --engine NAME"
        )
    return judged if "all" in asked else list(dict.fromkeys(asked))


def judged_by(folder: Path, settings: Settings) -> list[str]:
    """The engines asked for, of a scanned video. Raises UsageError where one has not judged it,
    UnreadableInput where nothing says so.
    """
    return engines_in(folder, run_in(folder), settings)


class Judged(NamedTuple):
    """What all engines said: each one's verdict, its small stills by frame_idx, and what became of the frames
    it looked at.
    """

    verdicts: dict[str, Verdict]
    pictures: dict[str, dict[int, bytes]]
    looked: dict[str, list[Picked]]

    @property
    def windows(self) -> list[Window]:
        """Of all moments of all engines."""
        return [m.window for verdict in self.verdicts.values() for m in verdict.moments]


def judge_all(
    signals: Signals,
    folder: Path,
    scorers: Mapping[str, Any],
    settings: Settings,
    run: dict[str, Any],
    timings: dict[str, float],
    on_progress: Progress,
) -> Judged:
    """Every engine's verdict, then the stills of all of them at once, then their files. `run` is brought up
    to date; `tell` comes next.
    """
    picker, gate = picker_of(settings), with_knobs(Gate, settings.gate)
    verdicts: dict[str, Verdict] = {}
    looked: dict[str, list[Picked]] = {}
    for engine, scorer in scorers.items():
        began = time.perf_counter()
        verdict: Verdict = scorer.judge(signals)
        looked[engine] = picker(signals, [m.window for m in verdict.moments], gate)
        moments = zip(verdict.moments, looked[engine], strict=True)
        verdicts[engine] = dataclasses.replace(
            verdict, moments=tuple(dataclasses.replace(m, picks=p.picks) for m, p in moments)
        )
        timings[f"judge.{engine}"] = time.perf_counter() - began
    began = time.perf_counter()
    cut = folder / CUT
    remove(cut)
    kept = _stills(signals.video, verdicts, folder, cut, settings, on_progress)
    timings["stills"] = time.perf_counter() - began
    began = time.perf_counter()
    pictures: dict[str, dict[int, bytes]] = {}
    for engine, scorer in scorers.items():
        verdict, picks = verdicts[engine], [p.frame_idx for m in verdicts[engine].moments for p in m.picks]
        own = {index: kept[index] for index in picks if index in kept}
        filtering = [
            filtering_entry(i, p.considered, p.failed, len(p.picks), p.reason, p.frames)
            for i, p in enumerate(looked[engine], 1)
        ]
        tables = scorer.tables(signals) if hasattr(scorer, "tables") else {}
        write_engine(
            folder / f"highlight_{engine}",
            signals.video,
            verdict,
            filtering,
            own,
            version_of(signals),
            tables,
        )
        pictures[engine] = {index: still.small for index, still in own.items()}
        run["engines"][engine] = {
            "moments": len(verdict.moments),
            "reason": verdict.reason,
            "absent": dict(verdict.absent),
            "knobs": knobs_in(scorer),
            "picks": _choice(settings),
            "picked": len(picks),
            "stills": sorted(own),
        }
        run["warnings"] = [w for w in run["warnings"] if not w.startswith(f"{engine}: ")]
        missing = len(set(picks)) - len(own) if settings.stills else 0
        if missing:
            run["warnings"].append(
                f"{engine}: {missing} stills could not be cut; {signals.video.path} is not there or has "
                "changed"
            )
    remove(cut)
    if spans := forgotten_spans(signals):
        run["forgotten"] = [{"start_s": start_s, "end_s": end_s} for start_s, end_s in spans]
    run["people"] = [_person(p) for p in People()(signals)]
    run["comparisons"] = [
        compare_two(verdicts[a], verdicts[b]).to_json() for a, b in itertools.combinations(verdicts, 2)
    ]
    timings["results"] = time.perf_counter() - began
    return Judged(verdicts, pictures, looked)


def tell(signals: Signals, folder: Path, judged: Judged, run: Mapping[str, Any]) -> None:
    """The report of all that is in a video's folder."""
    write_text(
        folder / REPORT,
        report_html(signals, judged.verdicts, judged.pictures, run, judged.looked, read_packs(folder)),
    )


def _person(person: Person) -> dict[str, Any]:
    """As run.json tells of somebody: a number, what part they play, and the tracks that are theirs."""
    told = {
        field.name: getattr(person, field.name)
        for field in dataclasses.fields(person)
        if field.name != "rows"
    }
    return {**told, "tracks": list(person.tracks), "looks": len(person.rows)}


def _stills(
    video: VideoInfo,
    verdicts: Mapping[str, Verdict],
    folder: Path,
    cut: Path,
    settings: Settings,
    on_progress: Progress,
) -> dict[int, Still]:
    """frame_idx -> still of every frame that any engine chose, in the folder `cut`.

    Stills that an engine has already are taken over, so that the video is not needed; the others are cut in
    one go, one by one.
    """
    wanted = {
        p.frame_idx: p.time_s for verdict in verdicts.values() for m in verdict.moments for p in m.picks
    }
    there = {
        i: still
        for engine in registry.names("scorers")
        for i, still in kept_stills(folder / f"highlight_{engine}").items()
    }
    found = {i: take_over(cut, i, there[i]) for i in sorted(wanted) if i in there}
    missing = {time_s: index for index, time_s in sorted(wanted.items()) if index not in found}
    source = Path(video.path)
    done = itertools.count(1)

    def keep(time_s: float, frame: NDArray[np.uint8]) -> Still:
        on_progress(Step("cutting stills", next(done), len(missing), "items"))
        return keep_still(cut, missing[time_s], jpeg(frame), small_jpeg(frame))

    if missing and settings.stills and source.is_file() and source.stat().st_size == video.size_bytes:
        found |= {missing[time_s]: still for time_s, still in stills(video, list(missing), keep=keep).items()}
    return found


def finished(folder: Path, key: str, engines: list[str], settings: Settings) -> dict[str, Any] | None:
    """What run.json, which is written last, says, if this very work was finished and is all still there."""
    run = run_of(folder)
    if (
        run is None
        or run.get("key") != key
        or manifest_of(folder / "signals") is None
        or not (folder / REPORT).is_file()
    ):
        return None
    same = all(
        _same_engine(run["engines"].get(e, {}), folder / f"highlight_{e}", scorer_of(e, settings), settings)
        for e in engines
    )
    return run if same else None


def _same_engine(known: Mapping[str, Any], folder: Path, scorer: Any, settings: Settings) -> bool:
    same = known.get("knobs") == knobs_in(scorer) and known.get("picks") == _choice(settings)
    there = set(kept_stills(folder)) >= set(known.get("stills", [])) and (folder / "windows.json").is_file()
    return same and there and (bool(known.get("stills")) or not settings.stills or not known.get("picked"))
