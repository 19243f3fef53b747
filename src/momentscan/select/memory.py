"""The memory of one person: a Face-ID vector for each condition met, so that a far pose is still known
(identity_builder §6, Memory Bank).

    stable(t) = max_i cos(e_id(t), bank.nodes[i].vec)

Give the bank the person's prototype first, the medoid of the looks that passed the strict gate (readings I7).
That vector is the founder, and it never changes. Whatever comes later is held against it, see
`MemoryBank.update`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentscan.errors import IncomparableVectors, UsageError
from momentscan.records.memory import BankRecord
from momentscan.records.plain import Json, plain
from momentscan.select.memory_json import (
    FORMAT,
    founder_of,
    head_of,
    node_of,
    node_record,
    typed_field,
    unreadable,
)
from momentscan.select.memory_nodes import MemoryOptions, Node, NodeImage, UnitVector, best_first, unit

__all__ = ["Match", "MemoryBank", "MemoryOptions", "Ref"]

REPEATS_MOST = 10
"""No image is repeated more often for a tool without weights; taste: a trainer's epoch stays short."""


class Match(NamedTuple):
    """How well a look is known: the greatest cosine, whose it is, and the three nearest (node, cosine). None
    where nothing is known yet.
    """

    stable_score: float | None
    best_node: int | None
    top3: tuple[tuple[int, float], ...]


class Ref(NamedTuple):
    """A reference picture: its weight (all sum to 1), and how often to repeat it for a tool that takes no
    weights.
    """

    path: str
    weight: float
    repeats: int


