"""JSON schemas (draft 2020-12) of the files that others read; written out to docs/schemas by
docs/generate.py.
"""

from __future__ import annotations

from typing import Any

from momentscan.select.buckets import EXPRESSIONS, LIGHTINGS, OCCLUSIONS, PITCHES, YAWS

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
            frames=_list(
                _object(
                    frame_idx=_INTEGER,
                    timestamp_ms=_MS,
                    quality_score=_NUMBER,
                    reasons=_list(_TEXT),
                    verdict=_TEXT,
                )
            ),
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
    packs={
        "type": ["array", "null"],
        "items": _object(
            person=_INTEGER,
            anchors=_INTEGER,
            coverage=_INTEGER,
            challenge=_INTEGER,
            identity_verified={"type": "boolean"},
            stop_reason=_TEXT,
            warnings=_list(_TEXT),
        ),
        "description": "null: none were asked for",
    },
    pairs=_INTEGER,
    warnings=_list(_TEXT),
    timings_s=_by_name(_NUMBER),
    x_realtime=_or_null(_NUMBER),
)
_RUN["properties"]["live"] = _object(
    source=_TEXT,
    ended=_TEXT,
    hardened=_by_name(_INTEGER),
    gaps=_list(_object(start_s=_NUMBER, end_s=_or_null(_NUMBER), reason=_TEXT)),
) | {"description": "only of what was watched live"}
_MANIFEST = _object(
    format=_INTEGER,
    key=_TEXT,
    video=_VIDEO,
    files=_by_name(_object(rows=_INTEGER, columns=_list(_TEXT))),
    embed_model_version=_by_name(_TEXT),
    created_at=_TEXT,
)

