"""Lays out the pages of the site: docs/ as it is, the repository's own pages beside it, links turned.

`python docs/stage.py build/docs` writes them for zensical; `--check` only tells which links lead nowhere.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

ROOT = Path(__file__).parents[1]

OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "SECURITY.md": "security.md",
    "bench/results/README.md": "figures.md",
}
"""Pages that a reader of the repository looks for elsewhere, and where the site has them."""

ALONE = ("examples/README.md",)
"""Pages that the site does without; their links are looked at all the same."""

FOLDERS = {"docs/decisions": "decisions/index.md", "docs/schemas": "formats.md"}
"""What a link to a folder leads to on the site."""

_CODE = r"^```.*?^```|`[^`\n]+`"
_LINK = r"\[(?P<text>[^\[\]]+)\]\((?P<target>[^()\s]+)\)"
_CODE_OR_LINK = re.compile(f"{_CODE}|{_LINK}", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z]+:|#")


def pages() -> dict[str, str]:
    """Path in the repository -> path on the site, of every page and of the schemas."""
    inside = sorted(
        p.relative_to(ROOT).as_posix() for kind in ("md", "json") for p in (ROOT / "docs").rglob(f"*.{kind}")
    )
    return OUTSIDE | {path: path.removeprefix("docs/") for path in inside}


def links(source: str, text: str) -> Iterator[tuple[str, str]]:
    """(path in the repository, anchor or "") of every link of a page to another, or to a part of another."""
    for found in _CODE_OR_LINK.finditer(text):
        target = found["target"]
        if target is not None and not _ELSEWHERE.match(target):
            path, _, anchor = target.partition("#")
            yield normpath(join(dirname(source), path)), anchor


def anchors(text: str) -> set[str]:
    """What the headings of a page are called in links."""
    plain = re.sub(_CODE.partition("|")[0], "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ +(.+?) *$", plain, re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in titles}


def broken() -> list[str]:
    """One line for every link that leads nowhere."""
    lines = []
    for source in (*(p for p in pages() if p.endswith(".md")), *ALONE):
        for path, anchor in links(source, (ROOT / source).read_text()):
            if not (ROOT / path).exists():
                lines.append(f"{source}: links to {path}, which is not there")
            elif anchor and anchor not in anchors((ROOT / path).read_text()):
                lines.append(f"{source}: links to {path}#{anchor}, which is no heading there")
    return lines


def turned(source: str, text: str) -> str:
    """A page with its links as the site wants them; what the site has not (code) is named without a link."""
    places = pages() | FOLDERS

    def turn(found: re.Match[str]) -> str:
        target = found["target"]
        if target is None or _ELSEWHERE.match(target):
            return found[0]
        path, mark, anchor = target.partition("#")
        place = places.get(normpath(join(dirname(source), path)))
        return (
            found["text"]
            if place is None
            else f"[{found['text']}]({relpath(place, dirname(places[source]) or '.')}{mark}{anchor})"
        )

    return _CODE_OR_LINK.sub(turn, text)


def decisions() -> str:
    """The page that lists all decisions."""
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    rows = [f"- [{path.read_text().partition(chr(10))[0].removeprefix('# ')}]({path.name})" for path in files]
    return (
        "# Decisions\n\nChoices that somebody will question, each with its reason.\n\n"
        + "\n".join(rows)
        + "\n"
    )


def stage(out: Path) -> None:
    """Writes every page of the site into the folder `out`, in the place of what was there."""
    shutil.rmtree(out, ignore_errors=True)
    for source, place in pages().items():
        text = (ROOT / source).read_text()
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        (out / place).write_text(turned(source, text) if place.endswith(".md") else text)
    (out / FOLDERS["docs/decisions"]).write_text(decisions())


def main(arguments: list[str]) -> int:
    lines = broken()
    if lines:
        print("\n".join(lines))
        return 1
    if arguments != ["--check"]:
        stage(Path(arguments[0]))
    print(f"{len(pages())} pages and schemas, all links lead somewhere")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
