"""The trade-off explorer: interactive on a page, without network; a still picture of the same in the PDF.

    plots.explorer(rows, x="latency_p50_ms", y="accuracy", axes=("flash_kib", …), limits={"flash_kib": 512}, title=…)

`rows` are `decide.Row`s. As a cell's last value it is shown in the form that the page wants.
"""

from __future__ import annotations

import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from efficient_ai.decide import QUANTITIES, Exploration, Row, as_data, axis_label, explore
from efficient_ai.plots.style import COLORS, MARKERS, figure, label, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The script draws the same shapes by these names.
SHAPES = {
    "o": "circle",
    "s": "square",
    "^": "up",
    "v": "down",
    "D": "diamond",
    "P": "plus",
    "X": "cross",
    "*": "star",
    "h": "hexagon",
}
# Techniques by a part of their name, and what some of the book's style have none for.
TECHNIQUES = {
    "prun": (COLORS["pruned"], MARKERS["pruned"]),
    "cluster": (COLORS["clustered"], MARKERS["clustered"]),
    "distill": (COLORS["distilled"], MARKERS["distilled"]),
    "channel": ("#7FBF3F", "<"),
    "narrow": ("#7FBF3F", "<"),
    "low rank": ("#8C510A", ">"),
    "other net": ("#56B4E9", "p"),
}
SPARE = (("#332288", "p"), ("#44AA99", "<"), ("#AA4499", "d"), ("#999933", ">"), ("#666666", "H"))
SHAPES |= {"<": "left", ">": "right", "p": "pentagon", "d": "thin", "H": "hexagon"}


@dataclass(frozen=True)
class Explorer:
    """What is explored, in two forms: `html()` with its own script and style, and `still()`."""

    exploration: Exploration

    def html(self) -> str:
        """A fragment that asks nothing of any network; several may stand on a page."""
        name = html.escape(self.exploration.title)
        data = json.dumps(as_data(self.exploration, _looks(self.exploration)), ensure_ascii=False)
        data = data.replace("<", "\\u003c")  # else a name could end the element
        return (
            f'<div class="explorer" role="group" aria-label="{name}">'
            f"<style>{_asset('css')}</style>"
            f'<script type="application/json">{data}</script>'
            "<noscript>This figure is interactive and needs JavaScript; the PDF has a still form of it.</noscript>"
            f"<script>{_asset('js')}</script></div>"
        )

    def still(self) -> Figure:
        """The same as it stands at first: the variants, those that miss a limit pale, and the front."""
        return plot_still(self.exploration)

    def savefig(self, *arguments: Any, **options: Any) -> None:
        """Save the still, as a figure's `savefig` would."""
        self.still().savefig(*arguments, **options)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        buffer = io.BytesIO()
        self.still().savefig(buffer, format="svg", metadata={"Date": None})
        found = self.exploration
        words = f"<Explorer: {len(found.rows)} variants, {found.y} against {found.x}>"
        return {"text/html": self.html(), "image/svg+xml": buffer.getvalue().decode(), "text/plain": words}


def explorer(
    rows: Sequence[Row],
    *,
    x: str,
    y: str,
    axes: Sequence[str] | None = None,
    limits: Mapping[str, float | None] | None = None,
    title: str = "Trade-offs",
) -> Explorer:
    """Show variants against two of their figures, with axes to choose and limits to move.

    Args:
        rows: Variants with names of their own; a figure's kind stands wherever its value does.
        x: A key of `decide.QUANTITIES`, laid along the horizontal axis first.
        y: Another one.
        axes: What can be chosen for the axes; `x` and `y` where it is None.
        limits: By key, where each slider stands at first, in the quantity's unit; None for no limit as yet.
        title: A name for those who can't see it.

    Returns:
        An object that a page shows: HTML where it can be used, SVG where it can't.

    Raises:
        ValueError: As `decide.explore`.
    """
    return Explorer(explore(rows, x=x, y=y, axes=axes, limits=limits, title=title))


def plot_still(exploration: Exploration) -> Figure:
    """The explorer as a picture: those that miss a limit pale, the line through those that no other beats.

    Args:
        exploration: What to show.
    """
    made, axes = figure(figsize=(6.4, 4.2))
    looks, front = _looks(exploration), exploration.front()
    factors = [100 if QUANTITIES[key].fraction else 1 for key in (exploration.x, exploration.y)]

    def place(row: Row) -> tuple[float, float]:
        keys = (exploration.x, exploration.y)
        return tuple(f * row.figures[key].value for f, key in zip(factors, keys, strict=True))

    shown = exploration.shown()
    for which, key in ((axes.xaxis, exploration.x), (axes.yaxis, exploration.y)):
        if exploration.logarithmic(key):
            values = [place(row)[key == exploration.y] for row in shown]
            plain_log(which, min(values), max(values))
    if front:
        axes.plot(*zip(*map(place, front), strict=True), color="#888888", lw=1.2, ls=":", zorder=1)
    for row in shown:
        color, marker = looks[row.technique]
        kept = not exploration.missed(row)
        mark = next(m for m, name in SHAPES.items() if name == marker)
        fill = color if row in front else "white"
        axes.plot(*place(row), mark, color=color, mfc=fill, ms=7.5, mew=1.3, alpha=1 if kept else 0.3)
    used = dict.fromkeys(row.technique for row in shown)
    handles = []
    for technique in used:
        color, marker = looks[technique]
        mark = next(m for m, name in SHAPES.items() if name == marker)
        handles.append(axes.plot([], [], mark, color=color, label=technique or "as trained")[0])
    made.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8.5)
    axes.set(xlabel=_with_kinds(exploration, exploration.x), ylabel=_with_kinds(exploration, exploration.y))
    axes.margins(0.09)
    axes.autoscale_view()
    taken: list[tuple[float, float]] = []
    for row in reversed(front):  # a name where there is room for one
        across, up = axes.transData.transform(place(row))
        if all(abs(across - x) > 150 or abs(up - y) > 18 for x, y in taken):
            side = "right" if across > axes.bbox.x0 + 0.6 * axes.bbox.width else "left"
            label(axes, row.name.replace("_", " "), place(row), offset=(-8 if side == "right" else 8, -3), ha=side)
            taken.append((across, up))
    return made


def _with_kinds(exploration: Exploration, key: str) -> str:
    kinds = dict.fromkeys(row.figures[key].kind for row in exploration.shown())
    return f"{axis_label(key)}, {' or '.join(kinds)}"


def _looks(exploration: Exploration) -> dict[str, tuple[str, str]]:
    """A colour and a shape for each technique: the book's where it has them."""
    found, spare = {}, iter(SPARE * len(exploration.rows))
    for technique in dict.fromkeys(row.technique for row in exploration.rows):
        color, marker = _look(technique) or next(spare)
        found[technique] = (color, SHAPES[marker])
    return found


def _look(technique: str) -> tuple[str, str] | None:
    name = technique.lower()
    if name in ("", "as trained"):
        return COLORS["float32"], MARKERS["float32"]
    if name in COLORS:
        return COLORS[name], MARKERS[name]
    inside = [look for part, look in TECHNIQUES.items() if part in name]
    if len(inside) > 1:
        return COLORS["combined"], MARKERS["combined"]
    return inside[0] if inside else None


def _asset(kind: str) -> str:
    return Path(__file__).with_name(f"explorer.{kind}").read_text("utf-8")
