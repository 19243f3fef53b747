"""H.264 and HEVC packets as the units they are made of (ITU-T H.264 7.3, H.265 7.3): as little of it as
copying and joining needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

IDR, SEI, SPS, PPS, DELIMITER = 5, 6, 7, 8, 9
"""nal_unit_type of H.264 (table 7-1)."""

HEVC_SEI = (39, 40)
"""nal_unit_type of HEVC (table 7-1)."""

USER_DATA = 5
"""payloadType of user_data_unregistered (H.264 D.1.7): whatever a camera wants to say, its place and name
among it.
"""

X264_UUID = bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef")
"""x264 says here which version of it encoded; libavcodec reads it to know its old defects."""

_START = re.compile(rb"\x00\x00\x00?\x01")


def prefix_of(codec: str, extradata: bytes | None) -> int:
    """How units are told apart: the size in bytes of the length before each (MP4), or 0 for start codes
    (Annex B).
    """
    if not extradata or extradata[0] != 1:
        return 0
    return (extradata[4 if codec == "h264" else 21] & 3) + 1


def units(data: bytes, prefix: int) -> list[bytes]:
    """The units of a packet without what tells them apart."""
    if prefix == 0:
        return [unit.rstrip(b"\0") for unit in _START.split(data)[1:]]
    found, at = [], 0
    while at + prefix <= len(data):
        size = int.from_bytes(data[at : at + prefix], "big")
        found.append(data[at + prefix : at + prefix + size])
        at += prefix + size
    return found


def joined(found: Sequence[bytes], prefix: int) -> bytes:
    """The inverse of `units`."""
    return b"".join((len(unit).to_bytes(prefix, "big") if prefix else b"\0\0\0\1") + unit for unit in found)


def type_of(unit: bytes) -> int:
    """nal_unit_type of an H.264 unit."""
    return unit[0] & 31 if unit else 0


def without_user_data(data: bytes, codec: str, prefix: int) -> bytes:
    """The packet without what a camera may have hidden in it."""
    kept, changed = [], False
    for unit in units(data, prefix):
        head = 1 if codec == "h264" else 2
        is_sei = type_of(unit) == SEI if codec == "h264" else bool(unit) and (unit[0] >> 1 & 63) in HEVC_SEI
        clean = unit[:head] + _escaped(_messages_kept(_unescaped(unit[head:]))) if is_sei else unit
        changed |= is_sei and clean != unit
        if not is_sei or len(clean) > head + 1:
            kept.append(clean)
    return joined(kept, prefix) if changed else data


def _messages_kept(payload: bytes) -> bytes:
    """The SEI messages of a unit (7.3.2.3) but for foreign user data; empty where nothing is left."""
    kept, at = b"", 0
    while at < len(payload) - 1:  # the last byte is the stop bit
        start, numbers = at, []
        for _ in range(2):
            number = 0
            while at < len(payload) and payload[at] == 255:
                number, at = number + 255, at + 1
            if at >= len(payload):
                return payload  # not to be read: left as it is
            numbers.append(number + payload[at])
            at += 1
        kind, size = numbers
        if kind != USER_DATA or payload[at : at + 16] == X264_UUID:
            kept += payload[start : at + size]
        at += size
    return kept + b"\x80" if kept else b""


def _unescaped(data: bytes) -> bytes:
    """Without the bytes that keep start codes out (emulation prevention, 7.4.1)."""
    return data.replace(b"\0\0\3", b"\0\0")


def _escaped(data: bytes) -> bytes:
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


@dataclass(frozen=True)
class Sps:
    """What matters of a sequence parameter set (7.3.2.1.1)."""

    profile: int
    level: int
    number: int
    chroma: int
    bits: int
    frames_only: bool


class _Bits:
    """Reads numbers bit by bit (9.1)."""

    def __init__(self, data: bytes) -> None:
        self._text = "".join(f"{byte:08b}" for byte in data)
        self._at = 0

    def take(self, n: int) -> int:
        self._at += n
        return int(self._text[self._at - n : self._at] or "0", 2)

    def ue(self) -> int:
        zeros = self._text.index("1", self._at) - self._at
        self._at += zeros
        return self.take(zeros + 1) - 1

    def se(self) -> int:
        k = self.ue()
        return (k + 1) // 2 if k % 2 else -(k // 2)


_WITH_CHROMA = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


def sps_of(unit: bytes) -> Sps:
    """Reads a sequence parameter set. Raises ValueError for one that makes no sense."""
    bits = _Bits(_unescaped(unit[1:]))
    profile, _, level = bits.take(8), bits.take(8), bits.take(8)
    number, chroma, luma_bits = bits.ue(), 1, 8
    if profile in _WITH_CHROMA:
        chroma = bits.ue()
        if chroma == 3:
            bits.take(1)
        luma_bits = 8 + bits.ue()
        bits.ue()
        bits.take(1)
        if bits.take(1):
            _skip_scaling(bits, 12 if chroma == 3 else 8)
    bits.ue()
    _skip_picture_order(bits)
    bits.ue()
    bits.take(1)
    bits.ue()
    bits.ue()
    return Sps(profile, level, number, chroma, luma_bits, bool(bits.take(1)))


def _skip_picture_order(bits: _Bits) -> None:
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.take(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()


def _skip_scaling(bits: _Bits, n_lists: int) -> None:
    for i in range(n_lists):
        if bits.take(1):
            last = after = 8
            for _ in range(16 if i < 6 else 64):
                if after:
                    after = (last + bits.se()) % 256
                last = after or last


def pps_number(unit: bytes) -> int:
    """pic_parameter_set_id (7.3.2.2)."""
    return _Bits(_unescaped(unit[1:])).ue()


def parameter_sets(extradata: bytes) -> tuple[list[bytes], list[bytes]]:
    """Sequence and picture parameter sets of H.264 extradata, in either form."""
    if extradata[0] != 1:
        found = units(extradata, 0)
        return [u for u in found if type_of(u) == SPS], [u for u in found if type_of(u) == PPS]
    sets: list[list[bytes]] = []
    at = 5
    for mask in (31, 255):
        group = []
        count = extradata[at] & mask
        at += 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            group.append(extradata[at + 2 : at + 2 + size])
            at += 2 + size
        sets.append(group)
    return sets[0], sets[1]


def avcc(sps: Sequence[bytes], pps: Sequence[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) of 4:2:0 video of 8 bits with lengths of four
    bytes; the first set gives profile and level.
    """
    out = bytes([1, *sps[0][1:4], 0xFC | 3, 0xE0 | len(sps)])
    out += b"".join(len(s).to_bytes(2, "big") + s for s in sps)
    out += bytes([len(pps)]) + b"".join(len(p).to_bytes(2, "big") + p for p in pps)
    if sps[0][1] in (100, 110, 122, 144):
        out += bytes([0xFC | 1, 0xF8, 0xF8, 0])
    return out
