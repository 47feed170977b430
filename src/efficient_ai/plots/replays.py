"""Figures of searches replayed on a table, and of a supernet's judgement beside the table's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHODS = {
    "random": (COLORS["float32"], ":"),
    "evolution": (COLORS["pruned"], "--"),
    "Bayesian": (COLORS["clustered"], "-"),
}
BLOCKS = {
    1: ("o", COLORS["int8"], "1 block"),
    2: ("s", COLORS["clustered"], "2 blocks"),
    3: ("^", COLORS["pruned"], "3 blocks"),
}


def plot_replays(curves: Mapping[str, np.ndarray], *, best: float, noise: float, expected: Sequence[float]) -> Figure:
    """How far the best net so far is from the best of the table, mean of the replays with their quartiles.

    Args:
        curves: By method (one of `METHODS`): accuracies, fractions, shape (replays, trials).
        best: The table's best accuracy.
        noise: What two trainings of one net differ by, a fraction; drawn as a band.
        expected: The closed form of the random search's mean, after each trial.
    """
    made, axes = figure(figsize=(6.4, 3.6))
    axes.axhspan(0, 100 * noise, color="#FBE5D2", lw=0, zorder=0, label="what two trainings of one net differ by")
    for name, found in curves.items():
        color, line = METHODS[name]
        behind = 100 * (best - np.asarray(found))
        trials = np.arange(1, behind.shape[1] + 1)
        axes.plot(trials, behind.mean(axis=0), color=color, ls=line, label=f"{name}, {len(behind)} replays")
        low, high = np.percentile(behind, (25, 75), axis=0)
        axes.fill_between(trials, low, high, color=color, alpha=0.15, lw=0)
    shown = np.arange(4, len(expected), 5)
    points = 100 * (best - np.asarray(expected)[shown])
    axes.plot(shown + 1, points, "x", color="black", ms=4, label="random, in closed form")
    axes.set(xlabel="nets trained", ylabel="points behind the table's best", xlim=(1, len(expected)), ylim=(0, 4))
    axes.legend(fontsize=8.5)
    return made


def plot_shared(panels: Mapping[str, Sequence[tuple[float, float, int]]]) -> Figure:
    """Each net's accuracy with shared weights over its accuracy when trained alone, a panel for each stage.

    Args:
        panels: By title: (alone, shared, blocks of a stage), accuracies as fractions.
    """
    made, drawn = figure(1, len(panels), figsize=(6.4, 3.0), squeeze=False, sharey=True)
    for axes, (title, points) in zip(drawn[0], panels.items(), strict=True):
        for blocks, (marker, color, name) in BLOCKS.items():
            some = [(100 * a, 100 * s) for a, s, of in points if of == blocks]
            if some:
                axes.plot(*zip(*some, strict=True), marker, color=color, ms=4, alpha=0.75, label=f"{name} a stage")
        axes.set(title=title, xlabel="trained alone (%)")
    drawn[0][0].set_ylabel("with shared weights (%)")
    drawn[0][0].legend(fontsize=8)
    return made
