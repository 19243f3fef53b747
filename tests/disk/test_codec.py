"""Records come back from their bytes as they were, and what does not fit is refused in one line."""

from __future__ import annotations

import dataclasses
import json
import math
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from momentscan.disk.codec import decode, decode_line, encode, encode_line, read_or_none, read_record
from momentscan.disk.schemas import PUBLISHED, SCHEMAS, schema_of
from momentscan.errors import UnreadableInput
from momentscan.records import measures
from momentscan.records.clips import ClipRow
from momentscan.records.feedback import FeedbackLine
from momentscan.records.live import LiveLine
from momentscan.records.packs import PersonMeta, Refusal
from momentscan.records.plain import Json, Meta
from momentscan.records.run import Run
from momentscan.records.video import Claim
from momentscan.records.windows import ScoreCurve, WindowRecord
from momentscan.select import buckets, pack_types
from momentscan.values import VideoInfo

KINDS = [cls for _, cls in PUBLISHED.values()] + [Claim, tuple[Refusal, ...]]
"""Every kind of file and line."""

WORDS = st.text(
    st.characters(exclude_categories=("Cs",), max_codepoint=0x10F7FF)
    | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=("Cs",)),
    max_size=4,
)
"""Text as JSON has it, and bytes of file names that are no text (PEP 383)."""

BEYOND_TYPES: dict[Any, dict[str, st.SearchStrategy[Any]]] = {
    VideoInfo: {"rotation_deg": st.sampled_from((0, 90, 180, 270))},
    ClipRow: {"sha256": st.fixed_dictionaries({"file": WORDS}, optional={"preview": WORDS})},
}
"""What the types of fields cannot say."""

OBJECTS = st.dictionaries(WORDS, st.none() | st.booleans() | st.integers(-9, 9) | WORDS, max_size=2)


