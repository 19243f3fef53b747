"""JSON schemas (draft 2020-12) of the files that others read; written out to docs/schemas by docs/generate.py."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_NUMBER: Schema = {"type": "number"}
_INTEGER: Schema = {"type": "integer"}
_TEXT: Schema = {"type": "string"}
_MS: Schema = {"type": "number", "minimum": 0, "description": "milliseconds from the first frame"}
_BOX: Schema = {
    "type": ["array", "null"],
    "items": _NUMBER,
    "minItems": 4,
    "maxItems": 4,
    "description": "x1, y1, x2, y2 in px of the video as shown; null: no portrait of a main person",
}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _by_name(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


_PARTS = _by_name(_NUMBER)
_FRAME = dict(
    frame_idx={**_INTEGER, "minimum": 0, "description": "0-based place in decode order"},
    timestamp_ms=_MS,
    quality_score={"type": "number", "minimum": 0, "maximum": 1},
    face_bbox=_BOX,
    crop_box=_BOX,
    blur={**_NUMBER, "description": "variance of the Laplacian; higher is sharper"},
    exposure_mean={**_NUMBER, "minimum": 0, "maximum": 255},
    why=_TEXT,
)
_SPAN = dict(start_ms=_MS, end_ms=_MS, peak_ms=_MS)

_WINDOWS = _list(
    _object(
        window_id={**_INTEGER, "minimum": 1},
        **_SPAN,
        score_rule=_NUMBER,
        score_model=_or_null(_NUMBER),
        key_features=_by_name(_or_null(_NUMBER)),
        selected_frames=_list(_object(**_FRAME)),
        engine=_TEXT,
        parts={**_PARTS, "description": "they sum to score_rule"},
        why=_TEXT,
        rivals=_list(_TEXT),
    )
)
_META = _object(
    window_id={**_INTEGER, "minimum": 1},
    **_FRAME,
    contrast=_NUMBER,
    measures=_by_name(_or_null(_NUMBER)),
    video_id=_TEXT,
    engine=_TEXT,
    width_px=_INTEGER,
    height_px=_INTEGER,
    _version=_object(app=_TEXT, app_version=_TEXT, embed_model=_or_null(_TEXT), gate_version=_TEXT),
)
_CURVE = _object(
    engine=_TEXT,
    time_ms=_list(_MS),
    score=_list(_NUMBER),
    smoothed=_list(_NUMBER),
    threshold=_or_null(_NUMBER),
    parts=_by_name(_list(_NUMBER)),
)
_CANDIDATES = _list(
    _object(
        **_SPAN,
        score=_NUMBER,
        parts=_PARTS,
        verdict={"enum": ["chosen", "over_max", "below_threshold", "not_different"]},
        reason=_TEXT,
    )
)
_FILTERING = _object(
    reason=_or_null(_TEXT),
    absent=_by_name(_TEXT),
    windows=_list(
        _object(
            window_id=_INTEGER,
            considered=_INTEGER,
            failed=_by_name(_INTEGER),
            selected=_INTEGER,
            reason=_TEXT,
            frames=_list(_object(frame_idx=_INTEGER, timestamp_ms=_MS, quality_score=_NUMBER, reasons=_list(_TEXT), verdict=_TEXT)),
        )
    ),
)
_VIDEO = _object(
    video_id=_TEXT,
    path=_TEXT,
    sha256=_TEXT,
    size_bytes=_INTEGER,
    duration_s=_NUMBER,
    declared_s=_or_null(_NUMBER),
    width_px=_INTEGER,
    height_px=_INTEGER,
    rotation_deg={"enum": [0, 90, 180, 270]},
    fps=_NUMBER,
    n_frames=_INTEGER,
    video_codec=_TEXT,
    audio_codec=_or_null(_TEXT),
    container=_TEXT,
    origin_s=_NUMBER,
    mended_clock={"type": "boolean"},
    partial={"type": "boolean"},
    problems=_list(_TEXT),
)
_RUN = _object(
    version=_TEXT,
    status={"enum": ["done", "partial"]},
    key=_TEXT,
    video=_VIDEO,
    partial={"type": "boolean"},
    problems=_list(_TEXT),
    settings={"type": "object"},
    models=_list(
        _object(
            name=_TEXT,
            version=_TEXT,
            file=_or_null(_TEXT),
            sha256=_or_null(_TEXT),
            licence=_TEXT,
            commercial={"enum": ["yes", "no", "unknown"]},
            **{"for": _TEXT},
        )
    ),
    engines=_by_name(
        _object(
            moments=_INTEGER,
            reason=_or_null(_TEXT),
            absent=_by_name(_TEXT),
            knobs={"type": "object"},
            picks={"type": "object"},
            picked=_INTEGER,
            stills=_list(_INTEGER),
        )
    ),
    people=_list(
        _object(
            number=_INTEGER,
            role={"enum": ["main", "passenger", "transient", "noise"]},
            track_score=_NUMBER,
            size=_NUMBER,
            centre=_NUMBER,
            length=_NUMBER,
            tracks=_list(_INTEGER),
            start_s=_NUMBER,
            end_s=_NUMBER,
            looks=_INTEGER,
        )
    ),
    comparisons=_list(
        _object(
            a=_TEXT,
            b=_TEXT,
            windows_a=_INTEGER,
            windows_b=_INTEGER,
            matched=_INTEGER,
            **{
                name: _or_null(_NUMBER)
                for name in [
                    "iou",
                    "share_a",
                    "share_b",
                    "iou_matched",
                    "peaks_a",
                    "peaks_b",
                    "peaks_f1",
                    "quality_a",
                    "quality_b",
                    "rank_correlation",
                ]
            },
        )
    ),
    warnings=_list(_TEXT),
    timings_s=_by_name(_NUMBER),
    x_realtime=_or_null(_NUMBER),
)
_MANIFEST = _object(
    format=_INTEGER,
    key=_TEXT,
    video=_VIDEO,
    files=_by_name(_object(rows=_INTEGER, columns=_list(_TEXT))),
    embed_model_version=_by_name(_TEXT),
    created_at=_TEXT,
)

SCHEMAS: dict[str, Schema] = {
    name: {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}
    for name, title, schema in (
        ("windows", "highlight_*/windows.json", _WINDOWS),
        ("frame_meta", "highlight_*/frames/*_meta.json", _META),
        ("score_curve", "highlight_*/debug/score_curve.json", _CURVE),
        ("peak_candidates", "highlight_*/debug/peak_candidates.json", _CANDIDATES),
        ("filtering_log", "highlight_*/debug/filtering_log.json", _FILTERING),
        ("run", "run.json", _RUN),
        ("manifest", "signals/manifest.json", _MANIFEST),
    )
}
"""Name -> schema. Fields may be added later; none of these goes away."""
