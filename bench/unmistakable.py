"""Real clips with a moment that anybody would call their highlight: is it among the first three windows, is
it the first?
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measure import Target, write_result
from bench.planted import BASELINES, KNOB_SETS, KnobSets, baseline, bench_settings, judged, known, moments
from momentscan import flows
from momentscan.settings import Settings
from momentscan.signals import Signals
from momentscan.values import Window

TOP, WITHIN_S = 3, 0.5
COMPARED = ("loudest", "most motion", "evenly spaced")

Spans = Sequence[Sequence[float]]


def clips(media: Path) -> dict[str, Spans]:
    """Clip -> spans of its unmistakable moments, from labels.json."""
    return dict(json.loads((media / "labels.json").read_text())["_unmistakable"])


def hits(window: Window, spans: Spans) -> bool:
    """The peak lies within 0.5 s of any one of the spans (labels.json)."""
    return any(start - WITHIN_S <= window.peak_s <= end + WITHIN_S for start, end in spans)


def told(windows: Sequence[Window], spans: Spans) -> dict[str, Any]:
    """What the best three windows of a clip come to."""
    hit = [hits(w, spans) for w in windows[:TOP]]
    return {
        "top3": any(hit),
        "first": bool(hit and hit[0]),
        "windows": len(windows),
        "peaks_s": [round(w.peak_s, 2) for w in windows[:TOP]],
    }


def rows(media: Path, settings: Settings, knob_sets: KnobSets = KNOB_SETS) -> list[dict[str, Any]]:
    """One row per knob set whose engine is registered, then the baselines."""
    return compared(
        {clip: flows.load(Path(flows.scan(media / clip, settings).folder)) for clip in clips(media)},
        clips(media),
        knob_sets,
    )


def compared(
    videos: Mapping[str, Signals], spans: Mapping[str, Spans], knob_sets: KnobSets = KNOB_SETS
) -> list[dict[str, Any]]:
    """The same of clips that were scanned before."""
    sets, _ = known(knob_sets)
    found = [
        _row(
            name, dict(knobs), {c: told(moments(judged(s, name, knobs)), spans[c]) for c, s in videos.items()}
        )
        for name, knobs in sets.items()
    ]
    return found + [
        _row(name, {}, {c: told(baseline(name, s, TOP), spans[c]) for c, s in videos.items()})
        for name in BASELINES
        if name in COMPARED
    ]


def _row(name: str, knobs: Mapping[str, Any], seen: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    counts = {what: sum(bool(s[what]) for s in seen.values()) for what in ("top3", "first")}
    return {
        "name": name,
        "knobs": knobs,
        "clips": len(seen),
        **counts,
        "nothing": sum(s["windows"] == 0 for s in seen.values()),
        "by_clip": seen,
    }


def main() -> None:
    folder = os.environ.get("MOMENTSCAN_MEDIA")
    if not folder:
        print("  MOMENTSCAN_MEDIA is not set: nothing was measured, the last result stands")
        return
    media = Path(folder)
    with tempfile.TemporaryDirectory() as output:
        settings = bench_settings(Path(output))
        signals = {clip: flows.load(Path(flows.scan(media / clip, settings).folder)) for clip in clips(media)}
        found = compared(signals, clips(media))
        bare = bench_settings(Path(output) / "descriptor", embedder="descriptor")
        again = {clip: flows.load(Path(flows.scan(media / clip, bare).folder)) for clip in clips(media)}
        found += [
            r
            for r in compared(again, clips(media), {f"{e}, descriptor": {} for e in ("vector", "saliency")})
            if "descriptor" in r["name"]
        ]
        embedder = next(iter(signals.values())).made_by.get("vision.embedding", "none")
    for r in found:
        print(
            f"    {r['name']:24} top 3: {r['top3']}/{r['clips']}  first: {r['first']}/{r['clips']}  says "
            f"nothing: {r['nothing']}",
            flush=True,
        )
    targets = []
    for name in ("vector", "rules"):
        best = next(r for r in found if r["name"] == name)
        targets += [
            Target(
                f"unmistakable moments, {name}: among the first {TOP}",
                0.85,
                best["top3"] / best["clips"],
                "of clips",
                at_most=False,
            ),
            Target(
                f"unmistakable moments, {name}: the first",
                0.60,
                best["first"] / best["clips"],
                "of clips",
                at_most=False,
            ),
        ]
    notes = (
        f"{best['clips']} real clips of 5 to 73 s, labelled by hand; a window hits when its peak lies "
        f"within {WITHIN_S} s of a labelled span. "
        f"Embedder {embedder}. On clips this short chance reaches a lot: see the baselines, which get "
        f"{TOP} windows."
    )
    write_result("unmistakable", targets, notes, embedder=embedder, skipped=known(KNOB_SETS)[1], rows=found)


if __name__ == "__main__":
    sys.exit(main())
