"""The verbs. Here, and only here, files meet the pure core."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan import __version__, registry
from momentscan.disk import LogWriter, manifest_of, read_log, write_engine, write_json, write_text
from momentscan.disk.files import create, locked, release, remove
from momentscan.disk.log import FORMAT
from momentscan.disk.results import Still, filtering_entry, keep_still, kept_stills, read_engine, take_over, to_json
from momentscan.errors import OutputError, UnreadableInput, UsageError
from momentscan.export.report import report_html
from momentscan.knobs import knobs_of, with_knobs
from momentscan.media import jpeg, open_video, small_jpeg, stills
from momentscan.media.ahead import ahead
from momentscan.media.decode import Sampling
from momentscan.models.chosen import Models, choose_models
from momentscan.perceive import Perceiver, ordered, watch
from momentscan.perceive.body import Bodies
from momentscan.perceive.crops import Cropping
from momentscan.perceive.faces import Looking
from momentscan.perceive.head import Heads
from momentscan.perceive.tracks import Tracking
from momentscan.progress import Progress, Step, silent
from momentscan.score.compare import Side, summary
from momentscan.score.compare import compare as compare_two
from momentscan.select.gate import Gate
from momentscan.select.people import People, Person
from momentscan.select.picks import Picked, Picks
from momentscan.settings import Settings
from momentscan.signals import Signals, schema
from momentscan.values import Batch, Columns, Verdict, VideoInfo

CLAIM = "video.json"
"""Says whose folder it is; written first."""

RUN = "run.json"
"""Says that everything is there; written last."""

REPORT = "report.html"

OF_FACES = ("faces", "tracks", "photo", "head", "body", "crops")
"""Perceivers that have nothing to look at without a face detector."""

CUT = ".stills.part"


@dataclass(frozen=True)
class Outcome:
    """What became of one video. `status`: done, partial, unchanged. `engines`: name -> moments found and, if none, why."""

    video: str
    video_id: str
    folder: str
    status: str
    duration_s: float
    engines: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    x_realtime: float | None = None


def scan(video: Path, settings: Settings, force: bool = False, on_progress: Progress = silent) -> Outcome:
    """Watches a video once, logs what was seen, judges it with every engine asked for. Nothing is left that looks complete unless it is.

    Raises UnreadableInput, OutputError, MissingModel, UsageError or Cancelled.
    """
    started = time.perf_counter()
    engines = _engines(settings)
    models = choose_models(settings, with_knobs(Looking, settings.faces).long_side_px)
    with ExitStack() as stack:
        opened = stack.enter_context(open_video(video))
        sha256 = _sha256(video, on_progress)
        folder = _folder(video, sha256, settings.output)
        key = _key(sha256, _perceivers(settings, models), models, settings)
        timings: dict[str, float] = {"open": time.perf_counter() - started}
        with _alone(folder):
            before = None if force else _finished(folder, key, engines, settings)
            if before is not None:
                return _outcome(before, folder, "unchanged")
            manifest = manifest_of(folder / "signals")
            watched = force or manifest is None or manifest["key"] != key
            (folder / RUN).unlink(missing_ok=True)
            if watched:
                _write_log(opened, sha256, folder, key, settings, models, timings, on_progress)
                for engine in registry.names("scorers"):  # stills of another log are not kept
                    remove(folder / f"highlight_{engine}")
            stack.close()
            signals = read_log(folder / "signals")
            run = _new_run(signals, settings, models, key)
            scorers = {engine: _scorer(engine, settings) for engine in engines}
            _judge(signals, folder, scorers, settings, run, timings, on_progress)
            elapsed = time.perf_counter() - started
            run["timings_s"] = {name: round(seconds, 3) for name, seconds in timings.items()} | {"total": round(elapsed, 3)}
            run["x_realtime"] = round(signals.video.duration_s / elapsed, 2) if watched else None
            write_json(folder / RUN, run)
    return _outcome(run, folder, run["status"])


def find(folder: Path, settings: Settings, on_progress: Progress = silent) -> Outcome:
    """Judges again from the signal log; the video is not needed, except for stills of frames that were not chosen before."""
    started = time.perf_counter()
    engines = _engines(settings)
    read_log(folder / "signals")  # what is no scanned video is told before it is locked
    with _alone(folder):
        signals = read_log(folder / "signals")
        run = _run_of(folder)
        if run is None:
            raise UnreadableInput(f"{folder}: has a signal log but no {RUN}; scan the video again")
        others = {name: _as_before(name, engine, folder) for name, engine in run["engines"].items() if name not in engines}
        scorers = others | {engine: _scorer(engine, settings) for engine in engines}  # the report shows them all
        for engine in engines:
            run["engines"].pop(engine, None)  # a kill from here on must not leave new moments under the old word
        write_json(folder / RUN, run)
        _judge(signals, folder, scorers, settings, run, {}, on_progress)
        run["find_s"] = round(time.perf_counter() - started, 3)
        write_json(folder / RUN, run)
    return _outcome(run, folder, run["status"])


def load(folder: Path) -> Signals:
    """The signals of a scanned video: its folder in the output, or that folder's `signals`."""
    return read_log(folder if manifest_of(folder) is not None else folder / "signals")


