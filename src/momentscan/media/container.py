"""Where every media file is opened and created: checked first, with white-lists, errors in one line."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import av
import av.logging

from momentscan.errors import OutputError, UnreadableInput, one_line
from momentscan.knobs import Knob

av.logging.set_level(None)
# Any other level makes libav's decoder threads take the GIL to log an error, while the thread that closes the
# decoder holds it and waits for them.

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,mxf,gif,"  # pictures that move
    "ogg,wav,mp3,flac,aac,w64,aiff"  # sound, so that we can say "no picture" rather than "unknown"
)
"""libavformat demuxers that may open a file. Playlists, concat scripts and image sequences are not among
them: they open siblings.
"""

_SCRIPTS = {
    b"#EXTM3U": "an HLS playlist",
    b"ffconcat": "a concat script",
    b"<?xml": "an XML file",
    b"[playlist": "a playlist",
}
_PICTURES = {b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"%PDF": "a PDF"}

_DISK_ERRORS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
    }
    | {errno.EEXIST, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE}
)

VideoStream = Any
"""An av.VideoStream; PyAV's stubs are not followed."""


@dataclass(frozen=True)
class Limits:
    """What is refused before it can do harm."""

    max_bytes: Annotated[float, Knob("B", source="taste: a day of 4K at 80 Mbit/s is 0.9 TB", low=1)] = 1e12
    max_pixels: Annotated[float, Knob("px", source="taste: 8192 × 8192, twice 8K", low=1)] = 8192 * 8192
    max_duration_s: Annotated[float, Knob("s", source="taste: one day", low=1)] = 86400.0


def check_file(path: Path, limits: Limits = Limits()) -> int:
    """Size in bytes of a regular, non-empty file that looks like media. Raises UnreadableInput otherwise.

    Comes before libav sees the name: a FIFO would hang it for ever.
    """
    size = _regular_file_size(path)
    if size == 0:
        raise UnreadableInput(f"{path}: is empty (0 bytes); copy or download it again")
    if size > limits.max_bytes:
        raise UnreadableInput(
            f"{path}: has {size} bytes, the limit is {limits.max_bytes:.0f}; raise limits.max_bytes if you "
            "mean it"
        )
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise UnreadableInput(f"{path}: cannot be read ({error.strerror}); check the permissions") from None
    check_head(head, path)
    if not head.strip(b"\0"):
        raise UnreadableInput(f"{path}: begins with {len(head)} zero bytes; copy or download it again")
    return size


def _regular_file_size(path: Path) -> int:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:  # a name may hold a NUL
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableInput(
            f"{path}: cannot be opened ({why}); check the name and the permissions"
        ) from None
    if stat.S_ISDIR(found.st_mode):
        raise UnreadableInput(
            f"{path}: is a folder, expected a video file; name the files in it, e.g. {path}/*.mp4"
        )
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableInput(
            f"{path}: is not a regular file (pipe, socket or device); copy it to a file first"
        )
    return found.st_size


def check_head(head: bytes, name: Path | str) -> None:
    """Raises UnreadableInput for playlists, scripts, pictures and documents, by their first bytes."""
    for magic, what in {**_SCRIPTS, **_PICTURES}.items():
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(magic):
            raise UnreadableInput(f"{name}: is {what}, not a video file; give the video itself")


@contextmanager
def open_container(path: Path, limits: Limits = Limits()) -> Iterator[Any]:
    """An av.InputContainer of a checked file. No other place of momentscan opens media."""
    check_file(path, limits)
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    refusal = "is no media file that can be opened", "re-export it as MP4 or MKV"
    with _opened(f"file:{path.absolute()}", path, refusal, options=options) as container:
        yield container


_WEB, _CAMERA = "http,https,tcp,tls,crypto", "rtsp,rtp,udp,tcp,tls"
ADDRESSES = {"http": _WEB, "https": _WEB, "rtsp": _CAMERA, "rtsps": _CAMERA}
"""Schemes that may be watched, and the protocols that each may use: never `file`, so that no playlist reaches
into this machine's disk.
"""


