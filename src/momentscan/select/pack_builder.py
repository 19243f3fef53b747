"""One person's pack while it is made: what may be taken, when to stop, and the three sets (identity_builder
§4 to §9).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentscan.select.buckets import (
    EXPRESSIONS,
    LIGHTINGS,
    OCCLUSIONS,
    PITCHES,
    YAWS,
    file_key,
    key,
    label,
    yaw_label,
)
from momentscan.select.face_samples import FaceSamples, Mask, usual_change
from momentscan.select.identity import Identity
from momentscan.select.memory import MemoryBank, MemoryOptions
from momentscan.select.pack import FOLDERS, Cell, Chosen, Cover, IdentityPack, Kind, Stop
from momentscan.select.people import Person
from momentscan.signals import Signals
from momentscan.values import Series

if TYPE_CHECKING:
    from momentscan.select.packs import Packs


NOISE = 1e-3
"""1 - cos below this is no unit of novelty: a frozen picture would make anything new. Taste."""


class PackBuilder:
    """One person's pack while it is made; `own` marks looks that Face-ID gives to this person."""

    def __init__(
        self,
        knobs: Packs,
        signals: Signals,
        person: Person,
        identity: Identity,
        looks: FaceSamples,
        tau: float | None,
        usable: Mask,
        remembering: MemoryOptions,
    ) -> None:
        self.knobs, self.signals, self.person, self.identity, self.looks = (
            knobs,
            signals,
            person,
            identity,
            looks,
        )
        self.known = identity.prototype is not None
        self.tau = tau if tau is not None else -1.0
        self.asked_tau = tau
        self.version = signals.made_by.get("face_ids.embedding", "unknown")
        self.remembering = remembering
        self.left_out: dict[str, int] = {}
        self.able = self._able(usable)
        self.remembered = self._remember({})[1]
        self.own = self._own()
        if (self.able & ~self.own).any():
            self.left_out["not like the prototype"] = int((self.able & ~self.own).sum())
        s = looks.sorted
        lit, shown = s.lighting != 1, s.occlusion != 2
        self.measured = (s.yaw >= 0) & (s.yaw < len(YAWS)) & (s.pitch >= 0)
        self.fit = self.able & self.own & looks.loose & self.measured & s.inside & lit & shown
        ahead = (
            self.able
            & self.own
            & looks.strict
            & (s.pitch >= 1)
            & (s.pitch <= 3)
            & lit
            & shown
            & (s.expression != 3)
        )
        self.turned = not (ahead & (np.abs(s.yaw_deg) <= knobs.anchor_yaw_deg)).any()
        self.frontal = ahead & (
            np.abs(s.yaw_deg) <= (knobs.anchor_turned_deg if self.turned else knobs.anchor_yaw_deg)
        )
        self.worth = looks.quality + knobs.priority * looks.moment

    # ---- what may be taken ----

    def _able(self, usable: Mask) -> Mask:
        """Looks that can be references at all; the others are counted by reason."""
        looks = self.looks
        able = np.ones(len(looks.rows), np.bool_)
        reasons = {
            "could not be cut": ~usable,
            "somebody who was forgotten may be in the picture": ~looks.allowed,
            "cut off by the edge of the picture": ~looks.whole,
            "head laid over, or points that fit no face": ~looks.upright,
            "blurred, small or unsure": ~looks.visible,
            "not compared with others (no vision vector)": ~looks.pictured,
        }
        if self.known:
            reasons |= {
                "not identified": ~np.isfinite(looks.stable),
                "closer to somebody else": looks.other >= np.nan_to_num(looks.stable, nan=-1.0),
            }
        if (
            not self.known and len(self.person.tracks) > 1
        ):  # nobody knows whether these are one person: the longest track alone
            track = self.signals["faces.track"][looks.rows]
            reasons["in another track, and nobody was identified"] = track != np.bincount(track).argmax()
        for reason, bad in reasons.items():
            if (able & bad).any():
                self.left_out[reason] = int((able & bad).sum())
            able &= ~bad
        return able

    def _own(self) -> Mask:
        """Looks that are this person's: stable at least tau; all of them where Face-ID knows nothing."""
        stable = self.looks.stable
        return np.nan_to_num(stable, nan=-1.0) >= self.tau if self.known else np.ones(len(stable), np.bool_)

    # ---- the memory bank ----

    def _remember(self, images: Mapping[int, Chosen]) -> tuple[MemoryBank | None, Series]:
        """The bank, and (N,) each look's highest cosine with what it held before that look (identity_builder
        §6).

        The prototype comes first, then in time order every look that is like it and passes the strict gate,
        so that no bad look is remembered (§14); a look that is not taken in is compared with the whole bank.
        `images` are those that nodes are shown by.
        """
        cosines = self.looks.stable.copy()
        if self.identity.prototype is None:
            return None, cosines
        bank = MemoryBank(self.version, self.tau, self.remembering)
        taken_in = self.able & self.looks.strict & self._own()
        quality = np.clip(self.looks.quality, 0, 1)
        nearest = int(np.argmax(np.nan_to_num(self.looks.stable, nan=-1.0)))
        bank.update(self.identity.prototype, float(quality[nearest]), key(*self._cell(nearest)))
        for i in np.flatnonzero(taken_in).tolist():
            e_id, image = self.identity.vectors[i], images.get(int(self.looks.rows[i]))
            cosines[i] = bank.match(e_id).stable_score
            path, anchor = (image.path, image.kind == "anchor") if image is not None else (None, False)
            bank.update(e_id, float(quality[i]), key(*self._cell(i)), path, anchor)
        rest = self.able & ~taken_in
        nodes = np.stack([node.vec for node in bank.nodes])
        cosines[rest] = (self.identity.vectors[rest] @ nodes.T).max(axis=1)
        for i in np.flatnonzero(rest & np.isin(self.looks.rows, list(images))).tolist():
            bank.show(
                self.identity.vectors[i],
                float(quality[i]),
                key(*self._cell(i)),
                images[int(self.looks.rows[i])].path,
            )
        return bank, cosines

    # ---- novelty ----

    def copies(self, i: int, taken: Sequence[int], max_cos: float | None = None) -> bool:
        """Whether a look is a copy of one that was taken: above `max_cos`, of one set that of the knobs."""
        most = self.knobs.max_cos if max_cos is None else max_cos
        return bool(len(taken)) and float((self.looks.face[list(taken)] @ self.looks.face[i]).max()) > most

    def _elsewhere(self, i: int, others: Sequence[int]) -> bool:
        """Whether another set has this look already, or all but the same picture."""
        return i in others or self.copies(i, others, self.knobs.max_cos_across)

    def novelty(self, i: int, taken: Sequence[int], usual: tuple[float, float] | None = None) -> float:
        """min over what was taken of 1 - cos, each of face and body in its usual distance; of the two the
        larger, where both count.
        """
        face, body = self._distances(i, taken) / np.maximum(
            self.looks.usual if usual is None else usual, NOISE
        )
        return float({"dual": max(face, body), "face": face, "body": body}[self.knobs.novelty])

    def _distances(self, i: int, taken: Sequence[int]) -> NDArray[np.float64]:
        """(face, body): 1 - the highest cosine; (1, 1) for the first (readings I9)."""
        if not len(taken):
            return np.ones(2)
        at = list(taken)
        return np.array([1 - float((of[at] @ of[i]).max()) for of in (self.looks.face, self.looks.body)])

    # ---- the first walk: when to stop ----

    def _cell(self, i: int) -> Cell:
        s = self.looks.sorted
        return int(s.yaw[i]), int(s.pitch[i]), int(s.expression[i])

    def walk(self) -> tuple[Stop, dict[Cell, int]]:
        """When the seed's rule stops collecting, and how many images each bucket held by then."""
        state = _Walk(self)
        for i in self._in_order(np.flatnonzero(self.fit)):
            state.see(i)
            if state.satisfied():
                return Stop("coverage_satisfied", float(self.looks.time_s[i])), state.held()
        return Stop("novelty_plateau" if state.nothing_new() else "video_end", None), state.held()

    def _in_order(self, rows: NDArray[np.int64]) -> list[int]:
        """Looks in highlight windows first, each part by time."""
        looks = self.looks
        tracks = self.signals["faces.track"][looks.rows[rows]]
        return [int(i) for i in rows[np.lexsort((tracks, looks.time_s[rows], ~looks.moment[rows]))]]

    # ---- the sets ----

    def pack(self) -> IdentityPack:
        stop, held = self.walk()
        anchors = self._anchors()
        coverage = self._coverage(held, anchors)
        challenge = self._challenge(anchors + coverage)
        images = self._named(anchors, coverage, challenge)
        covered = Cover(*self._covered(anchors + coverage))
        conditions = self._conditions(stop)
        return IdentityPack(
            self.person,
            images,
            self.known and not self.identity.alike,
            self.asked_tau,
            self.identity,
            self._remember({image.row: image for image in images})[0],
            covered,
            Cover(*self._covered(np.flatnonzero(self.fit | (self.frontal & self.measured)).tolist())),
            stop,
            conditions,
            self.left_out,
            self._warnings(),
            self._missing(covered, images),
            self.looks,
            self.able & self.own & self.looks.strict,
        )

    def _best_first(self, rows: NDArray[np.int64], worth: Series) -> list[int]:
        """Strict before loose, then by worth, then by time."""
        looks = self.looks
        order = np.lexsort((looks.time_s[rows], -worth[rows], ~looks.strict[rows]))
        return [int(i) for i in rows[order]]

    def _apart(self, i: int, taken: Sequence[int], apart_s: float) -> bool:
        return all(abs(self.looks.time_s[i] - self.looks.time_s[j]) >= apart_s for j in taken)

    def _anchors(self) -> list[int]:
        """The best frontal looks that differ. Where the best of all leaves too few others, the second best is
        tried as the first, and so on.
        """
        knobs = self.knobs
        calm = np.isin(self.looks.sorted.expression, (0, 1))
        worth = (1 - knobs.w_frontal) * self.worth + knobs.w_frontal * self.looks.frontal + knobs.calm * calm
        order = self._best_first(np.flatnonzero(self.frontal), worth)
        best: list[int] = []
        for first in order[: 4 * knobs.anchors]:
            taken = [first]
            for i in order:
                if (
                    len(taken) < knobs.anchors
                    and self._apart(i, taken, knobs.anchor_apart_s)
                    and not self.copies(i, taken)
                ):
                    taken.append(i)
            best = taken if len(taken) > len(best) else best
            if len(best) >= min(knobs.anchors_least, knobs.anchors):
                break
        return best

    def _coverage(self, held: Mapping[Cell, int], anchors: list[int]) -> list[int]:
        """Each bucket's best look that is no copy, then a second where one is novel."""
        groups: dict[Cell, list[int]] = {}
        for i in self._best_first(np.flatnonzero(self.fit), self.worth):
            if self._cell(i) in held:
                groups.setdefault(self._cell(i), []).append(i)
        first: dict[Cell, int] = {}
        for cell in sorted(groups, key=lambda c: (len(groups[c]), c)):
            free = (
                i
                for i in groups[cell]
                if not self._elsewhere(i, anchors) and not self.copies(i, list(first.values()))
            )
            if (best := next(free, None)) is not None:
                first[cell] = best
        second: dict[Cell, int] = {}
        for cell in sorted(first):
            if min(held[cell], self.knobs.per_bucket) > 1:
                taken = [*first.values(), *second.values()]
                novel = (
                    i
                    for i in groups[cell]
                    if not self._elsewhere(i, anchors) and self._adds(i, taken, first[cell])
                )
                if (best := next(novel, None)) is not None:
                    second[cell] = best
        return [i for cell in sorted(first) for i in (first[cell], second.get(cell)) if i is not None]

    def _adds(self, i: int, taken: Sequence[int], mate: int) -> bool:
        """Whether a look may be the second of its bucket: novel, and a copy of none but perhaps the first."""
        differs = i not in taken and self.novelty(i, taken) >= self.knobs.novel
        return differs and not self.copies(i, [j for j in taken if j != mate])

    def _challenge(self, taken: list[int]) -> list[int]:
        """Kinds in turn, each the most extreme tier first and then the best, for variety of conditions."""
        own = (
            np.nan_to_num(self.remembered, nan=-1.0) >= self.tau
            if self.known
            else np.ones(len(self.own), np.bool_)
        )
        open_ = np.flatnonzero(self.able & own).tolist()
        queues = [
            sorted((i for i in open_ if tiers[i] > 0), key=lambda i: (-tiers[i], -self.worth[i], i))
            for tiers in self._tiers().values()
        ]
        chosen: list[int] = []
        while any(queues) and len(chosen) < self.knobs.challenge:
            for queue in queues:
                found = next((i for i in queue if self._challenges(i, chosen, taken)), None)
                queue[:] = queue[queue.index(found) + 1 :] if found is not None else []
                if found is not None and len(chosen) < self.knobs.challenge:
                    chosen.append(found)
        return chosen

    def _challenges(self, i: int, chosen: list[int], taken: list[int]) -> bool:
        free = not self._elsewhere(i, taken) and self._apart(i, chosen, self.knobs.challenge_apart_s)
        return free and i not in chosen and not self.copies(i, chosen)

    def _tiers(self) -> dict[str, NDArray[np.int64]]:
        """How hard each look is, by kind: 2 beyond what coverage takes, 1 at its edge, 0 not at all."""
        s = self.looks.sorted
        aside, nod = np.nan_to_num(np.abs(s.yaw_deg)), np.nan_to_num(np.abs(s.pitch_deg))
        return {
            "yaw": np.where((s.yaw == -1) | (s.yaw == len(YAWS)), 2, np.where(aside >= 30, 1, 0)),
            "pitch": np.where(
                nod >= self.knobs.extreme_pitch_deg,
                2,
                np.where((s.pitch == 0) | (s.pitch == len(PITCHES) - 1), 1, 0),
            ),
            "dark": np.where(s.lighting == 1, 2, 0),
            "occluded": np.where(s.occlusion == 2, 2, 0),
            "bright": np.where(s.lighting == 2, 2, 0),
        }

    # ---- telling ----

    def _named(self, anchors: list[int], coverage: list[int], challenge: list[int]) -> tuple[Chosen, ...]:
        images: list[Chosen] = []
        before: list[int] = []
        tiers = self._tiers()
        for i, kind, name in self._names(anchors, coverage, challenge, tiers):
            cues = tuple(c for c, tier in tiers.items() if tier[i] > 0) if kind == "challenge" else ()
            images.append(self._image(i, kind, name, self.novel_score(i, before), cues))
            before.append(i)
        return tuple(images)

    def _names(
        self,
        anchors: list[int],
        coverage: list[int],
        challenge: list[int],
        tiers: Mapping[str, NDArray[np.int64]],
    ) -> Iterator[tuple[int, Kind, str]]:
        """Names as in the seed's tree: anchor_001, cov_yaw30_pitch0_neutral (a second one: _2),
        chal_dark_001.
        """
        for number, i in enumerate(anchors, 1):
            yield i, "anchor", f"anchor_{number:03d}"
        used: dict[str, int] = {}
        for i in coverage:
            name = f"cov_{file_key(*self._cell(i))}"
            used[name] = used.get(name, 0) + 1
            yield i, "coverage", name if used[name] == 1 else f"{name}_{used[name]}"
        for i in challenge:
            kind = max(tiers, key=lambda k: int(tiers[k][i]))  # the first of the hardest
            used[kind] = used.get(kind, 0) + 1
            yield i, "challenge", f"chal_{kind}_{used[kind]:03d}"

    def novel_score(self, i: int, before: list[int]) -> float:
        face, body = np.clip(self._distances(i, before), 0, 1)
        return float({"dual": max(face, body), "face": face, "body": body}[self.knobs.novelty])

    def _image(self, i: int, kind: Kind, name: str, novelty: float, cues: tuple[str, ...]) -> Chosen:
        looks, s = self.looks, self.looks.sorted
        row = int(looks.rows[i])
        stable = self.remembered if kind == "challenge" else looks.stable
        gate = "strict" if looks.strict[i] else "loose" if looks.loose[i] else "blur floor"
        return Chosen(
            kind,
            name,
            row,
            float(looks.time_s[i]),
            int(self.signals["faces.frame_idx"][row]),
            yaw_label(int(s.yaw[i])),
            label(PITCHES, int(s.pitch[i])),
            label(EXPRESSIONS, int(s.expression[i])),
            label(OCCLUSIONS, int(s.occlusion[i])),
            label(LIGHTINGS, int(s.lighting[i])),
            float(s.yaw_deg[i]),
            float(s.pitch_deg[i]),
            float(np.clip(looks.quality[i], 0, 1)),
            novelty,
            float(stable[i]) if self.known else None,
            gate,
            bool(looks.moment[i]),
            cues,
            self._why(i, kind, gate, cues),
        )

    def _why(self, i: int, kind: Kind, gate: str, cues: tuple[str, ...]) -> str:
        what = {
            "anchor": "among the best frontal looks"
            if not self.turned
            else "nobody looked ahead; among the least turned looks",
            "coverage": f"the best of its bucket, {key(*self._cell(i))}",
            "challenge": f"this person even so: {', '.join(cues)}",
        }[kind]
        return f"{what}; passed the {gate} gate" + ("; in a highlight window" if self.looks.moment[i] else "")

    def _covered(
        self, rows: Sequence[int]
    ) -> tuple[frozenset[int], frozenset[int], frozenset[int], frozenset[Cell]]:
        cells = frozenset(c for c in map(self._cell, rows) if 0 <= c[0] < len(YAWS) and c[1] >= 0)
        yaw, pitch = (frozenset(c[k] for c in cells) for k in (0, 1))
        return (
            yaw,
            pitch,
            frozenset(c[2] for c in cells if c[2] >= 0),
            frozenset(c for c in cells if c[2] >= 0),
        )

    def _conditions(self, stop: Stop) -> tuple[str, ...]:
        """What the video was like for this person, the one that decides first (identity_builder §10)."""
        looks, knobs = self.looks, self.knobs
        seen = np.isfinite(looks.stable)
        unlike = float((looks.stable[seen] < self.tau).mean()) if self.known else 0.0
        shaken = float((~looks.visible | (looks.sorted.occlusion == 2)).mean())
        dark = float(((looks.sorted.lighting == 1) | self._in_dark_frames()).mean())
        found = {
            "id_drift": max(unlike, shaken) >= knobs.drift,
            "dark": dark >= knobs.darkness,
            "low_variety": stop.reason != "coverage_satisfied",
        }
        return tuple(name for name, so in found.items() if so)

    def _in_dark_frames(self) -> Mask:
        """(N,) looks in frames that are dark as a whole, which no skin is the reason of."""
        if not self.signals.rows("frames.exposure_mean"):
            return np.zeros(len(self.looks.rows), np.bool_)
        times = self.signals["frames.time_s"]
        at = np.clip(np.searchsorted(times, self.looks.time_s), 0, len(times) - 1)
        return np.asarray(self.signals["frames.exposure_mean"][at] < self.knobs.dark_frame, np.bool_)

    def _warnings(self) -> tuple[str, ...]:
        told = []
        if self.asked_tau is None:
            told.append(
                "identity is not verified: no Face-ID model looked, so this is one track, whoever it shows"
            )
        elif not self.known:
            told.append(
                "identity is not verified: no look at this person could be identified (too small, or "
                "blurred), so this is one track"
            )
        if self.identity.alike:
            others = ", ".join(str(n) for n in self.identity.alike)
            told.append(
                f"identity is not verified: to Face-ID person {others} looks the same (twins?); only "
                "their tracks tell them apart"
            )
        if self.known and self.identity.level == "loose":
            told.append(
                "no look passed the strict gate: the prototype was made of looks that pass the loose one"
            )
        if self.identity.mixed >= self.knobs.mixed:
            told.append(
                f"{self.identity.mixed:.0%} of the looks in these tracks are unlike the rest and were "
                "left out: another person may be in them"
            )
        if self.turned and self.frontal.any():
            told.append("no frontal look: the anchors are turned aside")
        return tuple(told)

    def _missing(self, covered: Cover, images: tuple[Chosen, ...]) -> tuple[str, ...]:
        knobs = self.knobs
        count = {kind: sum(i.kind == kind for i in images) for kind in FOLDERS}
        told = []
        if count["anchor"] < knobs.anchors_least:
            told.append(
                f"anchors, {knobs.anchors_least - count['anchor']} more: sharp frontal looks that differ, "
                "a second apart"
            )
        told += [f"yaw {YAWS[b]}" for b in range(len(YAWS)) if b not in covered.yaw]
        told += [f"pitch {PITCHES[b]}" for b in range(len(PITCHES)) if b not in covered.pitch]
        told += [
            f"expression {EXPRESSIONS[b]}" for b in range(len(EXPRESSIONS)) if b not in covered.expression
        ]
        if count["challenge"] < knobs.challenge_least:
            told.append(
                f"challenge, {knobs.challenge_least - count['challenge']} more: turned far aside, dark, "
                "or largely hidden"
            )
        return tuple(told)