def judge(signals: Signals, engine: str, knobs: Mapping[str, Any] | None = None) -> Verdict:
    """One engine's verdict on what was seen. Pure: no file is touched."""
    verdict: Verdict = with_knobs(registry.load("scorers", engine), knobs or {}).judge(signals)
    return verdict


def compare(folders: Sequence[Path], a: str, b: str) -> dict[str, Any]:
    """Two engines side by side, video by video and over all of them, from what they wrote: {"videos": [...], "summary": {...}}.

    Raises UsageError where an engine has not judged a video.
    """
    if a == b:
        raise UsageError(f"compare wants two engines, got {a} twice; there are {', '.join(registry.names('scorers'))}")
    told = [compare_two(_side(folder, a), _side(folder, b)) for folder in folders]
    videos = [{"video_id": folder.name, **one.to_json()} for folder, one in zip(folders, told, strict=True)]
    return {"videos": videos, "summary": summary(told).to_json()}


def _side(folder: Path, engine: str) -> Side:
    if engine not in registry.names("scorers"):
        raise UsageError(f"there is no engine {engine!r}; there are {', '.join(registry.names('scorers'))}")
    said = read_engine(folder / f"highlight_{engine}")
    if said is None:
        raise UsageError(f"{folder}: was not judged by {engine}; momentscan find {folder} --engine {engine}")
    return Side(engine, said.windows, said.scores, said.qualities, np.asarray(said.time_s, np.float64), np.asarray(said.value, np.float64))


def scanned_folders(places: Iterable[str], output: Path) -> list[Path]:
    """Folders with a log for ids, folders of one video, or folders of many. Raises UsageError for a place that has none."""
    found: list[Path] = []
    for place in places:
        folder = Path(place) if Path(place).is_dir() else output / place
        if (folder / "signals").is_dir():
            found.append(folder)
            continue
        inside = sorted(p.parent for p in folder.glob("*/signals") if p.is_dir()) if folder.is_dir() else []
        if not inside:
            raise UsageError(f"{place}: is no scanned video and holds none (looked in {folder}); scan one first, or name its output folder")
        found += inside
    return found


def _engines(settings: Settings) -> list[str]:
    known = registry.names("scorers")
    asked = known if settings.engine == "all" else [e.strip() for e in settings.engine.split(",") if e.strip()]
    for engine in asked:
        _scorer(engine, settings)  # unknown names and bad knobs are told before any work
    _picker(settings)
    with_knobs(Gate, settings.gate)
    _sampling(settings)
    if not asked:
        raise UsageError(f"--engine names no engine; there are {', '.join(known)}")
    if settings.models is not None and not settings.models.is_dir():
        raise UsageError(f"--models {settings.models}: is no folder; name the folder that holds the weights")
    return list(dict.fromkeys(asked))


