"""What has to be known of a video before a clip of it can be written, and its sound on the clip's clock."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction

from momentscan.media.container import audio_stream
from momentscan.media.encoders import Encoding, SoundFormat, sound_format_of
from momentscan.media.loudness import gain_db, loudness
from momentscan.media.mux import SoundTrack, tick_of
from momentscan.media.seek import sound_from
from momentscan.media.source_file import SourceFile

FASTEST = Fraction(240)
"""Frames per second that an encoder is told at most; some containers promise their tick."""


@dataclass(frozen=True)
class SourceFormat:
    """What a clip takes over from its source. `tick`: the clock of the clip; `sound` is None without any."""

    tick: Fraction
    pixel_aspect: Fraction | None
    rate: Fraction
    sound: SoundFormat | None


def source_format_of(source: SourceFile, encoding: Encoding) -> SourceFormat:
    info = source.info
    with source.open() as (container, stream):
        audio = audio_stream(container)
        tick = tick_of(None if info.mended_clock else stream.time_base)
        rate = min(Fraction(info.fps).limit_denominator(1001), FASTEST) or Fraction(25)
        sound = sound_format_of(audio.codec_context, encoding) if audio is not None else None
        return SourceFormat(tick, stream.sample_aspect_ratio or None, rate, sound)


def attach_sound(
    stack: ExitStack,
    track: SoundTrack,
    source: SourceFile,
    span_s: tuple[float, float],
    at_s: float,
    encoding: Encoding,
) -> tuple[str, ...]:
    """The sound of a span of the video goes to the track from `at_s` of the clip on, at the loudness asked;
    what to say of that. The source stays open until the stack is left.
    """
    sound = track.format
    if sound is None or source.info.audio_codec is None:
        track.attach(None, span_s[0], at_s)
        return ()
    gain, note = 0.0, ""
    if encoding.loudness_lufs:
        gain, note = gain_db(loudness(source, *span_s, sound), encoding)
    audio = stack.enter_context(sound_from(source, span_s[0], sound.hz, sound.layout))
    track.attach(audio, span_s[0], at_s, gain)
    return (note,) if note else ()
