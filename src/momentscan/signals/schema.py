"""The dictionary of the product: every column that is logged, with its unit, its maker and what its sign means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from momentscan.errors import MissingSignal, UsageError


@dataclass(frozen=True)
class Column:
    """`name` is "table.column". `dtype` is a numpy name, or "bytes". `shape` is the row's: () for a number, (-1,) for a vector."""

    name: str
    dtype: str
    unit: str
    maker: str
    meaning: str
    sign: str = ""
    shape: tuple[int, ...] = ()


def table_of(name: str) -> str:
    """ "frames.motion" -> "frames"."""
    return name.partition(".")[0]


def field_of(name: str) -> str:
    """ "frames.motion" -> "motion"."""
    return name.partition(".")[2]


COLUMNS: tuple[Column, ...] = (
    Column("frames.time_s", "float64", "s", "clock", "PTS of each sampled frame, from the first frame of the video", "ascending"),
    Column("frames.frame_idx", "int64", "", "clock", "0-based place of the frame in decode order", "ascending"),
    Column(
        "frames.sharpness", "float32", "grey²", "picture", "variance of the Laplacian of luma at 180 px short side", "higher is sharper"
    ),
    Column("frames.exposure_mean", "float32", "grey 0-255", "picture", "mean luma (BT.601)", "higher is brighter"),
    Column("frames.contrast", "float32", "", "picture", "standard deviation of luma over its mean", "higher has more contrast"),
    Column(
        "frames.motion",
        "float32",
        "diagonals/s",
        "motion",
        "mean length of the optical flow since the previous sampled frame, camera included; NaN for the first",
        "higher moves more",
    ),
    Column(
        "frames.motion_camera",
        "float32",
        "diagonals/s",
        "motion",
        "length of the median flow, the movement of the camera",
        "higher moves more",
    ),
    Column(
        "frames.motion_local",
        "float32",
        "diagonals/s",
        "motion",
        "mean length of the flow after the median flow is taken off, the movement within the picture",
        "higher moves more",
    ),
    Column(
        "frames.content_change",
        "float32",
        "0-255",
        "scenes",
        "PySceneDetect's content value: mean change of hue, saturation and luma since the previous sampled frame; NaN for the first",
        "higher changes more",
    ),
    Column("scenes.start_s", "float64", "s", "scenes", "start of a shot: PTS of its first frame", "ascending"),
    Column("scenes.end_s", "float64", "s", "scenes", "end of a shot (half-open): start of the next, or the end of the video", "ascending"),
    Column("sound.time_s", "float64", "s", "sound", "start of a bin of 0.5 s", "ascending"),
    Column(
        "sound.rms", "float32", "1 = full scale", "sound", "root mean square of the bin (librosa.feature.rms, frame = hop = bin)", "louder"
    ),
    Column(
        "sound.rms_change_db",
        "float32",
        "dB",
        "sound",
        "change of the bin's level since the previous bin, within ±30; 0 for the first",
        "+ is louder",
    ),
    Column(
        "sound.loud_db",
        "float32",
        "dB re full scale",
        "sound",
        "95th percentile of the short-time RMS (librosa.feature.rms defaults 2048/512) in the bin, floor -60",
        "louder",
    ),
    Column(
        "sound.onset",
        "float32",
        "dB",
        "sound",
        "largest spectral flux in the bin: mean rise of the log spectrum between 512-sample hops",
        "+ is an attack",
    ),
    Column("vision.time_s", "float64", "s", "vision", "PTS of each embedded frame", "ascending"),
    Column(
        "vision.embedding",
        "float32",
        "L2 = 1",
        "vision",
        "vision embedding of the whole frame; its model stands in the manifest",
        shape=(-1,),
    ),
    Column(
        "vision.change",
        "float32",
        "1 - cos",
        "vision",
        "change of the embedding since the embedded frame before, half a second ago; NaN for the first",
        "higher changes more",
    ),
    Column("strip.time_s", "float64", "s", "strip", "PTS of each thumbnail", "ascending"),
    Column("strip.jpeg", "bytes", "JPEG", "strip", "a small picture of the frame, for reports"),
)

_BY_NAME = {c.name: c for c in COLUMNS}


def add(columns: Iterable[Column]) -> None:
    """Enters the columns of a plug-in's perceiver into the dictionary. Raises UsageError for a name that another maker has."""
    for new in columns:
        known = _BY_NAME.setdefault(new.name, new)
        if known != new:
            raise UsageError(f"column {new.name} of perceiver {new.maker!r} is already made by {known.maker!r}; give it another name")


def column(name: str) -> Column:
    """The row of the dictionary for "table.column". Raises MissingSignal where there is none."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise MissingSignal(f"no column is called {name!r}; see docs/signals.md") from None
