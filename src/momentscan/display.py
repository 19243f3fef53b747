"""How values show themselves in a notebook: HTML tables in which every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(
    title: str, head: Sequence[str], rows: Iterable[Sequence[object]], notes: Iterable[str] = ()
) -> str:
    """A caption, a row of headings, rows of cells, and lines below: each text as it is, never as markup."""
    body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
    below = "".join(f"<p>{escape(note)}</p>" for note in notes)
    top = f"<caption>{escape(title)}</caption><thead><tr>{_cells(head, 'th')}</tr></thead>"
    return f"<table>{top}<tbody>{body}</tbody></table>{below}"


def _cells(row: Sequence[object], tag: str) -> str:
    return "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in row)


def counted(n: int, one: str, many: str = "") -> str:
    """
    >>> counted(1, "row"), counted(0, "row"), counted(2, "person", "people")
    ('1 row', '0 rows', '2 people')
    """
    return f"{n} {one if n == 1 else many or one + 's'}"