def _scorer(engine: str, settings: Settings) -> Any:
    return with_knobs(registry.load("scorers", engine), getattr(settings, engine, {}))


def _picker(settings: Settings) -> Picks:
    return with_knobs(Picks, settings.picks)


def _choice(settings: Settings) -> dict[str, Any]:
    """All knobs that decide which stills are chosen."""
    return {**_knobs(_picker(settings)), "gate": _knobs(with_knobs(Gate, settings.gate))}


def _sampling(settings: Settings) -> Sampling:
    return with_knobs(Sampling, {"grid_hz": settings.grid_hz, "decode": settings.decode})


def _knobs(value: Any) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in knobs_of(type(value))}


def _as_before(name: str, engine: Mapping[str, Any], folder: Path) -> Any:
    """An engine with the knobs that run.json remembers."""
    try:
        return with_knobs(registry.load("scorers", name), engine["knobs"])
    except UsageError as error:
        raise UnreadableInput(f"{folder}: was judged by {name} with knobs of another version ({error}); scan the video again") from None


def _run_of(folder: Path) -> dict[str, Any] | None:
    """What run.json says, or None where there is none that can be read."""
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return run if isinstance(run, dict) and isinstance(run.get("engines"), dict) else None


def _perceivers(settings: Settings, models: Models) -> list[Perceiver]:
    """Every registered perceiver for which there is a model, built with what it needs."""
    given: dict[str, dict[str, Any]] = {"motion": {"method": settings.motion}, "vision": {"embedder": models.embedder}}
    if models.detector is not None:
        given |= {
            "faces": {"detector": models.detector, "looking": with_knobs(Looking, settings.faces)},
            "tracks": {"face_id": models.face_id, "tracking": with_knobs(Tracking, settings.tracks)},
            "head": {"landmarks": models.landmarks, "heads": with_knobs(Heads, settings.heads)},
            "crops": {
                "embedder": models.embedder,
                "cropping": with_knobs(Cropping, settings.crops),
                "poses": models.pose is not None,
            },
        }
    if models.pose is not None:
        given["body"] = {"pose": models.pose, "bodies": with_knobs(Bodies, settings.bodies)}
    blind = {name for name in OF_FACES if models.detector is None or (name == "body" and models.pose is None)}
    classes = {name: registry.load("perceivers", name) for name in registry.names("perceivers") if name not in blind}
    for cls in classes.values():
        schema.add(getattr(cls, "columns", ()))
    return ordered([cls(**given.get(name, {})) for name, cls in classes.items()])


def _write_log(
    opened: Any,
    sha256: str,
    folder: Path,
    key: str,
    settings: Settings,
    models: Models,
    timings: dict[str, float],
    on_progress: Progress,
) -> None:
    perceivers = [_Timed(p, timings) for p in _perceivers(settings, models)]
    sampling = _sampling(settings)
    total_s = opened.info.declared_s
    log = LogWriter(folder / "signals")
    try:
        with ahead(opened.batches(sampling, max(p.short_side_px for p in perceivers))) as batches:
            for done_s, made in watch(_timed(batches, "waiting for the decoder", timings), perceivers):
                log.add(done_s, made)
                on_progress(Step("watching", done_s, max(total_s, done_s) if total_s else None))
        video = dataclasses.replace(opened.info, sha256=sha256, video_id=folder.name)
        log.close(video, key, {name: version for p in perceivers for name, version in p.made_by.items()})
    except BaseException:
        log.abandon()
        raise