_BOX_PX: Schema = {**_BOX, "type": "array", "description": "x1, y1, x2, y2 in px of the video as shown"}
_COSINE: Schema = {"type": ["number", "null"], "minimum": -1, "maximum": 1}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_KINDS = ["anchor", "coverage", "challenge"]
_CONDITIONS = _list({"enum": ["id_drift", "dark", "low_variety"]})
_REDETECTED = _object(face_bbox=_BOX_PX, score=_SHARE, stable_score=_COSINE)
_PACK_VERSION = _object(
    app=_TEXT,
    app_version=_TEXT,
    embed_model=_or_null(_TEXT),
    gate_version=_TEXT,
    cut={"type": "object", "description": "how crops were made"},
)
_IMAGE_META = _object(
    type={"enum": _KINDS},
    person_id=_COUNT,
    frame_idx={**_COUNT, "description": "0-based place in decode order"},
    timestamp_ms=_MS,
    yaw_bin={
        "enum": ["<-45", *YAWS, ">=45", None],
        "description": "half-open [a, b); + looks to the picture's right",
    },
    pitch_bin={"enum": [*PITCHES, None], "description": "from the track's usual pitch"},
    expression_bin={"enum": [*EXPRESSIONS, None]},
    occlusion_bin={"enum": [*OCCLUSIONS, None]},
    lighting_bin={"enum": [*LIGHTINGS, None]},
    quality_score=_SHARE,
    novelty_score={
        **_SHARE,
        "description": "1 - the highest cosine to the images before it; 1 for the first",
    },
    stable_score={
        **_COSINE,
        "description": "cosine with the prototype, for challenge with the memory bank; null: no Face-ID "
        "model looked",
    },
    face_bbox=_BOX_PX,
    crop_box=_BOX_PX,
    embed_model_version=_or_null(_TEXT),
    gate_version=_TEXT,
    file=_TEXT,
    video_id=_TEXT,
    identity_verified={"type": "boolean"},
    gate={"enum": ["strict", "loose", "blur floor"]},
    yaw_deg=_or_null(_NUMBER),
    pitch_deg=_or_null(_NUMBER),
    in_moment={"type": "boolean"},
    cues=_list({"enum": ["yaw", "pitch", "dark", "occluded", "bright"]}),
    negative_prompt_hints=_list(_TEXT),
    caption=_TEXT,
    why=_TEXT,
    redetected={**_REDETECTED, "description": "what was found again in the crop that is kept"},
    _version=_PACK_VERSION,
)
_FILLED = _object(
    yaw={**_TEXT, "pattern": "^[0-7]/7$"},
    pitch={**_TEXT, "pattern": "^[0-5]/5$"},
    expression={**_TEXT, "pattern": "^[0-4]/4$"},
)
_PERSON_META = _object(
    person_id=_COUNT,
    track_score=_SHARE,
    prototype_type={"enum": ["medoid", "trimmed_mean", None]},
    anchor_count=_COUNT,
    coverage_buckets_filled=_FILLED,
    challenge_count=_COUNT,
    total_saved=_COUNT,
    stop_reason={"enum": ["coverage_satisfied", "novelty_plateau", "video_end"]},
    stopped_at_ms=_or_null(_NUMBER),
    coverage_count=_COUNT,
    coverage_buckets_achievable={
        **_FILLED,
        "description": "what fit looks of this video could cover at most",
    },
    coverage_coarse_yaw=_object(
        left={"type": "boolean"}, front={"type": "boolean"}, right={"type": "boolean"}
    ),
    cells=_list(
        _object(
            yaw_bin={"enum": list(YAWS)},
            pitch_bin={"enum": list(PITCHES)},
            expression_bin={"enum": list(EXPRESSIONS)},
            images=_COUNT,
        )
    ),
    role={"enum": ["main", "passenger"]},
    tracks=_list(_INTEGER),
    looks=_COUNT,
    start_ms=_MS,
    end_ms=_MS,
    identity_verified={"type": "boolean"},
    face_id_version=_or_null(_TEXT),
    tau_id=_COSINE,
    prototype_gate={"enum": ["strict", "loose", None]},
    mixed_share=_SHARE,
    look_alikes=_list(_INTEGER),
    conditions=_CONDITIONS,
    left_out=_by_name(_COUNT),
    warnings=_list(_TEXT),
    missing=_list(_TEXT),
    images=_list(_object(file=_TEXT, type={"enum": _KINDS}, bucket=_TEXT, stable_score=_COSINE)),
    _version=_object(app=_TEXT, app_version=_TEXT, embed_model=_or_null(_TEXT), gate_version=_TEXT),
)
_PAIR_META = _object(
    type={"const": "pair"},
    frame_idx=_COUNT,
    timestamp_ms=_MS,
    quality_score=_SHARE,
    people={
        **_list(
            _object(
                person_id=_COUNT,
                side={"enum": ["left", "right"]},
                face_bbox=_BOX_PX,
                expression_bin={"enum": [*EXPRESSIONS, None]},
                stable_score=_COSINE,
                redetected=_REDETECTED,
            )
        ),
        "minItems": 2,
        "maxItems": 2,
    },
    relative_position=_object(dx_faces=_NUMBER, dy_faces=_NUMBER),
    relative_scale={**_NUMBER, "description": "height of the left face over the right one's"},
    overlap_iou=_SHARE,
    shared_expression={"enum": [*EXPRESSIONS, None]},
    crop_box=_BOX_PX,
    embed_model_version=_or_null(_TEXT),
    gate_version=_TEXT,
    file=_TEXT,
    video_id=_TEXT,
    _version=_PACK_VERSION,
)
_RATIO = _object(anchor=_NUMBER, coverage=_NUMBER, challenge=_NUMBER)
_PACK_MANIFEST = _object(
    token=_TEXT,
    **{"class": _TEXT},
    empty={"type": "boolean"},
    identity_verified={"type": "boolean"},
    conditions=_CONDITIONS,
    ratio={"enum": ["default", "id_drift", "dark", "low_variety"]},
    ratios=_by_name(_RATIO),
    shares=_RATIO,
    repeats=_object(shares=_RATIO, error=_NUMBER, most=_INTEGER),
    images=_list(
        _object(
            path=_TEXT,
            set={"enum": _KINDS},
            weight=_SHARE,
            repeats={**_INTEGER, "minimum": 1},
            caption=_TEXT,
            stable_score=_COSINE,
            quality_score=_SHARE,
            cues=_list(_TEXT),
            negative_prompt=_list(_TEXT),
        )
    ),
)
_MEMORY_BANK = {
    "type": "object",
    "description": "the memory of one person: Face-ID vectors by condition; biometric data",
    "required": ["format", "nodes"],
}