def of(kind: Any, limits: Mapping[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Values of a field's type, within its limits."""
    limits, origin, inner = limits or {}, get_origin(kind), get_args(kind)
    if origin is Annotated:
        metas = {k: v for m in inner[1:] if isinstance(m, Meta) for k, v in m.limits.items()}
        return of(inner[0], {**limits, **metas})
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        own = {f.name: of(hints[f.name]) for f in dataclasses.fields(kind)}
        own |= BEYOND_TYPES.get(kind, {})
        return st.builds(kind, **own)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of([of(one, limits) for one in inner])
    if origin is tuple:
        return (
            st.lists(of(inner[0]), max_size=2).map(tuple) if inner[-1] is ... else st.tuples(*map(of, inner))
        )
    if kind == Json:
        return OBJECTS
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(of(inner[0]), of(inner[1]), max_size=2)
    return simple(kind, limits)


def simple(kind: Any, limits: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    low, high = limits.get("ge", -(10**9)), limits.get("le", 10**9)
    if kind is float:
        return st.floats(low, high, allow_nan=False).map(lambda x: round(x, 6))
    if kind is int:
        return st.integers(low, high)
    if kind is str:
        return st.from_regex(limits["pattern"].replace("$", r"\Z")) if "pattern" in limits else WORDS
    return {bool: st.booleans(), type(None): st.none()}[kind]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_written_is_read_back_the_same_and_matches_the_schema(kind: Any, data: st.DataObject) -> None:
    record = data.draw(STRATEGIES[kind])
    written = encode(record)
    assert decode(kind, written, Path("a.json"), "") == record
    assert decode_line(kind, encode_line(record)) == record
    assert encode_line(record).count(b"\n") == 1
    if not (isinstance(record, Run) and None in (record.people, record.comparisons)):  # is being made
        jsonschema.validate(json.loads(written), schema_of(kind))


STRATEGIES = {kind: of(kind) for kind in KINDS}


def a(kind: Any) -> Any:
    """Some record of a kind, always the same one."""
    told = RUN if kind is Run else PERSON if kind is PersonMeta else None
    assert told is not None
    return json.loads(json.dumps(told))


VIDEO = dict(
    video_id="ride",
    path="/v/ride.mp4",
    sha256="ab",
    size_bytes=9,
    duration_s=12.0,
    declared_s=None,
    width_px=640,
    height_px=360,
    rotation_deg=0,
    fps=25.0,
    n_frames=300,
    video_codec="h264",
    audio_codec=None,
    container="mp4",
    origin_s=0.0,
    mended_clock=False,
    partial=False,
    problems=[],
)
ENGINE = dict(moments=1, reason=None, absent={}, knobs={"distance_s": 2.5}, picks={}, picked=0, stills=[3])
RUN = dict(version="0.1.0", status="done", key="k", video=VIDEO, partial=False, problems=[], settings={},
           models=[], engines={"rules": ENGINE}, people=[], packs=None, pairs=0, comparisons=[], warnings=[],
           timings_s={"scan": 1.5}, x_realtime=2.0)  # fmt: skip
SHARES = dict(yaw="6/7", pitch="1/5", expression="2/4")
PERSON = dict(
    person_id=0,
    track_score=0.5,
    prototype_type=None,
    anchor_count=0,
    coverage_buckets_filled=SHARES,
    challenge_count=0,
    total_saved=0,
    stop_reason="video_end",
    stopped_at_ms=None,
    coverage_count=0,
    coverage_buckets_achievable=SHARES,
    coverage_coarse_yaw=dict(left=True, front=True, right=False),
    cells=[],
    role="main",
    tracks=[1],
    looks=5,
    start_ms=0.0,
    end_ms=900.0,
    identity_verified=False,
    face_id_version=None,
    tau_id=None,
    prototype_gate=None,
    mixed_share=0.0,
    look_alikes=[],
    conditions=[],
    left_out={},
    warnings=[],
    missing=[],
    images=[],
    _version=dict(app="momentscan", app_version="0", embed_model=None, gate_version="v1"),
)


def with_value(told: Any, value: Any, *path: str) -> bytes:
    *before, last = path
    place = told
    for name in before:
        place = place[name]
    place[last] = value
    return json.dumps(told).encode()


def without(told: Any, *path: str) -> bytes:
    *before, last = path
    place = told
    for name in before:
        place = place[name]
    del place[last]
    return json.dumps(told).encode()


DEEP = b"[" * 100_000
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "a field is missing": (lambda: without(a(Run), "warnings"), "warnings: "),
    "a field within is missing": (lambda: without(a(Run), "engines", "rules", "moments"), "engines.rules.moments: "),  # noqa: E501
    "a foreign field": (lambda: with_value(a(Run), 1, "mood"), "mood: "),
    "a foreign field of a value": (lambda: with_value(a(Run), 1, "video", "mood"), "video.mood: "),
    "a text for a number": (lambda: with_value(a(Run), "3", "pairs"), "pairs: .*found '3'"),
    "a fraction for a count": (lambda: with_value(a(Run), 1.5, "pairs"), "pairs: .*found 1.5"),
    "true for a number": (lambda: with_value(a(Run), True, "pairs"), "pairs: .*found True"),
    "null where nothing may lack": (lambda: with_value(a(Run), None, "key"), "key: .*found None"),
    "a word that there is not": (lambda: with_value(a(Run), "soon", "status"), "status: .*'done' or 'partial'"),  # noqa: E501
    "several things": (lambda: without(json.loads(without(a(Run), "key")), "version"), "and 1 more"),
    "not a number": (lambda: with_value(a(Run), math.nan, "x_realtime"), "NaN"),
    "not a number among knobs": (
        lambda: with_value(a(Run), -math.inf, "engines", "rules", "knobs", "distance_s"),
        "-Infinity",
    ),
    "absurd nesting": (lambda: DEEP, "recursion"),
    "absurd nesting and a name that is no text": (lambda: rb'{"key": "\udcff", "a": ' + DEEP, "whole"),
    "absurd nesting among knobs": (lambda: with_value(a(Run), "?", "settings").replace(b'"?"', DEEP), "recursion"),  # noqa: E501
    "a number without end": (lambda: with_value(a(Run), "?", "pairs").replace(b'"?"', b"9" * 10_000), "out of range"),  # noqa: E501
    "no UTF-8": (lambda: with_value(a(Run), "?", "key").replace(b"?", b"\xff"), "JSON"),
    "nothing": (lambda: b"", "JSON"),
    "half of it": (lambda: json.dumps(RUN).encode()[:200], "JSON"),
    "a list": (lambda: b"[]", "the whole: "),
    "null": (lambda: b"null", "the whole: "),
}  # fmt: skip


@pytest.mark.parametrize("why", BAD)
def test_what_does_not_fit_is_one_line_that_names_file_and_field_and_says_what_to_do(
    why: str, tmp_path: Path
) -> None:
    made, expected = BAD[why]
    path = tmp_path / "run.json"
    path.write_bytes(made())
    with pytest.raises(UnreadableInput, match=expected) as caught:
        read_record(Run, path, "scan the video again")
    line = str(caught.value)
    assert line.startswith(f"{path}: does not fit (")
    assert line.endswith("; scan the video again")
    assert len(line.splitlines()) == 1
    assert len(line) < 400
    assert read_or_none(Run, path) is None
    assert decode_line(Run, made()) is None


def test_the_record_that_these_were_made_of_fits() -> None:
    assert decode(Run, json.dumps(RUN).encode(), Path(), "").engines["rules"].stills == (3,)
    assert decode(PersonMeta, json.dumps(PERSON).encode(), Path(), "").tracks == (1,)


@pytest.mark.parametrize(
    ("field", "value"), [("track_score", 1.25), ("looks", -1), ("tau_id", -1.5), ("start_ms", -0.5)]
)
def test_numbers_out_of_bounds_are_refused(field: str, value: float) -> None:
    with pytest.raises(UnreadableInput, match=f"{field}: .*found {value}"):
        decode(PersonMeta, with_value(a(PersonMeta), value, field), Path("meta.json"), "")


def test_words_of_a_pattern_are_refused_where_they_do_not_follow_it() -> None:
    told = with_value(a(PersonMeta), "8/7", "coverage_buckets_filled", "yaw")
    with pytest.raises(UnreadableInput, match=r"coverage_buckets_filled\.yaw: .*found '8/7'"):
        decode(PersonMeta, told, Path("meta.json"), "")


def test_a_folder_or_nothing_in_the_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    for path, why in [
        (tmp_path, "Is a directory"),
        (tmp_path / "gone", "No such file"),
        (Path("a\0b"), "null"),
    ]:
        with pytest.raises(UnreadableInput, match=f"cannot be read .*{why}.*; make it again") as caught:
            read_record(Claim, path, "make it again")
        assert len(str(caught.value).splitlines()) == 1


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "there.json").write_bytes(encode(Claim("ride.mp4", "ab")))
    (tmp_path / "video.json").symlink_to(tmp_path / "there.json")
    assert read_record(Claim, tmp_path / "video.json", "") == Claim("ride.mp4", "ab")


def test_words_that_look_like_numbers_that_are_none_are_words() -> None:
    claim = Claim("NaN and Infinity.mp4", "ab")
    assert decode(Claim, encode(claim), Path(), "") == claim


def test_numbers_that_are_not_finite_are_written_as_null() -> None:
    curve = ScoreCurve("rules", (0.0,), (math.nan,), (math.inf,), None, {})
    told = json.loads(encode(curve))
    assert (told["score"], told["smoothed"]) == ([None], [None])


def test_a_window_is_the_same_in_seconds() -> None:
    record = WindowRecord(1, 1500.0, 4000.0, 2250.0, 0.5, None, {}, (), "rules", {}, "", ())
    assert dataclasses.astuple(record.window) == (1.5, 4.0, 2.25)


def test_bins_are_those_of_select() -> None:
    assert get_args(measures.Yaw) == buckets.YAWS
    assert get_args(measures.AnyYaw) == ("<-45", *buckets.YAWS, ">=45")
    assert get_args(measures.Pitch) == buckets.PITCHES
    assert get_args(measures.Expression) == buckets.EXPRESSIONS
    assert get_args(measures.Occlusion) == buckets.OCCLUSIONS
    assert get_args(measures.Lighting) == buckets.LIGHTINGS
    assert set(get_args(measures.ImageSet)) == set(pack_types.FOLDERS)
    assert {"default", *get_args(measures.Condition)} == set(pack_types.SHARES)


def test_schemas_are_whole_in_themselves_and_leave_room_for_fields_to_come() -> None:
    for name, schema in SCHEMAS.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        text = json.dumps(schema)
        assert "$ref" not in text, name
        assert '"additionalProperties": false' not in text, name


def test_every_line_of_a_feed_is_of_one_kind_only() -> None:
    kinds = [value["properties"]["event"] for value in SCHEMAS["live"]["oneOf"]]
    words = [word for kind in kinds for word in kind.get("enum", [kind.get("const")])]
    assert len(words) == len(set(words)) == 11
    assert len(kinds) == len(get_args(LiveLine))


def test_of_fields_that_may_be_left_away_the_schema_asks_nothing() -> None:
    assert {"live", "forgotten", "find_s"}.isdisjoint(SCHEMAS["run"]["required"])
    assert {"people", "comparisons", "packs", "timings_s"} <= set(SCHEMAS["run"]["required"])
    assert set(SCHEMAS["feedback"]["required"]) == {f.name for f in dataclasses.fields(FeedbackLine)}
