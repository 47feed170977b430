"""Figures of number formats and of training in few bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BITS = "#8C510A"


def technique(name: str) -> tuple[str, str]:
    """Colour and marker of a format or recipe, by the word that its name begins with."""
    if name.startswith("int8"):
        return COLORS["int8"], MARKERS["int8"]
    if name.startswith("float32"):
        return COLORS["float32"], MARKERS["float32"]
    if name.startswith(("float", "bfloat")):
        return COLORS["float16"], MARKERS["float16"]
    return BITS, "v"


def plot_number_lines(grids: Mapping[str, np.ndarray]) -> Figure:
    """All numbers of some formats: on a straight line, and their magnitudes on a logarithmic one.

    Args:
        grids: By name, every number of a format, divided by its largest.
    """
    made, (linear, logarithmic) = figure(1, 2, figsize=(6.4, 0.34 * len(grids) + 1.1), sharey=True)
    for row, (name, points) in enumerate(grids.items()):
        color, _ = technique(name)
        positive = points[points > 0]
        for axes, values in ((linear, points), (logarithmic, positive)):
            axes.vlines(values, row - 0.34, row + 0.34, color=color, lw=0.35 if len(points) > 50 else 1.6)
    linear.set_yticks(range(len(grids)), list(grids))
    linear.set(xlabel="number, largest = 1", xlim=(-1.04, 1.04), ylim=(len(grids) - 0.5, -0.5))
    logarithmic.set(xscale="log", xlabel="magnitude, largest = 1")
    for axes in (linear, logarithmic):
        axes.grid(visible=False)
    return made


def plot_walk(wanted: np.ndarray, nearest: np.ndarray, paths: np.ndarray, shown: int = 6) -> Figure:
    """A weight whose updates are smaller than the step of its grid.

    Args:
        wanted: (updates,), where it would be without a grid, in steps.
        nearest: (updates,), rounded to the nearest after each update.
        paths: (runs, updates), rounded stochastically.
        shown: How many of the runs are drawn one by one.
    """
    made, axes = figure(figsize=(6.4, 3.3))
    updates = np.arange(1, len(wanted) + 1)
    for path in paths[:shown]:
        axes.step(updates, path, where="post", color=COLORS["int8"], lw=0.8, alpha=0.45)
    axes.plot(updates, paths.mean(axis=0), color=COLORS["int8"], lw=2.2, label=f"stochastic, mean of {len(paths)}")
    axes.plot(updates, wanted, color=COLORS["float32"], lw=1.4, ls="--", label="no rounding")
    axes.step(updates, nearest, where="post", color=BITS, lw=2, label="nearest")
    axes.set(xlabel="update", ylabel="weight (steps of the grid)")
    axes.legend(loc="upper left")
    return made


def plot_losses(curves: Mapping[str, Sequence[float]], ylabel: str) -> Figure:
    """Losses step by step, each with its name at its end.

    Args:
        curves: By recipe.
        ylabel: What the loss is, with its unit.
    """
    made, axes = figure(figsize=(6.4, 3.3))
    lines = ("-", "--", ":", "-.")
    for (name, values), line in zip(curves.items(), lines, strict=False):
        axes.plot(range(1, len(values) + 1), values, color=technique(name)[0], ls=line, label=name)
    axes.set(xlabel="training step", ylabel=ylabel)
    axes.legend()
    return made


def plot_recipes(
    panels: Mapping[str, Mapping[str, Sequence[float]]], linear: Mapping[str, float], title: str = "study"
) -> Figure:
    """What each recipe changed: a mark for each seed, the mean as a bar, and a line at no change.

    Args:
        panels: By axis label, by recipe: a difference for each seed. All have the same recipes in the same order.
        linear: By axis label, for axes that are logarithmic beyond a value on both sides: that value.
        title: Says what kind of run this is.
    """
    names = list(next(iter(panels.values())))
    made, drawn = figure(1, len(panels), figsize=(6.4, 0.27 * len(names) + 1.2), sharey=True, squeeze=False)
    for axes, (what, groups) in zip(drawn[0], panels.items(), strict=True):
        axes.axvline(0, color=COLORS["float32"], lw=1)
        for row, values in enumerate(groups.values()):
            color, marker = technique(names[row])
            axes.plot(values, [row] * len(values), marker, color=color, ms=5, mfc="none", ls="none")
            axes.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], color=color, lw=2)
        if what in linear:
            axes.set_xscale("symlog", linthresh=linear[what])
        axes.set(xlabel=what, title=title)
    drawn[0][0].set_yticks(range(len(names)), names)
    drawn[0][0].set_ylim(len(names) - 0.5, -0.5)
    return made
