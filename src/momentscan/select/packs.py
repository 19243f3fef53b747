"""Which looks at a person make a reference pack: anchors, coverage and challenge, identity sure and all else
varied (identity_builder).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from momentscan.select.buckets import Buckets
from momentscan.select.face_samples import ReferenceQuality, track_by_track
from momentscan.select.gate import Gate
from momentscan.select.identity import Identities
from momentscan.select.memory import MemoryOptions
from momentscan.select.pack_builder import build_pack
from momentscan.select.pack_knobs import PackKnobs
from momentscan.select.pack_types import IdentityPack
from momentscan.select.people import People, Person
from momentscan.signals import Signals
from momentscan.values import Window


@dataclass(frozen=True)
class Packs(PackKnobs):
    """Chooses the images of every main person from the log (identity_builder §4 to §9; readings I9 to I15).

    A first walk, looks in highlight windows before the others and each by time, saves as the seed says (an
    empty bucket takes, a better look replaces, a novel one is added) and finds when to stop. Then the sets
    are made from all looks at once, within the buckets that were open by then, so that a better look after
    the stop still replaces. Buckets with the fewest looks choose first, each the best look that is no copy of
    an image already taken. Sorted by what they are, not by how they are stored: the order of rows changes
    nothing.
    """

    def __call__(
        self,
        signals: Signals,
        windows: Sequence[Window] = (),
        tau: float | None = None,
        gate: Gate = Gate(),
        buckets: Buckets = Buckets(),
        references: ReferenceQuality = ReferenceQuality(),
        identities: Identities = Identities(),
        memory: MemoryOptions = MemoryOptions(),
        refused: Collection[int] = (),
        people: People = People(),
    ) -> tuple[IdentityPack, ...]:
        """A pack for everybody who plays a part, main people first. Pure: the same log, the same packs.

        windows  the moments that engines found; their looks come first
        tau      the cosine from which the Face-ID model that made the log takes two faces for one person's;
                 None: none looked, and then every track is a person of its own
        refused  rows of `faces` that turned out not to be usable when they were cut
        """
        if not signals.rows("faces.time_s"):
            return ()
        everybody = people(signals)
        if tau is None:
            signals = track_by_track(signals)
            everybody = _numbered(people(signals), everybody)
        known = identities(signals, everybody, gate, tau)
        out = []
        for person in (p for p in everybody if self._plays(p, tau)):
            identity = known[person.number]
            samples = references(signals, person, identity, windows, gate, buckets, identities.roll_deg)
            usable = ~np.isin(samples.rows, list(refused))
            out.append(build_pack(self, signals, person, identity, samples, tau, usable, memory))
        return tuple(out)

    def _plays(self, person: Person, tau: float | None) -> bool:
        """Whether somebody gets a pack: main people; without Face-ID, where a track is a person, everybody
        whose track lasts.
        """
        if person.role == "main" or (self.roles == "all" and person.role == "passenger"):
            return True
        return tau is None and person.role != "noise" and len(person.rows) >= self.track_looks


def _numbered(tracks: Sequence[Person], people: Sequence[Person]) -> tuple[Person, ...]:
    """People of one track each, numbered so that a number means the same everywhere: of each joined person
    the first has theirs, the others come after everybody."""
    own = {track: p.number for p in people for track in p.tracks}
    used: set[int] = set()
    spare = len(people)
    out = []
    for one in tracks:
        number = own[one.tracks[0]]
        if number in used:
            number, spare = spare, spare + 1
        used.add(number)
        out.append(replace(one, number=number))
    return tuple(out)
