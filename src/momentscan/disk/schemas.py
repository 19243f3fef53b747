"""JSON schemas (draft 2020-12) of the files that others read, made from the records; docs/generate.py writes
them out to docs/schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from momentscan.disk.codec import adapter_of
from momentscan.records.clips import ClipList, ClipRow
from momentscan.records.exports import Export
from momentscan.records.feedback import FeedbackLine
from momentscan.records.live import LiveLine
from momentscan.records.log import LogManifest
from momentscan.records.memory import BankRecord
from momentscan.records.packs import ImageMeta, PackManifest, PairMeta, PersonMeta
from momentscan.records.plain import is_omitted, is_optional, key_of
from momentscan.records.run import Run
from momentscan.records.windows import FilteringLog, FrameMeta, PeakCandidate, ScoreCurve, WindowRecord
from momentscan.values import VideoInfo

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}

BEYOND_TYPES: Mapping[Any, Schema] = {
    VideoInfo: {"rotation_deg": {"enum": [0, 90, 180, 270]}},
    ClipRow: {"sha256": {"properties": {"file": {"type": "string"}}, "required": ["file"]}},
}
"""What the types of fields cannot say."""

PUBLISHED: Mapping[str, tuple[str, Any]] = {
    "windows": ("highlight_*/windows.json", tuple[WindowRecord, ...]),
    "frame_meta": ("highlight_*/frames/*_meta.json", FrameMeta),
    "score_curve": ("highlight_*/debug/score_curve.json", ScoreCurve),
    "peak_candidates": ("highlight_*/debug/peak_candidates.json", tuple[PeakCandidate, ...]),
    "filtering_log": ("highlight_*/debug/filtering_log.json", FilteringLog),
    "run": ("run.json", Run),
    "manifest": ("signals/manifest.json", LogManifest),
    "image_meta": ("identity_builder/person_*/*/*_meta.json", ImageMeta),
    "person_meta": ("identity_builder/person_*/meta.json", PersonMeta),
    "pair_meta": ("identity_builder/pair/*_meta.json", PairMeta),
    "pack_manifest": ("identity_builder/person_*/manifest.json", PackManifest),
    "clips": ("clips/*/clips.json", ClipList),
    "memory_bank": ("identity_builder/person_*/memory_bank.json", BankRecord),
    "exports": ("exports/*.json", Export),
    "feedback": ("feedback.jsonl, one line", FeedbackLine),
    "live": ("live.jsonl, one line", LiveLine),
}
"""Name -> what it is of, and its record. Fields may be added later; none of these goes away."""


def schema_of(cls: Any) -> Schema:
    """The schema of a record as it is written; of a union of records that each of its lines is one of
    them.
    """
    if cls is LiveLine:
        return {"oneOf": [schema_of(one) for one in get_args(LiveLine)]}
    made = adapter_of(cls).json_schema(mode="serialization", schema_generator=_Generator)
    found: Schema = _plainer(made, made.get("$defs", {}))
    return found


class _Generator(GenerateJsonSchema):
    """Keys that may be left away are not required, and what a type cannot say is said."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> Schema:
        made = super().dataclass_schema(schema)
        cls = schema["cls"]
        properties, said = made["properties"], BEYOND_TYPES.get(cls, {})
        optional = {f.name for f in fields(cls) if is_optional(f)}
        made["required"] = [key_of(f.name) for f in fields(cls) if f.name not in optional]
        for name in (key_of(f.name) for f in fields(cls) if is_omitted(f)):
            properties[name]["anyOf"] = [o for o in properties[name]["anyOf"] if o != NULL]
        made["properties"] = {name: {**one, **said.get(name, {})} for name, one in properties.items()}
        return made


def _plainer(node: Any, shared: Mapping[str, Schema]) -> Any:
    """References put in their places, "or null" said in the type, and nothing said that the reader does not
    need.
    """
    if isinstance(node, list):
        return [_plainer(inner, shared) for inner in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = shared[node["$ref"].removeprefix("#/$defs/")]
        return _plainer({**target, **{k: v for k, v in node.items() if k != "$ref"}}, shared)
    made = {k: _plainer(v, shared) for k, v in node.items() if k not in ("$defs", "default", "anyOf")}
    if not isinstance(node.get("title"), dict):  # a property may be called so
        made.pop("title", None)
    if made.get("additionalProperties") is False or made.get("additionalProperties") is True:
        del made["additionalProperties"]  # fields may be added
    if "prefixItems" in made and all(item == made["prefixItems"][0] for item in made["prefixItems"]):
        made["items"] = made.pop("prefixItems")[0]
    if made.get("enum") or "const" in made:
        made.pop("type", None)
    if "anyOf" in node:
        made |= _either([_plainer(inner, shared) for inner in node["anyOf"]])
        made |= {k: v for k, v in node.items() if k == "description"}
    return made


def _either(options: list[Schema]) -> Schema:
    others = [option for option in options if option != NULL]
    if len(options) == 1:
        return options[0]
    if len(others) != 1 or len(others) == len(options):
        return {"anyOf": options}
    (only,) = others
    return (
        {**only, "enum": [*only["enum"], None]}
        if "enum" in only
        else {**only, "type": [only["type"], "null"]}
    )


SCHEMAS: Mapping[str, Schema] = {
    name: {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema_of(cls)}
    for name, (title, cls) in PUBLISHED.items()
}
"""Name -> schema, each whole in itself."""
