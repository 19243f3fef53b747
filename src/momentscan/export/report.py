"""report.html: one file, no network, that a person enjoys reading."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.export.formatting import ROLES, clock, data_uri, many, percent, signed
from momentscan.export.packs_page import PackShown, packs_page
from momentscan.select.people import People, Person
from momentscan.select.picks import JudgedFrame, Picked
from momentscan.signals import Signals
from momentscan.signals.spans import cuts_of
from momentscan.values import Candidate, Moment, Pick, Series, Verdict

WIDTH, HEIGHT = 1000.0, 160.0
"""A curve's own coordinates; the page stretches them."""

COLUMNS = 500
"""Of a longer curve the lowest and the highest of each so many columns are drawn, so that the page of a long
video stays small.
"""

STRIP, LANES, SHOWN, LOST = 16, 12, 8, 12
"""Thumbnails under a curve; people with a lane; moments of an engine before the rest folds away; places that
were not chosen.
"""

PART_WORDS = {
    "motion": "movement",
    "embed": "picture change",
    "audio": "loudness",
    "d_face": "face change",
    "d_body": "upper body change",
    "mouth_open": "mouth opens",
    "head_velocity": "head turns",
    "wrist_raise": "hand goes up",
    "torso_rotation": "body turns",
    "face_size_change": "face comes closer",
    "exposure_change": "light changes",
    "quality": "picture quality",
    "passenger": "company",
    "delta": "change of looks",
}
"""A name that is not here is shown as it is, with spaces."""

PALETTE = 10
PART_COLOURS = {
    "motion": 0,
    "embed": 1,
    "audio": 2,
    "d_face": 3,
    "d_body": 4,
    "mouth_open": 3,
    "head_velocity": 0,
    "wrist_raise": 4,
    "torso_rotation": 1,
    "face_size_change": 5,
    "exposure_change": 2,
    "quality": 7,
    "passenger": 6,
}
"""Part -> its colour, the same on every page: rose is the face, blue what moves, green the body, yellow sound
and light.
"""

ENGINE_COLOURS = 5
ENGINE_WORDS = {
    "rules": "Mouth, head, hands and light of the main people: a moment is where they leave their usual.",
    "vector": "How the main people look, as vectors of face and upper body: a moment is where that "
    "changes more than chance explains.",
    "saliency": "Windows of a few seconds in which much moves, changes and sounds.",
}

REASONS = {
    "no_face": "There is nobody here whose face is seen well enough, and this engine watches faces.",
    "no_faces_looked_for": "Faces were not looked for, and this engine watches faces.",
    "no_contrast": "Nothing rises clearly above what is usual in this video, so nothing is claimed.",
    "no_peak": "The score rises and falls, but nowhere clearly over its surroundings.",
    "too_short": "The video is too short for this engine.",
}

GATE_WORDS = {
    "gate.detect.confidence": "face not surely seen",
    "gate.detect.area": "face too small",
    "gate.blur.face": "face blurred",
    "gate.blur.frame": "picture blurred",
    "gate.exposure.black": "too dark",
    "gate.exposure.white": "too bright",
    "gate.exposure.contrast": "too flat",
    "gate.exposure.clipped": "highlights burnt out",
    "gate.exposure.crushed": "shadows lost",
    "gate.occlusion.face": "face covered",
    "gate.forgotten": "somebody who was forgotten may be seen",
}

VERDICTS = {
    "chosen": ("chosen", "chosen"),
    "not among the best": ("passed", "passed, but others are better"),
    "looks like a chosen one": ("alike", "passed, but too near or too like a chosen one"),
    "failed the gate": ("failed", "failed"),
}
"""Looked.verdict -> (its look on the page, in words)."""

MEASURES = {
    "frontality": ("turned away", "turned a little", "facing the camera"),
    "eye_open_norm": ("eyes narrow", "eyes open", "eyes wide open"),
    "sharpness_norm": ("soft", "fairly sharp", "sharp"),
    "face_size_norm": ("small", "of middle size", "large"),
}
"""Measure of a portrait in [0, 1] -> its lower, middle and upper third in words; but for frontality all are
relative to the person.
"""


class Scale(NamedTuple):
    """What is lowest and highest in a plot."""

    low: float
    high: float

    def y(self, value: float) -> float:
        return round(HEIGHT * (self.high - value) / (self.high - self.low), 1)


