"""Tables that a page and the PDF can both show."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers under headings; numbers stand to the right.

    `rows` are mappings from heading to value. Strings are shown as they are, so the caller formats numbers and says
    how many digits mean something. A cell that looks like a number, a range or a difference is aligned as one.
    On a page the headings of a `sortable` table sort its rows; numbers by the first in a cell.
    """

    rows: Sequence[Mapping[str, Any]]
    sortable: bool = False

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("a table needs at least one row")
        different = [row for row in self.rows if list(row) != list(self.rows[0])]
        if different:
            raise ValueError(f"all rows need the headings {list(self.rows[0])}, got {list(different[0])}")

    @property
    def _numeric(self) -> dict[str, bool]:
        def number(text: str) -> bool:
            return not text or text in "–—" or text.lstrip("+−-±<≥≤× ")[:1].isdigit()

        return {name: all(number(str(row[name])) for row in self.rows) for name in self.rows[0]}

    def _repr_html_(self) -> str:
        right = {name: ' style="text-align: right"' if yes else "" for name, yes in self._numeric.items()}
        if self.sortable:
            right = {name: style + f' data-kind="{"number" if style else "text"}"' for name, style in right.items()}
        head = "".join(f"<th{right[name]}>{html.escape(name)}</th>" for name in self.rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td{right[k]}>{html.escape(str(v))}</td>" for k, v in row.items()) + "</tr>"
            for row in self.rows
        )
        rest = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        if not self.sortable:
            return f"<table>{rest}"
        # Quarto would take the table apart and lose the headings' kinds.
        return (
            f'<div class="sortable table-scroll"><style>{_asset("css")}</style>'
            f'<table class="table" data-quarto-disable-processing="true">{rest}'
            f"<script>{_asset('js')}</script></div>"
        )

    def _repr_markdown_(self) -> str:
        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

        rule = ["---:" if yes else ":---" for yes in self._numeric.values()]
        return "\n".join(
            [line(list(self.rows[0])), line(rule), *(line([str(v) for v in r.values()]) for r in self.rows)]
        )

    def __repr__(self) -> str:
        widths = {k: max(len(k), *(len(str(row[k])) for row in self.rows)) for k in self.rows[0]}
        lines = ["  ".join(k.ljust(w) for k, w in widths.items()).rstrip()]
        lines += ["  ".join(str(row[k]).ljust(w) for k, w in widths.items()).rstrip() for row in self.rows]
        return "\n".join(lines)


def _asset(kind: str) -> str:
    return Path(__file__).with_name(f"sortable.{kind}").read_text("utf-8")


def signed(value: float, digits: int = 1) -> str:
    """A difference as it is printed: with its sign, which zero has not, and with a minus that is one."""
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) else text[1:]
