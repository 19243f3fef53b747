"""From the log to verdicts, stills and the report: what every verb that judges does with a video's folder."""

from momentscan.judgement.judge import Judged, judge_all
from momentscan.judgement.report import write_report

__all__ = ["Judged", "judge_all", "write_report"]