def report_html(
    signals: Signals,
    verdicts: Mapping[str, Verdict],
    stills: Mapping[str, Mapping[int, bytes]],
    run: Mapping[str, Any],
    looked: Mapping[str, Sequence[Picked]] | None = None,
    packs: tuple[Sequence[PackShown], PackShown | None] = ((), None),
) -> str:
    """The page as text. Of the same values always the same bytes.

    stills  engine -> frame_idx -> small JPEG
    run     as in run.json, of which no time of day or duration of work is shown; `comparisons`:
            Comparison.to_json() of pairs of engines
    looked  engine -> what was picked for each of its moments and what became of every other frame, in the
            order of the moments
    packs   the identity packs of people, and the pack of two together
    """
    duration_s = max(signals.video.duration_s, 1e-6)
    places = {name: i for i, name in enumerate(verdicts)}
    engines = [
        _engine(places[n], v, stills.get(n, {}), (looked or {}).get(n, ()), signals)
        for n, v in verdicts.items()
    ]
    return str(
        _template().render(
            video=signals.video,
            run=run,
            clock=clock,
            facts=_facts(signals),
            found=_found(verdicts),
            strip=_strip(signals),
            engines=engines,
            hover=[e["hover"][0] | {"word": e["name"], "unit": "share"} for e in engines if e["hover"]],
            agreements=[_agreement(c, places) for c in run.get("comparisons") or ()],
            people=_people(signals),
            packs=packs_page(*packs, made=run.get("packs") is not None),
            cuts=[_x(s, duration_s) for s in cuts_of(signals)],
            width=WIDTH,
            height=HEIGHT,
            tall=signals.video.height_px > signals.video.width_px,
            ticks=_ticks(duration_s),
        )
    )


@cache
def _template() -> Any:
    from jinja2 import Environment, select_autoescape

    source = (Path(__file__).parent / "report.html.jinja").read_text(encoding="utf-8")
    return Environment(
        autoescape=select_autoescape(default_for_string=True), trim_blocks=True, lstrip_blocks=True
    ).from_string(source)


# ---- the video ----


def _facts(signals: Signals) -> list[tuple[str, str]]:
    video = signals.video
    sound = f"{video.audio_codec}" if video.audio_codec else "none"
    turned = f", turned {video.rotation_deg}°" if video.rotation_deg else ""
    facts = [
        ("Length", clock(video.duration_s)),
        ("Picture", f"{video.width_px} × {video.height_px}{turned}, {video.video_codec}"),
        ("Sound", sound),
        ("Frames", f"{video.n_frames:,} decoded, {signals.rows('frames.time_s'):,} looked at"),
        ("Shots", str(signals.rows("scenes.start_s"))),
    ]
    if "vision.embedding" in signals:
        facts.append(
            ("Vision", f"{signals.made_by.get('vision.embedding')}, {signals.rows('vision.time_s'):,} frames")
        )
    return facts


def _found(verdicts: Mapping[str, Verdict]) -> str:
    """{"rules": 3 moments, "vector": none} -> "3 moments by rules, none by vector"."""
    counts = [len(v.moments) for v in verdicts.values()]
    first = ["no moment" if n == 0 else many(n, "moment") for n in counts[:1]]
    said = [
        f"{n} by {name}"
        for n, name in zip([*first, *(n or "none" for n in counts[1:])], verdicts, strict=True)
    ]
    return ", ".join(said)


def _strip(signals: Signals) -> list[dict[str, str]]:
    """Thumbnails at even distances in time: a picture that stands is shown as long as it stood."""
    if not signals.rows("thumbnails.jpeg"):
        return []
    middles = (np.arange(STRIP) + 0.5) / STRIP * max(signals.video.duration_s, 1e-6)
    chosen = np.clip(np.searchsorted(signals["thumbnails.time_s"], middles, "right") - 1, 0, None)
    return [_thumbnail(int(i), signals) for i in chosen]


def _thumbnail(row: int, signals: Signals) -> dict[str, str]:
    return {
        "src": data_uri(signals["thumbnails.jpeg"][row]),
        "at": clock(float(signals["thumbnails.time_s"][row])),
    }


def _glimpse(time_s: float, signals: Signals) -> dict[str, str] | None:
    """The thumbnail nearest to an instant, if there are any."""
    if not signals.rows("thumbnails.jpeg"):
        return None
    return _thumbnail(int(np.argmin(np.abs(signals["thumbnails.time_s"] - time_s))), signals)


