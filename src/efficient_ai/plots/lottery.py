"""Figures of lottery tickets: what is left of the accuracy when few weights are, and how quickly it is learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ARMS = {
    "ticket": (COLORS["pruned"], MARKERS["pruned"], "-"),
    "other weights": (COLORS["int8"], MARKERS["int8"], "--"),
    "random places": (COLORS["float32"], MARKERS["float32"], ":"),
    "all weights": (COLORS["combined"], MARKERS["combined"], "-"),
}
LABELS = {
    "ticket": "ticket: its places, its first weights",
    "other weights": "its places, other first weights",
    "random places": "random places, random weights",
    "all weights": "all weights",
}


def plot_tickets(
    panels: Mapping[str, Mapping[str, Mapping[float, Sequence[float]]]], *, title: str = "study", bound: float = 0.05
) -> Figure:
    """Accuracy over the share of weights that are left, a panel for each net.

    Args:
        panels: By net, by arm (one of `ARMS`): accuracies, a fraction for each seed, by share of weights left.
        title: Says what kind of run this is.
        bound: A share to mark.
    """
    made, drawn = figure(1, len(panels), figsize=(6.4, 3.7), squeeze=False, sharey=True)
    for axes, (net, arms) in zip(drawn[0], panels.items(), strict=True):
        dense = arms["ticket"][max(arms["ticket"])]
        axes.axhspan(100 * min(dense), 100 * max(dense), color="#DDDDDD", lw=0, zorder=0)
        axes.axvline(100 * bound, color="#999999", lw=0.8, zorder=0)
        for arm, points in arms.items():
            color, marker, line = ARMS[arm]
            lefts = sorted(points)
            x = [100 * left for left in lefts]
            axes.plot(x, [100 * np.mean(points[left]) for left in lefts], marker, color=color, ls=line, lw=1.3, ms=5)
            low, high = ([100 * of(points[left]) for left in lefts] for of in (min, max))
            axes.fill_between(x, low, high, color=color, alpha=0.18, lw=0)
        plain_log(axes.xaxis, 100 * min(arms["ticket"]), 100)
        axes.invert_xaxis()
        axes.set(xlabel="weights left (%)", title=f"{net} ({title})")
    drawn[0][0].set_ylabel("test accuracy (%)")
    for arm in dict.fromkeys(arm for arms in panels.values() for arm in arms):
        color, marker, line = ARMS[arm]
        drawn[0][0].plot([], [], marker, color=color, ls=line, label=LABELS[arm])
    made.legend(*drawn[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=1, frameon=False)
    return made


def plot_ticket_curves(curves: Mapping[str, Sequence[Sequence[tuple[int, float]]]], *, title: str = "study") -> Figure:
    """Accuracy while training, a line through the means of the seeds and a band over all of them.

    Args:
        curves: By arm (one of `ARMS`): for each seed, pairs of step and validation accuracy, at the same steps.
        title: Says what kind of run this is.
    """
    made, axes = figure(figsize=(6.4, 3.1))
    for arm, seeds in curves.items():
        color, marker, line = ARMS[arm]
        steps = [step for step, _ in seeds[0]]
        values = 100 * np.array([[value for _, value in seed] for seed in seeds])
        axes.plot(steps, values.mean(axis=0), marker, color=color, ls=line, lw=1.3, ms=4, label=LABELS[arm])
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=color, alpha=0.18, lw=0)
    axes.set(xlabel="training steps", ylabel="validation accuracy (%)", title=title)
    axes.legend(loc="lower right")
    return made
