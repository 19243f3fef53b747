"""The values of a live feed: how long is waited for what, and the notes that come beside its batches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from momentscan.knobs import Knob


@dataclass(frozen=True)
class LiveOptions:
    """How long is waited for what, in a feed that goes on."""

    span_s: Annotated[
        float,
        Knob("s", source="taste: a batch a second, so that moments are not kept waiting", low=0.2, high=10),
    ] = 1.0
    sound_wait_s: Annotated[
        float,
        Knob(
            "s",
            source="muxers lay sound up to 0.7 s after its picture (ffmpeg muxdelay); what is later is "
            "left out",
            low=0,
        ),
    ] = 2.0
    gap_s: Annotated[
        float,
        Knob("s", source="taste: a picture that stands for so long in the feed is told as a gap", low=0.5),
    ] = 3.0
    stall_s: Annotated[float, Knob("s", source="taste: no picture for so long is worth a word", low=0.1)] = (
        5.0
    )
    still_s: Annotated[
        float, Knob("s", source="taste: a file that has not grown for so long is finished", low=0.1)
    ] = 10.0
    open_s: Annotated[
        float, Knob("s", source="taste: how long an address or a pipe may take until it sends", low=0.1)
    ] = 15.0
    read_s: Annotated[
        float, Knob("s", source="taste: an address that is silent for so long is lost", low=0.1)
    ] = 10.0
    retry_s: Annotated[float, Knob("s", source="first wait before connecting anew", low=0.01)] = 1.0
    retry_factor: Annotated[
        float, Knob("×", source="exponential back-off: each wait is twice the one before", low=1)
    ] = 2.0
    retry_most_s: Annotated[
        float, Knob("s", source="taste: the longest wait between two tries", low=0.01)
    ] = 30.0
    give_up_s: Annotated[
        float, Knob("s", source="taste: nothing for so long, over all tries, is the end", low=0)
    ] = 120.0
    replay_s: Annotated[
        float,
        Knob(
            "s",
            source="an HLS player starts three segments back (RFC 8216 6.3.3): so much may come again "
            "after a loss",
            low=0,
        ),
    ] = 30.0
    lost_s: Annotated[
        float,
        Knob(
            "s", source="taste: a feed's clock that stands further ahead after a loss is another clock", low=0
        ),
    ] = 3600.0


@dataclass(frozen=True)
class Note:
    """Something that happened to the feed. `kind`: stall, flowing, lost, reconnect, gap or ended; `at_s`: how
    far the picture had come.

    A gap has its span on the feed's clock; `end_s` is NaN where nobody knows how long it was: time then went
    on by one frame.
    """

    kind: str
    at_s: float
    text: str
    start_s: float = math.nan
    end_s: float = math.nan