def _ticks(duration_s: float) -> list[dict[str, Any]]:
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
    step = next((s for s in steps if duration_s / s <= 12), 7200)
    return [
        {"x": _x(t, duration_s), "word": clock(float(t)).removesuffix(".0")}
        for t in np.arange(0, duration_s, step)
    ]


# ---- people ----


def _people(signals: Signals) -> dict[str, Any]:
    """Everybody with a lane, or in a sentence why there is nobody."""
    if "faces.time_s" not in signals:
        return {"none": "No face was looked for in this video.", "lanes": [], "more": ""}
    rule = People()
    people = rule(signals)
    seen = [p for p in people if p.role != "noise"]
    hidden = [many(len(seen) - LANES, "more person", "more people")] if len(seen) > LANES else []
    if len(people) > len(seen):
        hidden.append(f"{many(len(people) - len(seen), 'face')} hardly seen: once or twice, or never surely")
    total = rule.w_size + rule.w_centre + rule.w_length
    return {
        "none": "" if people else "Faces were looked for, and not one was seen.",
        "lanes": [_lane(p, signals) for p in seen[:LANES]],
        "more": "; ".join(hidden),
        "weights": [f"{w / total:.2g}" for w in (rule.w_size, rule.w_centre, rule.w_length)],
        "looks": len(np.unique(signals["faces.time_s"])),
    }


def _lane(person: Person, signals: Signals) -> dict[str, Any]:
    return {
        "name": f"Person {person.number}",
        "role": ROLES[person.role],
        "class": person.role,
        "crop": _crop(person, signals),
        "score": f"{person.track_score:.2f}",
        "parts": [
            ("size", f"{person.size:.2f}"),
            ("centre", f"{person.centre:.2f}"),
            ("time", f"{person.length:.2f}"),
        ],
        "share": percent(person.length),
        "looks": len(person.rows),
        "spans": _spans(person, signals),
    }


def _crop(person: Person, signals: Signals) -> str:
    """The small picture of the longest track that has one, or ""."""
    if not signals.rows("tracks.jpeg"):
        return ""
    rows = [
        int(r)
        for r in np.flatnonzero(np.isin(signals["tracks.id"], person.tracks))
        if len(signals["tracks.jpeg"][r])
    ]
    longest = max(
        rows, key=lambda r: (signals["tracks.end_s"][r] - signals["tracks.start_s"][r], -r), default=None
    )
    return "" if longest is None else data_uri(signals["tracks.jpeg"][longest])


def _spans(person: Person, signals: Signals) -> list[dict[str, Any]]:
    """Where a person's tracks lie; those that no screen could tell apart are drawn as one."""
    duration_s = max(signals.video.duration_s, 1e-6)
    rows = np.flatnonzero(np.isin(signals["tracks.id"], person.tracks))
    spans: list[list[float]] = []
    for start_s, end_s in sorted(
        zip(signals["tracks.start_s"][rows].tolist(), signals["tracks.end_s"][rows].tolist(), strict=True)
    ):
        if spans and start_s - spans[-1][1] < duration_s / WIDTH:
            spans[-1][1] = max(spans[-1][1], end_s)
        else:
            spans.append([start_s, end_s])
    return [_placed(a, b, duration_s) | {"title": f"{clock(a)} – {clock(b)}"} for a, b in spans]


# ---- how engines agree ----


def _agreement(told: Mapping[str, Any], places: Mapping[str, int]) -> dict[str, Any]:
    """Two engines in plain words: {a, b, lead, numbers}."""
    n_a, n_b, matched = int(told["windows_a"]), int(told["windows_b"]), int(told["matched"])
    if not n_a and not n_b:
        lead = "Neither found a moment."
    elif not n_a or not n_b:
        lead = f"Only {told['a'] if n_a else told['b']} found moments."
    elif matched:
        lead = f"{many(matched, 'moment')} of {n_a} and {n_b} {'is' if matched == 1 else 'are'} the same."
    else:
        lead = f"No moment of {n_a} and {n_b} is the same."
    sides = [{"name": told[s], "colour": places.get(told[s], 0) % ENGINE_COLOURS} for s in ("a", "b")]
    return {"sides": sides, "lead": lead, "numbers": _agreeing(told, bool(n_a and n_b))}


