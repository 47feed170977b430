"""Figures of training in sixteen bits, and of what training costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NORMAL, SMALLEST = -14, -24  # exponents of float16: of the smallest full number, and of the smallest one at all
OTHERS = ("#0072B2", "#009E73", "#CC79A7", "#8C510A", "#56B4E9", "#E69F00")


def plot_exponents(values: Mapping[str, np.ndarray]) -> Figure:
    """How many numbers have which exponent of two, a panel each, with the end of float16's range drawn in.

    Args:
        values: Numbers of any shape, by title.
    """
    made, rows = figure(len(values), 1, figsize=(6.4, 1.5 * len(values) + 0.7), sharex=True, squeeze=False)
    edges = np.arange(-40, 17)
    for axes, (title, numbers) in zip(rows[:, 0], values.items(), strict=True):
        found = np.abs(numbers[numbers != 0])
        exponents = np.floor(np.log2(found))
        shares = [100 * np.mean(exponents == edge) for edge in edges]
        axes.axvspan(edges[0], SMALLEST - 1, color="#DDDDDD", zorder=0)
        axes.axvspan(SMALLEST - 1, NORMAL, color="#EFEFEF", zorder=0)
        axes.bar(edges + 0.5, shares, width=0.9, color=COLORS["float16"])
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_ylabel("numbers (%)")
        axes.set_xlim(edges[0], edges[-1])
    top = rows[0, 0]
    for x, text in (((edges[0] + SMALLEST) / 2, "zero"), ((SMALLEST + NORMAL) / 2, "few digits")):
        top.text(x, 0.86, text, transform=top.get_xaxis_transform(), ha="center", fontsize=8.5, color="#333333")
    rows[-1, 0].set_xlabel("exponent of two")
    return made


def plot_scales(
    factors: Sequence[int], lost: Sequence[float], accuracies: Mapping[str, Sequence[float]], wide: tuple[float, float]
) -> Figure:
    """Above, the share of gradients that float16 rounds to zero; below, what a net learns with it.

    Args:
        factors: The loss is divided by two to the power of these.
        lost: A fraction for each.
        accuracies: A fraction for each, by recipe.
        wide: The lowest and the highest accuracy of float32.
    """
    made, (above, below) = figure(2, 1, figsize=(6.0, 4.2), sharex=True, height_ratios=(1, 1.6))
    above.plot(factors, [100 * share for share in lost], "o-", color=COLORS["float16"], ms=4)
    above.set_ylabel("rounded to zero (%)")
    below.axhspan(100 * wide[0], 100 * wide[1], color=COLORS["float32"], alpha=0.2, lw=0, label="float32")
    for (name, values), line, face in zip(accuracies.items(), ("-", "--"), (None, "white"), strict=False):
        color = COLORS["float16"]
        gains = [100 * value for value in values]
        below.plot(factors, gains, MARKERS["float16"], ls=line, color=color, mfc=face or color, label=name)
    below.set(xlabel="the loss is divided by two to the power of", ylabel="accuracy (%)")
    below.legend(loc="lower left")
    return made


def plot_race(runs: Mapping[str, Sequence[tuple[float, float, float]]]) -> Figure:
    """Accuracy against the time that it took here, and against modelled energy.

    Args:
        runs: By recipe: (seconds, modelled joules, accuracy) after each epoch.
    """
    made, (left, right) = figure(1, 2, figsize=(6.4, 3.4), sharey=True)
    for (name, points), color, marker in zip(runs.items(), OTHERS, "osD^vP", strict=False):
        accuracies = [100 * accuracy for _, _, accuracy in points]
        for axes, column in ((left, 0), (right, 1)):
            axes.plot([p[column] for p in points], accuracies, marker, ls="-", lw=1.0, ms=4, color=color, label=name)
    left.set(xlabel="seconds, measured here", ylabel="accuracy (%)")
    right.set(xlabel="joules, modelled")
    for axes, column in ((left, 0), (right, 1)):
        found = [point[column] for points in runs.values() for point in points]
        plain_log(axes.xaxis, min(found), max(found))
    handles, labels = left.get_legend_handles_labels()
    made.legend(handles, labels, loc="outside upper center", ncols=2)
    return made