def _judge(
    signals: Signals,
    folder: Path,
    scorers: Mapping[str, Any],
    settings: Settings,
    run: dict[str, Any],
    timings: dict[str, float],
    on_progress: Progress,
) -> None:
    """Every engine's verdict, then the stills of all of them at once, then their files and the report. `run` is brought up to date."""
    picker, gate = _picker(settings), with_knobs(Gate, settings.gate)
    verdicts: dict[str, Verdict] = {}
    looked: dict[str, list[Picked]] = {}
    for engine, scorer in scorers.items():
        began = time.perf_counter()
        verdict: Verdict = scorer.judge(signals)
        looked[engine] = picker(signals, [m.window for m in verdict.moments], gate)
        moments = zip(verdict.moments, looked[engine], strict=True)
        verdicts[engine] = dataclasses.replace(verdict, moments=tuple(dataclasses.replace(m, picks=p.picks) for m, p in moments))
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
        filtering = [filtering_entry(i, p.considered, p.failed, len(p.picks), p.reason, p.frames) for i, p in enumerate(looked[engine], 1)]
        tables = scorer.tables(signals) if hasattr(scorer, "tables") else {}
        write_engine(folder / f"highlight_{engine}", signals.video, verdict, filtering, own, _version(signals), tables)
        pictures[engine] = {index: still.small for index, still in own.items()}
        run["engines"][engine] = {
            "moments": len(verdict.moments),
            "reason": verdict.reason,
            "absent": dict(verdict.absent),
            "knobs": _knobs(scorer),
            "picks": _choice(settings),
            "picked": len(picks),
            "stills": sorted(own),
        }
        run["warnings"] = [w for w in run["warnings"] if not w.startswith(f"{engine}: ")]
        missing = len(set(picks)) - len(own) if settings.stills else 0
        if missing:
            run["warnings"].append(f"{engine}: {missing} stills could not be cut; {signals.video.path} is not there or has changed")
    remove(cut)
    run["people"] = [_person(p) for p in People()(signals)]
    run["comparisons"] = [compare_two(verdicts[a], verdicts[b]).to_json() for a, b in itertools.combinations(verdicts, 2)]
    write_text(folder / REPORT, report_html(signals, verdicts, pictures, run, looked))
    timings["results"] = time.perf_counter() - began


def _person(person: Person) -> dict[str, Any]:
    """As run.json tells of somebody: a number, what part they play, and the tracks that are theirs."""
    told = {field.name: getattr(person, field.name) for field in dataclasses.fields(person) if field.name != "rows"}
    return {**told, "tracks": list(person.tracks), "looks": len(person.rows)}


def _stills(
    video: VideoInfo, verdicts: Mapping[str, Verdict], folder: Path, cut: Path, settings: Settings, on_progress: Progress
) -> dict[int, Still]:
    """frame_idx -> still of every frame that any engine chose, in the folder `cut`.

    Stills that an engine has already are taken over, so that the video is not needed; the others are cut in one go, one by one.
    """
    wanted = {p.frame_idx: p.time_s for verdict in verdicts.values() for m in verdict.moments for p in m.picks}
    there = {i: still for engine in registry.names("scorers") for i, still in kept_stills(folder / f"highlight_{engine}").items()}
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


def _new_run(signals: Signals, settings: Settings, models: Models, key: str) -> dict[str, Any]:
    video = signals.video
    return {
        "version": __version__,
        "status": "partial" if video.partial else "done",
        "key": key,
        "video": dataclasses.asdict(video),
        "partial": video.partial,
        "problems": list(video.problems),
        "settings": settings.model_dump(mode="json"),
        "models": models.rows(),
        "engines": {},
        "people": [],
        "comparisons": [],
        "warnings": models.missing(settings),
    }


def _version(signals: Signals) -> dict[str, Any]:
    return {"app": "momentscan", "app_version": __version__, "embed_model": signals.made_by.get("vision.embedding"), "gate_version": "v1"}


def _finished(folder: Path, key: str, engines: list[str], settings: Settings) -> dict[str, Any] | None:
    """What run.json, which is written last, says, if this very work was finished and is all still there."""
    run = _run_of(folder)
    if run is None or run.get("key") != key or manifest_of(folder / "signals") is None or not (folder / REPORT).is_file():
        return None
    same = all(_same_engine(run["engines"].get(e, {}), folder / f"highlight_{e}", _scorer(e, settings), settings) for e in engines)
    return run if same else None