_CHOICE = dict(
    rank={"type": ["integer", "null"], "minimum": 1, "description": "place in the delivery; null: left out"},
    start_ms={**_MS, "description": "edge after alignment, in the source's time"},
    end_ms=_MS,
    peak_ms=_MS,
    window=_object(start_ms=_MS, end_ms=_MS),
    score=_NUMBER,
    kind={**_TEXT, "description": "the reaction that is heard, else the part of the score that gives most"},
    below_threshold={
        "type": "boolean",
        "description": "true: the engine itself did not call it a moment; it fills the floor",
    },
    what=_TEXT,
    why=_TEXT,
    moves=_list(
        _object(edge={"enum": ["start", "end"]}, from_ms=_NUMBER, to_ms=_NUMBER, reason=_TEXT, note=_TEXT)
    ),
    flags=_list({"enum": ["speech.start", "speech.end", "length"]}),
    reaction=_or_null(_object(kind=_TEXT, onset_ms=_MS, score=_NUMBER)),
)
_CUT_FILE = dict(
    file=_TEXT,
    n_frames={**_INTEGER, "minimum": 1},
    size_px={"type": "array", "items": {**_INTEGER, "minimum": 2}, "minItems": 2, "maxItems": 2},
    encoder=_TEXT,
    notes=_list(_TEXT),
    subtitles=_list(_TEXT),
)
_CLIPS = _object(
    video_id=_TEXT,
    sha256=_TEXT,
    engine=_TEXT,
    reason=_or_null(_TEXT),
    knobs={"type": "object"},
    clips=_list(
        _object(
            **_CHOICE,
            **_CUT_FILE,
            cut_start_ms={**_MS, "description": "PTS of the first frame that was cut, in the source's time"},
            cut_end_ms={**_MS, "description": "end of the last frame"},
            how={"enum": ["exact", "copy", "smart"], "description": "how it was really cut"},
            preview=_or_null(_TEXT),
            sha256={
                **_object(file=_TEXT),
                "description": "of what was cut: file, and preview where there is one",
            },
            follows=_or_null(_TEXT),
            key=_TEXT,
        )
    ),
    reel=_or_null(
        _object(
            **_CUT_FILE,
            length_ms=_MS,
            chapters=_list(_object(start_ms=_MS, end_ms=_MS, title=_TEXT, rank={**_INTEGER, "minimum": 1})),
        )
    ),
    left_out=_list(_object(**_CHOICE)),
    _version=_object(app=_TEXT, app_version=_TEXT, embed_model=_or_null(_TEXT), gate_version=_TEXT),
)

