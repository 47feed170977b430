"""The book's one style: a colour and a marker stand for a technique, the same on every page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's hues, safe for colour-blind readers.
COLORS = {
    "float32": "#4D4D4D",
    "float16": "#56B4E9",
    "dynamic_int8": "#E69F00",
    "int8": "#D55E00",
    "int16x8": "#8C510A",
    "pruned": "#009E73",
    "clustered": "#0072B2",
    "distilled": "#CC79A7",
    "combined": "#000000",
}
MARKERS = {
    "float32": "o",
    "float16": "s",
    "dynamic_int8": "^",
    "int8": "D",
    "int16x8": "v",
    "pruned": "P",
    "clustered": "X",
    "distilled": "*",
    "combined": "h",
}
KINDS = {"cloud": "#0072B2", "edge": "#E69F00", "tinyml": "#009E73"}
STYLE = Path(__file__).with_name("book.mplstyle")


def figure(rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """A figure in the book's style, closed for pyplot, so that it is shown once: as a cell's value.

    Args:
        rows: Of axes.
        columns: Of axes.
        options: For `matplotlib.pyplot.subplots`.

    Returns:
        The figure and its axes.
    """
    import matplotlib.pyplot as plt

    with plt.style.context(STYLE):
        made, axes = plt.subplots(rows, columns, **options)
    plt.rcParams["svg.hashsalt"] = "efficient-ai"  # read when the figure is shown, outside of the style's context
    plt.close(made)
    return made, axes


def plain_log(axis: Any, low: float, high: float, *, marks: Sequence[float] = (1, 2, 5)) -> None:
    """Make an axis logarithmic, marked with plain numbers: `marks` times each power of ten between `low` and `high`.

    Args:
        axis: `axes.xaxis` or `axes.yaxis`.
        low: The smallest value shown.
        high: The largest.
        marks: What stands in a decade.
    """
    (axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale)("log")
    found = [m * 10.0**power for power in range(-6, 10) for m in marks]
    shown = [mark for mark in found if low / 1.3 < mark < high * 1.3]
    axis.set_ticks(shown, [f"{mark:g}" if mark < 1e3 else f"{mark:,.0f}" for mark in shown])
    axis.set_ticks([], minor=True)


def label(
    axes: Any, text: str, xy: tuple[float, float], *, offset: tuple[float, float] = (6, 4), **options: Any
) -> None:
    """A small label beside a point, `offset` in points; a line that passes under it leaves its letters free."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.2, foreground="white")]
    looks = {"fontsize": 8.5, "color": "#333333", "path_effects": halo, "zorder": 5, **options}
    axes.annotate(text, xy, xytext=offset, textcoords="offset points", **looks)
