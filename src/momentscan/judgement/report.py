"""report.html of all that is in a video's folder."""

from __future__ import annotations

from momentscan.disk.folder import VideoFolder
from momentscan.disk.packs import read_packs
from momentscan.export.report import report_html
from momentscan.judgement.judge import Judged
from momentscan.records.run import Run


def write_report(folder: VideoFolder, judged: Judged, run: Run) -> None:
    """The page for people, of what was judged just now."""
    packs = read_packs(folder.path)
    html = report_html(
        folder.signals, judged.verdicts, judged.pictures, run, judged.considered, packs, judged.people
    )
    folder.write_report(html)
