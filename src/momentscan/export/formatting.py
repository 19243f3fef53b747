"""How a page says times, counts, shares and roles, and how it holds a picture."""

from __future__ import annotations

import base64

ROLES = {"main": "main person", "passenger": "companion", "transient": "passer-by", "noise": "hardly seen"}


def format_time(seconds: float) -> str:
    """12.3 -> "0:12.3", 3725 -> "1:02:05.0": how people write a time."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02d}" if hours else f"{minutes}") + f":{rest // 10:02d}.{rest % 10}"


def many(n: int, one: str, several: str = "") -> str:
    """(2, "look") -> "2 looks"."""
    return f"{n} {one if n == 1 else several or one + 's'}"


def signed(value: float, digits: int) -> str:
    """-0.5 -> "−0.50", with a true minus."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def percent(share: float) -> str:
    """0.25 -> "25 %"."""
    return f"{100 * share:.0f} %"


def listed(words: list[str]) -> str:
    """["a", "b", "c"] -> "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def data_uri(jpeg: bytes) -> str:
    """The picture itself where a page wants an address."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
