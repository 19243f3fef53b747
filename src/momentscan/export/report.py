"""report.html: one file, no network, that a person enjoys reading."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from momentscan.signals import Signals
from momentscan.values import Candidate, Moment, Series, Verdict

WIDTH, HEIGHT = 1000.0, 180.0
"""The curve's own coordinates."""

STRIP = 16
"""Thumbnails under the curve."""

PART_WORDS = {"motion": "movement", "embed": "picture change", "audio": "loudness"}


def report_html(
    signals: Signals, verdicts: Mapping[str, Verdict], stills: Mapping[str, Mapping[int, bytes]], run: Mapping[str, Any]
) -> str:
    """The page as text. `stills` engine -> frame_idx -> small JPEG; `run` as in run.json, of which no time of day or duration of work is shown."""
    duration_s = max(signals.video.duration_s, 1e-6)
    return str(
        _template().render(
            video=signals.video,
            run=run,
            clock=clock,
            facts=_facts(signals),
            strip=_strip(signals),
            engines=[_engine(v, stills.get(name, {}), duration_s) for name, v in verdicts.items()],
            cuts=[_x(s, duration_s) for s in (signals["scenes.start_s"][1:] if "scenes.start_s" in signals else [])],
            width=WIDTH,
            height=HEIGHT,
            ticks=_ticks(duration_s),
        )
    )


def clock(seconds: float) -> str:
    """12.3 -> "0:12.3", 3725 -> "1:02:05.0": how people write a time."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02d}" if hours else f"{minutes}") + f":{rest // 10:02d}.{rest % 10}"


@cache
def _template() -> Any:
    from jinja2 import Environment, select_autoescape

    source = (Path(__file__).parent / "report.html.jinja").read_text(encoding="utf-8")
    return Environment(autoescape=select_autoescape(default_for_string=True), trim_blocks=True, lstrip_blocks=True).from_string(source)


def _x(time_s: float, duration_s: float) -> float:
    return round(WIDTH * min(max(float(time_s) / duration_s, 0.0), 1.0), 2)


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
        facts.append(("Vision", f"{signals.made_by.get('vision.embedding')}, {signals.rows('vision.time_s'):,} frames"))
    return facts


def _strip(signals: Signals) -> list[dict[str, str]]:
    if not signals.rows("strip.jpeg"):
        return []
    pictures, times = signals["strip.jpeg"], signals["strip.time_s"]
    middles = (np.arange(STRIP) + 0.5) / STRIP * max(signals.video.duration_s, 1e-6)
    chosen = np.clip(np.searchsorted(times, middles, "right") - 1, 0, None)  # by time: a picture that stands is shown as long as it stood
    return [{"src": _data_uri(pictures[i]), "at": clock(float(times[i]))} for i in chosen]


def _engine(verdict: Verdict, stills: Mapping[int, bytes], duration_s: float) -> dict[str, Any]:
    curve = verdict.curve
    middle = np.minimum(curve.time_s + curve.span_s / 2, duration_s)
    top = max([1e-9, *curve.value.tolist(), *verdict.smoothed.tolist()]) * 1.08
    chosen = {(m.window.start_s, m.window.end_s) for m in verdict.moments}
    lost = [c for c in verdict.candidates if (c.window.start_s, c.window.end_s) not in chosen]
    return {
        "name": verdict.scorer,
        "reason": verdict.reason,
        "reason_code": (verdict.reason or "").partition(": ")[0].replace("_", " "),
        "reason_text": (verdict.reason or "").partition(": ")[2],
        "absent": {PART_WORDS.get(k, k): why for k, why in verdict.absent.items()},
        "areas": _areas(curve.parts, middle, top, duration_s),
        "line": _points(middle, verdict.smoothed, top, duration_s),
        "threshold": None if verdict.threshold is None else round(HEIGHT * (1 - verdict.threshold / top), 2),
        "moments": [_moment(i, m, stills, duration_s) for i, m in enumerate(verdict.moments, 1)],
        "lost": [_lost(c, duration_s) for c in sorted(lost, key=lambda c: -c.score)[:12]],
        "hover": {
            "t": [round(float(t), 2) for t in middle],
            "value": [round(float(v), 3) for v in curve.value],
            **{k: [round(float(v), 3) for v in s] for k, s in curve.parts.items()},
        },
    }


def _areas(parts: Mapping[str, Series], time_s: Series, top: float, duration_s: float) -> list[dict[str, str]]:
    """One polygon a part, stacked, so that the outline is the score."""
    below = np.zeros(len(time_s))
    areas = []
    for name, series in parts.items():
        above = below + series
        if series.any():
            up = _points(time_s, above, top, duration_s)
            down = _points(time_s[::-1], below[::-1], top, duration_s)
            areas.append({"name": name, "word": PART_WORDS.get(name, name), "points": f"{up} {down}"})
        below = above
    return areas


def _points(time_s: Series, value: Series, top: float, duration_s: float) -> str:
    return " ".join(f"{_x(t, duration_s)},{HEIGHT * (1 - float(v) / top):.2f}" for t, v in zip(time_s, value, strict=True))


def _moment(number: int, moment: Moment, stills: Mapping[int, bytes], duration_s: float) -> dict[str, Any]:
    window = moment.window
    left = _x(window.start_s, duration_s)
    return {
        "number": number,
        "from": clock(window.start_s),
        "to": clock(window.end_s),
        "length": f"{window.length_s:.1f}",
        "peak": clock(window.peak_s),
        "score": f"{moment.score:.3f}",
        "x": left,
        "w": max(2.0, round(_x(window.end_s, duration_s) - left, 2)),
        "px": _x(window.peak_s, duration_s),
        "why": moment.why,
        "rivals": moment.rivals,
        "parts": [
            {"name": k, "word": PART_WORDS.get(k, k), "share": round(100 * v / max(moment.score, 1e-9), 1), "value": f"{v:.3f}"}
            for k, v in moment.parts.items()
            if v > 0
        ],
        "stills": [
            {
                "src": _data_uri(stills[p.frame_idx]),
                "at": clock(p.time_s),
                "frame": p.frame_idx,
                "quality": f"{p.quality:.2f}",
            }
            for p in moment.picks
            if p.frame_idx in stills
        ],
        "no_stills": "every frame failed the gate" if not moment.picks else "the stills were not cut",
    }


def _lost(candidate: Candidate, duration_s: float) -> dict[str, Any]:
    window = candidate.window
    return {
        "from": clock(window.start_s),
        "to": clock(window.end_s),
        "score": f"{candidate.score:.3f}",
        "reason": candidate.reason,
        "x": _x(window.peak_s, duration_s),
    }


def _ticks(duration_s: float) -> list[dict[str, Any]]:
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
    step = next((s for s in steps if duration_s / s <= 12), 7200)
    return [{"x": _x(t, duration_s), "word": clock(float(t)).removesuffix(".0")} for t in np.arange(0, duration_s, step)]


def _data_uri(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()