def _agreeing(told: Mapping[str, Any], both: bool) -> list[str]:
    """The numbers of a comparison that can be told, each in words."""
    said = []
    if both and told.get("iou") is not None:
        said.append(f"their windows overlap by {percent(told['iou'])} (mean IoU {told['iou']:.2f})")
    if both and told.get("peaks_f1") is not None:
        said.append(f"peaks within a second of each other: {percent(told['peaks_f1'])} (F1)")
    if (rho := told.get("rank_correlation")) is not None:
        how = (
            "together"
            if rho >= 0.5
            else "somewhat alike"
            if rho >= 0.2
            else "independently"
            if rho > -0.2
            else "against each other"
        )
        said.append(f"the curves rise and fall {how} (rank correlation {signed(rho, 2)})")
    qualities = [(told[s], told.get(f"quality_{s}")) for s in ("a", "b")]
    of = " and ".join(f"{quality:.2f} by {name}" for name, quality in qualities if quality is not None)
    return [*said, f"mean quality of the chosen frames: {of}"] if of else said


# ---- one engine ----


def _engine(
    place: int, verdict: Verdict, stills: Mapping[int, bytes], looked: Sequence[Picked], signals: Signals
) -> dict[str, Any]:
    duration_s = max(signals.video.duration_s, 1e-6)
    rows = _drawn(verdict.curve.value, verdict.smoothed)
    parts = {name: series[rows] for name, series in verdict.curve.parts.items()}
    middle = np.minimum(verdict.curve.time_s + verdict.curve.span_s / 2, duration_s)[rows]
    smoothed, colours = verdict.smoothed[rows], _colours(parts)
    scale = _scale(parts, smoothed, verdict.threshold)
    code, _, detail = (verdict.reason or "").partition(": ")
    areas = _areas(parts, colours, middle, scale, duration_s)
    empty = not areas and not verdict.moments
    own = Scale(min(0.0, *smoothed.tolist(), 0.0), max(1e-9, *smoothed.tolist(), 0.0) * 1.04)
    most = max([1e-9, *(sum(map(abs, m.parts.values())) for m in verdict.moments)])
    frames: list[Picked | None] = [*looked, *[None] * len(verdict.moments)][: len(verdict.moments)]
    chosen = {(m.window.start_s, m.window.end_s) for m in verdict.moments}
    lost = [c for c in verdict.candidates if (c.window.start_s, c.window.end_s) not in chosen]
    return {
        "id": f"e{place}",
        "colour": place % ENGINE_COLOURS,
        "name": verdict.scorer,
        "words": ENGINE_WORDS.get(verdict.scorer, ""),
        "reason": verdict.reason,
        "kindly": REASONS.get(code) or (f"{code.replace('_', ' ')}." if detail else ""),
        "detail": detail or code,
        "absent": {_word(k): why for k, why in verdict.absent.items() if why != verdict.reason},
        "areas": areas,
        "legend": [{"word": _word(n), "colour": colours[n]} for n, series in parts.items() if series.any()],
        "line": _points(middle, smoothed, scale, duration_s),
        "zero": scale.y(0.0),
        "negative": scale.low < 0,
        "threshold": None if verdict.threshold is None or empty else scale.y(verdict.threshold),
        "own_line": "" if empty else _points(middle, smoothed, own, duration_s),
        "moments": [_moment(i, m, p, stills, most, colours, signals) for i, (m, p) in enumerate(zip(verdict.moments, frames, strict=True), 1)],
        "shown": SHOWN if len(verdict.moments) > SHOWN + 3 else len(verdict.moments),
        "lost": [_lost(c) for c in sorted(lost, key=lambda c: -c.score)[:LOST]],
        "n_lost": len(lost),
        "hover": [] if empty else _hover(middle, smoothed, parts),
    }  # fmt: skip


