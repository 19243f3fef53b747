"""`highlight_{engine}/` as a whole: windows.json, debug/, stills with a meta beside each, tables."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from momentscan.disk.codec import encode
from momentscan.disk.files import write_tree
from momentscan.disk.stills import THUMBS, Still
from momentscan.disk.windows import (
    CANDIDATES,
    CURVE,
    FILTERING,
    WINDOWS,
    filtering_log,
    frame_meta,
    peak_candidates,
    score_curve,
    window_records,
)
from momentscan.records.measures import VersionStamp
from momentscan.select.picks import Picked
from momentscan.values import Moment, Pick, Verdict, VideoInfo

Tables = Mapping[str, Mapping[str, NDArray[Any]]]
"""Name -> column -> (N,) rows."""

NO_TABLES: Tables = MappingProxyType({})


def write_engine(
    folder: Path,
    video: VideoInfo,
    verdict: Verdict,
    considered: Sequence[Picked],
    stills: Mapping[int, Still],
    stamp: VersionStamp,
    tables: Tables = NO_TABLES,
) -> None:
    """Writes the folder in the place of an older one.

    `considered`: what became of the frames of each window; `stills` by frame_idx; `tables` become CSV files.
    """
    files = {
        WINDOWS: encode(window_records(verdict)),
        CURVE: encode(score_curve(verdict)),
        CANDIDATES: encode(peak_candidates(verdict)),
        FILTERING: encode(filtering_log(verdict, considered)),
    }
    files |= {f"{name}.csv": _csv(columns) for name, columns in tables.items()}
    links: dict[str, Path] = {}
    for number, moment, pick in _with_stills(verdict, stills):
        stem = f"frames/{still_name(number, pick)}"
        links[f"{stem}.jpg"] = stills[pick.frame_idx].full
        files[f"{THUMBS}/f{pick.frame_idx}.jpg"] = stills[pick.frame_idx].small
        files[f"{stem}_meta.json"] = encode(frame_meta(number, pick, moment, video, stamp))
    write_tree(folder, files, links)


def still_name(number: int, pick: Pick) -> str:
    """`window_001_f1234`, the stem of a still of the window with this number (from 1)."""
    return f"window_{number:03d}_f{pick.frame_idx}"


def _with_stills(verdict: Verdict, stills: Mapping[int, Still]) -> Iterator[tuple[int, Moment, Pick]]:
    for number, moment in enumerate(verdict.moments, 1):
        for pick in moment.picks:
            if pick.frame_idx in stills:
                yield number, moment, pick


def _csv(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """A header and one line per row; six decimals, an empty cell where nothing is known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    rows = zip(*(c.tolist() for c in columns.values()), strict=True)
    writer.writerows([_cell(x) for x in row] for row in rows)
    return text.getvalue().encode()


def _cell(x: float | int) -> str:
    if not isinstance(x, float):
        return str(x)
    return f"{x:.6g}" if math.isfinite(x) else ""
