"""signals/manifest.json: which files make up a signal log, and what they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from momentscan.records.plain import OMITTED, Record
from momentscan.values import VideoInfo


@dataclass(frozen=True)
class LogFile(Record):
    """One Parquet file of a log; `columns` as "table.column"."""

    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class UsualRow(Record):
    """What a delta does when nothing happens: its level at most, and its spread at least and at most."""

    level: float
    least: float
    most: float


@dataclass(frozen=True)
class CalibrationRow(Record):
    """What an embedder's vectors do when nothing happens, as it declares; `crop_delta` None: nobody measured it."""

    change_floor: float
    crop_delta: UsualRow | None


@dataclass(frozen=True, kw_only=True)
class LogManifest(Record):
    """`key`: what the log was made of and how; `files` by name; `embed_model_version`: column -> model that made it;
    `calibrations`: column -> what that model declares of its vectors; `created_at`: ISO time."""

    format: int
    key: str
    video: VideoInfo
    files: Mapping[str, LogFile]
    embed_model_version: Mapping[str, str]
    calibrations: Mapping[str, CalibrationRow] | None = field(default=None, metadata=OMITTED)
    created_at: str
