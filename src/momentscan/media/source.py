"""What has to be known of a video before a clip of it can be written, and its sound on the clip's clock."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from momentscan.media.container import Limits, audio_stream, open_container, video_stream
from momentscan.media.encoders import Encoding, SoundFormat, sound_format_of
from momentscan.media.loudness import gain_db, loudness
from momentscan.media.mux import SoundTrack, tick_of
from momentscan.media.seek import sound_from
from momentscan.values import VideoInfo

FASTEST = Fraction(240)
"""Frames per second that an encoder is told at most; some containers promise their tick."""


@dataclass(frozen=True)
class Source:
    """`tick`: the clock of the clip; `voice` is None without sound."""

    tick: Fraction
    pixel_aspect: Fraction | None
    rate: Fraction
    voice: SoundFormat | None


def source_of(info: VideoInfo, encoding: Encoding, limits: Limits) -> Source:
    path = Path(info.path)
    with open_container(path, limits) as container:
        stream, sound = video_stream(container, path, limits), audio_stream(container)
        tick = tick_of(None if info.mended_clock else stream.time_base)
        rate = min(Fraction(info.fps).limit_denominator(1001), FASTEST) or Fraction(25)
        voice = sound_format_of(sound.codec_context, encoding) if sound is not None else None
        return Source(tick, stream.sample_aspect_ratio or None, rate, voice)


def follow(
    stack: ExitStack,
    sound: SoundTrack,
    info: VideoInfo,
    voice: SoundFormat | None,
    span_s: tuple[float, float],
    at_s: float,
    encoding: Encoding,
    limits: Limits,
) -> tuple[str, ...]:
    """Lets the sound of a span of the video be heard from `at_s` of the clip on, at the loudness asked; what
    to say of that.
    """
    if voice is None or info.audio_codec is None:
        sound.follow(None, span_s[0], at_s)
        return ()
    gain, told = 0.0, ""
    if encoding.loudness_lufs:
        gain, told = gain_db(loudness(info, *span_s, voice, limits), encoding)
    sound.follow(
        stack.enter_context(sound_from(info, span_s[0], voice.hz, voice.layout, limits)),
        span_s[0],
        at_s,
        gain,
    )
    return (told,) if told else ()