@contextmanager
def open_address(address: str, name: str, open_s: float, read_s: float) -> Iterator[Any]:
    """An av.InputContainer of an address that the user gave; `name` is what to call it. Waits at most so long
    for the answer and for data.
    """
    scheme = address.partition(":")[0].lower()
    formats = f"{FORMATS},hls" if ADDRESSES[scheme] == _WEB else "rtsp"
    options = {"protocol_whitelist": ADDRESSES[scheme], "format_whitelist": formats}
    if ADDRESSES[scheme] == _CAMERA:
        options["rtsp_transport"] = "tcp"  # lost datagrams would be lost pictures
    refusal = "cannot be opened", "check the address, and whether it is sending"
    with _opened(address, name, refusal, options=options, timeout=(open_s, read_s)) as container:
        yield container


@contextmanager
def open_stream(source: Any, name: str) -> Iterator[Any]:
    """An av.InputContainer of bytes as they come out of `source.read`; libav opens no file and no address for
    it.
    """
    options = {"protocol_whitelist": "none", "format_whitelist": FORMATS}
    refusal = "is no media that can be watched as it comes", "send MPEG-TS, MKV, FLV or fragmented MP4"
    with _opened(source, name, refusal, options=options) as container:
        yield container


@contextmanager
def _opened(source: Any, name: Path | str, refusal: tuple[str, str], **how: Any) -> Iterator[Any]:
    """What av.open gives, closed at the end. `refusal`: what is said where it gives nothing, and what to do
    about it.
    """
    try:
        container = av.open(source, **how)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        what, remedy = refusal
        raise UnreadableInput(f"{name}: {what} ({_reason(error)}); {remedy}") from None
    try:
        yield container
    finally:
        container.close()


@contextmanager
def create_container(
    path: Path, kind: str, options: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Any]:
    """An av.OutputContainer of the muxer `kind` that becomes `path` when left well, synced and whole; after
    an error nothing is left.

    Without dates and names of programs, so that the same input gives the same bytes. Raises OutputError for
    what the disk refuses.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        everywhere = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if kind == "mp4" else {})
        container = av.open(
            f"file:{temporary.absolute()}", "w", format=kind, options={**everywhere, **options}
        )
        try:
            yield container
        except BaseException:
            with suppress(av.error.FFmpegError, OSError):  # the trailer of what is thrown away
                container.close()
            raise
        container.close()
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except (av.error.FFmpegError, OSError) as error:
        raise _output_error(path, error) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _output_error(path: Path, error: OSError) -> OutputError:
    if error.errno in _DISK_ERRORS:
        return OutputError(
            f"{path}: cannot be written ({_reason(error)}); free space, or choose another folder with -o"
        )
    return OutputError(
        f"{path}: this video cannot be put into it ({_reason(error)}); cut it another way, or convert it "
        "first"
    )


def _reason(error: BaseException) -> str:
    strerror = getattr(error, "strerror", None)
    return strerror if isinstance(strerror, str) else one_line(error)


def video_stream(container: Any, path: Path | str, limits: Limits) -> VideoStream:
    """The first video stream that is no attached picture and can be decoded. Raises UnreadableInput with what
    there is instead.
    """
    covers = unknown = 0
    for stream in container.streams.video:
        if stream.disposition & av.stream.Disposition.attached_pic:
            covers += 1
        elif stream.codec_context is None or not stream.codec_context.is_decoder:
            unknown += 1
        else:
            _check_size(stream, path, limits)
            return stream
    if unknown:
        raise UnreadableInput(f"{path}: its video uses a codec that is not known here; re-export it as H.264")
    sound = "sound" if container.streams.audio else "no sound either"
    cover = " and a cover picture" if covers else ""
    raise UnreadableInput(f"{path}: has no video track (found {sound}{cover}); momentscan needs a picture")


def _check_size(stream: VideoStream, path: Path | str, limits: Limits) -> None:
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > limits.max_pixels:
        raise UnreadableInput(
            f"{path}: has {width} × {height} pixels, the limit is {limits.max_pixels:.0f}; scale it down, or "
            "raise limits.max_pixels"
        )


def audio_stream(container: Any) -> Any | None:
    """The first audio stream that can be decoded, or None: missing sound is normal."""
    for stream in container.streams.audio:
        if stream.codec_context is not None and stream.codec_context.is_decoder:
            return stream
    return None
