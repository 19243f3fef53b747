"""memory_bank.json: what is remembered of one person. Biometric data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from momentscan.records.measures import FromOne, Share
from momentscan.records.plain import Json, Record


@dataclass(frozen=True)
class BankImage(Record):
    """A picture that shows a node."""

    path: str
    quality: Share
    bucket: str
    anchor: bool


@dataclass(frozen=True)
class BankNode(Record):
    """The person in one condition. `vec_id`: unit vector of the Face-ID model; `histogram`: bucket -> samples."""

    vec_id: tuple[float, ...]
    hit_count: FromOne
    quality: Share
    last_used: FromOne
    histogram: Mapping[str, FromOne]
    images: tuple[BankImage, ...]


@dataclass(frozen=True)
class BankRecord(Record):
    """The memory of one person: Face-ID vectors by condition; biometric data.

    `embed_model_version`: of the Face-ID model; `tau_id`: cosine from which it takes two faces for one person's; `founder`:
    the first vector, None of an empty bank. `select.memory` reads and checks it.
    """

    format: int
    embed_model_version: str
    tau_id: Share
    knobs: Json
    founder: tuple[float, ...] | None
    nodes: tuple[BankNode, ...]
