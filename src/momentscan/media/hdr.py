"""Pictures of high dynamic range: what they say of the screen they were made on, and how they are brought to
an ordinary one.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PQ, HLG = 16, 18
"""Transfer characteristics (ISO/IEC 23091-2)."""

WHITE_NITS = 203.0
"""Diffuse white of HDR programmes (ITU-R BT.2408-7, table 1): what becomes the white of the ordinary picture.
"""

PEAK_NITS = 1000.0
"""The screen that most HDR is made on; HLG's nominal peak (ITU-R BT.2100-2, table 5)."""

LUT_SIDE = 33
"""Points along each axis of the table, as usual in grading; between them the filter interpolates."""

M1, M2, C1, C2, C3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
"""Constants of PQ (SMPTE ST 2084, BT.2100-2 table 4)."""

TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""Linear BT.2020 to linear BT.709 (ITU-R BT.2407-0, 2)."""


def is_hdr(frame: Any) -> bool:
    return frame.color_trc in (PQ, HLG)


def nits_of_pq(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """PQ signal in [0, 1] -> cd/m²: the EOTF of BT.2100."""
    root = np.power(np.clip(signal, 0, 1), 1 / M2)
    return np.asarray(10_000 * np.power(np.maximum(root - C1, 0) / (C2 - C3 * root), 1 / M1))


def pq_of_nits(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse."""
    y = np.power(np.clip(nits / 10_000, 0, 1), M1)
    return np.asarray(np.power((C1 + C2 * y) / (1 + C3 * y), M2))


def nits_of_hlg(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """HLG R'G'B' in [0, 1], (..., 3) -> cd/m² on a screen of PEAK_NITS: inverse OETF, then the OOTF with
    gamma 1.2 (BT.2100-2, table 5).
    """
    a, b = 0.17883277, 1 - 4 * 0.17883277
    c = 0.5 - a * np.log(4 * a)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luma = scene @ np.array([0.2627, 0.6780, 0.0593])
    return np.asarray(PEAK_NITS * np.power(np.maximum(luma, 1e-9), 0.2)[..., None] * scene)


def rolled_off(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of a screen of PEAK_NITS -> of one of WHITE_NITS: the EETF of ITU-R BT.2390-10, 5.4.1, with its
    knee and Hermite spline.
    """
    whole = float(pq_of_nits(np.array(PEAK_NITS)))
    most = float(pq_of_nits(np.array(WHITE_NITS))) / whole
    knee = 1.5 * most - 0.5
    e = np.clip(pq_of_nits(nits) / whole, 0, 1)
    t = np.clip((e - knee) / (1 - knee), 0, 1)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    )
    return nits_of_pq(np.where(e < knee, e, spline) * whole)


def to_sdr(signal: NDArray[np.float64], transfer: int) -> NDArray[np.float64]:
    """(..., 3) HDR R'G'B' of BT.2020 in [0, 1] -> R'G'B' of BT.709 for a screen of BT.1886. Hues stay: all
    three are scaled as the largest is.
    """
    nits = nits_of_hlg(signal) if transfer == HLG else nits_of_pq(signal)
    largest = nits.max(axis=-1, keepdims=True)
    light = nits * (rolled_off(largest) / np.maximum(largest, 1e-6)) / WHITE_NITS
    return np.asarray(np.power(np.clip(light @ TO_709.T, 0, 1), 1 / 2.4))


def write_cube(path: Path, transfer: int) -> None:
    """The same as a table in Adobe's .cube format, for libavfilter's lut3d: red changes fastest."""
    axis = np.linspace(0, 1, LUT_SIDE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    table = to_sdr(np.stack([red, green, blue], axis=-1), transfer).reshape(-1, 3)
    path.write_text(
        f"LUT_3D_SIZE {LUT_SIDE}\n" + "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in table) + "\n"
    )


def mastering_of(frame: Any) -> str:
    """What the frame says of its mastering display and of its brightest light, as options of x265; empty
    where it says nothing.
    """
    data = {frame.side_data[i].type.name: bytes(frame.side_data[i]) for i in range(len(frame.side_data))}
    options = _mastering(data.get("MASTERING_DISPLAY_METADATA", b"")) + _brightest(
        data.get("CONTENT_LIGHT_LEVEL", b"")
    )
    return ":".join(options)


def _mastering(data: bytes) -> list[str]:
    """AVMasteringDisplayMetadata: ten AVRationals (R, G, B, white, least, most), then two ints that say which
    are there.
    """
    if len(data) < 88:
        return []
    values = struct.unpack("=22i", data[:88])
    if not (values[20] and values[21]) or 0 in values[1:20:2]:
        return []
    n = [top / under for top, under in zip(values[0:20:2], values[1:20:2], strict=True)]
    red, green, blue, white = (
        f"({round(x * 50_000)},{round(y * 50_000)})" for x, y in zip(n[0:8:2], n[1:8:2], strict=True)
    )
    return [f"master-display=G{green}B{blue}R{red}WP{white}L({round(n[9] * 10_000)},{round(n[8] * 10_000)})"]


def _brightest(data: bytes) -> list[str]:
    """AVContentLightMetadata: the brightest sample and the brightest frame, cd/m²."""
    return [f"max-cll={','.join(map(str, struct.unpack('=2I', data[:8])))}"] if len(data) >= 8 else []
