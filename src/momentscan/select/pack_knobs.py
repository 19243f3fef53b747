"""The knobs of identity packs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from momentscan.knobs import Knob


@dataclass(frozen=True)
class PackKnobs:
    """What a pack holds, how much its images differ, when collecting stops (identity_builder §4 to §10)."""

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
