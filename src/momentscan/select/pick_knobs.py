"""The knobs of picks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from momentscan.knobs import Knob


@dataclass(frozen=True)
class PickKnobs:
    """What makes a good still, and which two are one (seed 000 §10; readings H13 to H16)."""

    count: Annotated[int, Knob("frames", source="seed 000: 1-3 best frames per window", low=1, high=20)] = 3
    exposure_low: Annotated[
        float, Knob("grey 0-255", source="QualityGate: 40 ≤ mean ≤ 220", low=0, high=255)
    ] = 40.0
    exposure_high: Annotated[
        float, Knob("grey 0-255", source="QualityGate: 40 ≤ mean ≤ 220", low=0, high=255)
    ] = 220.0
    contrast_low: Annotated[float, Knob("", source="QualityGate: local contrast CV ≥ 0.05", low=0)] = 0.05
    sharpness_share: Annotated[
        float,
        Knob("", source="QualityGate loose: blur floor halved; here relative to the video's median", low=0),
    ] = 0.5
    w_sharp: Annotated[float, Knob("", source="frames without a main face; taste; to be swept", low=0)] = 0.4
    w_exposure: Annotated[float, Knob("", source="frames without a main face; taste; to be swept", low=0)] = (
        0.1
    )
    w_peak: Annotated[float, Knob("", source="frames without a main face; taste; to be swept", low=0)] = 0.5
    w_face_size: Annotated[float, Knob("", source="highlight_vector §10: 0.3 face_size_norm", low=0)] = 0.3
    w_eyes: Annotated[float, Knob("", source="highlight_vector §10: 0.3 eye_open_ratio", low=0)] = 0.3
    w_frontality: Annotated[float, Knob("", source="highlight_vector §10: 0.2 frontality", low=0)] = 0.2
    w_face_sharp: Annotated[
        float, Knob("", source="highlight_vector §10: 0.2 (1/blur), read as sharpness (readings H14)", low=0)
    ] = 0.2
    w_face_peak: Annotated[
        float,
        Knob(
            "",
            source="readings, default pipeline: the best frame keeps the expression; taste; to be swept",
            low=0,
        ),
    ] = 0.3
    w_other: Annotated[
        float,
        Knob(
            "",
            source="companions §2.3: a passenger may only add; share of what is missing to 1 that the "
            "second face fills",
            low=0,
            high=1,
        ),
    ] = 0.15
    frontality: Annotated[
        str,
        Knob(
            "",
            source="highlight_vector §8: start with landmarks; A, B, C need none (readings H12)",
            choices=("landmarks", "A", "B", "C"),
        ),
    ] = "landmarks"
    fallback: Annotated[
        str,
        Knob(
            "",
            source="readings D29: optional LOOSE fallback, flagged; a window never disappears",
            choices=("none", "loose"),
        ),
    ] = "none"
    near_s: Annotated[float, Knob("s", source="seed 000: window = peak ± 1.0 s", low=0.01)] = 1.0
    apart_s: Annotated[float, Knob("s", source="taste: two stills of half a second are one", low=0)] = 0.5
    dedupe: Annotated[
        str,
        Knob(
            "",
            source="readings H16: percentile of this video's pairs; cosine = the seed's > 0.9; mmr = λ q "
            "- (1 - λ) max cos",
            choices=("percentile", "cosine", "mmr"),
        ),
    ] = "percentile"
    same: Annotated[
        float,
        Knob(
            "%", source="readings H16: duplicate = under p25 of 1 - cos of pairs ≥ 1 s apart", low=0, high=100
        ),
    ] = 25.0
    max_cos: Annotated[
        float, Knob("cos", source="highlight_vector §10: skip if max cos > 0.9", low=-1, high=1)
    ] = 0.9
    mmr_quality: Annotated[float, Knob("", source="Carbonell & Goldstein 1998: λ", low=0, high=1)] = 0.7
