"""What a pack says of itself: its images by name, what they cover, what the video was like, what is missing
(identity_builder §8 to §11).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

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
from momentscan.select.face_samples import Mask
from momentscan.select.pack_candidates import PackCandidates
from momentscan.select.pack_sets import Sets, tiers_of
from momentscan.select.pack_types import FOLDERS, Chosen, Cover, Kind, Stop
from momentscan.signals import Signals
from momentscan.values import Series

# ---- images ----


def images_of(c: PackCandidates, signals: Signals, sets: Sets, remembered: Series) -> tuple[Chosen, ...]:
    """The images of the three sets in order; `remembered` (N,): each sample's cosine with the memory bank."""
    tiers = tiers_of(c)
    images: list[Chosen] = []
    before: list[int] = []
    for i, kind, name in _names(c, sets):
        cues = tuple(cue for cue, tier in tiers.items() if tier[i] > 0) if kind == "challenge" else ()
        stable = remembered if kind == "challenge" else c.samples.stable
        cosine = float(stable[i]) if c.known else None
        images.append(_image(c, signals, i, kind, name, c.novel_score(i, before), cosine, cues))
        before.append(i)
    return tuple(images)


def _names(c: PackCandidates, sets: Sets) -> Iterator[tuple[int, Kind, str]]:
    """Names as in the seed's tree: anchor_001, cov_yaw30_pitch0_neutral (a second one: _2), chal_dark_001."""
    for number, i in enumerate(sets.anchors, 1):
        yield i, "anchor", f"anchor_{number:03d}"
    used: dict[str, int] = {}
    for i in sets.coverage:
        name = f"cov_{file_key(*c.cell(i))}"
        used[name] = used.get(name, 0) + 1
        yield i, "coverage", name if used[name] == 1 else f"{name}_{used[name]}"
    tiers = tiers_of(c)
    for i in sets.challenge:
        kind = max(tiers, key=lambda k: int(tiers[k][i]))  # the first of the hardest
        used[kind] = used.get(kind, 0) + 1
        yield i, "challenge", f"chal_{kind}_{used[kind]:03d}"


def _image(
    c: PackCandidates,
    signals: Signals,
    i: int,
    kind: Kind,
    name: str,
    novelty: float,
    cosine: float | None,
    cues: tuple[str, ...],
) -> Chosen:
    samples, bins = c.samples, c.samples.bins
    row = int(samples.rows[i])
    gate = "strict" if samples.strict[i] else "loose" if samples.loose[i] else "blur floor"
    return Chosen(
        kind,
        name,
        row,
        float(samples.time_s[i]),
        int(signals["faces.frame_idx"][row]),
        yaw_label(int(bins.yaw[i])),
        label(PITCHES, int(bins.pitch[i])),
        label(EXPRESSIONS, int(bins.expression[i])),
        label(OCCLUSIONS, int(bins.occlusion[i])),
        label(LIGHTINGS, int(bins.lighting[i])),
        float(bins.yaw_deg[i]),
        float(bins.pitch_deg[i]),
        float(np.clip(samples.quality[i], 0, 1)),
        novelty,
        cosine,
        gate,
        bool(samples.moment[i]),
        cues,
        _why(c, i, kind, gate, cues),
    )


def _why(c: PackCandidates, i: int, kind: Kind, gate: str, cues: tuple[str, ...]) -> str:
    ahead = (
        "nobody looked ahead; among the least turned looks" if c.turned else "among the best frontal looks"
    )
    what = {
        "anchor": ahead,
        "coverage": f"the best of its bucket, {key(*c.cell(i))}",
        "challenge": f"this person even so: {', '.join(cues)}",
    }[kind]
    return f"{what}; passed the {gate} gate" + ("; in a highlight window" if c.samples.moment[i] else "")


# ---- the pack as a whole ----


