"""Figures of distillation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_temperature(
    picture: np.ndarray, beliefs: Mapping[float, Sequence[float]], classes: Sequence[str], labelled: int
) -> Figure:
    """A picture, and what a net believes of it at several temperatures.

    Args:
        picture: (height, width).
        beliefs: Probabilities by temperature.
        classes: Names, from top to bottom.
        labelled: The number of the picture's label, whose bar is filled.
    """
    made, (first, *panels) = figure(1, len(beliefs) + 1, figsize=(7.4, 2.9), width_ratios=(1, *(1 for _ in beliefs)))
    first.imshow(picture, cmap="gray_r", interpolation="nearest")
    first.set_axis_off()
    first.set_title(f"labelled: {classes[labelled]}")
    rows = np.arange(len(classes))
    fills = [COLORS["distilled"] if row == labelled else "none" for row in rows]
    for axes, (temperature, values) in zip(panels, beliefs.items(), strict=True):
        axes.barh(rows, values, color=fills, edgecolor=COLORS["distilled"], height=0.72)
        axes.set(xlim=(0, 1.02), title=f"T = {temperature:g}", xlabel="probability")
        axes.set_xticks((0, 0.5, 1), ("0", "½", "1"))
        axes.set_yticks(rows, classes if axes is panels[0] else [""] * len(classes), fontsize=8.5)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
    return made


def plot_pairs(panels: Mapping[str, Mapping[str, Sequence[float]]], title: str = "study") -> Figure:
    """Runs that differ in what they learned from, those of a seed joined by a line.

    Args:
        panels: By axis label, by group: a value for each seed, in the same order. The first group learned alone.
        title: Says what kind of run this is.
    """
    widths = [len(groups) for groups in panels.values()]
    made, drawn = figure(1, len(panels), figsize=(1.3 * sum(widths) + 1.4, 3.4), squeeze=False, width_ratios=widths)
    for axes, (name, groups) in zip(drawn[0], panels.items(), strict=True):
        seeds = list(zip(*groups.values(), strict=True))
        for shift, values in zip(np.linspace(-0.07, 0.07, len(seeds)), seeds, strict=True):
            places = np.arange(len(values)) + shift
            axes.plot(places, values, color="#999999", lw=1, zorder=1)
            axes.plot(places[0], values[0], MARKERS["float32"], color=COLORS["float32"], ms=6)
            axes.plot(places[1:], values[1:], MARKERS["distilled"], color=COLORS["distilled"], ms=10, ls="none")
        for at, values in enumerate(groups.values()):
            axes.plot([at - 0.2, at + 0.2], [np.mean(values)] * 2, color="black", lw=1.4)
        axes.set_xticks(range(len(groups)), list(groups))
        axes.set(xlim=(-0.4, len(groups) - 0.6), ylabel=name, title=title)
    return made


def plot_settings(gains: Mapping[float, Mapping[float, float]]) -> Figure:
    """What each temperature and each alpha gained over the student alone, in points, as a grid.

    Args:
        gains: By temperature, by alpha.
    """
    temperatures, alphas = list(gains), list(next(iter(gains.values())))
    values = np.array([[gains[t][a] for t in temperatures] for a in alphas])
    made, axes = figure(figsize=(0.9 * len(temperatures) + 2.2, 0.6 * len(alphas) + 1.3))
    bound = max(0.1, float(np.abs(values).max()))
    axes.imshow(values, cmap="PiYG_r", vmin=-1.6 * bound, vmax=1.6 * bound, aspect="auto")
    for row, column in np.ndindex(values.shape):
        text = f"{values[row, column]:+.2f}".replace("-", "−")
        axes.text(column, row, text, ha="center", va="center", color="black", fontsize=10)
    axes.set_xticks(range(len(temperatures)), [f"{t:g}" for t in temperatures])
    axes.set_yticks(range(len(alphas)), [f"{a:g}" for a in alphas])
    axes.set(xlabel="temperature T", ylabel="share α of the soft loss")
    axes.grid(visible=False)
    return made
