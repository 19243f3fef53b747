"""How results read: lines for people, plain values for JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentscan.app.cli.streams import counted, say, show

if TYPE_CHECKING:
    from momentscan.app.doctor import Finding
    from momentscan.flows import Compared, Exported, Imported, Outcome
    from momentscan.jobs import Result
    from momentscan.records.clips import CutRow


def show_error(result: Result) -> None:
    """The one line of an error; for a defect of ours its trace too, where MOMENTSCAN_DEBUG is set."""
    say(str(result.error))
    if result.trace and os.environ.get("MOMENTSCAN_DEBUG"):
        say(result.trace)


def outcome_with_windows(result: Result) -> dict[str, Any]:
    """An outcome as JSON, with every window of the engines that judged."""
    from momentscan import flows

    return {**result.to_json(), "windows": flows.windows_of(result.outcome)}


# scan, find, pack

_SETS = (
    ("anchors", "anchor", "anchors"),
    ("coverage", "of coverage", "of coverage"),
    ("challenge", "of challenge", "of challenge"),
)


def show_scanned(outcome: Outcome) -> None:
    """What was found, and what packs were made."""
    show(f"{outcome.video_id}: {_summary(outcome)}; {Path(outcome.folder) / 'report.html'}")
    for name, e in outcome.engines.items():
        if e.reason:
            show(f"  {name} found nothing: {e.reason}")
    for p in outcome.packs:
        sure = "" if p.identity_verified else ", identity not verified"
        what = ", ".join(counted(getattr(p, kind), one, many) for kind, one, many in _SETS)
        show(f"  identity pack of person {p.person}: {what}{sure}; {p.stop_reason}")
    _say_notes(outcome)


def _summary(outcome: Outcome) -> str:
    moments = {name: e.moments for name, e in outcome.engines.items()}
    found = ", ".join(f"{name}: {counted(n, 'moment') if n else 'no moments'}" for name, n in moments.items())
    rate = (
        f", {outcome.x_realtime:g} x realtime" if outcome.x_realtime and outcome.status != "unchanged" else ""
    )
    return f"{outcome.status}, {outcome.duration_s:.2f} s{rate}; {found}"


def _say_notes(outcome: Outcome) -> None:
    for note in (*outcome.problems, *outcome.warnings):
        say(f"  {outcome.video_id}: {note}")


def show_watched(outcome: Outcome, as_json: bool) -> None:
    """How watching ended; of JSON lines, the last event has said it."""
    if not as_json:
        report = Path(outcome.folder) / "report.html"
        show(f"{outcome.video_id}: {outcome.status}, {outcome.duration_s:.2f} s; {report}")
    _say_notes(outcome)


# clip


def show_clips(outcome: Outcome) -> None:
    """Every file that was cut, from where to where, and what had to be said of it."""
    clips = Path(outcome.folder) / "clips"
    for cut in outcome.clips:
        show(f"{clips / cut.engine / cut.file}: {_extent(cut)}")
        for note in cut.notes:
            say(f"  {cut.file}: {note}")
    made = {cut.engine for cut in outcome.clips}
    for engine in (name for name in outcome.engines if name not in made):
        left_out = f"every moment was left out, see {clips / engine / 'clips.json'}"
        show(f"{outcome.video_id}: {engine}: no clips: {outcome.engines[engine].reason or left_out}")


def _extent(cut: CutRow) -> str:
    if cut.reel is not None:
        return f"{cut.reel.length_ms / 1000:.2f} s, {counted(len(cut.reel.chapters), 'chapter')}"
    assert cut.clip is not None
    span = f"{cut.clip.cut_start_ms / 1000:.2f} to {cut.clip.cut_end_ms / 1000:.2f} s"
    return f"{span}, {cut.clip.kind}; {cut.clip.why}"


# export, import


def show_exported(one: Exported) -> None:
    """The files that were written."""
    for file in one.files:
        show(file)
    for note in one.notes:
        say(f"  {Path(one.folder).name}, {one.engine}: {note}")


def show_imported(one: Imported) -> None:
    """What an edit said of the moments."""
    counts = ", ".join(f"{n} {what}" for what, n in one.counts.items() if n) or "nothing"
    lines = f"{counts}; {counted(len(one.lines), 'line')} of feedback"
    show(f"{one.file}: {one.engine}, {'was read before, nothing was added' if one.known else lines}")
    for note in one.notes:
        say(f"  {one.file}: {note}")


# compare

_MEASURES = (
    "windows_a",
    "windows_b",
    "matched",
    "iou",
    "peaks_f1",
    "quality_a",
    "quality_b",
    "rank_correlation",
)


def show_compared(compared: Compared) -> None:
    """Video by video, then all of them."""
    for video in compared.videos:
        show(f"{video.video_id}: {_measured(vars(video.comparison))}")
    total = compared.summary
    spoke = f"only {total.a} spoke in {total.only_a}, only {total.b} in {total.only_b}"
    silent = f"{spoke}, neither in {total.neither}"
    show(f"all {total.videos}: {_measured(total.means)}; {silent}")
    meaning = "iou: mean best overlap of windows; peaks_f1: peaks within 1 s; -: cannot be told"
    show(f"a = {total.a}, b = {total.b}; {meaning}")


def _measured(values: Mapping[str, float | None]) -> str:
    told = ((name, values[name]) for name in _MEASURES)
    return ", ".join(f"{name} {'-' if x is None else format(x, '.3g')}" for name, x in told)


# doctor, models


def show_finding(finding: Finding) -> None:
    """What works or does not, and what to do."""
    state = "ok     " if finding.ok else "MISSING" if finding.needed else "absent "
    show(f"{state}  {finding.what}: {finding.found}")
    if not finding.ok:
        show(f"         -> {finding.remedy}")


def show_weight(row: Mapping[str, Any]) -> None:
    """A row of the catalogue, and whether its file is here."""
    size = f"{row['size_bytes'] / 1e6:.1f} MB" if row["size_bytes"] else "size unknown"
    show(f"{row['name']}  [{'here: ' + row['here'] if row['here'] else 'missing'}]")
    show(f"    {row['what']}")
    show(f"    {row['file']}, {size}, sha256 {row['sha256'] or 'unverified'}")
    show(f"    licence {row['licence']}; commercial use: {row['commercial']}")
    show(f"    from {', '.join(row['sources']) or 'a folder only (--models)'}")


def show_pulled(row: Mapping[str, Any]) -> None:
    """Where a file came from, and what was seen."""
    state = "as the catalogue says" if row["verified"] else "unverified: the catalogue does not know it yet"
    show(f"{row['name']}: {row['path']} from {row['source']}, sha256 {row['sha256']} ({state})")


def show_verified(row: Mapping[str, Any]) -> None:
    """Whether a file is what the catalogue says."""
    status = str(row["status"])
    if status == "missing":
        show(f"missing     {row['name']}")
    elif status == "bad":
        show(f"BAD         {row['name']}  {row['error']}")
    else:
        show(f"{status:<11} {row['name']}  {row['path']}  sha256 {row['sha256']}")