@dataclass(eq=False)
class MemoryBank:
    """What is remembered of one person by one Face-ID model.

    version  of that model; vectors of another do not belong here
    tau_id   cosine from which that model calls two looks one person (readings I8), in [0, 1]
    founder  (D,) the vector of the first update; never moved, never evicted
    nodes    in the order they were founded; the number of a node is its place, and holds until the next
             update
    """

    version: str
    tau_id: float
    knobs: MemoryOptions = field(default_factory=MemoryOptions)
    founder: UnitVector | None = field(default=None, init=False)
    nodes: list[Node] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.tau_id <= 1:
            raise UsageError(
                f"tau_id of a memory bank is {self.tau_id!r}, expected a cosine in [0, 1]; calibrate it "
                f"for {self.version}"
            )

    # ---- asking ----

    def match(self, e_id: ArrayLike) -> Match:
        """How well `e_id (D,)` is known. Changes nothing."""
        cosines = self._cosines(self._unit(e_id))
        order = np.argsort(-cosines, kind="stable")[:3].tolist()
        top3 = tuple((i, float(cosines[i])) for i in order)
        return Match(top3[0][1], top3[0][0], top3) if top3 else Match(None, None, ())

    def select_refs(self, query: Mapping[str, float] | ArrayLike) -> tuple[Ref, ...]:
        """The pictures to show for a wanted histogram {bucket: weight}, or for a look `e_id (D,)`; the best
        node's first.

        Nodes are scored by the intersection of the two histograms as shares (a node that has none of what is
        wanted scores 0; {} wants nothing in particular), or by cosine. Softmax; the `top_p` best are kept. A
        node's pictures share its weight by quality, those of a wanted bucket first. Then `anchor_min_weight`
        of everything goes to the anchors of all nodes in equal parts: so each anchor is there, and all
        anchors together have at least that. Pictures left with no weight are left out.
        """
        wanted = _shares(query) if isinstance(query, Mapping) else {}
        scores = self._overlaps(wanted) if isinstance(query, Mapping) else self._cosines(self._unit(query))
        weights: dict[str, float] = {}
        for node, weight in self._chosen(scores):
            for image, share in _shared(node.images, wanted):
                weights[image.path] = weights.get(image.path, 0.0) + weight * share
        return _refs(self._with_anchors(weights))

    def _overlaps(self, wanted: dict[str, float]) -> NDArray[np.float64]:
        """(K,) in [0, 1]: histogram intersection (Swain & Ballard 1991)."""
        return np.array(
            [
                sum(min(wanted.get(b, 0.0), n / node.hit_count) for b, n in node.histogram.items())
                for node in self.nodes
            ]
        )

    def _chosen(self, scores: NDArray[np.float64]) -> list[tuple[Node, float]]:
        """The nodes to show with their weights, best first, then by number. Nodes without pictures have
        nothing to show.
        """
        able = [i for i, node in enumerate(self.nodes) if node.images]
        best = sorted(able, key=lambda i: (-scores[i], i))[: self.knobs.top_p]
        if not best:
            return []
        heat = np.exp((scores[best] - scores[best[0]]) / self.knobs.temperature)
        return [(self.nodes[i], float(w)) for i, w in zip(best, heat / heat.sum(), strict=True)]

    def _with_anchors(self, weights: dict[str, float]) -> dict[str, float]:
        anchors = dict.fromkeys(image.path for node in self.nodes for image in node.images if image.anchor)
        if not anchors:
            return weights
        kept, each = 1 - self.knobs.anchor_min_weight, self.knobs.anchor_min_weight / len(anchors)
        return {
            path: kept * weights.get(path, 0.0) + (each if path in anchors else 0.0)
            for path in {**weights, **anchors}
        }

    # ---- learning ----

    def update(
        self, e_id: ArrayLike, quality: float, bucket: str, path: str | None = None, anchor: bool = False
    ) -> int | None:
        """Learns a look `e_id (D,)`; the number of the node that took it, None where it was turned away and
        nothing changed.

        With `floor = max(tau_new, tau_id)` and `best` the greatest cosine with a node, a look

            best ≥ max(tau_merge, floor)  joins that node, which moves by `alpha` towards it
            best ≥ floor                  founds a node (the same person in another condition), if its cosine
                                          with the founder ≥ tau_id
            else                          is turned away; only the first of all is never

        so where floor ≥ tau_merge there is no middling likeness, and a bank keeps its one node. Nodes that
        come to be as close as `tau_close` are merged. Beyond `k_max`, that with the least hit_count + quality
        goes, then that used least recently; never the one just founded, and one with an anchor only for
        another anchor (where all have one, a newcomer without is turned away).

        Why the founder: were it enough to resemble any node, A → B → C would lead to a stranger in steps of
        .3. The mean of the bank is no guard, since whoever got in moves it. Cosine ≥ tau_id with the
        prototype is the seed's own test of identity, and extreme poses, at .3 of it, pass. A full profile
        below may still join, by tau_merge, the half profile that it resembles: it is counted and pictured,
        but it moves the node only as long as the node stays within tau_id of the founder. So every node does,
        always: the cap around the founder is convex, and EMA and merging cannot leave it.

        `quality` in [0, 1]. Without a `path` there is nothing to show, and `anchor` means nothing.
        """
        e = self._unit(e_id)
        if not 0 <= quality <= 1:
            raise UsageError(
                f"quality of a look is {quality!r}, expected a number in [0, 1]; scale it before the bank "
                "sees it"
            )
        images = [] if path is None else [NodeImage(path, float(quality), bucket, bool(anchor))]
        now = 1 + max((node.last_used for node in self.nodes), default=0)
        took = self._taken(Node(e, 1, float(quality), now, {bucket: 1}, images))
        return None if took is None or not self._keeps(took) else self.nodes.index(self._merged(took))

    def show(self, e_id: ArrayLike, quality: float, bucket: str, path: str) -> int | None:
        """Gives the nearest node a picture and a hit in its bucket without learning the look: for pictures
        that are no good example (identity_builder §6: only good frames change what is known). The node's
        number, None where its cosine is under tau_id.
        """
        e = self._unit(e_id)
        best = self.match(e).best_node
        if best is None or float(self.nodes[best].vec @ e) < self.tau_id:
            return None
        node = self.nodes[best]
        self._absorb(
            node,
            Node(e, 1, 0.0, node.last_used, {bucket: 1}, [NodeImage(path, float(quality), bucket, False)]),
            node.vec,
        )
        return best

    def _taken(self, look: Node) -> Node | None:
        """The node that a look joins or founds."""
        if self.founder is None:
            self.founder = look.vec
            return look
        cosines = self._cosines(look.vec)
        best, floor = int(cosines.argmax()), max(self.knobs.tau_new, self.tau_id)
        if cosines[best] >= max(self.knobs.tau_merge, floor):
            node = self.nodes[best]
            return self._absorb(node, look, self._moved(node.vec, look.vec, self.founder))
        return look if cosines[best] >= floor and look.vec @ self.founder >= self.tau_id else None

    def _moved(self, vec: UnitVector, e: UnitVector, founder: UnitVector) -> UnitVector:
        """A step of the EMA; none where it would leave the founder's neighbourhood."""
        moved = unit((1 - self.knobs.alpha) * vec + self.knobs.alpha * e)
        return moved if moved @ founder >= self.tau_id else vec

    def _keeps(self, took: Node) -> bool:
        """Finds room for a node that may be new; False where there is none."""
        if took in self.nodes:
            return True
        if len(self.nodes) >= self.knobs.k_max:
            weak = [n for n in self.nodes if not n.anchored] or (self.nodes if took.anchored else [])
            if not weak:
                return False
            self.nodes.remove(min(weak, key=lambda n: (n.hit_count + n.quality, n.last_used)))
        self.nodes.append(took)
        return True

    def _merged(self, took: Node) -> Node:
        """Joins the closest two nodes until none are close, the younger into the elder; the node in which
        `took` is now.
        """
        while True:
            pairs = [(float(a.vec @ b.vec), a, b) for a, b in combinations(self.nodes, 2)]
            cosine, elder, younger = max(pairs, key=lambda pair: pair[0], default=(-1.0, took, took))
            if cosine < self.knobs.tau_close:
                return took
            self._absorb(elder, younger, unit(elder.hit_count * elder.vec + younger.hit_count * younger.vec))
            self.nodes.remove(younger)
            took = elder if took is younger else took

    def _absorb(self, node: Node, other: Node, vec: UnitVector) -> Node:
        node.vec = vec
        node.hit_count += other.hit_count
        node.quality = max(node.quality, other.quality)
        node.last_used = max(node.last_used, other.last_used)
        node.histogram = dict(Counter(node.histogram) + Counter(other.histogram))
        node.images = best_first(node.images + other.images)[: self.knobs.images]
        return node

    def _unit(self, e_id: ArrayLike) -> UnitVector:
        e = unit(e_id)
        if self.founder is not None and e.shape != self.founder.shape:
            raise IncomparableVectors(
                f"a Face-ID vector of {len(e)} numbers met a memory bank of {len(self.founder)} "
                f"({self.version}); embed with that model"
            )
        return e

    def _cosines(self, e: UnitVector) -> NDArray[np.float64]:
        """(K,) in [-1, 1], with each node."""
        return np.clip(np.stack([node.vec for node in self.nodes]) @ e, -1, 1) if self.nodes else np.zeros(0)

    # ---- memory_bank.json ----

    def record(self) -> BankRecord:
        """As `memory_bank.json` has it:

        format               1
        embed_model_version  of the Face-ID model
        tau_id               cosine
        knobs                {name: value} of MemoryOptions
        founder              [D numbers], or null for an empty bank
        nodes                [{vec_id: [D numbers], hit_count, quality, last_used, histogram: {bucket: looks},
                             images}], numbered from 0
        images               [{path, quality, bucket, anchor}], best first
        """
        return BankRecord(
            format=FORMAT,
            embed_model_version=self.version,
            tau_id=float(self.tau_id),
            knobs=asdict(self.knobs),
            founder=None if self.founder is None else tuple(self.founder.tolist()),
            nodes=tuple(node_record(node) for node in self.nodes),
        )

    def to_json(self) -> Json:
        """The same as plain values."""
        told: Json = plain(self.record())
        return told

    @classmethod
    def from_json(cls, given: object) -> MemoryBank:
        """The bank that `to_json` gave. Raises UnreadableInput. Whether `version` is that of the model at
        hand is for the caller to ask.
        """
        bank = cls(*head_of(given))
        nodes = typed_field(given, "nodes", list, "the file")
        if len(nodes) > bank.knobs.k_max:
            raise unreadable(f"the file has {len(nodes)} nodes, expected at most {bank.knobs.k_max}")
        bank.founder = founder_of(given, nodes)
        bank.nodes = [node_of(node, f"node {i}", bank.knobs) for i, node in enumerate(nodes)]
        lengths = {len(node.vec) for node in bank.nodes} | (
            {len(bank.founder)} if bank.founder is not None else set()
        )
        if len(lengths) > 1:
            raise unreadable(f"founder and nodes have {sorted(lengths)} numbers, expected one length")
        return bank


