"""The Python face: the verbs as a user imports them from `momentscan`.

`judge`, `find` and `plot` are pure: they read no setting and write no file, so that the same signals and
knobs give the same answer. The others work in a video's folder. For them an option that is None is as the
settings say (MOMENTSCAN_* variables, then momentscan.toml in the working folder, then the default), and a
knob is named as it is there: `{"picks.count": 2}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from momentscan import flows, process, registry
from momentscan.app.comparison_table import ComparisonTable
from momentscan.app.dataframes import Scanned
from momentscan.app.extras import missing
from momentscan.app.knobs import of_engine, tables
from momentscan.errors import UnreadableInput, UsageError
from momentscan.flows import Exported, Outcome
from momentscan.progress import Progress, silent
from momentscan.settings import Settings
from momentscan.settings import load as settings_of
from momentscan.signals import Signals
from momentscan.values import Moment, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

File = str | PathLike[str]

Place = File | Scanned
"""A scanned video: what `scan` or `load` gave, its folder, or its id in the output folder."""

Knobs = Mapping[str, object]
"""Dotted name -> value, as in docs/knobs.md: {"rules.contrast": 3.5}."""


def scan(
    video: File,
    *,
    output: File | None = None,
    engine: str | None = None,
    models: File | None = None,
    embedder: str | None = None,
    detector: str | None = None,
    landmarks: str | None = None,
    face_id: str | None = None,
    body_pose: str | None = None,
    voice: str | None = None,
    tagger: str | None = None,
    transcript: str | None = None,
    asr: str | None = None,
    device: Literal["auto", "cpu", "cuda", "coreml"] | None = None,
    decode: Literal["exact", "fast"] | None = None,
    motion: Literal["dis", "farneback"] | None = None,
    grid_hz: float | None = None,
    stills: bool | None = None,
    identity: bool | None = None,
    token: str | None = None,
    token_class: str | None = None,
    knobs: Knobs | None = None,
    force: bool = False,
    on_progress: Progress = silent,
) -> Scanned:
    """Watches a video once, judges it, writes its folder in `output`, and returns what was seen.

    A video that was scanned with the same settings is not watched again, but with `force`.

    output              folder for results, one folder per video
    engine              engines to run, comma-separated, or "all"
    models              folder of weights, looked into before the cache
    embedder, detector, landmarks, face_id, body_pose, voice, tagger
                        name of the model of each kind; "auto" = the first whose weights are here
    transcript          file of what is said; "auto" = one beside the video, "none" = none
    asr                 Whisper model that writes the words where there is no transcript (extra `speech`)
    device              where networks run
    decode              "fast" skips the loop filter and frames that no other refers to
    motion              kind of optical flow
    grid_hz             sampled frames per second of video
    stills              cut full-size stills of the chosen frames
    identity            build identity packs of the main people
    token, token_class  word for a person in captions of the packs, and what that is one of
    on_progress         called often with a `Step`, done and total in s of video; raising Cancelled inside
                        stops cleanly

    Raises UnreadableInput for what is no video, UsageError for options and knobs, MissingModel, OutputError
    or Cancelled.
    """
    settings = _settings(
        knobs,
        output=output,
        engine=engine,
        models=models,
        embedder=embedder,
        detector=detector,
        landmarks=landmarks,
        face_id=face_id,
        body_pose=body_pose,
        voice=voice,
        tagger=tagger,
        transcript=transcript,
        asr=asr,
        device=device,
        decode=decode,
        motion=motion,
        grid_hz=grid_hz,
        stills=stills,
        identity=identity,
        token=token,
        token_class=token_class,
    )
    with process.as_guest():
        outcome = flows.scan(Path(video), settings, force, on_progress)
    return load(outcome.folder)


def load(folder: File) -> Scanned:
    """What was seen in a video that was scanned before: its folder in the output.

    Columns are read when they are asked for. Raises UnreadableInput where there is no complete log.
    """
    if not isinstance(folder, (str, PathLike)):
        raise UsageError(f"load wants a folder, got {type(folder).__name__}")
    try:
        path = Path(folder).resolve()
    except ValueError as error:  # a NUL
        raise UnreadableInput(f"{folder!r}: is no name of a folder ({error})") from None
    if not path.name:
        raise UnreadableInput(
            f"{folder}: is no folder of a scanned video; name one in the output folder, output/ride say"
        )
    return Scanned(flows.load(path), path if (path / "signals").is_dir() else path.parent)


def judge(signals: Signals, engine: str, *, knobs: Knobs | None = None) -> Verdict:
    """All that an engine says of a video.

    `curve` with its `parts`, `moments` best first, `candidates` and what became of each, `reason` where
    there are none, `absent` for what it could not look at. Times in s from the first frame.

    `knobs` begin with the engine's name: {"saliency.percentile": 80}. Pure; the video is not needed.
    Raises UsageError for engines and knobs that there are not.
    """
    _wanted("judge", signals, Signals, "ms.load")
    if engine not in registry.names("scorers"):
        raise UsageError(f"there is no engine {engine!r}; there are {', '.join(registry.names('scorers'))}")
    return flows.judge(signals, engine, of_engine(engine, knobs or {}))


def find(signals: Signals, engine: str | None = None, *, knobs: Knobs | None = None) -> tuple[Moment, ...]:
    """The moments that an engine sees, best first; `judge` tells the rest. Pure, with errors as `judge`.

    There is no list yet that joins the engines, so one has to be named: UsageError tells which there are.
    """
    if engine is None:
        names = registry.names("scorers")
        raise UsageError(
            f'find wants an engine, say ms.find(signals, "{names[-1]}"); there are {", ".join(names)}'
        )
    return judge(signals, engine, knobs=knobs).moments


def pack(
    place: Place,
    *,
    output: File | None = None,
    models: File | None = None,
    embedder: str | None = None,
    detector: str | None = None,
    landmarks: str | None = None,
    face_id: str | None = None,
    device: Literal["auto", "cpu", "cuda", "coreml"] | None = None,
    token: str | None = None,
    token_class: str | None = None,
    knobs: Knobs | None = None,
    on_progress: Progress = silent,
) -> Outcome:
    """Identity packs of the main people again from the log, into `identity_builder/`. Options as in `scan`.

    Raises UnreadableInput where there is no log, UsageError, MissingModel, OutputError or Cancelled.
    """
    settings = _settings(
        knobs,
        output=output,
        models=models,
        embedder=embedder,
        detector=detector,
        landmarks=landmarks,
        face_id=face_id,
        device=device,
        token=token,
        token_class=token_class,
    )
    with process.as_guest():
        return flows.pack(_folder(place, settings), settings, on_progress)


def clip(
    place: Place,
    *,
    output: File | None = None,
    engine: str | None = None,
    cut: Literal["exact", "copy", "smart"] | None = None,
    aspect: Literal["16:9", "9:16", "1:1"] | None = None,
    reel: bool | None = None,
    preview: Literal["none", "gif", "webp"] | None = None,
    subtitles: bool | None = None,
    knobs: Knobs | None = None,
    on_progress: Progress = silent,
) -> Outcome:
    """Cuts the moments of a scanned video into `clips/{engine}/`; the video is needed.

    `clips` of the outcome tells of each file.

    engine      engines whose moments are cut, comma-separated, or "all" that have judged the video
    cut         "exact" to the frame, by encoding; "copy" on key frames; "smart" encodes the edges only
    aspect      crop, following the main person; None = as the settings say, which is no crop
    reel        all clips of an engine as one film, too
    preview     a small moving picture of each clip
    subtitles   what is said, as .srt and .vtt beside each clip
    knobs       of align, clip_selection, clips and follow: {"clips.loudness_lufs": -14}

    Raises UnreadableInput where there is no log or the video has moved or changed, UsageError, OutputError
    or Cancelled.
    """
    settings = _settings(
        knobs,
        output=output,
        engine=engine,
        cut=cut,
        aspect=aspect,
        reel=reel,
        preview=preview,
        subtitles=subtitles,
    )
    with process.as_guest():
        return flows.clip(_folder(place, settings), settings, on_progress)


def export(
    place: Place,
    formats: str | Sequence[str] = "otio",
    *,
    output: File | None = None,
    engine: str | None = None,
    clips: bool = False,
    on_progress: Progress = silent,
) -> tuple[Exported, ...]:
    """Writes the moments for editors and labelling tools into `exports/`: a value for each engine.

    formats     otio, edl, fcpxml, premiere, csv, chapters, vtt, labelstudio, cvat: one, several, or
                comma-separated
    engine      engines whose moments are told, comma-separated, or "all" that have judged the video
    clips       tell the clips that were cut, with their edges, not the windows as found

    Raises UsageError for formats or engines that there are not, UnreadableInput where there is no log,
    OutputError or Cancelled.
    """
    settings = _settings(None, output=output, engine=engine)
    folder = _folder(place, settings)
    asked = [
        name.strip()
        for one in ([formats] if isinstance(formats, str) else formats)
        for name in one.split(",")
    ]
    return flows.export(folder, settings, asked, on_progress, clips)


def compare(
    places: Place | Iterable[Place], a: str, b: str, *, output: File | None = None
) -> ComparisonTable:
    """Two engines on one or several scanned videos, from what they wrote: the same windows, the same peaks?

    Raises UsageError for engines that there are not or that have not judged a video, UnreadableInput.
    """
    settings = _settings(None, output=output)
    several = [places] if isinstance(places, (str, PathLike, Scanned)) else list(places)
    if not several:
        raise UsageError("compare wants at least one scanned video, got none")
    return ComparisonTable.of(flows.compare_engines([_folder(place, settings) for place in several], a, b))


def plot(verdict: Verdict) -> Figure:
    """A verdict as a picture: the parts stacked, the score, its threshold, the windows and their peaks.

    `figure.savefig("verdict.png")` writes it; pyplot and its state are left alone. Wants the extra `plot`.
    Raises MissingModel where matplotlib is not installed.
    """
    _wanted("plot", verdict, Verdict, "ms.judge")
    try:
        from momentscan.app.plots import figure_of
    except ImportError:
        raise missing("a plot", "matplotlib", "plot") from None
    return figure_of(verdict)


def _wanted(verb: str, given: object, kind: type, giver: str) -> None:
    """Raises UsageError for what is of another kind: a path would be taken for signals in which nothing
    is.
    """
    if not isinstance(given, kind):
        raise UsageError(f"{verb} wants {kind.__name__}, which {giver} gives; got {type(given).__name__}")


def _settings(knobs: Knobs | None, **options: object) -> Settings:
    given = {name: fspath(value) if isinstance(value, PathLike) else value for name, value in options.items()}
    return settings_of(**given, **tables(knobs or {}))


def _folder(place: Place, settings: Settings) -> Path:
    """The folder of one scanned video. Raises UsageError where there is none, or several."""
    if isinstance(place, Scanned):
        return place.folder
    if not isinstance(place, (str, PathLike)):
        raise UsageError(
            f"got {type(place).__name__} that lie in no folder; give what ms.load gave, or a folder"
        )
    found = flows.video_folders([fspath(place)], settings.output)
    if len(found) > 1:
        raise UsageError(f"{place}: holds {len(found)} scanned videos; name one of them, say {found[0]}")
    return found[0]
