"""Which looks at a person make a reference pack: anchors, coverage and challenge, identity sure and all else
varied (identity_builder).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from momentscan.knobs import Knob
from momentscan.select.buckets import Buckets
from momentscan.select.face_samples import ReferenceQuality, face_samples_of, track_by_track
from momentscan.select.gate import Gate
from momentscan.select.identity import Identities
from momentscan.select.memory import MemoryOptions
from momentscan.select.pack import IdentityPack
from momentscan.select.pack_builder import PackBuilder
from momentscan.select.people import People, Person
from momentscan.signals import Signals
from momentscan.values import Window


@dataclass(frozen=True)
class Packs:
    """Chooses the images of every main person from the log (identity_builder §4 to §9; readings I9 to I15).

    A first walk, looks in highlight windows before the others and each by time, saves as the seed says (an
    empty bucket takes, a better look replaces, a novel one is added) and finds when to stop. Then the sets
    are made from all looks at once, within the buckets that were open by then, so that a better look after
    the stop still replaces. Buckets with the fewest looks choose first, each the best look that is no copy of
    an image already taken. Sorted by what they are, not by how they are stored: the order of rows changes
    nothing.
    """

    roles: Annotated[
        str,
        Knob("", source="identity_builder §4: main people; all = passengers too", choices=("main", "all")),
    ] = "main"
    track_looks: Annotated[
        int,
        Knob(
            "looks",
            source="taste: without Face-ID a track of two seconds at 5 Hz has a pack of its own",
            low=1,
        ),
    ] = 10
    anchors: Annotated[int, Knob("images", source="identity_builder §8: 3-5", low=1, high=20)] = 5
    anchors_least: Annotated[
        int, Knob("images", source="identity_builder §9: anchor_count ≥ 3", low=0, high=20)
    ] = 3
    anchor_yaw_deg: Annotated[
        float, Knob("deg", source="identity_builder §8: yaw near 0; the three middle bins", low=1, high=45)
    ] = 15.0
    anchor_turned_deg: Annotated[
        float,
        Knob(
            "deg",
            source="taste: who never looks ahead gets anchors up to here, and they say so",
            low=1,
            high=45,
        ),
    ] = 30.0
    anchor_apart_s: Annotated[float, Knob("s", source="readings I13: temporal NMS ≥ 1 s", low=0)] = 1.0
    w_frontal: Annotated[
        float,
        Knob("0-1", source="identity_builder §8: frontal preferred among anchors; taste", low=0, high=1),
    ] = 0.4
    calm: Annotated[
        float,
        Knob(
            "0-1",
            source="taste: an anchor that is neutral or smiles shows the face as it is; worth so much",
            low=0,
            high=1,
        ),
    ] = 0.2
    per_bucket: Annotated[
        int, Knob("images", source="identity_builder §8: one per bucket, at most 2", low=1, high=2)
    ] = 2
    challenge: Annotated[int, Knob("images", source="identity_builder §8: 5-8", low=0, high=40)] = 8
    challenge_least: Annotated[int, Knob("images", source="identity_builder §8: 5-8", low=0, high=40)] = 5
    challenge_apart_s: Annotated[float, Knob("s", source="readings I13: temporal NMS ≥ 1 s", low=0)] = 1.0
    extreme_pitch_deg: Annotated[
        float,
        Knob("deg", source="highlight_vector §8 counts a pitch of 30° as not frontal at all", low=1, high=90),
    ] = 30.0
    max_cos: Annotated[
        float, Knob("cos", source="issue 4: no two images of one set above 0.9", low=-1, high=1)
    ] = 0.9
    max_cos_across: Annotated[
        float,
        Knob(
            "cos",
            source="readings I13: dedupe across the three sets; taste: above this it is the same picture",
            low=-1,
            high=1,
        ),
    ] = 0.97
    novelty: Annotated[
        str,
        Knob(
            "",
            source="identity_builder §7: of the face, of the body, or dual = the larger",
            choices=("dual", "face", "body"),
        ),
    ] = "dual"
    novel: Annotated[
        float,
        Knob(
            "× median",
            source="taste: a bucket takes a second image that differs as two random looks do (unit: "
            "readings I10)",
            low=0,
        ),
    ] = 1.0
    plateau: Annotated[
        float,
        Knob(
            "× median",
            source="readings I10: ε = .5 × the median distance of random pairs, for any embedder",
            low=0,
        ),
    ] = 0.5
    plateau_seed: Annotated[
        float,
        Knob(
            "1 - cos",
            source="identity_builder §9: recent_novelty_mean < 0.08, right for DINOv2 only; 0 = by `plateau`",
            low=0,
        ),
    ] = 0.0
    recent: Annotated[int, Knob("looks", source="identity_builder §9: the last 20", low=1)] = 20
    recent_apart_s: Annotated[float, Knob("s", source="readings I10: candidates ≥ .5 s apart", low=0)] = 0.5
    stop_yaw: Annotated[int, Knob("of 7", source="identity_builder §9: ≥ 6/7", low=1, high=7)] = 6
    stop_pitch: Annotated[int, Knob("of 5", source="identity_builder §9: ≥ 4/5", low=1, high=5)] = 4
    stop_expression: Annotated[int, Knob("of 4", source="identity_builder §9: ≥ 3/4", low=1, high=4)] = 3
    priority: Annotated[
        float,
        Knob(
            "0-1",
            source="identity_builder §15: highlight windows come first; taste: it is worth so much quality",
            low=0,
            high=1,
        ),
    ] = 0.1
    drift: Annotated[
        float,
        Knob(
            "share",
            source="identity_builder §10: ID drift is frequent; taste: for a fifth of the looks",
            low=0,
            high=1,
        ),
    ] = 0.2
    darkness: Annotated[
        float,
        Knob(
            "share",
            source="identity_builder §10: dark is frequent; taste: a fifth of the looks",
            low=0,
            high=1,
        ),
    ] = 0.2
    dark_frame: Annotated[
        float,
        Knob(
            "grey 0-255",
            source="identity_builder §5: dark mean < 60, here of the whole frame, which no skin darkens",
            low=0,
            high=255,
        ),
    ] = 60.0
    mixed: Annotated[
        float, Knob("share", source="taste: so many strange looks in one's tracks are told", low=0, high=1)
    ] = 0.2

    def __call__(
        self,
        signals: Signals,
        windows: Sequence[Window] = (),
        tau: float | None = None,
        gate: Gate = Gate(),
        buckets: Buckets = Buckets(),
        looking: ReferenceQuality = ReferenceQuality(),
        knows: Identities = Identities(),
        remembering: MemoryOptions = MemoryOptions(),
        refused: Collection[int] = (),
    ) -> tuple[IdentityPack, ...]:
        """A pack for everybody who plays a part, main people first. Pure: the same log, the same packs.

        windows  the moments that engines found; their looks come first
        tau      the cosine from which the Face-ID model that made the log takes two faces for one person's;
                 None: none looked, and then every track is a person of its own
        refused  rows of `faces` that turned out not to be usable when they were cut
        """
        if not signals.rows("faces.time_s"):
            return ()
        people = People()(signals)
        if tau is None:
            signals = track_by_track(signals)
            people = _numbered(People()(signals), people)
        identities = knows(signals, people, gate, tau)
        out = []
        for person in people:
            if not self._plays(person, tau):
                continue
            looks = face_samples_of(signals, person, identities, windows, gate, buckets, looking, knows)
            usable = ~np.isin(looks.rows, list(refused))
            out.append(
                PackBuilder(
                    self, signals, person, identities[person.number], looks, tau, usable, remembering
                ).pack()
            )
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
