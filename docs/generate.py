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
    head = (
        "# Signals\n\nEvery column that is logged, one Parquet file per (table, perceiver). "
        "Times are PTS in seconds from the first frame.\n\n"
    )
    return (
        NOTE
        + head
        + "\n".join(["| column | type | unit | maker | meaning | sign |", "|---|---|---|---|---|---|", *rows])
        + "\n"
    )


def knobs_page() -> str:
    """Every option and every threshold, with where it comes from."""
    from momentscan.knobs import knobs_of
    from momentscan.settings import Options
    from momentscan.settings.tables import DEPRECATED, SHORT, shared_table, stages

    head = (
        "# Knobs\n\nEvery threshold, its unit, bounds and source. All stand in one tree: "
        "`rules.peaks.distance_s` is turned "
        "with `--set rules.peaks.distance_s=3` (any verb), `MOMENTSCAN_RULES__PEAKS__DISTANCE_S=3`, or in "
        "`momentscan.toml`:"
        "\n\n```toml\n[rules.peaks]\ndistance_s = 3\n```\n\nArguments win over the environment, that over "
        "the file. "
        "`momentscan settings explain NAME` says what is in force and who said so. A stage within a table "
        "that has a table "
        "of its own (`[gate]`, `[people]`) starts from that one. A bare name will do where only one knob "
        "of a table ends "
        "so: `rules.distance_s`.\n"
    )
    short = ", ".join(f"`{a}` for `{b}`" for a, b in SHORT.items())
    old = ", ".join(f"`{a}` (now `{b}`)" for a, b in DEPRECATED.items())
    parts = [NOTE + head, f"\nShort names: {short}. Names of before, taken until 0.3: {old}.\n"]
    parts.append("\n## options\n\n" + _knob_table("", knobs_of(Options)))
    for name, about, stage in stages():
        own = [f for f in knobs_of(stage) if not _is_shared(stage, f.name, shared_table)]
        parts.append(f"\n## {name}: {about}\n\n" + _knob_table(f"{name}.", own))
    return "".join(parts)


def _is_shared(stage: type, knob: str, shared_table: Any) -> bool:
    """Whether a knob is in a stage that has a table of its own, where it is told."""
    first, dot, _ = knob.partition(".")
    return bool(dot) and shared_table(type(getattr(stage(), first))) is not None


def _knob_table(start: str, fields: Any) -> str:
    rows = [
        f"| `{start}{f.name}` | {f.default} | {f.knob.unit or '-'} | {f.knob.bounds or '-'} | "
        f"{f.knob.source} |"
        for f in fields
    ]
    return "\n".join(["| name | default | unit | bounds | source |", "|---|---|---|---|---|", *rows]) + "\n"


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
