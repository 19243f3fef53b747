"""The file of a transcript: its bytes, checked, and their text in whatever encoding it is."""

from __future__ import annotations

from pathlib import Path

from momentscan.errors import UnreadableInput


def read_bytes(path: Path, max_bytes: float) -> bytes:
    """The bytes of a transcript. Raises UnreadableInput."""
    try:
        if not path.is_file():
            raise UnreadableInput(
                f"{path}: {_what_it_is(path)}; name a transcript: SRT, VTT, ASS, or the JSON of a speech "
                "recogniser"
            )
        size = path.stat().st_size
        if size > max_bytes:
            raise UnreadableInput(
                f"{path}: has {size} bytes, the limit for a transcript is {max_bytes:.0f}; raise "
                "transcripts.max_bytes if it is one"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableInput(
            f"{path}: cannot be read ({error.strerror}); check the name and the permissions"
        ) from None


def _what_it_is(path: Path) -> str:
    if path.is_dir():
        return "is a folder"
    return "is no regular file" if path.exists() else "is not there"


_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def text_of(data: bytes, path: Path) -> tuple[str, list[str]]:
    """Text with \\n for every line end, and what was guessed. UTF-8, UTF-16, else what Korean and Western
    Windows wrote.
    """
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), None) or _guessed(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableInput(
            f"{path}: is no text in UTF-8, UTF-16, cp949 or Windows-1252; save it again as UTF-8"
        ) from None
    if "\0" in text:
        raise UnreadableInput(
            f"{path}: is no text (it holds zero bytes); name a transcript: SRT, VTT, ASS or JSON"
        )
    notes = [] if encoding.startswith("utf") else [f"is not in UTF-8; it was read as {encoding}"]
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _guessed(data: bytes) -> str:
    # Times and line ends have a zero in every other byte of UTF-16.
    zeros = [data[first:4096:2].count(0) for first in (0, 1)]
    if max(zeros) > 0.2 * min(len(data), 4096) / 2 and max(zeros) > 4 * min(zeros):
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "cp949" if _is_korean(data) else "cp1252"


def _is_korean(data: bytes) -> bool:
    """Whether it is text in cp949, nearly all of it Hangul that is in daily use (KS X 1001); other encodings
    give rare syllables.
    """
    try:
        foreign = [c for c in data.decode("cp949") if ord(c) > 127]
    except UnicodeDecodeError:
        return False
    # Rare syllables are spelt out in EUC-KR, in eight bytes.
    daily = [c for c in foreign if "가" <= c <= "힣" and len(c.encode("euc_kr")) == 2]
    return len(daily) >= 0.8 * len(foreign)