def _drawn(value: Series, smoothed: Series) -> NDArray[np.int64]:
    """The rows of a curve that are drawn: all of a short one; of a long one those that make its outline."""
    if len(value) <= 2 * COLUMNS:
        return np.arange(len(value))
    ends = np.linspace(0, len(value), COLUMNS // 2 + 1).astype(np.int64).tolist()
    spans = list(itertools.pairwise(ends))
    kept = {
        a + int(pick(series[a:b]))
        for series in (value, smoothed)
        for pick in (np.argmin, np.argmax)
        for a, b in spans
    }
    return np.array(sorted({0, len(value) - 1, *kept}), np.int64)


def _scale(parts: Mapping[str, Series], smoothed: Series, threshold: float | None) -> Scale:
    """Room for all that is drawn; what is negative is stacked downwards."""
    none = np.zeros(len(smoothed))
    up = sum((np.maximum(x, 0) for x in parts.values()), none)
    down = sum((np.minimum(x, 0) for x in parts.values()), none)
    every = [
        0.0,
        *up.tolist(),
        *down.tolist(),
        *smoothed.tolist(),
        *([] if threshold is None else [threshold]),
    ]
    return Scale(1.08 * min(every), 1.08 * max(1e-9, *every, 0.0))


def _colours(names: Iterable[str]) -> dict[str, int]:
    """Part -> its place in the palette; parts that we do not know get what is left, in order."""
    names = list(names)
    taken = {PART_COLOURS[n] for n in names if n in PART_COLOURS}
    left = itertools.cycle([c for c in range(PALETTE) if c not in taken] or range(PALETTE))
    return {n: PART_COLOURS[n] if n in PART_COLOURS else next(left) for n in names}


def _areas(
    parts: Mapping[str, Series], colours: Mapping[str, int], time_s: Series, scale: Scale, duration_s: float
) -> list[dict[str, Any]]:
    """Polygons that stack upwards from zero, and downwards for what takes away; without those the outline is
    the score.
    """
    bases = np.zeros(len(time_s)), np.zeros(len(time_s))
    areas = []
    for name, series in parts.items():
        for base, side in zip(bases, (np.maximum(series, 0), np.minimum(series, 0)), strict=True):
            if side.any():
                outer = _points(time_s, base + side, scale, duration_s)
                inner = _points(time_s[::-1], base[::-1], scale, duration_s)
                areas.append({"colour": colours[name], "points": f"{outer} {inner}"})
            base += side
    return areas


def _points(time_s: Series, value: Series, scale: Scale, duration_s: float) -> str:
    return " ".join(
        f"{10 * _x(t, duration_s):.5g},{scale.y(float(v)):g}" for t, v in zip(time_s, value, strict=True)
    )


def _hover(time_s: Series, smoothed: Series, parts: Mapping[str, Series]) -> list[dict[str, Any]]:
    """What is said of the instant under the pointer: the smoothed score first, then the parts."""
    t = [round(float(x), 2) for x in time_s]
    lines = {"score": smoothed} | {_word(n): x for n, x in parts.items() if x.any()}
    top = max(1e-9, float(smoothed.max(initial=0.0)))
    return [
        {
            "word": n,
            "t": t if n == "score" else None,
            "v": [round(float(v), 3) for v in x],
            "top": round(top, 6),
        }
        for n, x in lines.items()
    ]


def _lost(candidate: Candidate) -> dict[str, Any]:
    window = candidate.window
    return {
        "from": clock(window.start_s),
        "to": clock(window.end_s),
        "score": signed(candidate.score, 3),
        "reason": candidate.reason,
    }


# ---- one moment ----


def _moment(
    number: int,
    moment: Moment,
    picked: Picked | None,
    stills: Mapping[int, bytes],
    most: float,
    colours: Mapping[str, int],
    signals: Signals,
) -> dict[str, Any]:
    window, duration_s = moment.window, max(signals.video.duration_s, 1e-6)
    cut = [_still(p, stills[p.frame_idx]) for p in moment.picks if p.frame_idx in stills]
    return {
        "number": number,
        "from": clock(window.start_s),
        "to": clock(window.end_s),
        "length": f"{window.length_s:.1f}",
        "peak": clock(window.peak_s),
        "score": signed(moment.score, 3),
        "at": _placed(window.start_s, window.end_s, duration_s),
        "peak_x": 10 * _x(window.peak_s, duration_s),
        "why": moment.why,
        "rivals": moment.rivals,
        "parts": _shares(moment.parts, most, colours),
        "stills": cut,
        "glimpse": None if cut else _glimpse(window.peak_s, signals),
        "no_stills": _no_stills(moment, picked),
        "frames": _frames(picked) if picked and picked.frames else None,
    }


def _shares(parts: Mapping[str, float], most: float, colours: Mapping[str, int]) -> list[dict[str, Any]]:
    """Segments of the bar, in % of that of the engine's longest; what takes away is told apart."""
    return [
        {
            "word": _word(n),
            "colour": colours.get(n, PALETTE - 1),
            "share": round(100 * abs(v) / most, 2),
            "value": signed(v, 3),
            "less": v < 0,
        }
        for n, v in parts.items()
        if abs(v) >= 5e-4
    ]


def _still(pick: Pick, jpeg: bytes) -> dict[str, Any]:
    """A picture and its caption: when, of whom, and how good."""
    person = pick.measures.get("person")
    words = [
        _third(pick.measures[n], MEASURES[n]) for n in MEASURES if np.isfinite(pick.measures.get(n, np.nan))
    ]
    if person is None:
        words = ["no main face, chosen for the picture as a whole"]
    told = ", ".join(f"{n} {v:.3g}" for n, v in pick.measures.items() if n != "person" and np.isfinite(v))
    return {
        "src": data_uri(jpeg),
        "at": clock(pick.time_s),
        "frame": pick.frame_idx,
        "quality": f"{pick.quality:.2f}",
        "who": "" if person is None else f"Person {person:.0f}",
        "words": ", ".join(words),
        "title": f"frame {pick.frame_idx}: {told}" if told else f"frame {pick.frame_idx}",
    }


def _third(value: float, words: tuple[str, str, str]) -> str:
    """0.9 -> the last of three words."""
    return words[min(2, max(0, int(3 * value)))]


def _no_stills(moment: Moment, picked: Picked | None) -> str:
    if moment.picks:
        times = ", ".join(f"{clock(p.time_s)} (quality {p.quality:.2f})" for p in moment.picks)
        return f"the frames at {times} were chosen, but no stills were cut"
    return _in_words(picked.reason) if picked and picked.reason else "every frame failed the gate"


def _frames(picked: Picked) -> dict[str, Any]:
    """Every frame that was looked at, in time order; what they came to; and the best that were not chosen."""
    looks = {verdict: look for verdict, (look, _) in VERDICTS.items()}
    counts = Counter(looks.get(f.verdict, "passed") for f in picked.frames)
    passed = [f for f in picked.frames if looks.get(f.verdict, "passed") in ("passed", "alike")]
    worst = sorted(picked.failed.items(), key=lambda item: (-item[1], item[0]))[:4]
    return {
        "cells": [_cell(f) for f in picked.frames],
        "said": _frames_said(len(picked.frames), counts),
        "failed": ", ".join(f"{_in_words(reason)} {n} ×" for reason, n in worst),
        "near": [
            f"{clock(f.time_s)} "
            f"({f.quality:.2f}{', too like a chosen one' if looks.get(f.verdict) == 'alike' else ''})"
            for f in sorted(passed, key=lambda f: (-f.quality, f.time_s))[:3]
        ],
    }


def _frames_said(n: int, counts: Mapping[str, int]) -> str:
    words = {"chosen": "chosen", "passed": "passed", "alike": "too like a chosen one", "failed": "failed"}
    return f"{many(n, 'frame')}: " + ", ".join(
        f"{counts[look]} {word}" for look, word in words.items() if counts.get(look)
    )


def _cell(frame: JudgedFrame) -> dict[str, Any]:
    look, words = VERDICTS.get(frame.verdict, ("passed", frame.verdict))
    reasons = ", ".join(_in_words(r) for r in frame.reasons)
    quality = frame.quality if np.isfinite(frame.quality) else 0.0
    return {
        "look": look,
        "height": round(100 * min(1.0, max(0.12, quality))),
        "title": f"{clock(frame.time_s)} · quality {quality:.2f} · {words}"
        + (f": {reasons}" if reasons else ""),
    }


# ---- small things ----


def _in_words(text: str) -> str:
    """A text with the gate's reasons spelt out: "gate.blur.face 3 times" -> "face blurred 3 times"."""
    for reason, words in GATE_WORDS.items():
        text = text.replace(reason, words)
    return text


def _word(part: str) -> str:
    return PART_WORDS.get(part, part.replace("_", " "))


def _x(time_s: float, duration_s: float) -> float:
    """Place on the time axis in %."""
    return round(100 * min(max(float(time_s) / duration_s, 0.0), 1.0), 3)


def _placed(start_s: float, end_s: float, duration_s: float) -> dict[str, float]:
    """{left, width} on the time axis in %."""
    left = _x(start_s, duration_s)
    return {"left": left, "width": round(max(0.0, _x(end_s, duration_s) - left), 3)}
