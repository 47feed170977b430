"""The scoreboard: what each technique gave against what it cost, as a figure and as a table with links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from efficient_ai.plots.style import COLORS, MARKERS, figure, plain_log
from efficient_ai.plots.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.decide.findings import Found

# A shape for what is saved, since the colour stands for the technique.
SHAPES = {"bytes": "s", "time": ">", "energy": "D", "accuracy": "o", "work": "^"}
GROUPS = {"bytes": "Bytes", "time": "Time", "energy": "Energy", "work": "Work", "accuracy": "Accuracy"}
PALE = "#F5ECE6"  # where something got worse


@dataclass(frozen=True)
class LinkedTable(Table):
    """A table whose cells are Markdown: references and citations in them become links on a page.

    `widths` are the columns' shares of the page, in any unit.
    """

    widths: tuple[int, ...] = ()

    _repr_html_ = None  # type: ignore[assignment]

    def _repr_markdown_(self) -> str:
        lines = super()._repr_markdown_().splitlines()
        if self.widths:
            lines[1] = "| " + " | ".join(":" + "-" * (width - 1) for width in self.widths) + " |"
        return "\n".join(lines)


def scoreboard(found: Sequence[Found]) -> LinkedTable:
    """A row a finding: what it gave, what it cost, the published figure with its citation, and where it is told.

    Args:
        found: As `decide.findings.gather` gives them; what is missing has a row that says so.
    """
    return LinkedTable(
        [
            {
                "technique": one.expected.name + _mark(one),
                "gave": one.gave or f"missing: run {one.expected.page}",
                "cost": one.cost or "–",
                "paper": f"{one.paper} [@{one.paper_source}]" if one.paper else "–",
                "told in": f"@{one.expected.section}",
            }
            for one in found
        ],
        widths=(25, 29, 26, 28, 15),
    )


def _mark(one: Found) -> str:
    """What stands behind a name where the entry isn't this machine's and of the present code."""
    if one.stale:
        return " ‡"
    return " †" if one.source == "the book's own run" else ""


def plot_findings(found: Sequence[Found]) -> Figure:
    """A row a finding: on the left the factor by which something fell, on the right the points of accuracy.

    Grouped by what was to be saved. A shape stands for it, the colour for the technique; hollow markers are not this
    machine's, or of older code.

    Args:
        found: What has neither factor nor points isn't drawn.
    """
    shown = [(group, [one for one in found if one.expected.currency == group and _drawn(one)]) for group in GROUPS]
    shown = [(group, sorted(ones, key=_order)) for group, ones in shown if ones]
    count = sum(len(ones) + 1 for _, ones in shown)
    made, (left, right) = figure(1, 2, figsize=(6.6, 0.215 * max(count, 3) + 1.0), sharey=True,
                                 gridspec_kw={"width_ratios": (1.35, 1)})  # fmt: skip
    rows: list[tuple[int, str, bool]] = []
    for group, ones in shown:
        rows.append((len(rows), GROUPS[group], True))
        for one in ones:
            _draw(left, right, one, len(rows))
            rows.append((len(rows), _short(one.expected.name), False))
    factors = [one.factor for _, ones in shown for one in ones if one.factor is not None] or [1.0]
    low, high = min(0.8, min(factors) / 1.4), max(3.0, max(factors) * 1.6)
    plain_log(left.xaxis, low, high, marks=(1,))
    left.set_xlim(low, high)
    left.axvspan(low, 1, color=PALE, lw=0, zorder=0)
    left.axvline(1, color="#777777", lw=1)
    left.set_xlabel("times less than before (log)")
    right.axvline(0, color="#777777", lw=1)
    right.set_xlabel("points of accuracy")
    right.set_xscale("symlog", linthresh=3)
    ends = [p for _, ones in shown for one in ones for p in (one.points, one.low, one.high) if p is not None]
    worst, best = 1.4 * min(-1.5, *ends, 0), 1.4 * max(1.5, *ends, 0)
    marks = [m for m in (-30, -10, -3, 0, 3, 10, 30) if worst <= m <= best]
    said = (-10, 0, 10) if max(-worst, best) > 10 else marks  # more would run into one another
    right.set_xticks(marks, [(f"{m:+d}".replace("-", "−") if m else "0") if m in said else "" for m in marks])
    right.set_xticks([], minor=True)
    right.set_xlim(worst, best)
    right.axvspan(worst, 0, color=PALE, lw=0, zorder=0)
    left.set_yticks([row for row, *_ in rows], [name for _, name, _ in rows])
    for text, (_, _, heads) in zip(left.get_yticklabels(), rows, strict=True):
        text.set(fontsize=7.6, fontweight="bold" if heads else "normal", color="#222222" if heads else "#444444")
    for axes in (left, right):
        axes.set_ylim(max(len(rows), 1) - 0.4, -0.8)
        axes.tick_params(axis="y", length=0)
    return made


def _drawn(one: Found) -> bool:
    return one.factor is not None or one.points is not None


def _order(one: Found) -> float:
    return -(one.factor if one.factor is not None else one.points or 0.0)


def _short(name: str) -> str:
    return name if len(name) <= 52 else name[:51].rstrip(" ,(") + "…"


def _draw(left: Any, right: Any, one: Found, row: int) -> None:
    color = COLORS.get(one.expected.technique, "#777777")
    own = one.source == "this machine" and not one.stale
    style = {"color": color, "mfc": color if own else "white", "mec": color, "ms": 5.5, "ls": ""}
    shape = SHAPES[one.expected.currency]
    if one.factor is not None:
        left.plot([1, one.factor], [row, row], color=color, lw=1.6, alpha=0.5)
        left.plot(one.factor, row, shape, **style)
    if one.points is not None:
        if one.low is not None and one.high is not None:
            right.plot([one.low, one.high], [row, row], color=color, lw=1.4)
        right.plot(one.points, row, MARKERS.get(one.expected.technique, "o"), **style)
