"""One person's pack: candidates, then the sets, then the memory that is shown by them (identity_builder §4 to
§9).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from momentscan.select.buckets import key
from momentscan.select.face_samples import FaceSamples, Mask
from momentscan.select.identity import Identity
from momentscan.select.memory import MemoryBank, MemoryOptions
from momentscan.select.pack_candidates import PackCandidates, candidates_of, own_of
from momentscan.select.pack_knobs import PackKnobs
from momentscan.select.pack_notes import conditions_of, covered_by, images_of, missing_in, warnings_of
from momentscan.select.pack_sets import sets_of
from momentscan.select.pack_types import Chosen, IdentityPack
from momentscan.select.pack_walk import walk
from momentscan.select.people import Person
from momentscan.signals import Signals
from momentscan.values import Series


def build_pack(
    knobs: PackKnobs,
    signals: Signals,
    person: Person,
    identity: Identity,
    samples: FaceSamples,
    tau: float | None,
    usable: Mask,
    memory: MemoryOptions,
) -> IdentityPack:
    """`tau`: the Face-ID model's; None where none looked. `usable` (N,): samples whose crops can be cut."""
    c = candidates_of(knobs, signals, identity, samples, tau, usable)
    version = signals.made_by.get("face_ids.embedding", "unknown")
    _, remembered = _remember(c, MemoryBank(version, c.tau, memory) if c.known else None, {})
    stop, held = walk(c)
    sets = sets_of(c, held, own_of(remembered, identity, c.tau))
    images = images_of(c, signals, sets, remembered)
    covered = covered_by(c, sets.anchors + sets.coverage)
    shown = {image.row: image for image in images}
    bank, _ = _remember(c, MemoryBank(version, c.tau, memory) if c.known else None, shown)
    return IdentityPack(
        person,
        images,
        c.known and not identity.alike,
        tau,
        identity,
        bank,
        covered,
        covered_by(c, np.flatnonzero(c.fit | (c.frontal & c.posed)).tolist()),
        stop,
        conditions_of(c, signals, stop),
        c.left_out,
        warnings_of(c, tau is not None),
        missing_in(c, covered, images),
        samples,
        c.able & c.own & samples.strict,
    )


def _remember(
    c: PackCandidates, bank: MemoryBank | None, images: Mapping[int, Chosen]
) -> tuple[MemoryBank | None, Series]:
    """The bank, and (N,) each sample's highest cosine with what it held before that sample (identity_builder
    §6).

    The prototype comes first, then in time order every sample that is like it and passes the strict gate, so
    that no bad one is remembered (§14); one that is not taken in is compared with the whole bank. `images`,
    by row, are those that nodes are shown by.
    """
    samples, identity = c.samples, c.identity
    cosines = samples.stable.copy()
    if bank is None or identity.prototype is None:
        return None, cosines
    quality = np.clip(samples.quality, 0, 1)
    buckets = [key(*c.cell(i)) for i in range(len(quality))]
    nearest = int(np.argmax(np.nan_to_num(samples.stable, nan=-1.0)))
    bank.update(identity.prototype, float(quality[nearest]), buckets[nearest])
    taken_in = c.able & samples.strict & c.own
    for i in np.flatnonzero(taken_in).tolist():
        e_id, image = identity.vectors[i], images.get(int(samples.rows[i]))
        cosines[i] = bank.match(e_id).stable_score
        path, anchor = (image.path, image.kind == "anchor") if image is not None else (None, False)
        bank.update(e_id, float(quality[i]), buckets[i], path, anchor)
    rest = c.able & ~taken_in
    nodes = np.stack([node.vec for node in bank.nodes])
    cosines[rest] = (identity.vectors[rest] @ nodes.T).max(axis=1)
    for i in np.flatnonzero(rest & np.isin(samples.rows, list(images))).tolist():
        path = images[int(samples.rows[i])].path
        bank.show(identity.vectors[i], float(quality[i]), buckets[i], path)
    return bank, cosines
