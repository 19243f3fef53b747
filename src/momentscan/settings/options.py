"""What is set by one word: the options beside the tables of knobs and the choice of models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from momentscan.knobs import Knob

DEVICES = ("auto", "cpu", "cuda", "coreml")


@dataclass(frozen=True)
class Options:
    """Each with its default; `source` says what it is for."""

    output: Annotated[Path, Knob("", source="folder for results, one folder per video")] = Path("output")
    engine: Annotated[str, Knob("", source="engines to run, comma-separated, or all")] = "all"
    models: Annotated[Path | None, Knob("", source="folder of weights, looked into before the cache")] = None
    transcript: Annotated[
        str,
        Knob("", source="SRT, VTT, ASS or JSON of what is said; auto = a file beside the video, none = none"),
    ] = "auto"
    device: Annotated[str, Knob("", source="where networks run", choices=DEVICES)] = "auto"
    jobs: Annotated[
        int, Knob("videos", source="scanned at the same time, one process each", low=1, high=256)
    ] = 1
    stills: Annotated[bool, Knob("", source="cut full-size stills of the chosen frames")] = True
    identity: Annotated[bool, Knob("", source="build identity packs of the main people")] = True
    token: Annotated[str, Knob("", source="word for the person in captions of identity packs")] = "sks"
    token_class: Annotated[
        str, Knob("", source="what the token is one of, in captions of identity packs")
    ] = "person"
    cut: Annotated[
        str,
        Knob(
            "",
            source="clips to the frame, by encoding; copy = on key frames, smart = encode the edges only",
            choices=("exact", "copy", "smart"),
        ),
    ] = "exact"
    aspect: Annotated[
        str | None, Knob("", source="crop clips to 16:9, 9:16 or 1:1, following the main person")
    ] = None
    reel: Annotated[bool, Knob("", source="all clips of an engine as one film with chapters, too")] = False
    preview: Annotated[
        str, Knob("", source="a small moving picture of each clip", choices=("none", "gif", "webp"))
    ] = "none"
    subtitles: Annotated[
        bool,
        Knob("", source="what is said in a clip as .srt and .vtt beside it, where a transcript was logged"),
    ] = True
