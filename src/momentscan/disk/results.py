"""What an engine found, as the JSON files that interface.md promises. Milliseconds are born here, and only
here.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.disk.files import translate_os_errors, write_bytes, write_tree
from momentscan.signals.boxes import Box, squares, whole
from momentscan.values import Candidate, Moment, Pick, Verdict, VideoInfo, Window


def write_json(path: Path, value: Any) -> None:
    """JSON, whole or not at all; numbers that are not finite become null."""
    write_bytes(path, to_json(value))


def write_text(path: Path, text: str) -> None:
    """UTF-8 text, whole or not at all."""
    write_bytes(path, text.encode(errors="backslashreplace"))  # names that are not UTF-8


def to_json(value: Any) -> bytes:
    """The bytes of a JSON file: six decimals, keys as given, one newline at the end."""
    return (json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(
        errors="backslashreplace"
    )


class Still(NamedTuple):
    """A chosen frame: where its full-size JPEG lies, and the small one for pages."""

    full: Path
    small: bytes


THUMBS = "thumbs"


def kept_stills(folder: Path) -> dict[int, Still]:
    """frame_idx -> the stills that an engine's folder has already."""
    found = {}
    for path in sorted((folder / "frames").glob("window_*_f*.jpg")):
        index = path.stem.rpartition("_f")[2]
        thumb = folder / THUMBS / f"f{index}.jpg"
        if index.isdigit() and thumb.is_file() and path.stat().st_size:
            found[int(index)] = Still(path, thumb.read_bytes())
    return found


def take_over(folder: Path, frame_idx: int, still: Still) -> Still:
    """A still that lies elsewhere, put into a working folder too, without a copy."""
    path = folder / f"f{frame_idx}.jpg"
    with translate_os_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(still.full)
    return Still(path, still.small)


class EngineResult(NamedTuple):
    """What an engine wrote, read back: windows best first with their scores, the qualities of all stills, and
    its curve in seconds.
    """

    windows: list[Window]
    scores: list[float]
    qualities: list[float]
    time_s: list[float]
    value: list[float]


def read_engine(folder: Path) -> EngineResult | None:
    """windows.json and the curve of an engine's folder; None where it has written none that can be read."""
    try:
        windows = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
        curve = json.loads((folder / "debug/score_curve.json").read_text(encoding="utf-8"))
        return EngineResult(
            [Window(w["start_ms"] / 1000, w["end_ms"] / 1000, w["peak_ms"] / 1000) for w in windows],
            [w["score_rule"] for w in windows],
            [f["quality_score"] for w in windows for f in w["selected_frames"]],
            [t / 1000 for t in curve["time_ms"]],
            curve["score"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_still(folder: Path, frame_idx: int, full: bytes, small: bytes) -> Still:
    """Writes a still that was just cut into a working folder, until `write_engine` takes it over."""
    path = folder / f"f{frame_idx}.jpg"
    with translate_os_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(full)
    return Still(path, small)


def write_engine(
    folder: Path,
    video: VideoInfo,
    verdict: Verdict,
    filtering: Sequence[Mapping[str, Any]],
    stills: Mapping[int, Still],
    version: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, NDArray[Any]]] = MappingProxyType({}),
) -> None:
    """`highlight_{engine}/` as a whole: windows.json, debug/, frames/ with a meta file beside each still,
    thumbs/ of the same.

    `filtering` is one entry per window for debug/filtering_log.json; `stills` is keyed by frame_idx; `tables`
    become CSV files.
    """
    links: dict[str, Path] = {}
    files: dict[str, bytes] = {
        "windows.json": to_json(windows_json(verdict)),
        "debug/score_curve.json": to_json(_curve(verdict)),
        "debug/peak_candidates.json": to_json([_candidate(c) for c in verdict.candidates]),
        "debug/filtering_log.json": to_json(
            {"reason": verdict.reason, "absent": verdict.absent, "windows": filtering}
        ),
    }
    files |= {f"{name}.csv": _csv(columns) for name, columns in tables.items()}
    for number, moment in enumerate(verdict.moments, 1):
        for pick in moment.picks:
            if pick.frame_idx in stills:
                stem = f"frames/{still_name(number, pick)}"
                links[f"{stem}.jpg"] = stills[pick.frame_idx].full
                files[f"{THUMBS}/f{pick.frame_idx}.jpg"] = stills[pick.frame_idx].small
                files[f"{stem}_meta.json"] = to_json(_frame_meta(number, pick, moment, video, version))
    write_tree(folder, files, links)