class _Walk:
    """What the seed's loop has saved so far (identity_builder §4, §9)."""

    def __init__(self, of: PackBuilder) -> None:
        self._of = of
        self._cells: dict[Cell, list[int]] = {}
        self._anchors: list[int] = []
        self._recent: list[float] = []
        self._counted_s: list[float] = []
        self._known: list[int] = []
        self._seen: list[int] = []
        self._usual = (0.0, 0.0)
        self._usual_of = 0

    def see(self, i: int) -> None:
        of, cell = self._of, self._of._cell(i)
        saved = [j for held in self._cells.values() for j in held]
        novelty = of.novelty(i, saved)
        self._seen.append(i)
        if not self._counted_s or abs(of.looks.time_s[i] - self._counted_s[-1]) >= of.knobs.recent_apart_s:
            self._count(i, saved)
        held = self._cells.setdefault(cell, [])
        if not held or (novelty >= of.knobs.novel and len(held) < of.knobs.per_bucket):
            held.append(i)
        elif of.worth[i] > min(of.worth[j] for j in held):
            held[int(np.argmin([of.worth[j] for j in held]))] = i
        if (
            len(self._anchors) < of.knobs.anchors_least
            and of.frontal[i]
            and of._apart(i, self._anchors, of.knobs.anchor_apart_s)
            and not of.copies(i, self._anchors)
        ):
            self._anchors.append(i)

    def _count(self, i: int, saved: list[int]) -> None:
        """Novelty against what was saved at the counted look before, so that what came in between counts as
        new.
        """
        of = self._of
        fresh = (
            of.novel_score(i, self._known)
            if of.knobs.plateau_seed
            else of.novelty(i, self._known, self._usual_so_far())
        )
        self._known = saved
        self._recent.append(fresh)
        self._counted_s.append(float(of.looks.time_s[i]))

    def _usual_so_far(self) -> tuple[float, float]:
        """Of the looks seen until now, so that nothing that comes later unsays a stop; anew for every tenth
        more of them.
        """
        if len(self._seen) >= 1.1 * self._usual_of:
            looks, at = self._of.looks, np.sort(np.array(self._seen))
            self._usual = (
                usual_change(looks.time_s[at], looks.face[at]),
                usual_change(looks.time_s[at], looks.body[at]),
            )
            self._usual_of = len(at)
        return self._usual

    def held(self) -> dict[Cell, int]:
        return {cell: len(held) for cell, held in self._cells.items()}

    def nothing_new(self) -> bool:
        """Diminishing returns: the mean novelty of the last looks is below ε."""
        knobs = self._of.knobs
        last = self._recent[-knobs.recent :]
        return len(last) == knobs.recent and float(np.mean(last)) < (knobs.plateau_seed or knobs.plateau)

    def satisfied(self) -> bool:
        knobs, cells = self._of.knobs, self._cells
        return (
            len({c[0] for c in cells}) >= knobs.stop_yaw
            and len({c[1] for c in cells}) >= knobs.stop_pitch
            and len({c[2] for c in cells if c[2] >= 0}) >= knobs.stop_expression
            and len(self._anchors) >= knobs.anchors_least
            and self.nothing_new()
        )
