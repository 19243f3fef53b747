"""signals/manifest.json: which files make up a signal log, and what they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from momentscan.records.plain import Record
from momentscan.values import VideoInfo


@dataclass(frozen=True)
class LogFile(Record):
    """One Parquet file of a log; `columns` as "table.column"."""

    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class LogManifest(Record):
    """`key`: what the log was made of and how; `files` by name; `embed_model_version`: column -> model that made it;
    `created_at`: ISO time."""

    format: int
    key: str
    video: VideoInfo
    files: Mapping[str, LogFile]
    embed_model_version: Mapping[str, str]
    created_at: str
