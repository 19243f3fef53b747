"""All images of an identity pack on one sheet, with what each is for."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from momentscan.errors import MomentscanError
from momentscan.select.pack_types import FOLDERS, Chosen, IdentityPack

CELL_PX, TEXT_PX, ACROSS = 168, 34, 8
"""Side of a picture, height of the two lines under it, pictures in a row; taste: a sheet of 30 fits a screen.
"""

PAPER, INK, FAINT = 250, 20, 120


def contact_sheet(pack: IdentityPack, thumbs: Mapping[str, bytes]) -> bytes:
    """JPEG: a row of pictures or more for each set, under each its name and scores. `thumbs`: JPEG by name of
    image.
    """
    rows: list[NDArray[np.uint8]] = [
        _heading(f"person {pack.person.number}: {len(pack.images)} images, {_sure(pack)}")
    ]
    for kind, folder in FOLDERS.items():
        images = pack.of(kind)
        rows.append(_heading(f"{folder} ({len(images)})"))
        cells = [_cell(image, thumbs[image.name]) for image in images]
        rows += [_row(cells[i : i + ACROSS]) for i in range(0, len(cells), ACROSS)]
    done, data = cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise MomentscanError("a contact sheet could not be written as JPEG")
    return bytes(data.tobytes())


def _sure(pack: IdentityPack) -> str:
    return "identity verified" if pack.verified else "identity NOT verified"


def _heading(text: str) -> NDArray[np.uint8]:
    strip = np.full((32, ACROSS * CELL_PX, 3), PAPER, np.uint8)
    return _written(strip, text, (6, 22), 0.55, INK)


def _cell(image: Chosen, thumb: bytes) -> NDArray[np.uint8]:
    picture = np.asarray(cv2.imdecode(np.frombuffer(thumb, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    scale = (CELL_PX - 6) / max(picture.shape[:2])
    small = cv2.resize(
        picture,
        (max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale))),
        interpolation=cv2.INTER_AREA,
    )
    cell = np.full((CELL_PX + TEXT_PX, CELL_PX, 3), PAPER, np.uint8)
    top, left = (CELL_PX - small.shape[0]) // 2, (CELL_PX - small.shape[1]) // 2
    cell[top : top + small.shape[0], left : left + small.shape[1]] = small
    stable = "-" if image.stable is None else f"{image.stable:.2f}"
    cell = _written(cell, image.name.removeprefix("cov_"), (3, CELL_PX + 12), 0.33, INK)
    return _written(
        cell, f"{image.time_s:.1f} s  q {image.quality:.2f}  id {stable}", (3, CELL_PX + 27), 0.33, FAINT
    )


def _row(cells: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    blank = np.full((CELL_PX + TEXT_PX, CELL_PX, 3), PAPER, np.uint8)
    return np.hstack([*cells, *[blank] * (ACROSS - len(cells))])


def _written(
    picture: NDArray[np.uint8], text: str, at: tuple[int, int], size: float, grey: int
) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (grey, grey, grey), 1, cv2.LINE_AA),
        np.uint8,
    )
