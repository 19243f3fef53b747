"""How clips are encoded: the codec of the picture and its options, and of the sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Any

import av

from momentscan.knobs import Knob

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")


@dataclass(frozen=True)
class Encoding:
    """How a clip is made."""

    encoder: Annotated[
        str,
        Knob(
            "",
            source="x264: the same bytes every time; hardware: quicker, where there is one",
            choices=("x264", "hardware"),
        ),
    ] = "x264"
    crf: Annotated[
        float,
        Knob("", source="taste: between x264's 23 and 18, held to be without visible loss", low=0, high=51),
    ] = 21.0
    edge_crf: Annotated[
        float,
        Knob(
            "",
            source="taste: smart cuts; finer than the copied part, so that the seam is not seen",
            low=0,
            high=51,
        ),
    ] = 16.0
    preset: Annotated[str, Knob("", source="x264's own default", choices=PRESETS)] = "medium"
    keyframe_s: Annotated[
        float, Knob("s", source="taste: quick to seek in, and can be cut again without re-encoding", low=0.1)
    ] = 2.0
    threads: Annotated[
        int,
        Knob(
            "",
            source="x264's bytes depend on it, so it is not taken from the machine; the usual laptop's",
            low=1,
            high=64,
        ),
    ] = 4
    max_side_px: Annotated[int, Knob("px", source="0: as large as the source", low=0, high=16384)] = 0
    hdr: Annotated[
        str,
        Knob(
            "",
            source="keep: HEVC Main 10 with its tags; sdr: tone-mapped, plays everywhere",
            choices=("keep", "sdr"),
        ),
    ] = "keep"
    loudness_lufs: Annotated[
        float, Knob("LUFS", source="EBU R 128: -23; streaming sites -14 to -16; 0: as it is", low=-40, high=0)
    ] = 0.0
    true_peak_db: Annotated[float, Knob("dBTP", source="EBU R 128: -1", low=-20, high=0)] = -1.0
    sound_bits: Annotated[
        float,
        Knob(
            "bit",
            source="taste: per sample and channel; 96 kbit/s a channel at 48 kHz, AAC's transparent region",
            low=0.5,
            high=6,
        ),
    ] = 2.0
    held_s: Annotated[
        float,
        Knob(
            "s",
            source="taste: a frame that stands for longer across an edge is cut there; 5 frames/s is the "
            "slowest usual",
            low=0,
        ),
    ] = 0.2


@dataclass(frozen=True)
class PictureFormat:
    """The picture that an encoder is to write. Colours are numbers of ISO/IEC 23091-2."""

    codec: str
    options: Mapping[str, str]
    width_px: int
    height_px: int
    pix_fmt: str
    rate: Fraction
    pixel_aspect: Fraction | None = None
    colours: Mapping[str, int] = field(default_factory=dict)

    def apply_to(self, context: Any) -> None:
        """Sets all that on an encoder that is not open yet."""
        context.width, context.height, context.pix_fmt = self.width_px, self.height_px, self.pix_fmt
        if self.pixel_aspect is not None:
            context.sample_aspect_ratio = self.pixel_aspect
        for name, value in self.colours.items():
            setattr(context, name, value)


@dataclass(frozen=True)
class SoundFormat:
    """The sound of a clip."""

    hz: int
    layout: str
    bits_per_s: int


AAC_HZ = (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
"""Rates that AAC and every player know; others become the next higher one of them."""


def sound_format_of(context: Any, encoding: Encoding) -> SoundFormat:
    """How a sound track goes on: its own rate where AAC knows it, mono or stereo."""
    hz = next((rate for rate in reversed(AAC_HZ) if rate >= context.sample_rate), AAC_HZ[0])
    n_channels = 1 if context.channels == 1 else 2
    return SoundFormat(
        hz, "mono" if n_channels == 1 else "stereo", round(n_channels * hz * encoding.sound_bits)
    )


HARDWARE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "h264_videotoolbox": ("nv12", {"realtime": "0", "allow_sw": "0"}),
    "h264_nvenc": ("yuv420p", {"preset": "p5"}),
    "h264_qsv": ("nv12", {}),
    "h264_amf": ("nv12", {}),
    "h264_v4l2m2m": ("nv12", {}),
}
"""Encoders of H.264 in hardware that libavcodec may know: the format they take, and options."""

BITS_PER_PIXEL = 0.12
"""What hardware spends (its quality scales differ): 7.5 Mbit/s at 1080p30, what streaming sites ask for
(YouTube's upload advice: 8).
"""


def x264(encoding: Encoding, rate: Fraction) -> dict[str, str]:
    """Options of libx264. Its macroblock tree is off: in assembler it reads memory that nobody wrote, and the
    same flat pictures give other bytes.
    """
    keyframes = str(max(1, round(encoding.keyframe_s * rate)))
    return {
        "preset": encoding.preset,
        "crf": f"{encoding.crf:g}",
        "threads": str(encoding.threads),
        "g": keyframes,
        "mbtree": "0",
    }


def x265(encoding: Encoding, rate: Fraction, mastering: str) -> dict[str, str]:
    """Options of libx265 for HDR: silent, with as many threads everywhere, and of one block size: encoders in
    one process share it, whoever came first.
    """
    keyframes = max(1, round(encoding.keyframe_s * rate))
    params = (
        f"log-level=none:ctu=64:pools={encoding.threads}:frame-threads=1:keyint={keyframes}:hdr-opt=1:"
        "repeat-headers=0"
    )
    return {
        "preset": encoding.preset,
        "crf": f"{encoding.crf:g}",
        "x265-params": f"{params}:{mastering}" if mastering else params,
    }


def by_hardware(picture: PictureFormat, tick: Fraction) -> PictureFormat | None:
    """The picture as the first encoder in hardware writes it that really encodes one of its size here; None
    where none does.
    """
    for codec, (pix_fmt, options) in HARDWARE.items():
        bits = str(round(BITS_PER_PIXEL * picture.width_px * picture.height_px * picture.rate))
        full = "yuvj" in picture.pix_fmt
        candidate = dataclasses.replace(picture, codec=codec, pix_fmt=pix_fmt, options={**options, "b": bits})
        if not full and _works(candidate, tick):
            return candidate
    return None


def _works(picture: PictureFormat, tick: Fraction) -> bool:
    try:
        context = av.CodecContext.create(picture.codec, "w")
        picture.apply_to(context)
        context.framerate, context.time_base = picture.rate, tick
        context.options = dict(picture.options)
        frame = av.VideoFrame(picture.width_px, picture.height_px, picture.pix_fmt)
        frame.pts, frame.time_base = 0, tick
        return bool([*context.encode(frame), *context.encode(None)])
    except (av.error.FFmpegError, OSError, ValueError, RuntimeError, NotImplementedError):
        return False
