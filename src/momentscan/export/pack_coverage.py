"""What a pack covers of angles and expressions, and what is still missing."""

from __future__ import annotations

from dataclasses import dataclass

from momentscan.export.formatting import many
from momentscan.export.pack_pictures import EXPRESSION_WORDS, Meta
from momentscan.select.buckets import EXPRESSIONS, PITCHES, YAWS

AXES = ("yaw", "pitch", "expression")

YAW_HEADS = ("−30", "−15", "−5", "0", "5", "15", "30")
PITCH_HEADS = ("down 20°", "down 8°", "level", "up 8°", "up 20°")
"""Each bin by its edge nearest 0, as in file names (readings D13)."""

YAW_WORDS = (
    "looking 30° to 45° to the picture's left",
    "looking 15° to 30° to the picture's left",
    "looking 5° to 15° to the picture's left",
    "looking straight ahead, within 5°",
    "looking 5° to 15° to the picture's right",
    "looking 15° to 30° to the picture's right",
    "looking 30° to 45° to the picture's right",
)
PITCH_WORDS = (
    "head down by 20° or more",
    "head down by 8° to 20°",
    "head level, within 8°",
    "head up by 8° to 20°",
    "head up by 20° or more",
)
MISSING = {f"{axis} {label}": words for axis, labels, said in (
    ("yaw", YAWS, YAW_WORDS), ("pitch", PITCHES, PITCH_WORDS), ("expression", EXPRESSIONS, EXPRESSION_WORDS)
) for label, words in zip(labels, said, strict=True)}  # fmt: skip
"""What select says is missing -> in words; anything else is shown as it is."""


@dataclass(frozen=True)
class ColumnHead:
    """A bin of yaw."""

    word: str
    title: str


@dataclass(frozen=True)
class AxisCoverage:
    """How many bins of an axis are filled, could be in this video, and there are at all."""

    axis: str
    filled: str
    achievable: str
    all: str


@dataclass(frozen=True)
class GridCell:
    """One bucket: its look on the page, the number in it, and both in words."""

    look: str
    word: str
    title: str


@dataclass(frozen=True)
class GridRow:
    """The buckets of one bin of pitch."""

    head: str
    title: str
    cells: list[GridCell]


@dataclass(frozen=True)
class Grid:
    """The buckets of one expression."""

    name: str
    summary: str
    rows: list[GridRow]


@dataclass(frozen=True)
class MissingBin:
    """What a better pack needs, and whether this very video showed it."""

    words: str
    seen: bool


def column_heads() -> list[ColumnHead]:
    """Of the grids, from the picture's left."""
    return [ColumnHead(word, title) for word, title in zip(YAW_HEADS, YAW_WORDS, strict=True)]


def axis_coverage(meta: Meta, axis: str) -> AxisCoverage:
    """ "4/7" filled and "5/7" achievable, as meta.json holds them."""
    filled, _, every = str(meta.get("coverage_buckets_filled", {}).get(axis, "?")).partition("/")
    achievable = str(meta.get("coverage_buckets_achievable", {}).get(axis, "?")).partition("/")[0]
    return AxisCoverage(axis, filled, achievable, every or "?")


def grids(meta: Meta) -> list[Grid]:
    """A table for each expression, up at the top and the picture's left at the left; none where no cell could
    be filled.
    """
    count = {
        (c["yaw_bin"], c["pitch_bin"], c["expression_bin"]): int(c["images"]) for c in meta.get("cells", ())
    }
    return [_grid(i, expression, count) for i, expression in enumerate(EXPRESSIONS)] if count else []


def _grid(place: int, expression: str, count: dict[tuple[str, str, str], int]) -> Grid:
    own = [n for (_, _, of), n in count.items() if of == expression]
    rows = [
        GridRow(
            PITCH_HEADS[p],
            PITCH_WORDS[p],
            [
                _cell(count.get((yaw, PITCHES[p], expression)), YAW_WORDS[y], PITCH_WORDS[p])
                for y, yaw in enumerate(YAWS)
            ],
        )
        for p in reversed(range(len(PITCHES)))
    ]
    summary = f"{sum(n > 0 for n in own)} of {len(own)} achievable" if own else "never seen"
    return Grid(EXPRESSION_WORDS[place], summary, rows)


def _cell(images: int | None, *where: str) -> GridCell:
    """None: no look of the video would fit; 0: one would, and none was taken."""
    if images is None:
        look, words = "never", "never seen"
    elif images == 0:
        look, words = "open", "seen, but no image taken"
    else:
        look, words = f"h{min(images, 3)}", many(images, "image")
    return GridCell(look, "·" if images is None else str(images), f"{', '.join(where)}: {words}")


def missing_bins(meta: Meta) -> list[MissingBin]:
    """What a better pack needs."""
    seen = {f"{axis} {cell[f'{axis}_bin']}" for cell in meta.get("cells", ()) for axis in AXES}
    return [MissingBin(MISSING.get(m, m), m in seen) for m in meta.get("missing", ())]