def _shares(wanted: Mapping[str, float]) -> dict[str, float]:
    """Weights as shares of their sum; nothing where they sum to 0."""
    bad = next((b for b, w in wanted.items() if not (math.isfinite(w) and w >= 0)), None)
    if bad is not None:
        raise UsageError(
            f"bucket {bad!r} is wanted with weight {wanted[bad]!r}, expected a finite number of at least "
            "0; leave it out"
        )
    most = max(wanted.values(), default=0.0)
    total = sum(w / most for w in wanted.values()) if most else 0.0
    return {b: w / most / total for b, w in wanted.items() if w} if total else {}


def _shared(images: list[NodeImage], wanted: Mapping[str, float]) -> list[tuple[NodeImage, float]]:
    """Each image with its share of its node's weight, by quality (equal where all are 0); the most wanted
    bucket first.
    """
    total = sum(image.quality for image in images)
    order = sorted(images, key=lambda image: -wanted.get(image.bucket, 0.0))
    return [(image, image.quality / total if total else 1 / len(images)) for image in order]


def _refs(weights: Mapping[str, float]) -> tuple[Ref, ...]:
    """The smallest weight counts 1; where the greatest would then count more than REPEATS_MOST, it counts
    that and the small ones 1.
    """
    shown = {path: w for path, w in weights.items() if w > 0}
    if not shown:
        return ()
    once = max(min(shown.values()), max(shown.values()) / REPEATS_MOST)
    return tuple(Ref(path, w, max(1, round(w / once))) for path, w in shown.items())
