"""The data of the trade-off explorer: variants, the quantities to lay along the axes, and limits that can be moved.

`plots.explorer(rows, x=…, y=…)` shows it: as interactive HTML on a page, as a still picture in the PDF.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from efficient_ai import metrics
from efficient_ai.decide.budget import Figure
from efficient_ai.decide.choose import Row
from efficient_ai.decide.quantities import AT_LEAST, QUANTITIES, Quantity

LOGARITHMIC_FROM = 20  # an axis whose largest value is so many times the smallest


@dataclass(frozen=True)
class Exploration:
    """Rows with the axes that they can be laid along, the two that are shown first, and the limits' values."""

    rows: tuple[Row, ...]
    x: str
    y: str
    axes: tuple[str, ...]
    limits: Mapping[str, float | None]
    title: str

    def missed(self, row: Row) -> tuple[str, ...]:
        """The limits that a variant doesn't keep; one that it has no whole figure for isn't kept."""
        set_ones = {key: limit for key, limit in self.limits.items() if limit is not None}
        return tuple(key for key, limit in set_ones.items() if not keeps(row.figures.get(key), key, limit))

    def shown(self) -> tuple[Row, ...]:
        """The variants that have a figure on both axes."""
        return tuple(row for row in self.rows if _known(row, self.x) and _known(row, self.y))

    def front(self) -> tuple[Row, ...]:
        """Those that keep every limit and that no other of them beats on both axes, the best on `x` first."""
        kept = [row for row in self.shown() if not self.missed(row)]
        front = metrics.pareto_front([-_good(row, self.x) for row in kept], [_good(row, self.y) for row in kept])
        return tuple(kept[i] for i in front)

    def logarithmic(self, key: str) -> bool:
        """Whether an axis is better logarithmic: positive values that differ by a factor of twenty and more."""
        values = [row.figures[key].value for row in self.rows if _known(row, key)]
        return min(values) > 0 and max(values) / min(values) >= LOGARITHMIC_FROM and not QUANTITIES[key].fraction


def explore(
    rows: Sequence[Row],
    *,
    x: str,
    y: str,
    axes: Sequence[str] | None = None,
    limits: Mapping[str, float | None] | None = None,
    title: str = "Trade-offs",
) -> Exploration:
    """Check and gather what the explorer shows.

    Args:
        rows: Variants with names of their own, at least two of which have a figure on both axes.
        x: A key of `QUANTITIES`, laid along the horizontal axis first.
        y: Another one.
        axes: What can be chosen for the axes; `x` and `y` where it is None.
        limits: By key, where each slider stands at first, in the quantity's unit; None for no limit as yet.
        title: A name for those who can't see it.

    Returns:
        The exploration.

    Raises:
        ValueError: If names repeat, a key isn't known, an axis has fewer than two values, or a limit isn't finite.
    """
    names = [row.name for row in rows]
    if len(set(names)) != len(names) or len(names) < 2:
        raise ValueError(f"rows must be at least two, with names of their own, got {', '.join(names) or 'none'}")
    keys = tuple(dict.fromkeys((*(axes or ()), x, y)))
    limits = dict(limits or {})
    if unknown := [key for key in (*keys, *limits) if key not in QUANTITIES]:
        raise ValueError(f"unknown key {unknown[0]!r}; known are {', '.join(QUANTITIES)}")
    if x == y:
        raise ValueError(f"x and y must be two quantities, got {x} twice")
    for key in (*keys, *limits):
        if sum(_known(row, key) for row in rows) < 2:
            raise ValueError(f"{key} has a value for fewer than two rows: leave it out")
    for key, limit in limits.items():
        if limit is not None and not math.isfinite(limit):
            raise ValueError(f"the limit of {key} must be finite, got {limit}")
    found = Exploration(tuple(rows), x, y, keys, limits, title)
    if len(found.shown()) < 2:
        raise ValueError(f"fewer than two rows have both {x} and {y}")
    return found


def keeps(figure: Figure | None, key: str, limit: float) -> bool:
    """Whether a figure keeps a limit; none doesn't, and a lower bound neither."""
    if figure is None or figure.value is None or figure.lower_bound:
        return False
    return figure.value >= limit if QUANTITIES[key].side == AT_LEAST else figure.value <= limit


def axis_label(key: str) -> str:
    """A quantity in words with its unit; fractions are shown in percent."""
    quantity: Quantity = QUANTITIES[key]
    unit = "%" if quantity.fraction else quantity.unit
    return f"{quantity.meaning} ({unit})" if unit else quantity.meaning


def as_data(exploration: Exploration, looks: Mapping[str, tuple[str, str]]) -> dict:
    """What the page's script is given: plain lists and numbers.

    Args:
        exploration: What to show.
        looks: By technique, a colour and one of the shapes that the script draws.
    """
    keys = tuple(dict.fromkeys((*exploration.axes, *exploration.limits)))
    return {
        "title": exploration.title,
        "x": exploration.x,
        "y": exploration.y,
        "axes": list(exploration.axes),
        "limits": {key: None if v is None else float(v) for key, v in exploration.limits.items()},
        "looks": {name: list(look) for name, look in looks.items()},
        "quantities": {
            key: {
                "label": axis_label(key),
                "meaning": QUANTITIES[key].meaning,
                "unit": "%" if QUANTITIES[key].fraction else QUANTITIES[key].unit,
                "side": QUANTITIES[key].side,
                "factor": 100 if QUANTITIES[key].fraction else 1,
                "log": bool(exploration.logarithmic(key)),
            }
            for key in keys
        },
        "rows": [
            {
                "name": row.name,
                "technique": row.technique,
                "figures": {
                    key: [float(row.figures[key].value), row.figures[key].kind, row.figures[key].lower_bound]
                    for key in keys
                    if _known(row, key)
                },
            }
            for row in exploration.rows
        ],
    }


def _known(row: Row, key: str) -> bool:
    figure = row.figures.get(key)
    return figure is not None and figure.value is not None and math.isfinite(figure.value)


def _good(row: Row, key: str) -> float:
    return row.figures[key].value * (1 if QUANTITIES[key].side == AT_LEAST else -1)