def _same_engine(known: Mapping[str, Any], folder: Path, scorer: Any, settings: Settings) -> bool:
    same = known.get("knobs") == _knobs(scorer) and known.get("picks") == _choice(settings)
    there = set(kept_stills(folder)) >= set(known.get("stills", [])) and (folder / "windows.json").is_file()
    return same and there and (bool(known.get("stills")) or not settings.stills or not known.get("picked"))


def _outcome(run: dict[str, Any], folder: Path, status: str) -> Outcome:
    return Outcome(
        video=run["video"]["path"],
        video_id=folder.name,
        folder=str(folder),
        status=status,
        duration_s=run["video"]["duration_s"],
        engines={name: {"moments": e["moments"], "reason": e["reason"]} for name, e in run["engines"].items()},
        problems=tuple(run["problems"]),
        warnings=tuple(run["warnings"]),
        x_realtime=run.get("x_realtime"),
    )


def _folder(video: Path, sha256: str, output: Path) -> Path:
    """`output/{video_id}`: the file's name made safe; digits of its hash where another video has that name already."""
    safe = (re.sub(r"[^\w.-]+", "_", video.stem).strip("._") or "video")[:100]
    claim = to_json({"file": video.name, "sha256": sha256})
    for name in (safe, f"{safe}-{sha256[:8]}", f"{safe}-{sha256}"):
        if create(output / name / CLAIM, claim) or _owner(output / name) == sha256:
            return output / name
    raise OutputError(f"{output / safe}: belongs to another video, and so do its other names; choose another folder with -o")


def _owner(folder: Path) -> str | None:
    """The sha256 of the video whose folder this is, or None."""
    try:
        return str(json.loads((folder / CLAIM).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the folder for one process; on an error gives back a folder in which nothing came to be."""
    with locked(folder / CLAIM):
        try:
            yield
        except BaseException:
            release(folder, CLAIM)
            raise


def _key(sha256: str, perceivers: Sequence[Perceiver], models: Models, settings: Settings) -> str:
    """What a log was made of and how: the same key, the same bytes."""
    writes = {p.name: p.writes for p in perceivers}
    weights = [(row["version"], row["sha256"]) for row in models.rows()]
    looks = [settings.faces, settings.tracks, settings.heads, settings.bodies, settings.crops]
    made_of = [FORMAT, __version__, sha256, settings.grid_hz, settings.decode, settings.motion, weights, looks, writes]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]


def _sha256(video: Path, on_progress: Progress) -> str:
    digest, done, size = hashlib.sha256(), 0, video.stat().st_size
    with video.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
            done += len(block)
            on_progress(Step("reading", done, size, "B"))
    return digest.hexdigest()


def _timed(batches: Iterator[Batch], stage: str, timings: dict[str, float]) -> Iterator[Batch]:
    while True:
        began = time.perf_counter()
        batch = next(batches, None)
        timings[stage] = timings.get(stage, 0.0) + time.perf_counter() - began
        if batch is None:
            return
        yield batch


class _Timed:
    """A perceiver whose time is counted under `perceive.{name}`."""

    def __init__(self, perceiver: Perceiver, timings: dict[str, float]) -> None:
        self._perceiver = perceiver
        self._timings = timings
        self.name, self.needs, self.writes = perceiver.name, perceiver.needs, perceiver.writes
        self.short_side_px, self.made_by = perceiver.short_side_px, perceiver.made_by

    def look(self, batch: Batch, seen: Columns) -> Columns:
        began = time.perf_counter()
        columns = self._perceiver.look(batch, seen)
        stage = f"perceive.{self.name}"
        self._timings[stage] = self._timings.get(stage, 0.0) + time.perf_counter() - began
        return columns

    def finish(self) -> Columns:
        return self._perceiver.finish()
