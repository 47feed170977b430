"""HTML of the report's tables and figures. Every text goes through `html.escape`: a model's names may hold anything."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any


def text(value: Any) -> str:
    """A value as HTML, with nothing in it that a browser or a terminal would obey."""
    plain = "".join(mark if mark.isprintable() or mark == "\n" else " " for mark in str(value))
    return escape(plain, quote=True)


def paragraph(*sentences: str) -> str:
    """Sentences as a paragraph; those that are empty are left out."""
    said = " ".join(text(sentence) for sentence in sentences if sentence)
    return f"<p>{said}</p>" if said else ""


def table(
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    chosen: Sequence[int] = (),
    wide: Sequence[int] = (),
) -> str:
    """A table whose first column names the rows; a column of numbers stands to the right.

    Args:
        caption: Above it.
        headings: Of the columns.
        rows: Cells: text, or pairs of text and a class ("good", "bad", "soft").
        chosen: Numbers of rows that are marked.
        wide: Numbers of columns that hold sentences.
    """
    if not rows:
        return ""
    right = {place for place in range(1, len(headings)) if all(_number(row[place]) for row in rows)} - set(wide)
    head = "".join(
        f'<th scope="col"{_class(place, right, wide)}>{text(one)}</th>' for place, one in enumerate(headings)
    )
    body = "".join(_row(row, right, wide, marked=number in chosen) for number, row in enumerate(rows))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table>'
        f"<caption><span>{text(caption)}</span></caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _plain(cell: Any) -> str:
    return str(cell[0] if isinstance(cell, tuple) else cell)


def _number(cell: Any) -> bool:
    plain = _plain(cell).lstrip("+−-±<≥≤× ")
    return not plain or plain in "–" or plain[:1].isdigit()


def _class(place: int, right: set[int], wide: Sequence[int]) -> str:
    return ' class="number"' if place in right else ' class="wide"' if place in wide else ""


def _row(row: Sequence[Any], right: set[int], wide: Sequence[int], *, marked: bool) -> str:
    cells = []
    for place, cell in enumerate(row):
        inner = text(_plain(cell))
        if isinstance(cell, tuple):
            inner = f'<span class="{text(cell[1])}">{inner}</span>'
        kind = _class(place, right, wide)
        cells.append(f'<th scope="row">{inner}</th>' if place == 0 else f"<td{kind}>{inner}</td>")
    opening = '<tr class="chosen">' if marked else "<tr>"
    return f"{opening}{''.join(cells)}</tr>"


def figure(svg: str, caption: str) -> str:
    """A drawing on a white card, which both of the page's colours need, with its finding below."""
    return f'<figure><div class="card">{svg}</div><figcaption>{text(caption)}</figcaption></figure>' if svg else ""


def folded(title: str, inner: str) -> str:
    """Something that is shown when one asks for it."""
    return f"<details><summary>{text(title)}</summary>{inner}</details>" if inner else ""


def section(title: str, *parts: str) -> str:
    """A section with its heading."""
    return f"<section><h2>{text(title)}</h2>{''.join(parts)}</section>"


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """A few figures side by side."""
    inner = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{inner}</dl>'
