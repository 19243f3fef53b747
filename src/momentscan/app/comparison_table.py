"""Two engines on several videos, as Python shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from momentscan import flows
from momentscan.display import counted, html_table
from momentscan.records.run import ComparisonRun
from momentscan.score.compare import Summary

SHOWN = ("windows_a", "windows_b", "matched", "iou", "peaks_f1", "quality_a", "quality_b", "rank_correlation")
HEAD = ("video", *SHOWN)


@dataclass(frozen=True)
class ComparisonTable:
    """`videos` by id, each with every number of a comparison, and `summary` over all of them."""

    videos: Mapping[str, ComparisonRun]
    summary: Summary

    @classmethod
    def of(cls, told: flows.Compared) -> Self:
        """From what `flows.compare_engines` tells."""
        return cls({one.video_id: one.comparison for one in told.videos}, told.summary)

    def __repr__(self) -> str:
        cells = [HEAD, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        return "\n".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        return html_table(self._title(), HEAD, self._rows())

    def _title(self) -> str:
        return f"{self.summary.a} (a) and {self.summary.b} (b) on {counted(len(self.videos), 'video')}"

    def _rows(self) -> list[tuple[str, ...]]:
        each = [
            (video, *(_number(getattr(one, name)) for name in SHOWN)) for video, one in self.videos.items()
        ]
        return [*each, ("all", *(_number(self.summary.means.get(name)) for name in SHOWN))]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