_TOLD_AS: Schema = {
    "enum": ["window", "clip"],
    "description": "window_id counts windows as the engine found them, or clips by their rank",
}
_TOLD_WINDOW = dict(window_id={**_INTEGER, "minimum": 1}, **_SPAN, score=_NUMBER)
_FRAMES: Schema = {"type": "integer", "description": "frames of the nominal rate from the source's first"}
_EXPORT = _object(
    version={"const": 1},
    engine=_TEXT,
    video_id=_TEXT,
    told_as=_TOLD_AS,
    sha256={**_TEXT, "description": "of the video"},
    rate={**_TEXT, "pattern": "^[0-9]+(/[0-9]+)?$", "description": "frames per second, as a fraction"},
    drop_frame={"type": "boolean"},
    start_frame={**_COUNT, "description": "timecode of the source's first frame, in frames"},
    n_frames=_COUNT,
    ranges=_list(
        _object(**_TOLD_WINDOW, why=_TEXT, first_frame=_FRAMES, end_frame=_FRAMES, peak_frame=_FRAMES)
    ),
    formats={**_by_name(_list(_TEXT)), "description": "format -> its files"},
    notes=_list(_TEXT),
)
_MOVED: Schema = {
    "type": ["number", "null"],
    "description": "ms that the editor moved the edge, + is later; null: not known, or not moved as a whole",
}
_FEEDBACK = _object(
    version={"const": 1},
    at={**_TEXT, "description": "ISO 8601"},
    video_id=_TEXT,
    sha256={**_TEXT, "description": "of the video"},
    engine=_TEXT,
    told_as=_TOLD_AS,
    kind={"enum": ["kept", "trimmed", "split", "retimed", "dropped", "reordered", "added"]},
    window={
        **_object(**_TOLD_WINDOW),
        "type": ["object", "null"],
        "description": "the moment as it was told; null: one that was not",
    },
    edited={
        **_object(start_ms=_MS, end_ms=_MS),
        "type": ["object", "null"],
        "description": "what is left of it, in the source; of a retimed piece what the edit says; null: "
        "dropped or only moved",
    },
    moved_start_ms=_MOVED,
    moved_end_ms=_MOVED,
    order={
        **_object(told=_or_null(_INTEGER), edited=_or_null(_INTEGER)),
        "description": "places on the timelines, from 0; of a reordered moment among those that are in both",
    },
    piece={
        **_object(number=_INTEGER, of=_INTEGER),
        "type": ["object", "null"],
        "description": "of a moment that was split, from 1",
    },
    source={
        **_object(file=_TEXT, sha256=_TEXT, format={"enum": ["otio", "edl", "premiere", "fcpxml"]}),
        "description": "the edit",
    },
    part={**_object(number=_INTEGER, of=_INTEGER), "description": "which line of that edit this is, from 1"},
)

_TOLD = dict(event=_TEXT, at_ms={**_MS, "description": "how much of the feed had been seen, in milliseconds"})
_LIVE: Schema = {
    "oneOf": [
        _object(**_TOLD | dict(event={"const": "started"}, source=_TEXT, folder=_TEXT)),
        _object(
            **_TOLD | dict(event={"enum": ["provisional", "moved", "withdrawn", "hardened"]}),
            id={**_COUNT, "description": "the moment's number with this engine, for good"},
            engine=_TEXT,
            **_SPAN,
            score=_NUMBER,
            why=_TEXT,
        ),
        _object(
            **_TOLD | dict(event={"const": "gap"}),
            start_ms=_MS,
            end_ms={
                **_MS,
                "type": ["number", "null"],
                "description": "null: nobody knows; time went on by one frame",
            },
            why=_TEXT,
        ),
        _object(
            **_TOLD | dict(event={"enum": ["stall", "flowing", "lost", "reconnect", "ended"]}, why=_TEXT)
        ),
    ]
}

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
        ("image_meta", "identity_builder/person_*/*/*_meta.json", _IMAGE_META),
        ("person_meta", "identity_builder/person_*/meta.json", _PERSON_META),
        ("pair_meta", "identity_builder/pair/*_meta.json", _PAIR_META),
        ("pack_manifest", "identity_builder/person_*/manifest.json", _PACK_MANIFEST),
        ("clips", "clips/*/clips.json", _CLIPS),
        ("memory_bank", "identity_builder/person_*/memory_bank.json", _MEMORY_BANK),
        ("exports", "exports/*.json", _EXPORT),
        ("feedback", "feedback.jsonl, one line", _FEEDBACK),
        ("live", "live.jsonl, one line", _LIVE),
    )
}
"""Name -> schema. Fields may be added later; none of these goes away."""
