"""Figures of sparse training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# How each way of getting a sparse net is drawn: marker, colour, filled or hollow.
WAYS = {
    "pruned after training": ("s", COLORS["pruned"], False),
    "pruned while training": (MARKERS["pruned"], COLORS["pruned"], True),
    "random, fixed": ("o", COLORS["float32"], False),
    "random, regrown at random": ("^", COLORS["float32"], True),
    "random, regrown by gradient": (MARKERS["clustered"], COLORS["clustered"], True),
}
TICKS = (0.1, 0.2, 0.5, 1, 2, 4, 8)


def plot_moves(before: np.ndarray, after: np.ndarray, moves: Mapping[int, tuple[int, int]]) -> Figure:
    """Where the weights of a first layer stand before and after, and how many moved meanwhile.

    Args:
        before: How many weights each pixel has, (height, width).
        after: The same at the end.
        moves: By step: how many weights came, and how many of these had been there before.
    """
    made, (first, second, third) = figure(1, 3, figsize=(6.4, 2.2), width_ratios=(1, 1, 1.4))
    top = max(before.max(), after.max())
    for axes, counts, name in ((first, before, "at the start"), (second, after, "at the end")):
        shown = axes.imshow(counts, cmap="Greys", vmin=0, vmax=top, interpolation="nearest")
        axes.set_title(name)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
    made.colorbar(shown, ax=[first, second], shrink=0.8, label="weights of a pixel")
    steps = list(moves)
    came, back = (np.array([moves[s][k] for s in steps]) for k in (0, 1))
    width = 0.7 * (steps[1] - steps[0]) if len(steps) > 1 else 1
    third.bar(steps, came - back, width, bottom=back, color=COLORS["clustered"], label="new")
    third.bar(steps, back, width, color=COLORS["dynamic_int8"], label="been there before")
    third.set(xlabel="step", title="weights that come", ylim=(0, 1.4 * came.max()))
    third.legend(loc="upper right", frameon=False)
    return made


def plot_training_cost(
    panels: Mapping[str, Mapping[str, Mapping[float, Sequence[float]]]], title: str = "study"
) -> Figure:
    """Accuracy against what the training cost.

    Args:
        panels: By heading, by way (one of `WAYS`): the accuracies, a fraction for each seed, by cost in epochs of
            dense training.
        title: Says what kind of run this is.
    """
    made, drawn = figure(1, len(panels), figsize=(6.4, 3.6), squeeze=False, sharey=True)
    for axes, (name, ways) in zip(drawn[0], panels.items(), strict=True):
        for way, points in ways.items():
            marker, color, filled = WAYS[way]
            face = color if filled else "white"
            costs = sorted(points)
            axes.plot(costs, [100 * np.mean(points[c]) for c in costs], color=color, lw=1.2, ls="-" if filled else "--")
            for cost in costs:
                values = [100 * v for v in points[cost]]
                axes.plot([cost] * len(values), values, marker, color=color, mfc=face, ls="none", ms=5.5)
        axes.set(xscale="log", xlabel="work, in epochs of a dense net", title=f"{name} ({title})")
        axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axes.minorticks_off()
        every = [cost for points in ways.values() for cost in points]
        axes.set_xlim(0.7 * min(every), 1.4 * max(every))
    drawn[0][0].set_ylabel("test accuracy (%)")
    seen = dict.fromkeys(way for ways in panels.values() for way in ways)
    for way in seen:
        marker, color, filled = WAYS[way]
        drawn[0][0].plot([], [], marker=marker, color=color, mfc=color if filled else "white", ls="none", label=way)
    made.legend(*drawn[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return made