def _csv(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """A header and one line per row; six decimals, an empty cell where nothing is known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [_cell(x) for x in row] for row in zip(*(c.tolist() for c in columns.values()), strict=True)
    )
    return text.getvalue().encode()


def _cell(x: float | int) -> str:
    return (
        ""
        if isinstance(x, float) and not math.isfinite(x)
        else f"{x:.6g}"
        if isinstance(x, float)
        else str(x)
    )


def filtering_entry(
    number: int, considered: int, failed: Mapping[str, int], selected: int, reason: str, frames: Sequence[Any]
) -> dict[str, Any]:
    """One window of debug/filtering_log.json; `frames` have time_s, frame_idx, quality, reasons and verdict."""
    return {
        "window_id": number,
        "considered": considered,
        "failed": dict(failed),
        "selected": selected,
        "reason": reason,
        "frames": [
            {
                "frame_idx": f.frame_idx,
                "timestamp_ms": ms(f.time_s),
                "quality_score": f.quality,
                "reasons": list(f.reasons),
                "verdict": f.verdict,
            }
            for f in frames
        ],
    }


def still_name(number: int, pick: Pick) -> str:
    """`window_001_f1234`, the stem of a still of the window with this number (from 1)."""
    return f"window_{number:03d}_f{pick.frame_idx}"


def windows_json(verdict: Verdict) -> list[dict[str, Any]]:
    """windows.json: the seed's fields (seed 000, windows.json schema), then ours."""
    return [_window(i, m) for i, m in enumerate(verdict.moments, 1)]


def _window(number: int, moment: Moment) -> dict[str, Any]:
    return {
        "window_id": number,
        "start_ms": ms(moment.window.start_s),
        "end_ms": ms(moment.window.end_s),
        "peak_ms": ms(moment.window.peak_s),
        "score_rule": moment.score,
        "score_model": None,
        "key_features": {"d_face": None, "d_body": None, **moment.features},
        "selected_frames": [_frame(p) for p in moment.picks],
        "engine": moment.scorer,
        "parts": dict(moment.parts),
        "why": moment.why,
        "rivals": list(moment.rivals),
    }


def _frame(pick: Pick) -> dict[str, Any]:
    return {
        "frame_idx": pick.frame_idx,
        "timestamp_ms": ms(pick.time_s),
        "quality_score": pick.quality,
        "face_bbox": list(pick.face_px) if pick.face_px is not None else None,
        "crop_box": crop_box(pick.face_px) if pick.face_px is not None else None,
        "blur": pick.measures["sharpness"],
        "exposure_mean": pick.measures["exposure_mean"],
        "why": pick.why,
    }


CROP_SCALE = 1.5
"""companions §2.4: face crops are bbox × 1.5."""


def crop_box(box: Box) -> list[int]:
    """x1, y1, x2, y2 of the square around a box, 1.5 times its longer side; like the box it may reach past
    the picture.
    """
    return list(whole(squares(np.array(box), CROP_SCALE)))


def _frame_meta(
    number: int, pick: Pick, moment: Moment, video: VideoInfo, version: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "window_id": number,
        **_frame(pick),
        "contrast": pick.measures["contrast"],
        "measures": dict(pick.measures),
        "video_id": video.video_id,
        "engine": moment.scorer,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "_version": dict(version),
    }


def _curve(verdict: Verdict) -> dict[str, Any]:
    return {
        "engine": verdict.scorer,
        "time_ms": [ms(t) for t in verdict.curve.time_s],
        "score": list(verdict.curve.value),
        "smoothed": list(verdict.smoothed),
        "threshold": verdict.threshold,
        "parts": {name: list(series) for name, series in verdict.curve.parts.items()},
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    window = candidate.window
    return {
        "start_ms": ms(window.start_s),
        "end_ms": ms(window.end_s),
        "peak_ms": ms(window.peak_s),
        "score": candidate.score,
        "parts": dict(candidate.parts),
        "verdict": candidate.verdict,
        "reason": candidate.reason,
    }


def ms(seconds: float) -> float:
    """Seconds -> milliseconds, to the microsecond."""
    return round(seconds * 1000, 3)


def _plain(value: Any) -> Any:
    """Plain JSON values of a tree: numpy numbers to Python's, floats to six decimals, NaN and infinities to
    None.
    """
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if hasattr(value, "dtype") and value.dtype.kind == "b":
        return bool(value)
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if hasattr(value, "dtype") and value.dtype.kind in "iu" else round(number, 6)
