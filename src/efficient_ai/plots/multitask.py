"""A figure of nets that answer two questions: how well each of them is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_sharing(
    apart: Mapping[str, Sequence[tuple[float, float]]],
    shared: Mapping[float, Sequence[tuple[float, float]]],
    *,
    tasks: tuple[str, str],
    title: str = "study",
) -> Figure:
    """One task's accuracy against the other's: for nets that have a task each, and for one that has both.

    Args:
        apart: By name of a pair of nets: both accuracies, fractions, for each seed.
        shared: The same for one net with two heads, by the weight of the second task's loss.
        tasks: What the two are called.
        title: Says what kind of run this is.
    """
    made, axes = figure(figsize=(6.4, 3.6))
    styles = ((COLORS["float32"], "o"), (COLORS["clustered"], "s"))
    for (name, seeds), (color, marker) in zip(apart.items(), styles, strict=True):
        _pairs(axes, seeds, color, marker, name)
    means = []
    for at, (weight, seeds) in enumerate(sorted(shared.items())):
        means.append(_pairs(axes, seeds, COLORS["int8"], "D", "" if at else "one net, two heads"))
        label(axes, f"{weight:g}", means[-1])
    axes.plot(*zip(*means, strict=True), color=COLORS["int8"], lw=1.2, zorder=1)
    axes.set(xlabel=f"{tasks[1]}: test accuracy (%)", ylabel=f"{tasks[0]}: test accuracy (%)", title=title)
    axes.legend(loc="best")
    return made


def _pairs(axes: object, seeds: Sequence[tuple[float, float]], color: str, marker: str, name: str) -> tuple:
    """Draw the seeds small and their mean large; gives the mean in per cent, (second task, first task)."""
    first, second = 100 * np.array(seeds).T
    axes.plot(second, first, marker, color=color, mfc="white", ms=3.5, ls="none", alpha=0.8)
    mean = (float(second.mean()), float(first.mean()))
    axes.plot(*mean, marker, color=color, ms=8, ls="none", label=name or None, zorder=3)
    return mean
