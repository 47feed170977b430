"""Figures of distillation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, label

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


def plot_pairs(
    panels: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    teachers: Mapping[str, float] | None = None,
    title: str = "study",
) -> Figure:
    """Pairs of runs that differ in the loss alone, joined by a line, a pair a seed.

    Args:
        panels: By axis label: the values of the students trained alone, and of the same seeds distilled.
        teachers: By the same labels, the teacher's value, where it is to be drawn.
        title: Says what kind of run this is.
    """
    made, drawn = figure(1, len(panels), figsize=(3.1 * len(panels) + 0.6, 3.3), squeeze=False)
    for axes, (name, (alone, distilled)) in zip(drawn[0], panels.items(), strict=True):
        for shift, a, b in zip(np.linspace(-0.06, 0.06, len(alone)), alone, distilled, strict=True):
            axes.plot([shift, 1 + shift], [a, b], color="#999999", lw=1, zorder=1)
            axes.plot(shift, a, MARKERS["float32"], color=COLORS["float32"], ms=6)
            axes.plot(1 + shift, b, MARKERS["distilled"], color=COLORS["distilled"], ms=10)
        for at, values in ((0, alone), (1, distilled)):
            axes.plot([at - 0.17, at + 0.17], [np.mean(values)] * 2, color="black", lw=1.4)
        if teachers and name in teachers:
            axes.axhline(teachers[name], color=COLORS["float32"], lw=1, ls=":")
            label(axes, "teacher", (-0.38, teachers[name]), offset=(0, -11))
        axes.set_xticks((0, 1), ("alone", "distilled"))
        axes.set(xlim=(-0.4, 1.4), ylabel=name, title=title)
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
