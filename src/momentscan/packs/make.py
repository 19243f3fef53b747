"""The packs of a video: chosen until everything chosen can be cut, and written in the place of older ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from momentscan.disk.files import remove, write_tree
from momentscan.disk.folder import RUN, VideoFolder
from momentscan.disk.packs import all_there
from momentscan.errors import UnreadableInput
from momentscan.models.chosen_models import Models
from momentscan.packs.choice import PackChoice
from momentscan.packs.crops import NOT_CUT, CropsBefore, CropStore, Known, Rows
from momentscan.packs.tree import pack_tree
from momentscan.progress import Progress, silent
from momentscan.records.run import PackRun, Run
from momentscan.select.pack_types import Chosen, IdentityPack
from momentscan.select.pairs import Pair
from momentscan.settings import Settings
from momentscan.signals import Signals
from momentscan.values import Window

ROUNDS = 12
"""So often other samples are chosen for those that could not be cut; then what is left out is said. No video
has needed more than 4."""

Packs = tuple[tuple[IdentityPack, ...], tuple[Pair, ...]]


def make_packs(
    folder: VideoFolder,
    windows: Sequence[Window],
    models: Models | None,
    choice: PackChoice,
    run: Run,
    on_progress: Progress = silent,
    before: CropsBefore | None = None,
) -> Run:
    """Writes `identity_builder/` anew, or removes it where nobody plays a part: run.json with what there is
    then.

    models  may be None where nothing is cut
    before  the only crops there are; None: those that the folder holds, and what the video gives for the rest
    """
    signals, tau = folder.signals, _tau(folder.signals, run)
    crops = CropStore(signals, folder.path, models, choice, tau, before)
    maker = _PackMaker(signals, windows, choice, tau, crops)
    packs, pairs = maker.settled(on_progress)
    warnings = maker.warnings(packs, before is not None)
    if packs:
        write_tree(folder.packs, *pack_tree(signals, choice, crops, packs, pairs))
    else:
        remove(folder.packs)
    return dataclasses.replace(
        run,
        packs=tuple(_row(p) for p in packs),
        pairs=len(pairs),
        pack_knobs=choice.knobs(),
        warnings=(*run.without_warnings("packs"), *warnings),
    )


def same_packs(run: Run, folder: VideoFolder, choice: PackChoice, settings: Settings) -> bool:
    """Whether the packs that run.json tells of were chosen by these knobs and are all there."""
    if not settings.identity:
        return True
    if run.packs is None or run.pack_knobs is None or dict(run.pack_knobs) != choice.knobs():
        return False
    return {p.person for p in run.packs} == all_there(folder.path)


def _tau(signals: Signals, run: Run) -> float | None:
    """The cosine from which the model that made the log's Face-ID vectors takes two faces for one
    person's.
    """
    version = signals.made_by.get("face_ids.embedding")
    if version is None:
        return None
    model = run.model(version)
    if model is None or model.tau is None:
        raise UnreadableInput(
            f"{RUN} does not know the threshold of {version!r}, which made the log's Face-ID vectors; "
            "scan the video again"
        )
    return model.tau


def _row(pack: IdentityPack) -> PackRun:
    return PackRun(
        person=pack.person.number,
        anchors=len(pack.of("anchor")),
        coverage=len(pack.of("coverage")),
        challenge=len(pack.of("challenge")),
        identity_verified=pack.verified,
        stop_reason=pack.stop.reason,
        warnings=tuple(pack.warnings),
    )


class _PackMaker:
    """Chooses until everything chosen can be cut, found again by the detector, and is not refused."""

    def __init__(
        self,
        signals: Signals,
        windows: Sequence[Window],
        choice: PackChoice,
        tau: float | None,
        crops: CropStore,
    ) -> None:
        self._signals, self._windows, self._choice = signals, windows, choice
        self._tau, self._crops = tau, crops
        self._lost = self._given_up = 0

    def settled(self, on_progress: Progress) -> Packs:
        """The packs and pairs of which every image is cut."""
        crops = self._crops
        if not crops.cuts_anew:
            self._only_what_is_there()
        for _ in range(ROUNDS):
            wanted = _wanted(*self._choose())
            missing = {rows: known for rows, known in wanted.items() if rows not in crops.cut}
            if not missing or not crops.fetch(missing, on_progress):
                break
        packs, pairs = self._choose()
        self._given_up = sum(rows not in crops.cut for rows in _wanted(packs, pairs))
        kept = tuple(_with_images(p, [i for i in p.images if (i.row,) in crops.cut]) for p in packs)
        return kept, tuple(p for p in pairs if p.rows in crops.cut)

    def warnings(self, packs: Sequence[IdentityPack], given: bool) -> list[str]:
        """Lines for run.json. `given`: nothing was looked for beside what was given."""
        lines = []
        if packs and self._tau is None:
            lines.append(
                "packs: no Face-ID model looked, so each track has a pack of its own and no identity is "
                "verified; "
                "`momentscan models pull sface`, then scan again"
            )
        if self._lost and not given:
            lines.append(
                f"packs: {self._lost} images could not be cut, {self._signals.video.path} is not there or "
                "has "
                "changed; images that were cut before were chosen in their place"
            )
        if self._given_up:
            lines.append(
                f"packs: {self._given_up} images were given up after {ROUNDS} rounds of choosing others; "
                "refused.json says why"
            )
        version = self._signals.made_by.get("face_ids.embedding")
        if self._crops.cuts_anew and version is not None and not self._crops.identifies_again:
            lines.append(
                f"packs: crops were not identified again, as the Face-ID model of the log ({version}) is "
                "not here"
            )
        own = [f"packs: person {p.person.number}: {w}" for p in packs for w in p.warnings]
        return lines + (own if self._tau is not None else [])

    def _only_what_is_there(self) -> None:
        """Where nothing can be cut, samples without a crop are out; how many of them would have been chosen
        is said.
        """
        self._lost = sum(not self._crops.taken_over(rows) for rows in _wanted(*self._choose()))
        faces = range(len(self._signals["faces.time_s"])) if self._lost else range(0)
        gone = [(row,) for row in faces if not self._crops.taken_over((row,))]
        self._crops.refused |= dict.fromkeys(gone, NOT_CUT)

    def _choose(self) -> Packs:
        c, refused = self._choice, self._crops.refused
        single = {rows[0] for rows in refused if len(rows) == 1}
        stages = (c.gate, c.buckets, c.references, c.identities, c.memory)
        packs = c.packs(self._signals, self._windows, self._tau, *stages, refused=single, people=c.people)
        return packs, c.pairs(self._signals, packs, {(r[0], r[1]) for r in refused if len(r) == 2})


def _wanted(packs: Sequence[IdentityPack], pairs: Sequence[Pair]) -> Mapping[Rows, Known]:
    """What must be cut, with the vectors that each face must be like."""
    of = {p.person.number: p for p in packs}
    single: dict[Rows, Known] = {(i.row,): [_vectors(p, i)] for p in packs for i in p.images}
    return single | {pair.rows: [_prototype(of[n]) for n in pair.people] for pair in pairs}


def _with_images(pack: IdentityPack, images: Sequence[Chosen]) -> IdentityPack:
    return dataclasses.replace(pack, images=tuple(images))


def _prototype(pack: IdentityPack) -> NDArray[np.float64] | None:
    """(1, D) what a face must be like."""
    return None if pack.identity.prototype is None else pack.identity.prototype[None]


def _vectors(pack: IdentityPack, image: Chosen) -> NDArray[np.float64] | None:
    """The prototype; for challenge every node of the memory bank."""
    if image.kind != "challenge" or pack.bank is None:
        return _prototype(pack)
    return np.stack([node.vec for node in pack.bank.nodes])
