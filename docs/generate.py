"""Writes the pages that are made from the code: signals.md, knobs.md, cli.md, and the JSON schemas. With
--check it only tells what is stale.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOTE = "<!-- made by docs/generate.py; do not edit -->\n\n"


def signals_page() -> str:
    """The dictionary of columns."""
    from momentscan.signals.schema import COLUMNS

    rows = [
        f"| `{c.name}` | {c.dtype}{'' if c.shape == () else ' vector'} | {c.unit or '-'} | {c.maker} | "
        f"{c.meaning} | {c.sign or '-'} |"
        for c in COLUMNS
    ]
    head = "# Signals\n\nEvery column that a scan logs, one Parquet file per (table, perceiver). Times are PTS in seconds from the first frame.\n\n"
    return (
        NOTE
        + head
        + "\n".join(["| column | type | unit | maker | meaning | sign |", "|---|---|---|---|---|---|", *rows])
        + "\n"
    )


def knobs_page() -> str:
    """Every threshold, with where it comes from."""
    from momentscan import registry
    from momentscan.export.conform import ConformOptions
    from momentscan.export.safe_parsing import ParsingLimits
    from momentscan.flows.cutting import Cutting
    from momentscan.knobs import knobs_of
    from momentscan.media.clock import ClockOptions
    from momentscan.media.container import Limits
    from momentscan.media.decode import SamplingOptions
    from momentscan.media.encoders import Encoding
    from momentscan.media.live import LiveOptions
    from momentscan.media.transcripts import TranscriptOptions
    from momentscan.perceive.body import BodiesOptions
    from momentscan.perceive.crops import CropsOptions
    from momentscan.perceive.faces import FacesOptions
    from momentscan.perceive.head import HeadsOptions
    from momentscan.perceive.tracks import TracksOptions
    from momentscan.perceive.words import RecognitionOptions
    from momentscan.score.align import Align
    from momentscan.score.clip_selection import ClipSelection
    from momentscan.score.finalization import FinalizationOptions
    from momentscan.score.intervals import Intervals
    from momentscan.score.peaks import Peaks
    from momentscan.select.buckets import Buckets
    from momentscan.select.face_samples import ReferenceQuality
    from momentscan.select.framing import Follow
    from momentscan.select.gate import Gate
    from momentscan.select.identity import Identities
    from momentscan.select.memory import MemoryOptions
    from momentscan.select.packs import Packs
    from momentscan.select.pairs import Pairs
    from momentscan.select.people import People
    from momentscan.select.picks import Picks
    from momentscan.signals.speech import Voicing
    from momentscan.signals.words import Sentences

    classes = [(f"engine {name}", registry.load("scorers", name)) for name in registry.names("scorers")]
    classes += [
        ("stills (picks)", Picks),
        ("the gate for faces (gate)", Gate),
        ("who is who (people)", People),
        ("identity packs (packs)", Packs),
        ("the pair pack (pairs)", Pairs),
        ("bins of pose, expression, occlusion and light (buckets)", Buckets),
        ("how good a reference a look is (references)", ReferenceQuality),
        ("the identity prototype (identities)", Identities),
        ("the memory bank (memory)", MemoryOptions),
        ("how references are cut (cutting)", Cutting),
        ("looking for faces (faces)", FacesOptions),
        ("the tracker (tracks)", TracksOptions),
        ("landmarks (heads)", HeadsOptions),
        ("body pose (bodies)", BodiesOptions),
        ("crops that are embedded (crops)", CropsOptions),
        ("how words become sentences (sentences)", Sentences),
        ("how sound is cut for speech recognition (recognising)", RecognitionOptions),
        ("transcripts", TranscriptOptions),
        ("where clips start and end (align)", Align),
        ("which moments become clips (delivery)", ClipSelection),
        ("crops that follow the main person (follow)", Follow),
        ("when somebody speaks", Voicing),
        ("peaks", Peaks),
        ("intervals", Intervals),
        ("how clips are encoded (clips)", Encoding),
        ("the decode pass", SamplingOptions),
        ("the clock", ClockOptions),
        ("limits", Limits),
        ("following what is live (live)", LiveOptions),
        ("when a live moment is final (hardening)", FinalizationOptions),
        ("edits that come back", ConformOptions),
        ("limits of edits", ParsingLimits),
    ]
    parts = [
        NOTE + "# Knobs\n\nEvery threshold, its unit, bounds and source. Knobs of an engine are turned with "
        "`momentscan find ID --engine NAME "
        "--set knob=value` or in `momentscan.toml` (`[saliency]`, `[picks]`, `[gate]`, ...).\n"
    ]
    for title, cls in classes:
        rows = []
        for f in knobs_of(cls):
            bounds = (
                ", ".join(f.knob.choices)
                or " to ".join("" if b is None else f"{b:g}" for b in (f.knob.low, f.knob.high)).strip()
            )
            rows.append(
                f"| `{f.name}` | {f.default} | {f.knob.unit or '-'} | {bounds or '-'} | {f.knob.source} |"
            )
        parts.append(
            f"\n## {title}\n\n| knob | default | unit | bounds | source |\n|---|---|---|---|---|\n"
            + "\n".join(rows)
            + "\n"
        )
    return "".join(parts)


def cli_page() -> str:
    """Every command with its help, as it prints it."""
    import typer
    from typer.testing import CliRunner

    from momentscan.app.cli import app

    os.environ.update(COLUMNS="100", NO_COLOR="1", TERM="dumb")
    group = typer.main.get_command(app)
    paths: list[list[str]] = [[]]
    for name, command in sorted(getattr(group, "commands", {}).items()):
        paths.append([name])
        paths += [[name, inner] for inner in sorted(getattr(command, "commands", {}))]
    parts = [
        NOTE + "# The command line\n\nExit codes: 0 all done · 1 a defect of ours · 2 wrong usage, settings, "
        "or an output folder that cannot be "
        "written · 3 input that cannot be read · 4 a model or an extra is missing · 5 some of several "
        "inputs failed · 130 cancelled.\n"
    ]
    for path in paths:
        text = CliRunner().invoke(app, [*path, "--help"], prog_name="momentscan").stdout
        tidy = "\n".join(line.rstrip() for line in text.strip().splitlines())
        parts.append(
            f"\n## momentscan {' '.join(path)}\n\n```text\n{tidy}\n```\n".replace(
                "momentscan \n", "momentscan\n"
            )
        )
    return "".join(parts)


def schemas() -> dict[str, str]:
    """name -> JSON schema of every file that a scan writes for others to read."""
    from momentscan.disk.schemas import SCHEMAS

    return {f"schemas/{name}.json": json.dumps(schema, indent=1) + "\n" for name, schema in SCHEMAS.items()}


def pages() -> dict[str, str]:
    """Path under docs/ -> its text."""
    return {"signals.md": signals_page(), "knobs.md": knobs_page(), "cli.md": cli_page(), **schemas()}


def main(arguments: list[str]) -> int:
    stale: list[Any] = []
    for name, text in pages().items():
        path = HERE / name
        if not path.is_file() or path.read_text() != text:
            stale.append(name)
            if "--check" not in arguments:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
    if stale and "--check" in arguments:
        print(f"stale: {', '.join(stale)}; run `make docs`")
        return 1
    print(
        f"{len(stale)} of {len(pages())} generated pages written"
        if stale
        else "generated pages are up to date"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