def covered_by(c: PackCandidates, taken: Sequence[int]) -> Cover:
    """The bins in which these samples lie."""
    cells = frozenset(cell for cell in map(c.cell, taken) if 0 <= cell[0] < len(YAWS) and cell[1] >= 0)
    whole = frozenset(cell for cell in cells if cell[2] >= 0)
    yaw, pitch = (frozenset(cell[k] for cell in cells) for k in (0, 1))
    return Cover(yaw, pitch, frozenset(cell[2] for cell in whole), whole)


def conditions_of(c: PackCandidates, signals: Signals, stop: Stop) -> tuple[str, ...]:
    """What the video was like for this person, the one that decides first (identity_builder §10)."""
    samples, knobs = c.samples, c.knobs
    seen = np.isfinite(samples.stable)
    unlike = float((samples.stable[seen] < c.tau).mean()) if c.known else 0.0
    shaken = float((~samples.visible | (samples.bins.occlusion == 2)).mean())
    dark = float(((samples.bins.lighting == 1) | _in_dark_frames(c, signals)).mean())
    found = {
        "id_drift": max(unlike, shaken) >= knobs.drift,
        "dark": dark >= knobs.darkness,
        "low_variety": stop.reason != "coverage_satisfied",
    }
    return tuple(name for name, so in found.items() if so)


def _in_dark_frames(c: PackCandidates, signals: Signals) -> Mask:
    """(N,) samples in frames that are dark as a whole, which no skin is the reason of."""
    if not signals.rows("frames.exposure_mean"):
        return np.zeros(len(c.samples.rows), np.bool_)
    times = signals["frames.time_s"]
    at = np.clip(np.searchsorted(times, c.samples.time_s), 0, len(times) - 1)
    return np.asarray(signals["frames.exposure_mean"][at] < c.knobs.dark_frame, np.bool_)


def warnings_of(c: PackCandidates, looked: bool) -> tuple[str, ...]:
    """What whoever uses the pack must know. `looked`: a Face-ID model made vectors for this video."""
    identity = c.identity
    others = ", ".join(str(n) for n in identity.alike)
    notes = {
        "identity is not verified: no Face-ID model looked, so this is one track, "
        "whoever it shows": not looked,
        "identity is not verified: no look at this person could be identified (too small, or "
        "blurred), so this is one track": looked and not c.known,
        f"identity is not verified: to Face-ID person {others} looks the same (twins?); only "
        "their tracks tell them apart": bool(identity.alike),
        "no look passed the strict gate: the prototype was made of looks that pass the loose one": (
            c.known and identity.level == "loose"
        ),
        f"{identity.mixed:.0%} of the looks in these tracks are unlike the rest and were "
        "left out: another person may be in them": identity.mixed >= c.knobs.mixed,
        "no frontal look: the anchors are turned aside": c.turned and bool(c.frontal.any()),
    }
    return tuple(note for note, so in notes.items() if so)


def missing_in(c: PackCandidates, covered: Cover, images: Sequence[Chosen]) -> tuple[str, ...]:
    """In words, what a better pack would need."""
    knobs = c.knobs
    count = {kind: sum(i.kind == kind for i in images) for kind in FOLDERS}
    wanted = []
    if count["anchor"] < knobs.anchors_least:
        wanted.append(
            f"anchors, {knobs.anchors_least - count['anchor']} more: sharp frontal looks that differ, "
            "a second apart"
        )
    wanted += [f"yaw {YAWS[b]}" for b in range(len(YAWS)) if b not in covered.yaw]
    wanted += [f"pitch {PITCHES[b]}" for b in range(len(PITCHES)) if b not in covered.pitch]
    wanted += [f"expression {EXPRESSIONS[b]}" for b in range(len(EXPRESSIONS)) if b not in covered.expression]
    if count["challenge"] < knobs.challenge_least:
        wanted.append(
            f"challenge, {knobs.challenge_least - count['challenge']} more: turned far aside, dark, "
            "or largely hidden"
        )
    return tuple(wanted)
