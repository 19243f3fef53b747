"""Everything that decides which clips there are and how they are cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from momentscan.errors import UsageError
from momentscan.knobs import knob_values
from momentscan.media.clock import ClockOptions
from momentscan.media.container import Limits
from momentscan.media.encoders import Encoding
from momentscan.score.align import Align
from momentscan.score.clip_selection import ClipSelection
from momentscan.select.framing import Follow, aspect_of
from momentscan.select.people import People
from momentscan.settings import Settings


@dataclass(frozen=True)
class ClipPlan:
    """The stages of the tables, and the options of `clip`."""

    align: Align
    selection: ClipSelection
    follow: Follow
    encoding: Encoding
    people: People
    limits: Limits
    clock: ClockOptions
    how: str
    aspect: str | None
    reel: bool
    preview: str
    subtitles: bool

    @classmethod
    def of(cls, settings: Settings) -> ClipPlan:
        """By the settings. Raises UsageError for bad knobs, and for what cannot be had together."""
        if settings.aspect is not None:
            aspect_of(settings.aspect)
            if settings.cut != "exact":
                raise UsageError(
                    f"--aspect {settings.aspect} encodes every frame anew; leave --{settings.cut} away"
                )
        return cls(
            align=settings.stage("align"),
            selection=settings.stage("clip_selection"),
            follow=settings.stage("follow"),
            encoding=settings.stage("clips"),
            people=settings.stage("people"),
            limits=settings.stage("limits"),
            clock=settings.stage("clock"),
            how=settings.cut,
            aspect=settings.aspect,
            reel=settings.reel,
            preview=settings.preview,
            subtitles=settings.subtitles,
        )

    def knobs(self) -> dict[str, Any]:
        """As clips.json remembers it."""
        stages = {
            "align": self.align,
            "delivery": self.selection,
            "follow": self.follow,
            "encoding": self.encoding,
        }
        words = {name: getattr(self, name) for name in ("how", "aspect", "reel", "preview", "subtitles")}
        return {name: knob_values(stage) for name, stage in stages.items()} | words
